"""The replay itself: every day of a set through the ledger, and what it shows."""

from calendar import monthrange
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from backoffice.base.money import plain
from catalog import changes
from catalog.enums import GoodsStatus
from catalog.models import Category, Goods, Unit
from stock import ledger, sold, velocity
from stock.enums import MovementKind, SoldKind
from stock.errors import OutOfStock
from stock.ledger import Posting
from stock.models import StockBalance, StockMovement
from stock.quantities import ZERO
from stock.replay.sets import Fact, Rules, SalesSet
from stock.sold import Sold

DAY = timedelta(days=1)
#: when in a day what happens; returns come before sales, as a day is added up whole
DAWN, BACK, SALE, NIGHT = time(0), time(12), time(18), time(23)
BATCH = "replay"
#: a share of the average below which the shared answers raise an alert: 20 %
FIFTH = 5

ByDay = dict[date, dict[int, Decimal]]


@dataclass
class Item:
    """One goods on its way through the set, in base units."""

    pk: int
    code: str
    sold: Decimal = ZERO
    returned: Decimal = ZERO
    refills: int = 0
    balance: Decimal = ZERO
    lowest: Decimal = ZERO
    lowest_day: date | None = None
    refused_day: date | None = None
    asked: Decimal = ZERO
    available: Decimal = ZERO


