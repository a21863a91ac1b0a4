"""Taking a batch back: what is still as it left it goes back, the rest is listed."""

from decimal import Decimal

import pytest

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.base.errors import NotPermitted, WrongStatus
from backoffice.oplog.models import OperationLog
from backoffice.sheets import undoing
from backoffice.sheets.models import Batch, BatchRow
from catalog import changes, editing, pricing, repricing, review
from catalog.enums import GoodsStatus, RunStatus
from catalog.models import Goods, RepricingRun
from catalog.tests.factories import GoodsFactory, OnSaleGoodsFactory
from catalog.tests.sheets.test_import import HEADER, ROW


def state():
    """Everything of all goods but the moment of their last change."""
    return {
        row.pop("code"): {k: v for k, v in row.items() if k != "updated_at"}
        for row in Goods.objects.values()
    }


def test_undo_is_the_identity_when_nothing_else_changed(sheet, shop):
    GoodsFactory(code="A1", name="旧", spec="80mm", cost=Decimal("5.1234"))
    OnSaleGoodsFactory(code="A2", price=Decimal("10.00"))
    before = state()
    sheet(
        [
            ["code", "name", "spec", "cost", "price", "brand", "description"],
            ["A1", "新", "清空", "6", "3", "果农之家", "长\n文"],
            ["A2", "", "90mm", "", "12", "", ""],
        ]
    )
    assert state() != before
    undoing.start_undo(Batch.objects.get(), by=shop)
    assert state() == before
    batch = Batch.objects.get()
    assert (batch.status, batch.undone_by, batch.message) == ("undone", shop, "")
    rows = changes.HISTORY.objects.filter(means="rollback", reference=str(batch.pk))
    assert {row.code for row in rows} == {"A1", "A2"}
    assert rows.get(code="A2").old_price == Decimal("12.00")
    assert OperationLog.objects.get(action="sheet.undone").data["rows"] == 2


def test_what_changed_since_stays_and_is_listed(sheet, shop):
    goods = GoodsFactory(code="A1", name="旧", spec="旧")
    sheet([["code", "name", "spec"], ["A1", "新", "新"]])
    editing.edit_goods(goods, {"name": "别人"}, by=shop)
    undoing.start_undo(Batch.objects.get(), by=shop)
    goods.refresh_from_db()
    assert (goods.name, goods.spec) == ("别人", "旧")
    row = BatchRow.objects.get()
    assert row.became(Batch.objects.get()) == "kept"
    assert row.errors[0][0] == "B2"
    assert "别人" in row.errors[0][1]


def test_goods_that_a_batch_entered_are_put_away(sheet, shop):
    sheet([HEADER, ROW, ["A2", *ROW[1:]]])
    review.submit(Goods.objects.get(code="A2"), by=shop)
    undoing.start_undo(Batch.objects.get(), by=shop)
    assert dict(Goods.objects.values_list("code", "status")) == {
        "A1": GoodsStatus.ARCHIVED,
        "A2": GoodsStatus.PENDING,
    }
    batch = Batch.objects.get()
    rows = BatchRow.objects.order_by("number")
    assert [row.became(batch) for row in rows] == ["undone", "kept"]


def test_what_an_undo_put_away_can_be_imported_again(sheet, shop):
    sheet([[*HEADER, "spec"], [*ROW, "80mm"]])
    undoing.start_undo(Batch.objects.get(), by=shop)
    answer = sheet([HEADER, ["a1", "香蕉", *ROW[2:]]])
    assert (answer.status, answer.counts["new"]) == (0, 1)
    goods = Goods.objects.get()
    assert (goods.code, goods.name, goods.spec, goods.status) == (
        "A1",
        "香蕉",
        "",
        GoodsStatus.DRAFT,
    )
    undoing.start_undo(Batch.objects.first(), by=shop)
    goods.refresh_from_db()
    assert goods.status == GoodsStatus.ARCHIVED


def test_goods_that_a_person_archived_stay_closed_to_sheets(sheet, shop):
    from catalog import archiving

    sheet([HEADER, ROW])
    archiving.archive(Goods.objects.get(), by=shop)
    assert sheet([HEADER, ["A1", "香蕉", *ROW[2:]]]).status == 1


def test_prices_that_wait_are_taken_back_with_their_run(sheet, shop):
    goods = OnSaleGoodsFactory(code="A1", price=Decimal("10.00"))
    sheet([["code", "price", "spec"], ["A1", "5", "新"]])
    undoing.start_undo(Batch.objects.get(), by=shop)
    assert RepricingRun.objects.get().status == RunStatus.CANCELLED
    goods.refresh_from_db()
    assert (goods.price, goods.spec) == (Decimal("10.00"), "")


