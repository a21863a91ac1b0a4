"""Three weeks in the life of the demo shop, told by its own verbs.

A list of events, each at its moment, by somebody; carried out in the order of time, so
that history and logs read as if it had happened. The same story every time, counted
back from the day on which it is told.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from random import Random

from django.utils import timezone

from backoffice.accounts.models import User
from backoffice.base import context
from backoffice.base.money import plain
from backoffice.demo import acts, banners, customers, people, prices
from backoffice.demo.acts import Act
from backoffice.demo.clock import Clock
from backoffice.demo.data import CATEGORIES, UNITS, Item
from backoffice.demo.storeroom import Shelf, Storeroom
from backoffice.demo.trade import Trade
from catalog import archiving, listing, repricing, review
from catalog.enums import Means
from catalog.models import Brand, Category, Unit

RISES = [
    "到货成本上涨",
    "产区降雨减产，批发价上调",
    "节前备货，货源紧",
    "新批次品质更好，恢复原价",
]
FALLS = [
    "早市行情回落",
    "周末促销",
    "跟进周边门店价格",
    "到货量大，加快周转",
    "会员日让利",
]

#: what the reviewer found; these came back mended
MENDED = {
    "RX011": "请补充是否可以代削皮",
    "XG004": "规格写的是单果重量，请注明范围",
    "XQ003": "缺少储存和食用时间提示",
    "GG001": "散称商品请注明按公斤计价",
}
#: and these are still to be mended
REJECTED = {
    "GJ010": "产地与检疫证明不一致，请核对后重新提交",
    "PJ010": "描述太简单，请补充口感和储存方法",
    "QT004": "主图看不出是青皮芒，请重拍",
}
#: code → days ago, reason
DELISTED = {
    "PT004": (8, "产季结束，尾货已清完"),
    "XG001": (6, "本地产季尾声，口感不稳定"),
    "QT002": (4, "到货软果多，暂停销售"),
    "QT003": (12, "产季结束"),
    "QT005": (3, "断货，等下一批到港"),
}
ARCHIVED = {"WH010": 15, "PT006": 15, "PT009": 14, "LH007": 13}
#: entered by hand in the last days, after the first sheet
NEW = {
    "GJ001", "QT001", "XQ005", "XQ006", "WH009", "PT008", "GJ004", "PJ009", "XQ004",
    "LH006", "GJ008", "GJ009", "GJ010", "PJ010", "PJ011", "XG007", "GG007", "XQ007",
    "QT004", "QT006", "QT007",
}  # fmt: skip
#: days ago on which somebody entered it, by what became of it
ENTERED = {"on_sale": 7, "approved": 3, "rejected": 4, "pending": 1, "draft": 0}
WITHOUT_PICTURE = {"QT007"}
#: the shelves whose prices came by a sheet
SHEET_CATEGORIES = ("柑橘橙柚", "苹果蕉梨")
#: prices that a guard stopped have a story of their own
GUARDED = {"PT007", "RX006", "GG003", "WH003", "WH004"}


@dataclass(frozen=True)
class Event:
    """Somebody does something at a moment; nobody of the staff where `who` is blank."""

    at: datetime
    who: str
    act: Act


class Story:
    """Makes the events and carries them out."""

    def __init__(self, items: list[Item], told_at: datetime) -> None:
        self.items = items
        self._told_at = told_at
        self._today = timezone.localdate(told_at)
        self._random = Random(20261124)  # noqa: S311 - the same story every time
        self._events: list[Event] = []
        self._first = {item.code: self._first_price(item) for item in items}

    @property
    def begins_at(self) -> datetime:
        """Before everything else."""
        return self._moment(24, 9, 0)

    def tell(self, clock: Clock, admin: User) -> None:
        """Carry everything out; the clock goes along."""
        addresses = {person.username: person.ip for person in people.PEOPLE}
        clock.turn_to(self._moment(24, 10, 0))
        with context.using(means="admin", ip=addresses["manager"]):
            staff = people.make_staff(admin)
        self._plan()
        for event in sorted(self._events, key=lambda e: e.at):
            clock.turn_to(event.at)
            if not event.who:
                event.act(admin)
                continue
            by = staff[event.who]
            with context.using(means="admin", ip=addresses[event.who], user_id=by.pk):
                event.act(by)

    # --- the plan

    def _plan(self) -> None:
        self._words()
        self._first_sheet()
        for place, item in enumerate(self.items):
            if item.code in NEW:
                self._enter_by_hand(place, item)
            else:
                self._bring_to_shelf(place, item)
        self._prices()
        self._price_sheet()
        self._costs()
        self._endings()
        self._runs()
        self._slips()
        self._repricing()
        self._add(17, 11, 0, "merchandiser", banners.hang_up)
        self._storeroom()
        customers.plan(self._add)

    def _words(self) -> None:
        for place, (name, picture) in enumerate(CATEGORIES.items()):
            category = acts.word(Category(name=name, sequence=place * 10 + 10), picture)
            self._add(23, 9, 5 + place, "manager", category)
        for place, (name, step) in enumerate(UNITS):
            unit = acts.word(Unit(name=name, step=step, sequence=place * 10 + 10))
            self._add(23, 9, 20 + place, "manager", unit)
        for place, name in enumerate(sorted({item.brand for item in self.items})):
            brand = acts.word(Brand(name=name))
            self._add(23, 9, 35 + place, "manager", brand)

    def _first_sheet(self) -> None:
        rows = [
            acts.sheet_row(item, *self._first[item.code])
            for item in self.items
            if item.code not in NEW
        ]
        self._add(21, 9, 10, "buyer", acts.take_in("首批商品.csv", rows))

    def _bring_to_shelf(self, place: int, item: Item) -> None:
        """Pictures, review and shelf of what the first sheet brought."""
        code = item.code
        self._add(21, 10, place, "buyer", acts.picture(item))
        self._add(21, 15, place // 2, "buyer", acts.verb(review.submit, code))
        day = 20
        if code in MENDED:
            reason = MENDED[code]
            self._add(20, 9, 30, "reviewer", acts.verb(review.reject, code, reason))
            self._add(19, 10, 5, "buyer", acts.mend(item))
            day = 18
        minute = 30 + place // 3
        self._add(day, 10, minute, "reviewer", acts.verb(review.approve, code))
        shelve = acts.verb(listing.list_goods, code)
        self._add(day, 14, place // 2, "merchandiser", shelve)

    def _enter_by_hand(self, place: int, item: Item) -> None:
        """As far as the item's status says; the newest ones last."""
        code, status = item.code, item.status
        day, minute = ENTERED[status], place % 50
        self._add(day, 9, minute, "buyer", acts.enter(item))
        if code not in WITHOUT_PICTURE:
            self._add(day, 9, minute + 2, "buyer", acts.picture(item))
        if status == "draft":
            return
        self._add(day, 9, minute + 4, "buyer", acts.verb(review.submit, code))
        if status == "rejected":
            rejected = acts.verb(review.reject, code, REJECTED[code])
            self._add(day - 1, 15, minute, "reviewer", rejected)
        if status in ("approved", "on_sale"):
            approved = acts.verb(review.approve, code)
            self._add(day - 1, 10, minute, "reviewer", approved)
        if status == "on_sale":
            shelve = acts.verb(listing.list_goods, code)
            self._add(day - 1, 16, minute, "merchandiser", shelve)

    def _prices(self) -> None:
        """From the first price to the last, by hand or from the command line."""
        for place, item in enumerate(self.items):
            if item in self._repriced_by_sheet() or not self._is_repriced(item):
                continue
            day = self._repriced_on(place, item)
            first, _case = self._first[item.code]
            reasons = RISES if item.price > first else FALLS
            means = Means.COMMAND if place % 11 == 0 else Means.HAND
            if place % 3 == 0:
                between = ((first + item.price) / 2).quantize(Decimal("0.1"))
                step = acts.price(
                    item.code, between, None, reasons[place % len(reasons)], means
                )
                self._add(day + 3, 9, place % 60, "merchandiser", step)
            last = acts.price(
                item.code,
                item.price,
                item.case_price,
                reasons[(place + 1) % len(reasons)],
                means,
            )
            self._add(day, 8, place % 60, "merchandiser", last)

    def _repriced_on(self, place: int, item: Item) -> int:
        """Days ago; what has left the shelf was repriced before that."""
        gone, _reason = DELISTED.get(item.code, (0, ""))
        return gone + 1 + place % 3 if gone else place % 13

    def _repriced_by_sheet(self) -> list[Item]:
        return [
            item
            for item in self.items
            if item.category in SHEET_CATEGORIES and self._is_repriced(item)
        ]

    def _price_sheet(self) -> None:
        """One morning the prices of two shelves came by a sheet."""
        rows = [
            {
                "code": item.code,
                "price": plain(item.price),
                "case_price": plain(item.case_price),
            }
            for item in self._repriced_by_sheet()
        ]
        take_in = acts.take_in("柑橘苹果调价.csv", rows)
        self._add(9, 8, 40, "merchandiser", take_in)

    def _costs(self) -> None:
        """Costs of the morning's market, now and then."""
        for place, item in enumerate(self.items):
            if item.status != "on_sale" or item.code in NEW | GUARDED or place % 4:
                continue
            lower = (item.cost * Decimal("0.94")).quantize(Decimal("0.1"))
            down = acts.edit(item.code, {"cost": lower})
            back = acts.edit(item.code, {"cost": item.cost})
            self._add(16 - place % 5, 7, place % 60, "buyer", down)
            self._add(5 - place % 4, 7, place % 60, "buyer", back)

    def _endings(self) -> None:
        """What left the shelf, and what came back to it."""
        for code, (day, reason) in DELISTED.items():
            leave = acts.verb(listing.delist, code, reason)
            self._add(day, 18, 30, "merchandiser", leave)
        for code, day in ARCHIVED.items():
            leave = acts.verb(listing.delist, code, "产季已过")
            away = acts.verb(archiving.archive, code, "产季已过，明年再上")
            self._add(day, 18, 40, "merchandiser", leave)
            self._add(day - 1, 11, 0, "manager", away)
        for day, hour, who, call, code, reason in (
            (6, 17, "merchandiser", listing.delist, "GJ005", "到货破损率高，先撤下"),
            (4, 9, "merchandiser", listing.list_goods, "GJ005", "新批次到店，品质正常"),
            (0, 10, "manager", archiving.archive, "QT006", "重复录入"),
            (0, 11, "manager", archiving.restore, "QT006", "不是重复，是礼品装"),
        ):
            self._add(day, hour, 5, who, acts.verb(call, code, reason))

    def _runs(self) -> None:
        """Price changes that a guard stopped: one agreed to, one not, one taken back,
        two that still wait."""
        for day, hour, code, new, case, reason in (
            (8, 16, "PT007", "22.80", "258.00", "秘鲁到港量大，批发价大跌"),
            (4, 17, "RX006", "25.90", None, "周末引流"),
            (2, 11, "GG003", "59.90", None, "进货价上调"),
            (1, 16, "WH003", "58.00", None, "临近解冻期，清仓"),
            (0, 8, "WH004", "45.90", None, "周边门店打价格战"),
        ):
            asked = acts.price(
                code, Decimal(new), Decimal(case) if case else None, reason
            )
            self._add(day, hour, 20, "merchandiser", asked)
        agreed = acts.decide(repricing.approve, "PT007", reason="同意，和产地行情一致")
        refused = acts.decide(
            repricing.reject, "RX006", reason="低于成本，周末看到货价再定"
        )
        self._add(7, 9, 30, "manager", agreed)
        self._add(3, 9, 10, "manager", refused)
        self._add(2, 11, 26, "merchandiser", acts.decide(repricing.cancel, "GG003"))

    def _repricing(self) -> None:
        """What the studio is used for; prices end as they began."""
        self._add(16, 10, 0, "manager", prices.aims)
        self._add(2, 10, 2, "merchandiser", prices.mistake)
        self._add(2, 10, 16, "merchandiser", prices.taken_back)
        self._add(0, 7, 40, "", prices.proposed)
        self._add(0, 9, 20, "merchandiser", prices.evening)

    def _slips(self) -> None:
        """A reviewer mends one of reviewed goods; two others are revised."""
        spec = acts.edit(
            "RX004", {"spec": "单果65-75mm 约20斤/箱"}, "补充箱规，顾客常问"
        )
        self._add(10, 15, 20, "reviewer", spec)
        revised = acts.verb(review.revise, "PJ009", "箱规写错了")
        self._add(2, 14, 0, "buyer", revised)
        self._add(2, 14, 3, "buyer", acts.edit("PJ009", {"spec": "约300克 12斤/箱"}))
        self._add(2, 14, 6, "buyer", acts.verb(review.submit, "PJ009"))
        self._add(1, 9, 40, "reviewer", acts.verb(review.approve, "PJ009"))
        # off the shelf for its soft batch, it comes back from another grower
        again = {"spec": "单果18克以上", "origin": "新疆若羌"}
        revised = acts.verb(review.revise, "QT002", "换产地重新上架")
        self._add(1, 16, 2, "buyer", revised)
        self._add(1, 16, 5, "buyer", acts.edit("QT002", again))
        self._add(1, 16, 8, "buyer", acts.verb(review.submit, "QT002"))

    def _storeroom(self) -> None:
        shelves = self._shelves()
        trade = Trade(shelves, self._add)
        storeroom = Storeroom(shelves, self._add, trade.sell)
        trade.there = storeroom.there
        storeroom.plan()
        trade.today()
        self._add(18, 20, 0, "manager", customers.reward)

    def _shelves(self) -> list[Shelf]:
        """What there is of what, from which day to which."""
        shelves = []
        for item in self.items:
            code = item.code
            if item.status == "on_sale":
                since = ENTERED["on_sale"] - 1 if code in NEW else 20
                since = 18 if code in MENDED else since
                shelves.append(Shelf(item, since))
            elif code in DELISTED:
                shelves.append(Shelf(item, 20, DELISTED[code][0] + 1))
            elif item.status == "archived":
                shelves.append(Shelf(item, 20, ARCHIVED[code] + 1))
        return shelves

    # --- details

    def _add(self, days: int, hour: int, minute: int, who: str, act: Act) -> None:
        self._events.append(Event(self._moment(days, hour, minute), who, act))

    def _moment(self, days: int, hour: int, minute: int) -> datetime:
        """So many days ago at a local time, but before the story is told.

        What would lie ahead today goes to the last hour, in its order.
        """
        day = self._today - timedelta(days=days)
        at = datetime.combine(day, time()) + timedelta(hours=hour, minutes=minute)
        pressed = timedelta(hours=1) - timedelta(seconds=2 * (hour * 60 + minute))
        return min(timezone.make_aware(at), self._told_at - pressed)

    def _is_repriced(self, item: Item) -> bool:
        return self._first[item.code] != (item.price, item.case_price) and (
            item.code not in GUARDED
        )

    def _first_price(self, item: Item) -> tuple[Decimal, Decimal | None]:
        """What it cost three weeks ago: a little more or less than today."""
        if item.code == "PT007":
            return Decimal("34.80"), Decimal("389.00")
        is_steady = (
            item.code in NEW | GUARDED
            or item.status == "archived"
            or self._random.random() < 0.2
        )
        if is_steady:
            return item.price, item.case_price
        factor = Decimal(self._random.choice(["0.88", "0.92", "1.06", "1.1", "1.15"]))
        price = max((item.price * factor).quantize(Decimal("0.1")), _least(item.cost))
        case = None
        if item.case_price and item.case_size:
            dearer = (item.case_price * factor).quantize(Decimal(1))
            case = max(dearer, _least(item.cost * item.case_size))
        return price, case


def _least(cost: Decimal) -> Decimal:
    """Prices of the story stay clear of the guards."""
    return (cost * Decimal("1.08")).quantize(Decimal("0.1"))
