"""Which row is the header, and which column is which field.

Real sheets begin with titles, group headings over merged cells and hints, and call
their columns what they like. A header is the row that names most fields; names are
identifiers, labels in any of our languages, other usual words, and what a person
mapped before.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from backoffice.base.text import half_width
from backoffice.sheets.definitions import Column
from backoffice.sheets.errors import NeedsMapping, SheetRefused
from backoffice.sheets.reading.workbook import Head

LANGUAGES = ("zh-hans", "en")
#: how many rows with something in them may stand above the first row of goods
SEARCHED = 25

MAPPED, IDENTIFIER, LABEL, ALIAS = range(4)

_ASIDE = re.compile(r"[(\[【].*?[)\]】]")
_NOISE = re.compile(r"[\s*:_\-.。,、/]+")
_LETTER = re.compile(r"^[A-Z]{1,2}$")


def letter(index: int) -> str:
    """The name of a column, counted from 0: A, B … Z, AA …"""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name


def written(cell: Any) -> str:
    """A cell as the text that a person sees, for headers and messages."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return format(cell, ".15g")
    if isinstance(cell, dict):
        return str(cell.get("d") or cell.get("e") or "")
    return str(cell)


def bare(cell: Any) -> str:
    """A heading without what people put around it: 价格（元）* → 价格."""
    text = half_width(written(cell)).casefold()
    first = next((line for line in text.splitlines() if line.strip()), "")
    return _NOISE.sub("", _ASIDE.sub("", first)) or _NOISE.sub("", first)


def names_of(columns: Iterable[Column]) -> dict[str, tuple[str, int]]:
    """{bare heading: (field, how sure)} of all names that we know."""
    known: dict[str, tuple[str, int]] = {}
    for column in columns:
        labels = []
        for language in LANGUAGES:
            with override(language):
                labels.append(str(column.label))
        for rank, names in (
            (IDENTIFIER, [column.name]),
            (LABEL, labels),
            (ALIAS, column.aliases),
        ):
            for name in names:
                heading = bare(name)
                if rank < known.get(heading, ("", ALIAS + 1))[1]:
                    known[heading] = (column.name, rank)
    return known


@dataclass
class Found:
    """A header, or the row that most looks like one: `fields` says what it names."""

    sheet: str
    row: int
    cells: list[Any]
    #: {column index: (field, how sure)}
    fields: dict[int, tuple[str, int]] = field(default_factory=dict)

    def names(self, wanted: str) -> bool:
        return any(name == wanted for name, _rank in self.fields.values())

    @property
    def worth(self) -> int:
        return len({name for name, _rank in self.fields.values()})


@dataclass
class Layout:
    """Where each field stands: `at` is {field: column index}.

    What is no sheet has no addresses: there a row's own name says where.
    """

    sheet: str
    header_row: int
    headings: list[str]
    at: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    has_addresses: bool = True

    def cell(self, name: str, row: int) -> str:
        """The address of a field's cell, D17; "" where the sheet has no such column."""
        if not self.has_addresses:
            return ""
        return f"{letter(self.at[name])}{row}" if name in self.at else ""

    def as_json(self) -> dict[str, Any]:
        return {
            "sheet": self.sheet,
            "header_row": self.header_row,
            "headings": self.headings,
            "at": self.at,
            "notes": self.notes,
            "has_addresses": self.has_addresses,
        }

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> "Layout":
        return cls(**kept)


def _named(
    cells: Sequence[Any], above: Sequence[Any], known: Mapping[str, tuple[str, int]]
) -> dict[int, tuple[str, int]]:
    fields = {}
    for index in range(max(len(cells), len(above))):
        cell = cells[index] if index < len(cells) else ""
        if cell == "" and index < len(above):
            # merged downwards: the heading stands in the row above
            cell = above[index]
        if isinstance(cell, str) and (heading := bare(cell)) in known:
            fields[index] = known[heading]
    return fields


def _best_row(head: Head, known: Mapping[str, tuple[str, int]], key: str) -> Found:
    best = Found(head.name, head.rows[0][0], head.rows[0][1])
    above: Sequence[Any] = ()
    widest = 0
    for number, cells in head.rows[:SEARCHED]:
        found = Found(head.name, number, list(cells), _named(cells, above, known))
        if (found.names(key), found.worth) > (best.names(key), best.worth):
            for index in found.fields:
                found.cells.extend([""] * (index + 1 - len(found.cells)))
                if found.cells[index] == "":
                    found.cells[index] = above[index]
            best = found
        elif not best.fields:
            # nothing is known so far: the row with most words is the likeliest header
            words = sum(isinstance(c, str) and bool(c.strip()) for c in cells)
            if words > widest:
                widest, best = words, found
        above = cells
    return best


