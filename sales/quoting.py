"""What a cart comes to: pure arithmetic, no database (DOMAIN 6).

Money is yuan with 2 places, quantities are selling units with 3 places, points are
integers. The same functions serve the cart, buy-now and placing, so what a customer saw
and what is charged cannot differ by a rule.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal
from typing import Literal

from backoffice.base.money import GRAM, ZERO, line_amount, split
from catalog.enums import SellingUnit
from sales.enums import Delivery, Problem

#: how many points to spend: as many as are of use, or at most so many
Points = int | Literal["best"]


@dataclass(frozen=True)
class Offer:
    """Goods as they are sold at this moment.

    `available` base units; None where no stock is kept, then nothing is ever short.
    """

    goods_id: int
    code: str
    name: str
    spec: str
    image: str
    is_on_sale: bool
    unit_name: str
    step: Decimal
    retail_enabled: bool
    price: Decimal
    min_quantity: Decimal
    case_enabled: bool
    case_unit_name: str
    case_size: Decimal | None
    case_price: Decimal | None
    case_min_quantity: int
    is_weighed: bool
    cost: Decimal | None
    points_factor: Decimal
    available: Decimal | None = None

    def sells_by(self, unit: str) -> bool:
        """Whether it can be bought by this unit now."""
        if not self.is_on_sale:
            return False
        return self.case_enabled if unit == SellingUnit.CASE else self.retail_enabled

    def price_of(self, unit: str) -> Decimal:
        """Yuan for one of `unit`; 0 where it is not sold so."""
        return (self.case_price or ZERO) if unit == SellingUnit.CASE else self.price

    def size_of(self, unit: str) -> Decimal:
        """Base units in one of `unit`."""
        if unit == SellingUnit.CASE:
            return self.case_size or Decimal(1)
        return Decimal("1.000")

    def step_of(self, unit: str) -> Decimal:
        """What quantities are multiples of."""
        return Decimal(1) if unit == SellingUnit.CASE else self.step

    def minimum_of(self, unit: str) -> Decimal:
        """The least quantity."""
        if unit == SellingUnit.CASE:
            return Decimal(self.case_min_quantity)
        return self.min_quantity

    def name_of(self, unit: str) -> str:
        """The unit's word: 斤, 箱."""
        return self.case_unit_name if unit == SellingUnit.CASE else self.unit_name


@dataclass(frozen=True)
class Wish:
    """So much of goods by a selling unit. `line_id` names a line of the cart."""

    goods_id: int
    unit: str
    quantity: Decimal
    line_id: int | None = None


@dataclass(frozen=True)
class QuotedLine:
    """A wish with its price, what it costs, and why it cannot be ordered, if so."""

    wish: Wish
    offer: Offer | None
    price: Decimal
    amount: Decimal
    problem: Problem | None = None

    @property
    def base_quantity(self) -> Decimal:
        """Base units, 3 places."""
        if self.offer is None:
            return Decimal(0)
        return (self.wish.quantity * self.offer.size_of(self.wish.unit)).quantize(GRAM)


@dataclass(frozen=True)
class Terms:
    """The shop's rules at the moment (DOMAIN 10)."""

    min_order: Decimal
    free_freight_from: Decimal
    freight: Decimal
    points_per_yuan: int
    points_share: Decimal


@dataclass(frozen=True)
class Quote:
    """What the lines without a problem come to.

    `points` are the fewest that give `points_deduction`; `points_usable` how many could
    be spent at most.
    """

    lines: Sequence[QuotedLine]
    goods_total: Decimal
    points_balance: int
    points_usable: int
    points: int
    points_deduction: Decimal
    freight: Decimal
    payable: Decimal
    missing_amount: Decimal
    delivery: str
    has_minimum: bool

    @property
    def counted(self) -> list[QuotedLine]:
        """The lines that can be ordered."""
        return [line for line in self.lines if line.problem is None]

    @property
    def can_order(self) -> bool:
        """Whether there is something to order and the minimum is reached."""
        return bool(self.counted) and not self.missing_amount


@dataclass
class _Left:
    """What is left of each goods while the lines take from it one by one."""

    available: dict[int, Decimal] = field(default_factory=dict)

    def take(self, offer: Offer, quantity: Decimal) -> bool:
        if offer.available is None:
            return True
        left = self.available.setdefault(offer.goods_id, offer.available)
        if quantity > left:
            return False
        self.available[offer.goods_id] = left - quantity
        return True


