"""Importing a checked batch: one transaction, so that it is in the shop as a whole (or
with all its good rows) or not at all, however often a worker dies over it.
"""

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django_q.tasks import async_task

from backoffice.base import context
from backoffice.base.bulk import update_all
from backoffice.base.collector import resting
from backoffice.base.errors import NotPermitted
from backoffice.oplog.record import record
from backoffice.sheets import checking, definitions, progress, staging
from backoffice.sheets.batches import SMALL, mine, options_of, permit_import
from backoffice.sheets.definitions import Written
from backoffice.sheets.enums import LONG, BatchStatus, Outcome, Result
from backoffice.sheets.errors import BatchNotReady
from backoffice.sheets.models import Batch, BatchRow

if TYPE_CHECKING:
    from backoffice.accounts.models import User


class _Moved(Exception):
    """Rows changed between the check and the import, which therefore did not happen."""

    def __init__(self, refused: list[tuple[int, str, str]]) -> None:
        super().__init__("rows moved on")
        self.refused = refused


def start_apply(
    batch: Batch, *, by: "User", only_good: bool = False, wait: bool = False
) -> Batch:
    """Import a checked batch, or with `only_good` those of its rows that can be.

    Big ones are handed to a worker unless `wait`. Raises BatchNotReady where a row is
    wrong and `only_good` is not chosen, where rows changed in the shop since the check
    (they are conflicts now, and nothing was written), NotPermitted, WrongStatus.
    """
    with transaction.atomic():
        batch = Batch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
        batch = mine(batch, by, BatchStatus.CHECKED)
        _require_good(batch, only_good)
        _require_abilities(batch, by)
        batch.options = {**batch.options, "only_good": only_good}
        batch.status, batch.message = BatchStatus.APPLYING, ""
        progress.forget(batch)
        batch.save(update_fields=["options", "status", "message"])
        in_background = batch.new + batch.changed > SMALL and not wait
        if in_background:
            async_task(
                "backoffice.sheets.tasks.apply_batch",
                batch.pk,
                get_language() or "",
                q_options=LONG,
            )
    if not in_background:
        run_apply(batch.pk)
        batch.refresh_from_db()
        if batch.status != BatchStatus.APPLIED:
            raise BatchNotReady(batch.message)
    return batch


def _require_good(batch: Batch, only_good: bool) -> None:
    refused = batch.refused_rows
    if refused and not only_good:
        raise BatchNotReady(
            ngettext(
                "%(count)s row cannot be imported, so nothing was. Mend the sheet, or "
                "import only the good rows.",
                "%(count)s rows cannot be imported, so nothing was. Mend the sheet, or "
                "import only the good rows.",
                refused,
            )
            % {"count": refused}
        )


def _require_abilities(batch: Batch, by: "User") -> None:
    definition = definitions.get(batch.sheet)
    permit_import(definition, by)
    definition.permit_options(by, options_of(batch))
    if not set(batch.abilities) <= set(definition.abilities(by)):
        raise NotPermitted(
            _("Your permissions have changed since the check; hand the sheet in again.")
        )


def run_apply(batch_id: int) -> None:
    """Write what was planned, in one transaction; a second call finds it done."""
    try:
        with resting(), transaction.atomic(), context.using(means="sheet"):
            _apply(batch_id)
    except _Moved as moved:
        _note_moved(batch_id, moved.refused)
    except IntegrityError:
        _back_to_checked(
            batch_id,
            _(
                "The shop changed at this very moment; nothing was written. Check the "
                "sheet again."
            ),
        )
    except BaseException:
        # Ctrl-C as well
        _back_to_checked(
            batch_id, _("The import broke off and nothing was written; try again.")
        )
        raise


def _apply(batch_id: int) -> None:
    batch = Batch.objects.select_for_update(of=("self",)).get(pk=batch_id)
    if batch.status != BatchStatus.APPLYING:
        return
    definition = definitions.get(batch.sheet)
    options = options_of(batch)
    rows = BatchRow.objects.filter(batch=batch)
    changed = rows.filter(outcome=Outcome.CHANGED).order_by("target")
    new = rows.filter(outcome=Outcome.NEW).order_by("number")
    with progress.meter(batch, from_rows=SMALL) as meter:
        written = definition.write(
            meter.through(staging.in_chunks(definition, changed)),
            meter.through(staging.in_chunks(definition, new)),
            by=batch.by,
            options=options,
            reference=str(batch.pk),
        )
    if written.refused and not options.only_good:
        raise _Moved(written.refused)
    _mark(batch, written)
    batch.status, batch.applied_at = BatchStatus.APPLIED, timezone.now()
    batch.done, batch.waiting = written.done, len(written.waiting)
    batch.run = written.run
    batch.save()
    record(
        by=batch.by,
        action="sheet.imported",
        target=batch,
        sheet=batch.sheet,
        new=batch.new,
        changed=batch.changed,
        refused=batch.refused_rows,
        **({"run": written.run} if written.run else {}),
    )


def _mark(batch: Batch, written: Written) -> None:
    """Rows that did not simply go in; of the others the batch says that it is imported."""
    rows = BatchRow.objects.filter(batch=batch)
    numbers = list(written.waiting)
    for start in range(0, len(numbers), 1000):
        some = list(rows.filter(number__in=numbers[start : start + 1000]))
        for row in some:
            row.result = Result.WAITING
            row.waiting = [list(pair) for pair in written.waiting[row.number]]
        update_all(some, ["result", "waiting"])
    if written.refused:
        _to_conflicts(batch, written.refused)
        _recount(batch)


def _to_conflicts(batch: Batch, refused: list[tuple[int, str, str]]) -> None:
    """Rows that moved on since the check are conflicts from now on."""
    layout = checking.Layout.from_json(batch.layout)
    key = definitions.get(batch.sheet).key
    by_row: dict[int, list[list[str]]] = {}
    for number, column, message in refused:
        cell = layout.cell(column, number) or layout.cell(key, number)
        by_row.setdefault(number, []).append([cell, message])
    numbers = list(by_row)
    for start in range(0, len(numbers), 1000):
        rows = list(
            BatchRow.objects.filter(
                batch=batch, number__in=numbers[start : start + 1000]
            )
        )
        for row in rows:
            row.outcome, row.result = Outcome.CONFLICT, Result.REFUSED
            row.errors = by_row[row.number]
        update_all(rows, ["outcome", "result", "errors"])


def _recount(batch: Batch) -> None:
    counts = dict(
        BatchRow.objects.filter(batch=batch)
        .values_list("outcome")
        .annotate(count=Count("pk"))
    )
    batch.new = counts.get(Outcome.NEW, 0)
    batch.changed = counts.get(Outcome.CHANGED, 0)
    batch.conflicts = counts.get(Outcome.CONFLICT, 0)


def _note_moved(batch_id: int, refused: list[tuple[int, str, str]]) -> None:
    with transaction.atomic():
        batch = Batch.objects.select_for_update(of=("self",)).get(pk=batch_id)
        _to_conflicts(batch, refused)
        _recount(batch)
        batch.status = BatchStatus.CHECKED
        count = len({number for number, _column, _message in refused})
        batch.message = ngettext(
            "%(count)s row changed in the shop since the check; nothing was written.",
            "%(count)s rows changed in the shop since the check; nothing was written.",
            count,
        ) % {"count": count}
        batch.save()


def _back_to_checked(batch_id: int, message: str) -> None:
    Batch.objects.filter(pk=batch_id, status=BatchStatus.APPLYING).update(
        status=BatchStatus.CHECKED, message=message
    )
