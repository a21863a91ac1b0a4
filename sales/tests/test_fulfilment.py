"""Pack, weigh, ship, hand over, complete; stock leaves at hand-over."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.base.errors import FieldErrors, NotPermitted, WrongStatus
from sales import figures, fulfilment, points, refunds, tasks, weighing
from sales.enums import Delivery, OrderStatus, RefundKind, RefundStatus
from sales.errors import RefundInTheWay, WrongCode
from sales.models import Order
from sales.tests.factories import (
    ask,
    counter_order,
    customer,
    paid,
    place,
    shelf,
    shipped,
)
from stock.models import StockBalance, StockMovement

pytestmark = pytest.mark.django_db
D = Decimal


def balance(goods):
    row = StockBalance.objects.get(pk=goods.pk)
    return row.on_hand, row.reserved


def test_shipping_books_out_and_completing_earns():
    goods = shelf(price="70.00", points_factor=D("1.50"))
    user = customer()
    order = place(ask(goods, "2"), user=user)
    assert balance(goods) == (100, 2)
    paid(order)
    assert balance(goods) == (100, 2)
    fulfilment.ship(order, by=AdminFactory())
    assert balance(goods) == (98, 0)
    assert figures.sales_volume([goods.pk]) == {goods.pk: 2}
    order = fulfilment.complete(order, by=user)
    assert (order.status, order.points_earned) == (
        OrderStatus.COMPLETED,
        int(210 * order.points_day_factor),
    )
    assert points.balance(user.pk) == order.points_earned
    with pytest.raises(WrongStatus):
        fulfilment.complete(order, by=user)


def test_express_needs_carrier_and_number():
    order = paid(place(ask(shelf(price="70.00")), delivery=Delivery.EXPRESS))
    with pytest.raises(FieldErrors) as refusal:
        fulfilment.ship(order, by=AdminFactory())
    assert set(refusal.value.errors) == {"carrier", "tracking_no"}
    order = fulfilment.ship(order, by=AdminFactory(), carrier="顺丰", tracking_no="SF1")
    assert order.tracking_no == "SF1"


def test_pick_up_goes_by_the_code():
    goods = shelf(price="70.00")
    order = paid(place(ask(goods), delivery=Delivery.PICKUP))
    by = AdminFactory()
    with pytest.raises(FieldErrors):
        fulfilment.ship(order, by=by)
    order = fulfilment.make_ready(order, by=by)
    assert len(order.pickup_code) == 4
    wrong = f"{(int(order.pickup_code) + 1) % 10000:04d}"
    with pytest.raises(WrongCode):
        fulfilment.hand_over(order, by=by, code=wrong)
    assert balance(goods) == (100, 1)
    order = fulfilment.hand_over(order, by=by, code=f" {order.pickup_code} ")
    assert order.status == OrderStatus.COMPLETED
    assert balance(goods) == (99, 0)


def test_codes_of_waiting_orders_differ():
    goods = shelf(price="70.00")
    by = AdminFactory()
    codes = {
        fulfilment.make_ready(paid(counter_order(ask(goods), by=by)), by=by).pickup_code
        for _ in range(20)
    }
    assert len(codes) == 20


def test_only_who_may_packs():
    order = paid(place(ask(shelf(price="70.00"))))
    for act in (
        lambda: fulfilment.ship(order, by=StaffFactory()),
        lambda: fulfilment.make_ready(order, by=StaffFactory()),
        lambda: weighing.weigh(order, {}, by=StaffFactory()),
        lambda: fulfilment.hand_over(order, by=StaffFactory(), code="0000"),
    ):
        with pytest.raises(NotPermitted):
            act()


def test_unpaid_orders_are_not_packed():
    order = place(ask(shelf(price="70.00")))
    with pytest.raises(WrongStatus):
        fulfilment.ship(order, by=AdminFactory())


def test_a_walk_in_earns_nothing():
    order = paid(counter_order(ask(shelf(price="70.00"))))
    order = fulfilment.make_ready(order, by=AdminFactory())
    order = fulfilment.hand_over(order, by=AdminFactory(), code=order.pickup_code)
    assert (order.status, order.points_earned) == (OrderStatus.COMPLETED, 0)


def test_shipped_orders_complete_by_themselves():
    order, fresh = (shipped(place(ask(shelf(price="70.00")))) for _ in range(2))
    Order.objects.filter(pk=order.pk).update(
        shipped_at=timezone.now() - timedelta(days=7, seconds=1)
    )
    assert tasks.complete_overdue() == 1
    assert Order.objects.get(pk=order.pk).status == OrderStatus.COMPLETED
    assert Order.objects.get(pk=fresh.pk).status == OrderStatus.SHIPPED


def weighed_order(quantity="5", price="20.00", **more):
    goods = shelf(price=price, is_weighed=True)
    return goods, paid(place(ask(goods, quantity), **more))


def test_under_weight_opens_one_refund_of_the_differences():
    goods, order = weighed_order()
    other = shelf(price="10.00", is_weighed=True)
    order = paid(place(ask(goods, "5"), ask(other, "3"), user=customer()))
    one, two = order.lines.all()
    refund = weighing.weigh(
        order, {one.pk: D("4.812"), two.pk: D("2.9")}, by=AdminFactory()
    )
    assert (refund.kind, refund.status) == (RefundKind.WEIGHT, RefundStatus.REQUESTED)
    assert [(p.base_quantity, p.amount) for p in refund.lines.all()] == [
        (D("0.188"), D("3.76")),
        (D("0.100"), D("1.00")),
    ]
    assert refund.amount == D("4.76")
    before = balance(goods)
    fulfilment.ship(order, by=AdminFactory())
    assert balance(goods) == (before[0] - D("4.812"), before[1] - 5)
    sale = StockMovement.objects.get(goods=goods, kind="sale")
    assert (sale.delta_on_hand, sale.delta_reserved) == (D("-4.812"), D(-5))


def test_over_weight_is_given_away_up_to_the_tolerance():
    goods, order = weighed_order()
    line = order.lines.get()
    with pytest.raises(FieldErrors):
        weighing.weigh(order, {line.pk: D("5.501")}, by=AdminFactory())
    assert weighing.weigh(order, {line.pk: D("5.5")}, by=AdminFactory()) is None
    fulfilment.ship(order, by=AdminFactory())
    assert balance(goods) == (D("94.5"), 0)


@pytest.mark.parametrize("weight", ["-1", "NaN", "1.0005"])
def test_what_is_no_weight(weight):
    _goods, order = weighed_order()
    line = order.lines.get()
    with pytest.raises(FieldErrors):
        weighing.weigh(order, {line.pk: D(weight)}, by=AdminFactory())
    with pytest.raises(FieldErrors):
        weighing.weigh(order, {}, by=AdminFactory())


def test_weighing_again_takes_the_place_of_the_first():
    _goods, order = weighed_order()
    line = order.lines.get()
    first = weighing.weigh(order, {line.pk: D("4.0")}, by=AdminFactory())
    second = weighing.weigh(order, {line.pk: D("4.9")}, by=AdminFactory())
    first.refresh_from_db()
    assert (first.status, second.amount) == (RefundStatus.REJECTED, D("2.00"))
    refunds.approve(second, by=AdminFactory())
    with pytest.raises(WrongStatus):
        weighing.weigh(order, {line.pk: D("5")}, by=AdminFactory())


def test_an_open_refund_of_the_whole_blocks_the_hand_over():
    user = customer()
    order = paid(place(ask(shelf(price="70.00")), user=user))
    refund = refunds.request(order, by=user, reason="不要了")
    assert refund.is_full
    with pytest.raises(RefundInTheWay):
        fulfilment.ship(order, by=AdminFactory())
    refunds.reject(refund, by=AdminFactory(), reason="已打包")
    order = fulfilment.ship(order, by=AdminFactory())
    refunds.request(order, by=user, reason="不要了")
    with pytest.raises(RefundInTheWay):
        fulfilment.complete(order, by=user)
