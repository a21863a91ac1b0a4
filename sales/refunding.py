"""How much a refund gives back: pure arithmetic (DOMAIN 8).

Whatever the parts and their order, all parts together give back exactly what was paid.
Money is yuan with 2 places, quantities are base units, points integers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from backoffice.base.money import ZERO, round_money, split


@dataclass(frozen=True)
class Standing:
    """How a line stands: what was paid for it and what went back so far."""

    paid: Decimal
    refunded: Decimal
    base_quantity: Decimal
    refunded_base: Decimal
    points: int
    points_returned: int

    @property
    def rest(self) -> Decimal:
        """Yuan that can still go back."""
        return self.paid - self.refunded

    @property
    def rest_base(self) -> Decimal:
        """Base units that have not gone back."""
        return self.base_quantity - self.refunded_base


@dataclass(frozen=True)
class Part:
    """What one refund gives back of a line."""

    base_quantity: Decimal
    amount: Decimal
    points: int


def by_quantity(line: Standing, quantity: Decimal) -> Part:
    """`max(0, round(paid × (refunded + q) / Q) − refunded)`, at most the rest; points
    likewise. `quantity` is above 0 and at most the rest (ValueError)."""
    if not 0 < quantity <= line.rest_base:
        raise ValueError("more than is left of the line")
    gone = line.refunded_base + quantity
    due = round_money(line.paid * gone / line.base_quantity)
    amount = min(max(ZERO, due - line.refunded), line.rest)
    share = Decimal(line.points) * gone / line.base_quantity
    points_due = int(share.quantize(Decimal(1), rounding=ROUND_HALF_UP))
    points = min(
        max(0, points_due - line.points_returned), line.points - line.points_returned
    )
    return Part(quantity, amount, points)


def by_amount(lines: Sequence[Standing], amount: Decimal) -> list[Part]:
    """`amount` yuan over the lines by what is left of each; no points, no quantities.

    At most what is left of all lines together (ValueError).
    """
    rests = [int(line.rest.scaleb(2)) for line in lines]
    fen = int(amount.scaleb(2))
    if not 0 < fen <= sum(rests):
        raise ValueError("more than is left of the lines")
    return [
        Part(Decimal(0), Decimal(share).scaleb(-2), 0) for share in split(fen, rests)
    ]
