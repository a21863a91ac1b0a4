"""Points in the admin, what a customer's page shows, what waits on the home page."""

import html
import re
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import translation

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory, UserFactory
from backoffice.oplog.models import OperationLog
from backoffice.tests.pages import inputs_of, main_of
from catalog.tests.pages import messages_of, queries_of, role
from sales import fulfilment, points
from sales.enums import Delivery, PointsKind
from sales.models import PointsEntry
from sales.tests.factories import ask, counter_order, customer, paid, place, shelf

pytestmark = pytest.mark.django_db
D = Decimal
ACCOUNTS = "admin:sales_pointsaccount_changelist"
LOG = "admin:sales_pointsentry_changelist"
ROLES = ("buyer", "reviewer", "merchandiser", "stock_keeper", "service", "finance")


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


def words_of(response):
    body = re.sub(r"<[^>]+>", " ", main_of(response))
    return " ".join(html.unescape(body).split())


def adjust(user):
    return reverse("admin:sales_points_adjust", args=[user.pk])


def page_of(user):
    return reverse("admin:accounts_customer_change", args=[user.pk])


# --- accounts and log


@pytest.mark.parametrize("who_asks", ROLES)
def test_points_are_for_service_and_finance(client, who_asks):
    user = customer(with_points=100)
    client.force_login(role(who_asks))
    expected = 200 if who_asks in ("service", "finance") else 403
    for name in (ACCOUNTS, LOG):
        assert client.get(reverse(name)).status_code == expected
    assert client.get(adjust(user)).status_code == 403


def test_accounts_are_found_by_what_customers_say(client, by):
    user, other = customer(with_points=100), customer(with_points=7)
    user.nickname, user.mobile = "李雷", "13912345678"
    user.save()
    for typed in ("李雷", "13912345678", user.username):
        shown = client.get(reverse(ACCOUNTS), {"q": typed}).context["cl"].result_list
        assert [row.pk for row in shown] == [user.pk]
    said = words_of(client.get(reverse(ACCOUNTS)))
    assert "139••••5678" in said
    points.post(other.pk, -9, kind=PointsKind.CLAW_BACK, reference="r1")
    below = client.get(reverse(ACCOUNTS), {"tab": "negative"}).context["cl"].result_list
    assert [row.pk for row in below] == [other.pk]


def test_the_log_is_narrowed_and_leads_to_orders(client, by):
    user, other = customer(with_points=300), customer(with_points=7)
    order = place(ask(shelf(price="70.00")), user=user, points=200)

    def listed(**query):
        return list(client.get(reverse(LOG), query).context["cl"].result_list)

    assert len(listed()) == 3
    assert [row.delta for row in listed(customer=user.pk)] == [-200, 300]
    assert [row.delta for row in listed(kind="spend")] == [-200]
    assert [row.delta for row in listed(q=order.order_no)] == [-200]
    assert [row.delta for row in listed(q=other.username)] == [7]
    assert listed(q="nobody") == []
    [row] = listed(kind="spend")
    assert row.order_url == reverse("admin:sales_order_change", args=[order.pk])
    account = reverse("admin:sales_pointsaccount_change", args=[user.pk])
    assert client.get(account).url == f"{reverse(LOG)}?customer={user.pk}"


@pytest.mark.parametrize("name", [ACCOUNTS, LOG])
def test_lists_of_points_take_as_many_queries_for_many_rows(client, by, name):
    place(ask(shelf(price="70.00")), user=customer(with_points=300), points=200)
    few = queries_of(client, reverse(name))
    for _ in range(3):
        place(ask(shelf(price="70.00")), user=customer(with_points=300), points=200)
    assert queries_of(client, reverse(name)) == few


# --- adjusting


def test_an_adjustment_is_shown_before_it_is_booked_once(client, by):
    user = customer(with_points=100)
    values = inputs_of(client.get(adjust(user)))
    values |= {"points": "50", "reason": "补偿"}
    asked = client.post(adjust(user), values)
    assert "Points 100 → 150 (+50)" in words_of(asked)
    assert "Adjust by +50" in words_of(asked)
    assert points.balance(user.pk) == 100
    values = inputs_of(asked)
    for _ in range(2):
        answer = client.post(adjust(user), values)
        assert answer.status_code == 302
    assert points.balance(user.pk) == 150
    entry = PointsEntry.objects.get(user=user, kind=PointsKind.ADJUST)
    assert (entry.delta, entry.reason, entry.by) == (50, "补偿", by)
    assert OperationLog.objects.filter(action="points.adjusted").exists()


