"""What orders know of a customer: handed out on request, and forgotten.

The books stay: what was bought, paid and refunded keeps its numbers. Of an order's
address the province, city and district stay, for figures; who lives where goes.
"""

from typing import Any

from django.db.models import Prefetch
from django.utils.translation import gettext as _

from backoffice.base.errors import WrongStatus
from backoffice.base.masking import MASK
from sales import showing
from sales.enums import OrderStatus, PaymentStatus
from sales.models import (
    IdempotencyKey,
    Order,
    OrderLine,
    Payment,
    PointsEntry,
    Refund,
    RefundLine,
)

#: an order that is one of these has left the customer's hands and ours
_OVER = (OrderStatus.COMPLETED, OrderStatus.CANCELLED, OrderStatus.CLOSED)


def export(user_id: int) -> dict[str, Any]:
    """The customer's orders, refunds and points."""
    orders = list(Order.objects.filter(user_id=user_id).order_by("id"))
    lines: dict[int, list[OrderLine]] = {order.pk: [] for order in orders}
    for line in OrderLine.objects.filter(order__user_id=user_id).order_by("id"):
        lines[line.order_id].append(line)
    parts = RefundLine.objects.select_related("line").order_by("id")
    refunds = Refund.objects.filter(order__user_id=user_id).select_related("order")
    refunds = refunds.prefetch_related(Prefetch("lines", parts)).order_by("id")
    points = PointsEntry.objects.filter(user_id=user_id).order_by("id")
    return {
        "orders": [showing.order(order, lines[order.pk]) for order in orders],
        "refunds": [
            {"order_no": row.order.order_no, **showing.refund(row, row.lines.all())}
            for row in refunds
        ],
        "points": list(
            points.values("delta", "balance_after", "kind", "reference", "at")
        ),
    }


def erase(user_id: int) -> None:
    """Mask the addresses of the customer's orders and what they wrote, and forget the
    answers that are kept for repeats. Raises WrongStatus while an order is under way:
    it still has to arrive."""
    orders = Order.objects.select_for_update(no_key=True).filter(user_id=user_id)
    # in the order of the locks
    found = list(orders.order_by("pk"))
    open_ones = [order.order_no for order in found if order.status not in _OVER]
    if open_ones:
        raise WrongStatus(
            _("The order %(number)s is still under way; finish or cancel it first.")
            % {"number": open_ones[0]}
        )
    # what was sent to WeChat names the payer; it is not sent again
    payments = Payment.objects.filter(order__in=found)
    payments.exclude(status=PaymentStatus.CREATED).update(request=None)
    for order in found:
        for name in ("receiver", "detail", "message"):
            setattr(order, name, MASK if getattr(order, name) else "")
        order.mobile = ""
        order.tracking_no = ""
        order.save(
            update_fields=["receiver", "detail", "message", "mobile", "tracking_no"]
        )
    asked = Refund.objects.filter(order__user_id=user_id, requested_by_id=user_id)
    asked.update(reason=MASK)
    IdempotencyKey.objects.filter(user_id=user_id).delete()
