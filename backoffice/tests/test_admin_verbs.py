"""Verbs in the admin: preview, permission, reason, what happened."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.base.admin import Verb, VerbAdmin
from backoffice.oplog.models import OperationLog
from backoffice.tests.pages import main_of, text_of
from backoffice.tests.sample_admin import site
from catalog.enums import GoodsStatus
from catalog.models import Goods
from catalog.tests.factories import (
    ApprovedGoodsFactory,
    CategoryFactory,
    GoodsFactory,
    OnSaleGoodsFactory,
    PendingGoodsFactory,
)

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("backoffice.tests.sample_admin"),
]
LIST = "/admin/catalog/goods/"
DELIST = f"{LIST}verb/delist/"


@pytest.fixture(autouse=True)
def _in_english(client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"


@pytest.fixture
def admin(client):
    client.force_login(AdminFactory())
    return client


def status_of(goods):
    return Goods.objects.get(pk=goods.pk).status


def test_preview_says_what_will_change_and_what_not_and_why(admin):
    sold, draft = OnSaleGoodsFactory(name="sold"), GoodsFactory(name="a draft")
    page = admin.post(DELIST, {"_selected_action": [sold.pk, draft.pk]})
    assert [p.label for p in page.context["will"]] == ["sold"]
    assert [p.refusal for p in page.context["wont"]] == ["It is draft."]
    text = text_of(page)
    assert "on_sale → off_sale" in text
    assert "It is draft." in text
    assert status_of(sold) == GoodsStatus.ON_SALE


def test_preview_button_says_the_verb_and_the_number(admin):
    many = [OnSaleGoodsFactory() for _ in range(3)]
    page = admin.post(DELIST, {"_selected_action": [g.pk for g in many]})
    button = main_of(page).split('class="save-bar"')[1].split("</button>")[0]
    assert "Delist 3" in button


def test_preview_that_would_do_nothing_has_no_button(admin):
    draft = GoodsFactory()
    page = main_of(admin.post(DELIST, {"only": draft.pk}))
    assert "<button" not in page.split('class="save-bar"')[1]


def test_confirmed_verb_moves_each_and_a_page_says_what_happened(admin):
    sold, draft = OnSaleGoodsFactory(name="sold"), GoodsFactory(name="a draft")
    page = admin.post(
        DELIST,
        {"only": f"{sold.pk},{draft.pk}", "confirmed": "1", "reason": "season"},
        follow=True,
    )
    assert status_of(sold) == GoodsStatus.OFF_SALE
    assert [o.label for o in page.context["done"]] == ["sold"]
    assert [o.label for o in page.context["failed"]] == ["a draft"]
    log = OperationLog.objects.get(action="goods.delisted")
    assert log.data["reason"] == "season"


def test_result_page_can_be_loaded_again_and_does_nothing_again(admin):
    goods = [OnSaleGoodsFactory(), OnSaleGoodsFactory()]
    body = {"only": ",".join(str(g.pk) for g in goods), "confirmed": "1"}
    result = admin.post(DELIST, body).url
    again = admin.get(result)
    assert len(again.context["done"]) == 2
    assert OperationLog.objects.filter(action="goods.delisted").count() == 2


def test_failed_ones_are_one_click_away_and_still_ticked(admin):
    sold, draft = OnSaleGoodsFactory(), GoodsFactory()
    page = admin.post(
        DELIST, {"only": f"{sold.pk},{draft.pk}", "confirmed": "1"}, follow=True
    )
    rows = admin.get(page.context["failed_url"]).context["page"].rows
    assert [(row.pk, row.is_ticked) for row in rows] == [(draft.pk, True)]


def test_result_offers_to_take_it_back(admin):
    goods = [OnSaleGoodsFactory(), OnSaleGoodsFactory()]
    body = {"only": ",".join(str(g.pk) for g in goods), "confirmed": "1"}
    page = admin.post(DELIST, body, follow=True)
    assert page.context["undo"].name == "list"
    ids = ",".join(str(pk) for pk in page.context["done_ids"])
    admin.post(page.context["undo_url"], {"only": ids, "confirmed": "1"})
    assert {status_of(g) for g in goods} == {GoodsStatus.ON_SALE}


def test_result_of_another_person_is_not_shown(admin, client):
    goods = [OnSaleGoodsFactory(), OnSaleGoodsFactory()]
    body = {"only": ",".join(str(g.pk) for g in goods), "confirmed": "1"}
    result = admin.post(DELIST, body).url
    client.force_login(AdminFactory())
    answer = client.get(result)
    assert answer.status_code == 302
    assert answer.url == LIST


def test_result_shows_names_as_text(admin):
    goods = [OnSaleGoodsFactory(name="<img src=x>") for _ in range(2)]
    body = {"only": ",".join(str(g.pk) for g in goods)}
    preview = admin.post(DELIST, body)
    page = admin.post(DELIST, {**body, "confirmed": "1"}, follow=True)
    for shown in (preview, page):
        assert "<img src=x>" not in shown.content.decode()
        assert "&lt;img src=x&gt;" in shown.content.decode()


@pytest.mark.parametrize("confirmed", ["", "1"])
def test_both_steps_ask_for_the_permission(client, confirmed):
    goods = OnSaleGoodsFactory()
    client.force_login(StaffFactory(permissions=["catalog.change_goods"]))
    answer = client.post(DELIST, {"only": goods.pk, "confirmed": confirmed})
    assert answer.status_code == 403
    assert status_of(goods) == GoodsStatus.ON_SALE


def test_verb_permission_alone_does_not_open_the_list(client):
    goods = OnSaleGoodsFactory()
    client.force_login(StaffFactory(permissions=["catalog.list_goods"]))
    answer = client.post(DELIST, {"only": goods.pk, "confirmed": "1"})
    assert answer.status_code == 403
    assert status_of(goods) == GoodsStatus.ON_SALE


def test_strangers_are_sent_to_sign_in(client):
    goods = OnSaleGoodsFactory()
    answer = client.post(DELIST, {"only": goods.pk, "confirmed": "1"})
    assert answer.status_code == 302
    assert answer.url.startswith("/admin/login/")
    assert status_of(goods) == GoodsStatus.ON_SALE


def test_get_changes_nothing(admin):
    goods = OnSaleGoodsFactory()
    answer = admin.get(DELIST, {"only": goods.pk, "confirmed": "1"})
    assert answer.status_code == 302
    assert status_of(goods) == GoodsStatus.ON_SALE


def test_verb_needs_the_csrf_token():
    goods = OnSaleGoodsFactory()
    client = Client(enforce_csrf_checks=True)
    client.force_login(AdminFactory())
    assert client.post(DELIST, {"only": goods.pk, "confirmed": "1"}).status_code == 403
    assert status_of(goods) == GoodsStatus.ON_SALE


def test_unknown_verb_is_not_found(admin):
    assert admin.post(f"{LIST}verb/explode/", {"only": "1"}).status_code == 404


def test_required_reason_is_asked_for_beside_the_field(admin):
    goods = PendingGoodsFactory()
    reject = f"{LIST}verb/reject/"
    page = admin.post(reject, {"only": goods.pk, "confirmed": "1", "reason": "  "})
    assert page.status_code == 200
    assert page.context["reason_error"]
    assert status_of(goods) == GoodsStatus.PENDING
    admin.post(reject, {"only": goods.pk, "confirmed": "1", "reason": "blurred"})
    assert status_of(goods) == GoodsStatus.REJECTED


def test_one_row_may_skip_the_confirm_page_where_the_verb_says_so(admin):
    goods = GoodsFactory(name="apple")
    answer = admin.post(
        f"{LIST}verb/submit/", {"only": goods.pk, "next": f"{LIST}?tab=draft"}
    )
    assert answer.url == f"{LIST}?tab=draft"
    assert status_of(goods) == GoodsStatus.PENDING
    assert "Submit: apple" in text_of(admin.get(answer.url))


def test_several_rows_never_skip_the_confirm_page(admin):
    many = [GoodsFactory(), GoodsFactory()]
    answer = admin.post(
        f"{LIST}verb/submit/", {"_selected_action": [g.pk for g in many]}
    )
    assert answer.status_code == 200
    assert {status_of(g) for g in many} == {GoodsStatus.DRAFT}


def test_refusal_of_one_is_a_message(admin):
    goods = GoodsFactory(price=0)
    page = admin.post(f"{LIST}verb/submit/", {"only": goods.pk}, follow=True)
    (message,) = page.context["messages"]
    assert message.level_tag == "error"
    assert status_of(goods) == GoodsStatus.DRAFT


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "javascript:alert(1)"]
)
def test_way_back_never_leads_to_another_host(admin, target):
    goods = GoodsFactory()
    answer = admin.post(f"{LIST}verb/submit/", {"only": goods.pk, "next": target})
    assert answer.url == LIST


def test_all_that_match_follows_the_filters_of_the_list(admin):
    here, there = CategoryFactory(name="here"), CategoryFactory(name="there")
    wanted = OnSaleGoodsFactory(category=here)
    other = OnSaleGoodsFactory(category=there)
    page = admin.post(
        f"{DELIST}?category__id__exact={here.pk}",
        {"select_across": "1", "_selected_action": [other.pk]},
    )
    assert page.context["ids"] == str(wanted.pk)


def test_all_that_match_follows_the_tab(admin):
    approved = ApprovedGoodsFactory()
    OnSaleGoodsFactory()
    page = admin.post(f"{LIST}verb/list/?tab=approved", {"select_across": "1"})
    assert [p.id for p in page.context["will"]] == [approved.pk]
    assert page.context["wont"] == []


@pytest.mark.parametrize("query", ["category__id__exact=x", "is_weighed__exact=maybe"])
def test_all_that_match_of_filters_that_are_none_is_nothing(admin, query):
    goods = OnSaleGoodsFactory(category=CategoryFactory(name="here"))
    # Django leaves a filter with one choice out
    CategoryFactory(name="there")
    answer = admin.post(f"{DELIST}?{query}", {"select_across": "1", "confirmed": "1"})
    assert answer.status_code == 302
    assert status_of(goods) == GoodsStatus.ON_SALE


@pytest.mark.parametrize("across", [True, False])
def test_more_than_the_limit_is_refused(admin, across):
    many = [OnSaleGoodsFactory() for _ in range(6)]
    body = {"_selected_action": [g.pk for g in many]}
    page = admin.post(DELIST, {"select_across": "1"} if across else body, follow=True)
    (message,) = page.context["messages"]
    assert "5" in str(message)
    assert {status_of(g) for g in many} == {GoodsStatus.ON_SALE}


@pytest.mark.parametrize("ids", ["", "x", "1,x", "999999", "0x10", "1" * 40])
def test_ids_that_are_none_change_nothing(admin, ids):
    page = admin.post(DELIST, {"only": ids, "confirmed": "1"}, follow=True)
    (message,) = page.context["messages"]
    assert message.level_tag == "warning"


def test_an_id_given_twice_counts_once(admin):
    goods = OnSaleGoodsFactory()
    page = admin.post(DELIST, {"only": f"{goods.pk},{goods.pk}"})
    assert page.context["total"] == 1


def test_object_page_offers_the_verbs_that_fit(admin):
    goods = OnSaleGoodsFactory()
    body = main_of(admin.get(f"{LIST}{goods.pk}/change/"))
    assert f'action="{DELIST}"' in body
    assert "verb/approve/" not in body


def test_object_page_offers_no_verb_to_who_may_not(client):
    goods = OnSaleGoodsFactory()
    client.force_login(StaffFactory(permissions=["catalog.view_goods"]))
    assert "/verb/" not in main_of(client.get(f"{LIST}{goods.pk}/change/"))


def test_bar_for_ticked_rows_holds_only_verbs_of_the_person(client):
    OnSaleGoodsFactory()
    client.force_login(
        StaffFactory(permissions=["catalog.view_goods", "catalog.list_goods"])
    )
    page = client.get(LIST, {"q": "苹果"})
    assert [verb.name for verb, _url in page.context["page"].verbs] == [
        "list",
        "delist",
    ]
    # what the list shows goes along, for "all that match"
    assert "verb/delist/?q=" in page.content.decode()


def test_verbs_without_a_way_to_run_them_are_a_mistake(rf):
    class Forgetful(VerbAdmin):
        verbs = [Verb("do", "Do", "catalog.change_goods")]

    with pytest.raises(ImproperlyConfigured, match="run_verb"):
        Forgetful(Goods, site).run_verb(rf.post("/"), Forgetful.verbs[0], [], "")


def test_plain_plan_names_what_does_not_fit(rf):
    class Plain(VerbAdmin):
        def verb_allowed(self, request, verb, obj):
            return obj.status == GoodsStatus.DRAFT

    planned = Plain(Goods, site).plan_verb(
        rf.post("/"), Verb("do", "Do", "x.y"), [GoodsFactory(), PendingGoodsFactory()]
    )
    assert [bool(p.refusal) for p in planned] == [False, True]
