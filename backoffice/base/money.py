"""Money and quantities: exact decimals with fixed places, rounded half up."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

FEN = Decimal("0.01")
COST_STEP = Decimal("0.0001")
GRAM = Decimal("0.001")
ZERO = Decimal("0.00")

#: No price of a fruit shop reaches a million yuan; a larger one is a slip of the key.
MAX_PRICE = Decimal("999999.99")
MAX_QUANTITY = Decimal("999999.999")


def round_money(amount: Decimal) -> Decimal:
    """To the fen, half up: 0.005 → 0.01, −0.005 → −0.01."""
    return amount.quantize(FEN, rounding=ROUND_HALF_UP)


def round_cost(amount: Decimal) -> Decimal:
    """To a hundredth of a fen (4 places), half up."""
    return amount.quantize(COST_STEP, rounding=ROUND_HALF_UP)


def round_quantity(quantity: Decimal) -> Decimal:
    """To 3 places, half up."""
    return quantity.quantize(GRAM, rounding=ROUND_HALF_UP)


def line_amount(price: Decimal, quantity: Decimal) -> Decimal:
    """What a line costs: price × quantity, rounded once for the line."""
    return round_money(price * quantity)


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Share an integer `total` by `weights`, losing nothing (largest remainder).

    Both are integers ≥ 0 (fen, points). Ties go to the earlier share, and no share
    exceeds its weight while `total` ≤ Σ weights. With all weights 0 nothing can be
    shared: `total` must be 0.
    """
    whole = sum(weights)
    if whole == 0:
        if total:
            raise ValueError("nothing to share the total over")
        return [0] * len(weights)
    shares = [total * weight // whole for weight in weights]
    order = sorted(
        range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i)
    )
    for i in order[: total - sum(shares)]:
        shares[i] += 1
    return shares


def plain(value: Decimal | None, empty: str = "") -> str:
    """The shortest writing without an exponent: 12.50 → "12.5", 100 → "100"."""
    if value is None:
        return empty
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def at_least(value: Decimal, places: int) -> int:
    """How many places show all of it, and no fewer than `places`: 4.6000 → 2."""
    return max(places, -int(value.normalize().as_tuple().exponent))


def fixed(value: Decimal | None, places: int) -> str | None:
    """With exactly `places` places, as the JSON contract writes it; None stays None."""
    if value is None:
        return None
    return format(
        value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP), "f"
    )
