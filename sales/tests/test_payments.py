"""Money in: settle once, alarm on another amount, send back what comes too late."""

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
from backoffice.oplog.models import OperationLog
from sales import cancelling, payments, refunds, stuck
from sales.enums import (
    Channel,
    Happening,
    OrderStatus,
    PaymentStatus,
    RefundKind,
)
from sales.models import Order, Payment
from sales.payments import Receipt, Settled
from sales.tests.factories import ask, paid, place, shelf

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def order():
    return place(ask(shelf(price="70.00")))


def attempt(order, channel=Channel.WECHAT):
    return payments.begin(order, channel=channel)


def test_cash_pays_an_order(order):
    by = AdminFactory()
    payment = payments.take(order, channel=Channel.CASH, by=by, note="抽屉二")
    order.refresh_from_db()
    assert (order.status, order.paid) == (OrderStatus.PAID, D("70.00"))
    assert (payment.status, payment.out_trade_no, payment.by) == (
        PaymentStatus.PAID,
        f"{order.order_no}-1",
        by,
    )
    log = OperationLog.objects.filter(action="order.paid").get()
    assert log.data["amount"] == "70.00"
    with pytest.raises(WrongStatus):
        payments.take(order, channel=Channel.CASH, by=by)


def test_only_who_may_takes_money(order):
    with pytest.raises(NotPermitted):
        payments.take(order, channel=Channel.CASH, by=StaffFactory())
    with pytest.raises(FieldErrors):
        payments.take(order, channel=Channel.WECHAT, by=AdminFactory())


def test_cash_is_not_taken_while_the_customer_could_pay_at_the_gateway(order):
    attempt(order)
    with pytest.raises(FieldErrors):
        payments.take(order, channel=Channel.CASH, by=AdminFactory())


def test_a_notice_that_comes_twice_counts_once(order):
    payment = attempt(order)
    receipt = Receipt(D("70.00"), "4200000001")
    assert payments.settle(payment.out_trade_no, receipt) == Settled.PAID
    assert payments.settle(payment.out_trade_no, receipt) == Settled.REPEAT
    order.refresh_from_db()
    assert (order.paid, order.status) == (D("70.00"), OrderStatus.PAID)
    assert order.events.filter(kind=Happening.PAID).count() == 1


@pytest.mark.parametrize("amount", ["0.00", "69.99", "70.01", "92233720368547758.08"])
def test_another_amount_changes_nothing_and_is_written_down(order, amount, caplog):
    payment = attempt(order)
    settled = payments.settle(payment.out_trade_no, Receipt(D(amount), "4200000001"))
    assert settled == Settled.MISMATCH
    order.refresh_from_db()
    payment.refresh_from_db()
    assert (order.status, payment.status) == (
        OrderStatus.PENDING,
        PaymentStatus.CREATED,
    )
    event = order.events.get(kind=Happening.PAYMENT_WRONG)
    assert event.details["amount"] == amount
    assert "does not fit" in caplog.text


def test_money_for_a_cancelled_order_goes_back(order):
    payment = attempt(order)
    Payment.objects.filter(pk=payment.pk).update(status=PaymentStatus.CLOSED)
    cancelling.cancel(order, by=order.user)
    settled = payments.settle(payment.out_trade_no, Receipt(D("70.00"), "42"))
    assert settled == Settled.LATE
    order.refresh_from_db()
    assert (order.status, order.paid) == (OrderStatus.CANCELLED, 0)
    refund = order.refunds.get()
    assert (refund.kind, refund.amount, refund.payment) == (
        RefundKind.PAYMENT,
        D("70.00"),
        payment,
    )


def test_a_second_payment_goes_back(order):
    first, second = attempt(order), attempt(order)
    assert first.out_trade_no != second.out_trade_no
    payments.settle(first.out_trade_no, Receipt(D("70.00"), "1"))
    assert (
        payments.settle(second.out_trade_no, Receipt(D("70.00"), "2")) == Settled.LATE
    )
    order.refresh_from_db()
    assert order.paid == D("70.00")
    assert order.refunds.get().payment == second


def test_a_number_that_is_not_ours():
    with pytest.raises(Payment.DoesNotExist):
        payments.settle("nobody-1", Receipt(D("1.00")))


def test_the_factor_of_the_day_is_that_of_the_payment(order):
    payment = attempt(order)
    day = timezone.make_aware(timezone.datetime(2026, 12, 8, 0, 0))
    payments.settle(payment.out_trade_no, Receipt(D("70.00"), "1", paid_at=day))
    order.refresh_from_db()
    assert order.points_day_factor == 3
    other = place(ask(shelf(price="70.00")))
    before = attempt(other)
    payments.settle(
        before.out_trade_no,
        Receipt(D("70.00"), "2", paid_at=day - timedelta(seconds=1)),
    )
    other.refresh_from_db()
    assert other.points_day_factor == 1


