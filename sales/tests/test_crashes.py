"""Killed by SIGKILL before and after each commit; then the pollers run.

Whatever was cut off, our books and the gateway's agree afterwards, no money is lost and
nothing goes back twice. The bill of the simulator is what the gateway's books say.
"""

import os
import signal
import warnings
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, connections
from django.utils import timezone

from backoffice.accounts.tests.factories import AdminFactory
from backoffice.books import proofs
from sales import attempts, cancelling, notices, paying_back, reconciliation, refunds
from sales import tasks as jobs
from sales.enums import OrderStatus, PaymentStatus, RefundStatus
from sales.gateway import NewPayment
from sales.gateway.values import BEIJING
from sales.models import Finding, Order, Payment, Refund
from sales.tests.paying import begun, expire, paid_by_wechat, pending
from stock.models import StockBalance

pytestmark = [
    pytest.mark.race,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("merchant_api"),
]
_WRITES = ("INSERT", "UPDATE", "DELETE")


class Hook:
    """Kills this process at its `point`-th place beside a commit, from 1."""

    def __init__(self, point):
        self.left = point

    def pass_by(self):
        self.left -= 1
        if not self.left:
            os.kill(os.getpid(), signal.SIGKILL)

    def install(self):
        commit = connection._commit

        def committing():
            self.pass_by()
            commit()
            self.pass_by()

        connection._commit = committing

        def executing(execute, sql, params, many, context):
            is_commit = not connection.in_atomic_block and sql.startswith(_WRITES)
            if is_commit:
                self.pass_by()
            answer = execute(sql, params, many, context)
            if is_commit:
                self.pass_by()
            return answer

        connection.execute_wrappers.append(executing)


def is_killed(point, act):
    """Do it in a process of its own that dies at `point`; False where it got through."""
    connections.close_all()
    with warnings.catch_warnings():
        # the simulator's threads stay behind, and nothing of theirs is touched
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        status = 2
        try:
            Hook(point).install()
            act()
            status = 0
        finally:
            os._exit(status)
    _pid, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0, "it failed by itself"
    return False


def pollers(wechat):
    """What the schedule does by and by, as if enough time had passed."""
    for _round in range(3):
        past = timezone.now() - timedelta(minutes=10)
        Payment.objects.filter(status=PaymentStatus.CREATED).update(
            next_at=past, sent_at=past
        )
        Refund.objects.filter(next_at__isnull=False).update(next_at=past)
        Refund.objects.filter(sent_at__isnull=False).update(sent_at=past)
        jobs.ask_payments()
        jobs.end_due()
        jobs.send_refunds()
        for refund in wechat.refunds():
            wechat.finish_refund(refund.out_refund_no)


def assert_books_agree(wechat):
    assert proofs.run().differences == []
    for row in wechat.orders():
        payment = Payment.objects.get(out_trade_no=row.out_trade_no)
        assert (payment.status == PaymentStatus.PAID) == row.is_paid
    gone = sum(row.amount for row in wechat.refunds() if row.state != "CLOSED")
    ours = Refund.objects.filter(status=RefundStatus.SUCCEEDED)
    assert gone == sum(attempts.fen(row.amount) for row in ours)
    assert not Refund.objects.filter(status__in=paying_back.UNDER_WAY).exists()
    day = timezone.localdate(timezone=BEIJING)
    content = wechat.write_bill(f"{day:%Y%m%d}")
    if content is not None:
        # what was sent ten minutes ago may have been sent yesterday
        Refund.objects.filter(sent_at__isnull=False).update(sent_at=timezone.now())
        reconciliation.upload(day, content, by=AdminFactory())
        assert list(Finding.objects.values_list("kind", "number")) == []


def at_each_point(prepare, act, check, least):
    """Kill at the first point, the second … until it gets through."""
    point = 0
    while True:
        point += 1
        subject = prepare()
        was_killed = is_killed(point, lambda s=subject: act(s))
        check(subject)
        if not was_killed:
            break
    assert point > least, "there are fewer commits than the act needs"


def test_beginning_to_pay(wechat):
    def act(order):
        attempts.start(order, user=order.user, client_ip="203.0.113.9")

    def check(order):
        # the customer presses again and pays
        act(order)
        assert Payment.objects.filter(order=order).count() == 1
        payment = order.payments.get()
        assert NewPayment.from_json(payment.request).amount_fen == 7000
        wechat.pay(payment.out_trade_no)
        wechat.take_notices()  # the notice is lost too
        pollers(wechat)
        order.refresh_from_db()
        assert (order.status, order.paid) == (OrderStatus.PAID, order.payable)
        assert_books_agree(wechat)

    at_each_point(pending, act, check, least=6)


