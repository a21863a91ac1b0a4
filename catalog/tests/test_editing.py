"""Entering and editing goods: who may, what is refused, what is written."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group

from backoffice.accounts.roles import sync_roles
from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.base import ports
from backoffice.base.errors import (
    ChangedMeanwhile,
    DomainError,
    FieldErrors,
    NotPermitted,
    WrongStatus,
)
from backoffice.oplog.models import OperationLog
from catalog import changes, editing
from catalog.enums import EDITABLE, REVIEWED, GoodsStatus
from catalog.errors import ContentLocked
from catalog.models import Goods
from catalog.tests.factories import (
    BrandFactory,
    CategoryFactory,
    GoodsFactory,
    OnSaleGoodsFactory,
    PendingGoodsFactory,
    PieceFactory,
    UnitFactory,
    goods_in,
)

pytestmark = pytest.mark.django_db


def role(name):
    sync_roles()
    user = StaffFactory()
    user.groups.add(Group.objects.get(name=name))
    return user


def entered(**changed):
    """The least that a new goods needs, and what the test changes of it."""
    return {
        "code": "A001",
        "name": "红富士苹果",
        "category": CategoryFactory(),
        "unit": UnitFactory(),
        "price": Decimal("9.90"),
        **changed,
    }


def rows():
    return (Goods.objects.count(), changes.HISTORY.objects.count())


def test_create_makes_a_draft_with_history_and_log():
    by = role("buyer")
    goods = editing.create_goods(entered(cost=Decimal("6.5")), by=by)
    goods.refresh_from_db()
    assert (goods.status, goods.cost) == (GoodsStatus.DRAFT, Decimal("6.5000"))
    row = changes.HISTORY.objects.get(id=goods.pk)
    assert (row.history_type, row.history_user) == ("+", by)
    assert (row.price_changed, row.status_changed, row.content_changed) == (
        False,
        False,
        True,
    )
    assert OperationLog.objects.get(action="goods.created").target_id == str(goods.pk)


@pytest.mark.parametrize("code", ["1.23457E+14", "6.9e15", "1E+14", "１.２Ｅ+１４"])
def test_a_code_that_a_spreadsheet_made_is_refused(code):
    by = role("buyer")
    with pytest.raises(FieldErrors) as refused:
        editing.create_goods(entered(code=code), by=by)
    assert list(refused.value.errors) == ["code"]
    goods = editing.create_goods(entered(code="2E5"), by=by)
    with pytest.raises(FieldErrors):
        editing.edit_goods(goods, {"code": code}, by=by)
    assert Goods.objects.get().code == "2E5"


@pytest.mark.parametrize("name", ["reviewer", "merchandiser", "service", "finance"])
def test_create_needs_the_permission(name):
    with pytest.raises(NotPermitted):
        editing.create_goods(entered(), by=role(name))
    assert rows() == (0, 0)


def test_create_with_a_cost_needs_to_see_costs():
    by = StaffFactory(permissions=["catalog.add_goods"])
    with pytest.raises(NotPermitted):
        editing.create_goods(entered(cost=Decimal(5)), by=by)
    assert editing.create_goods(entered(), by=by).cost is None


def test_create_cannot_smuggle_a_status_in():
    goods = editing.create_goods(entered(status="on_sale"), by=AdminFactory())
    assert goods.status == GoodsStatus.DRAFT


BAD = [
    ("name", ""),
    ("name", "x" * 10_000),
    ("name", "苹果\x00"),
    ("name", "苹果\u202egpj"),
    ("name", "<script>alert(1)</script>"),
    ("name", "<img src=x onerror=alert(1)>"),
    ("code", ""),
    ("code", "x" * 41),
    ("code", "=1+1"),
    ("code", "+86"),
    ("code", "-2"),
    ("code", "@SUM(A1)"),
    ("code", "a,b"),
    ("code", 'a"b'),
    ("code", "a\x07b"),
    ("code", "<b>"),
    ("price", Decimal(-1)),
    ("price", Decimal("NaN")),
    ("price", Decimal("sNaN")),
    ("price", Decimal("Infinity")),
    ("price", Decimal("1e9")),
    ("price", Decimal("1e40")),
    ("price", Decimal("1.005")),
    ("case_price", Decimal("-0.01")),
    ("case_price", Decimal("NaN")),
    ("cost", Decimal(-1)),
    ("cost", Decimal("NaN")),
    ("cost", Decimal("Infinity")),
    ("cost", Decimal("1e30")),
    ("min_quantity", Decimal(0)),
    ("min_quantity", Decimal(-1)),
    ("min_quantity", Decimal("NaN")),
    ("min_quantity", None),
    ("case_min_quantity", 0),
    ("case_size", Decimal(0)),
    ("points_factor", Decimal(-1)),
    ("points_factor", Decimal(101)),
    ("description", "x" * 5001),
    ("description", "fine\n<iframe src=//evil>"),
    ("spec", "x" * 101),
    ("origin", "x" * 61),
    ("barcode", "69 01"),
    ("barcode", "６９"),
    ("category", None),
    ("unit", None),
]
IDS = [f"{field}-{str(value)[:12]!r}" for field, value in BAD]


@pytest.mark.parametrize(("field", "value"), BAD, ids=IDS)
def test_create_refuses_at_the_field_and_writes_nothing(field, value):
    values = {**entered(), field: value}
    with pytest.raises(FieldErrors) as refusal:
        editing.create_goods(values, by=AdminFactory())
    assert field in refusal.value.errors
    assert rows() == (0, 0)


@pytest.mark.parametrize(("field", "value"), BAD, ids=IDS)
def test_edit_refuses_at_the_field_and_writes_nothing(field, value):
    goods = GoodsFactory()
    before = rows()
    with pytest.raises(FieldErrors) as refusal:
        editing.edit_goods(goods, {field: value}, by=AdminFactory())
    assert field in refusal.value.errors
    assert rows() == before
    assert Goods.objects.values().get() == {
        **Goods.objects.values().get(),
        **changes.snapshot(goods),
    }


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(FieldErrors) as refusal:
        editing.edit_goods(
            GoodsFactory(),
            {"name": "", "price": Decimal(-1), "case_price": Decimal("NaN")},
            by=AdminFactory(),
        )
    assert set(refusal.value.errors) == {"name", "price", "case_price"}


def test_text_is_kept_in_its_one_written_form():
    goods = editing.create_goods(
        entered(name="  红富士 \t 苹果 ", description="a \r\n\r\n\r\n\r\n b  c"),
        by=AdminFactory(),
    )
    assert goods.name == "红富士 苹果"
    assert goods.description == "a\n\nb c"


@pytest.mark.parametrize("code", ["A001", "a001", " A001 "])
def test_a_code_is_taken_whatever_its_case(code):
    GoodsFactory(code="A001")
    other = GoodsFactory(code="B002")
    for act in (
        lambda: editing.create_goods(entered(code=code), by=AdminFactory()),
        lambda: editing.edit_goods(other, {"code": code}, by=AdminFactory()),
    ):
        with pytest.raises(FieldErrors) as refusal:
            act()
        assert list(refusal.value.errors) == ["code"]


def test_a_code_may_change_its_case():
    goods = GoodsFactory(code="a001")
    editing.edit_goods(goods, {"code": "A001"}, by=AdminFactory())
    goods.refresh_from_db()
    assert goods.code == "A001"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"min_quantity": Decimal("0.5")}, "min_quantity"),
        ({"case_size": Decimal("1.5")}, "case_size"),
        ({"case_enabled": True, "case_size": Decimal(2)}, "case_unit"),
        ({"case_enabled": True, "case_unit": "unit"}, "case_size"),
    ],
)
def test_fields_must_fit_together(values, field):
    unit = PieceFactory()
    if values.get("case_unit"):
        values = {**values, "case_unit": unit}
    with pytest.raises(FieldErrors) as refusal:
        editing.create_goods(entered(unit=unit, **values), by=AdminFactory())
    assert list(refusal.value.errors) == [field]


def test_an_edit_writes_one_row_with_user_means_and_reason():
    goods, by = GoodsFactory(), AdminFactory()
    before = rows()
    result = editing.edit_goods(
        goods,
        {
            "name": "黄元帅",
            "brand": BrandFactory(),
            "price": Decimal(8),
            "cost": Decimal(5),
        },
        by=by,
        reason="new season",
    )
    assert set(result.changed) == {"name", "brand_id", "price", "cost"}
    assert rows() == (before[0], before[1] + 1)
    row = changes.HISTORY.objects.latest("history_id")
    assert (row.old_price, row.price, row.name) == (
        Decimal("9.90"),
        Decimal(8),
        "黄元帅",
    )
    assert (row.history_user, row.history_change_reason) == (by, "new season")
    assert row.content_changed
    assert row.price_changed
    logs = OperationLog.objects.filter(target_id=str(goods.pk)).order_by("id")
    assert [log.action for log in logs] == ["goods.changed", "goods.repriced"]


def test_an_edit_that_changes_nothing_writes_nothing():
    goods = GoodsFactory(cost=Decimal("5.0000"))
    before = (*rows(), OperationLog.objects.count())
    seen = goods.updated_at
    result = editing.edit_goods(
        goods,
        {"name": " 红富士苹果 ", "price": Decimal("9.9"), "cost": Decimal(5)},
        by=AdminFactory(),
        seen_at=seen,
    )
    assert result.changed == {}
    assert (*rows(), OperationLog.objects.count()) == before
    goods.refresh_from_db()
    assert goods.updated_at == seen


@pytest.mark.parametrize("status", GoodsStatus)
@pytest.mark.parametrize("name", ["buyer", "reviewer", "merchandiser", "manager"])
def test_content_is_changed_by_buyers_before_and_by_reviewers_after(status, name):
    by = role(name)
    goods = goods_in(status)
    allowed = (status in EDITABLE and name in ("buyer", "manager")) or (
        status in REVIEWED and name in ("reviewer", "manager")
    )
    assert editing.may_edit_content(by, goods) is allowed
    if allowed:
        editing.edit_goods(goods, {"name": "黄元帅"}, by=by)
        assert OperationLog.objects.filter(action="goods.changed", by=by).exists()
    else:
        expected = WrongStatus if status == GoodsStatus.ARCHIVED else ContentLocked
        before = rows()
        with pytest.raises(expected):
            editing.edit_goods(goods, {"name": "黄元帅"}, by=by)
        assert rows() == before


@pytest.mark.parametrize("status", GoodsStatus)
def test_costs_are_changed_in_every_status_but_archived(status):
    by = role("buyer")
    goods = goods_in(status)
    if status == GoodsStatus.ARCHIVED:
        with pytest.raises(WrongStatus):
            editing.edit_goods(goods, {"cost": Decimal(5)}, by=by)
    else:
        editing.edit_goods(goods, {"cost": Decimal(5)}, by=by)
        goods.refresh_from_db()
        assert goods.cost == 5


def test_costs_are_for_those_who_see_them():
    goods = GoodsFactory()
    by = StaffFactory(permissions=["catalog.change_goods"])
    with pytest.raises(NotPermitted):
        editing.edit_goods(goods, {"cost": Decimal(5)}, by=by)


def test_whoever_is_switched_off_edits_nothing():
    by = AdminFactory(is_active=False)
    goods = GoodsFactory()
    assert not editing.may_edit_content(by, goods)
    assert not editing.may_edit_cost(by, goods)
    for values in ({"name": "x"}, {"cost": Decimal(1)}, {"price": Decimal(1)}):
        with pytest.raises(DomainError):
            editing.edit_goods(goods, values, by=by)


def test_the_later_editor_is_told_who_was_earlier():
    goods = GoodsFactory()
    seen = goods.updated_at
    editing.edit_goods(goods, {"name": "黄元帅"}, by=AdminFactory(nickname="小王"))
    before = rows()
    with pytest.raises(ChangedMeanwhile, match="小王"):
        editing.edit_goods(goods, {"name": "青苹果"}, by=AdminFactory(), seen_at=seen)
    assert rows() == before


def test_the_later_editor_is_told_even_where_nobody_is_known():
    goods = GoodsFactory()
    with pytest.raises(ChangedMeanwhile):
        editing.edit_goods(
            goods,
            {"name": "青苹果"},
            by=AdminFactory(),
            seen_at=goods.updated_at + timedelta(seconds=1),
        )


def test_case_selling_can_be_switched_on_with_its_price_on_the_shelf():
    goods = OnSaleGoodsFactory()
    editing.edit_goods(
        goods,
        {
            "case_enabled": True,
            "case_unit": goods.unit,
            "case_size": Decimal(10),
            "case_price": Decimal(90),
        },
        by=AdminFactory(),
    )
    goods.refresh_from_db()
    assert (goods.case_enabled, goods.case_price) == (True, Decimal("90.00"))


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"retail_enabled": False}, "retail_enabled"),
        ({"price": Decimal(0)}, "price"),
        (
            {"case_enabled": True, "case_size": Decimal(10), "case_unit": "unit"},
            "case_price",
        ),
    ],
)
def test_goods_on_sale_stay_sellable(values, field):
    goods = OnSaleGoodsFactory()
    if "case_unit" in values:
        values = {**values, "case_unit": goods.unit}
    before = rows()
    with pytest.raises(FieldErrors) as refusal:
        editing.edit_goods(goods, values, by=AdminFactory())
    assert list(refusal.value.errors) == [field]
    assert rows() == before


def test_case_selling_waits_for_a_guarded_price():
    goods = OnSaleGoodsFactory(cost=Decimal(8))
    with pytest.raises(FieldErrors) as refusal:
        editing.edit_goods(
            goods,
            {
                "case_enabled": True,
                "case_unit": goods.unit,
                "case_size": Decimal(10),
                "case_price": Decimal(50),
            },
            by=AdminFactory(),
        )
    assert list(refusal.value.errors) == ["case_price"]


def test_a_guarded_price_waits_while_the_rest_is_saved():
    goods = OnSaleGoodsFactory(price=Decimal(10))
    result = editing.edit_goods(
        goods,
        {"name": "黄元帅", "price": Decimal(5)},
        by=AdminFactory(),
        reason="season's end",
    )
    goods.refresh_from_db()
    assert (goods.name, goods.price) == ("黄元帅", Decimal(10))
    assert result.price.run.reason == "season's end"
    assert set(result.changed) == {"name"}


def test_a_reviewer_may_edit_what_is_pending_and_it_is_logged():
    by = role("reviewer")
    goods = PendingGoodsFactory()
    editing.edit_goods(goods, {"origin": "陕西"}, by=by)
    log = OperationLog.objects.get(action="goods.changed")
    assert (log.by, log.data["changes"]) == (by, {"origin": ["", "陕西"]})


def test_a_code_taken_at_this_very_moment_is_refused_at_its_field(monkeypatch):
    GoodsFactory(code="A001")
    other = GoodsFactory(code="B002")
    monkeypatch.setattr(editing, "_errors", lambda goods: {})
    before = rows()
    for act in (
        lambda: editing.create_goods(entered(), by=AdminFactory()),
        lambda: editing.edit_goods(other, {"code": "a001"}, by=AdminFactory()),
    ):
        with pytest.raises(FieldErrors) as refusal:
            act()
        assert list(refusal.value.errors) == ["code"]
    assert rows() == before


def test_a_price_may_be_left_open_at_first():
    assert editing.create_goods(entered(price=None), by=AdminFactory()).price == 0


# --- what stock was booked in


def test_the_unit_stays_once_stock_was_booked_in_it():
    goods, by = GoodsFactory(), AdminFactory()
    with (
        ports.moved.instead(lambda ids: set(ids)),
        pytest.raises(FieldErrors) as refusal,
    ):
        editing.edit_goods(goods, {"unit": PieceFactory()}, by=by)
    assert list(refusal.value.errors) == ["unit"]
    editing.edit_goods(goods, {"unit": PieceFactory()}, by=by)
    assert Goods.objects.get().unit.name == "个"
