"""What follows money that went back: lines, points, stock, the order's end."""

from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils import timezone

from sales import earning, figures, points, timeline
from sales.enums import (
    IN_THE_SHOP,
    Happening,
    OrderStatus,
    PointsKind,
    RefundKind,
    Restock,
)
from sales.models import Order, OrderLine, Refund, RefundLine
from stock import reservations

if TYPE_CHECKING:
    from backoffice.accounts.models import User


def book(order: Order, refund: Refund, *, by: "User | None") -> None:
    """Book a refund that succeeded; order and refund are locked."""
    in_the_shop = order.status in IN_THE_SHOP
    parts = list(refund.lines.select_related("line").order_by("line__sequence"))
    for part in parts:
        _book_line(part)
    order.refunded += refund.amount
    order.refunded_freight += refund.freight
    _return_points(order, refund, by)
    if order.status == OrderStatus.COMPLETED:
        _claw_back(order, refund, [part.line for part in parts], by)
    is_over = _is_over(order, refund)
    if in_the_shop:
        _release(order, refund, parts, by, everything=is_over)
    elif refund.kind != RefundKind.WEIGHT:
        _put_away(refund, parts, by)
    figures.refunded(refund, parts)
    if is_over:
        order.status = OrderStatus.CLOSED
        order.ended_at = timezone.now()
        timeline.note(order, Happening.CLOSED, by=by, refund=refund.refund_no)
    order.save(
        update_fields=[
            "refunded",
            "refunded_freight",
            "points_returned",
            "points_earned",
            "status",
            "ended_at",
        ]
    )


def _book_line(part: RefundLine) -> None:
    line = part.line
    line.refunded += part.amount
    line.refunded_base += part.base_quantity
    line.points_returned += part.points
    line.save(update_fields=["refunded", "refunded_base", "points_returned"])


def _is_over(order: Order, refund: Refund) -> bool:
    """Whether all money, or all goods, went back."""
    if refund.is_full or (order.paid and order.refunded >= order.paid):
        return True
    return not any(line.rest_base for line in OrderLine.objects.filter(order=order))


def _return_points(order: Order, refund: Refund, by: "User | None") -> None:
    if not refund.points or order.user_id is None:
        return
    points.post(
        order.user_id,
        refund.points,
        kind=PointsKind.RETURN,
        reference=refund.refund_no,
        by=by,
    )
    order.points_returned += refund.points


def _claw_back(
    order: Order, refund: Refund, lines: list[OrderLine], by: "User | None"
) -> None:
    """Take back what the lines earned too much; may push the balance below zero."""
    taken = 0
    for line in lines:
        due = earning.earned(
            line.paid, line.refunded, line.points_factor, order.points_day_factor
        )
        taken += line.points_earned - due
        line.points_earned = due
        line.save(update_fields=["points_earned"])
    if taken <= 0 or order.user_id is None:
        return
    points.post(
        order.user_id,
        -taken,
        kind=PointsKind.CLAW_BACK,
        reference=refund.refund_no,
        by=by,
    )
    order.points_earned -= taken


def _release(
    order: Order,
    refund: Refund,
    parts: list[RefundLine],
    by: "User | None",
    *,
    everything: bool,
) -> None:
    """Goods that are still in the shop are free again; with the last part all are."""
    if everything:
        OrderLine.objects.filter(order=order).update(held=0)
        if reservations.held_by(order.order_no):
            reservations.release(
                order=order.order_no, by=by, reference=refund.refund_no
            )
        return
    if refund.kind == RefundKind.WEIGHT:
        # what was not packed is freed at the hand-over, with what the line holds
        return
    freed: list[tuple[int, Decimal]] = []
    for part in parts:
        line = part.line
        quantity = min(part.base_quantity, line.held)
        if not quantity:
            continue
        line.held -= quantity
        if line.weighed is not None:
            line.weighed = max(Decimal("0.000"), line.weighed - quantity)
        line.save(update_fields=["held", "weighed"])
        freed.append((line.goods_id, quantity))
    if freed:
        reservations.release(
            order=order.order_no, by=by, lines=freed, reference=refund.refund_no
        )


def _put_away(refund: Refund, parts: list[RefundLine], by: "User | None") -> None:
    """Goods that the customer had: back to the shelf, or written off, as was decided."""
    back = [part for part in parts if part.restock != Restock.NOTHING]
    came = [(p.line.goods_id, _came_back(p)) for p in back if _came_back(p)]
    lost = [
        (p.line.goods_id, _came_back(p))
        for p in back
        if p.restock == Restock.WRITE_OFF and _came_back(p)
    ]
    if came:
        reservations.put_back(came, lost=lost, reference=refund.refund_no, by=by)
        figures.came_back(reservations.totals(came))


def _came_back(part: RefundLine) -> Decimal:
    """Base units; of a weighed line no more than was handed over."""
    line = part.line
    if line.weighed is None:
        return part.base_quantity
    return min(part.base_quantity, line.weighed)
