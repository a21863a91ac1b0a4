"""Many at once, each in a connection of their own: nothing is sold or spent twice.

The first tests take a lock away and show that the race is there without it; where they
fail, the others prove nothing. SQLite has one writer at a time, so there is no lock to
take away.
"""

from decimal import Decimal
from threading import Barrier

import pytest

from backoffice.accounts.tests.factories import AdminFactory
from backoffice.books import proofs
from backoffice.tests.together import at_once, row_locks_only
from sales import cancelling, cart, checkout, idempotency, payments, points, refunds
from sales.enums import Channel, OrderStatus, PointsKind
from sales.errors import OutOfStock, TooManyUnpaid
from sales.models import IdempotencyKey, Order, PointsEntry, Refund
from sales.payments import Receipt, Settled
from sales.refunds import Wanted
from sales.tests.factories import ask, basket, customer, paid, place, shelf
from stock.models import StockBalance

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def orders_in(outcomes):
    return [o for o in outcomes if isinstance(o, Order)]


@row_locks_only
def test_without_the_customers_turn_too_many_orders_are_placed(monkeypatch):
    goods = shelf(price="70.00")
    user = customer()
    cart.add(user, goods_id=goods.pk, unit="retail", quantity=Decimal(1))
    counted = Barrier(8, timeout=20)
    count = checkout._standing

    def count_together(user):
        found = count(user)
        counted.wait()
        return found

    monkeypatch.setattr(checkout, "_standing", count_together)
    monkeypatch.setattr(cart, "locked", lambda user: None)
    at_once(*[lambda: checkout.place_order(basket(ask(goods)), user=user)] * 8)
    assert Order.objects.count() > 5


def test_one_customer_holds_no_more_unpaid_orders_than_allowed():
    goods = shelf(price="70.00")
    user = customer()
    outcomes = at_once(
        *[lambda: checkout.place_order(basket(ask(goods)), user=user)] * 8
    )
    assert len(orders_in(outcomes)) == 5
    assert sum(isinstance(o, TooManyUnpaid) for o in outcomes) == 3


def test_sixteen_buyers_of_the_last_ten():
    goods = shelf(price="70.00", on_hand="10")
    buyers = [customer() for _ in range(16)]
    outcomes = at_once(
        *[lambda u=u: checkout.place_order(basket(ask(goods)), user=u) for u in buyers]
    )
    assert len(orders_in(outcomes)) == 10
    assert sum(isinstance(o, OutOfStock) for o in outcomes) == 6
    row = StockBalance.objects.get(pk=goods.pk)
    assert (row.on_hand, row.reserved) == (10, 10)


def test_opposite_orders_of_goods_do_not_deadlock():
    one, two = shelf(price="70.00"), shelf(price="70.00")
    buyers = [customer() for _ in range(12)]

    def buy(user, first, second):
        return checkout.place_order(basket(ask(first), ask(second)), user=user)

    outcomes = at_once(
        *[
            lambda u=u, p=(one, two) if n % 2 else (two, one): buy(u, *p)
            for n, u in enumerate(buyers)
        ]
    )
    assert len(orders_in(outcomes)) == 12


def test_fifty_times_the_same_key_is_one_order():
    goods = shelf(price="70.00")
    user = customer()
    body = {"one": 1}

    def act():
        order = checkout.place_order(basket(ask(goods)), user=user)
        return {"order": order.order_no}

    outcomes = at_once(
        *[lambda: idempotency.once(user.pk, "/orders", "key", body, act)] * 50
    )
    assert len({o["order"] for o in outcomes}) == 1
    assert (Order.objects.count(), IdempotencyKey.objects.count()) == (1, 1)


def test_two_orders_do_not_spend_the_same_points():
    goods = shelf(price="70.00")
    user = customer(with_points=1000)
    at_once(
        *[lambda: checkout.place_order(basket(ask(goods), points="best"), user=user)]
        * 4
    )
    assert points.balance(user.pk) == 0
    spent = PointsEntry.objects.filter(kind=PointsKind.SPEND)
    assert sum(entry.delta for entry in spent) == -1000
    assert proofs.run().differences == []


def test_points_taken_by_staff_meanwhile_are_not_spent_again():
    goods = shelf(price="70.00")
    user, by = customer(with_points=1000), AdminFactory()
    at_once(
        *[
            lambda: checkout.place_order(basket(ask(goods), points="best"), user=user),
            lambda: points.adjust(user, -1000, by=by, reason="x", reference="a1"),
        ]
    )
    assert points.balance(user.pk) >= 0
    assert proofs.run().differences == []


def test_a_notice_twice_at_once_counts_once():
    order = place(ask(shelf(price="70.00")))
    payment = payments.begin(order, channel=Channel.WECHAT)
    receipt = Receipt(Decimal("70.00"), "4200")
    outcomes = at_once(*[lambda: payments.settle(payment.out_trade_no, receipt)] * 6)
    assert sorted(o.name for o in outcomes) == ["PAID"] + ["REPEAT"] * 5
    assert proofs.run().differences == []


def test_payment_and_cancelling_at_once_end_in_one_of_two_ways():
    for _ in range(6):
        order = place(ask(shelf(price="70.00")))
        payment = payments.begin(order, channel=Channel.WECHAT)
        Order.objects.filter(pk=order.pk).update(expires_at=order.created_at)
        payment.status = "closed"
        payment.save()
        receipt = Receipt(Decimal("70.00"), payment.out_trade_no)
        outcomes = at_once(
            *[
                lambda p=payment, r=receipt: payments.settle(p.out_trade_no, r),
                lambda o=order: cancelling.finish(o.pk),
            ]
        )
        order.refresh_from_db()
        if order.status == OrderStatus.PAID:
            assert outcomes == [Settled.PAID, False]
        else:
            assert (order.status, outcomes) == (
                OrderStatus.CANCELLED,
                [Settled.LATE, True],
            )
            assert order.refunds.count() == 1
    assert proofs.run().differences == []


def test_two_refunds_at_once_stay_within_what_was_paid():
    user = customer()
    order = paid(place(ask(shelf(price="70.00"), "3"), user=user))
    line = order.lines.get()
    by = AdminFactory()
    at_once(
        *[
            lambda: refunds.request(
                order, by=by, reason="x", wanted=Wanted({line.pk: Decimal(2)})
            )
        ]
        * 4
    )
    assert Refund.objects.count() == 1
    refund = refunds.approve(Refund.objects.get(), by=AdminFactory())
    at_once(*[lambda: refunds.succeed(refund)] * 4)
    order.refresh_from_db()
    assert order.refunded == Decimal("140.00")
    assert proofs.run().differences == []
