"""A real worker process, killed in the middle of a task."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.storage import storages
from django.db import connection
from django_q.models import OrmQ
from django_q.tasks import async_task

from backoffice.jobs.models import TaskInHand
from backoffice.oplog.models import OperationLog

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

PATIENCE = 60.0


@contextlib.contextmanager
def worker(
    log: Path, settings_module: str = "backoffice.jobs.tests.cluster_settings"
) -> Iterator[subprocess.Popen]:
    """`manage.py qcluster` on the tests' own database, in a process group of its own."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "qcluster"],
            cwd=settings.BASE_DIR,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": settings_module,
                "CLUSTER_DATABASE": str(connection.settings_dict["NAME"]),
                "CLUSTER_PRIVATE": str(storages["private"].location),
            },
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_for(what: str, happened: Callable[[], bool], log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < until, f"{what} did not happen:\n{log.read_text()}"
        time.sleep(0.05)


def finished() -> bool:
    return OperationLog.objects.filter(action="task.finished").exists()


@pytest.fixture
def hanging_task(tmp_path: Path) -> Path:
    """A task that hangs at its first delivery; gives the file that says it began."""
    async_task("backoffice.jobs.tests.cluster_tasks.hang_once", str(tmp_path))
    return tmp_path / "begun"


def test_a_task_whose_whole_worker_was_killed_runs_again_and_finishes_once(
    hanging_task: Path, tmp_path: Path
):
    log = tmp_path / "log"
    with worker(log) as process:
        wait_for("the first delivery", hanging_task.exists, log)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert not finished()
    assert OrmQ.objects.exists(), "the queue still has it"
    with worker(log):
        wait_for("the second delivery", finished, log)
        wait_for("the receipt", lambda: not OrmQ.objects.exists(), log)
    assert OperationLog.objects.filter(action="task.finished").count() == 1
    assert not TaskInHand.objects.exists()


def test_a_task_whose_process_was_killed_runs_again_in_the_next(
    hanging_task: Path, tmp_path: Path
):
    log = tmp_path / "log"
    with worker(log):
        wait_for("the first delivery", hanging_task.exists, log)
        os.kill(int(hanging_task.read_text()), signal.SIGKILL)
        wait_for("the second delivery", finished, log)
        wait_for("the receipt", lambda: not OrmQ.objects.exists(), log)
    assert OperationLog.objects.filter(action="task.finished").count() == 1


@pytest.mark.parametrize("whole", [True, False])
def test_what_a_killed_worker_had_does_not_wait_for_its_time(
    hanging_task: Path, tmp_path: Path, whole: bool
):
    log, patient = tmp_path / "log", "backoffice.jobs.tests.patient_settings"
    with contextlib.ExitStack() as workers:
        first = workers.enter_context(worker(log, patient))
        wait_for("the first delivery", hanging_task.exists, log)
        wait_for("the note of it", TaskInHand.objects.exists, log)
        if whole:
            os.killpg(first.pid, signal.SIGKILL)
            first.wait()
            workers.enter_context(worker(log, patient))
        else:
            os.kill(int(hanging_task.read_text()), signal.SIGKILL)
        wait_for("the second delivery", finished, log)
        wait_for("the receipt", lambda: not OrmQ.objects.exists(), log)
    assert OperationLog.objects.filter(action="task.finished").count() == 1
    assert not TaskInHand.objects.exists()


def test_a_worker_stops_when_it_is_asked_to(tmp_path: Path):
    log = tmp_path / "log"
    (tmp_path / "begun").touch()
    with worker(log) as process:
        async_task("backoffice.jobs.tests.cluster_tasks.hang_once", str(tmp_path))
        wait_for("the task", finished, log)
        process.terminate()
        assert process.wait(timeout=PATIENCE) == 0


@pytest.mark.skipif(settings.IS_SQLITE, reason="SQLite runs one cluster")
def test_two_clusters_share_the_jobs_and_none_is_done_twice(tmp_path: Path):
    log, count = tmp_path / "log", 40
    for number in range(count):
        async_task("backoffice.jobs.tests.cluster_tasks.work", number)
    with worker(log), worker(log):
        wait_for("all tasks", lambda: not OrmQ.objects.exists(), log)
    lines = OperationLog.objects.filter(action="task.finished")
    done = [(line.data["number"], line.data["process"]) for line in lines]
    assert sorted(number for number, _process in done) == list(range(count))
    assert len({process for _number, process in done}) == 2, "both had their share"