def quote_lines(
    wishes: Sequence[Wish], offers: "dict[int, Offer]", *, has_minimum: bool = True
) -> list[QuotedLine]:
    """Each wish with its price and problem, in order; earlier ones take stock first.
    Staff sell less than the least quantity, too (`has_minimum`)."""
    left = _Left()
    return [
        _quoted(wish, offers.get(wish.goods_id), left, has_minimum) for wish in wishes
    ]


def _quoted(
    wish: Wish, offer: Offer | None, left: _Left, has_minimum: bool
) -> QuotedLine:
    if offer is None:
        return QuotedLine(wish, None, ZERO, ZERO, Problem.NOT_ON_SALE)
    price = offer.price_of(wish.unit)
    line = QuotedLine(wish, offer, price, line_amount(price, wish.quantity))
    problem = _problem(line, offer, left, has_minimum)
    if problem is None:
        return line
    return QuotedLine(wish, offer, price, line.amount, problem)


def _problem(
    line: QuotedLine, offer: Offer, left: _Left, has_minimum: bool
) -> Problem | None:
    wish = line.wish
    if not offer.sells_by(wish.unit):
        return Problem.NOT_ON_SALE
    if wish.quantity % offer.step_of(wish.unit):
        return Problem.OFF_STEP
    if has_minimum and wish.quantity < offer.minimum_of(wish.unit):
        return Problem.BELOW_MINIMUM
    if not left.take(offer, line.base_quantity):
        return Problem.OUT_OF_STOCK
    return None


def quote(
    lines: Sequence[QuotedLine],
    *,
    terms: Terms,
    balance: int,
    points: Points,
    delivery: str,
    has_minimum: bool = True,
) -> Quote:
    """What the lines come to.

    `balance` below 0 counts as 0; more `points` than are of use are lowered. Minimum
    and freight look at the goods total before points.
    """
    total = sum((line.amount for line in lines if line.problem is None), ZERO)
    usable = points_usable(total, balance=balance, terms=terms)
    wanted = usable if points == "best" else min(points, usable)
    deduction = deduction_of(wanted, terms.points_per_yuan)
    is_empty = all(line.problem for line in lines)
    freight = ZERO if is_empty else _freight(total, terms, delivery)
    missing = max(ZERO, terms.min_order - total) if has_minimum else ZERO
    return Quote(
        lines=lines,
        goods_total=total,
        points_balance=balance,
        points_usable=usable,
        points=fewest_points(deduction, terms.points_per_yuan),
        points_deduction=deduction,
        freight=freight,
        payable=total - deduction + freight,
        missing_amount=missing,
        delivery=delivery,
        has_minimum=has_minimum,
    )


def points_usable(total: Decimal, *, balance: int, terms: Terms) -> int:
    """How many points may be spent on goods for `total` yuan."""
    most = total * terms.points_share * terms.points_per_yuan
    return min(max(balance, 0), int(most.to_integral_value(ROUND_FLOOR)))


def deduction_of(points: int, points_per_yuan: int) -> Decimal:
    """Yuan that `points` are worth, in whole fen, rounded down."""
    return Decimal(points * 100 // points_per_yuan).scaleb(-2)


def fewest_points(deduction: Decimal, points_per_yuan: int) -> int:
    """The fewest points that are worth `deduction` yuan."""
    fen = int(deduction.scaleb(2))
    return -(-fen * points_per_yuan // 100)


def _freight(total: Decimal, terms: Terms, delivery: str) -> Decimal:
    if delivery == Delivery.PICKUP or total >= terms.free_freight_from:
        return ZERO
    return terms.freight


@dataclass(frozen=True)
class Share:
    """A line's part of the points and of their deduction (yuan)."""

    points: int
    deduction: Decimal


def apportion(amounts: Sequence[Decimal], quote: Quote) -> list[Share]:
    """Share points and deduction over line amounts: largest remainder in integer points
    and fen, no deduction above its line, ties to the earlier line."""
    weights = [int(amount.scaleb(2)) for amount in amounts]
    fen = split(int(quote.points_deduction.scaleb(2)), weights)
    points = split(quote.points, weights)
    return [
        Share(point, Decimal(share).scaleb(-2))
        for point, share in zip(points, fen, strict=True)
    ]
