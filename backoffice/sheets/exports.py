"""Exports: who may have which columns of which rows, and the one way to write them."""

import contextlib
import logging
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from django.core.files import File
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django_q.tasks import async_task

from backoffice.base.errors import DomainError
from backoffice.oplog.record import record
from backoffice.sheets import library, writing
from backoffice.sheets.definitions import SheetDefinition, get
from backoffice.sheets.enums import LONG, ExportStatus
from backoffice.sheets.models import Export

if TYPE_CHECKING:
    from backoffice.accounts.models import User

logger = logging.getLogger("backoffice.sheets")
#: more rows are written by a worker, not while somebody waits
SMALL = 20_000
#: progress is told every so many rows
STEP = 5_000


def export(
    definition: SheetDefinition,
    file: IO[bytes],
    kind: str,
    *,
    by: "User | None",
    queryset: models.QuerySet | None = None,
    labels: bool = True,
    told: Callable[[int], None] = lambda done: None,
) -> int:
    """Write the rows (all of them without a queryset) in a format of ours or of the
    library; gives their number.

    Columns that the person may not see are left out. `told` hears from time to time how
    many rows are written. Written to the operation log.
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
            _telling(definition.export(rows, columns), told),
            title=str(definition.label),
            labels=labels,
        )
    record(by=by, action="sheet.exported", sheet=definition.id, rows=count, format=kind)
    return count


def _telling(rows: Iterator[list], told: Callable[[int], None]) -> Iterator[list]:
    for count, row in enumerate(rows, 1):
        yield row
        if count % STEP == 0:
            told(count)


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


# --- by a worker ----------------------------------------------------------------------


def is_big(queryset: models.QuerySet) -> bool:
    """Whether a person should not wait for it; counts no further than it must."""
    return bool(queryset.order_by()[SMALL : SMALL + 1].values_list("pk").exists())


@transaction.atomic
def start_export(
    definition: SheetDefinition, kind: str, *, query: str, by: "User", rows: int
) -> Export:
    """Let a worker write it; `query` are the filters, `rows` how many there may be."""
    definition.permit_export(by)
    asked = Export.objects.create(
        sheet=definition.id,
        format=kind,
        query=query,
        by=by,
        rows_total=rows,
        language=get_language() or "",
    )
    async_task("backoffice.sheets.tasks.write_export", asked.pk, q_options=LONG)
    return asked


def run_export(
    export_id: int,
    filtered: Callable[[SheetDefinition, Any, str], models.QuerySet],
    fence: Callable[[], None] = lambda: None,
) -> None:
    """Write an export that was asked for; begins anew where it was cut off.

    `filtered(definition, by, query)` gives the rows; `fence` is called from time to time
    and raises where another worker took over.
    """
    asked = Export.objects.select_related("by").get(pk=export_id)
    if asked.status != ExportStatus.RUNNING:
        return

    def told(done: int) -> None:
        fence()
        Export.objects.filter(pk=export_id).update(done=done)

    definition = get(asked.sheet)
    with override(asked.language or None), tempfile.NamedTemporaryFile() as file:
        try:
            count = export(
                definition,
                file,
                asked.format,
                by=asked.by,
                queryset=filtered(definition, asked.by, asked.query),
                told=told,
            )
        except DomainError as refusal:
            _close(asked, ExportStatus.FAILED, message=str(refusal))
            return
        file.flush()
        file.seek(0)
        asked.file.save("export", File(file), save=False)
    asked.done = asked.rows_total = count
    _close(asked, ExportStatus.DONE)


def _close(asked: Export, status: ExportStatus, message: str = "") -> None:
    asked.status, asked.message = status, message
    asked.finished_at = timezone.now()
    asked.save()


def give_up(export_id: int) -> None:
    """Say that a worker could not write it (a fault of ours, which was logged)."""
    Export.objects.filter(pk=export_id, status=ExportStatus.RUNNING).update(
        status=ExportStatus.FAILED,
        message=_("The export broke off; ask for it again."),
        finished_at=timezone.now(),
    )


def drop_old(before: datetime) -> int:
    """Delete the files of exports that were asked for before this; gives their number."""
    count = 0
    old = Export.objects.filter(created_at__lt=before).exclude(status=ExportStatus.GONE)
    for asked in old.iterator(chunk_size=100):
        if asked.file:
            with contextlib.suppress(OSError):
                asked.file.delete(save=False)
        asked.status = ExportStatus.GONE
        asked.save(update_fields=["status", "file"])
        count += 1
    return count
