"""A batch from the hand-in to the end of its check; `importing` and `undoing` go on.

Only these three write batches. Checking commits as it goes, so that its progress can be
seen, and begins again after a kill.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from django.core.files.base import File
from django.db import transaction
from django.db.models import Q
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django_q.tasks import async_task

from backoffice.base.collector import resting
from backoffice.base.errors import DomainError, NotPermitted
from backoffice.base.status import require
from backoffice.oplog.record import record
from backoffice.sheets import checking, definitions, mappings, staging
from backoffice.sheets.definitions import Options, SheetDefinition
from backoffice.sheets.enums import LONG, BatchStatus, Outcome
from backoffice.sheets.errors import NeedsMapping
from backoffice.sheets.files import on_disk
from backoffice.sheets.models import Batch, BatchRow
from backoffice.sheets.reading.workbook import Workbook

if TYPE_CHECKING:
    from backoffice.accounts.models import User

#: sheets with more rows are worked through by a worker, not while somebody waits
SMALL = 2000

VIEW_ALL = "sheets.view_all_batches"


@contextmanager
def opened_file(batch: Batch) -> Iterator[Workbook]:
    """The sheet as it was handed in, in its reading process; raises SheetRefused."""
    definition = definitions.get(batch.sheet)
    with on_disk(batch.file) as path, checking.opened(path, definition) as book:
        yield book


def permit_import(definition: SheetDefinition, by: "User") -> None:
    """Raises NotPermitted unless the person may hand in such a sheet."""
    if not definition.may_import(by):
        raise NotPermitted(
            _("You may not import %(sheet)s.") % {"sheet": definition.label},
            permission=definitions.IMPORT,
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
    has_header: bool = True,
    ask: bool = False,
    check: bool = False,
) -> Batch:
    """Take a file in as a batch that is to be checked; with `check`, it is at once.

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
    with on_disk(file) as path, checking.opened(path, definition) as book:
        try:
            _lay_out(
                batch,
                book,
                definition,
                sheet=sheet,
                mapping=mapping,
                has_header=has_header,
            )
        except NeedsMapping as refusal:
            if not ask:
                raise
            batch.status, batch.message = BatchStatus.MAPPING, str(refusal)
        _keep(batch, file)
        if check and batch.status == BatchStatus.CHECKING:
            # the file is open already
            run_check(batch.pk, book=book)
            batch.refresh_from_db()
    return batch


@transaction.atomic
def _keep(batch: Batch, file: File) -> None:
    batch.file.save("sheet", file, save=False)
    batch.save()
    record(
        by=batch.by,
        action="sheet.received",
        target=batch,
        sheet=batch.sheet,
        size=batch.file_size,
    )


def _lay_out(
    batch: Batch,
    book: Any,
    definition: SheetDefinition,
    *,
    sheet: str,
    mapping: Mapping[str, str] | None,
    has_header: bool,
) -> None:
    found, layout = checking.layout_of(
        book, definition, sheet=sheet, mapping=mapping, has_header=has_header
    )
    at = layout.at[definition.key]
    batch.rows_total = sum(len(chunk) for chunk in book.column(layout.sheet, at))
    batch.layout = layout.as_json()
    batch.status, batch.message = BatchStatus.CHECKING, ""
    if mapping and has_header:
        mappings.remember(definition, found, mapping, by=batch.by)


def name_columns(
    batch: Batch,
    *,
    by: "User",
    mapping: Mapping[str, str],
    sheet: str = "",
    has_header: bool = True,
) -> Batch:
    """Say which column is which field, and whether the sheet has a header at all; the
    batch can be checked then.

    Also for a batch that was checked with other columns. Raises SheetRefused and
    NeedsMapping.
    """
    batch = mine(batch, by, BatchStatus.MAPPING, BatchStatus.CHECKED)
    definition = definitions.get(batch.sheet)
    with opened_file(batch) as book:
        _lay_out(
            batch,
            book,
            definition,
            sheet=sheet,
            mapping=mapping,
            has_header=has_header,
        )
    batch.save()
    return batch


def mine(batch: Batch, by: "User", *statuses: BatchStatus) -> Batch:
    """The batch as it stands, for the one person who may go on with it."""
    batch = Batch.objects.select_related("by").get(pk=batch.pk)
    if batch.by_id != by.pk or not by.is_active:
        raise NotPermitted(_("Only who handed the sheet in may go on with it."))
    require(batch, *statuses, verb=gettext_lazy("Go on"))
    return batch


# --- checking -------------------------------------------------------------------------


def start_check(batch: Batch) -> None:
    """Check now, or by a worker where the sheet is big."""
    if batch.rows_total <= min(SMALL, definitions.get(batch.sheet).small):
        # what is wrong with the sheet as a whole is told by the batch
        with contextlib.suppress(DomainError):
            run_check(batch.pk)
        return
    async_task(
        "backoffice.sheets.tasks.check_batch",
        batch.pk,
        get_language() or "",
        q_options=LONG,
    )


def run_check(
    batch_id: int,
    fence: Callable[[], None] = lambda: None,
    book: Workbook | None = None,
) -> None:
    """Plan every row and keep the plans; begins anew where it was cut off.

    `fence` is called in each transaction and raises where another worker took over;
    `book` is the file where it is open. Raises SheetRefused, and the batch is closed
    with its words.
    """
    batch = Batch.objects.select_related("by").get(pk=batch_id)
    if batch.status != BatchStatus.CHECKING:
        return
    try:
        with (
            resting(),
            contextlib.nullcontext(book) if book else opened_file(batch) as file,
        ):
            _check(batch, fence, file)
    except DomainError as refusal:
        Batch.objects.filter(pk=batch_id, status=BatchStatus.CHECKING).update(
            status=BatchStatus.REFUSED, message=str(refusal)
        )
        raise


def _check(batch: Batch, fence: Callable[[], None], book: Workbook) -> None:
    definition = definitions.get(batch.sheet)
    checker = definition.checker(batch.by, options_of(batch))
    checker.batch = batch.pk
    layout = checking.Layout.from_json(batch.layout)
    with transaction.atomic():
        fence()
        BatchRow.objects.filter(batch=batch)._raw_delete(using="default")  # type: ignore[attr-defined]
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
        now = Batch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
        if now.status != BatchStatus.CHECKING:
            # put away meanwhile
            return
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
    with transaction.atomic():
        batch = Batch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
        batch = mine(
            batch, by, BatchStatus.MAPPING, BatchStatus.CHECKING, BatchStatus.CHECKED
        )
        batch.status = BatchStatus.CANCELLED
        batch.save(update_fields=["status"])
    return batch


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
