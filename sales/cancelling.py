"""An unpaid order ends: by the customer, by staff, or because time ran out (DOMAIN 7).

What the customer could still pay with is closed first, outside a transaction; only then
is stock released. A payment that commits first wins.
"""

import logging
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_q.tasks import async_task

from backoffice.base.errors import NotPermitted
from backoffice.base.status import require
from backoffice.oplog.record import record
from catalog.moves import clean_reason
from sales import attempts, payments, points, timeline
from sales.enums import Happening, OrderStatus, PointsKind
from sales.lookup import locked
from sales.models import Order, OrderLine
from stock import reservations

if TYPE_CHECKING:
    from backoffice.accounts.models import User

logger = logging.getLogger("sales.cancelling")

VERB = gettext_lazy("Cancel")


@transaction.atomic
def cancel(order: Order, *, by: "User", reason: str = "") -> Order:
    """Cancel an unpaid order; by its customer, or by staff with `sales.cancel_order`.

    Where an attempt to pay is open, only the wish is written down
    (`cancel_requested_at`) and the worker finishes; see the status of what is returned.
    """
    is_own = order.user_id is not None and order.user_id == by.pk
    if not is_own and not (by.is_active and by.has_perm("sales.cancel_order")):
        raise NotPermitted(
            _("You may not cancel orders."), permission="sales.cancel_order"
        )
    text = clean_reason(reason)
    order = locked(order)
    require(order, OrderStatus.PENDING, verb=VERB)
    if not is_own:
        record(by=by, action="order.cancelled", target=order, reason=text)
    if not payments.has_open_attempt(order):
        _end(order, Happening.CANCELLED, by=by, reason=text)
        return order
    if order.cancel_requested_at is None:
        order.cancel_requested_at = timezone.now()
        order.save(update_fields=["cancel_requested_at"])
        timeline.note(order, Happening.CANCEL_REQUESTED, by=by, reason=text)
        async_task("sales.tasks.finish_cancel", order.pk)
    return order


def finish(order_id: int) -> bool:
    """Close what is open at the gateway, then end the order, where it is to be ended:
    somebody asked for it, or its time is over. Gives whether it ended now.

    May run twice without harm. Not inside a transaction.
    """
    order = Order.objects.filter(pk=order_id, status=OrderStatus.PENDING).first()
    if order is None or not _is_due(order, timezone.now()):
        return False
    if not attempts.close_all(order):
        return False
    with transaction.atomic():
        order = locked(order)
        if order.status != OrderStatus.PENDING or not _is_due(order, timezone.now()):
            return False
        if payments.has_open_attempt(order):
            return False
        asked = order.cancel_requested_at is not None
        _end(order, Happening.CANCELLED if asked else Happening.EXPIRED)
    return True


def _is_due(order: Order, now: datetime) -> bool:
    return order.cancel_requested_at is not None or order.expires_at <= now


def due(now: datetime, limit: int) -> list[int]:
    """Ids of unpaid orders that are to be ended, the longest overdue first."""
    rows = Order.objects.unpaid().filter(
        Q(expires_at__lte=now) | Q(cancel_requested_at__isnull=False)
    )
    return list(rows.order_by("expires_at").values_list("pk", flat=True)[:limit])


def _end(
    order: Order, kind: Happening, *, by: "User | None" = None, reason: str = ""
) -> None:
    """Release the stock and give the points back; the order is locked."""
    order.status = OrderStatus.CANCELLED
    order.ended_at = timezone.now()
    order.save(update_fields=["status", "ended_at"])
    OrderLine.objects.filter(order=order).update(held=0)
    reservations.release(order=order.order_no, by=by, reason=reason)
    if order.points and order.user_id is not None:
        points.post(
            order.user_id,
            order.points,
            kind=PointsKind.RETURN,
            reference=order.order_no,
            by=by,
            reason=reason,
        )
        order.points_returned = order.points
        order.save(update_fields=["points_returned"])
    timeline.note(order, kind, by=by, reason=reason)
