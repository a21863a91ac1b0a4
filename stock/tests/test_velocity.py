"""Average daily sales: windows, days, rounding, what is available when."""

import csv
import io
import json
import random
from collections import defaultdict
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from backoffice.accounts.tests.factories import AdminFactory
from backoffice.base.moments import read_moment
from backoffice.shop import shop, verbs
from catalog.tests.factories import GoodsFactory
from stock import ledger, sold, velocity
from stock.enums import MovementKind, SoldKind
from stock.ledger import Posting
from stock.sold import Sold
from stock.tests.factories import stocked

pytestmark = pytest.mark.django_db

AT = "2026-07-01T00:00"
_references = iter(range(10_000_000))


def at(text):
    moment = read_moment(text)
    assert moment is not None
    return moment


def line(goods, when, quantity, kind=SoldKind.SALE):
    return Sold(
        *(goods.pk, kind, at(when) if isinstance(when, str) else when),
        *(Decimal(quantity), Decimal("9.9"), f"R{next(_references)}", 1),
    )


def sell(goods, *lines):
    sold.enter([line(goods, *one) for one in lines], batch="1")


def take_back(goods, *lines):
    sold.enter([line(goods, *one, SoldKind.RETURN) for one in lines], batch="1")


def received(goods, when, quantity="5"):
    ledger.post(
        [
            Posting(
                *(goods.pk, MovementKind.RECEIPT, f"B{next(_references)}"),
                on_hand=Decimal(quantity),
                at=at(when),
            )
        ],
        by=None,
    )


def pace(goods, when=AT, **options):
    return velocity.paces([goods.pk], at=at(when), **options)[goods.pk]


@pytest.fixture
def goods():
    return GoodsFactory()


# --- the window


def test_the_last_thirty_complete_days_count(goods):
    sell(
        goods,
        ("2026-05-31 23:59:59", 1000),
        ("2026-06-01 00:00", 30),
        ("2026-06-30 23:59:59", 60),
        ("2026-07-01 00:00", 5000),
    )
    found = pace(goods)
    assert (found.sold, found.days) == (90, 30)
    assert found.average == 3


@pytest.mark.parametrize("clock", ["00:00", "09:30", "23:59"])
def test_the_day_that_is_not_over_does_not_count(goods, clock):
    sell(goods, ("2026-06-30", 3), ("2026-07-01 00:00", 7))
    assert pace(goods, f"2026-07-01 {clock}").sold == 3


def test_days_are_the_shops_own(goods):
    # 16:00 in Greenwich is midnight in Shanghai
    sell(goods, ("2026-05-31T15:59:59Z", 5), ("2026-05-31T16:00:00Z", 7))
    assert pace(goods).sold == 7
    with timezone.override("Europe/London"):
        # midnight of London's summer is 23:00 in Greenwich
        assert pace(goods, "2026-07-01T00:00").sold == 0
        assert pace(goods, "2026-06-30T00:00").sold == 12


def test_another_number_of_days(goods):
    sell(goods, ("2026-06-20", 14), ("2026-06-24", 7))
    verbs.set_value("ADS_DAYS", "7", by=AdminFactory())
    shop.forget()
    found = pace(goods)
    assert (found.sold, found.days, found.average) == (7, 7, 1)
    assert pace(goods, days=14).sold == 21


# --- the days that it is divided by


def test_the_day_of_the_first_sale_counts(goods):
    sell(goods, ("2026-06-28 18:00", 9))
    assert pace(goods).days == 3
    assert pace(goods, "2026-06-29 10:00").days == 1


def test_a_receipt_before_the_first_sale_counts_too(goods):
    received(goods, "2026-06-26 06:00")
    sell(goods, ("2026-06-28", 10))
    assert (pace(goods).days, pace(goods).average) == (5, 2)


