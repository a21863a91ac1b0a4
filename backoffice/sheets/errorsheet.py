"""The wrong rows of a batch as a sheet: as they were handed in, each with its reasons.

Mended there, it can be handed in again: the added column is not taken.
"""

from collections.abc import Iterator
from typing import IO, Any

from django.utils.translation import gettext as _

from backoffice.sheets import batches, writing
from backoffice.sheets.checking import Layout
from backoffice.sheets.definitions import Column
from backoffice.sheets.models import Batch
from backoffice.sheets.reading.header import letter, written
from backoffice.sheets.reading.workbook import Workbook


def write(batch: Batch, file: IO[bytes], kind: str) -> int:
    """Write it as xlsx or csv; gives the number of rows."""
    layout = Layout.from_json(batch.layout)
    headings = [*layout.headings, _("What is wrong")]
    columns = [
        Column(heading or letter(index), heading or letter(index), str, kind="raw")
        for index, heading in enumerate(headings)
    ]
    with batches.opened_file(batch) as book:
        return writing.write(
            file,
            kind,
            columns,
            _rows(batch, book, layout),
            title=_("What is wrong"),
            labels=True,
        )


def _rows(batch: Batch, book: Workbook, layout: Layout) -> Iterator[list[Any]]:
    width = len(layout.headings)
    for chunk in book.rows(layout.sheet):
        reasons = dict(
            batch.rows.filter(number__gte=chunk[0][0], number__lte=chunk[-1][0])
            .exclude(errors=[])
            .values_list("number", "errors")
        )
        for number, cells in chunk:
            if number in reasons:
                whole = [*cells[:width], *[""] * (width - len(cells))]
                told = "\n".join(
                    f"{cell}: {message}" for cell, message in reasons[number]
                )
                yield [*map(_raw, whole), told]


def _raw(cell: Any) -> Any:
    return cell if isinstance(cell, int | float | str) else written(cell)
