"""Orders to suppliers: what to order, what is under way, what came in."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.base.appendonly import AppendOnlyError
from backoffice.base.errors import (
    FieldErrors,
    NotPermitted,
    ReasonMissing,
    WrongStatus,
)
from backoffice.oplog.models import OperationLog
from catalog.models import Goods
from catalog.tests.factories import ArchivedGoodsFactory, GoodsFactory, UnitFactory
from stock import levels as stock_levels
from stock import receiving, replenishment, suppliers
from stock.enums import ReplenishmentStatus, SoldKind, SoldSource
from stock.errors import MoreThanOrdered, PostedOtherwise, WrongQuantity
from stock.models import (
    GoodsSupply,
    ReplenishmentLine,
    ReplenishmentReceipt,
    SoldLine,
    StockMovement,
    Supplier,
)
from stock.receiving import Incoming
from stock.replenishment import Delivered, Wanted
from stock.tests.factories import counted, levels, stocked
from stock.tests.test_receiving import role

pytestmark = pytest.mark.django_db
D = Decimal


def supplied(name="果园", **fields):
    return suppliers.add(by=AdminFactory(), name=name, **fields)


def ordered(*lines, supplier=None):
    """An order under way of these (goods, quantity[, unit cost])."""
    by = AdminFactory()
    wanted = [Wanted(g.pk, D(q), *(D(c) for c in cost)) for g, q, *cost in lines]
    drafted = replenishment.draft(supplier or supplied(), wanted, by=by)
    return replenishment.order(drafted, by=by)


def receive(
    order, quantity, cost=None, rejected="0", reference="S-1", by=None, **asked
):
    """Of the only line of an order."""
    unit_cost = None if cost is None else D(cost)
    delivered = Delivered(D(quantity), unit_cost, D(rejected), "bruised")
    return replenishment.receive(
        order,
        {order.lines.get().pk: delivered},
        by=by or AdminFactory(),
        reference=reference,
        **asked,
    )


def status(order):
    order.refresh_from_db()
    return order.status


def sell(goods, quantity):
    """Sold long enough ago to be in the average, with the first 30 days ago."""
    for number, days in enumerate((30, 2)):
        SoldLine.objects.create(
            sold_at=timezone.now() - timedelta(days=days),
            goods=goods,
            kind=SoldKind.SALE,
            source=SoldSource.HISTORY,
            reference=f"H{goods.pk}",
            line=number + 1,
            quantity=D(quantity) / 2,
            unit_price=D(1),
        )


@pytest.mark.parametrize(
    ("case", "on_way", "needed", "cases", "quantity"),
    [
        # 60 in 30 days: 2 × 7 + 20 % × 2 − 5 = 9.4
        (None, None, "9.4", None, "9.400"),
        ("4", None, "9.4", 3, "12.000"),
        ("4", "2.4", "7", 2, "8.000"),
        ("4", "20", "-10.6", 0, "0.000"),
    ],
)
def test_a_suggestion_is_the_formula(case, on_way, needed, cases, quantity):
    fields = {} if case is None else {"case_size": D(case), "case_unit": UnitFactory()}
    goods = stocked("5", cost="1.5", **fields)
    sell(goods, "60")
    if on_way:
        ordered((goods, on_way))
    [found] = replenishment.suggest([goods.pk])
    assert (found.average, found.days, found.available) == (D(2), 30, D(5))
    assert (found.cover_days, found.low_percent) == (7, 20)
    assert found.on_order == D(on_way or 0)
    assert (found.needed, found.cases) == (D(needed), cases)
    assert str(found.quantity) == quantity
    if not on_way:
        assert found.spend == (found.quantity * D("1.5")).quantize(D("0.01"))
    assert [s.goods_id for s in replenishment.suggest()] == [goods.pk]


def test_nothing_is_suggested_for_archived_goods():
    goods = ArchivedGoodsFactory()
    assert replenishment.suggest([goods.pk]) == []


def test_what_is_counted_is_suggested_whole():
    goods = counted("5")
    sell(goods, "60")
    [found] = replenishment.suggest([goods.pk])
    assert found.quantity == 10


def test_on_order_is_what_is_still_owed():
    goods, other = GoodsFactory(), GoodsFactory()
    supplier = supplied()
    replenishment.draft(supplier, [Wanted(goods.pk, D(99))], by=AdminFactory())
    first = ordered((goods, "10"), supplier=supplier)
    ordered((goods, "5"), (other, "1"), supplier=supplier)
    receive(first, "3", rejected="2")
    assert replenishment.on_order([goods.pk]) == {goods.pk: D(10)}
    assert stock_levels.on_order([other.pk]) == {other.pk: D(1)}
    replenishment.cancel(first, by=AdminFactory())
    assert replenishment.on_order([goods.pk]) == {goods.pk: D(5)}


def test_an_order_is_received_in_parts_at_the_moving_average():
    goods = stocked("10", cost="2")
    order = ordered((goods, "10", "3"))
    receive(order, "4", reference="S-1")
    assert status(order) == ReplenishmentStatus.PARTLY_RECEIVED
    assert Goods.objects.get().cost == D("2.2857")
    receive(order, "5", cost="4", rejected="1", reference="S-2")
    assert status(order) == ReplenishmentStatus.RECEIVED
    assert levels(goods) == (19, 0, 0)
    assert GoodsSupply.objects.get().last_cost == 4
    log = OperationLog.objects.filter(action="replenishment.received").latest("id")
    assert (log.data["reference"], log.data["rejected"]) == ("S-2", "1")
    with pytest.raises(WrongStatus):
        receive(order, "1", reference="S-3")


def test_a_receipt_twice_is_booked_once():
    goods = GoodsFactory()
    order = ordered((goods, "10"))
    first = receive(order, "10")
    assert receive(order, "10.000") == first
    assert levels(goods) == (10, 0, 0)
    for quantity, rejected in (("9", "0"), ("10", "1")):
        with pytest.raises(PostedOtherwise):
            receive(order, quantity, rejected=rejected)
    another = ordered((goods, "10"), supplier=supplied("另一家"))
    with pytest.raises(PostedOtherwise):
        receive(another, "10")
    assert StockMovement.objects.count() == 1


def test_a_reference_of_another_receipt_is_refused():
    goods = GoodsFactory()
    line = Incoming(goods.pk, D(10))
    receiving.receive([line], reference="S-1", by=AdminFactory())
    with pytest.raises(PostedOtherwise):
        receive(ordered((goods, "10")), "10")
    assert not ReplenishmentReceipt.objects.exists()


def test_more_than_ordered_is_received_within_the_tolerance():
    goods = GoodsFactory()
    order = ordered((goods, "10"))
    for quantity, rejected in (("11.001", "0"), ("10", "1.001")):
        with pytest.raises(MoreThanOrdered, match=goods.code):
            receive(order, quantity, rejected=rejected)
    receive(order, "11")
    assert levels(goods) == (11, 0, 0)


@pytest.mark.parametrize("quantity", ["-1", "1.0001", "1e12", "NaN"])
def test_wrong_quantities_are_refused(quantity):
    goods = GoodsFactory()
    order = ordered((goods, "10"))
    for act in (
        lambda: receive(order, quantity),
        lambda: receive(order, "1", rejected=quantity),
        lambda: ordered((goods, quantity), supplier=order.supplier),
    ):
        with pytest.raises(WrongQuantity):
            act()
    assert not StockMovement.objects.exists()


def test_receipts_that_say_nothing_or_of_other_orders_are_refused():
    goods = GoodsFactory()
    order = ordered((goods, "10"))
    other = ordered((goods, "10"), supplier=order.supplier)
    lines = {other.lines.get().pk: Delivered(D(1))}
    for act in (
        lambda: receive(order, "0"),
        lambda: receive(order, "1", reference=" "),
        lambda: receive(order, "1", reference="x" * 65),
        lambda: receive(order, "1", cost="-1"),
        lambda: replenishment.receive(order, lines, by=AdminFactory(), reference="S"),
    ):
        with pytest.raises(FieldErrors):
            act()


def test_a_stock_keeper_receives_but_sets_no_cost():
    order = ordered((GoodsFactory(), "10", "3"))
    keeper = role("stock_keeper")
    with pytest.raises(NotPermitted):
        receive(order, "5", cost="1", by=keeper)
    receive(order, "5", by=keeper)
    assert Goods.objects.get().cost == 3


def test_a_draft_changes_until_it_is_ordered():
    goods, other, by = GoodsFactory(), GoodsFactory(), AdminFactory()
    drafted = replenishment.draft(supplied(), [Wanted(goods.pk, D(1))], by=by)
    with pytest.raises(WrongStatus):
        receive(drafted, "1")
    lines = [Wanted(other.pk, D(2), D("1.5"))]
    replenishment.change(drafted, by=by, lines=lines, note="早上")
    assert drafted.lines.get().goods == other
    replenishment.order(drafted, by=by)
    for act in (
        lambda: replenishment.change(drafted, by=by, note=""),
        lambda: replenishment.order(drafted, by=by),
    ):
        with pytest.raises(WrongStatus):
            act()


def test_what_cannot_be_ordered():
    by, goods, supplier = AdminFactory(), GoodsFactory(), supplied()
    line = Wanted(goods.pk, D(1))
    for lines in ([], [line, line], [Wanted(0, D(1))]):
        with pytest.raises(FieldErrors):
            replenishment.draft(supplier, lines, by=by)
    with pytest.raises(WrongStatus):
        replenishment.draft(supplier, [Wanted(ArchivedGoodsFactory().pk, D(1))], by=by)
    suppliers.change(supplier, by=by, name="果园", is_active=False)
    supplier.refresh_from_db()
    with pytest.raises(FieldErrors):
        replenishment.draft(supplier, [line], by=by)


def test_suppliers_have_names_of_their_own():
    by, goods = AdminFactory(), GoodsFactory()
    supplied(" 果园 ")
    for name in ("果园", "", "x" * 61, "a\u202eb"):
        with pytest.raises(FieldErrors):
            suppliers.add(by=by, name=name)
    suppliers.assign(goods, by=by, supplier=Supplier.objects.get())
    other = supplied("另一家")
    ordered((goods, "1"), supplier=other)
    assert GoodsSupply.objects.get().supplier.name == "果园"


def test_the_database_refuses_too():
    order = ordered((GoodsFactory(), "10"))
    receipt = receive(order, "1")
    with pytest.raises(AppendOnlyError):
        receipt.delete()
    lines = ReplenishmentLine.objects.all()
    for act in (
        lambda: lines.update(quantity=0),
        lambda: lines.update(received=-1),
        lambda: lines.update(unit_cost=-1),
        lambda: type(order).objects.update(status="lost"),
        lambda: type(order).objects.update(ordered_at=None),
        lambda: connection.cursor().execute("DELETE FROM stock_replenishmentreceipt"),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            act()


def test_more_than_the_tolerance_is_received_when_somebody_was_asked():
    goods, other = GoodsFactory(), GoodsFactory()
    order = ordered((goods, "10"), (other, "5"))
    first, second = order.lines.order_by("goods_id")
    lines = {first.pk: Delivered(D(12)), second.pk: Delivered(D(7))}
    by = AdminFactory()
    with pytest.raises(MoreThanOrdered) as refused:
        replenishment.receive(order, lines, by=by, reference="S-1")
    assert goods.code in str(refused.value)
    assert other.code in str(refused.value), "all lines are named at once"
    replenishment.receive(order, lines, by=by, reference="S-1", accept_more=True)
    assert levels(goods)[0] == 12
    assert levels(other)[0] == 7
    assert status(order) == ReplenishmentStatus.RECEIVED


def test_goods_are_rejected_for_a_reason_that_is_kept():
    goods = GoodsFactory()
    order = ordered((goods, "10"))
    line = order.lines.get()
    with pytest.raises(ReasonMissing, match=goods.code):
        replenishment.receive(
            order,
            {line.pk: Delivered(D(8), rejected=D(2), reason="  ")},
            by=AdminFactory(),
            reference="S-1",
        )
    receive(order, "8", rejected="2")
    receipt = ReplenishmentReceipt.objects.get()
    assert receipt.content == {str(line.pk): ["8", None, "2", "bruised"]}


def test_costs_of_a_draft_stay_with_who_may_not_see_them():
    goods, supplier = GoodsFactory(), supplied()
    wanted = [Wanted(goods.pk, D(5), D("3.5"))]
    drafted = replenishment.draft(supplier, wanted, by=AdminFactory())
    clerk = StaffFactory(permissions=["stock.order_goods"])
    replenishment.change(drafted, by=clerk, lines=[Wanted(goods.pk, D(7))])
    line = drafted.lines.get()
    assert (line.quantity, line.unit_cost) == (7, D("3.5"))


def test_the_cost_of_the_goods_stands_in_for_a_supplier_that_never_delivered():
    goods = stocked("1", cost="4")
    suppliers.assign(goods, by=AdminFactory(), supplier=supplied())
    assert replenishment.suggest([goods.pk])[0].last_cost == 4
