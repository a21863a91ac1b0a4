"""Taking an imported batch back: cells that are still as it left them go back to what
they were, the others are listed.
"""

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from django_q.tasks import async_task

from backoffice.base import context
from backoffice.base.bulk import update_all
from backoffice.base.collector import resting
from backoffice.base.errors import NotPermitted
from backoffice.base.status import require
from backoffice.oplog.record import record
from backoffice.sheets import definitions, progress, staging
from backoffice.sheets.batches import SMALL, may_see
from backoffice.sheets.checking import Layout
from backoffice.sheets.definitions import Undone
from backoffice.sheets.enums import LONG, BatchStatus, Outcome, Result
from backoffice.sheets.models import Batch, BatchRow

if TYPE_CHECKING:
    from backoffice.accounts.models import User


def may_undo(by: "User", batch: Batch) -> bool:
    """Whoever handed it in, or may see everybody's batches, and may import such; of
    some sheets nobody."""
    definition = definitions.get(batch.sheet)
    return definition.undoable and may_see(by, batch) and definition.may_import(by)


def start_undo(batch: Batch, *, by: "User", wait: bool = False) -> Batch:
    """Take an imported batch back; big ones by a worker unless `wait`.

    Raises NotPermitted and WrongStatus (not imported, or undone before).
    """
    with transaction.atomic():
        batch = Batch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
        if not may_undo(by, batch):
            raise NotPermitted(_("You may not take this batch back."))
        require(batch, BatchStatus.APPLIED, verb=gettext_lazy("Undo"))
        batch.status, batch.undone_by = BatchStatus.UNDOING, by
        batch.message = ""
        progress.forget(batch)
        batch.save(update_fields=["status", "undone_by", "message"])
        in_background = batch.done > SMALL and not wait
        if in_background:
            async_task(
                "backoffice.sheets.tasks.undo_batch",
                batch.pk,
                get_language() or "",
                q_options=LONG,
            )
    if not in_background:
        run_undo(batch.pk)
        batch.refresh_from_db()
    return batch


def run_undo(batch_id: int) -> None:
    """Put back what can be, in one transaction; a second call finds it done."""
    try:
        with resting(), transaction.atomic(), context.using(means="rollback"):
            _undo(batch_id)
    except BaseException:
        # Ctrl-C as well
        Batch.objects.filter(pk=batch_id, status=BatchStatus.UNDOING).update(
            status=BatchStatus.APPLIED,
            message=_("The undo broke off and nothing was written; try again."),
        )
        raise


def _undo(batch_id: int) -> None:
    batch = Batch.objects.select_for_update(of=("self",)).get(pk=batch_id)
    if batch.status != BatchStatus.UNDOING or batch.undone_by is None:
        return
    definition = definitions.get(batch.sheet)
    # what was refused under the lock is no change any more, but a conflict
    rows = BatchRow.objects.filter(batch=batch)
    changed = rows.filter(outcome=Outcome.CHANGED).order_by("target")
    new = rows.filter(outcome=Outcome.NEW).order_by("number")
    with progress.meter(batch, from_rows=SMALL) as meter:
        undone = definition.undo(
            meter.through(staging.in_chunks(definition, changed)),
            meter.through(staging.in_chunks(definition, new)),
            by=batch.undone_by,
            reference=str(batch.pk),
            run=batch.run,
        )
    _keep(batch, undone)
    batch.status, batch.undone_at = BatchStatus.UNDONE, timezone.now()
    batch.message = _told(undone)
    batch.save()
    record(
        by=batch.undone_by,
        action="sheet.undone",
        target=batch,
        sheet=batch.sheet,
        rows=undone.done,
        kept=len(undone.kept),
    )


def _keep(batch: Batch, undone: Undone) -> None:
    """Rows of which a cell stays say which one and why."""
    layout = Layout.from_json(batch.layout)
    key = definitions.get(batch.sheet).key
    by_row: dict[int, list[list[str]]] = {}
    for number, column, message in undone.kept:
        cell = layout.cell(column, number) or layout.cell(key, number)
        by_row.setdefault(number, []).append([cell, message])
    numbers = list(by_row)
    for start in range(0, len(numbers), 1000):
        some = numbers[start : start + 1000]
        rows = list(BatchRow.objects.filter(batch=batch, number__in=some))
        for row in rows:
            row.result, row.errors = Result.KEPT, by_row[row.number]
        update_all(rows, ["result", "errors"])


def _told(undone: Undone) -> str:
    if not undone.kept:
        return ""
    return ngettext(
        "%(count)s cell was changed since and stays as it is.",
        "%(count)s cells were changed since and stay as they are.",
        len(undone.kept),
    ) % {"count": len(undone.kept)}
