"""Tasks in every state, made by the queue's own code."""

from datetime import timedelta

from django.utils import timezone
from django_q.brokers import get_broker
from django_q.models import OrmQ, Task
from django_q.monitor import save_task
from django_q.signing import SignedPackage
from django_q.tasks import async_task

from backoffice.jobs.models import TaskInHand

CLEAN = "backoffice.jobs.tasks.clean"
BOOM = "Traceback (most recent call last):\n  File …\nValueError: boom"


def enqueued(func: str = CLEAN, *args, **options) -> OrmQ:
    """A task that waits in the queue."""
    task_id = async_task(func, *args, q_options=options)
    return next(row for row in OrmQ.objects.all() if row.task_id() == task_id)


def given_out(row: OrmQ) -> dict:
    """The queue gives it to a worker: hidden until its time is over."""
    ((ack_id, payload),) = get_broker().dequeue()
    assert ack_id == row.pk
    return {**SignedPackage.loads(payload), "ack_id": ack_id}


def failed(func: str = CLEAN, *args, result: str = BOOM, attempts: int = 1, **options):
    """A task that failed so many times and waits to be tried again by itself, or was
    taken from the queue at the last attempt."""
    row = enqueued(func, *args, **options)
    task = given_out(row)
    for _attempt in range(attempts):
        _saved(task, success=False, result=result)
    return Task.objects.get(pk=task["id"])


def lost(func: str = CLEAN, *, deliveries: int = 5, minutes: int = 60) -> TaskInHand:
    """A task whose worker was killed at each of so many deliveries."""
    row = enqueued(func)
    task = given_out(row)
    return TaskInHand.objects.create(
        id=task["id"],
        name=task["name"],
        func=func,
        queue_id=row.pk,
        deliveries=deliveries,
        started_at=timezone.now() - timedelta(minutes=minutes),
    )


def succeeded(task: dict) -> None:
    """The worker that it was given to has done it."""
    _saved(task, success=True, result=None)


def _saved(task: dict, **outcome) -> None:
    # `sync` keeps it from closing the test's connection
    save_task(
        {**task, **outcome, "stopped": timezone.now(), "sync": True}, get_broker()
    )
