"""Work whose process was killed goes on at once, where somebody here can see that it was.

The queue by itself would give such a task out again only when its time is over, because
it cannot tell a dead worker from a busy one.
"""

import logging

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from backoffice.jobs import leases, processes
from backoffice.jobs.models import Lease, QueuedTask, TaskInHand

logger = logging.getLogger("backoffice.jobs")

#: a task that took more workers with it than these waits until its time is over
AT_ONCE = 3


def give_out_again() -> int:
    """Make tasks due whose worker is gone, and free what was leased by the dead; gives
    the number of tasks."""
    holders = set(
        Lease.objects.filter(expires_at__gt=Now()).values_list("process", flat=True)
    )
    workers = set(TaskInHand.objects.values_list("process", flat=True))
    gone = [mark for mark in holders | workers if mark and processes.is_gone(mark)]
    if not gone:
        return 0
    with transaction.atomic():
        leases.free(gone)
        # locked, so that of two who see the same death one gives its task out
        lost = TaskInHand.objects.select_for_update().filter(
            process__in=gone, deliveries__lte=AT_ONCE
        )
        rows = list(lost)
        QueuedTask.objects.filter(pk__in=[row.queue_id for row in rows]).update(
            lock=timezone.now()
        )
        TaskInHand.objects.filter(pk__in=[row.pk for row in rows]).update(process="")
    for row in rows:
        logger.warning("task %s is given out again: its worker is gone", row.func)
    return len(rows)
