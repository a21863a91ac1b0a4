"""Reading one cell: from what a spreadsheet holds to a value, or a sentence that says
what is wrong with it.

Raw cells are str, bool, int, float, or what `reading.child` says of dates, error values
and formulas. Every parser here takes a cell that is not blank.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from backoffice.base.money import plain
from backoffice.base.text import half_width, is_rewritten, many_lines, one_line
from backoffice.sheets.definitions import CLEAR
from backoffice.sheets.errors import CellError
from backoffice.sheets.reading.header import written

Parser = Callable[[Any], Any]

#: a spreadsheet keeps 15 digits of a number; what has more is no longer what was typed
EXACT = 10**15

_CLEAR_WORDS = {"清空", "[清空]", "[clear]"}
_YES = {"是", "yes", "y", "true", "1", "on", "有", "对", "启用", "开", "√", "✓", "✔"}
_NO = {
    "否",
    "no",
    "n",
    "false",
    "0",
    "off",
    "无",
    "错",
    "停用",
    "关",
    "不",
    "×",
    "✗",
    "x",
}
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")
_FORMULA = re.compile(r"'*[=+\-@\t\r＝＋－＠]")


def shown(cell: Any) -> str:
    """The cell in quotes for a message, cut, without what cannot be seen."""
    text = written(cell)
    text = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text)
    text = " ".join(text.split())
    return f'"{text[:40]}…"' if len(text) > 40 else f'"{text}"'


def is_blank(cell: Any) -> bool:
    """Nothing to see: such a cell leaves the value alone."""
    return cell is None or (
        isinstance(cell, str) and not cell.strip("\ufeff\u200b \t\r\n\u3000\xa0")
    )


def is_clear(cell: Any) -> bool:
    """The cell asks for its value to be emptied."""
    return isinstance(cell, str) and half_width(cell).lower() in _CLEAR_WORDS


def means_more(text: str) -> bool:
    """Whether a spreadsheet or we would take this text for more than text, apostrophes
    before it or not: a formula, or a word that asks for emptiness."""
    return bool(_FORMULA.match(text)) or is_clear(text.lstrip("'"))


def escaped(text: str) -> str:
    """With an apostrophe before it where it means more; `unescaped` takes it off."""
    return f"'{text}" if means_more(text) else text


def unescaped(text: str) -> str:
    """Without the apostrophe of an export."""
    return text[1:] if text.startswith("'") and means_more(text) else text


def refuse_errors(cell: Any) -> None:
    """Raises CellError for error values and formulas without a result."""
    if isinstance(cell, dict):
        if "e" in cell:
            raise CellError(
                _("%(cell)s is an error of the spreadsheet; mend the formula.")
                % {"cell": shown(cell)}
            )
        if "f" in cell:
            raise CellError(
                _(
                    "This is a formula whose result is not stored. Open the file in your "
                    "spreadsheet program, save it and hand it in again."
                )
            )


def read(cell: Any, parse: Parser, *, clearable: bool) -> Any:
    """The cell's value, CLEAR, or None for a blank one; raises CellError."""
    if is_blank(cell):
        return None
    refuse_errors(cell)
    if is_clear(cell):
        if not clearable:
            raise CellError(_("This cannot be emptied."))
        return CLEAR
    return parse(cell)


# --- text ---------------------------------------------------------------------------


def _text(cell: Any) -> str:
    if isinstance(cell, dict):
        raise CellError(
            _("%(cell)s is a date here; format the column as text and type it anew.")
            % {"cell": shown(cell)}
        )
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < EXACT:
        return str(int(cell))
    return unescaped(written(cell))


def text(cell: Any) -> str:
    """One line of text; a whole number without `.0`."""
    return one_line(_text(cell))


def lines(cell: Any) -> str:
    """Text of several lines."""
    return many_lines(_text(cell))


def _rewritten(cell: Any) -> CellError:
    return CellError(
        _(
            "%(cell)s was rewritten by the spreadsheet program. Format the column as text "
            "and export it again."
        )
        % {"cell": shown(cell)}
    )


