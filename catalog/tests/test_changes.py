"""The history of goods: written with every change, never changed itself."""

from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from backoffice.accounts.tests.factories import AdminFactory
from backoffice.base.appendonly import AppendOnlyError
from backoffice.base.errors import ChangedMeanwhile
from backoffice.oplog.models import OperationLog
from backoffice.oplog.record import record
from catalog import changes, editing, pricing, repricing
from catalog.enums import RunStatus
from catalog.models import Goods, GoodsPicture
from catalog.tests.factories import GoodsFactory, OnSaleGoodsFactory

pytestmark = pytest.mark.django_db


def test_a_change_of_price_writes_one_row_with_the_old_price():
    goods, by = OnSaleGoodsFactory(price=Decimal("10.00")), AdminFactory()
    outcome = pricing.change_price(goods, by=by, price=Decimal("11.00"), reason="cost")
    assert outcome.applied["price"] == (Decimal("10.00"), Decimal("11.00"))
    row = changes.HISTORY.objects.filter(id=goods.pk, price_changed=True).get()
    assert (row.old_price, row.price) == (Decimal("10.00"), Decimal("11.00"))
    assert row.history_change_reason == "cost"


def test_the_same_price_again_writes_nothing():
    goods = OnSaleGoodsFactory(price=Decimal("10.00"))
    rows = changes.HISTORY.objects.count()
    assert (
        pricing.change_price(goods, by=AdminFactory(), price=Decimal(10)).applied == {}
    )
    assert changes.HISTORY.objects.count() == rows


def test_a_guarded_change_waits_and_a_second_person_applies_it():
    goods = OnSaleGoodsFactory(price=Decimal("10.00"), cost=Decimal("8.0000"))
    one, two = AdminFactory(), AdminFactory()
    outcome = pricing.change_price(goods, by=one, price=Decimal("5.00"))
    assert {hit.guard for hit in outcome.hits} == {"margin", "change"}
    goods.refresh_from_db()
    assert goods.price == Decimal("10.00")
    assert repricing.approve(outcome.run, by=two).status == RunStatus.APPLIED
    goods.refresh_from_db()
    assert goods.price == Decimal("5.00")


def test_a_run_whose_price_moved_becomes_stale():
    goods = OnSaleGoodsFactory(price=Decimal("10.00"))
    one, two = AdminFactory(), AdminFactory()
    run = pricing.change_price(goods, by=one, price=Decimal("5.00")).run
    pricing.change_price(goods, by=one, price=Decimal("10.50"))
    assert repricing.approve(run, by=two).status == RunStatus.STALE
    goods.refresh_from_db()
    assert goods.price == Decimal("10.50")


def test_the_later_editor_is_told():
    goods, by = GoodsFactory(), AdminFactory(nickname="小王")
    seen = goods.updated_at
    editing.edit_goods(goods, {"name": "黄元帅"}, by=by, seen_at=seen)
    with pytest.raises(ChangedMeanwhile, match="小王"):
        editing.edit_goods(goods, {"name": "青苹果"}, by=by, seen_at=seen)
    goods.refresh_from_db()
    assert goods.name == "黄元帅"


@pytest.mark.parametrize("table", ["catalog_historicalgoods", "oplog_operationlog"])
@pytest.mark.parametrize("sql", ["DELETE FROM {}", "UPDATE {} SET means = 'x'"])
def test_logs_refuse_raw_sql(table, sql):
    OnSaleGoodsFactory()
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql.format(table))


def test_logs_refuse_the_orm():
    row = record(by=None, action="test.done")
    for act in (
        row.save,
        row.delete,
        OperationLog.objects.all().delete,
        lambda: OperationLog.objects.update(action="x"),
    ):
        with pytest.raises(AppendOnlyError):
            act()


def test_the_database_refuses_goods_on_sale_without_a_price():
    goods = OnSaleGoodsFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        Goods.objects.filter(pk=goods.pk).update(price=0)


def test_codes_are_unique_in_any_case():
    GoodsFactory(code="abc-1")
    with pytest.raises(IntegrityError), transaction.atomic():
        GoodsFactory(code="ABC-1")


def test_rows_have_names_for_people():
    goods = OnSaleGoodsFactory(code="A1", name="苹果", price=Decimal(10))
    run = pricing.change_price(goods, by=AdminFactory(), price=Decimal(5)).run
    assert str(goods) == "A1 苹果"
    assert str(run) == run.number
    assert str(run.lines.get()) == f"{run.pk}/{goods.pk}"
    assert str(GoodsPicture(image="goods/a.jpg", width=1, height=1)) == "goods/a.jpg"
    row = changes.HISTORY.objects.first()
    with pytest.raises(AppendOnlyError):
        row.delete()
