"""Around every task: its context, its log line, its row while it is in hand.

Connected to the queue's signals by the app. What the enqueuing request knows of itself
(request id, user, means, address) travels with the task.
"""

import logging
import sys
import time
from typing import Any

from django.db import DatabaseError
from django.db.models import F
from django.utils import timezone
from django_q.signals import (
    post_execute_in_worker,
    post_spawn,
    pre_enqueue,
    pre_execute,
)

from backoffice.base import context
from backoffice.jobs import processes, recovery
from backoffice.jobs.models import TaskInHand

logger = logging.getLogger("backoffice.jobs")

_TRAVELS = "shop_context"


class _Current:
    """What this worker process has in hand."""

    func = ""
    name = ""
    began = 0.0


def _facts() -> dict[str, Any]:
    milliseconds = round((time.perf_counter() - _Current.began) * 1000, 1)
    return {"ms": milliseconds, "task": _Current.name}


def connect() -> None:
    """Listen to the queue, and report what fails in a worker."""
    uid = "backoffice.jobs"
    pre_enqueue.connect(_take_along, dispatch_uid=uid)
    pre_execute.connect(_begin, dispatch_uid=uid)
    post_execute_in_worker.connect(_end, dispatch_uid=uid)
    post_spawn.connect(_follow, dispatch_uid=uid)
    _report_errors()


def _take_along(sender: Any, task: dict[str, Any], **kwargs: Any) -> None:
    now = context.current()
    task[_TRAVELS] = {
        "request_id": now.request_id,
        "user_id": now.user_id,
        "means": now.means,
        "ip": now.ip,
    }


def _follow(sender: Any, **kwargs: Any) -> None:
    """A worker begins, in the place of one that was killed perhaps."""
    try:
        recovery.give_out_again()
    except DatabaseError:
        logger.exception("could not look after tasks of workers that are gone")


def _begin(sender: Any, func: Any, task: dict[str, Any], **kwargs: Any) -> None:
    given = task.get(_TRAVELS) or {}
    context.update(
        task_id=task["id"],
        # what somebody asked for is theirs, whoever carries it out
        means=given.get("means") or "schedule",
        request_id=given.get("request_id") or "",
        user_id=given.get("user_id"),
        ip=given.get("ip"),
    )
    _Current.func, _Current.name = str(task["func"]), task["name"]
    _Current.began = time.perf_counter()
    if not task.get("sync"):
        _note(task)


def _note(task: dict[str, Any]) -> None:
    """Count the delivery. A database that fails here must not stop the worker."""
    try:
        known = TaskInHand.objects.filter(pk=task["id"]).update(
            deliveries=F("deliveries") + 1,
            started_at=timezone.now(),
            process=processes.mark(),
        )
        if not known:
            TaskInHand.objects.create(
                id=task["id"],
                name=task["name"][:100],
                func=str(task["func"])[:256],
                queue_id=task.get("ack_id"),
                process=processes.mark(),
            )
    except DatabaseError:
        logger.exception("could not note that a task began")


def _end(sender: Any, func: Any, task: dict[str, Any], **kwargs: Any) -> None:
    if task["success"]:
        logger.info("task %s done", task["func"], extra=_facts())
    try:
        TaskInHand.objects.filter(pk=task["id"]).delete()
    except DatabaseError:
        logger.exception("could not note that a task ended")
    context.update(task_id="", means="", request_id="", user_id=None)


class ErrorReporter:
    """What django-q2 calls inside its `except`: one log line with the traceback, which
    Sentry picks up where a SENTRY_DSN is set."""

    def report(self) -> None:
        error = sys.exc_info()
        logger.error("task %s failed", _Current.func, exc_info=error, extra=_facts())


class _WithoutRepeats(logging.Filter):
    """Drops the queue's own line for a failed task: ours has said it, with more."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not (record.funcName == "monitor" and record.levelno == logging.ERROR)


def _report_errors() -> None:
    # django-q2 finds reporters by the entry points of installed packages; the shop is
    # not installed, so it takes the reporter's place in the one module that calls it
    from django_q import worker  # noqa: PLC0415 - needs the apps to be ready

    worker.error_reporter = ErrorReporter()
    queue_logger = logging.getLogger("django-q")
    if not any(isinstance(f, _WithoutRepeats) for f in queue_logger.filters):
        queue_logger.addFilter(_WithoutRepeats())
