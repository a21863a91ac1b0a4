"""The studio's pages: who opens them, what they show, what pressing does."""

from decimal import Decimal

import pytest
from django.urls import reverse

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.tests.pages import text_of
from catalog import editing, pricing, studio
from catalog.enums import RuleKind, RunStatus
from catalog.models import Category, Goods, MarkdownRule, RepricingRun
from catalog.rules import Rule
from catalog.tests.factories import (
    BrandFactory,
    CategoryFactory,
    GoodsFactory,
    OnSaleGoodsFactory,
)
from catalog.tests.pages import role

pytestmark = pytest.mark.django_db
D = Decimal
RULE = {
    "kind": "percent",
    "value": "-5",
    "rounding": "0.10",
    "direction": "nearest",
    "units": ["retail", "case"],
}


@pytest.fixture(autouse=True)
def _english(settings):
    settings.LANGUAGE_CODE = "en"


def address(name, *args, query=""):
    return reverse(f"admin:catalog_repricingrun_{name}", args=args) + query


@pytest.fixture
def clerk(client):
    user = role("merchandiser")
    client.force_login(user)
    return user


def drafted(by=None, percent="-5"):
    recipe = studio.Recipe(Rule(RuleKind.PERCENT, D(percent)))
    return studio.draft(
        studio.compute(Goods.objects.all(), recipe), recipe, by=by or AdminFactory()
    )


def press(client, run, act, **values):
    return client.post(address("preview", run.pk), {"_act": act, **values}, follow=True)


def status_of(run):
    run.refresh_from_db()
    return run.status


# --- from the list


def test_ticked_goods_lead_to_the_studio_and_a_preview(client, clerk):
    goods, other = OnSaleGoodsFactory(price=D(10)), OnSaleGoodsFactory(price=D(20))
    verb = reverse("admin:catalog_goods_verb", args=["reprice"])
    page = client.post(verb, {"_selected_action": [goods.pk]}, follow=True)
    assert goods.name in text_of(page)
    page = client.post(page.redirect_chain[-1][0], RULE, follow=True)
    run = RepricingRun.objects.get()
    assert (run.status, run.created_by) == (RunStatus.DRAFT, clerk)
    assert [line.goods for line in run.lines.all()] == [goods]
    assert "9.50" in page.content.decode()
    other.refresh_from_db()
    assert other.price == D(20)


def test_all_that_match_are_more_than_the_page_shows(client, clerk):
    brand = BrandFactory(name="甲")
    for _ in range(3):
        OnSaleGoodsFactory(price=D(10), brand=brand)
    OnSaleGoodsFactory(price=D(10))
    verb = reverse("admin:catalog_goods_verb", args=["reprice"])
    page = client.post(
        f"{verb}?brand__id__exact={brand.pk}", {"select_across": "1"}, follow=True
    )
    client.post(page.redirect_chain[-1][0], RULE)
    assert RepricingRun.objects.get().lines.count() == 3


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("value", "-100", "more than -100%"),
        ("value", "abc", "number"),
        ("rounding", "0.3", "valid choice"),
        ("units", [], "required"),
        ("min_margin", "100", "below 100"),
    ],
)
def test_a_wrong_rule_is_said_at_its_field(client, clerk, field, value, said):
    goods = OnSaleGoodsFactory(price=D(10))
    page = client.post(
        address("studio", query=f"?ids={goods.pk}"), RULE | {field: value}
    )
    assert said in text_of(page)
    assert not RepricingRun.objects.exists()


def test_a_rule_that_changes_nothing_says_so(client, clerk):
    goods = OnSaleGoodsFactory(price=D("0.10"))
    page = client.post(address("studio", query=f"?ids={goods.pk}"), RULE)
    assert "would stay as it is" in text_of(page)


@pytest.mark.parametrize("query", ["", "?ids=abc", "?ids=99999999999999999999"])
def test_no_selection_offers_the_list(client, clerk, query):
    page = client.get(address("studio", query=query))
    assert "No goods are selected" in text_of(page)


def test_who_may_not_make_runs_sees_no_studio(client):
    run = drafted() if OnSaleGoodsFactory(price=D(10)) else None
    client.force_login(role("buyer"))
    for where in (
        address("studio"),
        address("preview", run.pk),
        address("proposals"),
        address("propose", "costs"),
    ):
        assert client.get(where).status_code == 403
        assert client.post(where, RULE).status_code == 403
    listed = client.get(reverse("admin:catalog_goods_changelist"))
    assert 'data-verb="reprice"' not in listed.content.decode()


# --- the preview


def test_lines_are_left_out_typed_and_applied(client, clerk):
    first, second = OnSaleGoodsFactory(price=D(10)), OnSaleGoodsFactory(price=D(20))
    run = drafted(clerk)
    one, two = run.lines.get(goods=first), run.lines.get(goods=second)
    press(client, run, "out", line=[one.pk])
    shown = {"shown": [one.pk, two.pk], f"price-{two.pk}": "18.8"}
    page = press(client, run, "go", **shown)
    assert "is applied" in text_of(page)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.price, second.price) == (D(10), D("18.80"))


