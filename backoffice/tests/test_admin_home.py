"""Home page, menu and colours: what each person finds there."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from backoffice import day, menus
from backoffice import home as home_page
from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.base.admin import home
from backoffice.tests.pages import text_of
from catalog import changes, listing
from catalog.models import Goods
from catalog.tests.factories import (
    ApprovedGoodsFactory,
    GoodsFactory,
    OnSaleGoodsFactory,
    PendingGoodsFactory,
)

pytestmark = pytest.mark.django_db
HOME = "/admin/"


@pytest.fixture(autouse=True)
def _in_english(client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"


def staff(client, *permissions):
    user = StaffFactory(permissions=list(permissions))
    client.force_login(user)
    return user


@pytest.fixture
def own_registry(monkeypatch):
    """Registries of this test alone."""
    for name in ("cards", "figures", "charts", "steps", "acts"):
        monkeypatch.setattr(home, name, home.Registry())


def test_cards_of_danger_come_first_and_done_ones_last(client, own_registry):
    @home.cards
    def some(request):
        yield home.Card("done", 0, "/a/")
        yield home.Card("waits", 3, "/b/")
        yield home.Card("at risk", 1, "/c/", tone="danger")
        yield home.Card("hidden", 0, "/d/", hide_empty=True)

    staff(client)
    page = client.get(HOME)
    assert [c.label for c in page.context["cards"]] == ["at risk", "waits", "done"]
    assert 'href="/b/"' in page.content.decode()


def test_a_provider_counts_once(own_registry):
    def provider(request):
        yield home.Card("one", 1, "/")

    home.cards(provider)
    home.cards(provider)
    assert len(home.cards.collect(None)) == 1


def test_nothing_that_waits_is_said(client, own_registry):
    staff(client)
    assert "Nothing waits for you." in text_of(client.get(HOME))


def test_steps_show_the_next_one_until_all_are_done(client, own_registry):
    done = {"import"}

    @home.steps
    def steps(request):
        yield home.Step("list", "", "/list/", "list" in done, sequence=300)
        yield home.Step("import", "", "/import/", "import" in done, sequence=100)
        yield home.Step("review", "", "/review/", "review" in done, sequence=200)

    staff(client)
    rows = client.get(HOME).context["steps"]
    assert [(r["label"], r["is_next"]) for r in rows] == [
        ("import", False),
        ("review", True),
        ("list", False),
    ]
    done |= {"review", "list"}
    assert client.get(HOME).context["steps"] == []


def test_chart_draws_small_days_too():
    chart = home_page._chart(
        home.Chart("sold", [(date(2026, 11, 1), 1000), (date(2026, 11, 2), 1)], "kg")
    )
    assert [bar["height"] for bar in chart["bars"]] == [100, 2]
    assert chart["summary"] == "11-01: 1000 kg; 11-02: 1 kg"


def test_chart_of_nothing_has_no_bars_to_divide_by():
    chart = home_page._chart(home.Chart("sold", [(date(2026, 11, 1), 0)]))
    assert chart["bars"][0]["height"] == 0


def figures(client, rf):
    request = rf.get(HOME)
    request.user = AdminFactory()
    found = [*day.shelf_figures(request), *day.price_figures(request)]
    return {str(f.label): (f.value, f.before) for f in found}


def history_to(goods, days_ago):
    changes.HISTORY.objects.filter(id=goods.pk)
    with connection.cursor() as cursor:
        from backoffice.base.triggers import lifted

        with lifted(connection.alias):
            cursor.execute(
                "UPDATE catalog_historicalgoods SET history_date = %s WHERE id = %s",
                [timezone.now() - timedelta(days=days_ago), goods.pk],
            )


def test_day_compares_with_the_same_weekday_last_week(client, rf):
    OnSaleGoodsFactory()
    gone = OnSaleGoodsFactory()
    old = OnSaleGoodsFactory()
    history_to(gone, 20)
    history_to(old, 20)
    listing.delist(Goods.objects.get(pk=gone.pk), by=AdminFactory())
    row = Goods.objects.get(pk=old.pk)
    before = changes.snapshot(row)
    row.price += 1
    changes.save(row, before, changes.Origin(by=None))
    found = figures(client, rf)
    # now: the new and the old one; a week ago: the old one and the one that left
    assert found["Goods on sale"] == (2, 2)
    assert found["Listed today"] == (1, 0)
    assert found["Price changes today"] == (1, 0)


def test_day_is_for_those_who_may_see_goods(client, rf):
    request = rf.get(HOME)
    request.user = StaffFactory()
    for provider in (day.shelf_figures, day.price_figures, day.price_chart):
        assert list(provider(request)) == []


def test_price_chart_has_every_day(rf):
    goods = GoodsFactory()
    before = changes.snapshot(goods)
    goods.price += 1
    changes.save(goods, before, changes.Origin(by=None))
    request = rf.get(HOME)
    request.user = AdminFactory()
    (chart,) = day.price_chart(request)
    assert len(chart.points) == day.DAYS
    assert chart.points[-1] == (timezone.localdate(), 1)
    assert sum(value for _day, value in chart.points) == 1


def test_home_queries_do_not_grow_with_the_shop(client):
    client.force_login(AdminFactory())
    OnSaleGoodsFactory()
    client.get(HOME)
    with CaptureQueriesContext(connection) as few:
        client.get(HOME)
    for factory in (PendingGoodsFactory, ApprovedGoodsFactory, OnSaleGoodsFactory):
        factory()
        factory()
    with CaptureQueriesContext(connection) as many:
        client.get(HOME)
    assert len(many) <= len(few) < 40


def test_home_opens_for_staff_without_any_permission(client):
    staff(client)
    page = client.get(HOME)
    assert page.status_code == 200
    assert page.context["shell"].menu == []


# --- the menu


def entries(response):
    return {
        str(entry.label)
        for group in response.context["shell"].menu
        for entry in group.entries
    }


def test_menu_shows_what_the_person_may_see(client):
    staff(client, "catalog.view_goods")
    assert entries(client.get(HOME)) == {"Goods"}
    staff(client, "catalog.view_goods", "catalog.view_category", "catalog.review_goods")
    assert entries(client.get(HOME)) == {"Goods", "Review queue", "Categories"}


def test_menu_of_who_may_do_all_has_only_pages_that_exist(client):
    client.force_login(AdminFactory())
    page = client.get(HOME)
    assert {"Goods", "Categories", "Operation log", "Staff"} <= entries(page)
    for group in page.context["shell"].menu:
        for entry in group.entries:
            assert client.get(entry.url).status_code == 200, entry.url


def test_menu_marks_one_entry_and_opens_its_group(client):
    client.force_login(AdminFactory())
    client.cookies["menu_closed"] = "goods.logs"
    page = client.get(reverse("admin:catalog_category_add"))
    groups = {g.key: g for g in page.context["shell"].menu}
    marked = [e.label for g in groups.values() for e in g.entries if e.is_current]
    assert [str(label) for label in marked] == ["Categories"]
    assert groups["goods"].is_open
    assert not groups["logs"].is_open
    assert groups["settings"].is_open


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("/admin/catalog/goods/", "", "plain"),
        ("/admin/catalog/goods/", "tab=pending", "queue"),
        ("/admin/catalog/goods/5/change/", "", "plain"),
        ("/admin/jobs/failedtask/", "", "jobs"),
        ("/admin/jobs/scheduledjob/3/", "", "jobs"),
        ("/admin/", "", None),
    ],
)
def test_the_entry_that_fits_best_is_marked(rf, path, query, expected):
    known = {
        "plain": menus.ShownEntry("plain", "/admin/catalog/goods/"),
        "queue": menus.ShownEntry("queue", "/admin/catalog/goods/?tab=pending"),
        "jobs": menus.ShownEntry("jobs", "/admin/jobs/scheduledjob/", ("jobs",)),
    }
    menus._mark_current(rf.get(f"{path}?{query}"), list(known.values()))
    marked = [name for name, entry in known.items() if entry.is_current]
    assert marked == ([expected] if expected else [])


def test_menu_entries_name_permissions_as_app_and_codename():
    for group in menus.MENU:
        for entry in group.entries:
            assert entry.permissions
            assert all(p.count(".") == 1 for p in entry.permissions)


def test_search_field_stands_only_before_who_may_see_goods(client):
    staff(client)
    assert 'id="bar-search"' not in client.get(HOME).content.decode()
    staff(client, "catalog.view_goods")
    assert 'id="bar-search"' in client.get(HOME).content.decode()


def test_roles_stand_beside_the_name(client):
    from django.contrib.auth.models import Group

    user = staff(client)
    user.groups.add(Group.objects.get_or_create(name="reviewer")[0])
    assert "Reviewer" in text_of(client.get(HOME))


# --- colours and size of text


def test_colours_are_kept_in_a_cookie(client):
    staff(client)
    answer = client.post("/admin/appearance/", {"theme": "dark", "next": "/admin/?x=1"})
    assert answer.url == "/admin/?x=1"
    assert client.cookies["theme"]["httponly"]
    page = client.get(HOME).content.decode()
    assert 'data-scheme="dark"' in page
    assert "css/dark.css" in page


def test_size_of_text_is_kept(client):
    staff(client)
    client.post("/admin/appearance/", {"text_size": "18"})
    assert 'data-size="18"' in client.get(HOME).content.decode()


@pytest.mark.parametrize(
    ("cookie", "scheme", "file"),
    [
        ("", "auto", "black.css"),
        ("light", "light", "black.css"),
        ("/static/admin/simpleui-x/theme/dark.green.css", "light", "dark.green.css"),
        ('"><script>', "auto", "black.css"),
    ],
)
def test_cookie_of_colours_is_read_strictly(client, cookie, scheme, file):
    staff(client)
    client.cookies["theme"] = cookie
    page = client.get(HOME).content.decode()
    assert f'data-theme="{file}" data-scheme="{scheme}"' in page
    assert '"><script>' not in page


def test_unknown_colours_are_not_kept(client):
    staff(client)
    client.post("/admin/appearance/", {"theme": "x", "text_size": "999"})
    assert "theme" not in client.cookies
    assert "text_size" not in client.cookies


def test_choosing_colours_never_leads_to_another_host(client):
    staff(client)
    answer = client.post(
        "/admin/appearance/", {"theme": "dark", "next": "//evil.example/"}
    )
    assert answer.url == HOME


def test_dark_follows_the_device_unless_chosen(client):
    staff(client)
    assert 'media="(prefers-color-scheme: dark)"' in client.get(HOME).content.decode()
    client.cookies["theme"] = "light"
    assert "css/dark.css" not in client.get(HOME).content.decode()
