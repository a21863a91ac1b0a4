"""The queue's schedules follow the table of jobs."""

from datetime import timedelta
from importlib import import_module

import pytest
from croniter import croniter
from django.utils import timezone
from django_q.models import Schedule

from backoffice import schedules
from backoffice.jobs import leases, table
from backoffice.jobs.sync import sync_schedules
from backoffice.jobs.table import Job

pytestmark = pytest.mark.django_db


@pytest.fixture
def jobs():
    """A table of its own; the shop's comes back afterwards."""
    kept = list(table.jobs().values())
    yield table.use
    table.use(kept)


def job(name="sweep", **changes) -> Job:
    values = {"task": "backoffice.jobs.tasks.clean", "cron": "0 4 * * *", "label": "S"}
    return Job(name=name, **{**values, **changes})


def test_sync_makes_every_job_of_the_table_once():
    report = sync_schedules()
    assert report.added == [job.name for job in schedules.SCHEDULES]
    assert sync_schedules().is_empty
    assert Schedule.objects.count() == len(schedules.SCHEDULES)


def test_sync_changes_and_keeps_the_next_run_unless_the_cron_changed(jobs):
    jobs([job()])
    sync_schedules()
    soon = timezone.now() + timedelta(minutes=3)
    Schedule.objects.update(next_run=soon)
    jobs([job(timeout=77)])
    assert sync_schedules().changed == ["sweep"]
    row = Schedule.objects.get()
    assert row.next_run == soon
    assert "77" in row.kwargs
    jobs([job(timeout=77, cron="30 5 * * *")])
    sync_schedules()
    local = timezone.localtime(Schedule.objects.get().next_run)
    assert (local.hour, local.minute) == (5, 30), "in the shop's own time zone"


def test_sync_removes_what_the_table_no_longer_has_and_doubles(jobs):
    jobs([job("a"), job("b")])
    sync_schedules()
    Schedule.objects.create(
        name="a", func="x", schedule_type=Schedule.CRON, cron="* * * * *"
    )
    jobs([job("a")])
    assert sorted(sync_schedules().removed) == ["a", "b"]
    assert Schedule.objects.get().func == "backoffice.jobs.tasks.clean"


def test_sync_leaves_single_runs_of_others_alone(jobs):
    Schedule.objects.create(name="later", func="x", schedule_type=Schedule.ONCE)
    jobs([])
    assert sync_schedules().is_empty
    assert Schedule.objects.get().name == "later"


def test_sync_does_nothing_while_another_is_at_it():
    leases.acquire("sync_schedules")
    assert sync_schedules().is_empty
    assert not Schedule.objects.exists()


@pytest.mark.parametrize("entry", schedules.SCHEDULES, ids=lambda entry: entry.name)
def test_every_job_names_a_task_that_exists_and_a_time(entry):
    module, _, function = entry.task.rpartition(".")
    assert callable(getattr(import_module(module), function))
    assert croniter.is_valid(entry.cron)
    assert 0 < entry.timeout <= 300


def test_names_of_jobs_are_unique():
    names = [entry.name for entry in schedules.SCHEDULES]
    assert len(names) == len(set(names))
