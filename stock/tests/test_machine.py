"""Any acts in any order: balances are the sums of the ledger, and nothing is oversold."""

from collections import defaultdict
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from backoffice.accounts.tests.factories import AdminFactory
from catalog.models import Goods
from catalog.tests.factories import GoodsFactory
from stock import (
    availability,
    corrections,
    ledger,
    proving,
    receiving,
    reservations,
    stocktaking,
)
from stock.enums import MovementKind
from stock.errors import CountOutdated, OutOfStock
from stock.ledger import Posting
from stock.models import StockBalance, StockMovement
from stock.receiving import Incoming
from stock.stocktaking import Counted

pytestmark = pytest.mark.django_db
D = Decimal
quantities = st.integers(1, 12_000).map(lambda n: D(n) / 1000)
places = st.integers(0, 2)


class Shop(RuleBasedStateMachine):
    """Three goods; beside the books, what really lies there (`there`) and who holds
    what, kept as a clerk would on paper."""

    def __init__(self):
        super().__init__()
        self.by = AdminFactory()
        self.goods = [GoodsFactory().pk for _ in range(3)]
        self.there = dict.fromkeys(self.goods, D(0))
        self.held = {}
        #: what is counted and not posted yet: itself, goods, what was found
        self.stocktake = None
        #: goods that somebody corrected since they were last counted for it
        self.corrected = set()
        self.papers = 0
        self.again = None

    def paper(self, act):
        """Do it under a number of its own; `again` does the very same once more."""
        self.papers += 1
        number = f"{self.goods[0]}-{self.papers}"
        act(number)
        self.again = lambda: act(number)
        return number

    def booked(self, goods):
        row = StockBalance.objects.filter(pk=goods).first()
        return row or StockBalance(goods_id=goods)

    @rule(place=places, quantity=quantities, cost=st.none() | st.integers(0, 99))
    def receive(self, place, quantity, cost):
        line = Incoming(self.goods[place], quantity, None if cost is None else D(cost))
        self.paper(lambda n: receiving.receive([line], reference=n, by=self.by))
        self.there[line.goods_id] += quantity

    @rule(wanted=st.lists(st.tuples(places, quantities), min_size=1, max_size=4))
    def order(self, wanted):
        lines = [(self.goods[place], quantity) for place, quantity in wanted]
        needs = defaultdict(D)
        for goods, quantity in lines:
            needs[goods] += quantity
        lacking = {g for g, q in needs.items() if q > self.booked(g).available}
        try:
            number = self.paper(lambda n: reservations.reserve(lines, order=n, by=None))
        except OutOfStock as refusal:
            refused = {lack.goods_id for lack in refusal.lacks}
        else:
            refused = set()
            self.held[number] = dict(needs)
        assert refused == lacking

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def cancel(self, data):
        number = data.draw(st.sampled_from(sorted(self.held)))
        reservations.release(order=number, by=None)
        self.again = lambda: reservations.release(order=number, by=None)
        del self.held[number]

    @precondition(lambda self: self.held)
    @rule(data=st.data(), share=st.integers(1, 10))
    def shorten(self, data, share):
        number = data.draw(st.sampled_from(sorted(self.held)))
        goods = data.draw(st.sampled_from(sorted(self.held[number])))
        part = (self.held[number][goods] * share / 10).quantize(D("0.001"))
        if not part:
            return
        self.paper(
            lambda n: reservations.release(
                order=number, lines=[(goods, part)], reference=n, by=None
            )
        )
        self.held[number][goods] -= part
        self._forget_empty(number)

    @precondition(lambda self: self.held)
    @rule(data=st.data(), percent=st.integers(0, 115))
    def hand_over(self, data, percent):
        number = data.draw(st.sampled_from(sorted(self.held)))
        left = {
            goods: (quantity * percent / 100).quantize(D("0.001"))
            for goods, quantity in self.held[number].items()
        }
        try:
            reservations.hand_over(left, order=number, by=None)
        except OutOfStock:
            assert percent > 100
            return
        self.again = lambda: reservations.hand_over(left, order=number, by=None)
        for goods, quantity in left.items():
            # what leaves was there, whatever had been thought
            self.there[goods] = max(self.there[goods] - quantity, D(0))
        del self.held[number]

    @rule(place=places, quantity=quantities)
    def put_back(self, place, quantity):
        goods = self.goods[place]
        self.paper(
            lambda n: reservations.put_back([(goods, quantity)], reference=n, by=None)
        )
        self.there[goods] += quantity

    @rule(place=places, quantity=quantities)
    def lose(self, place, quantity):
        goods = self.goods[place]

        def act(number):
            return ledger.post(
                [Posting(goods, MovementKind.SPOILAGE, number, on_hand=-quantity)],
                by=None,
            )

        try:
            self.paper(act)
        except OutOfStock:
            assert quantity > self.there[goods]
        else:
            self.there[goods] -= quantity

    @rule(place=places, counted=st.integers(0, 9000).map(lambda n: D(n) / 1000))
    def count(self, place, counted):
        goods = self.goods[place]
        found = counted - self.there[goods]
        self.paper(
            lambda n: corrections.post_differences(
                [(goods, found)], reference=n, by=None
            )
        )
        self.there[goods] = counted
        if found:
            self.corrected.add(goods)

    @precondition(lambda self: self.stocktake is None)
    @rule(place=places, counted=st.integers(0, 9000).map(lambda n: D(n) / 1000))
    def begin_stocktake(self, place, counted):
        """Counted now, posted whenever."""
        goods = self.goods[place]
        stocktake = stocktaking.start([goods], by=self.by)
        stocktaking.count(stocktake, [Counted(goods, counted)], by=self.by)
        stocktake = stocktaking.finish(stocktake, by=self.by)
        self.stocktake = stocktake, goods, counted - self.there[goods]
        self.corrected.discard(goods)

    @precondition(lambda self: self.stocktake)
    @rule()
    def post_stocktake(self):
        stocktake, goods, found = self.stocktake
        self.stocktake = None
        try:
            stocktaking.post(stocktake, by=self.by)
        except CountOutdated:
            assert goods in self.corrected
            stocktaking.cancel(stocktake, by=self.by)
        except OutOfStock:
            assert -found > self.there[goods]
            stocktaking.cancel(stocktake, by=self.by)
        else:
            assert not (found and goods in self.corrected)
            self.there[goods] += found

    @rule(place=places, delta=st.integers(-9000, 9000).filter(bool))
    def adjust(self, place, delta):
        goods, change = self.goods[place], D(delta) / 1000
        free = self.booked(goods).available
        try:
            self.paper(
                lambda n: corrections.adjust(
                    Goods.objects.get(pk=goods),
                    by=self.by,
                    delta=change,
                    reason="x",
                    reference=n,
                )
            )
        except OutOfStock:
            assert -change > free
        else:
            self.there[goods] += change
            self.corrected.add(goods)

    @precondition(lambda self: self.again)
    @rule()
    def repeat(self):
        before = StockMovement.objects.count()
        self.again()
        assert StockMovement.objects.count() == before

    def _forget_empty(self, number):
        self.held[number] = {g: q for g, q in self.held[number].items() if q}
        if not self.held[number]:
            del self.held[number]

    @invariant()
    def books_agree(self):
        assert proving.prove().differences == []
        for goods in self.goods:
            row = self.booked(goods)
            assert 0 <= row.reserved <= row.on_hand
            assert row.on_hand - row.short == self.there[goods]
            assert not (row.short and row.available)
            holds = {
                number: lines[goods]
                for number, lines in self.held.items()
                if goods in lines
            }
            assert row.reserved == sum(holds.values(), D(0))
            assert {
                hold.order: hold.quantity for hold in availability.holds(goods)
            } == holds


def test_random_acts_keep_the_books():
    run_state_machine_as_test(
        Shop,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
