"""Carts, quotes, orders and refunds as the JSON contract writes them."""

from collections.abc import Iterable
from typing import Any

from django.core.files.storage import default_storage

from backoffice.base.api.envelope import moment, money, quantity
from sales.enums import Delivery, OrderStatus, RefundStatus
from sales.models import Order, OrderLine, PointsEntry, Refund, RefundLine
from sales.quoting import Quote, QuotedLine

Json = dict[str, Any]


def quote(quoted: Quote) -> Json:
    """What lines come to; `points` are the fewest that give the deduction."""
    return {
        "lines": [quoted_line(line) for line in quoted.lines],
        "goods_total": money(quoted.goods_total),
        "points_balance": quoted.points_balance,
        "points_usable": quoted.points_usable,
        "points": quoted.points,
        "points_deduction": money(quoted.points_deduction),
        "freight": money(quoted.freight),
        "payable": money(quoted.payable),
        "can_order": quoted.can_order,
        "missing_amount": money(quoted.missing_amount),
    }


def quoted_line(line: QuotedLine) -> Json:
    """A line of a cart or quote; `problem` is a slug, or null."""
    offer, wish = line.offer, line.wish
    return {
        "id": wish.line_id,
        "goods_id": wish.goods_id,
        "goods": None
        if offer is None
        else {
            "id": offer.goods_id,
            "code": offer.code,
            "name": offer.name,
            "spec": offer.spec,
            "image": _url(offer.image),
        },
        "unit": str(wish.unit),
        "unit_name": "" if offer is None else offer.name_of(wish.unit),
        "quantity": quantity(wish.quantity),
        "price": money(line.price),
        "amount": money(line.amount),
        "available": None
        if offer is None or offer.available is None
        else quantity(offer.available),
        "problem": None if line.problem is None else line.problem.value,
        "problem_text": None if line.problem is None else str(line.problem.label),
    }


def cart(lines: Iterable[tuple[QuotedLine, bool]]) -> Json:
    """Every line of a cart with its tick."""
    return {"lines": [quoted_line(line) | {"ticked": tick} for line, tick in lines]}


def order(row: Order, lines: Iterable[OrderLine]) -> Json:
    """An order with its lines."""
    waits = row.status == OrderStatus.PENDING
    return {
        "order_no": row.order_no,
        "status": str(row.status),
        "cancelling": waits and row.cancel_requested_at is not None,
        "lines": [order_line(line) for line in lines],
        "goods_total": money(row.goods_total),
        "points": row.points,
        "points_deduction": money(row.points_deduction),
        "freight": money(row.freight),
        "payable": money(row.payable),
        "paid": money(row.paid),
        "refunded": money(row.refunded),
        "points_earned": row.points_earned,
        "delivery": str(row.delivery),
        "address": _address(row),
        "message": row.message,
        "pickup_code": row.pickup_code or None,
        "carrier": row.carrier or None,
        "tracking_no": row.tracking_no or None,
        "created_at": moment(row.created_at),
        "paid_at": moment(row.paid_at) if row.paid_at else None,
        "shipped_at": moment(row.shipped_at) if row.shipped_at else None,
        "completed_at": moment(row.completed_at) if row.completed_at else None,
        "expires_at": moment(row.expires_at),
    }


def order_line(line: OrderLine) -> Json:
    """One line of an order; quantities count selling units."""
    return {
        "id": line.pk,
        "goods_id": line.goods_id,
        "code": line.code,
        "name": line.name,
        "spec": line.spec,
        "unit": str(line.unit),
        "unit_name": line.unit_name,
        "quantity": quantity(line.quantity),
        "price": money(line.price),
        "amount": money(line.amount),
        "points": line.points,
        "points_deduction": money(line.points_deduction),
        "paid": money(line.paid),
        "weighed": None if line.weighed is None else quantity(line.weighed),
        "refunded_quantity": quantity(line.refunded_quantity),
        "refunded": money(line.refunded),
    }


def _address(row: Order) -> Json | None:
    if row.delivery == Delivery.PICKUP and not row.receiver:
        return None
    return {
        "receiver": row.receiver,
        "mobile": row.mobile,
        "province": row.province,
        "city": row.city,
        "district": row.district,
        "detail": row.detail,
    }


def refund(row: Refund, lines: Iterable[RefundLine]) -> Json:
    """A refund with its lines; `line.line` is loaded."""
    return {
        "refund_no": row.refund_no,
        "status": str(row.status),
        "amount": money(row.amount),
        "points": row.points,
        "lines": [
            {
                "line_id": part.line_id,
                "quantity": quantity(part.base_quantity / part.line.unit_size),
                "amount": money(part.amount),
                "points": part.points,
            }
            for part in lines
        ],
        "reason": row.reason,
        "rejection": row.decision if row.status == RefundStatus.REJECTED else None,
        "created_at": moment(row.created_at),
        "finished_at": moment(row.finished_at) if row.finished_at else None,
    }


def points_entry(entry: PointsEntry) -> Json:
    """One line of the points log."""
    return {
        "id": entry.pk,
        "delta": entry.delta,
        "balance_after": entry.balance_after,
        "kind": str(entry.kind),
        "reference": entry.reference,
        "reason": entry.reason,
        "created_at": moment(entry.at),
    }


def _url(path: str) -> str | None:
    return default_storage.url(path) if path else None
