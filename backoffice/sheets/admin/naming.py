"""The page where a person says which column is which field."""

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest

from backoffice.sheets import definitions, mappings
from backoffice.sheets.models import Batch
from backoffice.sheets.reading.header import Found, find_header, letter, written
from backoffice.sheets.reading.workbook import Head, Workbook

SAMPLES = 3


@dataclass(frozen=True)
class NamedColumn:
    """One column of the file: its letter, heading, first cells, and the field chosen."""

    letter: str
    heading: str
    samples: list[str]
    chosen: str


@dataclass
class Naming:
    """What the page shows and what it was answered."""

    sheets: list[str]
    sheet: str
    row: int
    columns: list[NamedColumn] = field(default_factory=list)
    fields: list[tuple[str, str, bool]] = field(default_factory=list)
    has_header: bool = True

    @property
    def mapping(self) -> dict[str, str]:
        """{letter of the column: field, "" for none}, as the verbs take it."""
        return {column.letter: column.chosen for column in self.columns}

    @classmethod
    def of(cls, book: Workbook, batch: Batch, request: HttpRequest) -> "Naming":
        """From the file and, where it was posted, from the form."""
        definition = definitions.get(batch.sheet)
        names = [head.name for head in book.sheets if head.visible and head.rows]
        asked = request.POST.get("in") or request.GET.get("in") or ""
        sheet = asked if asked in names else batch.layout.get("sheet", "")
        if sheet not in names:
            sheet = names[0] if names else ""
        found = find_header(
            book.sheets, definition.columns, key=definition.key, sheet=sheet
        )
        head = next(h for h in book.sheets if h.name == found.sheet)
        has_header = (
            "no_header" not in request.POST
            if request.method == "POST"
            else any(batch.layout.get("headings", ["?"]))
        )
        posted = request.POST if "look" not in request.POST else {}
        known = mappings.remembered(definition, found)
        settled = _settled(batch, found)
        columns = [
            NamedColumn(
                letter(index),
                heading,
                _samples(head, found, index),
                settled.get(letter(index), "")
                if settled and not posted
                else _chosen(index, heading, found, posted, known),
            )
            for index, heading in enumerate(_headings(head, found))
        ]
        return cls(
            names,
            found.sheet,
            found.row,
            columns,
            [
                (column.name, str(column.label), column.name == definition.key)
                for column in definition.columns
                if not column.read_only
            ],
            has_header,
        )


def _settled(batch: Batch, found: Found) -> dict[str, str]:
    """{letter: field} as the batch has it by now; {} while nothing is settled."""
    if batch.layout.get("sheet") != found.sheet:
        return {}
    return {letter(index): name for name, index in batch.layout["at"].items()}


def _headings(head: Head, found: Found) -> list[str]:
    width = max(len(cells) for _number, cells in head.rows)
    cells = [*found.cells, *[""] * (width - len(found.cells))]
    return [" ".join(written(cell).split())[:60] for cell in cells]


def _samples(head: Head, found: Found, index: int) -> list[str]:
    texts = [
        written(cells[index])[:40]
        for number, cells in head.rows
        if number > found.row and index < len(cells) and cells[index] != ""
    ]
    return texts[:SAMPLES]


def _chosen(
    index: int, heading: str, found: Found, posted: Any, known: dict[str, str]
) -> str:
    name = f"column-{letter(index)}"
    if name in posted:
        return str(posted[name])
    for key in (letter(index), heading):
        if key in known:
            return known[key]
    return found.fields.get(index, ("", 0))[0]