def find_header(
    sheets: Sequence[Head],
    columns: Sequence[Column],
    *,
    key: str,
    sheet: str = "",
    mapping: Mapping[str, str] | None = None,
) -> Found:
    """The header of the one sheet that is meant.

    That is the sheet of this name, or the one visible sheet that names the key, or the
    one visible sheet that holds anything. Raises SheetRefused, and NeedsMapping where
    several could be meant.
    """
    known = names_of(columns)
    for heading, name in (mapping or {}).items():
        known[bare(heading)] = (name, MAPPED)
    if sheet and sheet not in {head.name for head in sheets}:
        raise SheetRefused(
            _("There is no sheet “%(name)s”; there are: %(names)s.")
            % {"name": sheet, "names": _(", ").join(head.name for head in sheets)}
        )
    candidates = [
        head
        for head in sheets
        if head.rows and (head.name == sheet if sheet else head.visible)
    ]
    if not candidates:
        raise SheetRefused(_("There is nothing in the sheet."))
    found = [_best_row(head, known, key) for head in candidates]
    keyed = [one for one in found if one.names(key)]
    # notes that explain the columns name the key as well, but hardly more
    most = max((one.worth for one in keyed), default=0)
    keyed = [one for one in keyed if one.worth * 2 > most]
    if len(keyed) == 1:
        return keyed[0]
    if len(found) == 1:
        return found[0]
    raise NeedsMapping(
        _("The file has several sheets (%(names)s); say which one is meant.")
        % {"names": _(", ").join(one.sheet for one in keyed or found)},
        sheets=[one.sheet for one in keyed or found],
    )


def without_header(found: Found, sheets: Sequence[Head]) -> Found:
    """The same sheet as one that has no header: its first row is one like the others,
    and columns are called by their letters."""
    head = next(head for head in sheets if head.name == found.sheet)
    width = max(len(cells) for _number, cells in head.rows)
    return Found(found.sheet, head.rows[0][0] - 1, [""] * width)


def read_layout(
    found: Found,
    columns: Sequence[Column],
    *,
    key: str,
    mapping: Mapping[str, str] | None = None,
) -> Layout:
    """Settle which column is which field.

    `mapping` is {heading or letter: field, or "" to leave the column out}; it wins over
    what the names say. Raises SheetRefused (an unknown heading or field, two columns for
    one field) and NeedsMapping (no column for the key).
    """
    fields = dict(found.fields)
    headings = [" ".join(written(cell).split()) for cell in found.cells]
    for heading, name in (mapping or {}).items():
        if name and name not in {column.name for column in columns}:
            raise SheetRefused(
                _("“%(name)s” is no field. Fields are: %(known)s.")
                % {"name": name, "known": _(", ").join(c.name for c in columns)}
            )
        for index in _columns_called(heading, headings):
            fields[index] = (name, MAPPED)
    at: dict[str, int] = {}
    notes = []
    by_field: dict[str, list[tuple[int, int]]] = {}
    for index, (name, rank) in sorted(fields.items()):
        by_field.setdefault(name, []).append((rank, index))
    by_field.pop("", None)
    for name, places in by_field.items():
        places.sort()
        if len(places) > 1 and places[0][0] == places[1][0]:
            raise _twice(name, [index for _rank, index in places], headings)
        at[name] = places[0][1]
    taken = set(at.values())
    left = [
        f"{letter(index)} “{heading[:40]}”"
        for index, heading in enumerate(headings)
        if heading and index not in taken
    ]
    if left:
        notes.append(_("Not taken: %(columns)s.") % {"columns": _(", ").join(left)})
    if key not in at:
        raise NeedsMapping(
            _(
                "No column is %(label)s (%(key)s). Found in row %(row)s: %(headings)s. Say "
                "which column is which field, for example --map %(first)s=%(key)s."
            )
            % {
                "key": key,
                "label": next(c.label for c in columns if c.name == key),
                "row": found.row,
                "headings": _(", ").join(h for h in headings if h)[:300] or "-",
                "first": next((h for h in headings if h), "A")[:40],
            },
            found=found,
        )
    return Layout(found.sheet, found.row, headings, at, notes)


def _columns_called(heading: str, headings: Sequence[str]) -> list[int]:
    wanted = bare(heading)
    indexes = [i for i, text in enumerate(headings) if text and bare(text) == wanted]
    if not indexes and _LETTER.match(heading):
        indexes = [i for i in range(len(headings)) if letter(i) == heading]
    if not indexes:
        raise SheetRefused(
            _("No column is headed “%(heading)s”; there are: %(headings)s.")
            % {
                "heading": heading,
                "headings": _(", ").join(h for h in headings if h)[:300],
            }
        )
    return indexes


def _twice(name: str, indexes: Sequence[int], headings: Sequence[str]) -> SheetRefused:
    columns = _(" and ").join(
        f"{letter(index)} “{headings[index][:40]}”" for index in indexes
    )
    return SheetRefused(
        _("Columns %(columns)s are both %(field)s; keep one of them.")
        % {"columns": columns, "field": name}
    )