def test_an_opening_is_no_receipt(goods):
    ledger.post(
        [
            Posting(
                *(goods.pk, MovementKind.OPENING, "opening"),
                on_hand=Decimal(5),
                at=at("2026-06-01"),
            )
        ],
        by=None,
    )
    sell(goods, ("2026-06-30", 4))
    assert pace(goods).days == 1


def test_a_return_is_no_first_sale(goods):
    take_back(goods, ("2026-06-01", 4))
    sell(goods, ("2026-06-29", 10))
    assert (pace(goods).sold, pace(goods).days) == (6, 2)


def test_never_more_than_the_window_and_never_less_than_one(goods):
    sell(goods, ("2020-01-01", 1), ("2026-06-30", 1))
    assert pace(goods).days == 30
    other = GoodsFactory()
    assert (pace(other).days, pace(other).average) == (1, 0)
    sell(other, ("2026-07-01 08:00", 3))
    assert (pace(other).days, pace(other).sold) == (1, 0)


# --- the average


def test_returns_are_taken_off_on_their_own_day(goods):
    sell(goods, ("2026-05-01", 100), ("2026-06-10", 10))
    take_back(goods, ("2026-06-11", 4))
    found = pace(goods)
    assert (found.sold, found.returned) == (6, 4)
    assert found.average == Decimal("0.2")


def test_it_is_never_below_zero(goods):
    sell(goods, ("2026-05-01", 100))
    take_back(goods, ("2026-06-11", 40))
    found = pace(goods)
    assert (found.sold, found.average, found.is_low) == (-40, 0, False)


def test_six_places_half_up(goods):
    sell(goods, ("2026-01-01", 1), ("2026-06-10", "0.002"))
    assert pace(goods).average == Decimal("0.000067")
    other = GoodsFactory()
    sell(other, ("2026-01-01", 1), ("2026-06-10", "1.25"))
    # 1.25 / 8 days = 0.15625; 0.0015 / 8 = 0.0001875
    assert pace(other, days=8).average == 0
    assert velocity.average(Decimal("0.0000125") * 4, 10) == Decimal("0.000005")
    assert velocity.average(Decimal("0.000025"), 10) == Decimal("0.000003")


# --- low


def test_low_is_strictly_below_the_share():
    goods = stocked("6.000")
    sell(goods, ("2026-01-01", 1), ("2026-06-10", 900))
    found = velocity.paces([goods.pk], at=None)[goods.pk]
    assert found.available == 6
    now = timezone.now()
    sell(goods, (now - timedelta(days=2), "900"))
    found = velocity.paces([goods.pk])[goods.pk]
    assert (found.average, found.threshold, found.is_low) == (30, 6, False)
    ledger.post(
        [Posting(goods.pk, MovementKind.SALE, "o", on_hand=Decimal("-0.001"))], by=None
    )
    assert velocity.paces([goods.pk])[goods.pk].is_low


def test_what_is_available_at_a_past_moment():
    goods = GoodsFactory()
    for when, kind, on_hand, reserved in (
        ("2026-06-01 08:00", MovementKind.OPENING, 10, 0),
        ("2026-06-10 08:00", MovementKind.RESERVE, 0, 4),
        ("2026-06-12 08:00", MovementKind.SALE, -4, -4),
        ("2026-07-01 00:00", MovementKind.RECEIPT, 100, 0),
    ):
        ledger.post(
            [
                Posting(
                    *(goods.pk, kind, f"m{when}"),
                    on_hand=Decimal(on_hand),
                    reserved=Decimal(reserved),
                    held_for="o" if reserved else "",
                    at=at(when),
                )
            ],
            by=None,
        )
    for when, available in (
        ("2026-06-01 08:00", 0),
        ("2026-06-01 08:01", 10),
        ("2026-06-11", 6),
        ("2026-06-13", 6),
        (AT, 6),
        ("2026-07-01 00:01", 106),
    ):
        assert pace(goods, when).available == available, when


# --- all goods at once


