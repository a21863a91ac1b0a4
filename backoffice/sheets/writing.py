"""Writing sheets: csv and xlsx, row by row in constant memory.

Text that a spreadsheet would take for a formula is made harmless here and read back
unchanged (`cells.unescaped`). In csv it gets an apostrophe before its first sign. In
xlsx every text is a text cell, which never is a formula; it gets one only where reading
it again would otherwise take one off, or take it for the word that empties a cell.
"""

import csv
import io
import math
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import IO, Any
from xml.sax.saxutils import escape

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from backoffice.base.money import plain
from backoffice.sheets.cells import escaped, is_clear
from backoffice.sheets.definitions import Column
from backoffice.sheets.errors import SheetRefused

FORMATS = ("xlsx", "csv")
#: what an xlsx sheet holds, its header included
MOST_ROWS = 1_048_576
#: cells of a column that are remembered as they are written
REMEMBERED = 5_000
#: rows that are written together
BLOCK = 500

# an escape of the format itself: _x0041_ is read as A
_CODED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
# what XML cannot carry
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def format_of(name: str, formats: Sequence[str] = FORMATS) -> str:
    """The format that a file's name asks for; raises SheetRefused."""
    _stem, dot, ending = name.rpartition(".")
    if dot and ending.lower() in formats:
        return ending.lower()
    raise SheetRefused(
        _("A sheet is written as %(formats)s; name the file accordingly.")
        % {"formats": _(", ").join(formats)}
    )


def headings(columns: Sequence[Column], *, labels: bool) -> list[str]:
    """Labels in the language of the moment, or the identifiers."""
    return [str(column.label) if labels else column.name for column in columns]


def yes_no(value: bool) -> str:
    """是 or 否 in Chinese, yes or no elsewhere; both are read in either."""
    if (get_language() or "").startswith("zh"):
        return "是" if value else "否"
    return "yes" if value else "no"


def _words(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    return str(value)


# --- csv ----------------------------------------------------------------------------


def csv_pieces(
    header: Sequence[str], columns: Sequence[Column], rows: Iterable[Sequence[Any]]
) -> Iterator[bytes]:
    """UTF-8 with its mark, so that spreadsheet programs read the Chinese right."""
    buffer = io.StringIO()
    table = csv.writer(buffer, lineterminator="\r\n")
    buffer.write("\ufeff")
    table.writerow([escaped(text) for text in header])
    written = _Block(columns, csv_cell)
    every = iter(rows)
    while block := list(islice(every, BLOCK)):
        table.writerows(written.rows(block))
        yield buffer.getvalue().encode()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue().encode()


class _Column:
    """Writes the cells of one column, each value once: columns repeat themselves."""

    def __init__(self, kind: str, write: Callable[[Any, str], str]) -> None:
        self._kind, self._write = kind, write
        self._seen: dict[Any, str] = {}

    def cells(self, values: Sequence[Any]) -> list[str]:
        write, kind, seen = self._write, self._kind, self._seen
        if kind == "raw":
            # 1, 1.0 and True are one key, so cells of mixed types are not remembered
            return [write(value, kind) for value in values]
        if len(seen) > REMEMBERED:
            seen.clear()
        for value in set(values).difference(seen):
            seen[value] = write(value, kind)
        return [seen[value] for value in values]


class _Block:
    """Writes some hundred rows at a time, column by column."""

    def __init__(
        self, columns: Sequence[Column], write: Callable[[Any, str], str]
    ) -> None:
        self._columns = [_Column(column.kind, write) for column in columns]

    def rows(self, block: Sequence[Sequence[Any]]) -> Iterator[tuple[str, ...]]:
        pairs = zip(self._columns, zip(*block, strict=True), strict=True)
        return zip(*[column.cells(values) for column, values in pairs], strict=True)


def csv_cell(value: Any, kind: str) -> str:
    """A value as text, harmless in a spreadsheet."""
    if value is None or value == "":
        return ""
    if kind == "flag":
        return yes_no(value)
    if kind == "raw" and isinstance(value, float):
        return format(value, ".15g")
    if kind == "number":
        return format(value, "f") if isinstance(value, Decimal) else str(value)
    return escaped(_words(value))


# --- xlsx ---------------------------------------------------------------------------

_TYPES = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
    '<Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>'
    "</Types>"
)
_RELS = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/>'
    "</Relationships>"
)
_BOOK_RELS = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/>'
    '<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/>'
    "</Relationships>"
)
_BOOK = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    '<sheets><sheet name="{name}" sheetId="1" r:id="rId1"/></sheets></workbook>'
)
# cell formats: 0 general, 1 bold header, 2 text, 3 two places, 4 up to four places
_STYLES = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    '<numFmts count="1"><numFmt numFmtId="164" formatCode="0.####"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="5">'
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
    '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="2" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/>'
    "</cellStyles></styleSheet>"
)
_SHEET_START = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    '<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2"'
    ' activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
    "<cols>{cols}</cols><sheetData>"
)
_SHEET_END = "</sheetData></worksheet>"


