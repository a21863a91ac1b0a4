"""Any verbs of orders in any order: the books agree, and every order adds up."""

from decimal import Decimal

import pytest
from django.db.models import Sum
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
from backoffice.base.errors import DomainError
from backoffice.books import proofs
from sales import (
    cancelling,
    checkout,
    counter,
    fulfilment,
    payments,
    points,
    refunds,
    weighing,
)
from sales.checkout import Ask
from sales.enums import Channel, Delivery, PointsKind, RefundStatus, Restock
from sales.models import Order, OrderLine, PointsEntry, Refund
from sales.refunds import Wanted
from sales.tests.factories import basket, customer, shelf
from stock.models import StockBalance

pytestmark = pytest.mark.django_db
D = Decimal
REQUESTED = RefundStatus.REQUESTED
#: in grams
grams = st.integers(200, 9000).map(lambda n: D(n) / 1000)
takes = st.lists(
    st.tuples(st.integers(0, 2), grams),
    min_size=1,
    max_size=3,
    unique_by=lambda t: t[0],
)
some_points = st.sampled_from([0, 1, 37, 500, "best"])


class Counter(RuleBasedStateMachine):
    """Three goods, two customers, and whoever comes in."""

    def __init__(self):
        super().__init__()
        self.by, self.other = AdminFactory(), AdminFactory()
        self.goods = [
            shelf(price=price, on_hand="40", is_weighed=True, min_quantity=D("0.1"))
            for price in ("70.01", "9.99", "33.33")
        ]
        self.users = [customer(with_points=1500), customer()]
        self.adjusted = 0

    def try_to(self, act):
        """Whatever the shop refuses leaves nothing behind."""
        try:
            return act()
        except DomainError:
            return None

    def asks(self, wanted):
        return [Ask(self.goods[n].pk, "retail", quantity) for n, quantity in wanted]

    def any_order(self, data):
        numbers = list(Order.objects.order_by("pk").values_list("pk", flat=True))
        # the newest, so that some come to their end
        return Order.objects.get(pk=data.draw(st.sampled_from(numbers[-4:])))

    @rule(
        wanted=takes,
        who=st.integers(0, 1),
        spend=some_points,
        delivery=st.sampled_from(Delivery),
    )
    def order(self, wanted, who, spend, delivery):
        what = basket(*self.asks(wanted), points=spend, delivery=delivery)
        self.try_to(lambda: checkout.place_order(what, user=self.users[who]))

    @rule(wanted=takes, who=st.none() | st.integers(0, 1))
    def sell(self, wanted, who):
        what = basket(*self.asks(wanted), delivery=Delivery.PICKUP)
        user = None if who is None else self.users[who]
        self.try_to(
            lambda: counter.sell(what, by=self.by, channel=Channel.CASH, user=user)
        )

    @precondition(lambda self: Order.objects.exists())
    @rule(data=st.data())
    def pay(self, data):
        order = self.any_order(data)
        self.try_to(lambda: payments.take(order, channel=Channel.TRANSFER, by=self.by))

    @precondition(lambda self: Order.objects.exists())
    @rule(data=st.data())
    def cancel(self, data):
        order = self.any_order(data)
        self.try_to(lambda: cancelling.cancel(order, by=self.by))

    @precondition(lambda self: Order.objects.exists())
    @rule(data=st.data())
    def run_out_of_time(self, data):
        order = self.any_order(data)
        Order.objects.filter(pk=order.pk).update(expires_at=order.created_at)
        cancelling.finish(order.pk)

    @precondition(lambda self: Order.objects.exists())
    @rule(data=st.data(), percent=st.integers(0, 112))
    def weigh(self, data, percent):
        order = self.any_order(data)
        weights = {
            line.pk: (line.held * percent / 100).quantize(D("0.001"))
            for line in order.lines.all()
            if line.held
        }
        self.try_to(lambda: weighing.weigh(order, weights, by=self.by))

    @precondition(lambda self: Order.objects.exists())
    @rule(data=st.data())
    def move_on(self, data):
        order = self.any_order(data)
        for act in (
            lambda: fulfilment.make_ready(order, by=self.by),
            lambda: fulfilment.hand_over(order, by=self.by, code=order.pickup_code),
            lambda: fulfilment.ship(order, by=self.by, carrier="A", tracking_no="1"),
            lambda: fulfilment.complete(order, by=self.by),
        ):
            if self.try_to(act) is not None:
                return

    @precondition(lambda self: Order.objects.exists())
    @rule(
        data=st.data(),
        share=st.sampled_from([None, None, 3, 10]),
        fen=st.integers(0, 900),
    )
    def ask_back(self, data, share, fen):
        order = self.any_order(data)
        wanted = Wanted()
        if share is not None:
            line = order.lines.order_by("sequence").first()
            part = (line.quantity * share / 10).quantize(D("0.001"))
            wanted = Wanted(quantities={line.pk: part})
        elif fen:
            wanted = Wanted(amount=D(fen) / 100)
        self.try_to(
            lambda: refunds.request(order, by=self.by, reason="x", wanted=wanted)
        )

    @precondition(lambda self: Refund.objects.filter(status=REQUESTED).exists())
    @rule(data=st.data(), agree=st.booleans(), restock=st.sampled_from(Restock))
    def decide(self, data, agree, restock):
        asked = Refund.objects.filter(status=REQUESTED).order_by("pk")
        ids = list(asked.values_list("pk", flat=True))
        refund = Refund.objects.get(pk=data.draw(st.sampled_from(ids)))
        if not agree:
            self.try_to(lambda: refunds.reject(refund, by=self.other, reason="x"))
            return
        choice = dict.fromkeys(refund.lines.values_list("line", flat=True), restock)
        self.try_to(lambda: refunds.approve(refund, by=self.other, restock=choice))
        self.try_to(lambda: refunds.succeed(refund, by=self.other))

    @precondition(lambda self: Order.objects.exists())
    @rule(data=st.data(), restock=st.sampled_from(Restock))
    def send_everything_back(self, data, restock):
        order = self.any_order(data)
        refund = self.try_to(lambda: refunds.request(order, by=self.by, reason="x"))
        if refund is not None:
            parts = refund.lines.values_list("line", flat=True)
            choice = dict.fromkeys(parts, restock)
            refunds.approve(refund, by=self.other, restock=choice)
            refunds.succeed(refund, by=self.other)

    @rule(who=st.integers(0, 1), delta=st.integers(-300, 300))
    def adjust(self, who, delta):
        self.adjusted += 1
        number = f"{self.by.pk}-{self.adjusted}"
        self.try_to(
            lambda: points.adjust(
                self.users[who], delta, by=self.by, reason="x", reference=number
            )
        )

    @invariant()
    def the_books_agree(self):
        assert proofs.run().differences == []

    @invariant()
    def every_order_adds_up(self):
        for order in Order.objects.all():
            assert order.payable == (
                order.goods_total - order.points_deduction + order.freight
            )
            lines = list(order.lines.all())
            assert sum(line.amount for line in lines) == order.goods_total
            assert sum(line.points for line in lines) == order.points
            assert sum(line.points_deduction for line in lines) == (
                order.points_deduction
            )
            assert sum(line.paid for line in lines) + order.freight == order.payable
            assert all(0 <= line.points_deduction <= line.amount for line in lines)
            assert order.refunded <= order.paid
            assert order.points_returned <= order.points

    @invariant()
    def what_is_held_is_held_by_lines(self):
        for goods in self.goods:
            held = OrderLine.objects.filter(goods=goods).aggregate(sum=Sum("held"))
            row = StockBalance.objects.get(pk=goods.pk)
            assert (held["sum"] or 0) == row.reserved <= row.on_hand

    @invariant()
    def nobody_spends_points_that_are_not_there(self):
        assert not PointsEntry.objects.filter(
            kind=PointsKind.SPEND, balance_after__lt=0
        ).exists()

    @invariant()
    def what_went_back_was_agreed_to(self):
        done = Refund.objects.filter(status=RefundStatus.SUCCEEDED)
        assert not done.filter(decided_by=None).exists()


def test_any_verbs_in_any_order():
    run_state_machine_as_test(
        Counter,
        settings=settings(
            max_examples=12,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    # it went everywhere
    assert {"cancelled", "completed", "closed"} <= set(
        Order.objects.values_list("status", flat=True)
    )
    assert Refund.objects.filter(status=RefundStatus.SUCCEEDED).exists()
