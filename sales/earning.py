"""How many points an order earns: pure arithmetic (DOMAIN 5)."""

from datetime import date
from decimal import ROUND_FLOOR, Decimal

ONE = Decimal("1.00")
SATURDAY = 5


def day_factor(
    day: date, *, weekend: Decimal, member_day: int, member: Decimal
) -> Decimal:
    """The factor of a shop day: of weekend and member day the larger one counts."""
    factors = []
    if day.weekday() >= SATURDAY:
        factors.append(weekend)
    if day.day == member_day:
        factors.append(member)
    return max(factors, default=ONE)


def earned(
    paid: Decimal, refunded: Decimal, coefficient: Decimal, factor: Decimal
) -> int:
    """`floor((paid − refunded) × coefficient × factor)` points for a line, at least 0."""
    points = (paid - refunded) * coefficient * factor
    return max(0, int(points.to_integral_value(ROUND_FLOOR)))
