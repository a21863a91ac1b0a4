"""What a repricing rule makes of a price: arithmetic alone, no tables (DOMAIN 3).

Prices are yuan. `Rule.price` gives them unrounded, `Rounding` brings them to a step or
an ending, `Limits` says what the guards allow, and `new_price` puts the three together:
rounding never carries a price over a limit that it kept before.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_UP,
    Decimal,
    InvalidOperation,
)
from typing import Any

from django.utils.translation import gettext as _

from backoffice.base.errors import FieldErrors
from backoffice.base.money import FEN, MAX_PRICE, plain
from catalog.enums import Direction, RuleKind

HUNDRED = Decimal(100)
ONE = Decimal(1)
#: what a price is rounded to, in yuan
STEPS = (Decimal("0.01"), Decimal("0.1"), Decimal("0.5"), Decimal(1))
#: what a price ends in
ENDINGS = (Decimal("0.8"), Decimal("0.9"), Decimal("0.99"))
#: nobody means a thousandfold price
MOST_PERCENT = Decimal(1000)

_ROUNDINGS = {
    Direction.NEAREST: ROUND_HALF_UP,
    Direction.UP: ROUND_CEILING,
    Direction.DOWN: ROUND_FLOOR,
}


@dataclass(frozen=True)
class Limits:
    """The guards in percent: the smallest margin, and the largest change of a price."""

    margin: Decimal
    change: Decimal

    def stricter(self, other: "Limits") -> "Limits":
        """What both allow."""
        return Limits(max(self.margin, other.margin), min(self.change, other.change))

    def floor(self, cost: Decimal) -> Decimal:
        """The least price that keeps the margin on `cost`, unrounded."""
        return floor_price(cost, self.margin)

    def around(self, old: Decimal) -> tuple[Decimal, Decimal]:
        """The least and the greatest price that `old` may move to, unrounded."""
        share = self.change / HUNDRED
        return old * (1 - share), old * (1 + share)

    def allow(self, old: Decimal | None, new: Decimal, cost: Decimal | None) -> bool:
        """Whether a price may move so without anybody's approval."""
        if cost is not None and new < self.floor(cost):
            return False
        if not old:
            return True
        least, most = self.around(old)
        return least <= new <= most


def floor_price(cost: Decimal, margin: Decimal) -> Decimal:
    """The least price that keeps `margin` percent on `cost`, unrounded."""
    return cost / (1 - margin / HUNDRED)


@dataclass(frozen=True)
class Rounding:
    """To multiples of `step`, or to whole yuan plus `ending` where that is given."""

    step: Decimal = FEN
    ending: Decimal | None = None
    direction: Direction = Direction.NEAREST

    def apply(self, raw: Decimal, direction: Direction | None = None) -> Decimal:
        """The price with 2 places, 0 or more; an ending has no smaller price than
        itself."""
        way = _ROUNDINGS[direction or self.direction]
        if self.ending is None:
            steps = (raw / self.step).quantize(ONE, rounding=way)
            return max(steps * self.step, Decimal(0)).quantize(FEN)
        whole = (raw - self.ending).quantize(ONE, rounding=way)
        return (max(whole, Decimal(0)) + self.ending).quantize(FEN)

    def tries(self, raw: Decimal) -> Iterator[Decimal]:
        """The rounded price, then what else would do: the other ways, then the fen."""
        yield self.apply(raw)
        for direction in (Direction.UP, Direction.DOWN):
            yield self.apply(raw, direction)
        for way in (ROUND_HALF_UP, ROUND_CEILING, ROUND_FLOOR):
            yield raw.quantize(FEN, rounding=way)

    def as_text(self) -> str:
        """`0.1`, `0.5:up`, `.9`; `parse_rounding` reads it back."""
        base = (
            plain(self.step)
            if self.ending is None
            else plain(self.ending).removeprefix("0")
        )
        if self.direction == Direction.NEAREST:
            return base
        return f"{base}:{self.direction}"


TO_THE_FEN = Rounding()


def parse_rounding(text: str) -> Rounding:
    """`0.01`, `0.1`, `0.5`, `1`, or an ending `.9`, `.99`, `.8`; `:up` or `:down` behind
    it. Raises FieldErrors."""
    word, _colon, way = text.strip().partition(":")
    try:
        value = Decimal(word)
        direction = Direction(way or Direction.NEAREST)
    except (InvalidOperation, ValueError):
        value, direction = Decimal("NaN"), Direction.NEAREST
    if word.startswith("."):
        if value in ENDINGS:
            return Rounding(ending=value, direction=direction)
    elif value in STEPS:
        return Rounding(step=value, direction=direction)
    raise FieldErrors(
        {
            "rounding": [
                _(
                    "Round to 0.01, 0.1, 0.5 or 1, or to an ending .8, .9 or .99; "
                    "with :up or :down behind it."
                )
            ]
        }
    )


