"""/cart and /quote over HTTP: shapes, refusals, other people's lines."""

import pytest
from django.test import Client

from backoffice.accounts.tests.factories import AdminFactory
from catalog import listing
from sales.api.tests.calls import Caller
from sales.tests.factories import customer, shelf

pytestmark = pytest.mark.django_db


@pytest.fixture
def call():
    return Caller(customer(with_points=500))


def put(call, goods, quantity="1", unit="retail"):
    body = {"goods_id": goods.pk, "unit": unit, "quantity": quantity}
    return call.data("POST", "/cart/lines", body)["lines"][-1]


def test_a_line_has_exactly_the_fields_of_the_contract(call):
    goods = shelf("A1", price="12.50")
    assert put(call, goods, "2") == {
        "id": call.data("GET", "/cart")["lines"][0]["id"],
        "goods_id": goods.pk,
        "goods": {
            "id": goods.pk,
            "code": "A1",
            "name": goods.name,
            "spec": "",
            "image": None,
        },
        "unit": "retail",
        "unit_name": "个",
        "quantity": "2.000",
        "price": "12.50",
        "amount": "25.00",
        "available": "100.000",
        "problem": None,
        "problem_text": None,
        "ticked": True,
    }


def test_the_same_goods_adds_up(call):
    goods = shelf()
    put(call, goods, "2")
    assert put(call, goods, 3)["quantity"] == "5.000"
    assert len(call.data("GET", "/cart")["lines"]) == 1


def test_changing_ticking_and_taking_out(call):
    one, two = put(call, shelf()), put(call, shelf())
    path = f"/cart/lines/{one['id']}"
    lines = call.data("PATCH", path, {"quantity": "7", "ticked": False})["lines"]
    assert (lines[0]["quantity"], lines[0]["ticked"]) == ("7.000", False)
    lines = call.data("PUT", "/cart/ticked", {"line_ids": [one["id"]]})["lines"]
    assert [line["ticked"] for line in lines] == [True, False]
    lines = call.data("DELETE", path)["lines"]
    assert [line["id"] for line in lines] == [two["id"]]
    assert call.error("DELETE", path) == (404, "not_found")


def test_a_line_with_a_problem_says_why(call):
    goods = shelf(on_hand="3")
    put(call, goods, "4")
    [line] = call.data("GET", "/cart")["lines"]
    assert (line["problem"], line["problem_text"]) == (
        "out_of_stock",
        "Not enough there",
    )
    listing.delist(goods, by=AdminFactory())
    assert call.data("GET", "/cart")["lines"][0]["problem"] == "not_on_sale"


def test_the_quote_of_the_ticked_lines(call):
    put(call, shelf(price="50.00"))
    other = put(call, shelf(price="30.00"))
    call.data("PATCH", f"/cart/lines/{other['id']}", {"ticked": False})
    quote = call.data("GET", "/cart/quote?points=best&delivery=home")
    assert len(quote.pop("lines")) == 1
    assert quote == {
        "goods_total": "50.00",
        "points_balance": 500,
        "points_usable": 500,
        "points": 500,
        "points_deduction": "5.00",
        "freight": "6.00",
        "payable": "51.00",
        "can_order": False,
        "missing_amount": "18.00",
    }
    assert call.data("GET", "/cart/quote?points=0&delivery=pickup")["payable"] == (
        "50.00"
    )


def test_buy_now_leaves_the_cart_alone(call):
    goods = shelf(price="70.00")
    body = {
        "lines": [{"goods_id": goods.pk, "unit": "retail", "quantity": 1}],
        "points": 100,
        "delivery": "pickup",
    }
    quote = call.data("POST", "/quote", body)
    assert (quote["payable"], quote["can_order"]) == ("69.00", True)
    assert quote["lines"][0]["id"] is None
    assert call.data("GET", "/cart") == {"lines": []}


@pytest.mark.parametrize(
    "quantity", ["0", "-1", 1e9, "0.0001", "abc", "NaN", "1e400", None, True, [1]]
)
def test_quantities_that_are_none(call, quantity):
    body = {"goods_id": shelf().pk, "unit": "retail", "quantity": quantity}
    assert call.error("POST", "/cart/lines", body) == (400, "invalid")


def test_goods_that_are_not_there(call):
    body = {"goods_id": 2**40, "unit": "retail", "quantity": 1}
    assert call.error("POST", "/cart/lines", body) == (409, "not_on_sale")
    body = {"goods_id": shelf().pk, "unit": "case", "quantity": 1}
    assert call.error("POST", "/cart/lines", body) == (409, "not_on_sale")


def test_other_peoples_lines_are_not_found(call):
    line = put(call, shelf())
    other = Caller(customer())
    path = f"/cart/lines/{line['id']}"
    assert other.error("PATCH", path, {"quantity": 2}) == (404, "not_found")
    assert other.error("DELETE", path) == (404, "not_found")
    assert other.error("PUT", "/cart/ticked", {"line_ids": [line["id"]]}) == (
        404,
        "not_found",
    )
    assert call.data("GET", "/cart")["lines"][0]["quantity"] == "1.000"


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/cart"), ("GET", "/cart/quote"), ("GET", "/orders"), ("POST", "/quote")],
)
def test_nobody_without_a_token(method, path):
    answer = Client().generic(
        method, f"/api/v1{path}", b"{}", content_type="application/json"
    )
    assert (answer.status_code, answer.json()["error"]) == (401, "not_authenticated")
