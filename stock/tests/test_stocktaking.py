"""Stocktakes: counted while selling goes on, posted once, shortages said."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from backoffice.accounts.tests.factories import AdminFactory
from backoffice.base.errors import FieldErrors, NotPermitted, WrongStatus
from backoffice.oplog.models import OperationLog
from catalog.models import Goods
from catalog.tests.factories import ArchivedGoodsFactory, GoodsFactory
from stock import corrections, ledger, proving, reservations, stocktaking
from stock.enums import MovementKind, StocktakeStatus
from stock.errors import CountOutdated, OutOfStock, WrongQuantity
from stock.ledger import Posting
from stock.models import StockMovement, Stocktake, StocktakeLine
from stock.stocktaking import Counted, SheetCount
from stock.tests.factories import counted, levels, stocked
from stock.tests.test_receiving import role

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def by():
    return AdminFactory()


def sold(goods, quantity, reference="LS1"):
    posting = Posting(goods.pk, MovementKind.SALE, reference, on_hand=-D(quantity))
    with transaction.atomic():
        ledger.post([posting], by=None)


def take(by, *counts, **fields):
    """A stocktake that is counted: (goods, quantity)."""
    stocktake = stocktaking.start([g.pk for g, _q in counts], by=by, **fields)
    stocktaking.count(stocktake, [Counted(g.pk, D(q)) for g, q in counts], by=by)
    return stocktaking.finish(stocktake, by=by)


def test_differences_are_posted_with_their_cost_and_reason(by):
    goods, same = stocked("10", cost="4"), stocked("5")
    stocktake = stocktaking.start([goods.pk, same.pk], by=by, note="周盘")
    counts = [Counted(goods.pk, D("8.5"), "称重误差"), Counted(same.pk, D(5))]
    assert stocktaking.count(stocktake, counts, by=by) == 2
    stocktake = stocktaking.finish(stocktake, by=by)
    assert levels(goods)[0] == 10, "nothing is posted before it is asked for"
    result = stocktaking.post(stocktake, by=by)
    assert result.stocktake.status == StocktakeStatus.POSTED
    assert levels(goods) == (D("8.5"), 0, 0)
    movement = StockMovement.objects.get(kind=MovementKind.STOCKTAKE)
    assert (movement.delta_on_hand, movement.unit_cost) == (D("-1.5"), 4)
    assert (movement.reference, movement.reason) == (stocktake.number, "称重误差")
    line = stocktake.lines.get(goods=goods)
    assert (line.unit_cost, stocktaking.worth(line)) == (4, D("-6.00"))
    assert proving.prove().differences == []


@pytest.mark.parametrize("moment", ["before", "between", "after"])
def test_what_is_sold_meanwhile_stays_sold(by, moment):
    goods = stocked("10")
    stocktake = stocktaking.start([goods.pk], by=by)
    if moment == "before":
        sold(goods, "3")
    # two are missing, whenever the three are sold
    there = "5" if moment == "before" else "8"
    stocktaking.count(stocktake, [Counted(goods.pk, D(there))], by=by)
    if moment == "between":
        sold(goods, "3")
    stocktake = stocktaking.finish(stocktake, by=by)
    if moment == "after":
        sold(goods, "3")
    stocktaking.post(stocktake, by=by)
    assert levels(goods)[0] == 5


def test_what_comes_in_meanwhile_stays_there(by):
    goods = stocked("10")
    stocktake = take(by, (goods, "9"))
    posting = Posting(goods.pk, MovementKind.RECEIPT, "R1", on_hand=D(20))
    with transaction.atomic():
        ledger.post([posting], by=None)
    stocktaking.post(stocktake, by=by)
    assert levels(goods)[0] == 29


def test_posting_twice_is_refused(by):
    goods = stocked("10")
    stocktake = take(by, (goods, "8"))
    stocktaking.post(stocktake, by=by)
    with pytest.raises(WrongStatus):
        stocktaking.post(stocktake, by=by)
    assert levels(goods)[0] == 8
    assert StockMovement.objects.filter(kind=MovementKind.STOCKTAKE).count() == 1


def test_below_what_orders_hold_a_shortage_is_left_and_said(by):
    goods = stocked("10")
    reservations.reserve([(goods.pk, D(8))], order="O1", by=None)
    result = stocktaking.post(take(by, (goods, "5")), by=by)
    [short] = result.short
    assert short.posting.goods_id == goods.pk
    assert short.shortage.remaining == 3
    assert levels(goods) == (8, 8, 3)
    again = take(by, (goods, "5"))
    assert again.lines.get().difference == 0, "what is short is not there"
    reservations.release(order="O1", by=None)
    assert levels(goods) == (5, 0, 0)


def test_goods_that_nobody_counted_stay_as_they_are(by):
    goods, other = stocked("10"), stocked("7")
    stocktake = stocktaking.start([goods.pk, other.pk], by=by)
    stocktaking.count(stocktake, [Counted(goods.pk, D(0))], by=by)
    stocktaking.post(stocktaking.finish(stocktake, by=by), by=by)
    assert levels(goods)[0] == 0
    assert levels(other)[0] == 7


def test_goods_that_never_moved_are_found(by):
    goods = GoodsFactory()
    stocktaking.post(take(by, (goods, "4")), by=by)
    assert levels(goods)[0] == 4


def test_a_goods_is_in_one_open_stocktake(by):
    goods, other = stocked("10"), stocked("5")
    first = stocktaking.start([goods.pk], by=by)
    with pytest.raises(CountOutdated, match=first.number):
        stocktaking.start([goods.pk, other.pk], by=by)
    assert Stocktake.objects.count() == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        StocktakeLine.objects.create(
            stocktake=Stocktake.objects.create(number="X", started_by=by), goods=goods
        )
    stocktaking.cancel(first, by=by, reason="重来")
    assert stocktaking.start([goods.pk, other.pk], by=by).lines.count() == 2


def test_what_was_corrected_since_it_was_counted_is_counted_again(by):
    goods = stocked("10")
    stocktake = take(by, (goods, "8"))
    corrections.adjust(goods, by=by, delta=D(-2), reason="found broken")
    with pytest.raises(CountOutdated, match=goods.name):
        stocktaking.post(stocktake, by=by)
    assert levels(goods)[0] == 8
    stocktake = stocktaking.reopen(stocktake, by=by)
    stocktaking.count(stocktake, [Counted(goods.pk, None)], by=by)
    stocktaking.count(stocktake, [Counted(goods.pk, D(8))], by=by)
    stocktaking.post(stocktaking.finish(stocktake, by=by), by=by)
    assert levels(goods)[0] == 8


def test_less_than_nothing_is_refused(by):
    goods = stocked("10")
    stocktake = take(by, (goods, "0"))
    sold(goods, "3")
    with pytest.raises(OutOfStock):
        stocktaking.post(stocktake, by=by)
    assert levels(goods)[0] == 7


def test_the_same_number_again_keeps_its_moment(by):
    goods = stocked("10")
    stocktake = stocktaking.start([goods.pk], by=by)
    stocktaking.count(stocktake, [Counted(goods.pk, D(8))], by=by)
    before = stocktake.lines.get()
    sold(goods, "3")
    assert stocktaking.count(stocktake, [Counted(goods.pk, D(8))], by=by) == 0
    assert stocktaking.count(stocktake, [Counted(goods.pk, D(8), "x")], by=by) == 1
    line = stocktake.lines.get()
    assert (line.expected, line.counted_at) == (10, before.counted_at)
    stocktaking.count(stocktake, [Counted(goods.pk, D(5))], by=by)
    assert stocktake.lines.get().expected == 7


@pytest.mark.parametrize("quantity", ["-1", "1.0001", "1e12", "NaN"])
def test_wrong_quantities_are_refused(by, quantity):
    goods = stocked("10")
    stocktake = stocktaking.start([goods.pk], by=by)
    with pytest.raises(WrongQuantity):
        stocktaking.count(stocktake, [Counted(goods.pk, D(quantity))], by=by)
    pieces = counted("10")
    whole = stocktaking.start([pieces.pk], by=by)
    with pytest.raises(WrongQuantity):
        stocktaking.count(whole, [Counted(pieces.pk, D("1.5"))], by=by)


def test_verbs_ask_for_their_status(by):
    goods = stocked("10")
    stocktake = stocktaking.start([goods.pk], by=by)
    with pytest.raises(FieldErrors):
        stocktaking.finish(stocktake, by=by)
    for act in (stocktaking.post, stocktaking.reopen, stocktaking.undo):
        with pytest.raises(WrongStatus):
            act(stocktake, by=by)
    stocktaking.count(stocktake, [Counted(goods.pk, D(9))], by=by)
    stocktaking.finish(stocktake, by=by)
    with pytest.raises(WrongStatus):
        stocktaking.count(stocktake, [Counted(goods.pk, D(8))], by=by)
    with pytest.raises(WrongStatus):
        stocktaking.add(stocktake, [stocked().pk], by=by)
    stocktaking.post(stocktake, by=by)
    with pytest.raises(WrongStatus):
        stocktaking.cancel(stocktake, by=by)


def test_nothing_and_archived_goods_are_not_counted(by):
    with pytest.raises(FieldErrors):
        stocktaking.start([ArchivedGoodsFactory().pk], by=by)
    stocktake = stocktaking.start([stocked().pk], by=by)
    with pytest.raises(FieldErrors):
        stocktaking.count(stocktake, [Counted(stocked().pk, D(1))], by=by)
    assert not StockMovement.objects.filter(kind=MovementKind.STOCKTAKE).exists()


def test_goods_join_an_open_stocktake(by):
    goods, other = stocked(), stocked()
    stocktake = stocktaking.start([goods.pk], by=by)
    stocktaking.add(stocktake, [goods.pk, other.pk], by=by)
    assert stocktake.lines.count() == 2


def test_only_who_counts_may(by):
    goods = stocked()
    for name in ("buyer", "finance", "merchandiser"):
        with pytest.raises(NotPermitted):
            stocktaking.start([goods.pk], by=role(name))
    stocktaking.start([goods.pk], by=role("stock_keeper"))


def test_a_posted_stocktake_is_taken_back(by):
    goods, more = stocked("10", cost="2"), stocked("5")
    reservations.reserve([(goods.pk, D(9))], order="O1", by=None)
    stocktake = take(by, (goods, "7"), (more, "6"))
    stocktaking.post(stocktake, by=by)
    assert levels(goods) == (9, 9, 2)
    stocktaking.undo(stocktake, by=by)
    assert levels(goods) == (10, 9, 0)
    assert levels(more)[0] == 5
    with pytest.raises(WrongStatus):
        stocktaking.undo(stocktake, by=by)
    assert proving.prove().differences == []


def test_what_was_there_at_a_past_moment_is_read_from_the_ledger(by):
    goods = stocked("10")
    before = timezone.now()
    sold(goods, "4")
    assert stocktaking.expected([goods.pk]) == {goods.pk: 6}
    assert stocktaking.expected([goods.pk], before) == {goods.pk: 10}
    long_ago = before - timedelta(days=1)
    assert stocktaking.expected([goods.pk], long_ago) == {goods.pk: 0}


def test_the_same_sheet_is_posted_once_a_day(by):
    goods = stocked("10")
    count = SheetCount(goods.pk, D(10), D(8), timezone.now())
    first = stocktaking.post_sheet([count], by=by, batch="7", digest="d")
    with pytest.raises(CountOutdated, match=first.stocktake.number):
        stocktaking.post_sheet([count], by=by, batch="8", digest="d")
    assert levels(goods)[0] == 8


def test_every_act_is_logged(by):
    goods = stocked("10")
    stocktake = take(by, (goods, "8"))
    stocktaking.post(
        stocktaking.finish(stocktaking.reopen(stocktake, by=by), by=by), by=by
    )
    actions = OperationLog.objects.filter(action__startswith="stocktake.")
    assert list(actions.order_by("id").values_list("action", flat=True)) == [
        *("stocktake.started", "stocktake.counted", "stocktake.finished"),
        *("stocktake.reopened", "stocktake.finished", "stocktake.posted"),
    ]
    assert Goods.objects.get(pk=goods.pk).cost is None
