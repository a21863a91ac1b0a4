"""The list of alerts, its verbs, and the home page."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.base.admin import home
from backoffice.tests.pages import main_of, text_of
from stock import alerts
from stock.admin.alerts import alert_cards
from stock.models import LowStockAlert
from stock.tests.test_alerts import move, selling

pytestmark = pytest.mark.django_db

LIST = "admin:stock_lowstockalert_changelist"
VIEW = "stock.view_lowstockalert"


def verb(name):
    return reverse("admin:stock_lowstockalert_verb", args=[name])


@pytest.fixture
def keeper(client):
    user = StaffFactory(permissions=[VIEW, alerts.HANDLE])
    client.force_login(user)
    return client


@pytest.fixture
def low(clock):
    goods = selling("1", name="红富士")
    alerts.check_all()
    return goods


def test_it_shows_how_things_stand_now(keeper, low):
    move(low, "0.5")
    page = keeper.get(reverse(LIST))
    text = text_of(page)
    assert "红富士" in text
    assert "1.5" in text
    assert "10.000000" in text, "the average explains itself"
    assert len(page.context["cl"].result_list) == 2


def test_tabs_begin_with_what_nobody_looks_after(keeper, low):
    alert = LowStockAlert.objects.get(level="low")
    keeper.post(verb("acknowledge"), {"only": alert.pk})
    assert len(keeper.get(reverse(LIST)).context["cl"].result_list) == 1
    page = keeper.get(reverse(LIST), {"tab": "handled"})
    assert [a.pk for a in page.context["cl"].result_list] == [alert.pk]
    keeper.post(verb("reopen"), {"only": alert.pk})
    assert len(keeper.get(reverse(LIST)).context["cl"].result_list) == 2


def test_several_are_put_off_at_once(keeper, low, clock):
    ids = ",".join(str(a.pk) for a in LowStockAlert.objects.all())
    keeper.post(verb("snooze_week"), {"only": ids})
    page = keeper.post(verb("snooze_week"), {"only": ids, "confirmed": 1}, follow=True)
    assert len(page.context["done"]) == 2
    until = set(LowStockAlert.objects.values_list("snoozed_until", flat=True))
    assert until == {clock.at + timedelta(days=7)}


def test_one_alert_has_a_page_without_inputs(keeper, low):
    alert = LowStockAlert.objects.get(level="low")
    url = reverse("admin:stock_lowstockalert_change", args=[alert.pk])
    page = keeper.get(url)
    assert page.status_code == 200
    assert "object-form--view" in main_of(page)
    assert keeper.post(url, {"status": "closed"}).status_code == 403
    assert keeper.get(reverse("admin:stock_lowstockalert_add")).status_code == 403


def test_filters_and_search(keeper, low):
    for query in ("level__exact=low", "q=红富士", "q=hfs&level__exact=reorder"):
        page = keeper.get(f"{reverse(LIST)}?{query}")
        assert len(page.context["cl"].result_list) >= 1, query
    page = keeper.get(reverse(LIST), {"q": "没有的"})
    assert len(page.context["cl"].result_list) == 0


def test_as_many_queries_for_more_rows(keeper, low):
    def ask():
        with CaptureQueriesContext(connection) as captured:
            keeper.get(reverse(LIST))
        return len(captured)

    ask()
    few = ask()
    for _count in range(3):
        selling("0")
    alerts.check_all()
    assert ask() == few


def test_it_is_closed_to_others(client, low):
    client.force_login(StaffFactory(permissions=["catalog.view_goods"]))
    assert client.get(reverse(LIST)).status_code == 403


def test_a_viewer_handles_nothing(client, low):
    client.force_login(StaffFactory(permissions=[VIEW]))
    alert = LowStockAlert.objects.first()
    assert client.post(verb("acknowledge"), {"only": alert.pk}).status_code == 403


def test_the_home_page_counts_goods(rf, low):
    request = rf.get("/")
    request.user = AdminFactory()
    urgent, reorder = alert_cards(request)
    assert (urgent.count, urgent.tone, reorder.count) == (1, "danger", 1)
    request.user = StaffFactory()
    assert list(alert_cards(request)) == []
    assert alert_cards in home.cards.providers


def test_an_empty_list_is_good_news(keeper, clock):
    assert keeper.get(reverse(LIST)).context["page"].empty
