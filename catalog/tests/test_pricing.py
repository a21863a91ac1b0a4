"""Prices: who may, what the guards say, what becomes of a guarded change (DOMAIN 3)."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from hypothesis import given
from hypothesis import strategies as st

from backoffice.accounts.roles import sync_roles
from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.base.errors import FieldErrors, NotPermitted, WrongStatus
from backoffice.base.money import MAX_PRICE
from backoffice.oplog.models import OperationLog
from backoffice.shop import shop
from catalog import changes, pricing
from catalog.enums import EDITABLE, GoodsStatus, Guard, Means, RunStatus, SellingUnit
from catalog.models import RepricingRun
from catalog.pricing import KEEP, checked, guard_hits, margin_percent
from catalog.rules import floor_price
from catalog.tests.factories import (
    ApprovedGoodsFactory,
    GoodsFactory,
    OnSaleGoodsFactory,
    goods_in,
)

pytestmark = pytest.mark.django_db
CASE = {
    "case_enabled": True,
    "case_size": Decimal(10),
    "case_price": Decimal(95),
}


def with_case(factory, **fields):
    unit = GoodsFactory().unit
    return factory(**{**CASE, "case_unit": unit, **fields})


def role(name):
    sync_roles()
    user = StaffFactory()
    user.groups.add(Group.objects.get(name=name))
    return user


@pytest.mark.parametrize(
    ("price", "cost", "guards"),
    [
        ("10.00", None, set()),
        ("13.00", None, set()),  # 30 % exactly is not more than 30 %
        ("13.01", None, {Guard.CHANGE}),
        ("7.00", None, set()),
        ("6.99", None, {Guard.CHANGE}),
        ("8.00", "8.0000", set()),  # at cost is not below it
        ("7.99", "8.0000", {Guard.MARGIN}),
        ("5.00", "8.0000", {Guard.MARGIN, Guard.CHANGE}),
    ],
)
def test_guards_of_the_retail_price(price, cost, guards):
    goods = GoodsFactory(price=Decimal(10), cost=Decimal(cost) if cost else None)
    hits = guard_hits(goods, Decimal(price))
    assert {hit.guard for hit in hits} == guards
    assert all(hit.unit == SellingUnit.RETAIL and hit.message for hit in hits)


@pytest.mark.parametrize(
    ("case_price", "guards"),
    [
        ("80.00", set()),
        ("79.99", {Guard.MARGIN}),
        ("60.00", {Guard.MARGIN, Guard.CHANGE}),
        ("123.50", set()),
        ("123.51", {Guard.CHANGE}),
    ],
)
def test_guards_of_the_case_price_look_at_the_cost_of_a_case(case_price, guards):
    goods = with_case(GoodsFactory, cost=Decimal(8))
    hits = guard_hits(goods, KEEP, Decimal(case_price))
    assert {hit.guard for hit in hits} == guards
    assert all(hit.unit == SellingUnit.CASE for hit in hits)


def test_the_guards_follow_the_shops_settings(monkeypatch):
    monkeypatch.setenv("SHOP_MIN_MARGIN_PERCENT", "20")
    monkeypatch.setenv("SHOP_MAX_CHANGE_PERCENT", "5")
    shop.forget()
    goods = GoodsFactory(price=Decimal(10), cost=Decimal(8))
    assert guard_hits(goods, Decimal(10)) == []
    assert [h.guard for h in guard_hits(goods, Decimal("9.99"))] == [Guard.MARGIN]
    assert [h.guard for h in guard_hits(goods, Decimal("10.51"))] == [Guard.CHANGE]


def test_a_first_price_has_no_largest_change():
    goods = with_case(GoodsFactory, price=Decimal(0), case_price=None)
    assert guard_hits(goods, Decimal(100), Decimal(900)) == []


def test_what_a_guard_says_does_not_give_the_cost_away():
    goods = GoodsFactory(price=Decimal(10), cost=Decimal("8.7654"))
    (hit,) = guard_hits(goods, Decimal("8.50"))
    assert "8.76" not in hit.message


@pytest.mark.parametrize("status", EDITABLE)
def test_the_price_of_what_is_not_reviewed_yet_is_free(status):
    goods = goods_in(status, price=Decimal(10), cost=Decimal(8))
    outcome = pricing.change_price(goods, by=role("buyer"), price=Decimal(1))
    assert outcome.applied == {"price": (Decimal(10), Decimal(1))}
    assert outcome.run is None


@pytest.mark.parametrize("status", GoodsStatus)
@pytest.mark.parametrize("name", ["buyer", "reviewer", "merchandiser", "service"])
def test_who_may_price_what(status, name):
    goods, by = goods_in(status, price=Decimal(10)), role(name)
    allowed = (name == "merchandiser") or (name == "buyer" and status in EDITABLE)
    if status == GoodsStatus.ARCHIVED:
        expected = WrongStatus
    elif not allowed:
        expected = NotPermitted
    else:
        assert pricing.change_price(goods, by=by, price=Decimal(11)).applied
        return
    rows = changes.HISTORY.objects.count()
    with pytest.raises(expected):
        pricing.change_price(goods, by=by, price=Decimal(11))
    assert changes.HISTORY.objects.count() == rows


def test_whoever_is_switched_off_prices_nothing():
    with pytest.raises(NotPermitted):
        pricing.change_price(
            GoodsFactory(), by=AdminFactory(is_active=False), price=Decimal(11)
        )


def test_both_prices_change_in_one_row():
    goods = with_case(OnSaleGoodsFactory, price=Decimal(10))
    rows = changes.HISTORY.objects.count()
    pricing.change_price(
        goods, by=AdminFactory(), price=Decimal(11), case_price=Decimal(100)
    )
    assert changes.HISTORY.objects.count() == rows + 1
    row = changes.HISTORY.objects.latest("history_id")
    assert (row.old_price, row.price) == (Decimal(10), Decimal(11))
    assert (row.old_case_price, row.case_price) == (Decimal(95), Decimal(100))


def test_a_price_that_stays_is_not_named_as_old():
    goods = with_case(OnSaleGoodsFactory, price=Decimal(10))
    pricing.change_price(
        goods, by=AdminFactory(), price=Decimal(10), case_price=Decimal(100)
    )
    row = changes.HISTORY.objects.latest("history_id")
    assert (row.old_price, row.old_case_price) == (None, Decimal(95))


def test_neither_price_is_applied_where_one_is_guarded():
    goods = with_case(OnSaleGoodsFactory, price=Decimal(10))
    outcome = pricing.change_price(
        goods,
        by=AdminFactory(),
        price=Decimal(11),
        case_price=Decimal(40),
        reason="clearance",
        means=Means.SHEET,
        reference="B7",
    )
    goods.refresh_from_db()
    assert (goods.price, goods.case_price) == (Decimal(10), Decimal(95))
    assert outcome.applied == {}
    run = RepricingRun.objects.get()
    assert (run.status, run.origin, run.reference, run.reason) == (
        RunStatus.AWAITING,
        Means.SHEET,
        "B7",
        "clearance",
    )
    line = run.lines.get()
    assert (line.new_price, line.new_case_price) == (Decimal(11), Decimal(40))
    assert [guard["guard"] for guard in line.guards] == ["change"]
    assert OperationLog.objects.filter(action="repricing.proposed").count() == 1


def test_taking_a_case_price_away_needs_nobody():
    goods = with_case(ApprovedGoodsFactory, price=Decimal(10), case_enabled=False)
    outcome = pricing.change_price(
        goods, by=AdminFactory(), price=Decimal(5), case_price=None
    )
    goods.refresh_from_db()
    assert (goods.price, goods.case_price) == (Decimal(10), None)
    line = outcome.run.lines.get()
    assert (line.new_price, line.new_case_price) == (Decimal(5), None)


@pytest.mark.parametrize("price", [None, Decimal(0)])
def test_goods_on_sale_are_not_given_away(price):
    goods = with_case(OnSaleGoodsFactory)
    for name in ("price", "case_price"):
        with pytest.raises(FieldErrors) as refusal:
            pricing.change_price(goods, by=AdminFactory(), **{name: price})
        assert list(refusal.value.errors) == [name]
    assert not RepricingRun.objects.exists()


def test_a_price_of_nothing_is_allowed_off_the_shelf():
    goods = GoodsFactory()
    pricing.change_price(goods, by=AdminFactory(), price=None)
    goods.refresh_from_db()
    assert goods.price == 0


@pytest.mark.parametrize(
    "value", ["-0.01", "NaN", "sNaN", "Infinity", "-Infinity", "1e9", "1e999", "0.001"]
)
@pytest.mark.parametrize("name", ["price", "case_price"])
def test_what_is_not_a_price_is_refused_at_its_field(name, value):
    with pytest.raises(FieldErrors) as refusal:
        pricing.change_price(
            GoodsFactory(), by=AdminFactory(), **{name: Decimal(value)}
        )
    assert list(refusal.value.errors) == [name]


def test_checked_keeps_the_largest_price_and_fills_the_places():
    assert checked(MAX_PRICE, "price") == MAX_PRICE
    assert str(checked(Decimal("3.5"), "price")) == "3.50"
    assert checked(None, "price") is None


@pytest.mark.parametrize(
    ("price", "cost", "percent"),
    [
        ("10", "8", "20.0"),
        ("10", "10", "0.0"),
        ("8", "10", "-25.0"),
        ("10", None, None),
        (None, "8", None),
        ("0", "8", None),
    ],
)
def test_margin_is_a_share_of_the_price(price, cost, percent):
    amount = [None if text is None else Decimal(text) for text in (price, cost)]
    expected = None if percent is None else Decimal(percent)
    assert margin_percent(*amount) == expected


@given(
    cost=st.decimals("0.0001", "9999", places=4),
    margin=st.decimals("-100", "99", places=2),
)
def test_the_floor_price_has_exactly_the_margin(cost, margin):
    price = floor_price(cost, margin)
    assert abs((price - cost) / price * 100 - margin) < Decimal("0.0001")
