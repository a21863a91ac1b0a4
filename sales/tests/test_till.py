"""The counter page: goods, money, the customer goes; orders by telephone."""

import re
from decimal import Decimal

import pytest
from django.test import Client

from backoffice.accounts.tests.factories import StaffFactory, UserFactory
from backoffice.tests.pages import text_of
from catalog import pricing
from sales import points
from sales.enums import OrderStatus
from sales.models import Order
from sales.tests.factories import shelf
from stock.models import StockBalance

pytestmark = pytest.mark.django_db

PAGE = "/admin/sales/order/counter/"
EVERY = [
    "sales.add_order",
    "sales.take_payment",
    "sales.sell_at_counter",
    "sales.view_order",
]
D = Decimal


def browser_of(*permissions):
    browser = Client(headers={"accept-language": "en"})
    browser.force_login(StaffFactory(permissions=list(permissions)))
    return browser


@pytest.fixture
def browser():
    return browser_of(*EVERY)


def typed(*lines, action="sell", **more):
    """A form: lines are (goods, quantity) or (goods, quantity, unit, price)."""
    rows = [(*line, "retail", "")[:4] if len(line) == 2 else line for line in lines]
    return {
        "goods": [goods.pk for goods, *_rest in rows],
        "quantity": [row[1] for row in rows],
        "unit": [row[2] for row in rows],
        "price": [row[3] or str(row[0].price) for row in rows],
        "kind": "counter",
        "channel": "cash",
        "key": "k1",
        "action": action,
        **more,
    }


def phoned(*lines, **more):
    where = {
        "receiver": "和悦酒店",
        "mobile": "139 0000 2001",
        "province": "浙江省",
        "city": "杭州市",
        "detail": "解放路 221 号",
    }
    return typed(*lines, kind="phone", channel="later", delivery="home") | where | more


def test_a_sale_is_paid_and_gone_and_says_the_change(browser):
    apple = shelf("A1", price="7.98", is_weighed=True)
    answer = browser.post(PAGE, typed((apple, "0.86"), tendered="10"))
    order = Order.objects.get()
    assert answer.url == f"{PAGE}?done={order.pk}"
    assert (order.status, order.paid) == (OrderStatus.COMPLETED, D("6.86"))
    page = browser.get(answer.url)
    assert "Sold and handed over." in text_of(page)
    assert "10.00 yuan given, 3.14 back" in text_of(page)
    [receipt] = re.findall(r'href="([^"]*receipts[^"]*)"', page.content.decode())
    assert order.order_no in text_of(browser.get(receipt.replace("&amp;", "&")))


def test_a_form_that_is_sent_twice_sells_once(browser):
    form = typed((shelf(price="5.00"), "1"))
    assert browser.post(PAGE, form).url == browser.post(PAGE, form).url
    assert Order.objects.count() == 1
    again = browser.post(PAGE, {**form, "quantity": ["2"]})
    assert "This key came before with another body" in text_of(again)
    assert Order.objects.count() == 1


def test_goods_are_found_by_code_name_and_pinyin(browser):
    shelf("A1", name="红富士苹果", price="7.98", is_weighed=True)
    for words in ("A1", "富士", "hongfushi", "hfs"):
        page = browser.post(PAGE, typed(action="check", find=words))
        assert "红富士苹果" in text_of(page)
        # the only one goes straight in
        assert re.search(r'name="price" value="7.98"', page.content.decode())
        [item] = browser.get(f"{PAGE}goods/", {"q": words}).json()["items"]
        assert (item["code"], item["price"], item["left"]) == ("A1", "7.98", "100")
    assert browser.get(f"{PAGE}goods/", {"q": ""}).json() == {"items": []}
    page = browser.post(PAGE, typed(action="check", find="香蕉"))
    assert "Nothing on sale fits “香蕉”." in text_of(page)


def test_goods_are_added_and_taken_out_without_a_script(browser):
    pear, apple = shelf("P1", price="3.00"), shelf("A1", price="7.00")
    page = browser.post(PAGE, typed((pear, "2"), action=f"add:{apple.pk}:retail"))
    assert "13.00" in text_of(page)
    page = browser.post(PAGE, typed((pear, "2"), action=f"add:{pear.pk}:retail"))
    assert "9.00" in text_of(page)
    page = browser.post(PAGE, typed((pear, "2"), (apple, "1"), action="drop:0"))
    assert "A1" in text_of(page)
    assert "P1" not in text_of(page)
    assert not Order.objects.exists()


