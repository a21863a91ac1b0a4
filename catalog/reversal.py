"""Prices return: a run is rolled back by somebody, or its time is over (DOMAIN 3).

A price returns only where it is still the one that the run set; others are conflicts,
which the lines keep.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base.among import among
from backoffice.base.errors import NotPermitted
from backoffice.base.status import require
from backoffice.oplog.record import record
from catalog import changes, pricing
from catalog.enums import GoodsStatus, Means, RunStatus, SellingUnit
from catalog.lookup import locked_values
from catalog.models import Goods, RepricingLine, RepricingRun
from catalog.moves import clean_reason, permit
from catalog.repricing import (
    APPROVE,
    PROPOSE,
    STANDING,
    included,
    line_values,
    locked,
    write,
)

if TYPE_CHECKING:
    from backoffice.accounts.models import User

#: prices that are looked at of each line
PRICES = changes.PRICE_FIELDS


@dataclass(frozen=True, slots=True)
class Return:
    """What a return does to one goods: the prices that it sets, and which of the run's
    do not return. `hits` are the floors that the old prices would run into now."""

    row: changes.NewPrices
    conflicts: list[str]
    hits: list[pricing.Hit]


def foresee(run: RepricingRun) -> list[Return]:
    """What `roll_back` would do as things stand; writes nothing."""
    lines = line_values(run)
    goods = Goods.objects.filter(among("pk", (line.goods_id for line in lines)))
    standing = {row.pk: row for row in goods.values_list("pk", *STANDING, named=True)}
    return _returns(lines, standing)


@transaction.atomic
def roll_back(run: RepricingRun, *, by: "User", reason: str = "") -> RepricingRun:
    """Restore the prices from before an applied run.

    Raises WrongStatus, and NotPermitted where an old price would now leave less than the
    smallest margin and the actor may not approve runs.
    """
    permit(by, PROPOSE, gettext_lazy("Roll back"))
    reason = clean_reason(reason)
    run = locked(run)
    require(run, RunStatus.APPLIED, verb=gettext_lazy("Roll back"))
    now = timezone.now()
    returns, standing = _locked_returns(run)
    if any(one.hits for one in returns) and not by.has_perm(APPROVE):
        raise NotPermitted(
            _(
                "Some of the old prices would leave less than the smallest margin: "
                "somebody who may approve runs has to roll it back."
            ),
            permission=APPROVE,
        )
    run.status, run.returned_by = RunStatus.ROLLED_BACK, by
    _write(run, returns, standing, by=by, means=Means.ROLLBACK, reason=reason, at=now)
    return run


@transaction.atomic
def end(run: RepricingRun, *, now: datetime | None = None) -> RepricingRun:
    """Let the prices of an applied run return whose time is over, exactly once."""
    now = now or timezone.now()
    run = locked(run)
    if run.status != RunStatus.APPLIED or run.ends_at is None or run.ends_at > now:
        return run
    returns, standing = _locked_returns(run)
    run.status = RunStatus.ENDED
    _write(
        run,
        returns,
        standing,
        by=None,
        means=Means.SCHEDULE,
        reason=run.reason,
        at=now,
    )
    return run


def _locked_returns(run: RepricingRun) -> tuple[list[Return], dict[int, Any]]:
    lines = line_values(run)
    standing = locked_values((line.goods_id for line in lines), *STANDING)
    return _returns(lines, standing), standing


def _write(
    run: RepricingRun,
    returns: Sequence[Return],
    standing: Mapping[int, Any],
    *,
    by: "User | None",
    means: Means,
    reason: str,
    at: datetime,
) -> None:
    count = write(
        run,
        [one.row for one in returns],
        standing,
        by=by,
        means=means,
        reason=reason,
        at=at,
    )
    conflicts = {one.row.goods_id: one.conflicts for one in returns if one.conflicts}
    lines = list(included(run).filter(among("goods", conflicts)))
    for line in lines:
        line.conflicts = conflicts[line.goods_id]
    RepricingLine.objects.bulk_update(lines, ["conflicts"], batch_size=500)
    run.returned_at = at
    run.save()
    is_end = run.status == RunStatus.ENDED
    record(
        by=by,
        action="repricing.ended" if is_end else "repricing.rolled_back",
        target=run,
        lines=count,
        conflicts=len(conflicts),
        **({"reason": reason} if reason else {}),
    )


def _returns(lines: Sequence[Any], standing: Mapping[int, Any]) -> list[Return]:
    allowed = pricing.limits()
    return [_return(line, standing[line.goods_id], allowed) for line in lines]


def _return(line: Any, goods: Any, allowed: Any) -> Return:
    prices: dict[str, Decimal | None] = {}
    conflicts = []
    for name in PRICES:
        now, set_to = getattr(goods, name), getattr(line, f"new_{name}")
        old = getattr(line, f"old_{name}")
        prices[name] = now
        if set_to is None or set_to == old:
            continue
        if now == set_to and _may_hold(goods, name, old):
            prices[name] = old
        elif now != old:
            conflicts.append(name)
    row = changes.NewPrices(
        line.goods_id,
        goods.price,
        goods.case_price,
        prices["price"] or Decimal("0.00"),
        prices["case_price"],
    )
    return Return(row, conflicts, _floor_hits(row, goods, allowed))


def _may_hold(goods: Any, name: str, price: Decimal | None) -> bool:
    """Whether the goods as it is now can take the old price."""
    if goods.status == GoodsStatus.ARCHIVED:
        return False
    enabled = goods.retail_enabled if name == "price" else goods.case_enabled
    return bool(price) or goods.status != GoodsStatus.ON_SALE or not enabled


def _floor_hits(row: changes.NewPrices, goods: Any, allowed: Any) -> list[pricing.Hit]:
    """Only the margin: that prices return by as much as they moved is the purpose."""
    # the change is measured from nothing, so that only the floor speaks
    return [
        *pricing.hits_of(
            SellingUnit.RETAIL,
            None,
            row.price if row.price != row.old_price else None,
            goods.cost,
            allowed,
        ),
        *pricing.hits_of(
            SellingUnit.CASE,
            None,
            row.case_price if row.case_price != row.old_case_price else None,
            pricing.case_cost(goods),
            allowed,
        ),
    ]