def write_xlsx(
    file: IO[bytes],
    header: Sequence[str],
    columns: Sequence[Column],
    rows: Iterable[Sequence[Any]],
    *,
    title: str,
) -> None:
    """A workbook of one sheet into `file`, which need not be seekable."""
    widths = "".join(
        f'<col min="{n}" max="{n}" width="{_width(column)}" customWidth="1"'
        + (' style="2"' if column.kind == "text" else "")
        + "/>"
        for n, column in enumerate(columns, 1)
    )
    written = _Block(columns, _xlsx_cell)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr("_rels/.rels", _RELS)
        archive.writestr("xl/workbook.xml", _BOOK.format(name=_sheet_name(title)))
        archive.writestr("xl/_rels/workbook.xml.rels", _BOOK_RELS)
        archive.writestr("xl/styles.xml", _STYLES)
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            part.write(_SHEET_START.format(cols=widths).encode())
            cells = "".join(_text_cell(text, style=1) for text in header)
            part.write(f"<row>{cells}</row>".encode())
            count, every = 1, iter(rows)
            while block := list(islice(every, BLOCK)):
                count += len(block)
                if count > MOST_ROWS:
                    raise SheetRefused(
                        _("An xlsx sheet holds %(most)s rows; export csv instead.")
                        % {"most": MOST_ROWS}
                    )
                lines = "</row><row>".join(map("".join, written.rows(block)))
                part.write(f"<row>{lines}</row>".encode())
            part.write(_SHEET_END.encode())


def _width(column: Column) -> int:
    if column.name in ("name", "description"):
        return 28
    return {"flag": 10, "number": 12, "time": 34}.get(column.kind, 16)


def _sheet_name(title: str) -> str:
    return escape(re.sub(r"[\[\]:*?/\\]", " ", title)[:31].strip() or "1", {'"': " "})


def _text_cell(value: str, style: int = 2) -> str:
    if value.startswith("'") or is_clear(value):
        value = escaped(value)
    text = escape(_CODED.sub("_x005F_", _UNWRITABLE.sub("", value)))
    return (
        f'<c s="{style}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
    )


def _xlsx_cell(value: Any, kind: str) -> str:
    if value is None or value == "":
        return "<c/>"
    if kind == "raw" and isinstance(value, int | float) and math.isfinite(value):
        return f"<c><v>{format(value, '.15g')}</v></c>"
    if kind == "number":
        if isinstance(value, Decimal):
            style = 3 if value.as_tuple().exponent == -2 else 4
            return f'<c s="{style}"><v>{plain(value)}</v></c>'
        return f"<c><v>{value}</v></c>"
    if kind == "flag":
        return _text_cell(yes_no(value), style=0)
    return _text_cell(_words(value))


# --- either -------------------------------------------------------------------------


def write(
    file: IO[bytes],
    kind: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Any]],
    *,
    title: str,
    labels: bool,
) -> int:
    """Write a sheet of this format; gives the number of rows."""
    count = 0

    def counted() -> Iterator[Sequence[Any]]:
        nonlocal count
        for row in rows:
            count += 1
            yield row

    header = headings(columns, labels=labels)
    if kind == "csv":
        for piece in csv_pieces(header, columns, counted()):
            file.write(piece)
    else:
        write_xlsx(file, header, columns, counted(), title=title)
    return count
