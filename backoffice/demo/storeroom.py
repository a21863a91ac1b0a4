"""What came in, went out, rotted and was counted in the demo's three weeks.

Planned ahead as a shopkeeper would: each goods has a pace, is bought again before it
runs out, and loses a little. Carried out by the verbs of stock, one posting for all
goods where that is how it happens (a receipt). What is sold leaves by orders
(`demo.trade`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal
from random import Random

from django.utils import timezone

from backoffice.accounts.models import User
from backoffice.demo import supply
from backoffice.demo.acts import Act
from backoffice.demo.data import UNITS, Item
from catalog.models import Goods
from stock import receiving, spoilage
from stock.enums import LossReason
from stock.receiving import Incoming

#: adds an event: days ago, hour, minute, who, what
Add = Callable[[int, int, int, str, Act], None]
Quantities = dict[str, Decimal]
#: sells what leaves on a day, days ago
Sell = Callable[[int, Quantities], None]

ZERO, PIECE, GRAM = Decimal(0), Decimal(1), Decimal("0.001")
STEPS = dict(UNITS)
#: on the last evening this much of a day's sales was left
NEARLY_GONE = {"RX006": "0.1", "WH005": "0.15", "PJ008": "0.1", "GG006": "0.12"}
GONE = {"PT008", "XQ003", "QT005"}
#: which day they were last bought, days ago
LAST_BOUGHT = 4
COUNTED_ON = 8
#: from here on suppliers are written to, days ago; before, goods were fetched
ORDERED_SINCE = 12
UNDER_WAY = "急补，今天上午送到"
#: off the shelf for a while, days ago
AWAY = {"GJ005": (6, 5)}
LOSSES = (
    (LossReason.ROTTEN, "底层压烂"),
    (LossReason.BRUISED, "上架时磕碰"),
    (LossReason.ROTTEN, ""),
    (LossReason.TASTING, "门口试吃"),
    (LossReason.WEIGHT_LOSS, "隔夜失水"),
    (LossReason.BRUISED, "顾客翻捡"),
    (LossReason.STAFF, "员工餐后水果"),
    (LossReason.OTHER, "冷柜夜里跳闸，冻伤"),
)


@dataclass(frozen=True)
class Shelf:
    """One goods of the storeroom: from which day to which it is sold, days ago."""

    item: Item
    since: int
    until: int = 1

    @property
    def step(self) -> Decimal:
        return STEPS[self.item.unit]

    @property
    def pace(self) -> Decimal:
        """Base units sold on an ordinary day: the dearer, the fewer."""
        daily = Decimal(60) / (self.item.price + 2)
        return self.rounded(max(daily, Decimal("1.5")))

    def rounded(self, quantity: Decimal) -> Decimal:
        """Whole pieces, or tens of grams; at least one step."""
        step = PIECE if self.step == PIECE else Decimal("0.01")
        return max(quantity.quantize(step), self.step)

    def bought(self) -> Decimal:
        """What is bought at once: four days' worth, in whole cases."""
        wanted = self.pace * 4
        size = self.item.case_size or PIECE
        return (wanted / size).quantize(PIECE, rounding=ROUND_UP) * size


