"""Rules, roundings and limits: arithmetic that has to be right to the fen."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.base.errors import FieldErrors
from catalog.enums import Direction, RuleKind
from catalog.rules import (
    ENDINGS,
    STEPS,
    TO_THE_FEN,
    Limits,
    Rounding,
    Rule,
    new_price,
    parse_rounding,
)

D = Decimal
WIDE = Limits(D(-100), D(1000))


def rule(kind, value):
    return Rule(RuleKind(kind), D(value))


@pytest.mark.parametrize(
    ("kind", "value", "old", "cost", "new"),
    [
        ("set", "8.80", "10", None, "8.80"),
        ("amount", "0.50", "10", None, "10.50"),
        ("amount", "-0.50", "10", None, "9.50"),
        ("percent", "-5", "9.90", None, "9.41"),
        ("percent", "3.5", "10", None, "10.35"),
        ("margin", "20", "10", "8", "10.00"),
        ("margin", "30", "1", "5.2000", "7.43"),
        # nothing to start from
        ("margin", "30", "10", None, None),
    ],
)
def test_what_a_rule_makes_of_a_price(kind, value, old, cost, new):
    made = new_price(
        rule(kind, value), TO_THE_FEN, WIDE, D(old), None if cost is None else D(cost)
    )
    assert made == (None if new is None else D(new))


@pytest.mark.parametrize(
    ("rounding", "raw", "price"),
    [
        ("0.1", "9.45", "9.50"),
        ("0.1", "9.44", "9.40"),
        ("0.1:up", "9.41", "9.50"),
        ("0.1:down", "9.49", "9.40"),
        ("0.5", "9.25", "9.50"),
        ("1", "9.49", "9.00"),
        ("1:up", "9.01", "10.00"),
        (".9", "9.30", "8.90"),
        (".9", "9.40", "9.90"),
        (".99", "0.20", "0.99"),
        (".8:up", "9.81", "10.80"),
        (".8:down", "9.79", "8.80"),
    ],
)
def test_rounding_to_a_step_or_an_ending(rounding, raw, price):
    way = parse_rounding(rounding)
    assert way.apply(D(raw)) == D(price)
    assert parse_rounding(way.as_text()) == way


@pytest.mark.parametrize("text", ["", "0", "0.2", ".7", "abc", "NaN", "0.1:left", "-1"])
def test_what_is_no_rounding_is_named(text):
    with pytest.raises(FieldErrors) as refusal:
        parse_rounding(text)
    assert set(refusal.value.errors) == {"rounding"}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        *[("percent", v) for v in ("-100", "-150", "0", "1000.01", "NaN")],
        *[("margin", v) for v in ("100", "120", "-100", "Infinity")],
        *[("set", v) for v in ("0", "-1", "1000000", "1.234")],
        *[("amount", v) for v in ("0", "0.001", "1000000")],
    ],
)
def test_rules_that_no_shop_means_are_refused(kind, value):
    with pytest.raises(FieldErrors) as refusal:
        rule(kind, value).check()
    assert set(refusal.value.errors) == {"value"}


def test_a_price_that_rounds_to_nothing_is_told():
    assert new_price(rule("percent", "-60"), parse_rounding("1"), WIDE, D(1), None) == 0


ROUNDINGS = st.one_of(
    st.builds(
        Rounding, step=st.sampled_from(STEPS), direction=st.sampled_from(Direction)
    ),
    st.builds(
        Rounding, ending=st.sampled_from(ENDINGS), direction=st.sampled_from(Direction)
    ),
)
PRICES = st.decimals("0.01", "9999.99", places=2)
RULES = st.one_of(
    st.builds(Rule, st.just(RuleKind.PERCENT), st.decimals("-99", "200", places=2)),
    st.builds(Rule, st.just(RuleKind.AMOUNT), st.decimals("-50", "50", places=2)),
    st.builds(Rule, st.just(RuleKind.MARGIN), st.decimals("-20", "90", places=2)),
)
LIMITS = st.builds(
    Limits,
    margin=st.decimals("-20", "60", places=2),
    change=st.decimals("0", "60", places=2),
)


@given(RULES, ROUNDINGS, LIMITS, PRICES, st.decimals("0.01", "9999", places=4))
def test_rounding_never_carries_a_price_over_a_guard(rule, rounding, limits, old, cost):
    raw = rule.price(old, cost)
    price = new_price(rule, rounding, limits, old, cost)
    if raw <= 0:
        assert price == 0
        return
    floor = limits.floor(cost)
    least, most = limits.around(old)
    keeps_floor, keeps_change = raw >= floor, least <= raw <= most
    # what lies between two fen cannot be kept by any price
    low = max(
        [D(0), *([floor] if keeps_floor else []), *([least] if keeps_change else [])]
    )
    high = most if keeps_change else D("999999.99")
    if (low * 100).to_integral_value("ROUND_CEILING") > high * 100:
        return
    if keeps_floor:
        assert price >= floor
    if keeps_change:
        assert least <= price <= most


@given(ROUNDINGS, PRICES)
def test_a_rounded_price_is_on_its_grid_and_stays_there(rounding, raw):
    price = rounding.apply(raw)
    assert price == price.quantize(D("0.01"))
    assert rounding.apply(price) == price
    step = rounding.step if rounding.ending is None else D(1)
    assert abs(price - raw) <= max(step, rounding.ending or 0)
