"""Money and quantities: rounding, sharing without loss, writing."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.base.money import (
    fixed,
    line_amount,
    plain,
    round_cost,
    round_money,
    round_quantity,
    split,
)

D = Decimal


@pytest.mark.parametrize(
    ("amount", "rounded"),
    [
        ("0.004", "0.00"),
        ("0.005", "0.01"),
        ("1.015", "1.02"),
        ("2.675", "2.68"),
        ("-0.005", "-0.01"),
        ("10", "10.00"),
    ],
)
def test_money_is_rounded_half_up_to_the_fen(amount, rounded):
    assert str(round_money(D(amount))) == rounded


def test_costs_and_quantities_have_their_places():
    assert str(round_cost(D("1.00005"))) == "1.0001"
    assert str(round_quantity(D("0.0005"))) == "0.001"


@pytest.mark.parametrize(
    ("price", "quantity", "amount"),
    [("9.90", "1.500", "14.85"), ("3.33", "0.333", "1.11"), ("0.01", "0.500", "0.01")],
)
def test_a_line_is_rounded_once(price, quantity, amount):
    assert str(line_amount(D(price), D(quantity))) == amount


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("12.50", "12.5"),
        ("100", "100"),
        ("100.00", "100"),
        ("0.00", "0"),
        ("1E+3", "1000"),
        ("-0.10", "-0.1"),
    ],
)
def test_plain_writes_no_needless_places_and_no_exponent(value, text):
    assert plain(D(value)) == text


def test_what_is_missing_is_written_as_asked():
    assert plain(None) == ""
    assert plain(None, "–") == "–"
    assert fixed(None, 2) is None


def test_fixed_writes_all_places():
    assert fixed(D("12.5"), 2) == "12.50"
    assert fixed(D("3"), 3) == "3.000"
    assert fixed(D("0.005"), 2) == "0.01"


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (1, [5, 5], [1, 0]),
        (10, [7, 0, 3], [7, 0, 3]),
        (0, [3, 4], [0, 0]),
        (0, [0, 0], [0, 0]),
        (0, [], []),
        (2, [3, 3, 3], [1, 1, 0]),
    ],
)
def test_split_by_example(total, weights, shares):
    assert split(total, weights) == shares


@pytest.mark.parametrize("weights", [[], [0], [0, 0]])
def test_nothing_can_be_shared_over_nothing(weights):
    with pytest.raises(ValueError, match="share"):
        split(1, weights)


weights = st.lists(st.integers(0, 10**9), min_size=1, max_size=30).filter(any)


@given(weights=weights, total=st.integers(0, 10**12))
def test_split_loses_nothing(weights, total):
    shares = split(total, weights)
    assert sum(shares) == total
    assert len(shares) == len(weights)
    assert all(share >= 0 for share in shares)


@given(weights=weights, total=st.integers(0, 10**12))
def test_split_is_as_fair_as_integers_allow(weights, total):
    whole = sum(weights)
    for share, weight in zip(split(total, weights), weights, strict=True):
        assert abs(share * whole - total * weight) < whole


@given(weights=weights, data=st.data())
def test_no_share_exceeds_its_line_while_the_total_is_within_all(weights, data):
    total = data.draw(st.integers(0, sum(weights)))
    for share, weight in zip(split(total, weights), weights, strict=True):
        assert share <= weight


@given(weight=st.integers(1, 1000), count=st.integers(1, 20), total=st.integers(0, 999))
def test_ties_go_to_the_earlier_share(weight, count, total):
    shares = split(total, [weight] * count)
    assert shares == sorted(shares, reverse=True)
