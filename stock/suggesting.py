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
    living = Goods.objects.exclude(status=GoodsStatus.ARCHIVED).order_by()
    supplies = GoodsSupply.objects.order_by()
    if goods_ids is not None:
        living = living.filter(pk__in=list(goods_ids))
        supplies = supplies.filter(goods_id__in=list(goods_ids))
    # of thousands of goods only what the formula needs
    rows = living.values_list("pk", "case_size", "unit__step", "cost")
    goods = {pk: _Measures(*values) for pk, *values in rows}
    paces = velocity.paces(None if goods_ids is None else set(goods))
    owed = on_order(goods)
    supplied = {
        pk: (supplier, cost)
        for pk, supplier, cost in supplies.values_list("pk", "supplier", "last_cost")
    }
    cover_days, low_percent = shop.COVER_DAYS, shop.LOW_STOCK_PERCENT
    return [
        _suggestion(
            goods[pk],
            pace,
            owed.get(pk, ZERO),
            supplied.get(pk, (None, None)),
            cover_days,
            low_percent,
        )
        for pk, pace in paces.items()
        if pk in goods
    ]


@dataclass(frozen=True, slots=True)
class _Measures:
    """In which portions a goods is ordered, and what it costs."""

    case_size: Decimal | None
    step: Decimal
    cost: Decimal | None


def _suggestion(
    goods: _Measures,
    pace: velocity.Pace,
    owed: Decimal,
    supply: tuple[int | None, Decimal | None],
    cover_days: Decimal,
    low_percent: Decimal,
) -> Suggestion:
    needed = pace.average * cover_days + pace.threshold - pace.available - owed
    size = goods.case_size or None
    portion = size or goods.step
    parts = _up(needed / portion) if needed > 0 else 0
    supplier_id, last_cost = supply
    return Suggestion(
        goods_id=pace.goods_id,
        code=pace.code,
        average=pace.average,
        days=pace.days,
        cover_days=cover_days,
        low_percent=low_percent,
        available=pace.available,
        on_order=owed,
        needed=needed,
        case_size=size,
        cases=parts if size else None,
        quantity=(parts * portion).quantize(ZERO),
        supplier_id=supplier_id,
        last_cost=goods.cost if last_cost is None else last_cost,
    )


def _up(value: Decimal) -> int:
    return int(value.to_integral_value(rounding=ROUND_CEILING))
