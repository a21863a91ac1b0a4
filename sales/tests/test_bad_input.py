"""What people send that is wrong, late or somebody else's: refused, and nothing written."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from backoffice.accounts import addresses
from backoffice.accounts.tests.factories import AdminFactory
from catalog import archiving, listing
from sales import fulfilment, payments, points
from sales.api.tests.calls import Caller
from sales.enums import Channel
from sales.errors import NotOnSale
from sales.models import Order
from sales.payments import Receipt
from sales.tests.factories import ask, customer, place, shelf
from stock import availability

pytestmark = pytest.mark.django_db
D = Decimal
HOME = {
    "receiver": "李雷",
    "mobile": "13800138000",
    "province": "浙江省",
    "city": "杭州市",
    "district": "西湖区",
    "detail": "文三路 90 号",
}


def line(goods, quantity="1", unit="retail"):
    return {"goods_id": goods.pk, "unit": unit, "quantity": quantity}


def order(call, *lines, key="k", **more):
    body = {"lines": list(lines), "delivery": "pickup", **more}
    return call.error("POST", "/orders", body, key=key)


@pytest.mark.parametrize("quantity", ["0", "-1", 1e9, "0.0001", "NaN", None, True])
def test_quantities_that_are_none(quantity):
    call, goods = Caller(customer()), shelf(price="70.00")
    assert order(call, line(goods, quantity)) == (400, "invalid")
    body = {"lines": [line(goods, quantity)], "points": 0, "delivery": "pickup"}
    assert call.error("POST", "/quote", body) == (400, "invalid")
    added = Caller(customer()).error("POST", "/cart/lines", line(goods, quantity))
    assert added == (400, "invalid")
    assert not Order.objects.exists()


def test_a_case_of_goods_sold_by_the_base_unit_only():
    call, goods = Caller(customer()), shelf(price="70.00")
    assert order(call, line(goods, "1", "case")) == (409, "not_on_sale")
    body = {"lines": [line(goods, "1", "case")], "delivery": "pickup"}
    quote = call.data("POST", "/quote", body)
    assert (quote["can_order"], quote["lines"][0]["problem"]) == (False, "not_on_sale")


@pytest.mark.parametrize("is_archived", [False, True])
def test_goods_that_leave_the_shelf_between_quote_and_order(is_archived):
    call, by, goods = Caller(customer()), AdminFactory(), shelf(price="70.00")
    body = {"lines": [line(goods)], "delivery": "pickup"}
    assert call.data("POST", "/quote", body)["can_order"]
    listing.delist(goods, by=by)
    if is_archived:
        goods.refresh_from_db()
        archiving.archive(goods, by=by)
    assert order(call, line(goods)) == (409, "not_on_sale")
    with pytest.raises(NotOnSale) as refusal:
        place(ask(goods))
    assert [named["goods_id"] for named in refusal.value.data["goods"]] == [goods.pk]
    assert availability.available([goods.pk])[goods.pk] == 100


def test_somebody_elses_address():
    theirs = addresses.add(customer(), HOME)
    call, goods = Caller(customer()), shelf(price="70.00")
    sent = order(call, line(goods), delivery="home", address_id=theirs.pk)
    assert sent == (404, "not_found")
    assert not Order.objects.exists()


def test_somebody_elses_key_is_no_repeat():
    goods, numbers = shelf(price="70.00"), set()
    body = {"lines": [line(goods)], "delivery": "pickup"}
    for _ in range(2):
        placed = Caller(customer()).data("POST", "/orders", body, key="same")
        numbers.add(placed["order"]["order_no"])
    assert len(numbers) == 2


@pytest.mark.parametrize(("wanted", "spent"), [(10**6, 500), (7001, 500), (-1, None)])
def test_more_points_than_there_are(wanted, spent):
    user = customer(with_points=500)
    call, goods = Caller(user), shelf(price="70.00")
    if spent is None:
        assert order(call, line(goods), points=wanted) == (400, "invalid")
        return
    body = {"lines": [line(goods)], "delivery": "pickup", "points": wanted}
    assert call.data("POST", "/orders", body, key="k")["order"]["points"] == spent


def test_more_points_than_the_goods_cost():
    user = customer(with_points=100_000)
    made = place(ask(shelf(price="70.00")), user=user, points=100_000)
    assert (made.points, made.payable) == (7000, 0)
    assert points.balance(user.pk) == 93_000


def test_a_balance_below_zero_buys_nothing():
    user = customer(with_points=100)
    points.post(user.pk, -300, kind="claw_back", reference="before")
    made = place(ask(shelf(price="70.00")), user=user, points="best")
    assert (made.points, made.payable) == (0, D("70.00"))


def test_a_message_is_kept_as_it_is_and_does_no_harm_on_pages():
    evil = "<script>alert(1)</script> 🍎"
    made = place(ask(shelf(price="70.00")), message=evil)
    made.refresh_from_db()
    assert made.message == evil
    browser = Client()
    browser.force_login(AdminFactory())
    page = browser.get(f"/admin/sales/order/{made.pk}/change/").content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_message_that_is_too_long():
    call, goods = Caller(customer()), shelf(price="70.00")
    assert order(call, line(goods), message="长" * 201) == (400, "invalid")


@pytest.mark.parametrize(
    ("second", "factor"),
    [
        # Tuesday, 8 December 2026 is the member day
        (-1, D(1)),
        (0, D(3)),
        (24 * 3600 - 1, D(3)),
        (24 * 3600, D(1)),
    ],
)
def test_the_shops_midnight_decides_what_the_member_day_is(second, factor, monkeypatch):
    midnight = timezone.make_aware(datetime(2026, 12, 8))  # noqa: DTZ001 - made aware
    assert settings.TIME_ZONE == "Asia/Shanghai"
    user = customer()
    # ordered before, confirmed on the day or after it: only when it was paid counts
    made = place(ask(shelf(price="70.00")), user=user)
    payment = payments.begin(made, channel=Channel.WECHAT)
    paid_at = midnight + timedelta(seconds=second)
    payments.settle(payment.out_trade_no, Receipt(made.payable, "42", paid_at))
    # the clock jumps while the goods are on their way
    monkeypatch.setattr(timezone, "now", lambda: midnight - timedelta(hours=5))
    by = AdminFactory()
    fulfilment.complete(fulfilment.ship(made, by=by), by=by)
    assert points.balance(user.pk) == 70 * factor
