"""Pages of categories, brands and units, the logs over all goods, the home page."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone, translation

from backoffice.accounts.roles import ROLES
from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.base.admin import home
from backoffice.oplog.models import OperationLog
from catalog import changes, listing, pricing, repricing, review
from catalog.enums import Means
from catalog.models import Brand, Category, Unit
from catalog.tests.factories import (
    ApprovedGoodsFactory,
    BrandFactory,
    CategoryFactory,
    GoodsFactory,
    OnSaleGoodsFactory,
    PendingGoodsFactory,
    RejectedGoodsFactory,
    UnitFactory,
)
from catalog.tests.pages import messages_of, queries_of, role, text, upload, url

pytestmark = pytest.mark.django_db


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


# --- words

WORDS = {"category": Category, "brand": Brand, "unit": Unit}
FACTORIES = {"category": CategoryFactory, "brand": BrandFactory, "unit": UnitFactory}


def typed(word, **values):
    extra = {"category": {"sequence": "5"}, "unit": {"sequence": "5", "step": "1"}}
    return {"name": "新的", **extra.get(word, {}), **values}


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("name", ROLES)
def test_words_are_seen_by_all_and_kept_by_the_manager(client, word, name):
    client.force_login(role(name))
    FACTORIES[word]()
    may = name == "manager"
    assert client.get(url(word)).status_code == 200
    assert client.get(url(word, "add")).status_code == (200 if may else 403)
    client.post(url(word, "add"), typed(word))
    assert WORDS[word].objects.filter(name="新的").exists() is may


@pytest.mark.parametrize("word", WORDS)
def test_a_word_is_entered_changed_and_deleted_with_a_log(client, by, word):
    client.post(url(word, "add"), typed(word))
    row = WORDS[word].objects.get()
    client.post(url(word, "change", row.pk), typed(word, name="改过"))
    row.refresh_from_db()
    assert row.name == "改过"
    client.post(url(word, "delete", row.pk), {"post": "yes"})
    assert not WORDS[word].objects.exists()
    logged = OperationLog.objects.filter(by=by, action__startswith=f"{word}.")
    actions = logged.order_by("id").values_list("action", flat=True)
    assert list(actions) == [f"{word}.created", f"{word}.changed", f"{word}.deleted"]


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("name", ["", "<b>x</b>", "x" * 100, "a\u202eb"])
def test_a_bad_name_is_refused_at_its_field(client, by, word, name):
    response = client.post(url(word, "add"), typed(word, name=name))
    assert list(response.context["adminform"].form.errors) == ["name"]
    assert not WORDS[word].objects.exists()


@pytest.mark.parametrize("word", WORDS)
def test_a_taken_name_is_refused_at_its_field(client, by, word):
    WORDS[word].objects.create(name="Zespri")
    response = client.post(url(word, "add"), typed(word, name="ZESPRI"))
    assert list(response.context["adminform"].form.errors) == ["name"]
    assert "ZESPRI" in text(response)


@pytest.mark.parametrize("word", WORDS)
def test_a_word_that_is_used_is_not_deleted_and_says_why(client, by, word):
    row = FACTORIES[word]()
    GoodsFactory(**{word: row})
    for send in (client.get, client.post):
        response = send(url(word, "delete", row.pk), {"post": "yes"}, follow=True)
        assert "1 goods uses" in str(messages_of(response))
    assert WORDS[word].objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize("word", WORDS)
def test_deleting_needs_its_permission(client, word):
    client.force_login(role("buyer"))
    row = FACTORIES[word]()
    assert client.post(url(word, "delete", row.pk), {"post": "yes"}).status_code == 403
    assert WORDS[word].objects.exists()


def test_deleting_what_is_gone_leads_home(client, by):
    assert client.get(url("brand", "delete", 999), follow=True).status_code == 200


@pytest.mark.parametrize("word", WORDS)
def test_the_list_counts_goods_with_constant_queries(client, by, word):
    GoodsFactory(**{word: FACTORIES[word](name="一")})
    one = queries_of(client, url(word))
    for n in range(3):
        GoodsFactory(**{word: FACTORIES[word](name=f"N{n}")})
    assert queries_of(client, url(word)) == one
    counts = {
        row.name: row.goods_count
        for row in client.get(url(word)).context["cl"].result_list
    }
    assert counts["一"] == 1


def test_a_unit_counts_goods_that_use_it_for_cases(client, by):
    case_unit = UnitFactory(name="箱")
    GoodsFactory(case_unit=case_unit)
    counted = client.get(url("unit")).context["cl"].result_list
    assert {row.name: row.goods_count for row in counted}["箱"] == 1


def rows_of(response):
    return {
        f"form-{n}-{name}": form[name].value()
        for n, form in enumerate(response.context["cl"].formset.forms)
        for name in ("id", "sequence")
    }


def test_the_order_is_changed_in_the_list(client, by):
    one, two = (
        CategoryFactory(name="A", sequence=1),
        CategoryFactory(name="B", sequence=2),
    )
    posted = {
        **rows_of(client.get(url("category"))),
        "form-TOTAL_FORMS": 2,
        "form-INITIAL_FORMS": 2,
        "_save": "1",
    }
    posted["form-0-sequence"] = 9
    client.post(url("category"), posted)
    assert list(Category.objects.all()) == [two, one]
    log = OperationLog.objects.get(action="category.changed")
    assert log.data["changes"] == {"sequence": ["1", "9"]}


@pytest.mark.parametrize("value", ["-1", "x", "", "99999999999999999999"])
def test_a_bad_order_changes_nothing(client, by, value):
    CategoryFactory(name="A", sequence=1)
    posted = {
        **rows_of(client.get(url("category"))),
        "form-TOTAL_FORMS": 1,
        "form-INITIAL_FORMS": 1,
        "form-0-sequence": value,
        "_save": "1",
    }
    response = client.post(url("category"), posted)
    assert response.status_code == 200
    assert Category.objects.get().sequence == 1


def test_a_category_gets_keeps_and_loses_its_picture(client, by):
    client.post(url("category", "add"), typed("category", image=upload()))
    row = Category.objects.get()
    assert row.image.name.startswith("categories/")
    page = text(client.get(url("category", "change", row.pk)))
    assert "/media/thumb/160/" in page
    client.post(url("category", "change", row.pk), typed("category", name="别的"))
    row.refresh_from_db()
    assert row.image
    client.post(url("category", "change", row.pk), typed("category", image=upload()))
    row.refresh_from_db()
    second = row.image.name
    assert second
    client.post(
        url("category", "change", row.pk), typed("category", **{"image-clear": "on"})
    )
    row.refresh_from_db()
    assert row.image == ""


def test_a_bad_picture_of_a_category_is_refused(client, by):
    bad = SimpleUploadedFile("x.png", b"<svg onload=alert(1)>")
    response = client.post(url("category", "add"), typed("category", image=bad))
    assert list(response.context["adminform"].form.errors) == ["image"]
    assert not Category.objects.exists()


def test_a_step_that_goods_do_not_fit_is_refused(client, by):
    unit = UnitFactory(step=Decimal("0.001"))
    goods = GoodsFactory(unit=unit, min_quantity=Decimal("0.500"))
    response = client.post(
        url("unit", "change", unit.pk), typed("unit", name="斤", step="1")
    )
    assert goods.code in str(response.context["adminform"].form.errors["step"])


def test_an_empty_list_offers_the_first(client, by):
    assert url("brand", "add") in text(client.get(url("brand")))
    client.force_login(role("buyer"))
    assert url("brand", "add") not in text(client.get(url("brand")))


# --- logs

LOGS = ["pricelog", "shelflog"]


@pytest.mark.parametrize("log", LOGS)
@pytest.mark.parametrize("name", ROLES)
def test_logs_are_for_those_who_may_see_them(client, log, name):
    client.force_login(role(name))
    may = name in ("reviewer", "merchandiser", "finance", "manager")
    assert client.get(url(log)).status_code == (200 if may else 403)


@pytest.mark.parametrize("log", LOGS)
def test_logs_cannot_be_touched(client, by, log):
    goods = OnSaleGoodsFactory()
    pricing.change_price(goods, by=by, price=Decimal("9.00"))
    row = changes.HISTORY.objects.filter(id=goods.pk).latest("history_id")
    page = text(client.get(url(log)))
    assert 'name="_selected_action"' not in page
    assert client.get(url(log, "add")).status_code == 403
    assert client.post(url(log, "delete", row.pk), {"post": "yes"}).status_code == 403
    assert client.post(url(log, "change", row.pk), {}).status_code == 302
    rows = changes.HISTORY.objects.count()
    client.post(url(log), {"action": "delete_selected", "_selected_action": [row.pk]})
    assert changes.HISTORY.objects.count() == rows


@pytest.mark.parametrize("log", LOGS)
def test_a_row_leads_to_the_history_of_its_goods(client, by, log):
    goods = OnSaleGoodsFactory()
    pricing.change_price(goods, by=by, price=Decimal("9.00"))
    for row in changes.HISTORY.objects.filter(id=goods.pk, price_changed=True):
        for page in ("change", "history"):
            response = client.get(url(log, page, row.pk))
            if log == "pricelog":
                assert response.url == url("goods", "history", goods.pk)
    assert client.get(url(log, "change", 999)).url == url(log)


def test_the_price_log_tells_who_when_from_to_why_and_how(client, by):
    unit = UnitFactory()
    goods = OnSaleGoodsFactory(
        name="脐橙",
        price=Decimal(10),
        case_unit=unit,
        case_size=Decimal(10),
        case_enabled=True,
        case_price=Decimal(95),
    )
    pricing.change_price(
        goods, by=by, price=Decimal(11), reason="cost rose", means=Means.SHEET,
        reference="B42",
    )  # fmt: skip
    page = text(client.get(url("pricelog")))
    for word in ("周", "脐橙", goods.code, "10.00", "11.00", "+10.0%", "cost rose"):
        assert word in page
    assert "Sheet" in page
    assert "B42" in page
    assert "95.00" not in page


def test_a_first_case_price_stands_in_the_price_log(client, by):
    goods = GoodsFactory(price=Decimal(10))
    pricing.change_price(goods, by=by, price=Decimal(11), case_price=Decimal(100))
    page = text(client.get(url("pricelog")))
    for word in ("10.00", "11.00", "100.00"):
        assert word in page


def test_a_case_price_alone_leaves_the_retail_price_out(client, by):
    goods = GoodsFactory(price=Decimal("12.34"))
    pricing.change_price(goods, by=by, case_price=Decimal(100))
    pricing.change_price(goods, by=by, case_price=None)
    page = text(client.get(url("pricelog")))
    assert "100.00" in page
    assert "12.34" not in page


def test_a_run_is_named_and_linked_in_the_price_log(client, by):
    goods = OnSaleGoodsFactory(price=Decimal(10))
    run = pricing.change_price(goods, by=AdminFactory(), price=Decimal(5)).run
    repricing.approve(run, by=by)
    page = text(client.get(url("pricelog")))
    assert run.number in page
    assert url("repricingrun", "change", run.pk) in page


def test_the_shelf_log_tells_every_move(client, by):
    goods = listing.delist(OnSaleGoodsFactory(by=by), by=by, reason="sold out")
    page = text(client.get(url("shelflog")))
    for word in ("Draft", "Awaiting review", "Approved", "On sale", "Off sale"):
        assert word in page
    assert "sold out" in page
    assert goods.code in page


def test_logs_have_constant_queries(client, by):
    def another():
        goods = OnSaleGoodsFactory(price=Decimal(10))
        run = pricing.change_price(goods, by=AdminFactory(), price=Decimal(5)).run
        repricing.approve(run, by=by)

    another()
    one = {log: queries_of(client, url(log)) for log in LOGS}
    for _ in range(3):
        another()
    assert {log: queries_of(client, url(log)) for log in LOGS} == one


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({}, 2),
        ({"q": "AAA"}, 1),
        ({"q": "脐橙"}, 1),
        ({"q": "nothing"}, 0),
        ({"q": " "}, 2),
        ({"means": "sheet"}, 1),
        ({"means": "bogus"}, 2),
        ({"person": "system"}, 0),
        ({"person": "bogus"}, 2),
        ({"history_date_from": "2000-01-01", "history_date_to": "2000-12-31"}, 0),
    ],
)
def test_the_price_log_is_filtered_and_searched(client, by, query, count):
    one = GoodsFactory(code="AAA")
    two = GoodsFactory(code="BBB", name="脐橙")
    pricing.change_price(one, by=by, price=Decimal(8))
    pricing.change_price(two, by=AdminFactory(), price=Decimal(8), means=Means.SHEET)
    assert len(client.get(url("pricelog"), query).context["cl"].result_list) == count
    mine = client.get(url("pricelog"), {"person": by.pk}).context["cl"].result_list
    assert [row.code for row in mine] == ["AAA"]
    today = timezone.localdate()
    days = {"history_date_from": today, "history_date_to": today}
    assert len(client.get(url("pricelog"), days).context["cl"].result_list) == 2
    later = {"history_date_from": today + timedelta(days=1)}
    assert len(client.get(url("pricelog"), later).context["cl"].result_list) == 0


@pytest.mark.parametrize(("to", "count"), [("approved", 1), ("pending", 2), ("x", 3)])
def test_the_shelf_log_is_filtered_by_where_a_move_ended(client, by, to, count):
    ApprovedGoodsFactory()
    PendingGoodsFactory()
    response = client.get(url("shelflog"), {"to": to})
    assert len(response.context["cl"].result_list) == count


def test_an_empty_log_says_so(client, by):
    for log in LOGS:
        assert "Nothing has changed yet" in text(client.get(url(log)))


# --- home


def cards_for(rf, user):
    request = rf.get("/admin/")
    request.user = user
    return {str(card.label): card for card in home.cards.collect(request)}


def test_the_home_page_shows_what_waits_for_whom(rf):
    buyer = AdminFactory()
    PendingGoodsFactory(by=buyer)
    RejectedGoodsFactory(by=buyer)
    ApprovedGoodsFactory(by=buyer)
    pricing.change_price(
        OnSaleGoodsFactory(price=Decimal(10)), by=buyer, price=Decimal(5)
    )
    seen = {name: cards_for(rf, role(name)) for name in ROLES}
    assert seen["reviewer"]["Goods to review"].count == 1
    assert seen["reviewer"]["Goods to review"].url == url("goods", "review")
    assert seen["buyer"]["Rejected goods to mend"].count == 1
    assert seen["buyer"]["Drafts to submit"].count == 0
    assert seen["merchandiser"]["Goods to put on the shelf"].count == 1
    assert seen["manager"]["Price changes to approve"].count == 1
    assert not any("Goods to review" in seen[n] for n in ("buyer", "service"))
    assert not any("Price changes to approve" in seen[n] for n in ("buyer", "finance"))


def test_the_first_steps_are_ticked_off(rf):
    request = rf.get("/admin/")
    request.user = AdminFactory()

    def done():
        wanted = {"Have goods reviewed", "Put goods on the shelf"}
        steps = home.steps.collect(request)
        return [step.done for step in steps if str(step.label) in wanted]

    assert done() == [False, False]
    goods = ApprovedGoodsFactory()
    assert done() == [True, False]
    listing.list_goods(goods, by=request.user)
    assert done() == [True, True]
    request.user = role("service")
    assert len(done()) == 2
    request.user = StaffFactory()
    assert done() == []


def test_a_reviewer_sees_the_desk_in_the_menu(client):
    client.force_login(role("reviewer"))
    review.submit(GoodsFactory(), by=AdminFactory())
    assert url("goods", "review") in text(client.get("/admin/"))
