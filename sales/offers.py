"""Goods and terms as they are at this moment, for quoting and placing."""

from collections.abc import Iterable

from backoffice.base import ports
from backoffice.base.compiled import Compiled
from backoffice.base.money import ZERO
from backoffice.shop import shop
from catalog.enums import GoodsStatus
from catalog.models import Goods
from sales.quoting import Offer, Terms

_COLUMNS = (
    "id",
    "code",
    "name",
    "spec",
    "image",
    "status",
    "unit__name",
    "unit__step",
    "retail_enabled",
    "price",
    "min_quantity",
    "case_enabled",
    "case_unit__name",
    "case_size",
    "case_price",
    "case_min_quantity",
    "is_weighed",
    "cost",
    "points_factor",
)
_goods = Compiled(lambda ids: Goods.objects.filter(pk__in=ids).values_list(*_COLUMNS))


def read(ids: Iterable[int], *, with_stock: bool = True) -> dict[int, Offer]:
    """{goods id: offer}; two queries, one without stock. Ids without goods are left out.

    Without stock, `available` is None: for placing, which reserves and so finds out.
    """
    wanted = sorted(set(ids))
    counted = with_stock and ports.available.connected
    available = ports.available(wanted) if counted else {}
    found = {}
    for row in _goods(wanted):
        pk, code, name, spec, image, status, unit, step, *rest = row
        retail, price, least, case, case_unit, size, case_price, *more = rest
        case_least, is_weighed, cost, factor = more
        found[pk] = Offer(
            goods_id=pk,
            code=code,
            name=name,
            spec=spec,
            image=image,
            is_on_sale=status == GoodsStatus.ON_SALE,
            unit_name=unit,
            step=step,
            retail_enabled=retail,
            price=price,
            min_quantity=least,
            case_enabled=case,
            case_unit_name=case_unit or "",
            case_size=size,
            case_price=case_price,
            case_min_quantity=case_least,
            is_weighed=is_weighed,
            cost=cost,
            points_factor=factor,
            available=available.get(pk, ZERO) if counted else None,
        )
    return found


def terms() -> Terms:
    """The shop's terms; settings are kept in the process, so no query."""
    return Terms(
        min_order=shop.MIN_ORDER,
        free_freight_from=shop.FREE_FREIGHT_FROM,
        freight=shop.FREIGHT,
        points_per_yuan=shop.POINTS_PER_YUAN,
        points_share=shop.POINTS_SHARE,
    )
