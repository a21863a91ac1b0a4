"""/orders over HTTP: place once, look, cancel, confirm, ask for a refund."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backoffice.accounts import addresses
from backoffice.accounts.tests.factories import AdminFactory
from catalog import pricing
from sales import cancelling, fulfilment, payments, weighing
from sales.api.tests.calls import Caller
from sales.enums import Channel
from sales.models import IdempotencyKey, Order
from sales.tests.factories import customer, paid, shelf
from stock import availability

pytestmark = pytest.mark.django_db
HOME = {
    "receiver": "李雷",
    "mobile": "13800138000",
    "province": "浙江省",
    "city": "杭州市",
    "district": "西湖区",
    "detail": "文三路 90 号",
}


@pytest.fixture
def user():
    return customer(with_points=500)


@pytest.fixture
def call(user):
    return Caller(user)


def body_of(goods, quantity="1", **more):
    line = {"goods_id": goods.pk, "unit": "retail", "quantity": quantity}
    if "price" in more:
        line["price"] = more.pop("price")
    return {"lines": [line], "delivery": "pickup", **more}


def place(call, goods, quantity="1", key="k1", **more):
    return call.data("POST", "/orders", body_of(goods, quantity, **more), key=key)[
        "order"
    ]


def test_an_order_has_exactly_the_fields_of_the_contract(call):
    goods = shelf("A1", price="35.00")
    order = place(call, goods, "2", points="best", message="<b>快</b> 🍎")
    number = order["order_no"]
    assert order == {
        "order_no": number,
        "status": "pending",
        "cancelling": False,
        "lines": [
            {
                "id": order["lines"][0]["id"],
                "goods_id": goods.pk,
                "code": "A1",
                "name": goods.name,
                "spec": "",
                "unit": "retail",
                "unit_name": "个",
                "quantity": "2.000",
                "price": "35.00",
                "amount": "70.00",
                "points": 500,
                "points_deduction": "5.00",
                "paid": "65.00",
                "weighed": None,
                "refunded_quantity": "0.000",
                "refunded": "0.00",
            }
        ],
        "goods_total": "70.00",
        "points": 500,
        "points_deduction": "5.00",
        "freight": "0.00",
        "payable": "65.00",
        "paid": "0.00",
        "refunded": "0.00",
        "points_earned": 0,
        "delivery": "pickup",
        "address": None,
        "message": "<b>快</b> 🍎",
        "pickup_code": None,
        "carrier": None,
        "tracking_no": None,
        "created_at": order["created_at"],
        "paid_at": None,
        "shipped_at": None,
        "completed_at": None,
        "expires_at": order["expires_at"],
    }
    assert call.data("GET", f"/orders/{number}") == order
    listed = call.data("GET", "/orders")
    assert (listed["pagination"]["total"], listed["items"]) == (1, [order])
    assert call.data("GET", "/orders?status=paid")["items"] == []


def test_the_same_key_places_one_order(call):
    goods = shelf(price="70.00")
    first = place(call, goods, key="one")
    # blanks and the order of names do not make another body
    again = call.data(
        "POST", "/orders", dict(reversed(body_of(goods).items())), key="one"
    )
    assert again["order"] == first
    assert Order.objects.count() == 1
    assert call.error("POST", "/orders", body_of(goods, "2"), key="one") == (
        400,
        "idempotency_key_reused",
    )
    assert place(call, goods, key="two")["order_no"] != first["order_no"]


def test_only_a_success_is_kept(call):
    goods = shelf(price="70.00", on_hand="1")
    assert call.error("POST", "/orders", body_of(goods, "2"), key="k") == (
        409,
        "out_of_stock",
    )
    assert not IdempotencyKey.objects.exists()
    place(call, goods, "1", key="k")


@pytest.mark.parametrize("key", [None, "", "x" * 65, "é"])
def test_keys_that_are_none(call, key):
    goods = shelf(price="70.00")
    assert call.error("POST", "/orders", body_of(goods), key=key) == (400, "invalid")
    assert not Order.objects.exists()


def test_a_rise_carries_the_new_quote(call):
    goods = shelf(price="70.00")
    pricing.change_price(goods, by=AdminFactory(), price=Decimal(80))
    status, answer = call("POST", "/orders", body_of(goods, price="70.00"), key="k")
    assert (status, answer["error"]) == (409, "price_changed")
    assert answer["data"]["quote"]["payable"] == "80.00"


def test_the_minimum_carries_the_quote(call):
    goods = shelf(price="7.00")
    status, answer = call("POST", "/orders", body_of(goods), key="k")
    assert (status, answer["error"]) == (409, "minimum_order")
    assert answer["data"]["quote"]["missing_amount"] == "61.00"


def test_other_peoples_orders_are_not_found(call):
    number = place(call, shelf(price="70.00"))["order_no"]
    other = Caller(customer())
    for method, path in (
        ("GET", f"/orders/{number}"),
        ("POST", f"/orders/{number}/cancel"),
        ("POST", f"/orders/{number}/confirm"),
        ("GET", f"/orders/{number}/refunds"),
    ):
        assert other.error(method, path) == (404, "not_found")
    assert other.error("POST", f"/orders/{number}/refunds", {"reason": "x"}) == (
        404,
        "not_found",
    )
    assert call.error("GET", "/orders/abc") == (404, "not_found")


def test_somebody_elses_address_is_not_found(call):
    goods = shelf(price="70.00")
    body = body_of(goods, delivery="home", address_id=10**9)
    assert call.error("POST", "/orders", body, key="k") == (404, "not_found")
    del body["address_id"]
    assert call.error("POST", "/orders", body, key="k") == (400, "invalid")


def test_cancelling(call):
    goods = shelf(price="70.00")
    number = place(call, goods)["order_no"]
    assert call.data("POST", f"/orders/{number}/cancel", {}) == {
        "status": "cancelled",
        "cancelling": False,
    }
    assert availability.available([goods.pk])[goods.pk] == 100
    assert call.error("POST", f"/orders/{number}/cancel") == (409, "wrong_status")


def test_cancelling_while_a_payment_is_under_way(call):
    number = place(call, shelf(price="70.00"))["order_no"]
    order = Order.objects.get()
    payments.begin(order, channel=Channel.WECHAT)
    assert call.data("POST", f"/orders/{number}/cancel") == {
        "status": "pending",
        "cancelling": True,
    }
    assert call.data("GET", f"/orders/{number}")["cancelling"] is True
    assert cancelling.finish(order.pk) is False


def test_a_refund_by_quantity_and_of_the_rest(call, user):
    goods = shelf(price="35.00")
    shown = place(call, goods, "2", points="best")
    number, line = shown["order_no"], shown["lines"][0]["id"]
    order = paid(Order.objects.get())
    body = {"reason": "坏果", "lines": [{"line_id": line, "quantity": "1"}]}
    refund = call.data("POST", f"/orders/{number}/refunds", body, key="r1")["refund"]
    assert refund == {
        "refund_no": f"{number}r1",
        "status": "requested",
        "amount": "32.50",
        "points": 250,
        "lines": [
            {"line_id": line, "quantity": "1.000", "amount": "32.50", "points": 250}
        ],
        "reason": "坏果",
        "rejection": None,
        "created_at": refund["created_at"],
        "finished_at": None,
    }
    assert call.data("POST", f"/orders/{number}/refunds", body, key="r1")["refund"] == (
        refund
    )
    rest = call.data("POST", f"/orders/{number}/refunds", {"reason": "都退"})["refund"]
    assert rest["amount"] == "32.50"
    listed = call.data("GET", f"/orders/{number}/refunds")["items"]
    assert listed == [rest, refund]
    body = {"reason": "x", "lines": [{"line_id": line, "quantity": "0.5"}]}
    assert call.error("POST", f"/orders/{number}/refunds", body) == (
        409,
        "refund_limit",
    )
    assert order.refunds.count() == 2


def test_confirming_a_shipped_order(call, user):
    goods = shelf(price="70.00")
    number = place(call, goods, delivery="pickup")["order_no"]
    assert call.error("POST", f"/orders/{number}/confirm") == (409, "wrong_status")
    order = Order.objects.get()
    Order.objects.update(delivery="home")
    fulfilment.ship(paid(order), by=AdminFactory())
    shown = call.data("POST", f"/orders/{number}/confirm")
    assert shown["status"] == "completed"
    assert shown["points_earned"] >= 70


def test_from_cart_to_points_over_http(call, user):
    apple = shelf(price="20.00", is_weighed=True)
    for goods, quantity in ((apple, "3.5"), (shelf(price="10.00"), "1")):
        call.data(
            "POST",
            "/cart/lines",
            {"goods_id": goods.pk, "unit": "retail", "quantity": quantity},
        )
    quote = call.data("GET", "/cart/quote?points=0&delivery=pickup")
    lines = [
        {k: line[k] for k in ("goods_id", "unit", "quantity", "price")}
        for line in quote["lines"]
    ]
    placed = call.data(
        "POST",
        "/orders",
        {
            "lines": lines,
            "delivery": "pickup",
            "points": 0,
            "expected_payable": quote["payable"],
            "from_cart": True,
        },
        key="walk",
    )["order"]
    assert call.data("GET", "/cart") == {"lines": []}
    order = paid(Order.objects.get(order_no=placed["order_no"]))
    by = AdminFactory()
    weighed = order.lines.get(goods=apple)
    refund = weighing.weigh(order, {weighed.pk: Decimal("3.42")}, by=by)
    assert str(refund.amount) == "1.60"
    order = fulfilment.make_ready(order, by=by)
    code = call.data("GET", f"/orders/{placed['order_no']}")["pickup_code"]
    fulfilment.hand_over(order, by=by, code=code)
    shown = call.data("GET", f"/orders/{placed['order_no']}")
    assert (shown["status"], shown["lines"][0]["weighed"]) == ("completed", "3.420")
    me = call.data("GET", "/me")
    assert me["points"] == 500 + shown["points_earned"]


@pytest.mark.parametrize("count", [1, 3, 12])
def test_an_order_takes_as_many_statements_whatever_the_number_of_lines(
    call, user, count
):
    many = [shelf(price="70.00") for _ in range(count)]
    home = addresses.add(user, HOME)
    call.data("GET", "/cart")
    lines = [
        {"goods_id": goods.pk, "unit": "retail", "quantity": "1", "price": "70.00"}
        for goods in many
    ]
    body = {"lines": lines, "delivery": "home", "address_id": home.pk}
    with CaptureQueriesContext(connection) as seen:
        call.data("POST", "/orders", body, key="k")
    counted = [
        query["sql"]
        for query in seen
        if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))
        # who it is
        and not any(
            word in query["sql"] for word in ("backoffice_cache", "accounts_user")
        )
    ]
    assert len(counted) <= 14, counted
