"""How much to order of each goods, with every number of its formula (DOMAIN 4).

ADS × COVER_DAYS + LOW_STOCK_PERCENT × ADS − available − on order, at least 0, rounded
up to whole cases where the goods has them, else to the step of its unit.
"""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from backoffice.base.money import round_money
from backoffice.shop import shop
from catalog.enums import GoodsStatus
from catalog.models import Goods
from stock import velocity
from stock.enums import ReplenishmentStatus
from stock.models import GoodsSupply, ReplenishmentLine
from stock.quantities import ZERO

#: orders whose rest a supplier still owes
UNDER_WAY = (ReplenishmentStatus.ORDERED, ReplenishmentStatus.PARTLY_RECEIVED)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What to order of a goods, in base units, and why.

    `needed` is the formula before it is rounded up and may be below 0; `quantity` is
    what to order, `cases` how many cases that is (None where the goods has none).
    """

    goods_id: int
    code: str
    average: Decimal
    days: int
    cover_days: Decimal
    low_percent: Decimal
    available: Decimal
    on_order: Decimal
    needed: Decimal
    case_size: Decimal | None
    cases: int | None
    quantity: Decimal
    supplier_id: int | None
    last_cost: Decimal | None

    @property
    def spend(self) -> Decimal | None:
        """What it will cost at the last cost, in yuan; None where that is unknown."""
        if self.last_cost is None:
            return None
        return round_money(self.quantity * self.last_cost)


def on_order(goods_ids: Collection[int]) -> dict[int, Decimal]:
    """{goods: base units that suppliers still owe}, without those at 0."""
    wanted = set(goods_ids)
    owed: dict[int, Decimal] = {}
    # what is under way is little beside all goods, and is added up exactly here
    for line in ReplenishmentLine.objects.filter(order__status__in=UNDER_WAY):
        if line.goods_id in wanted and line.outstanding:
            owed[line.goods_id] = owed.get(line.goods_id, ZERO) + line.outstanding
    return owed


def suggest(goods_ids: Collection[int] | None = None) -> list[Suggestion]:
    """For these goods, or for all, by code; archived ones are left out."""
    living = Goods.objects.exclude(status=GoodsStatus.ARCHIVED).select_related("unit")
    if goods_ids is not None:
        living = living.filter(pk__in=list(goods_ids))
    goods = {row.pk: row for row in living}
    paces = velocity.paces(None if goods_ids is None else set(goods))
    owed = on_order(goods)
    supplies = GoodsSupply.objects.all()
    if goods_ids is not None:
        supplies = supplies.filter(goods_id__in=list(goods_ids))
    supply_of = {supply.goods_id: supply for supply in supplies}
    return [
        _suggestion(
            goods[pace.goods_id],
            pace,
            owed.get(pace.goods_id, ZERO),
            supply_of.get(pace.goods_id),
        )
        for pace in paces.values()
        if pace.goods_id in goods
    ]


def _suggestion(
    goods: Goods, pace: velocity.Pace, owed: Decimal, supply: GoodsSupply | None
) -> Suggestion:
    cover_days = shop.COVER_DAYS
    covered = pace.average * cover_days + pace.threshold
    needed = covered - pace.available - owed
    size = goods.case_size or None
    parts = _up(max(needed, ZERO) / (size or goods.unit.step))
    return Suggestion(
        goods_id=goods.pk,
        code=goods.code,
        average=pace.average,
        days=pace.days,
        cover_days=cover_days,
        low_percent=shop.LOW_STOCK_PERCENT,
        available=pace.available,
        on_order=owed,
        needed=needed,
        case_size=size,
        cases=parts if size else None,
        quantity=(parts * (size or goods.unit.step)).quantize(ZERO),
        supplier_id=supply.supplier_id if supply else None,
        last_cost=goods.cost
        if supply is None or supply.last_cost is None
        else supply.last_cost,
    )


def _up(value: Decimal) -> int:
    return int(value.to_integral_value(rounding=ROUND_CEILING))
