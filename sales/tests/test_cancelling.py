"""An unpaid order ends: stock and points come back, once."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.base.errors import NotPermitted, WrongStatus
from sales import cancelling, payments, points, tasks
from sales.enums import Channel, Happening, OrderStatus, PaymentStatus, PointsKind
from sales.models import Order, PointsEntry
from sales.tests.factories import ask, customer, place, shelf
from stock import availability

pytestmark = pytest.mark.django_db
D = Decimal


def left(goods):
    return availability.available([goods.pk])[goods.pk]


def test_cancelling_gives_stock_and_points_back():
    goods = shelf(price="70.00")
    user = customer(with_points=500)
    order = place(ask(goods, "3"), user=user, points="best")
    assert (left(goods), points.balance(user.pk)) == (97, 0)
    cancelling.cancel(order, by=user, reason="买错了")
    order.refresh_from_db()
    assert (order.status, order.points_returned) == (OrderStatus.CANCELLED, 500)
    assert (left(goods), points.balance(user.pk)) == (100, 500)
    entry = PointsEntry.objects.get(kind=PointsKind.RETURN)
    assert (entry.delta, entry.reference) == (500, order.order_no)
    with pytest.raises(WrongStatus):
        cancelling.cancel(order, by=user)
    assert points.balance(user.pk) == 500


def test_who_may_cancel():
    order = place(ask(shelf(price="70.00")))
    with pytest.raises(NotPermitted):
        cancelling.cancel(order, by=customer())
    with pytest.raises(NotPermitted):
        cancelling.cancel(order, by=StaffFactory())
    by = StaffFactory(permissions=["sales.cancel_order"])
    assert cancelling.cancel(order, by=by).status == OrderStatus.CANCELLED


def test_with_an_open_attempt_the_worker_finishes():
    goods = shelf(price="70.00")
    order = place(ask(goods))
    payment = payments.begin(order, channel=Channel.WECHAT)
    OrmQ.objects.all().delete()
    assert cancelling.cancel(order, by=order.user).status == OrderStatus.PENDING
    assert [q.func() for q in OrmQ.objects.all()] == ["sales.tasks.finish_cancel"]
    assert tasks.finish_cancel(order.pk) is False
    assert left(goods) == 99
    payment.status = PaymentStatus.CLOSED
    payment.save()
    assert tasks.finish_cancel(order.pk) is True
    assert tasks.finish_cancel(order.pk) is False
    assert left(goods) == 100
    assert order.events.filter(kind=Happening.CANCELLED).count() == 1


def test_time_runs_out_only_by_the_worker():
    goods = shelf(price="70.00")
    order, fresh = place(ask(goods)), place(ask(goods))
    Order.objects.filter(pk=order.pk).update(
        expires_at=timezone.now() - timedelta(seconds=1)
    )
    assert left(goods) == 98
    assert tasks.end_due() == 1
    assert tasks.end_due() == 0
    order.refresh_from_db()
    fresh.refresh_from_db()
    assert (order.status, fresh.status) == (OrderStatus.CANCELLED, OrderStatus.PENDING)
    assert order.events.get().kind == Happening.EXPIRED
    assert left(goods) == 99


def test_staff_cancel_an_order_of_the_counter():
    order = place(ask(shelf(price="70.00")))
    assert cancelling.cancel(order, by=AdminFactory()).status == OrderStatus.CANCELLED
