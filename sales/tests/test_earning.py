"""Points of an order: coefficient, factor of the day, floor."""

from datetime import date
from decimal import Decimal

import pytest

from sales.earning import day_factor, earned

D = Decimal

RULES = {"weekend": D(2), "member_day": 8, "member": D(3)}


@pytest.mark.parametrize(
    ("day", "factor"),
    [
        (date(2026, 11, 24), D(1)),  # a Tuesday
        (date(2026, 11, 28), D(2)),  # a Saturday
        (date(2026, 11, 29), D(2)),  # a Sunday
        (date(2026, 12, 8), D(3)),  # the member day
        (date(2026, 11, 8), D(3)),  # the member day on a Sunday: the larger counts
    ],
)
def test_factor_of_a_day(day, factor):
    assert day_factor(day, **RULES) == factor


@pytest.mark.parametrize(
    ("paid", "refunded", "coefficient", "factor", "points"),
    [
        ("10.99", "0", "1.00", "1", 10),
        ("10.99", "0", "1.50", "2", 32),
        ("10.99", "10.99", "1.00", "3", 0),
        ("10.99", "5.00", "1.00", "1", 5),
        ("100.00", "0", "0.00", "3", 0),
    ],
)
def test_points_of_a_line(paid, refunded, coefficient, factor, points):
    assert earned(D(paid), D(refunded), D(coefficient), D(factor)) == points
