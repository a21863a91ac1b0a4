"""Work that broke off with its process: a command that was killed, a task that was given
up because its worker died every time.

What a worker still has in its queue goes on by itself. Of the rest nothing was written,
and without this a batch would seem to be at work for ever.
"""

from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice.jobs.models import QueuedTask
from backoffice.sheets import exports
from backoffice.sheets.enums import BatchStatus, ExportStatus
from backoffice.sheets.models import Batch, Export

#: a check in somebody's own process is over by then, one way or the other
CHECKED_WITHIN = timedelta(hours=1)


def mend() -> int:
    """Let go of batches and exports at which nobody is; gives their number."""
    # what is at work is asked before the queue: whoever begins meanwhile is in neither
    long_ago = timezone.now() - CHECKED_WITHIN
    busy = Batch.objects.filter(
        Q(status__in=[BatchStatus.APPLYING, BatchStatus.UNDOING])
        | Q(status=BatchStatus.CHECKING, created_at__lt=long_ago)
    )
    at_work = list(busy.values_list("pk", "status"))
    running = Export.objects.filter(status=ExportStatus.RUNNING)
    being_written = list(running.values_list("pk", flat=True))
    queued = _queued("check_batch", "apply_batch", "undo_batch")
    let_go = [pk for pk, status in at_work if pk not in queued and _let_go(pk, status)]
    queued = _queued("write_export")
    lost = [pk for pk in being_written if pk not in queued]
    for pk in lost:
        exports.give_up(pk)
    return len(let_go) + len(lost)


def _queued(*tasks: str) -> set[int]:
    """Ids of what these tasks are about that a worker has, or will have."""
    names = {f"backoffice.sheets.tasks.{task}" for task in tasks}
    packages = [row.task for row in QueuedTask.objects.all()]
    return {
        package["args"][0]
        for package in packages
        if package.get("func") in names and package.get("args")
    }


@transaction.atomic
def _let_go(pk: int, status: str) -> bool:
    """False where somebody is at it: who imports or undoes holds the row."""
    skips = connection.features.has_select_for_update_skip_locked
    rows = Batch.objects.select_for_update(of=("self",), skip_locked=skips)
    batch = rows.filter(pk=pk, status=status).first()
    if batch is None:
        return False
    batch.status, batch.message = {
        BatchStatus.CHECKING: (
            BatchStatus.REFUSED,
            _("The check broke off; hand the sheet in again."),
        ),
        BatchStatus.APPLYING: (
            BatchStatus.CHECKED,
            _("The import broke off and nothing was written; try again."),
        ),
        BatchStatus.UNDOING: (
            BatchStatus.APPLIED,
            _("The undo broke off and nothing was written; try again."),
        ),
    }[BatchStatus(status)]
    batch.save(update_fields=["status", "message"])
    return True
