"""The life of a batch: handed in → checked → imported → undone.

A batch is written only here. Checking commits as it goes, so that its progress can be
seen, and can begin again after a kill. Importing is one transaction: a batch is in the
shop as a whole (or with all its good rows) or not at all.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from django.core.files.base import File
from django.db import IntegrityError, transaction
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_q.tasks import async_task

from backoffice.base.bulk import update_all
from backoffice.base.errors import NotPermitted
from backoffice.base.status import require
from backoffice.oplog.record import record
from backoffice.sheets import checking, definitions, mappings, staging
from backoffice.sheets.definitions import Options, SheetDefinition, Written
from backoffice.sheets.enums import BatchStatus, Outcome, Result
from backoffice.sheets.errors import BatchNotReady, NeedsMapping
from backoffice.sheets.files import on_disk
from backoffice.sheets.models import Batch, BatchRow

if TYPE_CHECKING:
    from backoffice.accounts.models import User

#: sheets with more rows are worked through by a worker, not while somebody waits
SMALL = 2000

VIEW_ALL = "sheets.view_all_batches"


def permit_import(definition: SheetDefinition, by: "User") -> None:
    """Raises NotPermitted unless the person may hand in such a sheet."""
    if not definition.may_import(by):
        raise NotPermitted(
            _("You may not import %(sheet)s.") % {"sheet": definition.label}
        )


def may_see(by: "User", batch: Batch) -> bool:
    """One's own batches; all of them with the permission."""
    return by.is_active and (batch.by_id == by.pk or by.has_perm(VIEW_ALL))


def options_of(batch: Batch) -> Options:
    """What the person chose for this batch."""
    return Options(
        create_missing=batch.options.get("create_missing", False),
        only_good=batch.options.get("only_good", False),
    )


# --- handing in -----------------------------------------------------------------------


def receive(
    sheet_id: str,
    file: File,
    *,
    by: "User",
    file_name: str = "",
    options: Options | None = None,
    sheet: str = "",
    mapping: Mapping[str, str] | None = None,
    ask: bool = False,
) -> Batch:
    """Take a file in as a batch that is to be checked.

    Raises NoSuchSheet, NotPermitted, SheetRefused (the file cannot be read; nothing is
    kept). With a foreign header NeedsMapping is raised, or with `ask` the batch waits
    for `name_columns`.
    """
    definition = definitions.get(sheet_id)
    options = options or Options()
    permit_import(definition, by)
    definition.permit_options(by, options)
    batch = Batch(
        sheet=definition.id,
        file_name=(file_name or file.name or "")[-200:],
        file_size=file.size,
        by=by,
        options={"create_missing": options.create_missing},
    )
    with on_disk(file) as path, checking.opened(path) as book:
        try:
            _lay_out(batch, book, definition, sheet=sheet, mapping=mapping)
        except NeedsMapping as refusal:
            if not ask:
                raise
            batch.status, batch.message = BatchStatus.MAPPING, str(refusal)
    with transaction.atomic():
        batch.file.save("sheet", file, save=False)
        batch.save()
        record(
            by=by,
            action="sheet.received",
            target=batch,
            sheet=batch.sheet,
            size=batch.file_size,
        )
    return batch


def _lay_out(
    batch: Batch,
    book: Any,
    definition: SheetDefinition,
    *,
    sheet: str,
    mapping: Mapping[str, str] | None,
) -> None:
    found, layout = checking.layout_of(book, definition, sheet=sheet, mapping=mapping)
    at = layout.at[definition.key]
    batch.rows_total = sum(len(chunk) for chunk in book.column(layout.sheet, at))
    batch.layout = layout.as_json()
    batch.status, batch.message = BatchStatus.CHECKING, ""
    if mapping:
        mappings.remember(definition, found, mapping, by=batch.by)


def name_columns(
    batch: Batch, *, by: "User", mapping: Mapping[str, str], sheet: str = ""
) -> Batch:
    """Say which column is which field; the batch can be checked then.

    Also for a batch that was checked with other columns. Raises SheetRefused and
    NeedsMapping.
    """
    batch = _mine(batch, by, BatchStatus.MAPPING, BatchStatus.CHECKED)
    definition = definitions.get(batch.sheet)
    with on_disk(batch.file) as path, checking.opened(path) as book:
        _lay_out(batch, book, definition, sheet=sheet, mapping=mapping)
    batch.save()
    return batch


def _mine(batch: Batch, by: "User", *statuses: BatchStatus) -> Batch:
    """The batch as it stands, for the one person who may go on with it."""
    batch = Batch.objects.select_related("by").get(pk=batch.pk)
    if batch.by_id != by.pk or not by.is_active:
        raise NotPermitted(_("Only who handed the sheet in may go on with it."))
    require(batch, *statuses, verb=gettext_lazy("Go on"))
    return batch


# --- checking -------------------------------------------------------------------------


def start_check(batch: Batch) -> None:
    """Check now, or by a worker where the sheet is big."""
    if batch.rows_total <= SMALL:
        run_check(batch.pk)
        return
    async_task("backoffice.sheets.tasks.check_batch", batch.pk)


