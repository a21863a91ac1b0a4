"""The page of one goods: what is open to whom, what is saved, what is refused."""

from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import translation

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.base import ports
from backoffice.tests.pages import inputs_of
from catalog import changes, editing, pictures, pricing, review
from catalog.admin import goods_history
from catalog.enums import GoodsStatus
from catalog.models import Goods, GoodsPicture, RepricingRun
from catalog.tests.factories import (
    ApprovedGoodsFactory,
    BrandFactory,
    CategoryFactory,
    GoodsFactory,
    OnSaleGoodsFactory,
    UnitFactory,
    goods_in,
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


def typed(goods=None, **changed):
    """What the browser sends for this goods, and what the person changed."""
    values = {
        "code": "A001",
        "name": "红富士苹果",
        "category": "",
        "brand": "",
        "spec": "",
        "origin": "",
        "barcode": "",
        "unit": "",
        "price": "9.90",
        "retail_enabled": "on",
        "min_quantity": "1",
        "case_unit": "",
        "case_size": "",
        "case_price": "",
        "case_min_quantity": "1",
        "cost": "",
        "points_factor": "1.00",
        "description": "",
    }
    if goods is not None:
        for name in values:
            value = getattr(goods, name)
            value = getattr(value, "pk", value)
            values[name] = "" if value is None else str(value)
        values["retail_enabled"] = "on" if goods.retail_enabled else ""
        values["seen_at"] = goods.updated_at.isoformat()
        values["reason"] = ""
        for place, picture in enumerate(goods.pictures.all(), 1):
            values[f"place_{picture.pk}"] = str(place)
            if picture.is_main:
                values["main_picture"] = str(picture.pk)
    else:
        values["category"] = str(CategoryFactory().pk)
        values["unit"] = str(UnitFactory().pk)
    values |= changed
    return {k: v for k, v in values.items() if v is not None and v != "off"}


def save(client, goods, **changed):
    goods.refresh_from_db()
    return client.post(
        url("goods", "change", goods.pk), typed(goods, **changed), follow=True
    )


def errors_of(response):
    return response.context["adminform"].form.errors


# --- entering


def test_a_goods_is_entered_with_its_pictures(client, by):
    response = client.post(
        url("goods", "add"),
        {
            **typed(cost="6.5", brand=str(BrandFactory().pk)),
            "new_pictures": [upload(), upload()],
        },
        follow=True,
    )
    goods = Goods.objects.get()
    assert response.status_code == 200
    assert messages_of(response)
    assert (goods.name, goods.price, goods.cost, goods.status) == (
        "红富士苹果",
        Decimal("9.90"),
        Decimal("6.5000"),
        "draft",
    )
    assert goods.pictures.count() == 2
    assert goods.image
    row = changes.HISTORY.objects.filter(id=goods.pk).earliest("history_id")
    assert (row.history_type, row.history_user, row.means) == ("+", by, "hand")


def test_the_buyer_enters_goods_and_others_do_not(client):
    client.force_login(role("buyer"))
    client.post(url("goods", "add"), typed(cost="5"))
    assert Goods.objects.get().cost == 5
    client.force_login(role("merchandiser"))
    assert client.get(url("goods", "add")).status_code == 403
    assert client.post(url("goods", "add"), typed(code="B2")).status_code == 403
    assert Goods.objects.count() == 1


def test_a_cost_cannot_be_smuggled_in(client):
    client.force_login(
        StaffFactory(permissions=["catalog.view_goods", "catalog.add_goods"])
    )
    page = text(client.get(url("goods", "add")))
    assert 'name="cost"' not in page
    client.post(url("goods", "add"), typed(cost="5"))
    assert Goods.objects.get().cost is None


BAD = [
    ("name", ""),
    ("name", "长" * 10_000),
    ("name", "苹\u202e果"),
    ("name", "苹\x07果"),
    ("name", "苹\x00果"),
    ("name", "<script>alert(1)</script>"),
    ("name", "<img src=x onerror=alert(1)>"),
    ("code", "=cmd|' /C calc'!A0"),
    ("code", "+1"),
    ("code", "-1"),
    ("code", "@x"),
    ("code", "x" * 41),
    ("price", "-1"),
    ("price", "NaN"),
    ("price", "Infinity"),
    ("price", "1e9"),
    ("price", "1e400"),
    ("price", "12,5元"),
    ("price", "1.005"),
    ("case_price", "-1"),
    ("cost", "-0.1"),
    ("cost", "NaN"),
    ("min_quantity", "0"),
    ("case_min_quantity", "0"),
    ("case_min_quantity", "1.5"),
    ("points_factor", "1000"),
    ("description", "x" * 6000),
    ("barcode", "<b>"),
    ("category", "999999"),
    ("unit", ""),
]


@pytest.mark.parametrize(
    ("field", "value"), BAD, ids=[f"{f}-{v[:12]!r}" for f, v in BAD]
)
@pytest.mark.parametrize("way", ["add", "change"])
def test_bad_input_is_refused_at_its_field_and_changes_nothing(
    client, by, way, field, value
):
    if way == "add":
        response = client.post(url("goods", "add"), typed(**{field: value}))
        assert not Goods.objects.exists()
    else:
        goods = GoodsFactory()
        before = Goods.objects.values().get()
        response = save(client, goods, **{field: value})
        assert Goods.objects.values().get() == before
        assert changes.HISTORY.objects.count() == 1
    assert response.status_code == 200
    assert field in errors_of(response)
    assert "<img src=x" not in text(response)
    assert "<script>alert(1)" not in text(response)


def test_what_a_verb_refuses_is_shown_at_its_field_with_all_that_was_typed(client, by):
    GoodsFactory(code="A001")
    response = client.post(
        url("goods", "add"),
        typed(code="a001", name="新苹果", min_quantity="2", description="很甜"),
    )
    assert list(errors_of(response)) == ["code"]
    page = text(response)
    for kept in ("a001", "新苹果", "很甜"):
        assert kept in page
    assert Goods.objects.count() == 1


@pytest.mark.parametrize(
    "content",
    [
        b"<svg onload=alert(1)>",
        b"<html><script>alert(1)</script>",
        b"",
        b"\xff\xd8\xff broken",
        b"%PDF-1.4",
    ],
)
def test_bad_pictures_are_refused_by_name_and_nothing_is_entered(client, by, content):
    bad = SimpleUploadedFile("foto.jpg", content, content_type="image/jpeg")
    response = client.post(
        url("goods", "add"), {**typed(), "new_pictures": [upload(), bad]}
    )
    assert "foto.jpg" in str(errors_of(response)["new_pictures"])
    assert not Goods.objects.exists()
    assert not GoodsPicture.objects.exists()


def test_the_name_of_a_file_does_not_run(client, by):
    bad = SimpleUploadedFile("<img src=x onerror=alert(1)>.jpg", b"no picture")
    response = client.post(url("goods", "add"), {**typed(), "new_pictures": [bad]})
    assert "<img src=x" not in text(response)


# --- changing


def test_a_change_is_saved_with_its_reason(client, by):
    goods = GoodsFactory(cost=Decimal(5))
    response = save(client, goods, name="黄元帅", price="8.80", reason="new season")
    assert "successfully" in str(messages_of(response))
    goods.refresh_from_db()
    assert (goods.name, goods.price, goods.cost) == ("黄元帅", Decimal("8.80"), 5)
    row = changes.HISTORY.objects.latest("history_id")
    assert (row.history_user, row.history_change_reason) == (by, "new season")


def test_saving_without_a_change_writes_nothing(client, by):
    goods = GoodsFactory(cost=Decimal("5.5000"), case_size=Decimal(10))
    before = Goods.objects.values().get()
    response = save(client, goods)
    assert Goods.objects.values().get() == before
    assert changes.HISTORY.objects.count() == 1
    assert messages_of(response) == ["Nothing was changed."]


def test_the_later_editor_is_told_and_keeps_what_was_typed(client, by):
    goods = GoodsFactory()
    mine = typed(goods, name="青苹果", description="很酸")
    editing.edit_goods(
        goods, {"name": "黄元帅", "spec": "大果"}, by=AdminFactory(nickname="小王")
    )
    response = client.post(url("goods", "change", goods.pk), mine)
    page = text(response)
    assert "小王" in str(errors_of(response))
    assert [(d.label, d.old, d.new) for d in response.context["meanwhile"]] == [
        ("name", "红富士苹果", "黄元帅"),
        ("spec", "—", "大果"),
    ]
    for kept in ("青苹果", "很酸", "黄元帅"):
        assert kept in page
    goods.refresh_from_db()
    assert goods.name == "黄元帅"
    # pressing Save again does not slip through either
    again = client.post(url("goods", "change", goods.pk), mine)
    assert "小王" in str(errors_of(again))


def test_what_is_shown_of_a_concurrent_edit_leaves_costs_out(client):
    client.force_login(role("reviewer"))
    goods = ApprovedGoodsFactory(cost=Decimal("5.4321"))
    mine = typed(goods, name="青苹果")
    editing.edit_goods(
        goods, {"cost": Decimal("4.3219"), "spec": "大果"}, by=AdminFactory()
    )
    response = client.post(url("goods", "change", goods.pk), mine)
    assert [d.label for d in response.context["meanwhile"]] == ["spec"]
    assert "4.3219" not in text(response)


def test_a_moment_before_the_goods_was_there_shows_no_difference(client, by):
    response = save(client, GoodsFactory(), name="x", seen_at="2000-01-01T00:00:00Z")
    assert errors_of(response)
    assert response.context["meanwhile"] == []


@pytest.mark.parametrize("seen_at", ["", "yesterday", "2026-13-45", "2026-11-24T10:00"])
def test_a_page_without_its_moment_is_not_saved(client, by, seen_at):
    goods = GoodsFactory()
    response = save(client, goods, name="黄元帅", seen_at=seen_at)
    assert errors_of(response)
    goods.refresh_from_db()
    assert goods.name == "红富士苹果"


def test_a_guarded_price_waits_and_the_person_is_told(client, by):
    goods = OnSaleGoodsFactory(price=Decimal(10))
    response = save(client, goods, price="5.00", reason="clearance")
    run = RepricingRun.objects.get()
    (message,) = messages_of(response)
    assert run.number in message
    assert url("repricingrun", "change", run.pk) in text(response)
    goods.refresh_from_db()
    assert goods.price == 10
    page = text(client.get(url("goods", "change", goods.pk)))
    assert "A new price waits for approval" in page
    assert run.number in page


def test_whoever_may_not_open_runs_sees_that_one_waits(client):
    goods = OnSaleGoodsFactory(price=Decimal(10))
    pricing.change_price(goods, by=AdminFactory(), price=Decimal(5))
    client.force_login(role("reviewer"))
    page = text(client.get(url("goods", "change", goods.pk)))
    assert "A new price waits for approval" in page
    assert "/repricingrun/" not in page


OPEN = {
    ("buyer", "draft"): {"name", "price", "cost"},
    ("buyer", "rejected"): {"name", "price", "cost"},
    ("buyer", "pending"): {"cost"},
    ("buyer", "on_sale"): {"cost"},
    ("buyer", "archived"): set(),
    ("reviewer", "draft"): set(),
    ("reviewer", "pending"): {"name"},
    ("reviewer", "on_sale"): {"name"},
    ("reviewer", "archived"): set(),
    ("merchandiser", "draft"): {"price"},
    ("merchandiser", "on_sale"): {"price"},
    ("merchandiser", "archived"): set(),
    ("service", "draft"): set(),
    ("manager", "on_sale"): {"name", "price", "cost"},
    ("manager", "archived"): set(),
}


@pytest.mark.parametrize(("who", "status"), OPEN)
def test_the_form_opens_what_this_person_may_change(client, who, status):
    client.force_login(role(who))
    goods = goods_in(GoodsStatus(status))
    page = text(client.get(url("goods", "change", goods.pk)))
    shown = {n for n in ("name", "price", "cost") if f'name="{n}"' in page}
    assert shown == OPEN[who, status]
    assert ('name="_save"' in page) is bool(shown)
    assert ('name="new_pictures"' in page) is ("name" in shown)
    assert "红富士苹果" in page


@pytest.mark.parametrize(("who", "status"), OPEN)
def test_what_is_closed_cannot_be_posted(client, who, status):
    client.force_login(role(who))
    goods = goods_in(GoodsStatus(status), price=Decimal(10), cost=Decimal(5))
    goods.refresh_from_db()
    client.post(
        url("goods", "change", goods.pk),
        {
            **typed(goods, name="黄元帅", price="10.50", cost="5.50"),
            "new_pictures": [upload()],
        },
    )
    goods.refresh_from_db()
    after = {
        "name": goods.name == "黄元帅",
        "price": goods.price == Decimal("10.50"),
        "cost": goods.cost == Decimal("5.5000"),
    }
    assert {name for name, changed in after.items() if changed} <= OPEN[who, status]
    if "name" not in OPEN[who, status]:
        assert not goods.pictures.exists()


@pytest.mark.parametrize(("who", "status"), [k for k, v in OPEN.items() if v])
def test_a_page_saved_with_one_change_changes_just_that(client, who, status):
    by = AdminFactory()
    goods = goods_in(GoodsStatus(status), price=Decimal(10), cost=Decimal(5))
    pictures.add_pictures(goods, [upload(), upload()], by=by)
    goods.refresh_from_db()
    client.force_login(role(who))
    address = url("goods", "change", goods.pk)
    for name, value in {"name": "黄元帅", "price": "10.50", "cost": "5.50"}.items():
        if name in OPEN[who, status]:
            shown = inputs_of(client.get(address))
            response = client.post(address, {**shown, name: value})
            assert response.status_code == 302, (name, errors_of(response))
    before = Goods.objects.values().get(pk=goods.pk)
    assert {
        "name": before["name"] == "黄元帅",
        "price": before["price"] == Decimal("10.50"),
        "cost": before["cost"] == Decimal("5.5"),
    } == {name: name in OPEN[who, status] for name in ("name", "price", "cost")}
    rows = changes.HISTORY.objects.filter(id=goods.pk).count()
    client.post(address, inputs_of(client.get(address)))
    assert Goods.objects.values().get(pk=goods.pk) == before
    assert changes.HISTORY.objects.filter(id=goods.pk).count() == rows


def test_sections_come_in_the_order_in_which_they_are_filled(client, by):
    goods = GoodsFactory()
    response = client.get(url("goods", "change", goods.pk))
    names = [str(fieldset.name) for fieldset in response.context["adminform"]]
    assert names == [
        "What it is",
        "Selling by the unit",
        "Selling by the case",
        "Cost and points",
        "Pictures",
        "Description",
        "Reason",
    ]


def test_the_page_shows_where_the_goods_stands(client, by):
    goods = OnSaleGoodsFactory()
    with ports.available.instead(lambda ids: {goods.pk: Decimal("87.500")}):
        page = text(client.get(url("goods", "change", goods.pk)))
    assert "tag--green" in page
    assert "87.5" in page
    assert url("goods", "verb", "delist") in page
    assert url("goods", "verb", "submit") not in page


def test_a_rejected_goods_says_who_rejected_it_and_why(client, by):
    goods = review.submit(GoodsFactory(), by=by)
    reviewer = AdminFactory(nickname="老李")
    goods = review.reject(goods, by=reviewer, reason="图片不清楚")
    page = text(client.get(url("goods", "change", goods.pk)))
    assert "Rejected by 老李" in page
    assert "图片不清楚" in page
    review.submit(goods, by=by)
    assert "Rejected by" not in text(client.get(url("goods", "change", goods.pk)))


def test_the_margin_opens_its_formula(client, by):
    goods = GoodsFactory(price=Decimal(10), cost=Decimal(8))
    page = text(client.get(url("goods", "change", goods.pk)))
    assert "20.0%" in page
    assert "(10.00 − 8) ÷ 10.00" in page


def test_the_page_of_a_goods_that_is_not_there(client, by):
    assert client.get(url("goods", "change", 999), follow=True).status_code == 200
    assert client.get(url("goods", "history", 999)).status_code == 404


def test_queries_of_the_page_do_not_follow_the_pictures(client, by):
    goods = GoodsFactory()
    pictures.add_pictures(goods, [upload()], by=by)
    address = url("goods", "change", goods.pk)
    one = queries_of(client, address)
    pictures.add_pictures(goods, [upload() for _ in range(4)], by=by)
    assert queries_of(client, address) == one


# --- pictures


def with_pictures(by, count=3):
    goods = GoodsFactory()
    added = pictures.add_pictures(goods, [upload() for _ in range(count)], by=by)
    return goods, added


def test_order_main_removal_and_addition_are_saved_at_once(client, by):
    goods, (first, second, third) = with_pictures(by)
    goods.refresh_from_db()
    client.post(
        url("goods", "change", goods.pk),
        {
            **typed(
                goods,
                main_picture=str(second.pk),
                **{
                    f"place_{second.pk}": "2",
                    f"place_{third.pk}": "1",
                    f"remove_{first.pk}": "on",
                },
            ),
            "new_pictures": [upload()],
        },
    )
    goods.refresh_from_db()
    left = list(goods.pictures.all())
    assert left[:2] == [third, second]
    assert len(left) == 3
    assert goods.pictures.get(is_main=True) == second
    assert goods.image == str(second.image)


def test_removing_the_main_picture_makes_the_next_one_main(client, by):
    goods, (first, second, _third) = with_pictures(by)
    save(client, goods, **{f"remove_{first.pk}": "on"})
    goods.refresh_from_db()
    assert goods.image == str(second.image)


def test_a_picture_removed_meanwhile_is_told(client, by):
    goods, (first, *_rest) = with_pictures(by)
    goods.refresh_from_db()
    mine = typed(goods, **{f"remove_{first.pk}": "on"})
    pictures.remove_picture(first, by=AdminFactory(nickname="小王"))
    response = client.post(url("goods", "change", goods.pk), mine)
    assert "小王" in str(errors_of(response))
    assert goods.pictures.count() == 2


def test_too_many_pictures_are_refused(client, by):
    goods, _added = with_pictures(by, 11)
    goods.refresh_from_db()
    response = client.post(
        url("goods", "change", goods.pk),
        {**typed(goods, name="黄元帅"), "new_pictures": [upload(), upload()]},
    )
    assert errors_of(response)
    goods.refresh_from_db()
    assert (goods.name, goods.pictures.count()) == ("红富士苹果", 11)


def test_pictures_are_shown_to_those_who_may_only_look(client, by):
    goods, (first, *_rest) = with_pictures(by)
    review.submit(goods, by=by)
    client.force_login(role("service"))
    page = text(client.get(url("goods", "change", goods.pk)))
    assert str(first.image) in page
    assert 'type="file"' not in page


# --- history


def test_the_history_tells_who_changed_what_from_what(client, by):
    other = AdminFactory(nickname="小王")
    goods = GoodsFactory(by=other, cost=Decimal("5.1234"))
    brand = BrandFactory(name="佳沛")
    editing.edit_goods(
        goods, {"brand": brand, "price": Decimal(8)}, by=other, reason="new season"
    )
    pictures.add_pictures(goods, [upload()], by=other)
    pictures.add_pictures(goods, [upload()], by=other)
    review.submit(goods, by=by)
    page = text(client.get(url("goods", "history", goods.pk)))
    for word in ("小王", "周", "佳沛", "9.90", "8.00", "new season", "By hand"):
        assert word in page
    assert "submitted it for review" in page
    assert "changed its pictures" in page
    assert "entered it" in page


def test_every_move_has_words_in_the_history(client, by):
    for status in GoodsStatus:
        goods = goods_in(status, by=by) if status != "draft" else GoodsFactory()
        assert client.get(url("goods", "history", goods.pk)).status_code == 200


def test_costs_are_not_in_the_history_of_those_who_may_not_see_them(client, by):
    goods = GoodsFactory(cost=Decimal("5.1234"))
    editing.edit_goods(goods, {"cost": Decimal("6.4321")}, by=by)
    assert "6.4321" in text(client.get(url("goods", "history", goods.pk)))
    client.force_login(role("reviewer"))
    page = text(client.get(url("goods", "history", goods.pk)))
    assert "6.4321" not in page
    assert "5.1234" not in page


def test_self_approval_and_runs_are_named_in_the_history(client, by, monkeypatch):
    monkeypatch.setenv("SHOP_REVIEW_FOUR_EYES", "on")
    goods = review.submit(GoodsFactory(by=by), by=by)
    goods = review.approve(goods, by=by, reason="alone")
    run = pricing.change_price(goods, by=by, price=Decimal(5)).run
    from catalog import repricing

    repricing.approve(run, by=by, reason="alone")
    page = text(client.get(url("goods", "history", goods.pk)))
    assert "Self-approved" in page
    assert url("repricingrun", "change", run.pk) in page


def test_the_history_is_paged_and_its_queries_are_constant(client, by):
    goods = GoodsFactory()
    editing.edit_goods(goods, {"name": "1"}, by=by)
    address = url("goods", "history", goods.pk)
    few = queries_of(client, address)
    for n in range(35):
        editing.edit_goods(goods, {"name": f"name {n}"}, by=by)
    assert queries_of(client, address) <= few + 1  # the row before the page
    page = text(client.get(address))
    assert "?p=2" in page
    last = text(client.get(f"{address}?p=2"))
    assert "entered it" in last
    assert client.get(f"{address}?p=x").status_code == 200


def test_the_history_is_closed_to_others(client):
    client.force_login(StaffFactory(permissions=["oplog.view_operationlog"]))
    goods = GoodsFactory()
    assert client.get(url("goods", "history", goods.pk)).status_code == 403


def test_a_goods_without_history_has_an_empty_page(rf):
    assert goods_history.entries(rf.get("/"), GoodsFactory(), []) == []
