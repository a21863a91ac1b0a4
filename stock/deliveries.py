"""Deliveries that come with their papers: a supplier, a reference, goods and costs.

A delivery belongs to the order that its reference names. Otherwise it belongs to the
oldest order under way of its supplier that still owes all of it; and where there is none,
it is an order of its own, which is received at once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice.base.errors import DomainError, FieldErrors
from catalog.lookup import locked_all
from catalog.moves import permit
from stock import ledger, replenishment
from stock.enums import ReplenishmentStatus
from stock.models import (
    GoodsSupply,
    ReplenishmentLine,
    ReplenishmentOrder,
    ReplenishmentReceipt,
    Supplier,
)
from stock.receiving import Incoming
from stock.references import new_reference
from stock.replenishment import RECEIVE, Delivered, most_of
from stock.suggesting import UNDER_WAY

if TYPE_CHECKING:
    from backoffice.accounts.models import User


@dataclass(frozen=True)
class Delivery:
    """What one supplier brought under one reference; each goods once."""

    supplier: Supplier
    reference: str
    lines: Sequence[Incoming]


@dataclass(frozen=True)
class Refused:
    """A delivery of which nothing was booked, and why."""

    delivery: Delivery
    error: DomainError


@transaction.atomic
def take_in(deliveries: Iterable[Delivery], *, by: "User") -> list[Refused]:
    """Book deliveries, each as a whole or not at all; gives those that were refused.

    Raises NotPermitted. A delivery is refused with what `replenishment.receive` raises.
    """
    permit(by, RECEIVE, _("Receive a replenishment"))
    many = list(deliveries)
    # all rows that the receipts will lock, once and in the order of docs/locking.md
    under_way = list(
        ReplenishmentOrder.objects.select_for_update(no_key=True)
        .filter(supplier__in={one.supplier.pk for one in many}, status__in=UNDER_WAY)
        .order_by("pk")
    )
    goods = {line.goods_id for one in many for line in one.lines}
    locked_all(goods)
    ledger.lock(goods, make=True)
    refused = []
    for one in many:
        mine = [order for order in under_way if order.supplier_id == one.supplier.pk]
        try:
            with transaction.atomic():
                _take_in(one, mine, by)
        except DomainError as error:
            refused.append(Refused(one, error))
    return refused


def _take_in(
    delivery: Delivery, under_way: Sequence[ReplenishmentOrder], by: "User"
) -> ReplenishmentReceipt:
    order = _order_of(delivery, under_way) or _unordered(delivery, by)
    lines = {line.goods_id: line.pk for line in order.lines.all()}
    strange = [line.goods_id for line in delivery.lines if line.goods_id not in lines]
    if strange:
        message = _("%(order)s has no such line.") % {"order": order}
        raise FieldErrors({"reference": [message]})
    return replenishment.receive(
        order,
        {
            lines[line.goods_id]: Delivered(line.quantity, line.unit_cost)
            for line in delivery.lines
        },
        by=by,
        reference=delivery.reference,
    )


def _order_of(
    delivery: Delivery, under_way: Sequence[ReplenishmentOrder]
) -> ReplenishmentOrder | None:
    named = [order for order in under_way if order.number == delivery.reference]
    if named:
        return named[0]
    for order in under_way:
        # an earlier delivery may have ended it
        order.refresh_from_db(fields=["status"])
        if order.status in UNDER_WAY and _owes(order, delivery):
            return order
    return None


def _owes(order: ReplenishmentOrder, delivery: Delivery) -> bool:
    lines = {line.goods_id: line for line in order.lines.all()}
    return all(
        (line := lines.get(one.goods_id)) is not None
        and line.outstanding > 0
        and line.received + line.rejected + one.quantity <= most_of(line)
        for one in delivery.lines
    )


def _unordered(delivery: Delivery, by: "User") -> ReplenishmentOrder:
    """An order of just this, so that what came has its paper."""
    order = ReplenishmentOrder.objects.create(
        number=new_reference("RO"),
        supplier=delivery.supplier,
        created_by=by,
        status=ReplenishmentStatus.ORDERED,
        ordered_at=timezone.now(),
    )
    ReplenishmentLine.objects.bulk_create(
        ReplenishmentLine(
            order=order,
            goods_id=line.goods_id,
            quantity=line.quantity,
            unit_cost=line.unit_cost,
        )
        for line in delivery.lines
    )
    GoodsSupply.objects.bulk_create(
        [
            GoodsSupply(goods_id=line.goods_id, supplier=delivery.supplier)
            for line in sorted(delivery.lines, key=lambda line: line.goods_id)
        ],
        ignore_conflicts=True,
    )
    return order
