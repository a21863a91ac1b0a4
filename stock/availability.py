"""The read side of balances: what is available, reserved, held by whom."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import F, Max, Sum

from backoffice.base.among import among
from backoffice.base.money import round_quantity
from stock.enums import MovementKind
from stock.models import StockBalance, StockMovement
from stock.quantities import ZERO


@dataclass(frozen=True)
class Hold:
    """What one order holds of one goods, in base units."""

    order: str
    quantity: Decimal


def available(goods_ids: Iterable[int]) -> dict[int, Decimal]:
    """Goods id → what can still be promised; 0 for goods that never had any."""
    return {pk: on_hand - reserved for pk, on_hand, reserved in _levels(goods_ids)}


def reserved(goods_ids: Iterable[int]) -> dict[int, Decimal]:
    """Goods id → what orders hold."""
    return {pk: reserved for pk, _on_hand, reserved in _levels(goods_ids)}


def moved(goods_ids: Iterable[int]) -> set[int]:
    """Those of these goods whose stock ever moved, in their base unit."""
    rows = StockBalance.objects.filter(pk__in=list(goods_ids))
    return set(rows.values_list("pk", flat=True))


def last_received(goods_ids: Iterable[int]) -> dict[int, datetime]:
    """Goods id → when it last came in; those that never did are left out."""
    rows = StockMovement.objects.filter(
        among("goods", goods_ids), kind=MovementKind.RECEIPT
    )
    return dict(rows.order_by().values_list("goods").annotate(last=Max("at")))


def _levels(goods_ids: Iterable[int]) -> Iterable[tuple[int, Decimal, Decimal]]:
    ids = list(goods_ids)
    rows = StockBalance.objects.filter(among("pk", ids))
    known = {row[0]: row for row in rows.values_list("pk", "on_hand", "reserved")}
    return [known.get(pk, (pk, ZERO, ZERO)) for pk in ids]


def is_available_expression() -> Any:
    """Whether anything can be promised, for a QuerySet of goods; null for goods that
    never had any."""
    return F("balance__is_available")


def holds(goods_id: int) -> list[Hold]:
    """Who holds a goods at present, the largest hold first."""
    rows = (
        StockMovement.objects.filter(goods_id=goods_id)
        .exclude(held_for="")
        .order_by()
        .values("held_for")
        .annotate(quantity=Sum("delta_reserved"))
        .values_list("held_for", "quantity")
    )
    found = [Hold(order, round_quantity(quantity)) for order, quantity in rows]
    return sorted(
        (hold for hold in found if hold.quantity),
        key=lambda hold: (-hold.quantity, hold.order),
    )
