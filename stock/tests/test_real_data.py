"""Two real shops: their history imported as a sheet, and replayed through the ledger."""

import csv
import gzip
import io
import json
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from backoffice.accounts.tests.factories import AdminFactory
from backoffice.base.moments import read_moment
from catalog import changes
from catalog.models import Goods
from catalog.tests.factories import CategoryFactory, UnitFactory
from stock import velocity
from stock.models import SoldLine
from stock.replay.sets import RULES
from stock.tests.replays import replayed

UCI = "uci_online_retail/online_retail_2010-12_2011-03.csv.gz"
VEG = "veg_supermarket/veg_daily_2020-07_2022-06.csv.gz"

pytestmark = pytest.mark.real_data


def answers(folder: Path, name: str) -> list[dict[str, str]]:
    path = folder / "answers" / name
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def as_sheet(sales, path: Path) -> Path:
    """The facts of a set as a sheet of sales history."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            ["sold_at", "code", "quantity", "unit_price", "kind", "reference"]
        )
        for fact in sales.facts:
            at = timezone.localtime(fact.at)
            writer.writerow(
                [
                    *(f"{at:%Y-%m-%d %H:%M:%S}", fact.code, fact.quantity),
                    *(fact.unit_price.quantize(Decimal("0.0001")), fact.kind.value),
                    fact.reference,
                ]
            )
    return path


def imported(name: str, source: Path, folder: Path) -> None:
    sales = RULES[name].read(source)
    unit, shelf = UnitFactory(), CategoryFactory()
    changes.create_all(
        [
            Goods(code=code, name=code, unit=unit, category=shelf)
            for code in sorted(sales.codes)
        ],
        changes.Origin(by=None),
    )
    AdminFactory(username="boss")
    path = as_sheet(sales, folder / "history.csv")
    for wanted in ({"new": len(sales.facts)}, {"unchanged": len(sales.facts)}):
        out = io.StringIO()
        call_command(
            *("sheet", "import", "sales-history", str(path), "--as", "boss", "--json"),
            stdout=out,
        )
        answer = json.loads(out.getvalue().splitlines()[-1])
        assert answer["errors"] == []
        assert wanted.items() <= answer.items()
    assert SoldLine.objects.count() == len(sales.facts)


def compare(rows, item, sums, averages, scale):
    """Every answer of every day against the average at the midnight after it."""
    days = {row["date"] for row in rows}
    found = {}
    for day in days:
        at = read_moment(day) + timezone.timedelta(days=1)
        found[day] = {p.code: p for p in velocity.paces(at=at).values()}
    compared = 0
    for row in rows:
        pace = found[row["date"]].get(row[item])
        if pace is None:
            continue  # a service
        compared += 1
        assert (pace.sold + pace.returned) * scale == Decimal(row[sums])
        net = Decimal(row[averages])
        assert (pace.sold / 30).quantize(Decimal("0.000001")) == net
        if pace.days == 30:
            assert pace.average == max(net, Decimal(0))
    return compared


@pytest.mark.django_db
def test_trailing_sums_of_the_supermarket(real_data, tmp_path):
    imported("veg", real_data / VEG, tmp_path)
    rows = answers(real_data, "veg_trailing.csv")
    compared = compare(rows, "item_code", "sold30_g", "net_avg30_kg", 1000)
    assert compared == len(rows)


@pytest.mark.django_db
def test_trailing_sums_of_the_online_shop(real_data, tmp_path):
    imported("uci", real_data / UCI, tmp_path)
    rows = answers(real_data, "uci_trailing.csv.gz")
    compared = compare(rows, "item", "sold30", "net_avg30", 1)
    assert compared > 9000


@pytest.mark.parametrize(
    ("name", "source", "item", "unit"),
    [("uci", UCI, "item", ""), ("veg", VEG, "item_code", "_g")],
)
def test_replay(real_data, tmp_path, name, source, item, unit):
    """Goods whose reference ledger never goes negative agree exactly; the others are
    refused on the very day on which it first does."""
    report = replayed(real_data / source, name, tmp_path)
    assert report["books"]["differences"] == []
    ours = {row["item"]: row for row in report["items"]}
    ledger = {row[item]: row for row in answers(real_data, f"{name}_ledger.csv")}
    assert ours.keys() == ledger.keys()
    for code, row in ledger.items():
        one = ours[code]
        assert one["first_refused_day"] == (row["first_negative_day"] or None)
        if not row["first_negative_day"]:
            assert f"{one['closing']}" == row[f"closing{unit}"]
            assert f"{one['replenishments']}" == row["replenishments"]
    alerts = answers(real_data, f"{name}_alerts.csv")
    days = {row["date"] for row in alerts}
    wanted = {
        (row["date"], row[item], row["alert7"], row["alert30"])
        for row in alerts
        if not ledger[row[item]]["first_negative_day"]
        or row["date"] < ledger[row[item]]["first_negative_day"]
    }
    assert wanted == {
        (row["date"], row["item"], f"{row['alert7']:d}", f"{row['alert30']:d}")
        for row in report["alerts"]
        if row["date"] in days and (row["alert7"] or row["alert30"])
    }