class Storeroom:
    """Plans the movements of all goods and adds them to the story."""

    def __init__(self, shelves: list[Shelf], add: Add, sell: Sell) -> None:
        self.shelves = shelves
        self.add = add
        self.sell = sell
        self.random = Random(20261125)  # noqa: S311 - the same story every time
        self.there: Quantities = {}
        self.lost = 0

    def plan(self) -> None:
        """Day by day, so that nothing leaves that is not there."""
        self.add(22, 10, 0, "buyer", supply.known)
        for day in range(max(shelf.since for shelf in self.shelves), 0, -1):
            self._open(day)
            self._receive(day)
            self._sell(day)
            self._lose(day)
            if day == COUNTED_ON:
                self._count(day)
        self.today()

    def _on(self, day: int) -> list[Shelf]:
        return [s for s in self.shelves if s.since >= day >= s.until]

    def _open(self, day: int) -> None:
        lines = {
            s.item.code: s.bought() + s.pace for s in self.shelves if s.since == day
        }
        if lines:
            self.there |= lines
            self.add(day, 17, 30, "keeper", _opened(lines))

    def _receive(self, day: int) -> None:
        lines = {
            s.item.code: s.bought()
            for s in self._on(day)
            if s.since > day
            and self.there[s.item.code] < s.pace * 2
            and not self._is_let_run_out(s, day)
        }
        if not lines:
            return
        self._come(lines)
        if day > ORDERED_SINCE:
            self.add(day, 6, 40, "buyer", _received(lines))
            return
        note, why = f"{day} 天前早市", supply.REJECTED.get(day, "")
        wanted = dict(lines)
        if why:
            code = min(lines)
            wanted[code] += PIECE
        self.add(day + 1, 20, 30, "buyer", supply.drafted(wanted, note))
        self.add(day + 1, 20, 45, "buyer", supply.sent(note))
        self.add(day, 6, 40, "keeper", supply.received(note, lines, why))

    def today(self) -> None:
        """What is under way this morning, what is still a draft, what is being counted."""
        shelves = {s.item.code: s for s in self._on(1)}
        wanted = {
            c: shelves[c].bought() for c in {*NEARLY_GONE, *GONE} & shelves.keys()
        }
        self.add(0, 8, 20, "buyer", supply.drafted(wanted, UNDER_WAY))
        self.add(0, 8, 25, "buyer", supply.sent(UNDER_WAY))
        low = sorted(shelves, key=lambda c: (self.there[c] / shelves[c].pace, c))
        draft = {c: shelves[c].bought() for c in low if c not in wanted}
        few = dict(list(draft.items())[:6])
        self.add(0, 8, 50, "buyer", supply.drafted(few, "明早要货"))
        self.add(0, 9, 20, "keeper", supply.being_counted("干果/饮品", 2))

    def _is_let_run_out(self, shelf: Shelf, day: int) -> bool:
        if shelf.until > 1:
            return day < shelf.until + LAST_BOUGHT
        return shelf.item.code in GONE and day < LAST_BOUGHT

    def _sell(self, day: int) -> None:
        lines = {}
        for shelf in self._on(day):
            # what came in the evening is sold from the next day on
            if day == shelf.since or day in AWAY.get(shelf.item.code, ()):
                continue
            code, mood = shelf.item.code, Decimal(self.random.randint(60, 140)) / 100
            wanted = shelf.rounded(shelf.pace * mood)
            if day == shelf.until and (shelf.until > 1 or code in GONE):
                wanted = self.there[code]
            elif day == 1 and code in NEARLY_GONE:
                rest = shelf.rounded(shelf.pace * Decimal(NEARLY_GONE[code]))
                wanted = max(self.there[code] - rest, ZERO)
            left = min(wanted, self.there[code])
            if left:
                lines[code] = left
                self.there[code] -= left
        if lines:
            self.sell(day, lines)

    def _lose(self, day: int) -> None:
        """Two or three goods a day, a little of each."""
        shelves = [s for s in self._on(day) if self.there[s.item.code] > s.pace]
        for place in range(min(2 + day % 2, len(shelves))):
            shelf = self.random.choice(shelves)
            quantity = shelf.rounded(shelf.pace / 12)
            cause, note = LOSSES[self.lost % len(LOSSES)]
            self.lost += 1
            self.there[shelf.item.code] -= quantity
            act = _lost(shelf.item.code, quantity, cause, note)
            self.add(day, 21, 50 + place, "keeper", act)

    def _count(self, day: int) -> None:
        differences = {}
        for shelf in self._on(day)[::5]:
            found = shelf.rounded(shelf.pace / 20) * self.random.choice([-1, -1, 1])
            if self.there[shelf.item.code] + found >= 0:
                differences[shelf.item.code] = found
        self._come(differences)
        self.add(day, 22, 30, "keeper", supply.counted(differences))

    def _come(self, lines: Quantities) -> None:
        for code, quantity in lines.items():
            self.there[code] += quantity


def _ids(lines: Mapping[str, Decimal]) -> dict[str, int]:
    found = Goods.objects.filter(code__in=list(lines)).values_list("code", "pk")
    return dict(found)


def _paper(prefix: str) -> str:
    """The number of a day's paper."""
    return f"{prefix}{timezone.localtime():%Y%m%d}"


def _opened(lines: Quantities) -> Act:
    def act(by: User) -> None:
        ids = _ids(lines)
        receiving.open_stock([Incoming(ids[c], q) for c, q in lines.items()], by=by)

    return act


def _received(lines: Quantities) -> Act:
    """At what the goods cost that day."""

    def act(by: User) -> None:
        rows = Goods.objects.filter(code__in=list(lines))
        receiving.receive(
            [Incoming(row.pk, lines[row.code], row.cost) for row in rows],
            reference=_paper("JH"),
            by=by,
            reason="早市进货",
        )

    return act


def _lost(code: str, quantity: Decimal, cause: LossReason, note: str) -> Act:
    def act(by: User) -> None:
        goods = Goods.objects.get(code=code)
        spoilage.write_off(goods, by=by, quantity=quantity, cause=cause, note=note)

    return act
