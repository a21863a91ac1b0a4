"""Around every task: context, log line, report of errors."""

import logging

import pytest
from django.db import transaction
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.queues import Queue
from django_q.tasks import async_task
from django_q.worker import worker

from backoffice.base import context
from backoffice.jobs import cleaning, tasks
from backoffice.jobs.models import TaskInHand
from backoffice.jobs.tests.factories import enqueued, given_out
from backoffice.oplog.models import OperationLog
from backoffice.oplog.record import record

SEEN: list[context.Context] = []


def note_context() -> None:
    """A task that looks at its context and writes a line to the operation log."""
    SEEN.append(context.current())
    assert TaskInHand.objects.count() == 1
    record(by=None, action="test.ran")


def fail() -> None:
    """A task that fails."""
    raise ValueError("boom")


def work_off(task: dict) -> dict:
    """Run one task as a worker process does, in this process."""
    from multiprocessing import Value

    todo, done = Queue(), Queue()
    todo.put(task)
    todo.put("STOP")
    worker(todo, done, Value("f", -1), timeout=30)
    result: dict = done.get(timeout=10)
    todo.close()
    done.close()
    return result


@pytest.fixture(autouse=True)
def _no_traces():
    SEEN.clear()
    with context.using():
        yield


@pytest.mark.django_db(transaction=True)
def test_a_task_runs_with_what_its_request_knew():
    asked = {"request_id": "request-1", "user_id": 42, "ip": "203.0.113.9"}
    with context.using(means="admin", **asked):
        row = enqueued(f"{__name__}.note_context")
    task = work_off(given_out(row))
    (seen,) = SEEN
    assert (seen.request_id, seen.user_id, seen.ip) == tuple(asked.values())
    assert seen.means == "admin"
    assert seen.task_id == task["id"]
    assert OperationLog.objects.get().means == "admin"
    assert not TaskInHand.objects.exists()
    assert context.current().task_id == ""


@pytest.mark.django_db(transaction=True)
def test_a_task_that_nobody_asked_for_comes_by_schedule():
    work_off(given_out(enqueued(f"{__name__}.note_context")))
    (seen,) = SEEN
    assert (seen.means, seen.user_id, seen.ip) == ("schedule", None, None)
    assert OperationLog.objects.get().means == "schedule"


@pytest.mark.django_db(transaction=True)
def test_a_task_logs_one_line(caplog):
    row = enqueued(f"{__name__}.note_context")
    with caplog.at_level(logging.INFO, "backoffice.jobs"):
        work_off(given_out(row))
    (line,) = [r for r in caplog.records if r.name == "backoffice.jobs"]
    assert line.getMessage() == f"task {__name__}.note_context done"
    assert line.ms > 0


@pytest.mark.django_db(transaction=True)
def test_a_failing_task_is_reported_once_with_its_traceback(caplog):
    row = enqueued(f"{__name__}.fail")
    with caplog.at_level(logging.INFO, "backoffice.jobs"):
        task = work_off(given_out(row))
    assert not task["success"]
    (error,) = [r for r in caplog.records if r.name == "backoffice.jobs"]
    assert error.levelno == logging.ERROR
    assert error.exc_info[0] is ValueError
    assert error.ms > 0
    assert not TaskInHand.objects.exists()


def test_the_queue_says_nothing_twice(caplog):
    queue_logger = logging.getLogger("django-q")

    def monitor() -> None:
        queue_logger.error("Failed 'x'")

    monitor()
    queue_logger.error("Failed to pull task from broker")
    assert [r.getMessage() for r in caplog.records] == [
        "Failed to pull task from broker"
    ]


@pytest.mark.django_db(transaction=True)
def test_a_task_of_a_transaction_that_is_rolled_back_does_not_exist():
    with transaction.atomic():
        async_task("backoffice.jobs.tasks.clean")
        assert OrmQ.objects.count() == 1
        transaction.set_rollback(True)
    assert not OrmQ.objects.exists()


def test_the_queue_gives_a_task_out_again_only_after_its_time_is_over():
    assert Conf.ORM == "default"
    assert Conf.RETRY > Conf.TIMEOUT
    assert not Conf.CATCH_UP
    assert not Conf.ACK_FAILURES


@pytest.mark.django_db
def test_clean_deletes_only_what_has_expired(settings):
    from datetime import timedelta

    from axes.models import AccessLog
    from django.contrib.sessions.models import Session
    from django.core.cache import cache
    from django.db import connection
    from django.utils import timezone
    from django_q.models import Task

    now = timezone.now()
    for key, days in (("old", -1), ("new", 1)):
        Session.objects.create(session_key=key, expire_date=now + timedelta(days=days))
        cache.set(key, key, timeout=60)
        AccessLog.objects.create(username=key)
    AccessLog.objects.filter(username="old").update(
        attempt_time=now - timedelta(days=91)
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE backoffice_cache SET expires = %s WHERE cache_key LIKE %s",
            [
                connection.ops.adapt_datetimefield_value(now - timedelta(hours=1)),
                "%old",
            ],
        )
    for name, days, success, group in (
        ("only run of a rare job", 30, True, "rare"),
        ("earlier run", 9, True, "often"),
        ("later run", 8, True, "often"),
        ("two days ago, of every minute", 2, True, "send_sms"),
        ("yesterday, of every minute", 1, True, "send_sms"),
        ("single", 8, True, None),
        ("fresh", 1, True, None),
        ("failure", 8, False, None),
        ("old failure", 91, False, None),
    ):
        Task.objects.create(
            id=name,
            name=name,
            func="f",
            group=group,
            success=success,
            started=now,
            stopped=now - timedelta(days=days),
        )
    counts = tasks.clean()
    assert counts == {"sessions": 1, "cache": 1, "tasks": 4, "sign_ins": 1, "leases": 0}
    assert set(Task.objects.values_list("name", flat=True)) == {
        "only run of a rare job",
        "later run",
        "yesterday, of every minute",
        "fresh",
        "failure",
    }
    assert cache.get("new") == "new"
    assert Session.objects.get().session_key == "new"
    assert tasks.clean()["tasks"] == 0


def test_clean_leaves_a_cache_in_redis_to_redis(settings):
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}
    }
    assert cleaning.cache_rows() == 0