def test_a_price_that_was_approved_since_stays(sheet, shop):
    goods = OnSaleGoodsFactory(code="A1", price=Decimal("10.00"))
    sheet([["code", "price"], ["A1", "5"]])
    repricing.approve(RepricingRun.objects.get(), by=AdminFactory())
    undoing.start_undo(Batch.objects.get(), by=shop)
    goods.refresh_from_db()
    assert goods.price == Decimal("5.00")


def test_a_guard_does_not_stop_the_way_back(sheet, shop):
    goods = OnSaleGoodsFactory(code="A1", price=Decimal("10.00"))
    sheet([["code", "price"], ["A1", "7"]])
    goods.refresh_from_db()
    assert goods.price == Decimal("7.00")
    undoing.start_undo(Batch.objects.get(), by=shop)
    goods.refresh_from_db()
    assert goods.price == Decimal("10.00")


def test_undo_asks_for_the_permissions_of_each_cell(sheet, shop):
    buyer = StaffFactory(permissions=["sheets.add_batch", "catalog.change_goods"])
    goods = GoodsFactory(code="A1", name="旧", price=Decimal("5.00"))
    sheet([["code", "name", "price"], ["A1", "新", "6"]], by=buyer)
    review.submit(goods, by=shop)
    undoing.start_undo(Batch.objects.get(), by=buyer)
    goods.refresh_from_db()
    assert (goods.name, goods.price) == ("新", Decimal("6.00"))
    assert [cell for cell, _m in BatchRow.objects.get().errors] == ["B2", "C2"]


def test_an_undo_never_leaves_goods_on_sale_without_a_price(sheet, shop):
    goods = GoodsFactory(code="A1", price=Decimal("0.00"))
    sheet([["code", "price"], ["A1", "6"]])
    review.approve(review.submit(goods, by=shop), by=shop)
    from catalog import listing

    listing.list_goods(goods, by=shop)
    undoing.start_undo(Batch.objects.get(), by=shop)
    goods.refresh_from_db()
    assert goods.price == Decimal("6.00")
    assert BatchRow.objects.get().result == "kept"


def test_a_batch_is_undone_once(sheet, shop):
    goods = GoodsFactory(code="A1", name="旧")
    sheet([["code", "name"], ["A1", "新"]])
    batch = Batch.objects.get()
    undoing.start_undo(batch, by=shop)
    with pytest.raises(WrongStatus):
        undoing.start_undo(batch, by=shop)
    editing.edit_goods(goods, {"name": "新"}, by=shop)
    undoing.run_undo(batch.pk)
    goods.refresh_from_db()
    assert goods.name == "新"


def test_what_was_refused_cannot_be_undone(sheet, shop):
    sheet([HEADER, ["A1", "x", "无", "斤", "1"]])
    with pytest.raises(WrongStatus):
        undoing.start_undo(Batch.objects.get(), by=shop)


def test_strangers_do_not_undo(sheet):
    sheet([HEADER, ROW])
    stranger = StaffFactory(
        permissions=["sheets.add_batch", "catalog.add_goods", "catalog.change_goods"]
    )
    with pytest.raises(NotPermitted):
        undoing.start_undo(Batch.objects.get(), by=stranger)
    manager = StaffFactory(
        permissions=["sheets.add_batch", "catalog.add_goods", "sheets.view_all_batches"]
    )
    assert undoing.start_undo(Batch.objects.get(), by=manager).status == "undone"


def test_rows_that_were_left_out_stay_out_of_the_undo(sheet, shop):
    goods = GoodsFactory(code="A1", name="旧")
    sheet([["code", "name", "price"], ["A1", "新", "x"]], "--only-good")
    editing.edit_goods(goods, {"name": "新"}, by=shop)
    undoing.start_undo(Batch.objects.get(), by=shop)
    goods.refresh_from_db()
    assert goods.name == "新"


@pytest.mark.parametrize("rows", [1, 40])
def test_an_undo_costs_the_same_queries_for_any_rows(
    sheet, shop, django_assert_max_num_queries, rows
):
    for n in range(rows):
        GoodsFactory(code=f"A{n}", name="旧")
    some = [[f"A{n}", "新", *ROW[2:]] for n in range(rows)]
    some += [[f"B{n}", *ROW[1:]] for n in range(rows)]
    sheet([HEADER, *some])
    pricing.change_price(Goods.objects.get(code="A0"), by=shop, price=Decimal(1))
    with django_assert_max_num_queries(40):
        undoing.start_undo(Batch.objects.get(), by=shop)
    assert Goods.objects.filter(name="旧").count() == rows
