"""Money back: what may be asked for, who decides, what follows."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.base.errors import (
    FieldErrors,
    NotPermitted,
    ReasonMissing,
    WrongStatus,
)
from backoffice.books import proofs
from sales import figures, fulfilment, points, refunds
from sales.enums import OrderStatus, RefundStatus, Restock
from sales.errors import NoSuchLine, RefundLimit
from sales.models import Order
from sales.refunds import Wanted
from sales.tests.factories import ask, customer, paid, place, shelf, shipped
from stock.models import StockBalance

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def user():
    return customer(with_points=1000)


@pytest.fixture
def goods():
    return shelf(price="10.00")


@pytest.fixture
def order(user, goods):
    return paid(
        place(ask(goods, "7"), ask(shelf(price="20.00"), "1"), user=user, points="best")
    )


def balance(goods):
    row = StockBalance.objects.get(pk=goods.pk)
    return row.on_hand, row.reserved


def done(refund, **more):
    refunds.approve(refund, by=AdminFactory(), **more)
    refund = refunds.succeed(refund)
    assert proofs.run().differences == []
    return refund


def some(order, quantity, place=0):
    return Wanted(quantities={order.lines.all()[place].pk: D(quantity)})


def test_the_whole_goes_back_with_points_and_stock(order, user, goods):
    assert (order.payable, order.points, order.freight) == (D("80.00"), 1000, 0)
    refund = refunds.request(order, by=user, reason="不想要了")
    assert (refund.is_full, refund.amount, refund.points) == (True, D("80.00"), 1000)
    done(refund)
    order.refresh_from_db()
    assert (order.status, order.refunded, order.points_returned) == (
        OrderStatus.CLOSED,
        D("80.00"),
        1000,
    )
    assert balance(goods) == (100, 0)
    assert points.balance(user.pk) == 1000


def test_parts_free_what_they_name(order, user, goods):
    first = refunds.request(order, by=user, reason="少要", wanted=some(order, "3"))
    # 70.00 of 90.00 carry 7.78 of 10.00 in points: 62.22 were paid
    assert (first.amount, first.points) == (D("26.67"), 333)
    done(first)
    order.refresh_from_db()
    assert (order.status, balance(goods)) == (OrderStatus.PAID, (100, 4))
    rest = refunds.request(order, by=user, reason="都不要")
    assert rest.is_full
    assert first.amount + rest.amount == D("80.00")
    done(rest)
    assert balance(goods) == (100, 0)
    assert points.balance(user.pk) == 1000


def test_freight_goes_back_only_with_the_last_part(user):
    by = AdminFactory()
    from backoffice.shop import verbs

    verbs.set_value("MIN_ORDER", "0", by=by)
    order = paid(place(ask(shelf(price="10.00"), "2"), user=user))
    assert (order.freight, order.paid) == (D("6.00"), D("26.00"))
    first = done(refunds.request(order, by=user, reason="x", wanted=some(order, "1")))
    last = done(refunds.request(order, by=user, reason="x", wanted=some(order, "1")))
    assert (first.amount, first.freight) == (D("10.00"), 0)
    assert (last.amount, last.freight) == (D("16.00"), D("6.00"))
    order.refresh_from_db()
    assert order.status == OrderStatus.CLOSED


def test_more_than_is_left_is_refused_counting_what_is_open(order, user):
    refunds.request(order, by=user, reason="x", wanted=some(order, "5"))
    with pytest.raises(RefundLimit):
        refunds.request(order, by=user, reason="x", wanted=some(order, "3"))
    refunds.request(order, by=user, reason="x")
    with pytest.raises(RefundLimit):
        refunds.request(order, by=user, reason="x")


def test_an_amount_is_shared_and_gives_no_points_back(order, user):
    staff = AdminFactory()
    refund = refunds.request(
        order, by=staff, reason="压伤", wanted=Wanted(amount=D("8.00"))
    )
    assert (refund.amount, refund.points, refund.is_full) == (D("8.00"), 0, False)
    assert sum(part.amount for part in refund.lines.all()) == D("8.00")
    with pytest.raises(RefundLimit):
        refunds.request(order, by=staff, reason="x", wanted=Wanted(amount=D("72.01")))
    done(refund)
    whole = refunds.request(order, by=staff, reason="x")
    assert whole.amount == D("72.00")


@pytest.mark.parametrize("quantity", ["0", "-1", "NaN", "0.0001"])
def test_quantities_that_are_none(order, user, quantity):
    with pytest.raises(FieldErrors):
        refunds.request(order, by=user, reason="x", wanted=some(order, quantity))


def test_lines_of_other_orders_and_missing_reasons(order, user):
    with pytest.raises(NoSuchLine):
        refunds.request(order, by=user, reason="x", wanted=Wanted({0: D(1)}))
    with pytest.raises(ReasonMissing):
        refunds.request(order, by=user, reason=" ")
    with pytest.raises(NotPermitted):
        refunds.request(order, by=customer(), reason="x")


def test_unpaid_orders_are_not_refunded(user, goods):
    order = place(ask(goods, "7"), user=user)
    with pytest.raises(WrongStatus):
        refunds.request(order, by=user, reason="x")


def test_after_the_days_only_staff_may_ask(order, user):
    fulfilment.ship(order, by=AdminFactory())
    fulfilment.complete(order, by=user)
    Order.objects.filter(pk=order.pk).update(
        completed_at=timezone.now() - timedelta(days=7, seconds=1)
    )
    with pytest.raises(RefundLimit):
        refunds.request(order, by=user, reason="x")
    assert refunds.request(order, by=AdminFactory(), reason="x").is_full


def test_a_large_refund_needs_a_second_person(user):
    order = paid(place(ask(shelf(price="201.00")), user=user))
    one, two = AdminFactory(), AdminFactory()
    refund = refunds.request(order, by=one, reason="x")
    with pytest.raises(NotPermitted):
        refunds.approve(refund, by=one)
    assert refunds.approve(refund, by=two).status == RefundStatus.APPROVED
    with pytest.raises(WrongStatus):
        refunds.approve(refund, by=two)


def test_only_who_may_decides(order, user):
    refund = refunds.request(order, by=user, reason="x")
    with pytest.raises(NotPermitted):
        refunds.approve(refund, by=StaffFactory())
    with pytest.raises(NotPermitted):
        refunds.reject(refund, by=StaffFactory(), reason="x")
    with pytest.raises(WrongStatus):
        refunds.succeed(refund)


def test_a_refund_counts_once(order, user):
    refund = done(refunds.request(order, by=user, reason="x", wanted=some(order, "1")))
    refunded = Order.objects.get(pk=order.pk).refunded
    refunds.succeed(refund)
    assert Order.objects.get(pk=order.pk).refunded == refunded


@pytest.mark.parametrize(
    ("restock", "on_hand", "volume"),
    [(Restock.STOCK, 95, 5), (Restock.WRITE_OFF, 93, 5), (Restock.NOTHING, 93, 7)],
)
def test_after_hand_over_each_line_goes_where_it_was_decided(
    user, goods, restock, on_hand, volume
):
    order = shipped(place(ask(goods, "7"), user=user))
    refund = refunds.request(order, by=user, reason="坏了", wanted=some(order, "2"))
    done(refund, restock={order.lines.get().pk: restock})
    assert balance(goods) == (on_hand, 0)
    assert figures.sales_volume([goods.pk]) == {goods.pk: volume}


def test_points_that_were_earned_too_much_are_taken_back(user, goods):
    order = shipped(place(ask(goods, "10"), user=user))
    order = fulfilment.complete(order, by=user)
    factor = order.points_day_factor
    assert points.balance(user.pk) == 1000 + int(100 * factor)
    points.post(user.pk, -points.balance(user.pk), kind="spend", reference="elsewhere")
    done(refunds.request(order, by=user, reason="坏", wanted=some(order, "4")))
    assert points.balance(user.pk) == -int(40 * factor)
    order.refresh_from_db()
    assert order.points_earned == int(60 * factor)


def test_money_of_an_order_that_ended_goes_back_and_counts_nowhere(user, goods):
    from sales import cancelling, payments
    from sales.enums import Channel, PaymentStatus
    from sales.payments import Receipt

    order = place(ask(goods, "7"), user=user)
    payment = payments.begin(order, channel=Channel.WECHAT)
    payment.status = PaymentStatus.CLOSED
    payment.save()
    cancelling.cancel(order, by=user)
    payments.settle(payment.out_trade_no, Receipt(D("70.00"), "1"))
    refund = order.refunds.get()
    assert refund.status == RefundStatus.APPROVED
    refunds.succeed(refund)
    order.refresh_from_db()
    assert (order.paid, order.refunded) == (0, 0)