@dataclass
class Replay:
    """A set on its way through the ledger."""

    rules: Rules
    sales: SalesSet
    items: dict[int, Item] = field(default_factory=dict)

    @property
    def first(self) -> date:
        return min(self.sales.days)

    @property
    def last(self) -> date:
        return max(self.sales.days)

    def days(self) -> Iterator[date]:
        """Every day of the calendar from the first to the last."""
        for number in range((self.last - self.first).days + 1):
            yield self.first + number * DAY

    # --- what is posted

    def run(self, say: Callable[[str], None]) -> None:
        """Post everything; a goods stops at the first day that the ledger refuses."""
        self._enter_goods()
        self._enter_history()
        gone, back = self._by_day(SoldKind.SALE), self._by_day(SoldKind.RETURN)
        self._open()
        for day in self.days():
            with transaction.atomic():
                if self.rules.after_closing is None:
                    self._refill(day, DAWN)
                self._take_back(day, back.get(day, {}))
                self._sell(day, gone.get(day, {}))
                self._close(day)
                if day.weekday() in (self.rules.after_closing or ()):
                    self._refill(day, NIGHT)
            if day.day == 1:
                say(f"{day}")

    def _enter_goods(self) -> None:
        unit = Unit.objects.create(name=self.rules.unit, step=Decimal("0.001"))
        shelf = Category.objects.create(name=self.rules.name)
        goods = [
            Goods(
                code=code,
                name=(self.sales.names.get(code) or code)[:100],
                category=shelf,
                unit=unit,
                price=Decimal("1.00"),
                status=GoodsStatus.ON_SALE,
                listed_at=timezone.now(),
            )
            for code in sorted(self.sales.codes)
        ]
        with transaction.atomic():
            changes.create_all(goods, changes.Origin(by=None))
        self.items = {row.pk: Item(row.pk, row.code) for row in goods}

    def _enter_history(self) -> None:
        """What was sold, for the averages; its lines count within their references."""
        by_code = {item.code: item.pk for item in self.items.values()}
        counts: dict[str, int] = defaultdict(int)
        lines = []
        for fact in self.sales.facts:
            counts[fact.reference] += 1
            lines.append(_line(fact, by_code[fact.code], counts[fact.reference]))
        with transaction.atomic():
            for start in range(0, len(lines), 5000):
                sold.enter(lines[start : start + 5000], batch=BATCH)

    def _by_day(self, kind: SoldKind) -> ByDay:
        by_code = {item.code: item.pk for item in self.items.values()}
        days: ByDay = defaultdict(lambda: defaultdict(Decimal))
        for fact in self.sales.facts:
            if fact.kind == kind:
                days[fact.at.date()][by_code[fact.code]] += fact.quantity
        return days

    @transaction.atomic
    def _open(self) -> None:
        quantities = dict.fromkeys(self.items, self.rules.opening)
        self._post(self.first, DAWN, MovementKind.OPENING, quantities)
        for item in self.items.values():
            item.lowest, item.lowest_day = self.rules.opening, self.first

    def _refill(self, day: date, at: time) -> None:
        low = {
            pk: self.rules.refill
            for pk, item in self.items.items()
            if item.refused_day is None and item.balance < self.rules.below
        }
        self._post(day, at, MovementKind.RECEIPT, low)
        for pk in low:
            self.items[pk].refills += 1

    def _take_back(self, day: date, quantities: dict[int, Decimal]) -> None:
        going = self._going(quantities)
        self._post(day, BACK, MovementKind.RETURN, going)
        for pk, quantity in going.items():
            self.items[pk].returned += quantity

    def _sell(self, day: date, quantities: dict[int, Decimal]) -> None:
        """What cannot leave is told by the ledger for all goods at once."""
        going = self._going(quantities)
        try:
            self._post(day, SALE, MovementKind.SALE, going)
        except OutOfStock as refusal:
            for lack in refusal.lacks:
                item = self.items[lack.goods_id]
                item.refused_day = day
                item.asked, item.available = lack.asked, lack.available
            going = self._going(going)
            self._post(day, SALE, MovementKind.SALE, going)
        for pk, quantity in going.items():
            self.items[pk].sold += quantity

    def _going(self, quantities: dict[int, Decimal]) -> dict[int, Decimal]:
        return {
            pk: quantity
            for pk, quantity in quantities.items()
            if self.items[pk].refused_day is None
        }

    def _post(
        self, day: date, at: time, kind: MovementKind, quantities: dict[int, Decimal]
    ) -> None:
        sign = -1 if kind == MovementKind.SALE else 1
        moment = timezone.make_aware(datetime.combine(day, at))
        posted = ledger.post(
            [
                Posting(pk, kind, f"{day}", on_hand=sign * quantity, at=moment)
                for pk, quantity in sorted(quantities.items())
            ],
            by=None,
            is_new=True,
        )
        for outcome in posted:
            if outcome.movement is not None:
                item = self.items[outcome.posting.goods_id]
                item.balance = outcome.movement.on_hand_after

    def _close(self, day: date) -> None:
        for item in self.items.values():
            if item.refused_day is None and item.balance < item.lowest:
                item.lowest, item.lowest_day = item.balance, day

    # --- what it shows

    def report(self) -> dict[str, Any]:
        """Everything, in the file's own unit; see docs/replay.md."""
        refused = [item for item in self.items.values() if item.refused_day]
        balances = dict(StockBalance.objects.values_list("pk", "on_hand"))
        return {
            "rules": self.rules.name,
            "unit": self.rules.unit,
            "first_day": f"{self.first}",
            "last_day": f"{self.last}",
            "goods": len(self.items),
            "lines": len(self.sales.facts),
            "skipped": self.sales.skipped,
            "movements": StockMovement.objects.count(),
            "never_refused": len(self.items) - len(refused),
            "items": [
                self._row(item, balances[item.pk]) for item in self.items.values()
            ],
            "refused": [
                {
                    "item": item.code,
                    "day": f"{item.refused_day}",
                    "asked": self._shown(item.asked),
                    "available": self._shown(item.available),
                }
                for item in refused
            ],
            "alerts": [row for day in self.month_ends() for row in self.alerts(day)],
        }

    def _row(self, item: Item, closing: Decimal) -> dict[str, Any]:
        return {
            "item": item.code,
            "opening": self._shown(self.rules.opening),
            "sold": self._shown(item.sold),
            "returned": self._shown(item.returned),
            "replenishments": item.refills,
            "replenished": self._shown(item.refills * self.rules.refill),
            "closing": self._shown(closing),
            "lowest": self._shown(item.lowest),
            "lowest_day": f"{item.lowest_day}",
            "first_refused_day": f"{item.refused_day}" if item.refused_day else None,
        }

    def _shown(self, quantity: Decimal) -> int | float:
        """In the file's own unit: whole pieces or grams."""
        value = quantity * self.rules.scale
        return int(value) if value == int(value) else float(plain(value))

    def month_ends(self) -> list[date]:
        """The last days of months that the set covers, and its own last day."""
        ends = {d for d in self.days() if d.day == monthrange(d.year, d.month)[1]}
        return sorted(ends | {self.last})

    def alerts(self, day: date) -> list[dict[str, Any]]:
        """Goods whose stock at the end of the day is below a fifth of what was sold a
        day, over 7 and over 30 days; `low` is the shop's own rule.

        A goods is left out from the day on which the ledger refused it.
        """
        at = timezone.make_aware(datetime.combine(day + DAY, DAWN))
        week, month = (velocity.paces(at=at, days=days) for days in (7, 30))
        rows = []
        for pk, own in velocity.paces(at=at).items():
            item = self.items[pk]
            if item.refused_day is not None and item.refused_day <= day:
                continue
            sold7, sold30 = (p[pk].sold + p[pk].returned for p in (week, month))
            alert7 = own.available * FIFTH * 7 < sold7
            alert30 = own.available * FIFTH * 30 < sold30
            if alert7 or alert30 or own.is_low:
                rows.append(
                    {
                        "date": f"{day}",
                        "item": own.code,
                        "stock": self._shown(own.available),
                        "sold7": self._shown(sold7),
                        "sold30": self._shown(sold30),
                        "alert7": alert7,
                        "alert30": alert30,
                        "average_daily_sales": float(own.average),
                        "low": own.is_low,
                    }
                )
        return rows


def _line(fact: Fact, goods_id: int, number: int) -> Sold:
    return Sold(
        goods_id=goods_id,
        kind=fact.kind,
        sold_at=fact.at,
        quantity=fact.quantity,
        unit_price=fact.unit_price,
        reference=fact.reference,
        line=number,
    )
