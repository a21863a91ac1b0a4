"""Which goods are sold out, low, or to be ordered, by DOMAIN 4."""

from collections.abc import Collection
from decimal import Decimal

from backoffice.base.ports import Port
from backoffice.shop import shop
from catalog.models import Goods
from stock import velocity
from stock.enums import AlertLevel
from stock.quantities import ZERO
from stock.velocity import Pace

#: goods and level
Key = tuple[int, AlertLevel]


def _nothing_ordered(goods_ids: Collection[int]) -> dict[int, Decimal]:
    return {}


#: goods ids → {id: base units that suppliers are to deliver}; replenishment answers
on_order: Port[[Collection[int]], dict[int, Decimal]] = Port(
    "stock.on_order", _nothing_ordered
)


def found(goods_ids: Collection[int] | None = None) -> dict[Key, Pace]:
    """Every level that holds now, of these goods or of all, with the numbers.

    Only goods on sale have levels.
    """
    on_sale = Goods.objects.on_sale()
    if goods_ids is not None:
        on_sale = on_sale.filter(pk__in=list(goods_ids))
    listed = set(on_sale.values_list("pk", flat=True))
    wanted = None if goods_ids is None else listed
    paces = [p for p in velocity.paces(wanted).values() if p.goods_id in listed]
    ordered = on_order(listed)
    lead_days = shop.LEAD_DAYS
    levels: dict[Key, Pace] = {}
    for pace in paces:
        pk = pace.goods_id
        if pace.available <= 0:
            levels[pk, AlertLevel.SOLD_OUT] = pace
        if pace.is_low:
            levels[pk, AlertLevel.LOW] = pace
        if pace.available + ordered.get(pk, ZERO) < pace.average * lead_days:
            levels[pk, AlertLevel.REORDER] = pace
    return levels