def test_a_wrong_price_is_said_in_its_line_and_nothing_is_applied(client, clerk):
    goods = OnSaleGoodsFactory(price=D(10))
    run = drafted(clerk)
    line = run.lines.get()
    page = press(client, run, "go", shown=[line.pk], **{f"price-{line.pk}": "1.234"})
    assert "at most 2 decimal places" in text_of(page)
    assert "1.234" in page.content.decode()
    goods.refresh_from_db()
    assert (status_of(run), goods.price) == (RunStatus.DRAFT, D(10))


def test_a_price_that_was_not_touched_is_not_typed(client, clerk):
    OnSaleGoodsFactory(price=D(10))
    run = drafted(clerk)
    line = run.lines.get()
    press(client, run, "save", shown=[line.pk], **{f"price-{line.pk}": "9.50"})
    line.refresh_from_db()
    assert not line.is_typed


def test_what_moved_is_shown_again(client, clerk):
    goods = OnSaleGoodsFactory(price=D(10))
    run = drafted(clerk)
    pricing.change_price(goods, by=AdminFactory(), price=D(11))
    page = press(client, run, "go")
    assert "look at it once more" in text_of(page)
    assert status_of(run) == RunStatus.DRAFT


def test_guard_hits_are_named_and_can_be_left_out(client, clerk):
    held, free = (
        OnSaleGoodsFactory(price=D(10), cost=D(10)),
        OnSaleGoodsFactory(price=D(10)),
    )
    run = drafted(clerk)
    page = client.get(address("preview", run.pk))
    assert "waits for a second person" in text_of(page)
    press(client, run, "hits")
    press(client, run, "go")
    held.refresh_from_db()
    free.refresh_from_db()
    assert (held.price, free.price) == (D(10), D("9.50"))


def test_it_is_scheduled_and_bad_times_are_said(client, clerk):
    OnSaleGoodsFactory(price=D(10))
    run = drafted(clerk)
    for times, said in (
        ({"when": "later"}, "Say when"),
        ({"when": "later", "starts_at": "x"}, "Not a time"),
        ({"when": "later", "starts_at": "2001-01-01T06:00"}, "is over"),
        ({"ends_at": "2001-01-01T06:00"}, "end after"),
    ):
        assert said in text_of(press(client, run, "go", **times))
        assert status_of(run) == RunStatus.DRAFT
    page = press(client, run, "go", when="later", starts_at="2099-01-01T06:00")
    assert "2099-01-01 06:00" in text_of(page)
    assert status_of(run) == RunStatus.SCHEDULED


@pytest.mark.parametrize(
    "query",
    [
        "order=-change",
        "order=margin",
        "order=-sold",
        "order=x",
        "view=hits",
        "view=out",
        "p=99",
    ],
)
def test_it_is_sorted_and_narrowed(client, clerk, query):
    OnSaleGoodsFactory(price=D(10))
    run = drafted(clerk)
    assert client.get(address("preview", run.pk, query=f"?{query}")).status_code == 200


def test_costs_are_hidden_from_who_may_not_see_them(client, clerk):
    OnSaleGoodsFactory(price=D(10), cost=D("7.7700"))
    run = drafted(clerk)
    assert "7.77" not in client.get(address("preview", run.pk)).content.decode()
    client.force_login(role("manager"))
    assert "7.77" in client.get(address("preview", run.pk)).content.decode()


def test_many_lines_cost_no_more_queries(client, clerk, django_assert_max_num_queries):
    for _ in range(12):
        OnSaleGoodsFactory(price=D(10))
    run = drafted(clerk)
    with django_assert_max_num_queries(25):
        client.get(address("preview", run.pk))


def test_a_run_that_is_no_draft_leads_to_its_page(client, clerk):
    OnSaleGoodsFactory(price=D(10))
    run = studio.submit(drafted(clerk), by=clerk).run
    page = client.get(address("preview", run.pk))
    assert page.url == address("change", run.pk)


# --- rolling back


def test_rolling_back_shows_first_what_returns(client, clerk):
    first, second = OnSaleGoodsFactory(price=D(10)), OnSaleGoodsFactory(price=D(20))
    run = studio.submit(drafted(clerk), by=clerk).run
    pricing.change_price(second, by=AdminFactory(), price=D("18.50"))
    verb = address("verb", "roll_back")
    said = text_of(client.post(verb, {"only": run.pk}))
    assert "9.50" in said
    assert "it has changed since" in said
    first.refresh_from_db()
    assert first.price == D("9.50")
    client.post(verb, {"only": run.pk, "confirmed": "1", "reason": "typo"})
    first.refresh_from_db()
    assert (first.price, status_of(run)) == (D(10), RunStatus.ROLLED_BACK)
    assert "did not return" in text_of(client.get(address("change", run.pk)))