def code(cell: Any) -> str:
    """An identifier: text, or a whole number of at most 15 digits; never a rounded one."""
    if isinstance(cell, bool):
        raise CellError(
            _("%(cell)s is not a code; format the column as text.")
            % {"cell": shown(cell)}
        )
    if isinstance(cell, int | float):
        if cell != cell or abs(cell) >= EXACT:
            raise _rewritten(format(cell, ".6G"))
        if cell != int(cell) or cell < 0:
            raise CellError(
                _("%(cell)s is not a code; format the column as text.")
                % {"cell": shown(cell)}
            )
        return str(int(cell))
    value = one_line(_text(cell))
    if is_rewritten(value):
        raise _rewritten(value)
    return value


# --- numbers ------------------------------------------------------------------------


def _decimal(cell: Any) -> Decimal | None:
    """The number that a person means by the cell; None where it is none."""
    if isinstance(cell, bool | dict):
        return None
    if isinstance(cell, int):
        return Decimal(cell)
    if isinstance(cell, float):
        if cell != cell or cell in (float("inf"), float("-inf")):
            return None
        # 15 digits, as spreadsheets show them: 3 × 3.3 is 9.9
        return Decimal(format(cell, ".15g"))
    word = half_width(cell).removeprefix("¥").removesuffix("元")
    word = word.replace(" ", "").lstrip("'")
    if _GROUPED.fullmatch(word):
        word = word.replace(",", "")
    elif not _NUMBER.fullmatch(word):
        return None
    return Decimal(word)


def number(
    *,
    least: Decimal,
    most: Decimal,
    places: int,
    wrong: Callable[[str], str],
    above: bool = False,
) -> Parser:
    """A parser of decimals from `least` (or above it) to `most`.

    `wrong` makes the sentence for what is no such number, with its example.
    """

    def parse(cell: Any) -> Decimal:
        value = _decimal(cell)
        if value is None:
            raise CellError(wrong(shown(cell)))
        if value < least or value > most or (above and value == least):
            raise CellError(
                _(
                    "%(cell)s is out of range: it must be above %(least)s and at most %(most)s."
                )
                % {"cell": shown(cell), "least": plain(least), "most": plain(most)}
                if above
                else _(
                    "%(cell)s is out of range: it must be from %(least)s to %(most)s."
                )
                % {"cell": shown(cell), "least": plain(least), "most": plain(most)}
            )
        rounded = value.quantize(Decimal(1).scaleb(-places))
        if rounded != value:
            raise CellError(
                _("%(cell)s has more than %(places)s decimal places.")
                % {"cell": shown(cell), "places": places}
                if places
                else _("%(cell)s is not a whole number.") % {"cell": shown(cell)}
            )
        return rounded

    return parse


def whole(*, least: int, most: int) -> Parser:
    """A parser of whole numbers."""
    parse = number(
        least=Decimal(least),
        most=Decimal(most),
        places=0,
        wrong=lambda cell: (
            _("%(cell)s is not a whole number, for example 2.") % {"cell": cell}
        ),
    )
    return lambda cell: int(parse(cell))


# --- the rest -----------------------------------------------------------------------


def flag(cell: Any) -> bool:
    """Yes or no, in the ways people write it."""
    word = half_width(written(cell)).lower() if not isinstance(cell, dict) else ""
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise CellError(
        _("%(cell)s is neither yes nor no; write 是 or 否, yes or no, 1 or 0.")
        % {"cell": shown(cell)}
    )


def moment(cell: Any) -> datetime:
    """A time in ISO form; without an offset it is local."""
    word = cell.get("d", "") if isinstance(cell, dict) else half_width(written(cell))
    try:
        value = parse_datetime(word)
    except ValueError:
        value = None
    if value is None:
        raise CellError(
            _("%(cell)s is not a time, for example 2026-03-01T08:30:00.000000+08:00.")
            % {"cell": shown(cell)}
        )
    if timezone.is_naive(value):
        value = timezone.make_aware(value)
    return value
