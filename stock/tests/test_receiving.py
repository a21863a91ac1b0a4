"""Opening, receipts with their costs, adjustments, differences of a count."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Group

from backoffice.accounts.roles import sync_roles
from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.base.errors import (
    FieldErrors,
    NotPermitted,
    ReasonMissing,
    WrongStatus,
)
from backoffice.oplog.models import OperationLog
from catalog import changes
from catalog.costing import moving_average
from catalog.models import Goods
from catalog.tests.factories import ArchivedGoodsFactory, GoodsFactory, PieceFactory
from stock import corrections, receiving
from stock.errors import AlreadyOpened, OutOfStock, PostedOtherwise, WrongQuantity
from stock.models import StockMovement
from stock.receiving import Incoming
from stock.tests.factories import counted, levels, stocked

pytestmark = pytest.mark.django_db
D = Decimal


def role(name):
    sync_roles()
    user = StaffFactory()
    user.groups.add(Group.objects.get(name=name))
    return user


def cost_of(goods):
    return Goods.objects.get(pk=goods.pk).cost


def receive(goods, quantity, cost=None, reference="B1", by=None):
    line = Incoming(goods.pk, D(quantity), None if cost is None else D(cost))
    return receiving.receive([line], reference=reference, by=by or AdminFactory())


@pytest.mark.parametrize(
    ("on_hand", "cost", "quantity", "unit_cost", "after"),
    [
        ("10", "2.0000", "10", "3.0000", "2.5000"),
        ("0", "2.0000", "10", "3.0000", "3.0000"),
        ("10", None, "10", "3.0000", "3.0000"),
        ("1", "1.0000", "2", "2.0000", "1.6667"),
        ("1.5", "0", "0.5", "0.0002", "0.0001"),  # 0.00005, half up
    ],
)
def test_the_moving_average(on_hand, cost, quantity, unit_cost, after):
    before = None if cost is None else D(cost)
    assert moving_average(D(on_hand), before, D(quantity), D(unit_cost)) == D(after)


def test_opening_enters_stock_and_cost_once():
    goods, by = GoodsFactory(), AdminFactory()
    lines = [Incoming(goods.pk, D("12.5"), D("3.2"))]
    receiving.open_stock(lines, by=by, reason="first count")
    [again] = receiving.open_stock(lines, by=by)
    assert again.is_repeat
    assert levels(goods) == (D("12.5"), 0, 0)
    assert cost_of(goods) == D("3.2")
    log = OperationLog.objects.get(action="stock.opened")
    assert (log.target_id, log.data["quantity"]) == (str(goods.pk), "12.5")
    with pytest.raises(PostedOtherwise):
        receiving.open_stock([Incoming(goods.pk, D(13))], by=by)


def test_goods_that_moved_are_not_opened():
    goods = GoodsFactory()
    receive(goods, "1")
    with pytest.raises(AlreadyOpened, match=goods.code):
        receiving.open_stock([Incoming(goods.pk, D(13))], by=AdminFactory())


@pytest.mark.parametrize(
    "line", [("0", None), ("-1", None), ("1.0005", None), ("1e12", None)]
)
def test_wrong_quantities_are_refused(line):
    goods = GoodsFactory()
    with pytest.raises(WrongQuantity):
        receive(goods, *line)
    assert not StockMovement.objects.exists()


@pytest.mark.parametrize("cost", ["-1", "1.00005", "1e12", "NaN"])
def test_wrong_costs_are_refused(cost):
    with pytest.raises(FieldErrors):
        receive(GoodsFactory(), "1", cost)


def test_what_is_counted_comes_in_whole():
    with pytest.raises(WrongQuantity, match="1 个"):
        receive(GoodsFactory(unit=PieceFactory()), "1.5")


def test_archived_goods_are_restored_first():
    with pytest.raises(WrongStatus):
        receive(ArchivedGoodsFactory(), "1")


def test_a_receipt_averages_the_cost_and_the_history_names_it():
    goods, by = stocked("10", cost="2"), AdminFactory()
    receive(goods, "10", "3", "B7", by)
    receive(goods, "10", "3", "B7", by)
    assert levels(goods)[0] == 20
    assert cost_of(goods) == D("2.5")
    row = changes.HISTORY.objects.filter(id=goods.pk).latest("history_id")
    assert (row.means, row.reference, row.cost) == ("receipt", "B7", D("2.5"))
    assert row.history_user == by
    log = OperationLog.objects.filter(action="goods.cost_averaged").latest("id")
    assert log.data["changes"] == {"cost": ["2.0000", "2.5000"]}
    assert log.data["receipt"] == "B7"
    assert StockMovement.objects.get(reference="B7").unit_cost == 3


def test_a_receipt_without_a_cost_leaves_the_cost():
    goods = stocked("10", cost="2")
    receive(goods, "10")
    assert cost_of(goods) == 2


def test_lines_of_one_goods_in_a_receipt_are_added_up():
    goods, by = GoodsFactory(), AdminFactory()
    receiving.receive(
        [
            Incoming(goods.pk, D(1), D(4)),
            Incoming(goods.pk, D(3), D(8)),
            Incoming(goods.pk, D(2)),
        ],
        reference="B1",
        by=by,
    )
    assert levels(goods)[0] == 6
    assert cost_of(goods) == 7


def test_an_adjustment_needs_permission_and_reason():
    goods, by = counted("10"), role("stock_keeper")
    with pytest.raises(NotPermitted):
        corrections.adjust(goods, by=by, delta=D(1), reason="found")
    by = role("manager")
    with pytest.raises(ReasonMissing):
        corrections.adjust(goods, by=by, delta=D(1), reason=" ")
    corrections.adjust(goods, by=by, delta=D(-4), reason="gift")
    assert levels(goods)[0] == 6
    log = OperationLog.objects.get(action="stock.adjusted")
    assert (log.data["quantity"], log.data["reason"]) == ("-4", "gift")
    with pytest.raises(OutOfStock):
        corrections.adjust(goods, by=by, delta=D(-7), reason="gift")
    for delta in ("0", "0.5"):
        with pytest.raises(WrongQuantity):
            corrections.adjust(goods, by=by, delta=D(delta), reason="gift")


def test_an_adjustment_sent_twice_is_booked_once():
    goods, by = counted("10"), AdminFactory()
    for _ in range(2):
        corrections.adjust(goods, by=by, delta=D(2), reason="x", reference="AD1")
    assert levels(goods)[0] == 12
    assert OperationLog.objects.filter(action="stock.adjusted").count() == 1


def test_differences_of_a_count_are_posted_at_cost():
    goods, same, new = stocked("10", cost="2"), stocked("5"), GoodsFactory()
    posted = corrections.post_differences(
        [(new.pk, D(3)), (goods.pk, D("-1.5")), (same.pk, D(0))],
        reference="T1",
        by=None,
    )
    assert [p.posting.goods_id for p in posted] == [goods.pk, new.pk]
    assert (levels(goods)[0], levels(new)[0]) == (D("8.5"), 3)
    assert StockMovement.objects.get(goods=goods, kind="stocktake").unit_cost == 2


def test_opening_needs_permissions():
    line = Incoming(GoodsFactory().pk, D(1))
    with pytest.raises(NotPermitted):
        receiving.open_stock([line], by=role("buyer"))
    keeper = role("stock_keeper")
    with pytest.raises(NotPermitted):
        receiving.open_stock([Incoming(line.goods_id, D(1), D(2))], by=keeper)
    receiving.open_stock([line], by=keeper)
