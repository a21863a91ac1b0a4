"""Sheets whose work broke off with its process: they are let go of, and can be tried again."""

from datetime import timedelta

import pytest
from django.core.files import File
from django.utils import timezone
from django_q.tasks import async_task

from backoffice.jobs.models import QueuedTask
from backoffice.sheets import batches, definitions, exports, importing, tasks, undoing
from backoffice.sheets.models import Batch, Export
from backoffice.sheets.tests.files import write_csv
from catalog.models import Goods
from catalog.tests.sheets.test_import import HEADER, ROW


@pytest.fixture
def batch(shop, tmp_path):
    path = write_csv(tmp_path / "a.csv", [HEADER, ROW])
    with path.open("rb") as file:
        return batches.receive("goods", File(file), by=shop, check=True)


def status_of(batch):
    batch.refresh_from_db()
    return batch.status


@pytest.mark.parametrize(
    ("broken", "after"), [("applying", "checked"), ("undoing", "applied")]
)
def test_work_that_nobody_has_is_let_go(batch, broken, after):
    Batch.objects.update(status=broken)
    assert tasks.mend() == 1
    assert status_of(batch) == after
    assert batch.message
    assert tasks.mend() == 0


def test_an_import_can_be_tried_again_and_undone_again(batch, shop):
    Batch.objects.update(status="applying")
    tasks.mend()
    importing.start_apply(batch, by=shop)
    Batch.objects.update(status="undoing", undone_by=shop)
    tasks.mend()
    undoing.start_undo(batch, by=shop)
    assert status_of(batch) == "undone"
    assert Goods.objects.get().status == "archived"


@pytest.mark.parametrize("task", ["apply_batch", "undo_batch", "check_batch"])
def test_what_a_worker_has_goes_on(batch, task):
    Batch.objects.update(status="applying")
    async_task(f"backoffice.sheets.tasks.{task}", batch.pk)
    assert tasks.mend() == 0
    assert status_of(batch) == "applying"
    QueuedTask.objects.all().delete()
    async_task("backoffice.sheets.tasks.apply_batch", batch.pk + 1)
    assert tasks.mend() == 1


def test_a_check_has_its_hour(batch):
    Batch.objects.update(status="checking")
    assert tasks.mend() == 0
    Batch.objects.update(created_at=timezone.now() - timedelta(hours=2))
    assert tasks.mend() == 1
    assert status_of(batch) == "refused"


def test_an_export_that_nobody_writes_says_so(shop):
    asked = exports.start_export(
        definitions.get("goods"), "csv", query="", by=shop, rows=1
    )
    assert tasks.mend() == 0
    QueuedTask.objects.all().delete()
    assert tasks.mend() == 1
    assert Export.objects.get(pk=asked.pk).status == "failed"


@pytest.mark.parametrize("verb", ["write", "undo"])
def test_a_key_pressed_on_the_way_leaves_nothing_at_work(
    batch, shop, monkeypatch, verb
):
    from catalog.resources.goods import GoodsSheet

    def pressed(*args, **options):
        raise KeyboardInterrupt

    act = importing.start_apply
    if verb == "undo":
        importing.start_apply(batch, by=shop)
        act = undoing.start_undo
    monkeypatch.setattr(GoodsSheet, verb, pressed)
    with pytest.raises(KeyboardInterrupt):
        act(batch, by=shop, wait=True)
    assert status_of(batch) == ("applied" if verb == "undo" else "checked")