def test_all_goods_in_one_query(django_assert_num_queries):
    for _count in range(3):
        sell(GoodsFactory(), ("2026-06-10", 1))
    shop.ADS_DAYS  # noqa: B018 - read once, kept for a while
    with django_assert_num_queries(1):
        found = velocity.paces(at=at(AT))
    assert len(found) == 3
    assert list(velocity.paces([])) == []


def test_it_is_what_plain_arithmetic_says():
    """Against the definition, written down a second time, over random lines."""
    draw = random.Random(20261124)
    many = [GoodsFactory() for _count in range(12)]
    begin, facts = at("2026-05-01"), []
    for _count in range(1500):
        kind = SoldKind.RETURN if draw.random() < 0.15 else SoldKind.SALE
        when = begin + timedelta(seconds=draw.randrange(70 * 86400))
        quantity = Decimal(draw.randrange(1, 9999)) / 1000
        facts.append(line(draw.choice(many), when, quantity, kind))
    sold.enter(facts, batch="1")
    for goods in many[:4]:
        received(goods, f"2026-06-{draw.randrange(1, 30):02} 05:00")
    for when in ("2026-05-02 10:00", "2026-05-31 00:00", "2026-06-20 18:00", AT):
        found = velocity.paces(at=at(when))
        for goods in many:
            wanted = reference(goods, facts, at(when))
            one = found[goods.pk]
            assert (one.sold, one.days, one.average) == wanted


def reference(goods, facts, moment):
    from stock.models import StockMovement

    today = timezone.localdate(moment)
    by_day = defaultdict(Decimal)
    firsts = []
    for fact in facts:
        day = timezone.localdate(fact.sold_at)
        if fact.goods_id != goods.pk or day >= today:
            continue
        if fact.kind == SoldKind.SALE:
            firsts.append(day)
            by_day[day] += fact.quantity
        else:
            by_day[day] -= fact.quantity
    receipts = StockMovement.objects.filter(goods=goods, kind="receipt")
    came_in = [timezone.localdate(moved.at) for moved in receipts]
    firsts += [day for day in came_in if day < today]
    total = sum(
        (by_day[today - timedelta(days=back)] for back in range(1, 31)), Decimal()
    )
    days = max(1, min(30, (today - min(firsts)).days)) if firsts else 1
    ads = (max(total, Decimal(0)) / days).quantize(
        Decimal("0.000001"), rounding=ROUND_HALF_UP
    )
    return total, days, ads


# --- the command


def ask(*arguments):
    out = io.StringIO()
    call_command("velocity", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_prints_csv():
    goods = GoodsFactory(code="RX001")
    sell(goods, ("2026-06-22", "10.5"))
    (row,) = csv.DictReader(io.StringIO(ask("--at", AT, "--format", "csv")))
    assert row == {
        "code": "RX001",
        "average_daily_sales": "1.166667",
        "sold_in_window": "10.500",
        "days": "9",
        "available": "0.000",
        "threshold": "0.233333",
        "low": "true",
    }


def test_the_command_prints_json():
    sell(GoodsFactory(code="RX001"), ("2026-06-22", 9))
    (row,) = json.loads(ask("--at", "2026-07-01", "--format", "json"))
    assert row["average_daily_sales"] == "1.000000"
    assert row["low"] is True


def test_the_command_takes_now_and_refuses_nonsense():
    GoodsFactory()
    assert ask().count("\n") == 2
    with pytest.raises(CommandError):
        ask("--at", "soon")


# --- lines of orders


def test_orders_are_noted_once(goods):
    paid = Sold(
        *(goods.pk, SoldKind.SALE, datetime.now(timezone.get_current_timezone())),
        *(Decimal(2), Decimal("5.5"), "202607010000000000000001", 1),
    )
    sold.note([paid])
    sold.note([paid])
    tomorrow = timezone.now() + timedelta(days=1)
    assert velocity.paces([goods.pk], at=tomorrow)[goods.pk].sold == 2
