"""Failed tasks: shown without secrets, tried again, dismissed, given up."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ, Task

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.base.errors import NotPermitted
from backoffice.jobs import failures, queue
from backoffice.jobs.failures import InHand, NoSuchTask
from backoffice.jobs.models import TaskInHand
from backoffice.jobs.tests.factories import (
    enqueued,
    failed,
    given_out,
    lost,
    succeeded,
)
from backoffice.oplog.models import OperationLog

pytestmark = pytest.mark.django_db


def test_headline_is_the_last_line():
    assert failures.headline("Traceback\n  File x\nValueError: token=abc\n\n") == (
        "ValueError: token=•••"
    )


def test_retry_makes_a_waiting_task_due_at_once():
    task = failed()
    row = OrmQ.objects.get()
    assert row.lock > timezone.now()
    failures.retry(task.pk, by=AdminFactory())
    row.refresh_from_db()
    assert row.lock <= timezone.now()
    assert OperationLog.objects.filter(action="task.retried").count() == 1


def test_retry_enqueues_again_under_the_same_id_what_the_queue_gave_up():
    task = failed("backoffice.jobs.tasks.clean", 1, attempts=5, group="clean_up")
    assert not OrmQ.objects.exists()
    failures.retry(task.pk, by=AdminFactory())
    package = OrmQ.objects.get().task
    assert (package["id"], package["args"]) == (task.pk, (1,))
    assert package["timeout"] == 280, "as the table of jobs says"
    given = given_out(OrmQ.objects.get())
    succeeded(given)
    assert Task.objects.get(pk=task.pk).success, "success settles the failure"


def test_retry_refuses_while_a_worker_is_at_it():
    task = failed()
    TaskInHand.objects.create(id=task.pk, name="n", func="f")
    with pytest.raises(InHand):
        failures.retry(task.pk, by=AdminFactory())


def test_retry_refuses_what_has_succeeded_meanwhile():
    task = failed()
    Task.objects.filter(pk=task.pk).update(success=True)
    with pytest.raises(NoSuchTask):
        failures.retry(task.pk, by=AdminFactory())


def test_dismiss_strikes_off_and_takes_out_of_the_queue():
    task = failed()
    failures.dismiss(task.pk, by=AdminFactory())
    assert not Task.objects.exists()
    assert not OrmQ.objects.exists()
    entry = OperationLog.objects.get(action="task.dismissed")
    assert entry.data["error"] == "ValueError: boom"


@pytest.mark.parametrize("verb", [failures.retry, failures.dismiss])
def test_verbs_ask_for_the_permission(verb):
    task = failed()
    with pytest.raises(NotPermitted):
        verb(task.pk, by=StaffFactory(permissions=["jobs.view_jobs"]))
    verb(task.pk, by=StaffFactory(permissions=["jobs.manage_jobs"]))


def test_run_now_enqueues_the_job_with_its_timeout():
    failures.run_now("clean_up", by=AdminFactory())
    package = OrmQ.objects.get().task
    assert package["group"] == "clean_up"
    assert package["timeout"] == 280
    with pytest.raises(NoSuchTask):
        failures.run_now("nothing", by=AdminFactory())
    with pytest.raises(NotPermitted):
        failures.run_now("clean_up", by=StaffFactory())


def test_bury_gives_up_what_kills_its_worker():
    row = lost()
    assert failures.bury() == 1
    task = Task.objects.get(pk=row.pk)
    assert not task.success
    assert "died" in task.result
    assert not OrmQ.objects.exists()
    assert not TaskInHand.objects.exists()


def test_bury_holds_back_what_may_still_run_and_leaves_the_rest():
    running = lost(minutes=1)
    young = lost("backoffice.jobs.tasks.watch", deliveries=2)
    assert failures.bury() == 0
    tomorrow = timezone.now() + timedelta(hours=23)
    assert OrmQ.objects.get(pk=running.queue_id).lock > tomorrow
    assert OrmQ.objects.get(pk=young.queue_id).lock < tomorrow


def test_queue_state_counts_and_says_when_no_worker_is_there():
    assert not queue.state().is_stuck
    enqueued()
    OrmQ.objects.update(lock=timezone.now() - timedelta(minutes=6))
    state = queue.state()
    assert (state.waiting, state.in_hand, state.failed) == (1, 0, 0)
    assert state.is_stuck
    TaskInHand.objects.create(id="x", name="n", func="f")
    assert not queue.state().is_stuck, "a worker is busy"
