"""Refund arithmetic: all parts together give back exactly what was paid."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales.refunding import Standing, by_amount, by_quantity

D = Decimal


def after(line, part):
    return Standing(
        line.paid,
        line.refunded + part.amount,
        line.base_quantity,
        line.refunded_base + part.base_quantity,
        line.points,
        line.points_returned + part.points,
    )


def fresh(paid, quantity, points=0):
    return Standing(D(paid), D("0.00"), D(quantity), D("0.000"), points, 0)


def test_thirds_of_ten_yuan():
    line = fresh("10.00", "3.000", 10)
    amounts = []
    for _ in range(3):
        part = by_quantity(line, D(1))
        amounts.append((part.amount, part.points))
        line = after(line, part)
    assert amounts == [(D("3.33"), 3), (D("3.34"), 4), (D("3.33"), 3)]
    assert line.rest == 0


def test_more_than_is_left_is_refused():
    with pytest.raises(ValueError, match="more than"):
        by_quantity(fresh("10.00", "3.000"), D("3.001"))
    with pytest.raises(ValueError, match="more than"):
        by_amount([fresh("10.00", "3.000")], D("10.01"))


def test_an_amount_is_shared_by_what_is_left():
    lines = [fresh("10.00", "1.000"), fresh("20.00", "1.000"), fresh("0.00", "1.000")]
    parts = by_amount(lines, D("0.10"))
    assert [p.amount for p in parts] == [D("0.03"), D("0.07"), D("0.00")]
    assert all(p.points == 0 and p.base_quantity == 0 for p in parts)


@given(
    paid=st.decimals(0, 9999, places=2),
    points=st.integers(0, 9999),
    grams=st.lists(st.integers(1, 5000), min_size=1, max_size=12),
    amounts=st.lists(st.decimals("0.01", 50, places=2), max_size=12),
)
def test_parts_of_any_size_and_kind_give_back_everything(paid, points, grams, amounts):
    total = D(sum(grams)) / 1000
    line = fresh(paid, total, points)
    left = list(amounts)
    for gram in grams:
        if left and left[-1] <= line.rest:
            line = after(line, by_amount([line], left.pop())[0])
        part = by_quantity(line, D(gram) / 1000)
        assert 0 <= part.amount <= line.rest
        line = after(line, part)
    assert line.rest == 0
    assert line.rest_base == 0
    assert line.points_returned == points
