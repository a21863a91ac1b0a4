"""The admin in a real browser: nothing that people entered runs, nothing scrolls
sideways, keys and ticks work, and everybody can read it."""

import contextlib
from pathlib import Path

import pytest
from django.contrib import admin
from django.urls import NoReverseMatch, reverse

from backoffice.accounts.tests.factories import AdminFactory
from backoffice.base.admin.appearance import THEMES
from backoffice.tests.browser import CHROMIUM, CONTRAST, chromium, open_page
from backoffice.tests.test_theme import HOSTILE
from catalog import review
from catalog.enums import GoodsStatus
from catalog.models import Goods
from catalog.tests.factories import (
    GoodsFactory,
    OnSaleGoodsFactory,
    PendingGoodsFactory,
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="needs Chromium"),
]
GOODS = "/admin/catalog/goods/"
__all__ = ["chromium", "open_page"]


def every_address():
    for model in admin.site._registry:
        label = f"{model._meta.app_label}_{model._meta.model_name}"
        for kind in ("changelist", "add"):
            with contextlib.suppress(NoReverseMatch):
                yield reverse(f"admin:{label}_{kind}")


def some_goods():
    long = "新疆阿克苏冰糖心苹果特级大果家庭装礼盒" * 3
    made = [
        GoodsFactory(name=long),
        PendingGoodsFactory(name="waiting"),
        OnSaleGoodsFactory(name="Averyveryverylongnamewithoutanyblank" * 2),
        OnSaleGoodsFactory(name="sold"),
    ]
    review.reject(made[1], by=AdminFactory(), reason="blurred " * 20)
    return made


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_that_was_entered_runs(open_page, name):
    page = open_page()
    goods = OnSaleGoodsFactory()
    other = OnSaleGoodsFactory()
    Goods.objects.update(name=name)
    for address in (
        "/admin/",
        GOODS,
        f"{GOODS}?q=" + name.replace("#", "%23").replace("&", "%26"),
        f"{GOODS}{goods.pk}/change/",
        f"{GOODS}{goods.pk}/history/",
        f"{GOODS}?only={goods.pk},{other.pk}",
    ):
        page.goto(address)
    page.click(".bulk-verbs [data-verb=delist]")
    page.click(".verb-form .save-bar button")
    page.wait_for_url("**/result/**")
    page.goto(f"{GOODS}{goods.pk}/change/")
    assert page.evaluate("window.__xss") is None
    assert page.faults == []
    assert set(Goods.objects.values_list("status", flat=True)) == {GoodsStatus.OFF_SALE}


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_scrolls_sideways(open_page, width):
    goods = some_goods()
    page = open_page(width)
    pages = ["/admin/", "/admin/password_change/", "/admin/nothing/", *every_address()]
    pages += [f"{GOODS}{g.pk}/change/" for g in goods]
    pages += [f"{GOODS}{g.pk}/history/" for g in goods]
    wide = {}
    for address in pages:
        page.goto(address)
        over = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if over > 0:
            wide[address] = over
    assert wide == {}


def test_row_becomes_a_card_with_its_next_step(open_page):
    draft = some_goods()[0]
    page = open_page(390)
    page.goto(GOODS)
    card = page.locator("tr[data-row]", has_text=draft.code)
    assert card.evaluate("row => getComputedStyle(row).display") == "flex"
    button = card.locator(".row-actions button")
    assert button.is_visible()
    assert button.bounding_box()["height"] >= 36


def test_the_tab_that_is_open_is_in_sight(open_page):
    page = open_page(390)
    page.goto(f"{GOODS}?tab=archived")
    tab = page.locator(".list-tab.is-active").bounding_box()
    assert 0 <= tab["x"] <= 390 - tab["width"]


def test_menu_is_a_drawer_on_a_phone(open_page):
    page = open_page(390)
    page.goto("/admin/")
    link = page.locator("#menu a", has_text="Categories")
    assert not link.is_visible()
    page.click("[data-menu-toggle]")
    link.click()
    assert page.url.endswith("/admin/catalog/category/")


