"""Pages of banners: the list in its order, the form, the verbs, the look on a phone."""

import re
from datetime import datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone, translation

from backoffice.accounts.roles import ROLES
from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.oplog.models import OperationLog
from backoffice.tests.pages import main_of, text_of
from catalog import banners
from catalog.models import Banner
from catalog.tests.factories import BannerFactory
from catalog.tests.pages import messages_of, queries_of, role, upload, url

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _english(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield


@pytest.fixture
def by(client):
    user = AdminFactory(nickname="周")
    client.force_login(user)
    return user


def verb_url(name):
    return reverse("admin:catalog_banner_verb", args=[name])


def order_url():
    return reverse("admin:catalog_banner_order")


def preview_url(query=""):
    return reverse("admin:catalog_banner_preview") + query


def typed(**values):
    return {
        "title": "春节礼盒",
        "link": "/pages/index/index",
        "starts_at": "",
        "ends_at": "",
        "is_enabled": "on",
        **values,
    }


def titles():
    return list(Banner.objects.values_list("title", flat=True))


# --- who may


@pytest.mark.parametrize("name", ROLES)
def test_merchandisers_and_managers_look_after_banners(client, name):
    banner = BannerFactory()
    client.force_login(role(name))
    may = name in ("merchandiser", "manager")
    good = 200 if may else 403
    assert client.get(url("banner")).status_code == good
    assert client.get(url("banner", "add")).status_code == good
    assert client.get(url("banner", "change", banner.pk)).status_code == good
    assert client.get(url("banner", "history", banner.pk)).status_code == good
    assert client.get(preview_url()).status_code == good
    client.post(url("banner", "add"), typed(title="新的", image=upload()))
    assert Banner.objects.filter(title="新的").exists() is may
    client.post(verb_url("disable"), {"only": banner.pk})
    banner.refresh_from_db()
    assert banner.is_enabled is not may
    seen = ",".join(str(pk) for pk in Banner.objects.values_list("pk", flat=True))
    answer = client.post(order_url(), {"seen": seen})
    assert answer.status_code == (302 if may else 403)
    client.post(verb_url("remove"), {"only": banner.pk, "confirmed": "1"})
    assert Banner.objects.filter(pk=banner.pk).exists() is not may
    menu = client.get("/admin/").content.decode()
    assert (url("banner") in menu) is may


def test_who_may_only_look_sees_no_input(client):
    BannerFactory()
    banner = BannerFactory()
    client.force_login(StaffFactory(permissions=["catalog.view_banner"]))
    page = main_of(client.get(url("banner")))
    assert "data-place" not in page
    assert order_url() not in page
    assert verb_url("disable") not in page
    form = main_of(client.get(url("banner", "change", banner.pk)))
    assert "<input" not in form
    assert client.post(order_url(), {"seen": "1"}).status_code == 403


# --- the list


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_list_tells_what_each_is_and_where_it_stands(client, by, language):
    start = timezone.now() + HOUR
    BannerFactory(title="春节", link="https://example.com/a", starts_at=start)
    client.cookies["django_language"] = language
    page = text_of(client.get(url("banner")))
    for word in ("春节", "https://example.com/a"):
        assert word in page
    assert f"{timezone.localtime(start):%m-%d %H:%M}" in page
    assert "/media/thumb/160/" in main_of(client.get(url("banner")))


def test_tabs_go_by_what_the_storefront_shows_now(client, by):
    now = timezone.now()
    made = {
        "showing": BannerFactory(),
        "planned": BannerFactory(starts_at=now + HOUR),
        "over": BannerFactory(ends_at=now - HOUR),
        "off": BannerFactory(is_enabled=False),
    }
    response = client.get(url("banner"))
    counts = re.findall(r'class="count">(\d+)<', main_of(response))
    assert counts == ["4", "1", "1", "1", "1"]
    for tab, banner in made.items():
        rows = client.get(url("banner"), {"tab": tab}).context["cl"].result_list
        assert [row.pk for row in rows] == [banner.pk]


def test_the_list_has_constant_queries(client, by):
    BannerFactory()
    BannerFactory()
    two = queries_of(client, url("banner"))
    for _ in range(4):
        BannerFactory()
    assert queries_of(client, url("banner")) == two


def test_an_empty_list_offers_the_first(client, by):
    assert url("banner", "add") in main_of(client.get(url("banner")))
    client.force_login(StaffFactory(permissions=["catalog.view_banner"]))
    assert url("banner", "add") not in main_of(client.get(url("banner")))


# --- order


def test_the_order_is_typed_in_the_list(client, by):
    one, two, three = (BannerFactory(title=t) for t in "甲乙丙")
    page = main_of(client.get(url("banner")))
    seen = re.search(r'name="seen" value="([\d,]+)"', page)[1]
    assert f'formaction="{order_url()}"' in page
    assert f'name="place-{three.pk}" value="3"' in page
    posted = {"seen": seen, f"place-{three.pk}": "1", f"place-{one.pk}": "1"}
    response = client.post(order_url(), posted, follow=True)
    assert messages_of(response) == ["The order is saved."]
    assert titles() == ["丙", "甲", "乙"]
    assert OperationLog.objects.get(action="banner.ordered").by == by
    assert two.pk


def test_a_tab_moves_its_banners_among_all(client, by):
    _shown, hidden, third = (BannerFactory(title=t) for t in "甲乙丙")
    banners.switch_banner(hidden, on=False, by=by)
    page = main_of(client.get(url("banner"), {"tab": "showing"}))
    assert f"place-{hidden.pk}" not in page
    assert f'name="place-{third.pk}" value="3"' in page
    seen = re.search(r'name="seen" value="([\d,]+)"', page)[1]
    client.post(order_url(), {"seen": seen, f"place-{third.pk}": "1"})
    assert titles() == ["丙", "甲", "乙"]


@pytest.mark.parametrize("place", ["", "x", "-1", "1.5", "9" * 30, "²"])
def test_what_is_no_place_changes_nothing(client, by, place):
    one, two = BannerFactory(title="甲"), BannerFactory(title="乙")
    seen = f"{one.pk},{two.pk}"
    client.post(order_url(), {"seen": seen, f"place-{two.pk}": place, "place-x": "1"})
    assert titles() == ["甲", "乙"]


def test_who_saw_another_order_is_told(client, by):
    one, two = BannerFactory(title="甲"), BannerFactory(title="乙")
    banners.order_banners([two.pk, one.pk], by=by)
    posted = {"seen": f"{one.pk},{two.pk}", f"place-{two.pk}": "1"}
    response = client.post(order_url(), posted, follow=True)
    assert "changed meanwhile" in messages_of(response)[0]
    assert titles() == ["乙", "甲"]


def test_an_order_is_not_read_from_an_address(client, by):
    assert client.get(order_url()).status_code == 302


@pytest.mark.parametrize(
    ("places", "order"),
    [
        ({}, "abcd"),
        ({3: 1}, "cabd"),
        ({1: 3}, "bcad"),
        ({1: 4, 4: 1}, "dbca"),
        ({4: 2}, "adbc"),
        ({1: 99}, "bcda"),
        ({2: 0}, "bacd"),
    ],
)
def test_a_place_is_where_it_then_stands(places, order):
    found = banners.placed([1, 2, 3, 4], places)
    assert "".join(" abcd"[pk] for pk in found) == order


# --- the form


def test_a_banner_is_entered_with_its_window_in_local_time(client, by):
    posted = typed(
        image=upload(size=(150, 64)),
        starts_at="2027-02-06T00:00",
        ends_at="2027-02-13T23:30",
    )
    response = client.post(url("banner", "add"), posted, follow=True)
    banner = Banner.objects.get()
    assert timezone.localtime(banner.starts_at) == timezone.make_aware(
        datetime(2027, 2, 6)  # noqa: DTZ001 - made aware
    )
    assert timezone.localtime(banner.ends_at).hour == 23
    assert "added successfully" in str(messages_of(response))
    assert OperationLog.objects.get(action="banner.created").by == by


def test_a_picture_of_another_shape_is_warned_of(client, by):
    response = client.post(
        url("banner", "add"), typed(image=upload(size=(100, 100))), follow=True
    )
    assert "its edges are cut" in str(messages_of(response))
    response = client.post(
        url("banner", "change", Banner.objects.get().pk), typed(title="新"), follow=True
    )
    assert "its edges are cut" not in str(messages_of(response))


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": ""}, "title"),
        ({"link": "javascript:alert(1)"}, "link"),
        ({"link": "http://example.com"}, "link"),
        ({"starts_at": "yesterday"}, "starts_at"),
        ({"starts_at": "0001-01-01T00:00"}, "starts_at"),
        ({"ends_at": "9999-12-31T23:59"}, "ends_at"),
        ({"starts_at": "2027-02-06T10:00", "ends_at": "2027-02-06T10:00"}, "ends_at"),
        ({"image": SimpleUploadedFile("x.png", b"<svg></svg>")}, "image"),
        ({"image": ""}, "image"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(client, by, values, field):
    posted = {**typed(image=upload()), **values}
    response = client.post(url("banner", "add"), posted)
    assert response.status_code == 200
    assert list(response.context["adminform"].form.errors) == [field]
    assert not Banner.objects.exists()


def test_a_change_keeps_the_picture_and_what_was_not_touched(client, by):
    start = timezone.now() - HOUR
    banner = BannerFactory(starts_at=start)
    page = client.get(url("banner", "change", banner.pk))
    shown = page.context["adminform"].form
    posted = typed(title="改过", starts_at=shown["starts_at"].value())
    posted["starts_at"] = re.search(
        r'name="starts_at" value="([^"]+)"', page.content.decode()
    )[1]
    client.post(url("banner", "change", banner.pk), posted)
    after = Banner.objects.get()
    assert (after.title, after.image.name) == ("改过", banner.image.name)
    assert after.starts_at == start
    log = OperationLog.objects.get(action="banner.changed")
    assert set(log.data["changes"]) == {"title"}


def test_a_refused_change_shows_what_was_typed_and_the_state_that_is(client, by):
    banner = BannerFactory(title="春节")
    response = client.post(
        url("banner", "change", banner.pk), typed(title="元宵", link="x", is_enabled="")
    )
    page = main_of(response)
    assert 'value="元宵"' in page
    assert "Showing now" in page
    assert Banner.objects.get().title == "春节"


def test_a_banner_that_was_removed_meanwhile_leads_back(client, by):
    banner = BannerFactory()
    banners.remove_banner(banner, by=by)
    response = client.post(url("banner", "change", banner.pk), typed(), follow=True)
    assert response.status_code == 200
    assert client.get(url("banner", "history", banner.pk)).status_code == 404


def test_the_history_tells_every_act_in_words(client, by):
    banner = BannerFactory(title="春节", by=by)
    banners.change_banner(banner, {"title": "元宵"}, by=by)
    banners.switch_banner(banner, on=False, by=by)
    page = text_of(client.get(url("banner", "history", banner.pk)))
    for word in ("周", "Banner added", "Banner changed", "春节", "元宵"):
        assert word in page
    assert "Banner switched off" in page


def test_there_is_no_deleting_beside_the_verb(client, by):
    banner = BannerFactory()
    address = url("banner", "delete", banner.pk)
    assert client.post(address, {"post": "yes"}).status_code == 403
    client.post(
        url("banner"),
        {"action": "delete_selected", "_selected_action": banner.pk, "post": "yes"},
    )
    assert Banner.objects.exists()


# --- the verbs


def test_switching_off_and_on_from_the_row(client, by):
    banner = BannerFactory(title="春节")
    response = client.post(verb_url("disable"), {"only": banner.pk}, follow=True)
    assert messages_of(response) == ["Switch off: 春节"]
    assert verb_url("enable") in main_of(response)
    client.post(verb_url("enable"), {"only": banner.pk})
    banner.refresh_from_db()
    assert banner.is_enabled


def test_removing_asks_first_and_leads_to_the_list(client, by):
    banner = BannerFactory(title="春节")
    page = url("banner", "change", banner.pk)
    asked = client.post(verb_url("remove"), {"only": banner.pk, "next": page})
    assert "Remove 1 banner" in text_of(asked)
    assert Banner.objects.exists()
    posted = {"only": banner.pk, "next": page, "confirmed": "1"}
    response = client.post(verb_url("remove"), posted, follow=True)
    assert response.redirect_chain[-1][0] == url("banner")
    assert messages_of(response) == ["Remove: 春节"]
    assert not Banner.objects.exists()


def test_many_at_once_say_what_does_not_change(client, by):
    on, off = BannerFactory(title="甲"), BannerFactory(title="乙", is_enabled=False)
    ids = {"_selected_action": [on.pk, off.pk]}
    asked = text_of(client.post(verb_url("disable"), ids))
    assert "1 of 2 will change" in asked
    assert "It is off already." in asked
    again = text_of(client.post(verb_url("enable"), ids))
    assert "It is on already." in again


def test_a_verb_on_what_was_removed_meanwhile_says_so(client, by, monkeypatch):
    banner = BannerFactory(title="春节")
    kept = Banner.objects.get()
    banners.remove_banner(banner, by=by)
    monkeypatch.setattr(
        "catalog.admin.banners.BannerAdmin._chosen", lambda *args: ([kept], False)
    )
    response = client.post(verb_url("disable"), {"only": banner.pk}, follow=True)
    assert "removed meanwhile" in messages_of(response)[0]


# --- the look on a phone


def shown_in(response):
    return [slide["banner"].title for slide in response.context["slides"]]


def test_the_preview_shows_the_carousel_in_its_order(client, by):
    one, two = BannerFactory(title="甲"), BannerFactory(title="乙")
    BannerFactory(title="丙", is_enabled=False)
    banners.order_banners(
        [
            two.pk,
            one.pk,
            *Banner.objects.filter(title="丙").values_list("pk", flat=True),
        ],
        by=by,
    )
    response = client.get(preview_url())
    assert shown_in(response) == ["乙", "甲"]
    page = main_of(response)
    assert page.index(two.image.name) < page.index(one.image.name)
    assert "丙" in page


def test_the_preview_looks_ahead_in_local_time(client, by):
    noon = timezone.make_aware(datetime(2027, 2, 6, 12))  # noqa: DTZ001 - made aware
    BannerFactory(title="节后", starts_at=noon)
    BannerFactory(title="节前", ends_at=noon)
    assert shown_in(client.get(preview_url("?at=2027-02-06T11:59"))) == ["节前"]
    response = client.get(preview_url("?at=2027-02-06T12:00"))
    assert shown_in(response) == ["节后"]
    assert 'value="2027-02-06T12:00"' in main_of(response)
    assert "12:00" in text_of(response)


def test_the_preview_takes_in_one_that_is_not_shown(client, by):
    first = BannerFactory(title="甲", is_enabled=False)
    BannerFactory(title="乙")
    response = client.get(preview_url(f"?banner={first.pk}"))
    assert shown_in(response) == ["甲", "乙"]
    assert "is-chosen" in main_of(response)


@pytest.mark.parametrize(
    "query",
    [
        *("?at=", "?at=x", "?at=2027-13-01T00:00", "?at=0001-01-01T00:00"),
        *("?at=9999-12-31T23:59", "?banner=x", "?banner=999", "?banner=<b>"),
    ],
)
def test_the_preview_bears_any_address(client, by, query):
    BannerFactory(title="甲")
    response = client.get(preview_url(query))
    assert shown_in(response) == ["甲"]
    assert "<b>" not in main_of(response).replace("<b>Fruit shop</b>", "")


def test_the_preview_says_when_nothing_is_shown(client, by):
    assert "no banner" in text_of(client.get(preview_url()))


def test_what_people_type_is_text_on_every_page(client, by):
    payload = "a & b' \" c"
    banner = BannerFactory(title=payload)
    for address in (
        url("banner"),
        url("banner", "change", banner.pk),
        url("banner", "history", banner.pk),
        preview_url(),
    ):
        page = client.get(address).content.decode()
        assert payload not in page, address
        assert "a &amp; b" in page, address


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_rows_are_dragged_and_moved_by_keys(live_server):
    from playwright.sync_api import sync_playwright

    from backoffice.accounts.tests.factories import PASSWORD
    from backoffice.testing import chromium_path

    user = AdminFactory()
    for title in "甲乙丙":
        BannerFactory(title=title, by=user)
    with sync_playwright() as playwright, override_settings(ALLOWED_HOSTS=["*"]):
        browser = playwright.chromium.launch(
            executable_path=chromium_path(), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(locale="en")
        page.goto(f"{live_server.url}/admin/login/")
        page.fill("[name=username]", user.username)
        page.fill("[name=password]", PASSWORD)
        page.click(".gate-button")
        page.goto(f"{live_server.url}{url('banner')}")
        handles = page.locator(".drag-handle")
        first, last = handles.nth(0).bounding_box(), handles.nth(2).bounding_box()
        page.mouse.move(last["x"] + 5, last["y"] + 5)
        page.mouse.down()
        page.mouse.move(first["x"] + 5, first["y"] - 5, steps=8)
        page.mouse.up()
        assert places(page) == [("丙", "1"), ("甲", "2"), ("乙", "3")]
        handles.nth(1).press("ArrowDown")
        assert places(page) == [("丙", "1"), ("乙", "2"), ("甲", "3")]
        page.click("[formaction]")
        page.wait_for_load_state()
        browser.close()
    assert titles() == ["丙", "乙", "甲"]


def places(page):
    """[(title, place)] of the rows as they stand."""
    return [
        (
            row.locator(".main").inner_text(),
            row.locator("[data-place]").input_value(),
        )
        for row in page.locator("tr[data-row]").all()
    ]
