"""Who bought what in the demo's three weeks: every sale is an order.

Of what leaves on a day, customers order some in the storefront or by telephone, and the
counter sells the rest. Most of it goes as it should; some is not paid for, is called
off, weighs less, or comes back.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from random import Random

from backoffice.demo.acts import Act
from backoffice.demo.customers import PEOPLE, Person
from backoffice.demo.deals import Deal, Take
from backoffice.demo.storeroom import GONE, NEARLY_GONE, PIECE, Add, Quantities, Shelf
from sales.checkout import Address
from sales.enums import Channel, Delivery, Restock

#: storefront orders and receipts of the counter on a day
ORDERS, RECEIPTS = 4, 6
#: yuan; well above the shop's minimum, whatever the price was on that day
ENOUGH = 100
MOST_LINES = 8
TRANSFERS = ("支付宝到账 尾号 {:04d}", "微信转账 尾号 {:04d}", "银行转账 尾号 {:04d}")
MESSAGES = (
    "",
    "",
    "",
    "放门卫就好",
    "要硬一点的",
    "",
    "到了打电话",
    "苹果挑红的，谢谢",
)
CALLERS = (
    Address("和悦酒店 前台", "13000002001", "浙江省", "杭州市", "上城区", "解放路 221 号"),
    Address("第三小学 食堂", "13000002002", "浙江省", "杭州市", "拱墅区", "大关路 88 号"),
    Address("云栖科技 行政部", "13000002003", "浙江省", "杭州市", "西湖区", "转塘街道 18 号 5 楼"),
)  # fmt: skip

ZERO = Decimal(0)


class Trade:
    """Plans the orders. `there` is what the storeroom will have, and follows what the
    orders change of it."""

    def __init__(self, shelves: list[Shelf], add: Add) -> None:
        self._shelves = {shelf.item.code: shelf for shelf in shelves}
        self._add = add
        self._random = Random(20261127)  # noqa: S311 - the same story every time
        self.there: Quantities = {}
        self._written = 0
        self._turns = {
            (16, 1): self._is_called_off,
            (13, 0): self._is_not_paid,
            (6, 2): self._is_not_paid,
            (11, 1): self._was_partly_bad,
            (9, 2): self._is_not_wanted,
            (7, 0): self._came_late,
            (4, 1): self._is_refused,
            (2, 0): self._waits_for_an_answer,
        }

    def sell(self, day: int, lines: Mapping[str, Decimal]) -> None:
        """What leaves the shop on a day, days ago."""
        rest = dict(lines)
        for place in range(ORDERS):
            deal = self._storefront(day, place, rest)
            if deal is not None:
                turn = self._turns.get((day, place), self._goes_well)
                turn(deal, day, place)
        if day % 3 == 0:
            self._by_telephone(day)
        self._over_the_counter(day, rest)

    # --- baskets

    def _storefront(self, day: int, place: int, rest: Quantities) -> Deal | None:
        buyers = [person for person in PEOPLE if _may_buy(person, day)]
        takes = self._basket(rest)
        if not buyers or not takes:
            return None
        buyer = buyers[(day * 5 + place * 3) % len(buyers)]
        return Deal(takes, _delivery(buyer, day + place), buyer.key)

    def _basket(self, rest: Quantities) -> list[Take]:
        """Some of what is sold on that day; nothing where it comes to too little."""
        codes = [code for code in rest if code not in GONE]
        self._random.shuffle(codes)
        takes: list[Take] = []
        total, least = ZERO, self._random.randint(2, 4)
        for code in codes[:MOST_LINES]:
            shelf = self._shelves[code]
            share = Decimal(self._random.randint(15, 45)) / 100
            quantity = max(shelf.rounded(rest[code] * share), PIECE)
            if quantity > rest[code]:
                continue
            takes.append(Take(code, quantity))
            total += quantity * shelf.item.price
            if total >= ENOUGH and len(takes) >= least:
                break
        if total < ENOUGH:
            return []
        for take in takes:
            rest[take.code] -= take.quantity
        return takes

    def _over_the_counter(self, day: int, rest: Quantities) -> None:
        """Receipts from the morning to the evening."""
        codes = [code for code in rest if rest[code]]
        self._random.shuffle(codes)
        for place in range(RECEIPTS):
            takes = [Take(code, rest[code]) for code in codes[place::RECEIPTS]]
            if takes:
                channel = Channel.TRANSFER if (day + place) % 3 == 0 else Channel.CASH
                sold = Deal(takes, Delivery.PICKUP).sold(channel)
                self._add(day, 9 + place * 2, 12 + place, "service", sold)

    def _by_telephone(self, day: int) -> None:
        """A whole case, from what there is beside the day's sales."""
        for code, shelf in self._shelves.items():
            size = shelf.item.case_size
            spare = self.there.get(code, ZERO) - shelf.pace * 2
            if not self._is_settled(code, day) or shelf.item.case_price is None:
                continue
            if size is not None and spare >= size and (shelf.since - day) % 4 == 1:
                self.there[code] -= size
                deal = Deal([Take(code, Decimal(1), "case")], Delivery.HOME)
                caller = CALLERS[day % len(CALLERS)]
                act = deal.telephoned(caller, "月结客户，单子跟货走")
                self._add(day, 8, 20, "service", act)
                self._add(day, 8, 31, "service", self._transfer(deal))
                self._leaves(deal, day, 9, 0)
                self._add(day - 1, 9, 40, "keeper", deal.arrived())
                return

    def _is_settled(self, code: str, day: int) -> bool:
        """Whether it is sold on that day and the next, and plenty."""
        shelf = self._shelves[code]
        is_sold = shelf.since > day and shelf.until < max(day, 2)
        return is_sold and code not in GONE and code not in NEARLY_GONE

    # --- how it goes

    def _goes_well(self, deal: Deal, day: int, place: int) -> None:
        hour = self._comes_in(deal, day, place)
        self._leaves(deal, day, hour + 1, place * 9)
        self._ends(deal, day, place)

    def _comes_in(
        self, deal: Deal, day: int, place: int, *, is_paid: bool = True
    ) -> int:
        """Ordered and paid; gives the hour."""
        hour, minute = 8 + place * 2, (day * 7 + place * 11) % 40
        self._written += 1
        act = deal.ordered(
            points=day < 15 and self._written % 3 == 0,
            message=MESSAGES[self._written % len(MESSAGES)],
        )
        self._add(day, hour, minute, "", act)
        if is_paid:
            self._add(day, hour, minute + 6, "service", self._transfer(deal))
        return hour

    def _transfer(self, deal: Deal) -> Act:
        note = TRANSFERS[self._written % len(TRANSFERS)]
        number = self._random.randint(0, 9999)
        return deal.paid(Channel.TRANSFER, note.format(number))

    def _leaves(self, deal: Deal, day: int, hour: int, minute: int) -> None:
        """Weighed, packed or sent."""
        differences = self._scales(deal)
        self._add(day, hour, minute, "keeper", deal.weighed(differences))
        if any(difference < 0 for difference in differences.values()):
            self._add(day, hour + 2, minute, "finance", deal.agreed())
        out = deal.sent()
        if deal.delivery == Delivery.PICKUP:
            out = deal.packed()
        elif deal.delivery == Delivery.EXPRESS:
            out = deal.sent("顺丰速运", f"SF{self._random.randint(10**11, 10**12 - 1)}")
        self._add(day, hour, minute + 5, "keeper", out)

    def _scales(self, deal: Deal) -> Quantities:
        """By how much the weight of a line differs; the storeroom follows."""
        differences = {}
        for take in deal.takes:
            shelf = self._shelves[take.code]
            if not shelf.item.is_weighed or take.unit == "case":
                continue
            percent = self._random.choice([0, 0, 0, -4, -2, 1, 2])
            difference = (take.quantity * percent / 100).quantize(shelf.step)
            if difference <= self.there[take.code] and difference:
                differences[take.code] = difference
                self.there[take.code] -= difference
        return differences

    def _ends(self, deal: Deal, day: int, place: int) -> None:
        """Fetched in the evening, or said to have arrived; the last are on the way."""
        if deal.delivery == Delivery.PICKUP:
            self._add(day, 19, 15 + place, "keeper", deal.fetched())
            return
        days = 2 if deal.delivery == Delivery.EXPRESS else 1
        if day > days or (day == days and place % 2):
            self._add(day - days, 8, 30 + place, "", deal.confirmed())

    def _is_called_off(self, deal: Deal, day: int, place: int) -> None:
        hour = self._comes_in(deal, day, place, is_paid=False)
        self._add(day, hour, 52, "", deal.cancelled())
        self._comes_back(deal)

    def _is_not_paid(self, deal: Deal, day: int, place: int) -> None:
        hour = self._comes_in(deal, day, place, is_paid=False)
        self._add(day, hour + 1, 20, "", deal.expired())
        self._comes_back(deal)

    def _is_not_wanted(self, deal: Deal, day: int, place: int) -> None:
        hour = self._comes_in(deal, day, place)
        self._add(day, hour, 50, "", deal.asked_back("家里人已经买了，不要了"))
        self._add(day, hour + 1, 5, "finance", deal.agreed("未发货，全退"))
        self._comes_back(deal)

    def _comes_back(self, deal: Deal) -> None:
        for take in deal.takes:
            self.there[take.code] += take.quantity

    def _was_partly_bad(self, deal: Deal, day: int, place: int) -> None:
        self._goes_well(deal, day, place)
        quantity = (deal.takes[0].quantity / 4).quantize(
            self._shelves[deal.takes[0].code].step
        )
        asked = deal.asked_back("有几个压坏了，照片已发客服", quantity or Decimal(1))
        self._add(day - 3, 9, 20, "", asked)
        self._add(day - 3, 14, 0, "finance", deal.agreed("照片已看，坏果包赔"))

    def _came_late(self, deal: Deal, day: int, place: int) -> None:
        self._goes_well(deal, day, place)
        given = deal.given_back("配送晚了一小时，补偿", Decimal(5))
        self._add(day - 3, 11, 0, "service", given)
        self._add(day - 3, 11, 30, "finance", deal.agreed(restock=Restock.NOTHING))

    def _is_refused(self, deal: Deal, day: int, place: int) -> None:
        self._goes_well(deal, day, place)
        self._add(day - 2, 15, 0, "", deal.asked_back("觉得不够甜"))
        refused = deal.refused("口感因人而异，不属于坏果；已电话说明")
        self._add(day - 2, 16, 10, "finance", refused)

    def _waits_for_an_answer(self, deal: Deal, day: int, place: int) -> None:
        self._goes_well(deal, day, place)
        self._add(0, 9, 0, "", deal.asked_back("少发了一盒"))

    # --- today

    def today(self) -> None:
        """What the staff finds to do: to be paid, to be packed, to be fetched."""
        rest = {
            code: shelf.rounded(min(left / 2, shelf.pace * 2))
            for code, shelf in self._shelves.items()
            if (left := self.there.get(code, ZERO)) > shelf.pace * 2
            and self._is_settled(code, 0)
        }
        steps: tuple[tuple[int, int, Callable[[Deal, int], None]], ...] = (
            (8, 5, self._is_to_be_packed),
            (8, 25, self._is_weighed_too_little),
            (8, 45, self._is_to_be_fetched),
            (9, 5, self._is_to_be_fetched),
            (9, 25, self._is_to_be_packed),
            # not long ago: nobody has paid yet
            (23, 40, self._is_to_be_paid),
            (23, 55, self._is_to_be_paid),
        )
        for place, (hour, minute, step) in enumerate(steps):
            takes = self._basket(rest)
            buyer = PEOPLE[(0, 4, 7, 10, 3, 2, 11)[place]]
            if takes:
                to = Delivery.PICKUP if step == self._is_to_be_fetched else None
                deal = Deal(takes, to or _delivery(buyer, 1), buyer.key)
                self._add(
                    0, hour, minute, "", deal.ordered(message=MESSAGES[-1 - place])
                )
                step(deal, hour * 60 + minute)
        for place in range(2):
            takes = self._basket(rest)
            if takes:
                sold = Deal(takes, Delivery.PICKUP).sold(Channel.CASH)
                self._add(0, 9, 40 + place, "service", sold)

    def _later(self, minute: int, more: int, who: str, act: Act) -> None:
        self._add(0, (minute + more) // 60, (minute + more) % 60, who, act)

    def _is_to_be_paid(self, deal: Deal, minute: int) -> None:
        """Nothing more has happened."""

    def _is_to_be_packed(self, deal: Deal, minute: int) -> None:
        self._later(minute, 4, "service", self._transfer(deal))
        self._later(minute, 6, "service", deal.noted("顾客下午三点后在家"))

    def _is_weighed_too_little(self, deal: Deal, minute: int) -> None:
        self._later(minute, 4, "service", self._transfer(deal))
        lighter = {
            take.code: -(take.quantity * 5 / 100).quantize(
                self._shelves[take.code].step
            )
            for take in deal.takes
            if self._shelves[take.code].item.is_weighed
        }
        self._later(minute, 30, "keeper", deal.weighed(lighter))

    def _is_to_be_fetched(self, deal: Deal, minute: int) -> None:
        self._later(minute, 4, "service", self._transfer(deal))
        self._later(minute, 32, "keeper", deal.weighed({}))
        self._later(minute, 35, "keeper", deal.packed())


def _may_buy(person: Person, day: int) -> bool:
    """Has come by then; one of them is not welcome any more."""
    return person.joined > day and not (person.key == "wu" and day < 9)


def _delivery(buyer: Person, turn: int) -> Delivery:
    if not buyer.homes or (turn % 3 == 0 and buyer.homes[0][1] == "杭州市"):
        return Delivery.PICKUP
    return Delivery.HOME if buyer.homes[0][1] == "杭州市" else Delivery.EXPRESS
