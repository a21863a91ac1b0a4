"""Lists: tabs, filters, cells, what is remembered, what a row offers."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.base.admin import short_time, tag, when
from backoffice.base.admin.changelist import chosen_ids
from backoffice.oplog.record import record
from backoffice.tests.pages import text_of
from catalog.models import Brand, Category, Goods
from catalog.tests.factories import (
    BrandFactory,
    CategoryFactory,
    GoodsFactory,
    OnSaleGoodsFactory,
    PendingGoodsFactory,
    UnitFactory,
)

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("backoffice.tests.sample_admin"),
]
LIST = "/admin/catalog/goods/"


@pytest.fixture(autouse=True)
def _in_english(client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"


@pytest.fixture
def admin(client):
    client.force_login(AdminFactory())
    return client


def names(response):
    return {goods.name for goods in response.context["cl"].result_list}


def test_tabs_count_every_status_at_once(admin):
    GoodsFactory(name="a draft")
    PendingGoodsFactory(name="waiting")
    OnSaleGoodsFactory(name="sold")
    with CaptureQueriesContext(connection) as queries:
        page = admin.get(LIST)
    tabs = {str(t.label): t.count for t in page.context["page"].tabs}
    assert (tabs["All"], tabs["Draft"], tabs["Awaiting review"]) == ("3", "1", "1")
    counting = [q for q in queries if q["sql"].count("COUNT(*)") > 1]
    assert len(counting) == 1


def test_a_tab_shows_only_its_rows(admin):
    GoodsFactory(name="a draft")
    PendingGoodsFactory(name="waiting")
    page = admin.get(LIST, {"tab": "pending"})
    assert names(page) == {"waiting"}
    assert [t.is_current for t in page.context["page"].tabs].count(True) == 1


def test_a_tab_stays_while_searching_and_sorting(admin):
    PendingGoodsFactory(name="waiting")
    page = admin.get(LIST, {"tab": "pending", "q": "wait"})
    assert ("tab", "pending") in page.context["page"].kept
    assert all(
        "tab=pending" in h.sort_url for h in page.context["page"].headings if h.sort_url
    )


def test_the_default_tab_opens_first_and_all_is_asked_for(admin):
    user = AdminFactory()
    record(by=user, action="goods.listed", target=GoodsFactory())
    record(by=user, action="staff.seen", target=user)
    log = "/admin/oplog/operationlog/"
    assert {r.action for r in admin.get(log).context["cl"].result_list} == {
        "goods.listed"
    }
    everything = admin.get(log, {"tab": "all"}).context["cl"].result_list
    assert "staff.seen" in {r.action for r in everything}


def test_unknown_tab_shows_all(admin):
    GoodsFactory()
    assert len(admin.get(LIST, {"tab": "nonsense"}).context["cl"].result_list) == 1


def test_page_size_is_remembered_for_the_person(admin):
    admin.get(LIST, {"per_page": "20"})
    assert admin.get(LIST).context["cl"].list_per_page == 20


@pytest.mark.parametrize("size", ["0", "-5", "7", "1000000", "x", "٣"])
def test_page_sizes_that_are_not_offered_are_ignored(admin, size):
    assert admin.get(LIST, {"per_page": size}).context["cl"].list_per_page == 50


def test_order_is_remembered_and_forgotten(admin):
    GoodsFactory(name="b")
    GoodsFactory(name="a")
    GoodsFactory(name="c")

    def order(**query):
        found = admin.get(LIST, query).context["cl"].result_list
        return [goods.name for goods in found]

    column = admin.get(LIST).context["cl"].list_display.index("title")
    assert order(o=str(column)) == ["a", "b", "c"]
    assert order() == ["a", "b", "c"]
    assert order(o="") == ["c", "a", "b"]
    assert order() == ["c", "a", "b"]


def test_an_order_that_is_no_order_is_not_remembered(admin):
    GoodsFactory()
    admin.get(LIST, {"o": "1;drop"})
    assert "lists" not in admin.session or not admin.session["lists"].get(
        "catalog.goods"
    )


def test_queries_do_not_grow_with_the_rows(admin):
    OnSaleGoodsFactory()
    admin.get(LIST)
    with CaptureQueriesContext(connection) as few:
        admin.get(LIST)
    for _ in range(4):
        OnSaleGoodsFactory()
    with CaptureQueriesContext(connection) as many:
        admin.get(LIST)
    assert len(many) == len(few)


def test_empty_list_says_what_belongs_there_and_how_to_begin(admin):
    page = admin.get("/admin/catalog/brand/")
    assert "No brand yet." in text_of(page)
    assert 'href="/admin/catalog/brand/add/"' in page.content.decode()


def test_list_without_a_match_offers_all_rows_instead(admin):
    Brand.objects.create(name="果农之家")
    page = admin.get("/admin/catalog/brand/", {"q": "nothing like it"})
    assert page.context["page"].empty is None
    assert "No brand yet." not in text_of(page)
    assert "?" in page.context["page"].clear_url


def test_rows_offer_the_first_verb_that_fits(admin):
    goods = OnSaleGoodsFactory()
    (row,) = admin.get(LIST).context["page"].rows
    (button,) = row.actions
    assert button.url == f"{LIST}verb/delist/"
    assert button.post == {"only": goods.pk}
    assert row.verbs == "delist"


def test_rows_offer_nothing_that_the_person_may_not_do(client):
    OnSaleGoodsFactory()
    client.force_login(StaffFactory(permissions=["catalog.view_goods"]))
    page = client.get(LIST)
    assert page.context["page"].rows[0].actions == []
    assert not page.context["page"].tickable
    assert 'type="checkbox" class="row-tick"' not in page.content.decode()


def test_row_action_may_be_a_link(admin):
    category = CategoryFactory()
    assert (
        f'href="/admin/open/{category.pk}/"'
        in admin.get("/admin/catalog/category/").content.decode()
    )


def test_numbers_stand_right_and_every_cell_names_its_column(admin):
    GoodsFactory()
    page = admin.get(LIST)
    cells = {str(c.label).lower(): c for c in page.context["page"].rows[0].cells}
    assert "num" in cells["price"].css.split()
    assert "num" in cells["margin"].css.split()
    assert "num" not in cells["category"].css.split()
    assert str(cells["price"].html) == '<span class="num">9.90</span>'
    assert cells["name"].phone == "title"
    assert 'data-label="Price"' in page.content.decode()


def test_names_are_shown_as_text(admin):
    GoodsFactory(name="<img src=x onerror=alert(1)>{{7*7}}", code="A&B")
    body = admin.get(LIST).content.decode()
    assert "<img src=x" not in body
    assert "&lt;img src=x onerror=alert(1)&gt;{{7*7}}" in body


def test_search_is_shown_as_text(admin):
    query = "'-alert(1)-'</script><script>alert(2)</script>\"><b>"
    body = admin.get(LIST, {"q": query}).content.decode()
    assert "<script>alert" not in body
    assert "<b>" not in body.split('id="searchbar"')[1].split(">")[0]


def test_three_filters_stand_in_the_line_and_a_used_one_joins_them(admin):
    for name in ("one", "two"):
        GoodsFactory(
            category=CategoryFactory(name=name),
            brand=BrandFactory(name=name),
            unit=UnitFactory(name=name),
        )
    page = admin.get(LIST).context["page"]
    assert [len(page.filters), len(page.folded)] == [3, 2]
    used = admin.get(LIST, {"is_weighed__exact": "0"}).context["page"]
    assert [len(used.filters), len(used.folded)] == [4, 1]
    assert used.filters[-1].is_active


def test_day_filter_takes_both_days(admin):
    old = GoodsFactory(name="old")
    GoodsFactory(name="new")
    today = timezone.localdate()
    Goods.objects.filter(pk=old.pk).update(
        created_at=timezone.now() - timedelta(days=10)
    )
    both = {
        "created_at_from": str(today - timedelta(days=10)),
        "created_at_to": str(today),
    }
    assert names(admin.get(LIST, both)) == {"old", "new"}
    assert names(admin.get(LIST, {"created_at_from": str(today)})) == {"new"}
    last = str(today - timedelta(days=10))
    assert names(admin.get(LIST, {"created_at_to": last})) == {"old"}


def test_day_filter_keeps_the_search_and_ignores_nonsense(admin):
    GoodsFactory(name="apple")
    page = admin.get(
        LIST, {"q": "apple", "created_at_from": "32.13.", "created_at_to": ""}
    )
    assert names(page) == {"apple"}
    panel = page.context["page"].filters[-1].panel
    assert '<input type="hidden" name="q" value="apple">' in panel


def test_chosen_rows_are_shown_alone_and_ticked(admin):
    first, second, _third = GoodsFactory(), GoodsFactory(), GoodsFactory()
    page = admin.get(LIST, {"only": f"{first.pk},{second.pk},x"})
    rows = page.context["page"].rows
    assert {row.pk for row in rows} == {first.pk, second.pk}
    assert all(row.is_ticked for row in rows)


def test_chosen_ids_are_numbers_and_bounded():
    assert chosen_ids("1,a,,2, 3,²") == ["1", "2"]
    assert len(chosen_ids(",".join(["7"] * 5000))) == 1000
    assert chosen_ids("1" * 40) == []


def test_columns_can_be_edited_in_the_list(admin):
    unit = UnitFactory()
    body = {
        "form-TOTAL_FORMS": "1",
        "form-INITIAL_FORMS": "1",
        "form-0-id": unit.pk,
        "form-0-step": "0.500",
        "_save": "1",
    }
    page = admin.get("/admin/catalog/unit/").content.decode()
    assert 'name="form-0-id"' in page
    admin.post("/admin/catalog/unit/", body)
    unit.refresh_from_db()
    assert str(unit.step) == "0.500"


def test_popup_list_hands_its_choice_back(admin):
    category = CategoryFactory()
    page = admin.get("/admin/catalog/category/", {"_popup": "1"})
    body = page.content.decode()
    assert f'data-popup-opener="{category.pk}"' in body
    assert 'id="menu"' not in body
    assert 'name="_popup" value="1"' in body


def test_nothing_is_deleted_unless_the_class_says_so(admin):
    brand, category = Brand.objects.create(name="b"), Category.objects.create(name="c")
    refused = admin.post(f"/admin/catalog/brand/{brand.pk}/delete/", {"post": "yes"})
    assert refused.status_code == 403
    assert Brand.objects.filter(pk=brand.pk).exists()
    admin.post(f"/admin/catalog/category/{category.pk}/delete/", {"post": "yes"})
    assert not Category.objects.filter(pk=category.pk).exists()


def test_delete_says_what_still_uses_it(admin):
    goods = GoodsFactory()
    page = admin.get(f"/admin/catalog/category/{goods.category_id}/delete/")
    assert goods.code in text_of(page)
    assert 'name="post"' not in page.content.decode()


def test_short_times_depend_on_the_day():
    now = timezone.make_aware(datetime(2026, 11, 25, 14, 30))  # noqa: DTZ001 - made aware
    cases = {
        now.replace(hour=0, minute=3): "今天 00:03",
        now - timedelta(days=1): "昨天",
        now + timedelta(days=1): "明天 14:30",
        now - timedelta(days=2): "11-23",
        now - timedelta(days=365): "2025-11-25",
    }
    for at, expected in cases.items():
        shown = (
            short_time(at, now).replace("Today", "今天").replace("Yesterday", "昨天")
        )
        assert shown.replace("Tomorrow", "明天") == expected


def test_time_cells_hold_the_full_time():
    at = timezone.make_aware(datetime(2024, 2, 3, 4, 5, 6))  # noqa: DTZ001 - made aware
    assert 'title="2024-02-03 04:05:06"' in when(at)


def test_tags_escape_and_have_a_tone():
    assert (
        tag("rejected", "<b>") == '<span class="el-tag tag tag--red">&lt;b&gt;</span>'
    )
    assert "tag--grey" in tag("unheard of", "x")


def test_units_stand_behind_inputs_and_read_only_values(admin, client):
    goods = GoodsFactory()
    page = admin.get(f"{LIST}{goods.pk}/change/").content.decode()
    assert '<span class="field-unit">yuan</span>' in page
    viewer = StaffFactory(permissions=["catalog.view_goods"])
    client.force_login(viewer)
    page = client.get(f"{LIST}{goods.pk}/change/").content.decode()
    assert '<span class="field-unit">yuan</span>' in page


def test_read_only_values_are_words(client):
    goods = GoodsFactory(description="")
    client.force_login(StaffFactory(permissions=["catalog.view_goods"]))
    shown = text_of(client.get(f"{LIST}{goods.pk}/change/"))
    assert "Price 9.90 yuan" in shown
    assert "Brand —" in shown
    assert "Description —" in shown


def test_read_only_choice_is_a_link_only_for_who_may_open_it(client):
    goods = GoodsFactory(category=CategoryFactory(name="berries"))
    address = f"/admin/catalog/category/{goods.category_id}/change/"
    client.force_login(StaffFactory(permissions=["catalog.view_goods"]))
    page = client.get(f"{LIST}{goods.pk}/change/")
    assert "berries" in text_of(page)
    assert address not in page.content.decode()
    may = ["catalog.view_goods", "catalog.view_category"]
    client.force_login(StaffFactory(permissions=may))
    assert address in client.get(f"{LIST}{goods.pk}/change/").content.decode()


def test_form_with_an_error_says_so_beside_the_field(admin):
    goods = GoodsFactory()
    page = admin.post(f"{LIST}{goods.pk}/change/", {"code": "", "name": "x"})
    body = page.content.decode()
    assert "form-row field-code errors" in body
    assert 'role="alert"' in body


def test_related_choices_have_no_button_to_delete_them(admin):
    goods = GoodsFactory()
    body = admin.get(f"{LIST}{goods.pk}/change/").content.decode()
    assert "add_id_brand" in body
    assert "delete_id_brand" not in body


def test_autocomplete_answers_staff_only(admin, client):
    CategoryFactory(name="柑橘橙柚")
    query = {"app_label": "catalog", "model_name": "goods", "field_name": "category"}
    answer = admin.get("/admin/autocomplete/", {**query, "term": "柑"})
    assert [r["text"] for r in answer.json()["results"]] == ["柑橘橙柚"]
    client.logout()
    assert client.get("/admin/autocomplete/", query).status_code == 302
    assert Permission.objects.exists()
