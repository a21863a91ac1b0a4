"""How the queue stands: how much waits, since when."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min
from django.utils import timezone

from backoffice.jobs.models import FailedTask, QueuedTask, TaskInHand

#: who waits longer than this is not waiting for a busy worker: there is none
STUCK = timedelta(minutes=5)


@dataclass(frozen=True)
class QueueState:
    """`oldest_at`: since when the task has waited that has waited longest."""

    waiting: int
    oldest_at: datetime | None
    in_hand: int
    failed: int

    @property
    def is_stuck(self) -> bool:
        """Whether tasks wait and nobody takes them: the worker does not run."""
        return (
            self.oldest_at is not None
            and self.in_hand == 0
            and timezone.now() - self.oldest_at > STUCK
        )


def state() -> QueueState:
    """The queue at this moment, in three queries."""
    waiting = QueuedTask.objects.filter(lock__lte=timezone.now()).aggregate(
        count=Count("pk"), oldest=Min("lock")
    )
    return QueueState(
        waiting=waiting["count"],
        oldest_at=waiting["oldest"],
        in_hand=TaskInHand.objects.count(),
        failed=FailedTask.objects.count(),
    )
