"""Quotes: pure arithmetic, by example and by property."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales.enums import Problem
from sales.quoting import (
    Offer,
    Terms,
    Wish,
    apportion,
    deduction_of,
    fewest_points,
    points_usable,
    quote,
    quote_lines,
)

D = Decimal

TERMS = Terms(D("68"), D("68"), D("6"), 100, D("1.00"))


def offer(pk=1, **changes):
    values = {
        "goods_id": pk,
        "code": f"A{pk}",
        "name": "苹果",
        "spec": "",
        "image": "",
        "is_on_sale": True,
        "unit_name": "斤",
        "step": D("1.000"),
        "retail_enabled": True,
        "price": D("12.50"),
        "min_quantity": D("1.000"),
        "case_enabled": True,
        "case_unit_name": "箱",
        "case_size": D("10.000"),
        "case_price": D("110.00"),
        "case_min_quantity": 1,
        "is_weighed": False,
        "cost": None,
        "points_factor": D("1.00"),
        "available": D("100.000"),
    }
    return Offer(**{**values, **changes})


def of(wishes, offers, *, balance=0, points=0, delivery="home", terms=TERMS, **more):
    lines = quote_lines(wishes, {o.goods_id: o for o in offers})
    return quote(
        lines, terms=terms, balance=balance, points=points, delivery=delivery, **more
    )


def test_a_plain_cart():
    q = of([Wish(1, "retail", D("4"))], [offer()])
    assert (q.goods_total, q.freight, q.payable) == (D("50.00"), D("6"), D("56.00"))
    assert (q.can_order, q.missing_amount) == (False, D("18.00"))
    q = of([Wish(1, "case", D("1"))], [offer()])
    assert (q.goods_total, q.freight, q.payable) == (D("110.00"), 0, D("110.00"))
    assert q.can_order
    assert q.missing_amount == 0


def test_pick_up_is_never_charged_for_delivery():
    assert of([Wish(1, "retail", D(1))], [offer()], delivery="pickup").freight == 0


def test_staff_have_no_minimum():
    q = of([Wish(1, "retail", D(1))], [offer()], has_minimum=False)
    assert q.can_order


def test_points_do_not_touch_minimum_and_freight():
    q = of([Wish(1, "case", D(1))], [offer()], balance=10_000, points="best")
    assert (q.points, q.points_deduction, q.payable) == (
        10_000,
        D("100.00"),
        D("10.00"),
    )
    assert (q.freight, q.can_order) == (0, True)


@pytest.mark.parametrize(
    ("wish", "changes", "problem"),
    [
        (Wish(1, "retail", D(1)), {"is_on_sale": False}, Problem.NOT_ON_SALE),
        (Wish(1, "retail", D(1)), {"retail_enabled": False}, Problem.NOT_ON_SALE),
        (Wish(1, "case", D(1)), {"case_enabled": False}, Problem.NOT_ON_SALE),
        (Wish(1, "retail", D("1.5")), {}, Problem.OFF_STEP),
        (Wish(1, "retail", D("1")), {"min_quantity": D(2)}, Problem.BELOW_MINIMUM),
        (Wish(1, "case", D("1")), {"case_min_quantity": 2}, Problem.BELOW_MINIMUM),
        (Wish(1, "retail", D("101")), {}, Problem.OUT_OF_STOCK),
        (Wish(1, "case", D("11")), {}, Problem.OUT_OF_STOCK),
        (Wish(2, "retail", D(1)), {}, Problem.NOT_ON_SALE),
    ],
)
def test_a_line_that_cannot_be_ordered_is_named_and_not_counted(wish, changes, problem):
    q = of([wish], [offer(**changes)])
    assert [line.problem for line in q.lines] == [problem]
    assert (q.goods_total, q.freight, q.payable, q.can_order) == (0, 0, 0, False)


def test_two_lines_of_one_goods_share_its_stock():
    wishes = [Wish(1, "case", D(9)), Wish(1, "retail", D(11))]
    q = of(wishes, [offer()])
    assert [line.problem for line in q.lines] == [None, Problem.OUT_OF_STOCK]


def test_goods_without_stock_keeping_are_never_short():
    q = of([Wish(1, "retail", D(100_000))], [offer(available=None)])
    assert q.lines[0].problem is None


@given(
    total=st.decimals(0, 100_000, places=2),
    balance=st.integers(-500, 10_000_000),
    rate=st.integers(1, 1000),
    share=st.decimals(0, 1, places=2),
)
def test_points_are_worth_what_they_deduct_and_no_more(total, balance, rate, share):
    terms = Terms(D(0), D(0), D(0), rate, share)
    usable = points_usable(total, balance=balance, terms=terms)
    deduction = deduction_of(usable, rate)
    points = fewest_points(deduction, rate)
    assert 0 <= points <= usable <= max(balance, 0)
    assert deduction <= total * share or deduction == 0
    assert deduction_of(points, rate) == deduction
    assert points == 0 or deduction_of(points - 1, rate) < deduction


@given(
    amounts=st.lists(st.decimals("0.01", 5000, places=2), min_size=1, max_size=12),
    balance=st.integers(0, 2_000_000),
)
def test_shares_add_up_and_none_exceeds_its_line(amounts, balance):
    offers = [
        offer(pk, price=amount, available=None) for pk, amount in enumerate(amounts)
    ]
    wishes = [Wish(pk, "retail", D(1)) for pk in range(len(amounts))]
    q = of(wishes, offers, balance=balance, points="best")
    shares = apportion(amounts, q)
    assert sum(s.deduction for s in shares) == q.points_deduction
    assert sum(s.points for s in shares) == q.points
    assert all(0 <= s.deduction <= a for s, a in zip(shares, amounts, strict=True))
    paid = sum(a - s.deduction for s, a in zip(shares, amounts, strict=True))
    assert paid + q.freight == q.payable


def test_ties_go_to_the_earlier_line():
    offers = [offer(pk, price=D("1.00"), available=None) for pk in range(3)]
    q = of(
        [Wish(pk, "retail", D(1)) for pk in range(3)], offers, balance=100, points=100
    )
    shares = apportion([D("1.00")] * 3, q)
    assert [s.deduction for s in shares] == [D("0.34"), D("0.33"), D("0.33")]
    assert [s.points for s in shares] == [34, 33, 33]
