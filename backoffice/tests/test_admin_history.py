"""History pages: who changed what, in words; the past cannot be posted to."""

from decimal import Decimal

import pytest

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.tests.pages import main_of, text_of
from catalog import changes, review
from catalog.models import Goods
from catalog.tests.factories import CategoryFactory, GoodsFactory, PendingGoodsFactory

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


def change(goods, by=None, reason="", **values):
    row = Goods.objects.get(pk=goods.pk)
    before = changes.snapshot(row)
    for name, value in values.items():
        setattr(row, name, value)
    changes.save(row, before, changes.Origin(by=by, reason=reason))


def entries(response):
    return [
        {c["field"].lower(): (c["old"], c["new"]) for c in r.history_delta_changes}
        if hasattr(r, "history_delta_changes")
        else {}
        for r in response.context["page_obj"]
    ]


def test_history_shows_old_and_new_in_words(admin):
    goods = GoodsFactory(name="old", category=CategoryFactory(name="berries"))
    change(
        goods,
        by=AdminFactory(nickname="小李"),
        reason="the season ended",
        name="new",
        category=CategoryFactory(name="citrus"),
        is_weighed=True,
        cost=Decimal("3.5000"),
    )
    page = admin.get(f"{LIST}{goods.pk}/history/")
    newest = entries(page)[0]
    assert newest["name"] == ("old", "new")
    assert newest["category"] == ("berries", "citrus")
    assert newest["weighed"] == ("No", "Yes")
    assert newest["cost"][0] == "—"
    text = text_of(page)
    assert "小李" in text
    assert "the season ended" in text


def test_history_shows_the_words_of_a_status(admin):
    goods = PendingGoodsFactory()
    review.approve(goods, by=AdminFactory())
    newest = entries(admin.get(f"{LIST}{goods.pk}/history/"))[0]
    assert newest["status"] == ("Awaiting review", "Approved")


def test_last_entry_of_a_page_says_what_it_changed_too(admin, monkeypatch):
    goods = GoodsFactory(name="a")
    for name in ("b", "c", "d"):
        change(goods, name=name)
    monkeypatch.setattr(
        "simple_history.admin.SimpleHistoryAdmin.history_list_per_page", 2
    )
    first = entries(admin.get(f"{LIST}{goods.pk}/history/"))
    second = entries(admin.get(f"{LIST}{goods.pk}/history/", {"p": "2"}))
    assert [e.get("name") for e in first] == [("c", "d"), ("b", "c")]
    assert [e.get("name") for e in second] == [("a", "b"), None]


def test_history_escapes_what_people_entered(admin):
    goods = GoodsFactory(name="<b>old</b>")
    change(goods, name="<script>alert(1)</script>", reason="<i>because</i>")
    body = admin.get(f"{LIST}{goods.pk}/history/").content.decode()
    assert "<script>alert(1)" not in body
    assert "<i>because" not in body
    assert "&lt;script&gt;alert(1)" in body


def test_hidden_fields_are_not_in_the_history(client):
    goods = GoodsFactory(cost=Decimal("1.0000"))
    change(goods, cost=Decimal("7.7700"), name="renamed")
    client.force_login(StaffFactory(permissions=["catalog.view_goods"]))
    page = client.get(f"{LIST}{goods.pk}/history/")
    assert "cost" not in entries(page)[0]
    assert "7.77" not in text_of(page)


def test_history_leads_back_to_the_object(admin):
    goods = GoodsFactory()
    body = admin.get(f"{LIST}{goods.pk}/history/").content.decode()
    assert body.count(f'href="{LIST}{goods.pk}/change/"') == 2
    assert f'href="{LIST}"' in body


def test_old_version_is_shown_to_read(admin):
    goods = GoodsFactory(name="as it was")
    change(goods, name="as it is")
    version = changes.HISTORY.objects.filter(id=goods.pk).last()
    page = admin.get(f"{LIST}{goods.pk}/history/{version.pk}/")
    inside = main_of(page)
    assert "as it was" in inside
    assert "<input" not in inside
    assert f"{LIST}{goods.pk}/history/" in inside


def test_nothing_can_be_posted_to_an_old_version(admin):
    goods = GoodsFactory(name="as it was")
    change(goods, name="as it is")
    version = changes.HISTORY.objects.filter(id=goods.pk).last()
    body = {
        "code": goods.code,
        "name": "smuggled",
        "category": goods.category_id,
        "unit": goods.unit_id,
        "price": "0.01",
        "_save": "1",
    }
    answer = admin.post(f"{LIST}{goods.pk}/history/{version.pk}/", body)
    assert answer.status_code == 403
    assert Goods.objects.get(pk=goods.pk).name == "as it is"


def test_history_needs_the_permission_to_look(client):
    goods = GoodsFactory()
    client.force_login(StaffFactory())
    assert client.get(f"{LIST}{goods.pk}/history/").status_code == 403


def test_object_without_entries_by_hand_says_so(admin):
    category = CategoryFactory()
    page = admin.get(f"/admin/catalog/category/{category.pk}/history/")
    assert page.status_code == 200
    assert f'href="/admin/catalog/category/{category.pk}/change/"' in main_of(page)
