"""Orders and their lines as sheets to take away, filtered as the list of orders is."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy

from backoffice.accounts.care import SEE
from backoffice.sheets.definitions import Column, SheetDefinition
from sales.enums import Channel, PaymentStatus
from sales.models import Order, OrderLine, Payment

#: orders that are read at once; their lines and payments come in a query each
CHUNK = 1000
SEE_COST = "catalog.view_cost"


def _column(name: str, label: Any, kind: str = "text", permission: str = "") -> Column:
    return Column(
        name, label, parse=str, kind=kind, read_only=True, permission=permission
    )


_HEAD = [
    _column("order_no", gettext_lazy("order number")),
    _column("created_at", gettext_lazy("placed")),
    _column("paid_at", gettext_lazy("paid at")),
    _column("status", gettext_lazy("status")),
    _column("source", gettext_lazy("source")),
    _column("delivery", gettext_lazy("delivery")),
]


class OrderSheet(SheetDefinition):
    """Every order, one row each."""

    id = "orders"
    label = gettext_lazy("orders")
    summary = gettext_lazy(
        "Every order with its sums, how it was paid, and where it went."
    )
    model = Order
    key = "order_no"
    order = ("-id",)
    export_permission = "sales.view_order"
    columns: Sequence[Column] = [
        *_HEAD,
        _column("customer", gettext_lazy("customer"), permission=SEE),
        _column("receiver", gettext_lazy("receiver"), permission=SEE),
        _column("mobile", gettext_lazy("mobile"), permission=SEE),
        _column("address", gettext_lazy("address"), permission=SEE),
        _column("message", gettext_lazy("message"), permission=SEE),
        _column("goods_total", gettext_lazy("goods total"), "number"),
        _column("points", gettext_lazy("points"), "number"),
        _column("points_deduction", gettext_lazy("points deduction"), "number"),
        _column("freight", gettext_lazy("freight"), "number"),
        _column("payable", gettext_lazy("payable"), "number"),
        _column("paid", gettext_lazy("paid"), "number"),
        _column("refunded", gettext_lazy("refunded"), "number"),
        _column("paid_by", gettext_lazy("paid by")),
        _column("points_earned", gettext_lazy("points earned"), "number"),
        _column("carrier", gettext_lazy("carrier")),
        _column("tracking_no", gettext_lazy("tracking number")),
        _column("shipped_at", gettext_lazy("shipped at")),
        _column("completed_at", gettext_lazy("completed at")),
        _column("ended_at", gettext_lazy("cancelled or closed at")),
        _column("placed_by", gettext_lazy("entered by")),
    ]

    def everything(self) -> models.QuerySet:
        return Order.objects.order_by(*self.order)

    def export(
        self, queryset: models.QuerySet, columns: Sequence[Column]
    ) -> Iterator[list[Any]]:
        names = [column.name for column in columns]
        rows = queryset.select_related("user", "placed_by").iterator(chunk_size=CHUNK)
        while chunk := list(islice(rows, CHUNK)):
            for values in self.told(chunk):
                yield [values[name] for name in names]

    def told(self, orders: list[Order]) -> Iterator[dict[str, Any]]:
        """The rows of some orders."""
        channels: dict[int, list[str]] = {}
        paid = Payment.objects.filter(order__in=orders, status=PaymentStatus.PAID)
        for pk, channel in paid.order_by("id").values_list("order_id", "channel"):
            channels.setdefault(pk, []).append(str(Channel(channel).label))
        for order in orders:
            yield {
                **_head(order),
                "customer": str(order.user or ""),
                "receiver": order.receiver,
                "mobile": order.mobile,
                "address": order.address,
                "message": order.message,
                "goods_total": order.goods_total,
                "points": order.points,
                "points_deduction": order.points_deduction,
                "freight": order.freight,
                "payable": order.payable,
                "paid": order.paid,
                "refunded": order.refunded,
                "paid_by": " ".join(channels.get(order.pk, ())),
                "points_earned": order.points_earned,
                "carrier": order.carrier,
                "tracking_no": order.tracking_no,
                "shipped_at": _clock(order.shipped_at),
                "completed_at": _clock(order.completed_at),
                "ended_at": _clock(order.ended_at),
                "placed_by": str(order.placed_by or ""),
            }


class OrderLineSheet(OrderSheet):
    """Every line of the orders, one row each."""

    id = "order_lines"
    label = gettext_lazy("order lines")
    summary = gettext_lazy(
        "What was sold by every order: quantities, weights, amounts, refunds."
    )
    columns: Sequence[Column] = [
        *_HEAD,
        _column("line", gettext_lazy("line"), "number"),
        _column("code", gettext_lazy("code")),
        _column("name", gettext_lazy("name")),
        _column("spec", gettext_lazy("spec")),
        _column("unit", gettext_lazy("unit")),
        _column("quantity", gettext_lazy("quantity"), "number"),
        _column("price", gettext_lazy("price"), "number"),
        _column("amount", gettext_lazy("amount"), "number"),
        _column("base_unit", gettext_lazy("base unit")),
        _column("base_quantity", gettext_lazy("base quantity"), "number"),
        _column("weighed", gettext_lazy("real weight"), "number"),
        _column("points", gettext_lazy("points"), "number"),
        _column("points_deduction", gettext_lazy("points deduction"), "number"),
        _column("paid", gettext_lazy("paid"), "number"),
        _column("refunded_base", gettext_lazy("refunded quantity"), "number"),
        _column("refunded", gettext_lazy("refunded"), "number"),
        _column("unit_cost", gettext_lazy("cost"), "number", SEE_COST),
    ]

    def count(self, queryset: models.QuerySet) -> int:
        return OrderLine.objects.filter(
            order__in=queryset.order_by().values("pk")
        ).count()

    def told(self, orders: list[Order]) -> Iterator[dict[str, Any]]:
        lines: dict[int, list[OrderLine]] = {order.pk: [] for order in orders}
        found = OrderLine.objects.filter(order__in=lines)
        for line in found.order_by("order_id", "sequence"):
            lines[line.order_id].append(line)
        for order in orders:
            head = _head(order)
            for line in lines[order.pk]:
                yield {
                    **head,
                    "line": line.sequence,
                    "code": line.code,
                    "name": line.name,
                    "spec": line.spec,
                    "unit": line.unit_name,
                    "quantity": line.quantity,
                    "price": line.price,
                    "amount": line.amount,
                    "base_unit": line.base_unit_name,
                    "base_quantity": line.base_quantity,
                    "weighed": line.weighed,
                    "points": line.points,
                    "points_deduction": line.points_deduction,
                    "paid": line.paid,
                    "refunded_base": line.refunded_base,
                    "refunded": line.refunded,
                    "unit_cost": line.unit_cost,
                }


def _head(order: Order) -> dict[str, Any]:
    return {
        "order_no": order.order_no,
        "created_at": _clock(order.created_at),
        "paid_at": _clock(order.paid_at),
        "status": order.get_status_display(),
        "source": order.get_source_display(),
        "delivery": order.get_delivery_display(),
    }


def _clock(at: Any) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S}" if at else ""