def test_another_number_than_the_one_checked_is_checked_anew(client, by):
    user = customer(with_points=100)
    values = {"points": "50", "reason": "补偿", "reference": "AD1", "checked": "500"}
    assert "100 → 150" in words_of(client.post(adjust(user), values))
    assert points.balance(user.pk) == 100


@pytest.mark.parametrize(
    ("typed", "reason", "field"),
    [
        ("-101", "x", "points"),
        ("0", "x", "points"),
        ("99999999", "x", "points"),
        ("1.5", "x", "points"),
        ("", "x", "points"),
        ("5", "", "reason"),
        ("5", "   ", "reason"),
    ],
)
def test_what_does_not_fit_is_said_beside_its_field(client, by, typed, reason, field):
    user = customer(with_points=100)
    values = {"points": typed, "reason": reason, "reference": "AD1", "checked": typed}
    answer = client.post(adjust(user), values)
    assert answer.context["form"].errors[field]
    assert points.balance(user.pk) == 100


def test_points_are_not_adjusted_for_staff_or_nobody(client, by):
    assert client.get(adjust(StaffFactory())).status_code == 404
    assert client.get("/admin/sales/pointsaccount/999999/adjust/").status_code == 404


def test_who_never_had_any_can_be_given_some(client, by):
    user = UserFactory()
    values = {"points": "5", "reason": "试", "reference": "AD1", "checked": "5"}
    answer = client.post(adjust(user), values, follow=True)
    assert messages_of(answer) == [f"Points adjusted: {user}"]
    assert points.balance(user.pk) == 5


# --- the customer's page


def test_a_customers_page_shows_the_latest_orders(client, by):
    user, goods = customer(), shelf(price="70.00", name="苹果")
    orders = [place(ask(goods), user=user)]
    orders += [counter_order(ask(goods), user=user, by=by) for _ in range(10)]
    other = place(ask(goods))
    said = words_of(client.get(page_of(user)))
    assert orders[-1].order_no in said
    assert orders[1].order_no in said
    # the eleventh is behind the link
    assert orders[0].order_no not in said
    assert "All orders" in said
    assert other.order_no not in said
    assert "苹果" in said
    for words in ("Points log", "Adjust points"):
        assert words in said


def test_it_costs_the_same_for_many_orders(client, by):
    user, goods = customer(), shelf(price="70.00")
    counter_order(ask(goods), user=user, by=by)
    few = queries_of(client, page_of(user))
    for _ in range(4):
        counter_order(ask(goods), user=user, by=by)
    assert queries_of(client, page_of(user)) == few


def test_a_customer_without_orders_is_said_to_have_none(client, by):
    assert "No order yet." in words_of(client.get(page_of(UserFactory())))


# --- the home page


def cards(client):
    found = client.get("/admin/").context["cards"]
    return {
        str(card.label): card.count
        for card in found
        if card.url.startswith("/admin/sales/order/")
        and str(card.label).startswith("Orders")
    }


def test_the_home_page_says_what_waits(client, by):
    goods = shelf(price="70.00")
    place(ask(goods))
    paid(place(ask(goods)))
    paid(place(ask(goods), delivery=Delivery.EXPRESS))
    pickups = [paid(place(ask(goods), delivery=Delivery.PICKUP)) for _ in range(3)]
    fulfilment.make_ready(pickups[0], by=by)
    assert cards(client) == {
        "Orders that wait for payment": 1,
        "Orders to pack and send out": 1,
        "Orders to pack for express": 1,
        "Orders to put up for pick-up": 2,
        "Orders that wait to be picked up": 1,
    }
    client.force_login(role("service"))
    assert cards(client) == {"Orders that wait for payment": 1}
    client.force_login(role("buyer"))
    assert cards(client) == {}


def test_the_home_page_tells_the_orders_and_the_money_of_the_day(client, by):
    paid(place(ask(shelf(price="70.00"), "2")))
    figures = {str(f.label): f for f in client.get("/admin/").context["figures"]}
    assert figures["Orders paid today"].value == 1
    assert figures["Orders paid today"].before == 0
    assert str(figures["Paid today"].value) == "140.00"
    client.force_login(role("stock_keeper"))
    labels = {str(f.label) for f in client.get("/admin/").context["figures"]}
    assert "Orders paid today" in labels
    assert "Paid today" not in labels
