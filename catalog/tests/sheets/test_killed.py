"""A real worker that is killed at each third of a large sheet: it is in the shop once."""

import os
import signal
import time

import pytest
from django.core.files import File
from django_q.models import OrmQ
from django_q.tasks import async_task

from backoffice.accounts.tests.factories import AdminFactory
from backoffice.jobs.tests.test_cluster import wait_for, worker
from backoffice.oplog.models import OperationLog
from backoffice.sheets import batches
from backoffice.sheets.models import Batch, BatchRow
from backoffice.sheets.tests.files import write_csv
from catalog import changes
from catalog.models import Goods, GoodsSearch
from catalog.tests.factories import CategoryFactory, UnitFactory
from catalog.tests.sheets.killed_tasks import THIRDS

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

ROWS = 20_000
HEADER = ["code", "name", "category", "unit", "price"]
#: the queue alone would take six minutes for each death
SECONDS = 60


@pytest.fixture
def batch(tmp_path):
    CategoryFactory()
    UnitFactory()
    rows = [[f"A{n:05}", f"红富士{n}", "苹果蕉梨", "斤", "5"] for n in range(ROWS)]
    path = write_csv(tmp_path / "a.csv", [HEADER, *rows])
    with path.open("rb") as file:
        return batches.receive("goods", File(file), by=AdminFactory())


def killed_at_each_third(batch, task, stops, tmp_path):
    """Hand the task to a worker whose process is killed wherever it stops."""
    log = tmp_path / "log"
    async_task(
        f"catalog.tests.sheets.killed_tasks.{task}", batch.pk, str(tmp_path), ROWS
    )
    with worker(log, "backoffice.jobs.tests.patient_settings"):
        for third in range(1, THIRDS + 1):
            stopped = tmp_path / f"{stops}-{third}"
            wait_for(f"third {third}", stopped.exists, log)
            assert not Goods.objects.exists()
            os.kill(int(stopped.read_text()), signal.SIGKILL)
        wait_for("the end", lambda: not OrmQ.objects.exists(), log)
    batch.refresh_from_db()


def test_a_check_and_an_import_are_killed_at_each_third_and_happen_once(
    batch, tmp_path
):
    began = time.monotonic()
    killed_at_each_third(batch, "check", "plan", tmp_path)
    assert (batch.status, batch.new) == ("checked", ROWS)
    assert BatchRow.objects.count() == ROWS

    Batch.objects.update(status="applying")
    killed_at_each_third(batch, "apply", "create", tmp_path)
    assert (batch.status, batch.done) == ("applied", ROWS)
    for table in (Goods, GoodsSearch, changes.HISTORY):
        assert table.objects.count() == ROWS
    entered = OperationLog.objects.filter(action="goods.created")
    assert entered.count() == ROWS
    assert OperationLog.objects.filter(action="sheet.imported").count() == 1
    assert time.monotonic() - began < 2 * THIRDS * SECONDS