def test_beginning_to_pay_and_giving_up(wechat):
    def act(order):
        attempts.start(order, user=order.user, client_ip="203.0.113.9")

    def check(order):
        expire(order)
        pollers(wechat)
        order.refresh_from_db()
        assert order.status == OrderStatus.CANCELLED
        goods = order.lines.get().goods_id
        assert StockBalance.objects.get(pk=goods).reserved == 0
        assert all(row.state == "CLOSED" for row in wechat.orders())
        assert_books_agree(wechat)

    at_each_point(pending, act, check, least=6)


def test_a_notice(wechat):
    def prepare():
        payment = begun()
        wechat.pay(payment.out_trade_no)
        [notice] = wechat.take_notices()
        return payment, notice

    def act(subject):
        notices.payment_told(subject[1].body, subject[1].headers)

    def check(subject):
        pollers(wechat)
        order = Order.objects.get(pk=subject[0].order_id)
        assert (order.status, order.paid) == (OrderStatus.PAID, order.payable)
        assert order.events.filter(kind="paid").count() == 1
        # and the gateway repeats what was not answered
        act(subject)
        assert_books_agree(wechat)

    at_each_point(prepare, act, check, least=3)


def test_closing_what_nobody_paid(wechat):
    def prepare():
        order = pending()
        begun(order)
        expire(order)
        return order

    def check(order):
        pollers(wechat)
        order.refresh_from_db()
        assert order.status == OrderStatus.CANCELLED
        goods = order.lines.get().goods_id
        assert StockBalance.objects.get(pk=goods).reserved == 0
        assert_books_agree(wechat)

    at_each_point(prepare, lambda order: cancelling.finish(order.pk), check, least=6)


def test_closing_what_was_paid_meanwhile(wechat):
    def prepare():
        order = pending()
        payment = begun(order)
        expire(order)
        wechat.pay(payment.out_trade_no)
        wechat.take_notices()
        return order

    def check(order):
        pollers(wechat)
        order.refresh_from_db()
        assert (order.status, order.paid) == (OrderStatus.PAID, order.payable)
        assert_books_agree(wechat)

    at_each_point(prepare, lambda order: cancelling.finish(order.pk), check, least=4)


def test_money_for_an_order_that_ended(wechat):
    def prepare():
        order = pending()
        payment = begun(order)
        expire(order)
        assert cancelling.finish(order.pk)
        wechat.take_notices()  # of the rounds before
        wechat.pay(payment.out_trade_no, is_late=True)
        [notice] = wechat.take_notices()
        return payment, notice

    def act(subject):
        notices.payment_told(subject[1].body, subject[1].headers)

    def check(subject):
        act(subject)  # repeated by the gateway
        pollers(wechat)
        order = Order.objects.get(pk=subject[0].order_id)
        assert (order.status, order.paid) == (OrderStatus.CANCELLED, 0)
        assert order.refunds.count() == 1
        assert_books_agree(wechat)

    at_each_point(prepare, act, check, least=3)


@pytest.mark.parametrize("is_there", [False, True], ids=["sent", "arrived"])
def test_refunding(wechat, is_there):
    def prepare():
        order = paid_by_wechat(wechat, pending(price="10.00", quantity="10"))
        line = order.lines.get()
        refund = refunds.request(
            order,
            by=order.user,
            reason="坏",
            wanted=refunds.Wanted({line.pk: Decimal(3)}),
        )
        refund = refunds.approve(refund, by=AdminFactory())
        if is_there:
            paying_back.send(refund.pk)
            refund.refresh_from_db()
            wechat.finish_refund(refund.out_refund_no)
            Refund.objects.filter(pk=refund.pk).update(next_at=timezone.now())
        return refund

    def check(refund):
        pollers(wechat)
        refund.refresh_from_db()
        order = Order.objects.get(pk=refund.order_id)
        assert (refund.status, order.refunded) == (RefundStatus.SUCCEEDED, 30)
        assert len([r for r in wechat.refunds() if r.amount == 3000]) == (
            Refund.objects.count()
        )
        assert_books_agree(wechat)

    at_each_point(prepare, lambda refund: paying_back.send(refund.pk), check, least=5)
