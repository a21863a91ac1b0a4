"""Placing an order: what is written, what is refused, nothing half done."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.base.errors import FieldErrors, NotPermitted
from backoffice.shop import shop
from backoffice.shop import verbs as settings
from catalog import listing, pricing
from sales import cart, checkout, points
from sales.enums import OrderStatus, PaymentStatus, PointsKind, Source
from sales.errors import (
    BelowMinimum,
    MinimumOrder,
    NotOnSale,
    OutOfStock,
    PriceChanged,
    TooManyUnpaid,
)
from sales.models import CartLine, Order, PointsEntry
from sales.tests.factories import ask, basket, counter_order, customer, place, shelf
from stock import availability, reservations

pytestmark = pytest.mark.django_db
D = Decimal


def left(goods):
    return availability.available([goods.pk])[goods.pk]


def test_an_order_is_written_as_it_was_agreed():
    apple = shelf("A1", price="12.50", cost=D("7.0000"))
    pear = shelf("P1", price="30.00")
    user = customer(with_points=1000)
    order = place(ask(apple, "4"), ask(pear, "1"), user=user, points="best")
    assert len(order.order_no) == 24
    assert order.order_no.isdigit()
    assert (order.status, order.user) == (OrderStatus.PENDING, user)
    assert (order.goods_total, order.points, order.points_deduction) == (
        D("80.00"),
        1000,
        D("10.00"),
    )
    assert (order.freight, order.payable, order.paid) == (0, D("70.00"), 0)
    one, two = order.lines.all()
    assert (one.code, one.name, one.quantity, one.price, one.amount) == (
        "A1",
        apple.name,
        D("4.000"),
        D("12.50"),
        D("50.00"),
    )
    assert (one.unit_cost, two.unit_cost) == (D("7.0000"), None)
    assert (one.points, one.points_deduction, one.paid) == (625, D("6.25"), D("43.75"))
    assert (two.points, two.points_deduction, two.paid) == (375, D("3.75"), D("26.25"))
    assert (left(apple), left(pear)) == (96, 99)
    assert reservations.held_by(order.order_no) == {apple.pk: 4, pear.pk: 1}
    assert points.balance(user.pk) == 0
    entry = PointsEntry.objects.get(kind=PointsKind.SPEND)
    assert (entry.delta, entry.balance_after, entry.reference) == (
        -1000,
        0,
        order.order_no,
    )


def test_a_case_holds_its_base_units():
    goods = shelf(
        case_unit=shelf("X").unit,
        case_size=D(10),
        case_price=D("88.00"),
        case_enabled=True,
    )
    order = place(ask(goods, "2", "case"))
    line = order.lines.get()
    assert (line.base_quantity, line.unit_size, line.amount) == (20, 10, D("176.00"))
    assert left(goods) == 80


def test_retail_and_case_of_one_goods_in_one_order():
    goods = shelf(
        case_unit=shelf("X").unit,
        case_size=D(10),
        case_price=D("88.00"),
        case_enabled=True,
    )
    order = place(ask(goods, "3"), ask(goods, "1", "case"))
    assert order.lines.count() == 2
    assert left(goods) == 87


def test_all_that_is_short_is_named_at_once():
    few, none, enough = shelf("A", on_hand="2"), shelf("B", on_hand="0"), shelf("C")
    with pytest.raises(OutOfStock) as refusal:
        place(ask(few, "9"), ask(none, "9"), ask(enough, "9"))
    assert [g["code"] for g in refusal.value.data["goods"]] == ["A", "B"]
    assert [g["available"] for g in refusal.value.data["goods"]] == ["2.000", "0.000"]
    quote = refusal.value.data["quote"]
    assert (quote["goods_total"], quote["can_order"]) == ("90.00", True)
    assert not Order.objects.exists()
    assert left(enough) == 100


def test_a_price_that_rose_asks_again_and_a_fall_is_passed_on():
    goods = shelf(price="70.00")
    by = AdminFactory()
    seen = ask(goods, "1", price="70.00")
    pricing.change_price(goods, by=by, price=D("75.00"))
    with pytest.raises(PriceChanged) as refusal:
        place(seen)
    assert refusal.value.data["quote"]["payable"] == "75.00"
    assert refusal.value.data["goods"][0]["price"] == "75.00"
    pricing.change_price(goods, by=by, price=D("69.00"))
    assert place(seen, expected_payable=D("70.00")).payable == D("69.00")


def test_a_payable_above_what_was_expected_asks_again():
    goods = shelf(price="70.00")
    with pytest.raises(PriceChanged):
        place(ask(goods), expected_payable=D("69.99"))
    assert place(ask(goods), expected_payable=D("70.00")).payable == D("70.00")


def test_points_above_what_is_usable_are_lowered():
    goods = shelf(price="70.00")
    user = customer(with_points=500)
    order = place(ask(goods), user=user, points=100_000)
    assert (order.points, order.payable) == (500, D("65.00"))


def test_the_minimum_holds_for_customers_and_not_for_staff():
    goods = shelf(price="10.00")
    with pytest.raises(MinimumOrder) as refusal:
        place(ask(goods, "6"))
    assert refusal.value.data["quote"]["missing_amount"] == "8.00"
    order = counter_order(ask(goods, "6"))
    assert (order.payable, order.source, order.user) == (D("60.00"), "counter", None)


def test_what_is_not_sold_like_that_is_named():
    gone, fine = shelf("A", price="70.00"), shelf("B", price="70.00")
    listing.delist(gone, by=AdminFactory())
    with pytest.raises(NotOnSale) as refusal:
        place(ask(gone), ask(fine))
    assert [g["code"] for g in refusal.value.data["goods"]] == ["A"]
    with pytest.raises(NotOnSale):
        place(ask(fine, "1", "case"))


def test_minimum_and_step_of_a_line():
    goods = shelf(price="70.00", min_quantity=D(3))
    with pytest.raises(BelowMinimum):
        place(ask(goods, "2"))
    with pytest.raises(FieldErrors) as refusal:
        place(ask(goods, "3.5"))
    assert list(refusal.value.errors) == ["lines.0.quantity"]


@pytest.mark.parametrize("quantity", ["0", "-1", "1000000000", "0.0001", "NaN"])
def test_quantities_that_are_none(quantity):
    goods = shelf(price="70.00")
    with pytest.raises(FieldErrors):
        place(ask(goods, quantity))


def test_the_same_line_twice_is_refused():
    goods = shelf(price="70.00")
    with pytest.raises(FieldErrors):
        place(ask(goods), ask(goods))


def test_delivery_needs_an_address():
    goods = shelf(price="70.00")
    with pytest.raises(FieldErrors) as refusal:
        place(ask(goods), address=None)
    assert "address_id" in refusal.value.errors


def test_a_customer_holds_only_so_many_unpaid_orders():
    goods = shelf(price="70.00")
    user = customer()
    for _ in range(5):
        place(ask(goods), user=user)
    with pytest.raises(TooManyUnpaid):
        place(ask(goods), user=user)
    place(ask(goods))


def test_what_comes_to_nothing_is_paid_at_once():
    goods = shelf(price="70.00")
    user = customer(with_points=7000)
    order = place(ask(goods), user=user, points="best")
    assert (order.payable, order.status, order.paid) == (0, OrderStatus.PAID, 0)
    payment = order.payments.get()
    assert (payment.status, payment.channel, payment.amount) == (
        PaymentStatus.PAID,
        "points",
        0,
    )


def test_what_was_ordered_leaves_the_cart_and_the_rest_stays():
    one, two = shelf(price="70.00"), shelf()
    user = customer()
    cart.add(user, goods_id=one.pk, unit="retail", quantity=D(1))
    cart.add(user, goods_id=two.pk, unit="retail", quantity=D(1))
    place(ask(one), user=user, from_cart=True)
    assert [line.goods_id for line in CartLine.objects.all()] == [two.pk]


def test_statements_do_not_grow_with_the_lines():
    goods = [shelf(price="70.00") for _ in range(8)]
    user = customer(with_points=100)
    cart.add(user, goods_id=goods[0].pk, unit="retail", quantity=D(1))
    with CaptureQueriesContext(connection) as seen:
        checkout.place_order(
            basket(*[ask(g) for g in goods], points="best", from_cart=True), user=user
        )
    statements = [q for q in seen if "SAVEPOINT" not in q["sql"]]
    # two of them see to it that the levels of the goods are looked at
    assert len(statements) <= 13


def test_only_who_may_enters_orders():
    goods = shelf()
    with pytest.raises(NotPermitted):
        counter_order(ask(goods), by=StaffFactory())
    by = StaffFactory(permissions=["sales.add_order"])
    assert counter_order(ask(goods), by=by).placed_by == by
    with pytest.raises(ValueError, match="entered by somebody"):
        checkout.place_order(basket(ask(goods)), user=None, source=Source.COUNTER)


def test_settings_of_the_shop_count():
    goods = shelf(price="10.00")
    by = AdminFactory()
    settings.set_value("MIN_ORDER", "0", by=by)
    settings.set_value("FREIGHT", "8.50", by=by)
    shop.forget()
    assert place(ask(goods)).payable == D("18.50")