def test_a_payment_that_commits_before_the_cancelling_wins(order):
    payment = attempt(order)
    cancelling.cancel(order, by=order.user)
    order.refresh_from_db()
    assert order.cancel_requested_at is not None
    payments.settle(payment.out_trade_no, Receipt(D("70.00"), "1"))
    assert cancelling.finish(order.pk) is False
    order.refresh_from_db()
    assert (order.status, order.cancel_requested_at) == (OrderStatus.PAID, None)


def test_a_paid_order_is_not_cancelled(order):
    paid(order)
    with pytest.raises(WrongStatus):
        cancelling.cancel(order, by=order.user)
    assert Order.objects.get().status == OrderStatus.PAID


def test_a_refund_goes_back_by_the_payment_that_paid_the_order(order):
    # the older attempt was closed and paid in the same moment
    older = attempt(order)
    Payment.objects.filter(pk=older.pk).update(status=PaymentStatus.CLOSED)
    newer = attempt(order)
    payments.settle(newer.out_trade_no, Receipt(D("70.00"), "2"))
    assert payments.settle(older.out_trade_no, Receipt(D("70.00"), "1")) == Settled.LATE
    order.refresh_from_db()
    refund = refunds.request(order, by=order.user, reason="坏了")
    assert (refund.payment, refund.amount) == (newer, D("70.00"))


def unfitting(order):
    payment = attempt(order)
    payments.settle(payment.out_trade_no, Receipt(D("0.01"), "42"))
    payment.refresh_from_db()
    return payment


def test_an_attempt_whose_money_does_not_fit_is_ended_by_staff(order):
    by = AdminFactory()
    payment = unfitting(order)
    past = timezone.now() - timedelta(seconds=1)
    Order.objects.filter(pk=order.pk).update(expires_at=past)
    with pytest.raises(ReasonMissing):
        payments.let_go(payment, by=by, reason=" ")
    payments.let_go(payment, by=by, reason="商户平台已退")
    log = OperationLog.objects.get(action="payment.let_go")
    assert (log.data["reason"], "0.01" in log.data["detail"]) == ("商户平台已退", True)
    # nothing keeps the order any more
    assert cancelling.finish(order.pk)
    order.refresh_from_db()
    assert order.status == OrderStatus.CANCELLED
    assert not order.lines.exclude(held=0).exists()
    # being told again is no news, and is no money of this order
    again = payments.settle(payment.out_trade_no, Receipt(D("0.01"), "42"))
    payment.refresh_from_db()
    assert (again, payment.status, payment.trouble) == (
        Settled.MISMATCH,
        PaymentStatus.FAILED,
        "",
    )
    assert not Payment.objects.filter(stuck.payments(timezone.now())).exists()
    with pytest.raises(WrongStatus):
        payments.let_go(payment, by=by, reason="又一次")


def test_the_right_amount_counts_after_an_attempt_was_ended(order):
    payment = unfitting(order)
    payments.let_go(payment, by=AdminFactory(), reason="看错了")
    paid_now = payments.settle(payment.out_trade_no, Receipt(D("70.00"), "43"))
    order.refresh_from_db()
    assert (paid_now, order.status) == (Settled.PAID, OrderStatus.PAID)


def test_an_attempt_that_fits_is_not_ended_by_staff(order):
    payment = attempt(order)
    with pytest.raises(WrongStatus):
        payments.let_go(payment, by=AdminFactory(), reason="试试")
    payment.refresh_from_db()
    assert payment.status == PaymentStatus.CREATED


def test_what_was_looked_at_does_not_alarm_again(order):
    payment = attempt(order)
    payments.settle(payment.out_trade_no, Receipt(D("70.00"), "1"))
    twice = Receipt(D("70.00"), "2")
    assert payments.settle(payment.out_trade_no, twice) == Settled.MISMATCH
    assert Payment.objects.filter(stuck.payments(timezone.now())).exists()
    payments.look_at(payment, by=AdminFactory(), reason="商户平台已退")
    # WeChat tells what was refused for a day
    assert payments.settle(payment.out_trade_no, twice) == Settled.MISMATCH
    assert not Payment.objects.filter(stuck.payments(timezone.now())).exists()
    # something else is news
    payments.settle(payment.out_trade_no, Receipt(D("70.00"), "3"))
    assert Payment.objects.filter(stuck.payments(timezone.now())).exists()


def test_what_does_not_fit_to_a_closed_attempt_alarms_until_looked_at(order):
    payment = attempt(order)
    Payment.objects.filter(pk=payment.pk).update(status=PaymentStatus.CLOSED)
    payments.settle(payment.out_trade_no, Receipt(D("0.01"), "42"))
    assert Payment.objects.filter(stuck.payments(timezone.now())).exists()
    payments.look_at(payment, by=AdminFactory(), reason="已退")
    assert not Payment.objects.filter(stuck.payments(timezone.now())).exists()
