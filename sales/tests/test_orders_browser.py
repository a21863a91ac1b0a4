"""Orders in a real browser: the life of one by clicks, paper, narrow screens, and what
people entered."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from backoffice.accounts.tests.factories import AdminFactory
from backoffice.tests.browser import (
    CHROMIUM,
    CONTRAST,
    chromium,
    open_page,
)
from sales import fulfilment, weighing
from sales.checkout import Address
from sales.enums import Delivery, OrderStatus
from sales.models import Order, Refund
from sales.tests.factories import ask, customer, paid, place, shelf

__all__ = ["chromium", "open_page"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="needs Chromium"),
]
D = Decimal
LIST = "/admin/sales/order/"
HOSTILE = "<img src=x onerror=window.__xss=1>"
LONG = "新疆阿克苏冰糖心苹果特级大果家庭装礼盒" * 3


def some_orders():
    """One in each status that has a page of its own, with long words."""
    by = AdminFactory()
    goods = [
        shelf(price="70.00", name=LONG, is_weighed=True),
        shelf(price="70.00", name="Averyveryverylongnamewithoutanyblank" * 2),
    ]
    address = Address(
        "欧阳" * 8, "13800138000", "浙江省", "杭州市", "西湖区", "文三路1号" * 12
    )

    def one(**more):
        more.setdefault("address", address)
        asks = [ask(one) for one in goods]
        return place(*asks, message="放门口" * 30, **more)

    unpaid, home = one(), paid(one())
    express = paid(one(delivery=Delivery.EXPRESS))
    ready = paid(one(delivery=Delivery.PICKUP))
    ready = fulfilment.make_ready(ready, by=by)
    gone = paid(one())
    weighing.weigh(
        gone, {line.pk: D("0.9") for line in gone.lines.filter(is_weighed=True)}, by=by
    )
    fulfilment.ship(gone, by=by, carrier="某某物流有限公司", tracking_no="SF" * 20)
    fulfilment.annotate(gone, by=by, text="Averyverylongnotewithoutanyblank" * 8)
    return unpaid, home, express, ready, gone


def every_page(orders):
    unpaid, home, express, ready, gone = orders
    ids = ",".join(str(order.pk) for order in orders)
    yield from (LIST, f"{LIST}packing/", f"{LIST}pick-up/")
    yield f"{LIST}pick-up/?code={ready.pickup_code}"
    yield from (f"{LIST}{order.pk}/change/" for order in orders)
    yield f"{LIST}{unpaid.pk}/pay/"
    yield f"{LIST}{home.pk}/weigh/"
    yield f"{LIST}{express.pk}/ship/"
    yield f"{LIST}{ready.pk}/hand-over/"
    for kind in ("pick", "slips", "receipts"):
        yield f"{LIST}papers/{kind}/?only={ids}"
    yield "/admin/sales/pointsaccount/"
    yield "/admin/sales/pointsentry/"
    yield f"/admin/sales/pointsaccount/{gone.user_id}/adjust/"
    yield f"/admin/accounts/customer/{gone.user_id}/change/"


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_scrolls_sideways(open_page, width):
    pages = list(every_page(some_orders()))
    page = open_page(width)
    wide = {}
    for address in pages:
        page.goto(address)
        over = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if over > 0:
            wide[address] = over
    assert wide == {}
    assert page.faults == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everybody_can_read_it(open_page, theme):
    pages = list(every_page(some_orders()))
    page = open_page(theme=theme)
    faint = {}
    for address in pages:
        page.goto(address)
        found = page.evaluate(CONTRAST)
        if found:
            faint[address] = found
    assert faint == {}


def test_nothing_that_was_entered_runs(open_page):
    by = AdminFactory()
    goods = shelf(price="70.00", name="苹果")
    user = customer()
    user.nickname = HOSTILE[:40]
    user.save()
    order = place(
        ask(goods), user=user, message=HOSTILE, delivery=Delivery.PICKUP, address=None
    )
    order.lines.update(name=HOSTILE)
    fulfilment.annotate(order, by=by, text=HOSTILE)
    order = fulfilment.make_ready(paid(order), by=by)
    page = open_page()
    for address in (
        LIST,
        f"{LIST}{order.pk}/change/",
        f"{LIST}{order.pk}/hand-over/",
        f"{LIST}pick-up/?code={order.pickup_code}",
        f"{LIST}pick-up/?code={HOSTILE}",
        *(f"{LIST}papers/{kind}/?only={order.pk}" for kind in ("pick", "slips")),
        f"/admin/accounts/customer/{user.pk}/change/",
    ):
        page.goto(address)
    assert page.evaluate("window.__xss") is None
    assert page.faults == []


def test_an_order_is_paid_weighed_shipped_and_completed_by_clicks(open_page):
    order = place(ask(shelf(price="35.00", is_weighed=True), "2"), user=customer())
    page = open_page(390)
    page.goto(f"{LIST}{order.pk}/change/")
    page.click(".order-next .el-button")
    page.check("input[name=channel][value=transfer]")
    page.click(".save-bar button")
    page.click(".order-next .el-button")
    page.fill(".weights input", "1.9")
    page.click("text=Check the weights")
    assert "3.50 yuan go back" in page.inner_text(".weights")
    page.click("text=Confirm the weights")
    page.click(".order-next .el-button")
    page.click(".save-bar button")
    page.click(".order-next .el-button")
    page.click(".verb-form .save-bar button")
    page.wait_for_selector("text=Completed")
    assert Order.objects.get(pk=order.pk).status == OrderStatus.COMPLETED
    assert Refund.objects.get().amount == D("3.50")
    assert page.faults == []


def test_the_code_that_is_typed_hands_over_without_the_mouse(open_page):
    order = paid(place(ask(shelf(price="70.00")), delivery=Delivery.PICKUP))
    order = fulfilment.make_ready(order, by=AdminFactory())
    page = open_page()
    page.goto(f"{LIST}pick-up/")
    page.keyboard.type(order.pickup_code)
    page.keyboard.press("Enter")
    page.wait_for_selector(".found-order")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Nothing else waits")
    assert Order.objects.get(pk=order.pk).status == OrderStatus.COMPLETED


def test_paper_has_a_page_for_each_order_and_nothing_else(open_page):
    orders = [paid(place(ask(shelf(price="70.00")))) for _ in range(3)]
    ids = ",".join(str(order.pk) for order in orders)
    page = open_page(theme="dark")
    for kind, count in (("pick", 1), ("slips", 3), ("receipts", 3)):
        page.goto(f"{LIST}papers/{kind}/?only={ids}")
        pdf = page.pdf(prefer_css_page_size=True)
        assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == count
        page.emulate_media(media="print")
        for around in (".menu", ".navbar", ".page-head"):
            assert not page.locator(around).first.is_visible()
        assert page.locator(".paper").first.is_visible()
        page.emulate_media(media="null")
        # the button opens the browser's own dialogue
        page.evaluate("window.print = () => { window.__printed = true; }")
        page.click("[data-print]")
        assert page.evaluate("window.__printed")
