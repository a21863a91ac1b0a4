"""From registering to points, over HTTP against a web server of its own."""

import http.client
from decimal import Decimal
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.contrib.auth.models import Group
from django.test import Client

from backoffice.accounts.roles import sync_roles
from backoffice.accounts.tests.factories import PASSWORD, StaffFactory
from backoffice.books import proofs
from backoffice.tests.servers import server
from sales import points
from sales.admin.papers import PICK, papers_url
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


class Desk:
    """A browser of the staff, signed in: posts forms of the admin."""

    token = "w" * 32

    def __init__(self, running, user):
        self.running = running
        client = Client()
        client.force_login(user)
        name = settings.SESSION_COOKIE_NAME
        self.cookie = (
            f"{name}={client.cookies[name].value};"
            f" {settings.CSRF_COOKIE_NAME}={self.token}"
        )

    def __call__(self, method, path, **form):
        """The page; a form that was taken leads on to another (its address)."""
        call = http.client.HTTPConnection("127.0.0.1", self.running.port, timeout=60)
        headers = {"Cookie": self.cookie, "Accept-Language": "en"}
        if method == "POST":
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        body = urlencode({**form, "csrfmiddlewaretoken": self.token}, doseq=True)
        try:
            call.request(method, path, body if method == "POST" else None, headers)
            answer = call.getresponse()
            page = answer.read().decode()
            assert answer.status in (200, 302), page
            return answer.getheader("Location") or page
        finally:
            call.close()


@pytest.fixture
def running(tmp_path):
    with server(tmp_path / "log", workers=2) as one:
        yield one


@pytest.fixture
def phone(running):
    return Telephone(running)


@pytest.fixture
def desk(running):
    """Of a manager."""
    sync_roles()
    user = StaffFactory()
    user.groups.add(Group.objects.get(name="manager"))
    return Desk(running, user)


def test_from_registering_to_points(phone, desk):
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

    # the staff: paid by transfer, picked, weighed, on its way; by the pages of the admin
    order = Order.objects.get(order_no=number)
    at = f"/admin/sales/order/{order.pk}"
    done = f"{at}/change/"
    assert number in desk("GET", "/admin/sales/order/?tab=pending")
    assert desk("POST", f"{at}/pay/", channel="transfer", note="1234") == done
    assert phone("GET", f"/orders/{number}")["status"] == "paid"
    assert number[-6:] in desk("GET", "/admin/sales/order/packing/")
    assert apple.name in desk("GET", papers_url(PICK, [order.pk]))
    [weighed] = order.lines.filter(is_weighed=True)
    typed = {f"weight_{weighed.pk}": "3.1"}
    foreseen = desk("POST", f"{at}/weigh/", **typed)
    assert "yuan will be opened for what is missing" in foreseen
    assert "1.25" in foreseen
    assert not order.refunds.exists()
    checked = f"{weighed.pk}=3.1"
    assert desk("POST", f"{at}/weigh/", checked=checked, **typed) == done
    assert order.refunds.get().amount == Decimal("1.25")
    assert desk("POST", f"{at}/ship/") == done
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
    assert (waiting["status"], waiting["amount"]) == ("approved", "1.25")
    assert points.balance(order.user_id) == done["points_earned"]
    assert proofs.run().differences == []
