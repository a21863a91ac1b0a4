"""From registering to points, over HTTP against a web server of its own."""

from decimal import Decimal

import pytest

from backoffice.accounts.tests.factories import PASSWORD, AdminFactory
from backoffice.books import proofs
from backoffice.tests.servers import server
from sales import fulfilment, payments, points, weighing
from sales.enums import Channel
from sales.models import Order
from sales.tests.factories import shelf
from stock.models import StockBalance

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

ADDRESS = {
    "receiver": "韩梅梅",
    "mobile": "13800138002",
    "province": "浙江省",
    "city": "杭州市",
    "district": "西湖区",
    "detail": "文三路 90 号",
}


class Telephone:
    """A customer's: keeps the token, expects success."""

    def __init__(self, running):
        self.running, self.token = running, ""

    def __call__(self, method, path, body=None, key=""):
        status, answer = self.running.ask(method, path, body, self.token, key)
        assert status in (200, 201), answer
        return answer["data"]


@pytest.fixture
def phone(tmp_path):
    with server(tmp_path / "log", workers=2) as running:
        yield Telephone(running)


def test_from_registering_to_points(phone):
    apple = shelf("A1", price="12.50", is_weighed=True)
    pear = shelf("P1", price="35.00")

    # the customer comes, fills the cart, and sees what it costs
    phone.token = phone(
        "POST", "/auth/register", {"mobile": "13800138002", "password": PASSWORD}
    )["token"]
    home = phone("POST", "/me/addresses", ADDRESS)["id"]
    for goods, quantity in ((apple, "3.2"), (pear, "1")):
        line = {"goods_id": goods.pk, "unit": "retail", "quantity": quantity}
        phone("POST", "/cart/lines", line)
    quote = phone("GET", "/cart/quote?points=best&delivery=home")
    assert (quote["goods_total"], quote["freight"], quote["payable"]) == (
        "75.00",
        "0.00",
        "75.00",
    )
    assert quote["can_order"]

    # the order holds the goods
    body = {
        "lines": [
            {name: line[name] for name in ("goods_id", "unit", "quantity", "price")}
            for line in quote["lines"]
        ],
        "delivery": "home",
        "address_id": home,
        "message": "放门卫",
        "points": 0,
        "expected_payable": quote["payable"],
        "from_cart": True,
    }
    placed = phone("POST", "/orders", body, key="walk")["order"]
    number = placed["order_no"]
    assert placed["status"] == "pending"
    assert placed["address"] == ADDRESS
    assert phone("GET", "/cart") == {"lines": []}
    assert StockBalance.objects.get(pk=apple.pk).reserved == Decimal("3.200")

    # the staff: paid by transfer, picked, weighed, on its way
    staff, order = AdminFactory(), Order.objects.get(order_no=number)
    payments.take(order, channel=Channel.TRANSFER, by=staff)
    assert phone("GET", f"/orders/{number}")["status"] == "paid"
    [weighed] = order.lines.filter(is_weighed=True)
    refund = weighing.weigh(order, {weighed.pk: Decimal("3.1")}, by=staff)
    assert refund.amount == Decimal("1.25")
    fulfilment.ship(order, by=staff)
    assert phone("GET", f"/orders/{number}")["status"] == "shipped"
    row = StockBalance.objects.get(pk=apple.pk)
    assert (row.on_hand, row.reserved) == (Decimal("96.900"), 0)

    # it has arrived: points for what was paid
    done = phone("POST", f"/orders/{number}/confirm", {})
    assert done["status"] == "completed"
    assert done["lines"][0]["weighed"] == "3.100"
    assert phone("GET", "/me")["points"] == done["points_earned"] >= 75
    [entry] = phone("GET", "/me/points")["items"]
    assert (entry["kind"], entry["reference"]) == ("earn", number)
    [waiting] = phone("GET", f"/orders/{number}/refunds")["items"]
    assert (waiting["status"], waiting["amount"]) == ("requested", "1.25")
    assert points.balance(order.user_id) == done["points_earned"]
    assert proofs.run().differences == []