# --- proposals


def test_proposals_are_made_on_demand_and_looked_at(client, clerk):
    category = CategoryFactory(name="葡提", target_margin=D(20), rounding="0.1")
    goods = OnSaleGoodsFactory(category=category, price=D(10), cost=D(8))
    assert "No category" not in text_of(client.get(address("proposals")))
    page = client.post(address("propose", "costs"), follow=True)
    assert "Nothing to propose" in text_of(page)
    goods.history.model.objects.none()

    editing.edit_goods(
        Goods.objects.get(pk=goods.pk), {"cost": D("8.5")}, by=AdminFactory()
    )
    page = client.post(address("propose", "costs"), follow=True)
    assert "10.60" in page.content.decode()


def test_the_ladder_is_kept_by_the_manager(client):
    client.force_login(role("manager"))
    add = reverse("admin:catalog_markdownrule_add")
    assert (
        client.post(add, {"days": "2", "percent": "10", "is_active": "on"}).status_code
        == 302
    )
    assert "already" in text_of(client.post(add, {"days": "2", "percent": "20"}))
    assert MarkdownRule.objects.get().percent == D(10)
    client.force_login(role("merchandiser"))
    assert client.get(add).status_code == 403
    assert "10" in text_of(client.get(address("proposals")))


def test_a_category_takes_a_target_margin_and_a_rounding(client):
    client.force_login(role("manager"))
    category = CategoryFactory(name="柑橘")
    page = reverse("admin:catalog_category_change", args=[category.pk])
    values = {"name": "柑橘", "sequence": "1", "target_margin": "25"}
    assert "Round to" in text_of(client.post(page, values | {"rounding": "0.3"}))
    assert client.post(page, values | {"rounding": ".9"}).status_code == 302
    category = Category.objects.get(pk=category.pk)
    assert (category.target_margin, category.rounding) == (D(25), ".9")


def test_the_home_page_tells_of_proposals_and_stale_runs(client, clerk):
    GoodsFactory()
    said = text_of(client.get(reverse("admin:index")))
    assert "Repricing that went stale" not in said
    OnSaleGoodsFactory(price=D(10))
    RepricingRun.objects.filter(pk=drafted(clerk).pk).update(status=RunStatus.STALE)
    assert "Repricing that went stale" in text_of(client.get(reverse("admin:index")))


def test_a_stranger_may_not_take_a_draft_back(client):
    OnSaleGoodsFactory(price=D(10))
    run = drafted()
    client.force_login(StaffFactory(permissions=["catalog.view_repricingrun"]))
    client.post(address("verb", "cancel"), {"only": run.pk, "confirmed": "1"})
    assert status_of(run) == RunStatus.DRAFT


def test_all_that_match_says_what_the_list_was_narrowed_to(client, clerk):
    fruit, _other = CategoryFactory(name="莓果"), CategoryFactory(name="瓜")
    OnSaleGoodsFactory(price=D(10), category=fruit, name="蓝莓")
    query = f"?across=1&tab=on_sale&category__id__exact={fruit.pk}&q=蓝&per_page=20"
    page = text_of(client.get(address("studio", query=query)))
    assert "“蓝”" in page
    assert "莓果" in page
    assert "category__id__exact" not in page


def test_ids_that_are_none_are_no_goods(client, clerk):
    page = client.get(address("studio", query="?ids=²,abc"))
    assert "No goods are selected" in text_of(page)


@pytest.mark.parametrize("typed", ["sNaN", "NaN", "Infinity"])
def test_what_is_no_number_is_said_beside_its_line(client, clerk, typed):
    OnSaleGoodsFactory(price=D(10))
    run = drafted()
    line = run.lines.get()
    values = {"shown": line.pk, f"price-{line.pk}": typed}
    assert "Not a number" in text_of(press(client, run, "save", **values))


def test_who_may_not_see_costs_is_not_offered_a_margin_on_them(client, clerk):
    OnSaleGoodsFactory(price=D(10), cost=D(8))
    page = client.get(address("studio", query="?across=1"))
    assert 'value="margin"' not in page.content.decode()
    client.post(
        address("studio", query="?across=1"), {**RULE, "kind": "margin", "value": "0"}
    )
    assert not RepricingRun.objects.exists()
    client.force_login(AdminFactory())
    page = client.get(address("studio", query="?across=1"))
    assert 'value="margin"' in page.content.decode()


@pytest.mark.parametrize(("percent", "said"), [("-5", "Reprice"), ("-50", "Propose")])
def test_the_button_says_whether_it_is_applied_or_proposed(
    client, clerk, percent, said
):
    OnSaleGoodsFactory(price=D(10))
    page = client.get(address("preview", drafted(percent=percent).pk))
    assert f"{said} 1 goods" in text_of(page)
