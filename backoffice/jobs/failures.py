"""Failed tasks: what went wrong, trying again, giving up."""

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django_q.brokers import get_broker
from django_q.models import Task
from django_q.signing import SignedPackage
from django_q.tasks import async_task

from backoffice.base.errors import DomainError, NotPermitted
from backoffice.base.masking import mask_text
from backoffice.jobs import table
from backoffice.jobs.models import FailedTask, QueuedTask, TaskInHand
from backoffice.oplog.record import record

if TYPE_CHECKING:
    from backoffice.accounts.models import User

logger = logging.getLogger("backoffice.jobs")

MANAGE = "jobs.manage_jobs"


class NoSuchTask(DomainError):
    """The task has succeeded or was dismissed meanwhile."""

    slug = "not_found"
    http_status = 404


class InHand(DomainError):
    """A worker is at it right now."""

    slug = "wrong_status"
    http_status = 409


def headline(text: object) -> str:
    """The last line of a traceback, masked: what went wrong, in short."""
    lines = [line for line in mask_text(text).splitlines() if line.strip()]
    return lines[-1].strip()[:200] if lines else ""


@transaction.atomic
def retry(task_id: str, *, by: "User") -> None:
    """Try a failed task again now, under its own id, so that success settles it.

    Raises NotPermitted, NoSuchTask, InHand.
    """
    failed = _failed(task_id, by, _("Retry"))
    waiting = _queued(task_id)
    if waiting is not None:
        QueuedTask.objects.filter(pk=waiting.pk).update(lock=timezone.now())
    else:
        _enqueue_again(failed)
    record(by=by, action="task.retried", task=failed.name, func=failed.func, id=task_id)


@transaction.atomic
def dismiss(task_id: str, *, by: "User") -> None:
    """Strike a failed task off the list; it will not be tried again.

    Raises NotPermitted, NoSuchTask, InHand.
    """
    failed = _failed(task_id, by, _("Dismiss"))
    waiting = _queued(task_id)
    if waiting is not None:
        QueuedTask.objects.filter(pk=waiting.pk).delete()
    record(
        by=by,
        action="task.dismissed",
        task=failed.name,
        func=failed.func,
        error=headline(failed.result),
    )
    failed.delete()


def run_now(name: str, *, by: "User") -> str:
    """Enqueue a recurring job at once, beside its schedule; gives the task's id."""
    _permit(by, _("Run now"))
    job = table.jobs().get(name)
    if job is None:
        raise NoSuchTask(_("There is no such job any more."))
    with transaction.atomic():
        task_id: str = async_task(
            job.task, q_options={"group": job.name, "timeout": job.timeout}
        )
        record(by=by, action="job.started", job=job.name)
    return task_id


def bury() -> int:
    """Give up tasks that took their worker with them at every delivery.

    Such a task (out of memory, killed) leaves no failure and would be given out for
    ever. It becomes a failure that people see. Gives the number given up.
    """
    now = timezone.now()
    cluster: dict[str, Any] = settings.Q_CLUSTER
    suspects = TaskInHand.objects.filter(deliveries__gte=cluster["max_attempts"])
    # held back first, so that it is not given out again while we look at it
    QueuedTask.objects.filter(
        pk__in=[row.queue_id for row in suspects if row.queue_id]
    ).update(lock=now + timedelta(days=1))
    over = now - timedelta(seconds=cluster["timeout"] + 30)
    count = 0
    for row in suspects.filter(started_at__lt=over):
        with transaction.atomic():
            queued = QueuedTask.objects.filter(pk=row.queue_id).first()
            package = queued.task if queued else {}
            Task.objects.update_or_create(
                id=row.pk,
                defaults={
                    "name": row.name,
                    "func": row.func,
                    "args": package.get("args"),
                    "kwargs": package.get("kwargs"),
                    "group": package.get("group"),
                    "started": row.started_at,
                    "stopped": now,
                    "success": False,
                    "attempt_count": row.deliveries,
                    "result": f"The worker died at each of {row.deliveries} attempts.",
                },
            )
            if queued:
                queued.delete()
            row.delete()
        logger.error("task %s was given up: its worker died every time", row.func)
        count += 1
    return count


def _permit(by: "User", what: str) -> None:
    if not (by.is_active and by.has_perm(MANAGE)):
        raise NotPermitted(
            _('You may not do this: "%(what)s".') % {"what": what}, permission=MANAGE
        )


def _failed(task_id: str, by: "User", what: str) -> FailedTask:
    """The failure, locked; refuses where somebody works on it or it is no failure."""
    _permit(by, what)
    failed = FailedTask.objects.select_for_update().filter(pk=task_id).first()
    if failed is None:
        raise NoSuchTask(_("This task has succeeded or was dismissed meanwhile."))
    if TaskInHand.objects.filter(pk=task_id).exists():
        raise InHand(_("A worker is trying this task right now; look again later."))
    return failed


def _queued(task_id: str) -> QueuedTask | None:
    """Its place in the queue, where it waits to be tried again by itself."""
    return next(
        (row for row in QueuedTask.objects.all() if row.task_id() == task_id), None
    )


def _enqueue_again(failed: FailedTask) -> None:
    job = table.jobs().get(failed.group or "")
    package = {
        "id": failed.pk,
        "name": failed.name,
        "func": failed.func,
        "args": failed.args or (),
        "kwargs": failed.kwargs or {},
        "started": timezone.now(),
    }
    if failed.group:
        package["group"] = failed.group
    if job:
        package["timeout"] = job.timeout
    get_broker().enqueue(SignedPackage.dumps(package))