def run_check(batch_id: int, fence: Callable[[], None] = lambda: None) -> None:
    """Plan every row and keep the plans; begins anew where it was cut off.

    `fence` is called in each transaction and raises where another worker took over.
    """
    batch = Batch.objects.select_related("by").get(pk=batch_id)
    if batch.status != BatchStatus.CHECKING:
        return
    definition = definitions.get(batch.sheet)
    checker = definition.checker(batch.by, options_of(batch))
    layout = checking.Layout.from_json(batch.layout)
    with transaction.atomic():
        fence()
        BatchRow.objects.filter(batch=batch)._raw_delete(using="default")  # type: ignore[attr-defined]
    with on_disk(batch.file) as path, checking.opened(path) as book:
        check = checking.Check(book, layout, definition, checker)
        for plans in check.plans():
            with transaction.atomic():
                fence()
                staging.stage(batch, check, plans)
                batch.rows_total, batch.progress = check.size, check.totals.rows
                batch.errors = check.totals.errors
                batch.save(update_fields=["rows_total", "progress", "errors"])
    with transaction.atomic():
        fence()
        _keep_totals(batch, check.totals)
        batch.layout = {**batch.layout, "notes": check.notes}
        batch.abilities = definition.abilities(batch.by)
        batch.options = {**batch.options, "missing": checker.missing()}
        batch.status = BatchStatus.CHECKED
        batch.save()


def _keep_totals(batch: Batch, totals: checking.Totals) -> None:
    batch.rows_total = batch.progress = totals.rows
    batch.new, batch.changed = totals.new, totals.changed
    batch.unchanged, batch.conflicts = totals.unchanged, totals.conflicts
    batch.wrong, batch.errors = totals.wrong, totals.errors
    batch.waiting = totals.waiting


def cancel(batch: Batch, *, by: "User") -> Batch:
    """Put a sheet away that shall not be imported."""
    batch = _mine(batch, by, BatchStatus.MAPPING, BatchStatus.CHECKED)
    batch.status = BatchStatus.CANCELLED
    batch.save(update_fields=["status"])
    return batch


# --- importing ------------------------------------------------------------------------


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
        batch = _mine(batch, by, BatchStatus.CHECKED)
        _require_good(batch, only_good)
        _require_abilities(batch, by)
        batch.options = {**batch.options, "only_good": only_good}
        batch.status, batch.message = BatchStatus.APPLYING, ""
        batch.progress = 0
        batch.save(update_fields=["options", "status", "message", "progress"])
        in_background = batch.new + batch.changed > SMALL and not wait
        if in_background:
            async_task("backoffice.sheets.tasks.apply_batch", batch.pk)
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
        with transaction.atomic():
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


def _apply(batch_id: int) -> None:
    batch = Batch.objects.select_for_update(of=("self",)).get(pk=batch_id)
    if batch.status != BatchStatus.APPLYING:
        return
    definition = definitions.get(batch.sheet)
    options = options_of(batch)
    rows = BatchRow.objects.filter(batch=batch)
    changed = rows.filter(outcome=Outcome.CHANGED).order_by("target")
    new = rows.filter(outcome=Outcome.NEW).order_by("number")
    written = definition.write(
        staging.in_chunks(definition, changed),
        staging.in_chunks(definition, new),
        by=batch.by,
        options=options,
        reference=str(batch.pk),
    )
    if written.refused and not options.only_good:
        raise _Moved(written.refused)
    _mark(batch, written)
    batch.status, batch.applied_at = BatchStatus.APPLIED, timezone.now()
    batch.done, batch.waiting = written.done, len(written.waiting)
    batch.run, batch.progress = written.run, batch.rows_total
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
    rows = BatchRow.objects.filter(batch=batch)
    rows.filter(outcome__in=[Outcome.NEW, Outcome.CHANGED]).update(result=Result.DONE)
    for start in range(0, len(written.waiting), 1000):
        rows.filter(number__in=written.waiting[start : start + 1000]).update(
            result=Result.WAITING
        )
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


def refuse(batch: Batch) -> None:
    """Close a checked batch of which nothing will be imported (the command line)."""
    Batch.objects.filter(pk=batch.pk, status=BatchStatus.CHECKED).update(
        status=BatchStatus.REFUSED
    )


def drop_abandoned(before: datetime) -> int:
    """Put away batches that were handed in before this and never imported: their rows
    and their file. What was imported is kept."""
    old = Batch.objects.filter(
        status__in=[BatchStatus.MAPPING, BatchStatus.CHECKED], created_at__lt=before
    )
    count = 0
    for batch in old.iterator(chunk_size=100):
        with transaction.atomic():
            kept = Batch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
            if kept.status not in (BatchStatus.MAPPING, BatchStatus.CHECKED):
                continue
            kept.status = BatchStatus.CANCELLED
            kept.save(update_fields=["status"])
            BatchRow.objects.filter(batch=kept).delete()
            transaction.on_commit(partial(kept.file.delete, save=False))
            count += 1
    return count


def errors_of(batch: Batch) -> list[dict[str, str]]:
    """Everything that is wrong, by cell, in the order of the rows."""
    rows = BatchRow.objects.filter(
        Q(outcome=Outcome.ERROR) | Q(outcome=Outcome.CONFLICT), batch=batch
    ).order_by("number")
    return [
        {"cell": cell, "message": message}
        for errors in rows.values_list("errors", flat=True).iterator(chunk_size=1000)
        for cell, message in errors
    ]
