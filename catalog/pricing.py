"""Prices change only here (DOMAIN 3): permission, guards, price log.

Guards look at goods that have passed review or are under review. The price of a draft
or rejected goods is part of what will be reviewed, so it is free; the reviewer sees
what it would run into.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base.errors import FieldErrors, NotPermitted
from backoffice.base.money import MAX_PRICE, fixed, plain, round_money
from backoffice.base.status import require
from backoffice.oplog.record import record
from backoffice.shop import shop
from catalog import changes, repricing
from catalog.enums import (
    EDITABLE,
    REVIEWED,
    GoodsStatus,
    Guard,
    Means,
    SellingUnit,
)
from catalog.lookup import locked
from catalog.models import Goods, RepricingRun
from catalog.moves import clean_reason
from catalog.rules import Limits

if TYPE_CHECKING:
    from backoffice.accounts.models import User


class _Keep:
    """The price stays as it is."""


KEEP = _Keep()
Price = Decimal | None


@dataclass(frozen=True)
class Hit:
    """A guard that a change runs into: which, for which selling unit, at which limit.

    Kept as numbers, so that everybody reads it in their own language.
    """

    guard: Guard
    unit: SellingUnit
    new: Decimal
    limit: Decimal
    old: Price = None

    @property
    def message(self) -> str:
        """In words; without the cost, which not everyone who prices may see."""
        words = {
            "unit": self.unit.label,
            "old": fixed(self.old, 2),
            "new": fixed(self.new, 2),
            "limit": plain(self.limit),
        }
        if self.guard == Guard.MARGIN:
            return (
                _(
                    "%(unit)s price %(new)s leaves less than the smallest margin of %(limit)s%%"
                )
                % words
            )
        percent = change_percent(self.old, self.new)
        words["percent"] = plain(percent)
        return (
            _(
                "%(unit)s price %(old)s → %(new)s changes by %(percent)s%%, more than %(limit)s%%"
            )
            % words
        )

    def as_json(self) -> dict[str, str | None]:
        """For the line of a run; `of_json` reads it back."""
        return {
            "guard": self.guard,
            "unit": self.unit,
            "new": str(self.new),
            "limit": str(self.limit),
            "old": None if self.old is None else str(self.old),
        }

    @classmethod
    def of_json(cls, kept: dict[str, Any]) -> "Hit":
        """What `as_json` wrote."""
        return cls(
            Guard(kept["guard"]),
            SellingUnit(kept["unit"]),
            Decimal(kept["new"]),
            Decimal(kept["limit"]),
            None if kept["old"] is None else Decimal(kept["old"]),
        )


@dataclass(frozen=True)
class PriceOutcome:
    """`applied`: what changed at once. `run`: waits for approval because of `hits`."""

    applied: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    run: RepricingRun | None = None
    hits: list[Hit] = field(default_factory=list)


@dataclass(frozen=True)
class Change:
    """New prices for one goods as `consider` lets them pass; KEEP where one stays."""

    price: "Price | _Keep" = KEEP
    case_price: "Price | _Keep" = KEEP
    hits: list[Hit] = field(default_factory=list)

    def apply_to(self, goods: Goods) -> None:
        """Set what needs nobody's approval; taking a case price away never does."""
        if not isinstance(self.price, _Keep) and not self.hits:
            goods.price = self.price or Decimal("0.00")
        if not isinstance(self.case_price, _Keep) and (
            self.case_price is None or not self.hits
        ):
            goods.case_price = self.case_price

    def proposal(self, goods: Goods) -> repricing.Proposal:
        """The same as a line of a run."""
        return repricing.Proposal(
            goods,
            None if isinstance(self.price, _Keep) else self.price,
            None if isinstance(self.case_price, _Keep) else self.case_price,
            self.hits,
        )


