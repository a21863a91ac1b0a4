"""Orders to suppliers: drafted, ordered, received in parts, cancelled (DOMAIN 4).

Every verb locks the order's row first (docs/locking.md, 5); its lines and receipts are
written only under that lock. A supplier owes what was ordered less what was received
and what was rejected; a partly received order that is cancelled keeps what came in.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base.errors import FieldErrors, NotPermitted, ReasonMissing
from backoffice.base.money import plain
from backoffice.base.status import require
from backoffice.oplog.record import record
from backoffice.shop import shop
from catalog.costing import checked_cost
from catalog.models import Goods
from catalog.moves import clean_reason, permit
from stock import receiving
from stock.enums import ReplenishmentStatus
from stock.errors import MoreThanOrdered, PostedOtherwise
from stock.models import (
    GoodsSupply,
    ReplenishmentLine,
    ReplenishmentOrder,
    ReplenishmentReceipt,
    Supplier,
)
from stock.quantities import ZERO, in_steps
from stock.receiving import LIVING, Incoming
from stock.references import LENGTH, new_reference
from stock.suggesting import UNDER_WAY, on_order, suggest

if TYPE_CHECKING:
    from backoffice.accounts.models import User

__all__ = [
    "Delivered",
    "Wanted",
    "cancel",
    "change",
    "draft",
    "on_order",
    "order",
    "receive",
    "suggest",
]

ORDER = "stock.order_goods"
RECEIVE = "stock.receive_goods"
SEE_COST = "catalog.view_cost"
HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Wanted:
    """So many base units of a goods, at a cost for one of them; None where unknown."""

    goods_id: int
    quantity: Decimal
    unit_cost: Decimal | None = None


@dataclass(frozen=True)
class Delivered:
    """What came of a line, in base units: `quantity` is kept, `rejected` goes back, for
    this `reason`.

    `unit_cost` is what a base unit cost; None where it is as ordered.
    """

    quantity: Decimal
    unit_cost: Decimal | None = None
    rejected: Decimal = ZERO
    reason: str = ""


@transaction.atomic
def draft(
    supplier: Supplier, lines: Iterable[Wanted], *, by: "User", note: str = ""
) -> ReplenishmentOrder:
    """Begin an order; goods without a supplier are ordered from this one from now on.

    Raises NotPermitted, FieldErrors (no lines, a goods twice, a cost, an inactive
    supplier), WrongQuantity, WrongStatus (archived goods).
    """
    permit(by, ORDER, _("Draft a replenishment"))
    _require_active(supplier)
    drafted = ReplenishmentOrder.objects.create(
        number=new_reference("RO"),
        supplier=supplier,
        created_by=by,
        note=clean_reason(note),
    )
    count = _write_lines(drafted, lines, by)
    record(
        by=by,
        action="replenishment.drafted",
        target=drafted,
        supplier=supplier.name,
        lines=count,
    )
    return drafted


@transaction.atomic
def change(
    order: ReplenishmentOrder,
    *,
    by: "User",
    lines: Iterable[Wanted] | None = None,
    supplier: Supplier | None = None,
    note: str | None = None,
) -> ReplenishmentOrder:
    """Replace the lines, the supplier or the note of a draft; None leaves it.

    Raises what `draft` raises, and WrongStatus where it is ordered.
    """
    permit(by, ORDER, _("Change a replenishment"))
    order = _locked(order)
    require(order, ReplenishmentStatus.DRAFT, verb=gettext_lazy("Change"))
    if supplier is not None:
        _require_active(supplier)
        order.supplier = supplier
    if note is not None:
        order.note = clean_reason(note)
    order.save()
    if lines is not None:
        # who may not see costs leaves them as they are
        may_cost = by.has_perm(SEE_COST)
        costs = {} if may_cost else dict(order.lines.values_list("goods", "unit_cost"))
        order.lines.all().delete()
        _write_lines(order, lines, by, costs)
    record(
        by=by,
        action="replenishment.changed",
        target=order,
        supplier=order.supplier.name,
        lines=order.lines.count(),
    )
    return order


@transaction.atomic
def order(draft: ReplenishmentOrder, *, by: "User") -> ReplenishmentOrder:
    """The supplier was told: what is ordered counts as under way.

    Raises NotPermitted, WrongStatus, FieldErrors (an inactive supplier).
    """
    permit(by, ORDER, _("Order a replenishment"))
    ordered = _locked(draft)
    require(ordered, ReplenishmentStatus.DRAFT, verb=gettext_lazy("Order goods"))
    _require_active(ordered.supplier)
    ordered.status = ReplenishmentStatus.ORDERED
    ordered.ordered_at = timezone.now()
    ordered.save(update_fields=["status", "ordered_at"])
    record(
        by=by,
        action="replenishment.ordered",
        target=ordered,
        supplier=ordered.supplier.name,
        lines=ordered.lines.count(),
    )
    return ordered


@transaction.atomic
def cancel(
    order: ReplenishmentOrder, *, by: "User", reason: str = ""
) -> ReplenishmentOrder:
    """Nothing more is to come of it; what was received stays booked.

    Raises NotPermitted, WrongStatus (received or cancelled).
    """
    permit(by, ORDER, _("Cancel a replenishment"))
    reason = clean_reason(reason)
    order = _locked(order)
    require(order, ReplenishmentStatus.DRAFT, *UNDER_WAY, verb=gettext_lazy("Cancel"))
    order.status = ReplenishmentStatus.CANCELLED
    order.save(update_fields=["status"])
    record(
        by=by,
        action="replenishment.cancelled",
        target=order,
        **({"reason": reason} if reason else {}),
    )
    return order


@transaction.atomic
def receive(
    order: ReplenishmentOrder,
    lines: Mapping[int, Delivered],
    *,
    by: "User",
    reference: str,
    accept_more: bool = False,
) -> ReplenishmentReceipt:
    """Book a delivery, {line id: what came}; the same `reference` again changes nothing.

    What is kept goes through `stock.receiving`, at the cost of the delivery or, where
    it names none, of the order. More than ordered, beyond the tolerance, is received
    only where the person was asked (`accept_more`). Raises NotPermitted (also a cost by
    who may not see costs), WrongStatus, WrongQuantity, MoreThanOrdered (naming every
    line), ReasonMissing (goods rejected without one), FieldErrors (a cost, a line of
    another order, nothing delivered, a reference), PostedOtherwise (the reference was
    used for something else).
    """
    permit(by, RECEIVE, _("Receive a replenishment"))
    reference = _checked_reference(reference)
    order = _locked(order)
    content = _content(lines)
    first = ReplenishmentReceipt.objects.filter(reference=reference).first()
    if first is not None:
        if (first.order_id, first.content) != (order.pk, content):
            raise _used(reference)
        return first
    _may_cost((line.unit_cost for line in lines.values()), by)
    require(order, *UNDER_WAY, verb=gettext_lazy("Receive"))
    rows = {row.pk: row for row in order.lines.select_related("goods__unit")}
    for pk, delivered in lines.items():
        if pk not in rows:
            raise FieldErrors(
                {"lines": [_("%(order)s has no such line.") % {"order": order}]}
            )
        _add(rows[pk], delivered)
    if not accept_more:
        _refuse_more([rows[pk] for pk in lines])
    receipt = _receipt(order, reference, by, content)
    _book(rows, lines, reference, by)
    _settle(order, rows, lines)
    record(
        by=by,
        action="replenishment.received",
        target=order,
        reference=reference,
        lines=len(content),
        rejected=plain(sum((line.rejected for line in lines.values()), ZERO)),
    )
    return receipt


def _locked(order: ReplenishmentOrder) -> ReplenishmentOrder:
    return ReplenishmentOrder.objects.select_for_update(no_key=True).get(pk=order.pk)


def _require_active(supplier: Supplier) -> None:
    if not supplier.is_active:
        raise FieldErrors(
            {
                "supplier": [
                    _("%(supplier)s gets no new orders.") % {"supplier": supplier}
                ]
            }
        )


def _may_cost(costs: Iterable[Decimal | None], by: "User") -> None:
    if any(cost is not None for cost in costs) and not by.has_perm(SEE_COST):
        raise NotPermitted(_("You may not set costs."), permission=SEE_COST)


def _write_lines(
    order: ReplenishmentOrder,
    lines: Iterable[Wanted],
    by: "User",
    costs: Mapping[int, Decimal | None] | None = None,
) -> int:
    """Gives how many; `costs` are those of lines that name none."""
    known = costs or {}
    wanted = list(lines)
    _may_cost((line.unit_cost for line in wanted), by)
    ids = [line.goods_id for line in wanted]
    goods = Goods.objects.select_related("unit").in_bulk(ids)
    if not wanted or len(goods) != len(ids):
        raise FieldErrors(
            {"lines": [_("An order has lines, each for another goods of the shop.")]}
        )
    for row in goods.values():
        require(row, *LIVING, verb=gettext_lazy("Order goods"))
    ReplenishmentLine.objects.bulk_create(
        ReplenishmentLine(
            order=order,
            goods_id=line.goods_id,
            quantity=in_steps(goods[line.goods_id], line.quantity),
            unit_cost=known.get(line.goods_id)
            if line.unit_cost is None
            else checked_cost(line.unit_cost),
        )
        for line in wanted
    )
    GoodsSupply.objects.bulk_create(
        [GoodsSupply(goods_id=pk, supplier=order.supplier) for pk in sorted(ids)],
        ignore_conflicts=True,
    )
    return len(wanted)


def _checked_reference(reference: str) -> str:
    text = clean_reason(reference)
    if not text or len(text) > LENGTH:
        message = _("A reference has 1 to %(most)s characters.") % {"most": LENGTH}
        raise FieldErrors({"reference": [message]})
    return text


def _content(lines: Mapping[int, Delivered]) -> dict[str, Any]:
    """What was handed in, as it is kept and compared."""
    return {
        str(pk): [
            plain(line.quantity),
            None if line.unit_cost is None else plain(line.unit_cost),
            plain(line.rejected),
            *([clean_reason(line.reason)] if line.rejected else []),
        ]
        for pk, line in lines.items()
    }


def _used(reference: str) -> PostedOtherwise:
    return PostedOtherwise(
        _("%(reference)s was booked before with something else.")
        % {"reference": reference}
    )


def _receipt(
    order: ReplenishmentOrder, reference: str, by: "User", content: dict[str, Any]
) -> ReplenishmentReceipt:
    """Written before goods are locked: another order under the same reference waits."""
    try:
        with transaction.atomic():
            return ReplenishmentReceipt.objects.create(
                order=order, reference=reference, by=by, content=content
            )
    except IntegrityError:
        raise _used(reference) from None


def _add(row: ReplenishmentLine, delivered: Delivered) -> None:
    """Count what came of a line; raises WrongQuantity, ReasonMissing."""
    row.received += in_steps(row.goods, delivered.quantity, or_zero=True)
    row.rejected += in_steps(row.goods, delivered.rejected, or_zero=True)
    if delivered.rejected and not clean_reason(delivered.reason):
        raise ReasonMissing(
            _("%(goods)s: say why it is rejected.") % {"goods": row.goods}
        )


def most_of(line: ReplenishmentLine) -> Decimal:
    """So much may come of a line without asking (RECEIVE_TOLERANCE_PERCENT)."""
    return line.quantity * (1 + shop.RECEIVE_TOLERANCE_PERCENT / HUNDRED)


def _refuse_more(rows: Iterable[ReplenishmentLine]) -> None:
    over = [row for row in rows if row.received + row.rejected > most_of(row)]
    if over:
        said = _("%(goods)s: %(delivered)s delivered, %(ordered)s ordered.")
        raise MoreThanOrdered(
            " ".join(
                said
                % {
                    "goods": row.goods,
                    "delivered": plain(row.received + row.rejected),
                    "ordered": plain(row.quantity),
                }
                for row in over
            ),
            goods_ids=[row.goods_id for row in over],
        )


def _book(
    rows: Mapping[int, ReplenishmentLine],
    lines: Mapping[int, Delivered],
    reference: str,
    by: "User",
) -> None:
    incoming = [
        Incoming(
            rows[pk].goods_id,
            line.quantity,
            rows[pk].unit_cost if line.unit_cost is None else line.unit_cost,
        )
        for pk, line in lines.items()
        if line.quantity
    ]
    if not incoming and not any(line.rejected for line in lines.values()):
        raise FieldErrors({"lines": [_("Say what was delivered.")]})
    posted = receiving.receive(incoming, reference=reference, by=by)
    # under the same reference but without a receipt of an order
    if any(outcome.is_repeat for outcome in posted):
        raise _used(reference)
    for line in incoming:
        if line.unit_cost is not None:
            GoodsSupply.objects.filter(goods_id=line.goods_id).update(
                last_cost=line.unit_cost
            )


def _settle(
    order: ReplenishmentOrder,
    rows: Mapping[int, ReplenishmentLine],
    lines: Mapping[int, Delivered],
) -> None:
    ReplenishmentLine.objects.bulk_update(
        [rows[pk] for pk in lines], ["received", "rejected"]
    )
    is_done = not any(row.outstanding for row in rows.values())
    order.status = (
        ReplenishmentStatus.RECEIVED if is_done else ReplenishmentStatus.PARTLY_RECEIVED
    )
    order.save(update_fields=["status"])
