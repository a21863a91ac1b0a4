"""The list of orders and the page of one: who opens them, what they say."""

import html
import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from backoffice.accounts.tests.factories import AdminFactory
from backoffice.base import ports
from backoffice.tests.pages import main_of
from catalog.tests.pages import queries_of, role, text
from sales import cancelling, fulfilment, weighing
from sales.checkout import Address
from sales.enums import Delivery
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

pytestmark = pytest.mark.django_db
D = Decimal
LIST = "order_changelist"
HOME = Address("李雷", "13800138000", "浙江省", "杭州市", "西湖区", "文三路1号")
#: who looks at orders
WHO = "stock_keeper service finance manager"
ROLES = [
    "buyer",
    "reviewer",
    "merchandiser",
    "stock_keeper",
    "service",
    "finance",
    "manager",
]


@pytest.fixture(autouse=True)
def _english(settings, tmp_path):
    settings.LANGUAGE_CODE = "en"
    settings.MEDIA_ROOT = tmp_path
    with translation.override("en"):
        yield


@pytest.fixture
def by(client):
    user = AdminFactory(nickname="周")
    client.force_login(user)
    return user


def page(name, *args):
    return reverse(f"admin:sales_{name}", args=args)


def of(order):
    return page("order_change", order.pk)


def words_of(response):
    """What a person reads on the page itself."""
    body = re.sub(r"<[^>]+>", " ", main_of(response))
    return " ".join(html.unescape(body).split())


def listed(client, **query):
    """The numbers of the orders that the list shows, in its order."""
    response = client.get(page(LIST), query)
    assert response.status_code == 200
    return [row.order_no for row in response.context["cl"].result_list]


# --- who may


@pytest.mark.parametrize("who_asks", ROLES)
def test_only_who_looks_after_orders_opens_them(client, who_asks):
    order = place(ask(shelf(price="70.00")))
    client.force_login(role(who_asks))
    expected = 200 if who_asks in WHO.split() else 403
    assert client.get(page(LIST)).status_code == expected
    assert client.get(of(order)).status_code == expected
    assert (page(LIST) in text(client.get("/admin/"))) is (expected == 200)


def test_nobody_adds_changes_or_deletes_an_order_by_a_form(client, by):
    order = place(ask(shelf(price="70.00")))
    assert client.post(of(order), {"status": "completed"}).status_code == 200
    assert client.post(page("order_delete", order.pk)).status_code == 403
    order.refresh_from_db()
    assert order.status == "pending"


def test_an_order_that_is_not_there(client, by):
    for pk in ("9999999", "x", "99999999999999999999999"):
        assert client.get(page("order_change", pk)).status_code == 404


# --- the list


def test_an_empty_list_says_what_belongs_there(client, by):
    assert "What customers order in the storefront" in words_of(client.get(page(LIST)))


def test_tabs_count_by_status_and_today(client, by):
    goods = shelf(price="70.00")
    user = customer()
    place(ask(goods), user=user)
    paid(place(ask(goods), user=user))
    old = place(ask(goods), user=user)
    cancelling.cancel(old, by=by)
    Order.objects.filter(pk=old.pk).update(
        created_at=timezone.now() - timedelta(days=3)
    )
    shown = client.get(page(LIST))
    tabs = {str(tab.label): str(tab.count) for tab in _tabs(shown)}
    assert tabs["All"] == "3"
    assert tabs["Today"] == "2"
    assert tabs["Awaiting payment"] == tabs["Paid"] == tabs["Cancelled"] == "1"
    assert tabs["Shipped"] == "0"
    assert listed(client, tab="cancelled") == [old.order_no]
    assert len(listed(client, tab="today")) == 2


def _tabs(response):
    from backoffice.base.admin import listpage

    return listpage.build(response.wsgi_request, response.context["cl"]).tabs


def test_it_is_narrowed_by_delivery_source_refund_and_day(client, by):
    weighed = shelf(price="70.00", is_weighed=True)
    home = place(ask(weighed, "2"))
    pickup = counter_order(ask(weighed), by=by)
    assert listed(client, delivery="pickup") == [pickup.order_no]
    assert listed(client, source="counter") == [pickup.order_no]
    assert listed(client, source="storefront") == [home.order_no]
    assert listed(client, refund="open") == []
    paid(home)
    weighing.weigh(home, {home.lines.get().pk: D("1.9")}, by=by)
    assert listed(client, refund="open") == [home.order_no]
    assert "Refund open" in words_of(client.get(page(LIST)))
    assert listed(client, customer=home.user_id) == [home.order_no]
    today = timezone.localdate()
    assert len(listed(client, created_at_from=str(today))) == 2
    assert listed(client, created_at_to=str(today - timedelta(days=1))) == []