def margin_percent(price: Price, cost: Price) -> Decimal | None:
    """(price − cost) / price in percent, one place; None where it means nothing."""
    if price is None or cost is None or price <= 0:
        return None
    return ((price - cost) / price * 100).quantize(Decimal("0.1"))


def limits() -> Limits:
    """The shop's guards as they stand."""
    return Limits(shop.MIN_MARGIN_PERCENT, shop.MAX_CHANGE_PERCENT)


def guard_hits(
    goods: Goods, price: "Price | _Keep" = KEEP, case_price: "Price | _Keep" = KEEP
) -> list[Hit]:
    """What the guards would say to these prices; empty when they let them pass."""
    hits: list[Hit] = []
    allowed = limits()
    if not isinstance(price, _Keep):
        hits += hits_of(SellingUnit.RETAIL, goods.price, price, goods.cost, allowed)
    if not isinstance(case_price, _Keep):
        hits += hits_of(
            SellingUnit.CASE, goods.case_price, case_price, case_cost(goods), allowed
        )
    return hits


def standing_hits(goods: Goods, approved: Any = None) -> list[Hit]:
    """What the guards say to the prices as they stand, for whoever reviews them.

    `approved` is the row of history that was last approved: a price far from that
    one's is named too.
    """
    hits: list[Hit] = []
    allowed = limits()
    for unit, enabled, name, cost in (
        (SellingUnit.RETAIL, goods.retail_enabled, "price", goods.cost),
        (SellingUnit.CASE, goods.case_enabled, "case_price", case_cost(goods)),
    ):
        now, before = getattr(goods, name), getattr(approved, name, None)
        if enabled:
            old = None if before == now else before
            hits += hits_of(unit, old, now, cost, allowed)
    return hits


def case_cost(goods: Any) -> Decimal | None:
    """What a case costs, where cost and case size are known."""
    if goods.cost is None or goods.case_size is None:
        return None
    return Decimal(goods.cost * goods.case_size)


def hits_of(
    unit: SellingUnit, old: Price, new: Price, cost: Price, allowed: Limits
) -> list[Hit]:
    """What guards with these limits say to the price of one selling unit."""
    if new is None or new == old:
        return []
    hits = []
    if cost is not None and new < allowed.floor(cost):
        hits.append(Hit(Guard.MARGIN, unit, new, allowed.margin, old))
    if old:
        least, most = allowed.around(old)
        if not least <= new <= most:
            hits.append(Hit(Guard.CHANGE, unit, new, allowed.change, old))
    return hits


def change_percent(old: Price, new: Decimal) -> Decimal | None:
    """By how much a price moves, in percent without sign, one place."""
    if not old:
        return None
    return (abs(new - old) / old * 100).quantize(Decimal("0.1"))


def may_price(by: "User", goods: Goods) -> bool:
    """Drafts: whoever may change goods. Reviewed goods: whoever may price."""
    if not by.is_active or goods.status == GoodsStatus.ARCHIVED:
        return False
    if by.has_perm("catalog.price_goods"):
        return True
    return goods.status in EDITABLE and by.has_perm("catalog.change_goods")


def permit_price(by: "User", goods: Goods) -> None:
    """Raises NotPermitted unless `may_price`; WrongStatus for archived goods."""
    require(goods, *EDITABLE, *REVIEWED, verb=gettext_lazy("Change the price"))
    if not may_price(by, goods):
        raise NotPermitted(
            _('You may not change the price of goods that are "%(status)s".')
            % {"status": goods.get_status_display()},
            permission="catalog.price_goods",
        )


def checked(value: Price, field_name: str) -> Price:
    """A price in yuan with 2 places from 0 to MAX_PRICE, or None; raises FieldErrors."""
    if value is None:
        return None
    if not value.is_finite() or value < 0 or value > MAX_PRICE:
        raise FieldErrors(
            {
                field_name: [
                    _("A price is from 0 to %(most)s yuan.") % {"most": MAX_PRICE}
                ]
            }
        )
    rounded = round_money(value)
    if rounded != value:
        raise FieldErrors({field_name: [_("A price has at most 2 decimal places.")]})
    return rounded


