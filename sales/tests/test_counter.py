"""A sale over the counter: ordered, paid and gone in one act, or nothing of it."""

from decimal import Decimal

import pytest
from django.utils.translation import override

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.base.errors import FieldErrors, NotPermitted, WrongStatus
from backoffice.books import proofs
from backoffice.oplog.models import OperationLog
from sales import counter, fulfilment, points
from sales.enums import Channel, Delivery, OrderStatus
from sales.errors import OutOfStock
from sales.models import Order
from sales.tests.factories import (
    ask,
    basket,
    counter_order,
    customer,
    paid,
    place,
    shelf,
)
from stock.models import StockBalance

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture(autouse=True)
def _in_english():
    with override("en"):
        yield


def sell(*asks, by=None, channel=Channel.CASH, **more):
    what = basket(*asks, delivery=Delivery.PICKUP, address=None)
    return counter.sell(what, by=by or AdminFactory(), channel=channel, **more)


def balance(goods):
    row = StockBalance.objects.get(pk=goods.pk)
    return row.on_hand, row.reserved


def test_it_is_paid_and_gone():
    apple = shelf(price="7.98", is_weighed=True)
    order = sell(ask(apple, "0.860"), tendered=D("10"))
    assert (order.status, order.user, order.source) == (
        OrderStatus.COMPLETED,
        None,
        "counter",
    )
    assert (order.payable, order.paid) == (D("6.86"), D("6.86"))
    assert balance(apple) == (D("99.140"), 0)
    assert order.payments.get().note == "10.00 yuan given, 3.14 back"
    assert set(OperationLog.objects.values_list("action", flat=True)) >= {
        "order.placed",
        "order.paid",
        "order.handed_over",
    }
    assert proofs.run().differences == []


def test_a_customer_with_an_account_earns_points():
    user = customer()
    order = sell(ask(shelf(price="50.00")), user=user)
    assert points.balance(user.pk) == order.points_earned >= 50


def test_too_little_cash_leaves_nothing_behind():
    goods = shelf(price="12.00")
    with pytest.raises(FieldErrors) as refusal:
        sell(ask(goods), tendered=D("10"))
    assert refusal.value.errors == {"tendered": ["2.00 yuan are missing."]}
    assert not Order.objects.exists()
    assert balance(goods) == (100, 0)


@pytest.mark.parametrize("tendered", ["12.005", "NaN", "Infinity"])
def test_cash_that_is_none(tendered):
    with pytest.raises(FieldErrors):
        counter.change_of(D("12.00"), D(tendered))


def test_what_is_short_leaves_nothing_behind():
    with pytest.raises(OutOfStock):
        sell(ask(shelf(on_hand="1"), "2"))
    assert not Order.objects.exists()


def test_nothing_to_pay_needs_no_payment():
    order = sell(ask(shelf(price="0.01", is_weighed=True), "0.1"))
    assert (order.payable, order.status) == (0, OrderStatus.COMPLETED)


def test_staff_sell_less_than_the_least_quantity():
    goods = shelf(price="10.00", min_quantity=D(3))
    assert sell(ask(goods, "1")).payable == D("10.00")


def test_only_who_may():
    goods = shelf()
    for permissions in (
        ["sales.add_order", "sales.take_payment"],
        ["sales.add_order", "sales.sell_at_counter"],
        ["sales.take_payment", "sales.sell_at_counter"],
    ):
        with pytest.raises(NotPermitted):
            sell(ask(goods), by=StaffFactory(permissions=permissions))
    assert not Order.objects.exists()
    every = ["sales.add_order", "sales.take_payment", "sales.sell_at_counter"]
    assert sell(ask(goods), by=StaffFactory(permissions=every)).paid


def test_only_paid_orders_of_the_counter_go_out_at_once():
    by = AdminFactory()
    order = counter_order(ask(shelf()))
    with pytest.raises(WrongStatus):
        fulfilment.hand_over_at_once(order, by=by)
    with pytest.raises(NotPermitted):
        fulfilment.hand_over_at_once(
            order, by=StaffFactory(permissions=["sales.pack_order"])
        )
    fulfilment.hand_over_at_once(paid(order), by=by)
    storefront = paid(place(ask(shelf(price="70.00")), delivery=Delivery.PICKUP))
    with pytest.raises(FieldErrors):
        fulfilment.hand_over_at_once(storefront, by=by)
    sent = paid(counter_order(ask(shelf(price="70.00")), delivery=Delivery.HOME))
    with pytest.raises(FieldErrors):
        fulfilment.hand_over_at_once(sent, by=by)
