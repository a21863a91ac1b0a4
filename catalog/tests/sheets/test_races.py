"""Two imports at once, and workers that are killed over one."""

import os
import signal

import pytest
from django.conf import settings
from django.core.files import File
from django.db import connections

from backoffice.accounts.tests.factories import AdminFactory
from backoffice.base.errors import DomainError
from backoffice.sheets import batches, importing, progress, staging, undoing
from backoffice.sheets.definitions import SheetDefinition
from backoffice.sheets.models import Batch, BatchProgress, BatchRow
from backoffice.sheets.tests.files import write_csv
from catalog import changes
from catalog.models import Goods
from catalog.resources.writing import GoodsWriter
from catalog.tests.factories import CategoryFactory, GoodsFactory, UnitFactory
from catalog.tests.test_races import at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
HEADER = ["code", "name", "category", "unit", "price"]
CHUNKS, CHUNK = 3, 10


def row(n, name="新"):
    return [f"A{n:03}", name, "苹果蕉梨", "斤", "5"]


@pytest.fixture
def by(db):
    CategoryFactory()
    UnitFactory()
    return AdminFactory()


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(staging, "CHUNK", CHUNK)
    monkeypatch.setattr(SheetDefinition, "chunk", CHUNK)


def handed_in(by, tmp_path, rows):
    path = write_csv(tmp_path / "a.csv", [HEADER, *rows])
    with path.open("rb") as file:
        return batches.receive("goods", File(file), by=by, file_name="a.csv")


def checked(by, tmp_path, rows):
    batch = handed_in(by, tmp_path, rows)
    batches.run_check(batch.pk)
    batch.refresh_from_db()
    return batch


def killed(act):
    """Run `act` in a process of its own, which must die by a kill."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            act()
        finally:
            os._exit(1)
    _pid, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    assert os.WTERMSIG(status) == signal.SIGKILL


def dying(method, at):
    """`method` of a class, which kills its process at the call number `at`."""
    calls = 0

    def call(self, *args):
        nonlocal calls
        if calls == at:
            os.kill(os.getpid(), signal.SIGKILL)
        calls += 1
        return method(self, *args)

    return call


# --- two at once ------------------------------------------------------------------------


def test_two_imports_of_one_sheet_enter_its_goods_once(by, tmp_path):
    rows = [row(n) for n in range(30)]
    one, two = checked(by, tmp_path, rows), checked(by, tmp_path, rows)
    results = at_once(
        lambda: importing.start_apply(one, by=by),
        lambda: importing.start_apply(two, by=by),
    )
    assert sum(isinstance(result, DomainError) for result in results) == 1
    assert Goods.objects.count() == 30
    assert changes.HISTORY.objects.count() == 30
    assert sorted(Batch.objects.values_list("status", flat=True)) == [
        "applied",
        "checked",
    ]


def test_two_imports_over_the_same_goods_do_not_deadlock(by, tmp_path):
    for n in range(30):
        GoodsFactory(code=f"A{n:03}", name="旧")
    one = checked(by, tmp_path, [row(n, "一") for n in range(30)])
    two = checked(by, tmp_path, [row(n, "二") for n in reversed(range(30))])
    results = at_once(
        lambda: importing.start_apply(one, by=by),
        lambda: importing.start_apply(two, by=by),
    )
    refusals = [result for result in results if isinstance(result, DomainError)]
    assert len(refusals) == 1
    assert len(set(Goods.objects.values_list("name", flat=True))) == 1
    assert changes.HISTORY.objects.filter(means="sheet").count() == 30


def test_one_batch_is_imported_once_by_two_workers(by, tmp_path):
    batch = checked(by, tmp_path, [row(n) for n in range(30)])
    Batch.objects.update(status="applying")
    at_once(*[lambda: importing.run_apply(batch.pk)] * 2)
    assert Goods.objects.count() == 30
    assert Batch.objects.get().status == "applied"


def test_one_batch_is_undone_once_by_two_people(by, tmp_path):
    batch = checked(by, tmp_path, [row(n) for n in range(5)])
    importing.start_apply(batch, by=by)
    results = at_once(*[lambda: undoing.start_undo(batch, by=by)] * 2)
    assert sum(isinstance(result, DomainError) for result in results) == 1
    assert changes.HISTORY.objects.filter(means="rollback").count() == 5


# --- killed -----------------------------------------------------------------------------


@pytest.mark.parametrize("at", range(CHUNKS))
def test_an_import_that_was_killed_happens_once(by, tmp_path, monkeypatch, at):
    rows = [row(n) for n in range(CHUNKS * CHUNK)]
    batch = checked(by, tmp_path, rows)
    Batch.objects.update(status="applying")
    create = GoodsWriter.create
    monkeypatch.setattr(GoodsWriter, "create", dying(create, at))
    killed(lambda: importing.run_apply(batch.pk))
    assert not Goods.objects.exists()
    assert Batch.objects.get().status == "applying"
    monkeypatch.setattr(GoodsWriter, "create", create)
    importing.run_apply(batch.pk)
    importing.run_apply(batch.pk)
    assert Goods.objects.count() == len(rows)
    assert changes.HISTORY.objects.count() == len(rows)
    assert Batch.objects.get().status == "applied"


@pytest.mark.parametrize("at", range(CHUNKS))
def test_a_check_that_was_killed_begins_anew(by, tmp_path, monkeypatch, at):
    from catalog.resources.checker import GoodsChecker

    rows = [row(n) for n in range(CHUNKS * CHUNK)]
    batch = handed_in(by, tmp_path, rows)
    plan = GoodsChecker.plan
    monkeypatch.setattr(GoodsChecker, "plan", dying(plan, at))
    killed(lambda: batches.run_check(batch.pk))
    assert Batch.objects.get().status == "checking"
    monkeypatch.setattr(GoodsChecker, "plan", plan)
    batches.run_check(batch.pk)
    batch.refresh_from_db()
    assert (batch.status, batch.new) == ("checked", len(rows))
    assert BatchRow.objects.count() == len(rows)


@pytest.mark.skipif(settings.IS_SQLITE, reason="SQLite has one writer at a time")
def test_progress_is_seen_while_an_import_is_at_work(by, tmp_path, monkeypatch):
    batch = checked(by, tmp_path, [row(n) for n in range(CHUNKS * CHUNK)])
    monkeypatch.setattr(importing, "SMALL", 5)
    Batch.objects.update(status="applying")
    seen = []
    create = GoodsWriter.create

    def watched(self, plans):
        seen.extend(
            at_once(
                lambda: progress.done(Batch.objects.get()),
            )
        )
        return create(self, plans)

    monkeypatch.setattr(GoodsWriter, "create", watched)
    importing.run_apply(batch.pk)
    assert seen == [0, CHUNK, 2 * CHUNK]
    assert BatchProgress.objects.get().done == CHUNKS * CHUNK


@pytest.mark.skipif(
    settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"),
    reason="on SQLite nobody else writes while an import does",
)
def test_an_import_at_work_is_not_let_go(by, tmp_path, monkeypatch):
    from backoffice.sheets import mending

    batch = checked(by, tmp_path, [row(n) for n in range(CHUNKS * CHUNK)])
    create, answers = GoodsWriter.create, []

    def looked_at(self, plans):
        answers.extend(at_once(mending.mend))
        return create(self, plans)

    monkeypatch.setattr(GoodsWriter, "create", looked_at)
    importing.start_apply(batch, by=by)
    assert answers == [0] * CHUNKS
    assert Batch.objects.get().status == "applied"
