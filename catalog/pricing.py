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

from backoffice.base.errors import FieldErrors, NotPermitted
from backoffice.base.money import MAX_PRICE, plain, round_money
from backoffice.oplog.record import record
from backoffice.shop import shop
from catalog import changes, repricing
from catalog.enums import EDITABLE, GoodsStatus, Guard, Means, SellingUnit
from catalog.lookup import locked
from catalog.models import Goods, RepricingRun

if TYPE_CHECKING:
    from backoffice.accounts.models import User


class _Keep:
    """The price stays as it is."""


KEEP = _Keep()
Price = Decimal | None


@dataclass(frozen=True)
class Hit:
    """A guard that a change runs into: which, for which selling unit, in words."""

    guard: Guard
    unit: SellingUnit
    message: str

    def as_json(self) -> dict[str, str]:
        return {"guard": self.guard, "unit": self.unit, "message": self.message}


@dataclass(frozen=True)
class PriceOutcome:
    """`applied`: what changed at once. `run`: waits for approval because of `hits`."""

    applied: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    run: RepricingRun | None = None
    hits: list[Hit] = field(default_factory=list)


def margin_percent(price: Price, cost: Price) -> Decimal | None:
    """(price − cost) / price in percent, one place; None where it means nothing."""
    if price is None or cost is None or price <= 0:
        return None
    return ((price - cost) / price * 100).quantize(Decimal("0.1"))


def floor_price(cost: Decimal, margin: Decimal) -> Decimal:
    """The least price that keeps `margin` percent on `cost`, unrounded."""
    return cost / (1 - margin / 100)


def guard_hits(
    goods: Goods, price: "Price | _Keep" = KEEP, case_price: "Price | _Keep" = KEEP
) -> list[Hit]:
    """What the guards would say to these prices; empty when they let them pass."""
    hits: list[Hit] = []
    if not isinstance(price, _Keep):
        hits += _hits_of(SellingUnit.RETAIL, goods.price, price, goods.cost)
    if not isinstance(case_price, _Keep):
        cost = (
            goods.cost * goods.case_size
            if goods.cost is not None and goods.case_size is not None
            else None
        )
        hits += _hits_of(SellingUnit.CASE, goods.case_price, case_price, cost)
    return hits


def _hits_of(unit: SellingUnit, old: Price, new: Price, cost: Price) -> list[Hit]:
    if new is None or new == old:
        return []
    hits = []
    margin = shop.MIN_MARGIN_PERCENT
    if cost is not None and new < floor_price(cost, margin):
        hits.append(
            Hit(
                Guard.MARGIN,
                unit,
                _(
                    "%(unit)s price %(new)s leaves less than %(margin)s%% on the cost of %(cost)s"
                )
                % {
                    "unit": unit.label,
                    "new": plain(new),
                    "margin": plain(margin),
                    "cost": plain(cost),
                },
            )
        )
    if old:
        percent = abs(new - old) / old * 100
        if percent > shop.MAX_CHANGE_PERCENT:
            hits.append(
                Hit(
                    Guard.CHANGE,
                    unit,
                    _(
                        "%(unit)s price %(old)s → %(new)s changes by %(percent)s%%, more than %(most)s%%"
                    )
                    % {
                        "unit": unit.label,
                        "old": plain(old),
                        "new": plain(new),
                        "percent": plain(percent.quantize(Decimal("0.1"))),
                        "most": plain(shop.MAX_CHANGE_PERCENT),
                    },
                )
            )
    return hits


def may_price(by: "User", goods: Goods) -> bool:
    """Drafts: whoever may change goods. Reviewed goods: whoever may price."""
    if not by.is_active:
        return False
    if by.has_perm("catalog.price_goods"):
        return True
    return goods.status in EDITABLE and by.has_perm("catalog.change_goods")


def permit_price(by: "User", goods: Goods) -> None:
    """Raises NotPermitted unless `may_price`; nobody prices archived goods."""
    if goods.status == GoodsStatus.ARCHIVED or not may_price(by, goods):
        raise NotPermitted(
            _('You may not change the price of goods that are "%(status)s".')
            % {"status": goods.get_status_display()}
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
    person who may approve it. Raises NotPermitted, FieldErrors (not a price, or 0 for
    a unit that is on sale).
    """
    goods = locked(goods)
    new_price = (
        KEEP if isinstance(price, _Keep) else checked(price or Decimal(0), "price")
    )
    new_case = (
        KEEP if isinstance(case_price, _Keep) else checked(case_price, "case_price")
    )
    if new_price == goods.price:
        new_price = KEEP
    if new_case == goods.case_price:
        new_case = KEEP
    if isinstance(new_price, _Keep) and isinstance(new_case, _Keep):
        return PriceOutcome()
    permit_price(by, goods)
    _refuse_free(goods, new_price, new_case)
    hits = [] if goods.status in EDITABLE else guard_hits(goods, new_price, new_case)
    line = repricing.Proposal(
        goods,
        None if isinstance(new_price, _Keep) else new_price,
        None if isinstance(new_case, _Keep) else new_case,
        hits,
    )
    if hits:
        run = repricing.propose(
            [line], by=by, origin=means, reason=reason, reference=reference
        )
        return PriceOutcome(run=run, hits=hits)
    before = changes.snapshot(goods)
    if not isinstance(new_price, _Keep):
        goods.price = new_price  # type: ignore[assignment]
    if not isinstance(new_case, _Keep):
        goods.case_price = new_case
    applied = changes.save(goods, before, changes.Origin(by, means, reason, reference))
    record(
        by=by,
        action="goods.repriced",
        target=goods,
        changes={k: [_text(a), _text(b)] for k, (a, b) in applied.items()},
        **({"reason": reason} if reason else {}),
    )
    return PriceOutcome(applied=applied)


def _refuse_free(goods: Goods, price: Any, case_price: Any) -> None:
    if goods.status != GoodsStatus.ON_SALE:
        return
    errors = {}
    if goods.retail_enabled and not isinstance(price, _Keep) and not price:
        errors["price"] = [_("Goods on sale need a price above 0.")]
    if goods.case_enabled and not isinstance(case_price, _Keep) and not case_price:
        errors["case_price"] = [_("Goods on sale need a case price above 0.")]
    if errors:
        raise FieldErrors(errors)


def _text(value: Any) -> str | None:
    return None if value is None else plain(value)