@dataclass(frozen=True)
class Rule:
    """What happens to a price; `value` is yuan or percent, by its kind."""

    kind: RuleKind
    value: Decimal | None = None

    def check(self) -> "Rule":
        """Raises FieldErrors for what no shop means."""
        message = self._refusal()
        if message:
            raise FieldErrors({"value": [message]})
        return self

    def _refusal(self) -> str:
        value = self.value
        if self.kind == RuleKind.EACH:
            return ""
        if value is None or not value.is_finite():
            return _("Not a number.")
        if self.kind == RuleKind.SET:
            if not 0 < value <= MAX_PRICE:
                return _("A price is above 0, up to %(most)s yuan.") % {
                    "most": MAX_PRICE
                }
            return "" if value == value.quantize(FEN) else _two_places()
        if self.kind == RuleKind.AMOUNT:
            if not value or abs(value) > MAX_PRICE:
                return _("Change by something, up to %(most)s yuan.") % {
                    "most": MAX_PRICE
                }
            return "" if value == value.quantize(FEN) else _two_places()
        if self.kind == RuleKind.PERCENT:
            if not value or not -HUNDRED < value <= MOST_PERCENT:
                return _("Change by more than -100%% and up to %(most)s%%, not 0.") % {
                    "most": MOST_PERCENT
                }
        elif not -HUNDRED < value < HUNDRED:
            return _("A margin is above -100 and below 100 percent.")
        return ""

    def price(self, old: Decimal | None, cost: Decimal | None) -> Decimal | None:
        """The price before rounding; None where what it starts from is missing."""
        value = self.value
        if value is None:
            return None
        if self.kind == RuleKind.SET:
            return value
        if self.kind == RuleKind.MARGIN:
            return None if cost is None else floor_price(cost, value)
        if old is None:
            return None
        if self.kind == RuleKind.AMOUNT:
            return old + value
        return old * (1 + value / HUNDRED)

    def as_json(self) -> dict[str, Any]:
        """For the row of a run; `of_json` reads it back."""
        return {
            "kind": str(self.kind),
            "value": None if self.value is None else str(self.value),
        }

    @classmethod
    def of_json(cls, kept: dict[str, Any]) -> "Rule":
        """What `as_json` wrote."""
        value = kept.get("value")
        return cls(
            RuleKind(kept.get("kind", RuleKind.EACH)),
            None if value is None else Decimal(value),
        )

    def __str__(self) -> str:
        value = self.value
        if value is None:
            return str(self.kind.label)
        if self.kind == RuleKind.SET:
            return _("Set to %(value)s yuan") % {"value": plain(value)}
        if self.kind == RuleKind.AMOUNT:
            return _("%(value)s yuan") % {"value": signed(value)}
        if self.kind == RuleKind.PERCENT:
            return f"{signed(value)}%"
        return _("Margin %(value)s%% on cost") % {"value": plain(value)}


def signed(value: Decimal) -> str:
    """With its sign, also where it is above 0."""
    return f"+{plain(value)}" if value > 0 else plain(value)


def _two_places() -> str:
    return _("A price has at most 2 decimal places.")


def new_price(
    rule: Rule,
    rounding: Rounding,
    limits: Limits,
    old: Decimal | None,
    cost: Decimal | None,
) -> Decimal | None:
    """The price that the rule makes, with 2 places; None where it has none to start from.

    A price that is within a guard's limit stays within it: rounded the other way where
    it must be, to the fen where no step lies between. What is beyond a limit before it
    is rounded is given as it is; the guard says so.
    """
    raw = rule.price(old, cost)
    return None if raw is None else rounded(raw, rounding, limits, old, cost)


def rounded(
    raw: Decimal,
    rounding: Rounding,
    limits: Limits,
    old: Decimal | None,
    cost: Decimal | None,
) -> Decimal:
    """The same for a price that was found in another way; `old` is what it moves from."""
    if raw <= 0:
        return Decimal("0.00")
    if raw > MAX_PRICE:
        return raw.quantize(FEN, rounding=ROUND_DOWN)
    low, high = Decimal(0), MAX_PRICE
    if cost is not None and raw >= limits.floor(cost):
        low = limits.floor(cost)
    if old:
        least, most = limits.around(old)
        if least <= raw <= most:
            low, high = max(low, least), min(high, most)
    for price in rounding.tries(raw):
        if low <= price <= high:
            return price
    return rounding.apply(raw)