def test_keys_search_walk_tick_and_help(open_page):
    some_goods()
    page = open_page()
    page.goto(GOODS)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    assert page.locator("tr.is-ticked").count() == 1
    assert page.locator("[data-bulk-count]").inner_text() == "1"
    page.keyboard.press("?")
    assert page.locator("#keys-help").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "searchbar"
    page.keyboard.type("jx?")
    assert page.input_value("#searchbar") == "jx?"
    page.locator("h1").click()
    page.keyboard.press("n")
    page.wait_for_url("**/add/")
    assert page.faults == []


def test_bar_offers_only_what_fits_the_ticked_rows(open_page):
    some_goods()
    page = open_page()
    page.goto(GOODS)
    page.locator("tr[data-row]", has_text="sold").locator("[data-tick]").check()
    assert page.locator("[data-verb=delist]").is_visible()
    assert not page.locator("[data-verb=approve]").is_visible()


def test_a_verb_works_without_scripts(open_page):
    some_goods()
    page = open_page(scripts=False)
    page.goto(GOODS)
    page.locator("tr[data-row]", has_text="sold").locator("[data-tick]").check()
    page.click(".bulk-verbs [data-verb=delist]")
    page.click(".verb-form .save-bar button")
    assert Goods.objects.get(name="sold").status == GoodsStatus.OFF_SALE


def test_leaving_a_changed_form_asks(open_page):
    page = open_page()
    asked = []
    page.on("dialog", lambda d: (asked.append(d.type), d.accept()))
    page.goto("/admin/catalog/category/add/")
    page.goto("/admin/catalog/category/")
    assert asked == []
    page.goto("/admin/catalog/category/add/")
    page.fill("[name=name]", "berries")
    page.goto("/admin/catalog/category/")
    assert asked == ["beforeunload"]
    page.goto("/admin/catalog/category/add/")
    page.fill("[name=name]", "berries")
    page.click("button[name=_save]")
    assert asked == ["beforeunload"]


def test_a_choice_is_entered_in_a_window_of_its_own(open_page):
    GoodsFactory()
    page = open_page()
    page.goto(f"{GOODS}add/")
    with page.expect_popup() as opened:
        page.click("#add_id_brand")
    window = opened.value
    window.fill("[name=name]", "果农之家")
    window.click("button[name=_save]")
    chosen = page.locator("[name=brand] option:checked", has_text="果农之家")
    chosen.wait_for(state="attached")
    assert page.faults == []


def test_first_wrong_field_has_the_focus(open_page):
    page = open_page()
    page.goto("/admin/catalog/category/add/")
    page.click("button[name=_save]")
    # the page arrives before its script has run, and runs no script of a string
    page.wait_for_selector("[name=name]:focus")


@pytest.mark.parametrize("theme", list(THEMES))
def test_everybody_can_read_it(open_page, theme):
    goods = some_goods()
    page = open_page(theme=theme)
    if theme == "auto":
        page.emulate_media(color_scheme="dark")
    faint = {}
    for address in (
        "/admin/",
        GOODS,
        f"{GOODS}?tab=on_sale&only={goods[3].pk}",
        f"{GOODS}{goods[1].pk}/change/",
        f"{GOODS}{goods[1].pk}/history/",
        "/admin/oplog/operationlog/",
        "/admin/nothing/",
    ):
        page.goto(address)
        found = page.evaluate(CONTRAST)
        if found:
            faint[address] = found
    assert faint == {}


def test_dark_is_dark(open_page):
    page = open_page(theme="dark")
    page.goto("/admin/")
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert colour == "rgb(18, 22, 25)"


def test_folded_groups_of_the_menu_stay_folded(open_page):
    page = open_page()
    page.goto("/admin/")
    page.click("[data-group=logs] summary")
    # the browser tells of the folding in a task of its own
    page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
    page.goto("/admin/")
    assert not page.locator("[data-group=logs] li").first.is_visible()


def test_explanation_opens_and_closes(open_page):
    OnSaleGoodsFactory(name="sold", cost="5.0000")
    page = open_page()
    page.goto(GOODS)
    figure = page.locator("details.explain").first
    figure.locator("summary").click()
    assert figure.locator(".explain-box").is_visible()
    page.keyboard.press("Escape")
    assert not figure.locator(".explain-box").is_visible()


def test_language_is_switched_from_the_bar(open_page):
    page = open_page()
    page.goto(GOODS)
    page.click("button[name=language]")
    assert page.locator("html").get_attribute("lang") == "zh-hans"
    assert page.url.endswith(GOODS)
