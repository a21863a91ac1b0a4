"""The pages of jobs: who sees them, what they show and do."""

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_q.models import Failure, OrmQ, Schedule, Success, Task

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.base.admin import home
from backoffice.jobs.models import FailedTask, QueuedTask, ScheduledJob
from backoffice.jobs.sync import sync_schedules
from backoffice.jobs.tests.factories import enqueued, failed

pytestmark = pytest.mark.django_db

PAGES = ["scheduledjob", "queuedtask", "failedtask"]


def url(page: str, name: str = "changelist", *args) -> str:
    return reverse(f"admin:jobs_{page}_{name}", args=args)


@pytest.fixture
def viewer(client):
    client.force_login(StaffFactory(permissions=["jobs.view_jobs"]))
    return client


def test_the_pages_of_the_queue_itself_are_gone():
    for model in (Schedule, Success, Failure, OrmQ, Task):
        assert not admin.site.is_registered(model)
    for model in (ScheduledJob, QueuedTask, FailedTask):
        assert admin.site.is_registered(model)


@pytest.mark.parametrize("page", PAGES)
def test_pages_are_closed_to_others(client, page):
    client.force_login(StaffFactory(permissions=["catalog.view_goods"]))
    assert client.get(url(page)).status_code == 403


@pytest.mark.parametrize("page", PAGES)
def test_pages_open_and_nobody_adds(viewer, page):
    sync_schedules()
    failed("backoffice.jobs.tasks.watch")
    enqueued()
    assert viewer.get(url(page)).status_code == 200
    assert viewer.get(url(page, "add")).status_code == 403


@pytest.mark.parametrize("page", PAGES)
def test_pages_ask_the_same_questions_for_one_row_and_for_three(viewer, page):
    def rows(count: int) -> None:
        for number in range(count):
            Schedule.objects.create(
                name=("watch_tasks", "clean_up", "drop_abandoned_sheets")[number],
                func="f",
                schedule_type=Schedule.CRON,
                cron="* * * * *",
            )
            enqueued("backoffice.jobs.tasks.watch", number)

    def fail(count: int) -> None:
        for number in range(count):
            Task.objects.create(
                id=f"{count}{number}",
                name="n",
                func="f",
                success=False,
                started="2026-11-01T00:00Z",
                stopped="2026-11-01T00:00Z",
                result="boom",
            )

    rows(1)
    fail(1)
    viewer.get(url(page))
    with CaptureQueriesContext(
        connection,
    ) as one:
        viewer.get(url(page))
    Schedule.objects.all().delete()
    rows(3)
    fail(3)
    with CaptureQueriesContext(connection) as three:
        viewer.get(url(page))
    assert len(three) == len(one)


def test_a_failure_shows_its_traceback_without_secrets(viewer):
    task = failed(result="File x\nValueError: password='open sesame'")
    page = viewer.get(url("failedtask", "change", task.pk)).content.decode()
    assert "ValueError: password=•••" in page
    assert "sesame" not in page


def test_a_viewer_may_not_retry(viewer):
    task = failed()
    answer = viewer.post(url("failedtask", "verb", "retry"), {"only": task.pk})
    assert answer.status_code == 403


def test_retry_from_the_row_makes_it_due(client):
    client.force_login(AdminFactory())
    task = failed(attempts=5)
    assert not OrmQ.objects.exists()
    answer = client.post(url("failedtask", "verb", "retry"), {"only": task.pk})
    assert answer.status_code == 302
    assert OrmQ.objects.get().task_id() == task.pk


def test_dismiss_of_several_asks_first(client):
    client.force_login(AdminFactory())
    ids = [failed("backoffice.jobs.tasks.watch", n).pk for n in range(2)]
    data = {"only": ",".join(ids)}
    client.post(url("failedtask", "verb", "dismiss"), data)
    assert FailedTask.objects.count() == 2
    client.post(url("failedtask", "verb", "dismiss"), {**data, "confirmed": "1"})
    assert FailedTask.objects.count() == 0


def test_run_now_enqueues(client):
    client.force_login(AdminFactory())
    sync_schedules()
    job = ScheduledJob.objects.get(name="clean_up")
    client.post(url("scheduledjob", "verb", "run"), {"only": job.pk, "confirmed": "1"})
    assert OrmQ.objects.get().task["group"] == "clean_up"


def test_the_page_of_a_job_shows_its_latest_runs(viewer):
    sync_schedules()
    failed("backoffice.jobs.tasks.clean", group="clean_up")
    job = ScheduledJob.objects.get(name="clean_up")
    page = viewer.get(url("scheduledjob", "change", job.pk)).content.decode()
    assert "ValueError: boom" in page
    assert 'name="cron"' not in page


def test_home_tells_who_looks_after_jobs(rf):
    failed()
    request = rf.get("/")
    request.user = StaffFactory(permissions=["jobs.view_jobs"])
    assert any(str(c.url) == url("failedtask") for c in home.cards.collect(request))
    request.user = StaffFactory()
    assert not any(str(c.url) == url("failedtask") for c in home.cards.collect(request))
