"""A customer's data in orders: handed out, masked, and never while an order is open."""

import pytest

from backoffice.accounts import care
from backoffice.accounts.tests.factories import AdminFactory
from backoffice.base.errors import WrongStatus
from sales import fulfilment, refunds
from sales.idempotency import once
from sales.models import IdempotencyKey, Order, OrderEvent
from sales.tests.factories import ask, customer, place, shelf, shipped

pytestmark = pytest.mark.django_db


@pytest.fixture
def order():
    return shipped(
        place(ask(shelf(), "10"), user=customer(with_points=500), message="快")
    )


def test_orders_and_points_are_handed_out(order):
    data = care.export(order.user, by=AdminFactory())
    assert [o["order_no"] for o in data["orders"]] == [order.order_no]
    assert data["orders"][0]["address"]["detail"] == "东单北大街1号"
    assert data["orders"][0]["lines"][0]["quantity"] == "10.000"
    assert [entry["delta"] for entry in data["points"]] == [500]


def test_an_order_that_is_under_way_still_has_to_arrive(order):
    with pytest.raises(WrongStatus) as refusal:
        care.erase(order.user, by=AdminFactory(), reason="asked for")
    assert order.order_no in str(refusal.value)
    order.refresh_from_db()
    assert order.detail == "东单北大街1号"


def test_addresses_of_past_orders_are_masked_and_figures_stay(order):
    fulfilment.complete(order, by=AdminFactory())
    before = Order.objects.get(pk=order.pk)
    care.erase(order.user, by=AdminFactory(), reason="asked for")
    after = Order.objects.get(pk=order.pk)
    personal = (after.receiver, after.mobile, after.detail, after.message)
    assert personal == ("•••", "", "•••", "•••")
    assert after.tracking_no == ""
    assert (after.province, after.city) == (before.province, before.city)
    assert (after.payable, after.paid, after.user_id) == (
        before.payable,
        before.paid,
        before.user_id,
    )


def test_what_the_customer_wrote_is_handed_out_and_forgotten(order):
    user = order.user
    fulfilment.complete(order, by=AdminFactory())
    order.refresh_from_db()
    mine = refunds.request(order, by=user, reason="王芳：坏了两斤")
    refunds.reject(mine, by=AdminFactory(), reason="没有照片")
    once(user.pk, "/orders", "key-1", {}, lambda: {"order": {"receiver": "王芳"}})

    data = care.export(user, by=AdminFactory())
    (handed,) = data["refunds"]
    assert (handed["order_no"], handed["reason"]) == (order.order_no, "王芳：坏了两斤")
    assert handed["lines"]
    # what cannot be erased never held it
    said = OrderEvent.objects.filter(order=order).values_list("details", flat=True)
    assert "王芳" not in str(list(said))

    care.erase(user, by=AdminFactory(), reason="asked for")
    mine.refresh_from_db()
    assert (mine.reason, mine.decision) == ("•••", "没有照片")
    assert not IdempotencyKey.objects.filter(user=user).exists()


def test_words_of_staff_stay_in_the_books(order):
    fulfilment.complete(order, by=AdminFactory())
    order.refresh_from_db()
    ours = refunds.request(order, by=AdminFactory(), reason="称错了")
    refunds.reject(ours, by=AdminFactory(), reason="又没有")
    care.erase(order.user, by=AdminFactory(), reason="asked for")
    ours.refresh_from_db()
    assert ours.reason == "称错了"
    (said,) = OrderEvent.objects.filter(order=order, kind="refund_requested")
    assert said.details["reason"] == "称错了"


def test_what_was_sent_to_wechat_no_longer_names_the_payer():
    from sales import payments
    from sales.enums import Channel
    from sales.payments import Receipt

    user = customer()
    order = place(ask(shelf(price="70.00")), user=user)
    payment = payments.begin(order, channel=Channel.WECHAT)
    payment.request = {"openid": "o-somebody"}
    payment.save()
    payments.settle(payment.out_trade_no, Receipt(payment.amount, "1"))
    Order.objects.filter(pk=order.pk).update(status="completed")
    care.erase(user, by=AdminFactory(), reason="asked for")
    payment.refresh_from_db()
    assert (payment.request, payment.transaction_id) == (None, "1")
