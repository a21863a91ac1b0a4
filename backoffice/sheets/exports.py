"""Exports: who may have which columns of which rows, and the one way to write them."""

from pathlib import Path
from typing import IO, TYPE_CHECKING

from django.db import models

from backoffice.oplog.record import record
from backoffice.sheets import library, writing
from backoffice.sheets.definitions import SheetDefinition

if TYPE_CHECKING:
    from backoffice.accounts.models import User


def export(
    definition: SheetDefinition,
    file: IO[bytes],
    kind: str,
    *,
    by: "User | None",
    queryset: models.QuerySet | None = None,
    labels: bool = True,
) -> int:
    """Write the rows (all of them without a queryset) in a format of ours or of the
    library; gives their number.

    Columns that the person may not see are left out. Written to the operation log.
    """
    definition.permit_export(by)
    rows = definition.everything() if queryset is None else queryset
    if kind in library.FORMATS:
        count = library.write(definition, file, kind, by=by, queryset=rows)
    else:
        columns = definition.visible_columns(by)
        count = writing.write(
            file,
            kind,
            columns,
            definition.export(rows, columns),
            title=str(definition.label),
            labels=labels,
        )
    record(by=by, action="sheet.exported", sheet=definition.id, rows=count, format=kind)
    return count


def export_to_path(
    definition: SheetDefinition, path: Path, *, by: "User | None", labels: bool
) -> int:
    """As `export`; the file appears under its name when it is complete."""
    kind = writing.format_of(path.name, (*writing.FORMATS, *library.FORMATS))
    definition.permit_export(by)
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            count = export(definition, file, kind, by=by, labels=labels)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return count
