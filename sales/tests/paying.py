"""A payer, WeChat and the clock, for tests of money."""

from datetime import timedelta

from django.test import Client
from django.utils import timezone

from backoffice.accounts.tests.factories import UserFactory
from sales import attempts, paying_back
from sales.models import Order, Payment, Refund
from sales.tests.factories import ask, place, shelf

_count = iter(range(1, 10**9))


def payer(**more):
    """A customer who is bound to WeChat."""
    return UserFactory(openid=f"oPayer{next(_count):020d}", **more)


def pending(price="70.00", quantity="1", **more):
    """An unpaid order of a payer."""
    user = more.pop("user", None) or payer()
    return place(ask(shelf(price=price), quantity), user=user, **more)


def begun(order=None):
    """An attempt to pay that WeChat waits for."""
    order = order or pending()
    attempts.start(order, user=order.user, client_ip="203.0.113.9")
    return order.payments.order_by("-id").first()


def deliver(wechat, client=None):
    """Hand the notices that are due to the shop; gives its answers."""
    client = client or Client()
    return [post(client, notice) for notice in wechat.take_notices()]


def post(client, notice, **more):
    """One notice as WeChat sends it."""
    headers = {k: v for k, v in notice.headers.items() if k.lower() != "content-type"}
    return client.post(
        notice.url.replace("http://testserver", ""),
        data=more.get("body", notice.body),
        content_type=more.get("content_type", notice.headers.get("Content-Type", "")),
        headers=headers,
    )


def paid_by_wechat(wechat, order=None):
    """An order that was paid, and of which the shop was told."""
    payment = begun(order)
    wechat.pay(payment.out_trade_no)
    deliver(wechat)
    payment.refresh_from_db()
    return Order.objects.get(pk=payment.order_id)


def make_due(*rows):
    """Let the time come at which these are taken up."""
    now = timezone.now()
    for row in rows:
        type(row).objects.filter(pk=row.pk).update(next_at=now)
        row.refresh_from_db()


def later(refund, minutes=2):
    """As if the refund's last try lay that far back."""
    Refund.objects.filter(order_id=refund.order_id).update(
        sent_at=timezone.now() - timedelta(minutes=minutes)
    )
    make_due(refund)


def finished(wechat, refund):
    """The refund after WeChat sent it and brought it to its end."""
    make_due(refund)
    paying_back.send(refund.pk)
    refund.refresh_from_db()
    wechat.finish_refund(refund.out_refund_no)
    make_due(refund)
    paying_back.send(refund.pk)
    refund.refresh_from_db()
    return refund


def expire(order):
    """The time to pay is over."""
    past = timezone.now() - timedelta(seconds=1)
    Order.objects.filter(pk=order.pk).update(expires_at=past)
    Payment.objects.filter(order=order).update(expires_at=past)
    order.refresh_from_db()