@pytest.mark.parametrize(
    "nonsense",
    [
        {"delivery": "x"},
        {"source": "x'--"},
        {"customer": "x"},
        {"customer": "9" * 30},
        {"created_at_from": "nope"},
        {"tab": "nope"},
    ],
)
def test_a_filter_that_nobody_wrote_narrows_nothing(client, by, nonsense):
    order = place(ask(shelf(price="70.00")))
    assert listed(client, **nonsense) == [order.order_no]


def test_search_finds_numbers_mobiles_codes_and_goods(client, by):
    apples = shelf(price="70.00", name="冰糖心苹果", code="AP1")
    order = place(ask(apples))
    other = paid(
        place(ask(shelf(price="70.00", name="香蕉")), delivery=Delivery.PICKUP)
    )
    other = fulfilment.make_ready(other, by=by)
    assert listed(client, q=order.order_no) == [order.order_no]
    assert listed(client, q=f" {order.order_no[:20]} ") == [order.order_no]
    assert order.order_no in listed(client, q="13800138000")
    assert listed(client, q=other.pickup_code) == [other.order_no]
    assert listed(client, q="苹果") == [order.order_no]
    assert listed(client, q="AP1") == [order.order_no]
    for nothing in ("13800138009", "火龙果", "20990101", "%"):
        assert listed(client, q=nothing) == []


def test_a_part_of_a_mobile_tells_nothing(client, by):
    """Digit by digit the list would tell what it masks."""
    place(ask(shelf(price="70.00")))
    assert listed(client, q="1380013") == []


def test_the_list_takes_as_many_queries_for_many_orders(client, by):
    goods = [shelf(price="70.00", is_weighed=True) for _ in range(3)]
    paid(place(*(ask(one) for one in goods)))
    few = queries_of(client, page(LIST))
    for _ in range(4):
        order = paid(place(*(ask(one) for one in goods)))
        weighing.weigh(order, {line.pk: D("0.9") for line in order.lines.all()}, by=by)
    assert queries_of(client, page(LIST)) == few


# --- the page


def test_the_page_tells_lines_money_and_what_happened(client, by):
    goods = shelf(price="35.00", name="冰糖心苹果", is_weighed=True)
    order = place(
        ask(goods, "2"), user=customer(with_points=500), points=500, address=HOME
    )
    paid(order, by=by)
    weighing.weigh(order, {order.lines.get().pk: D("1.9")}, by=by)
    said = words_of(client.get(of(order)))
    for words in (
        order.order_no,
        "冰糖心苹果",
        "1.9 斤",
        "500 points 5.00",
        "= Payable 65.00",
        "李雷 13800138000",
        "文三路1号",
        "Weighing difference",
        "Requested",
        "Cash",
        "冰糖心苹果 weighs 1.9",
        "Placed",
    ):
        assert words in said


def test_the_page_takes_as_many_queries_for_many_lines(client, by):
    one = paid(place(ask(shelf(price="70.00"))))
    few = queries_of(client, of(one))
    many = paid(place(*(ask(shelf(price="70.00")) for _ in range(5))))
    fulfilment.annotate(many, by=by, text="门口")
    fulfilment.annotate(many, by=by, text="两次")
    assert queries_of(client, of(many)) == few


def test_what_a_customer_writes_is_no_html(client, by):
    order = place(ask(shelf(price="70.00")), message="<b>快</b> 🍎")
    body = main_of(client.get(of(order)))
    assert "&lt;b&gt;快&lt;/b&gt; 🍎" in body
    assert "<b>快</b>" not in body


@pytest.mark.parametrize(
    ("who", "sees_open", "sees_completed"),
    [
        ("manager", True, True),
        ("stock_keeper", True, False),
        ("service", False, False),
        ("finance", False, False),
    ],
)
def test_a_person_is_masked_for_who_does_not_need_it(
    client, by, who, sees_open, sees_completed
):
    order = paid(place(ask(shelf(price="70.00")), address=HOME))
    client.force_login(role(who))
    for address in (of(order), page(LIST)):
        said = words_of(client.get(address))
        assert ("13800138000" in said) is sees_open
        assert ("138••••8000" in said) is not sees_open
    assert ("文三路1号" in words_of(client.get(of(order)))) is sees_open
    order = fulfilment.complete(fulfilment.ship(order, by=by), by=by)
    said = words_of(client.get(of(order)))
    assert ("13800138000" in said) is sees_completed
    assert ("文三路1号" in said) is sees_completed


def test_who_packs_sees_nobody_before_the_money_is_there(client):
    order = place(ask(shelf(price="70.00")), address=HOME)
    client.force_login(role("stock_keeper"))
    assert "13800138000" not in words_of(client.get(of(order)))


def test_other_pages_lead_to_it_for_who_may_open_it(rf, by):
    order = shipped(place(ask(shelf(price="70.00"))))
    request = rf.get("/")
    for user, urls in ((by, {order.order_no: of(order)}), (role("buyer"), {})):
        request.user = user
        assert ports.order_urls(request, [order.order_no, "0"]) == urls