def consider(
    goods: Goods,
    *,
    by: "User",
    price: "Price | _Keep" = KEEP,
    case_price: "Price | _Keep" = KEEP,
) -> Change:
    """What a change of prices of this locked goods comes to; writes nothing.

    A price that stays is no change. Raises NotPermitted, WrongStatus, FieldErrors (not
    a price).
    """
    errors: dict[str, list[str]] = {}
    new: dict[str, Price | _Keep] = {}
    asked = {
        "price": KEEP if isinstance(price, _Keep) else (price or Decimal(0)),
        "case_price": case_price,
    }
    for name, value in asked.items():
        new[name] = KEEP
        if isinstance(value, _Keep):
            continue
        try:
            amount = checked(value, name)
        except FieldErrors as refusal:
            errors |= refusal.errors
            continue
        if amount != getattr(goods, name):
            new[name] = amount
    if errors:
        raise FieldErrors(errors)
    if all(isinstance(value, _Keep) for value in new.values()):
        return Change()
    permit_price(by, goods)
    is_free = goods.status in EDITABLE
    hits = [] if is_free else guard_hits(goods, new["price"], new["case_price"])
    return Change(new["price"], new["case_price"], hits)


@transaction.atomic
def change_price(
    goods: Goods,
    *,
    by: "User",
    price: "Price | _Keep" = KEEP,
    case_price: "Price | _Keep" = KEEP,
    reason: str = "",
    means: Means = Means.HAND,
    reference: str = "",
) -> PriceOutcome:
    """Change the retail price, the case price or both; a price that stays is no change.

    Where a guard is hit, neither is applied: a repricing run with both waits for a
    person who may approve it. Raises NotPermitted, WrongStatus, FieldErrors (not a
    price, or 0 for a unit that is on sale).
    """
    reason = clean_reason(reason)
    goods = locked(goods)
    before = changes.snapshot(goods)
    change = consider(goods, by=by, price=price, case_price=case_price)
    refuse_free(goods, change)
    change.apply_to(goods)
    applied = changes.save(goods, before, changes.Origin(by, means, reason, reference))
    log_prices(goods, applied, by=by, reason=reason)
    return PriceOutcome(
        applied,
        propose(goods, change, by=by, reason=reason, means=means, reference=reference),
        change.hits,
    )


def propose(
    goods: Goods,
    change: Change,
    *,
    by: "User",
    reason: str,
    means: Means,
    reference: str = "",
) -> RepricingRun | None:
    """The run that waits for approval, where the change hit a guard."""
    if not change.hits:
        return None
    return repricing.propose(
        [change.proposal(goods)],
        by=by,
        origin=means,
        reason=reason,
        reference=reference,
    )


def log_prices(
    goods: Goods, applied: dict[str, tuple[Any, Any]], *, by: "User", reason: str
) -> None:
    """The operation log's line for prices that were changed; none for no change."""
    if not applied:
        return
    record(
        by=by,
        action="goods.repriced",
        target=goods,
        changes={k: [_text(a), _text(b)] for k, (a, b) in applied.items()},
        **({"reason": reason} if reason else {}),
    )


def refuse_free(goods: Goods, change: Change) -> None:
    """Goods on sale are never sold for nothing; raises FieldErrors."""
    if goods.status != GoodsStatus.ON_SALE:
        return
    errors = {}
    for name, enabled, message in (
        ("price", goods.retail_enabled, _("Goods on sale need a price above 0.")),
        (
            "case_price",
            goods.case_enabled,
            _("Goods on sale need a case price above 0."),
        ),
    ):
        value = getattr(change, name)
        if enabled and not isinstance(value, _Keep) and not value:
            errors[name] = [message]
    if errors:
        raise FieldErrors(errors)


def _text(value: Any) -> str | None:
    return None if value is None else plain(value)