def test_a_price_that_rose_is_shown_and_agreed_to_the_second_time(browser):
    goods = shelf(price="5.00")
    form = typed((goods, "2"))
    by = StaffFactory(permissions=["catalog.price_goods"])
    pricing.change_price(goods, by=by, price=D("5.50"))
    page = browser.post(PAGE, form)
    assert "The price rose from 5 to 5.5." in text_of(page).replace("5.00", "5")
    assert 'name="price" value="5.5"' in page.content.decode()
    assert not Order.objects.exists()
    browser.post(PAGE, {**form, "price": ["5.5"]})
    assert Order.objects.get().payable == D("11.00")


def test_every_shortage_is_named_in_its_row(browser):
    few, none, plenty = shelf(on_hand="2"), shelf(on_hand="0"), shelf()
    page = browser.post(PAGE, typed((few, "3"), (none, "1"), (plenty, "1")))
    assert text_of(page).count("are left.") == 2
    assert "Only 2 are left." in text_of(page)
    assert not Order.objects.exists()
    assert StockBalance.objects.get(pk=plenty.pk).on_hand == 100


@pytest.mark.parametrize("quantity", ["0", "-1", "1e9", "0.0001", "x", "", "NaN"])
def test_quantities_that_are_none(browser, quantity):
    page = browser.post(PAGE, typed((shelf(), quantity)))
    assert page.status_code == 200
    assert 'class="errorlist"' in page.content.decode()
    assert not Order.objects.exists()


def test_too_little_cash_is_said_beside_it(browser):
    page = browser.post(PAGE, typed((shelf(price="12.00"), "1"), tendered="10"))
    assert "2.00 yuan are missing." in text_of(page)
    assert not Order.objects.exists()


def test_nothing_is_sold_without_goods(browser):
    assert "Add goods first." in text_of(browser.post(PAGE, typed()))


def test_an_account_gets_the_points(browser):
    user = UserFactory(mobile="13900002001")
    browser.post(PAGE, typed((shelf(price="50.00"), "1"), mobile="139 0000 2001"))
    order = Order.objects.get()
    assert (order.user, points.balance(user.pk)) == (user, order.points_earned)


def test_an_order_by_phone_is_held_and_waits(browser):
    goods = shelf(price="20.00")
    answer = browser.post(PAGE, phoned((goods, "2"), message="<b>快</b> 🍎"))
    order = Order.objects.get()
    assert (order.status, order.source, order.payable) == (
        OrderStatus.PENDING,
        "phone",
        D("46.00"),
    )
    assert (order.mobile, order.detail) == ("13900002001", "解放路 221 号")
    assert StockBalance.objects.get(pk=goods.pk).reserved == 2
    assert "waits for the money" in text_of(browser.get(answer.url))


def test_an_order_by_phone_that_is_paid_goes_on_to_packing(browser):
    browser.post(PAGE, phoned((shelf(price="20.00"), "2"), channel="transfer"))
    assert Order.objects.get().status == OrderStatus.PAID


def test_an_order_by_phone_needs_whom_and_where(browser):
    page = browser.post(PAGE, phoned((shelf(), "1"), receiver="", detail=""))
    assert text_of(page).count("This field is required.") == 2
    page = browser.post(PAGE, phoned((shelf(), "1"), mobile="12345"))
    assert "Not a mobile number" in text_of(page)
    assert not Order.objects.exists()


def test_only_who_may():
    goods = shelf()
    assert browser_of("sales.view_order").get(PAGE).status_code == 403
    assert browser_of("sales.view_order").get(f"{PAGE}goods/").status_code == 403
    clerk = browser_of("sales.add_order")
    assert "Who may sell at the counter" in text_of(clerk.get(PAGE))
    page = clerk.post(PAGE, typed((goods, "1")))
    assert "You may not sell at the counter." in text_of(page)
    clerk.post(PAGE, phoned((goods, "1"), key="k2"))
    assert Order.objects.get().source == "phone"
    page = clerk.post(PAGE, phoned((goods, "1"), channel="cash", key="k3"))
    assert "You may not take payments." in text_of(page)
    assert Order.objects.count() == 1


def test_the_page_needs_as_many_queries_for_one_goods_as_for_many(
    browser, django_assert_max_num_queries
):
    many = [shelf() for _ in range(6)]
    with django_assert_max_num_queries(14):
        browser.post(PAGE, typed(*((goods, "1") for goods in many), action="check"))
