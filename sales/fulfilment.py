"""From paid to completed: pack, ship, hand over (DOMAIN 7). Stock leaves at hand-over."""

import secrets
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base.errors import FieldErrors, NotPermitted
from backoffice.base.status import require
from backoffice.base.text import one_line
from backoffice.oplog.record import record
from backoffice.shop import shop
from sales import earning, figures, points, refunds, timeline
from sales.enums import (
    DELIVERED,
    Delivery,
    Happening,
    OrderStatus,
    PointsKind,
    Source,
)
from sales.errors import WrongCode
from sales.lookup import lines_of, locked
from sales.models import Order, OrderLine
from stock import reservations

if TYPE_CHECKING:
    from backoffice.accounts.models import User

PACK = "sales.pack_order"
SELL = "sales.sell_at_counter"
CODES = 10_000


def _permit(by: "User") -> None:
    if not (by.is_active and by.has_perm(PACK)):
        raise NotPermitted(_("You may not pack and hand over orders."), permission=PACK)


def _require_delivery(order: Order, *allowed: Delivery) -> None:
    if order.delivery not in allowed:
        raise FieldErrors(
            {
                "delivery": [
                    _('This order goes by "%(delivery)s".')
                    % {"delivery": order.get_delivery_display()}
                ]
            }
        )


@transaction.atomic
def make_ready(order: Order, *, by: "User") -> Order:
    """Packed for pick-up: the customer gets a code that no waiting order has."""
    _permit(by)
    order = locked(order)
    require(order, OrderStatus.PAID, verb=gettext_lazy("Ready for pick-up"))
    _require_delivery(order, Delivery.PICKUP)
    refunds.refuse_full_in_the_way(order)
    order.status = OrderStatus.READY
    order.ready_at = timezone.now()
    order.pickup_code = _free_code()
    order.save(update_fields=["status", "ready_at", "pickup_code"])
    timeline.note(order, Happening.READY, by=by)
    record(by=by, action="order.ready", target=order)
    return order


def _free_code() -> str:
    taken = set(
        Order.objects.filter(status=OrderStatus.READY).values_list(
            "pickup_code", flat=True
        )
    )
    free = [code for n in range(CODES) if (code := f"{n:04d}") not in taken]
    if not free:
        raise FieldErrors({"pickup_code": [_("All pick-up codes wait for customers.")]})
    return secrets.choice(free)


@transaction.atomic
def hand_over(order: Order, *, by: "User", code: str) -> Order:
    """The customer takes the goods away: by the code, which is checked."""
    _permit(by)
    order = locked(order)
    require(order, OrderStatus.READY, verb=gettext_lazy("Hand over"))
    if not constant_time_compare(code.strip(), order.pickup_code):
        raise WrongCode(_("This is not the code of the order."))
    refunds.refuse_full_in_the_way(order)
    _book_out(order, by)
    _complete(order, by)
    record(by=by, action="order.handed_over", target=order)
    return order


@transaction.atomic
def hand_over_at_once(order: Order, *, by: "User") -> Order:
    """The customer at the counter takes the goods along; there was nothing to pack, and
    what was weighed there is what was ordered. Needs `sales.sell_at_counter`."""
    if not (by.is_active and by.has_perm(SELL)):
        raise NotPermitted(_("You may not sell at the counter."), permission=SELL)
    order = locked(order)
    require(order, OrderStatus.PAID, verb=gettext_lazy("Hand over"))
    _require_delivery(order, Delivery.PICKUP)
    if order.source != Source.COUNTER:
        raise FieldErrors(
            {"source": [_("Only what was ordered at the counter goes out at once.")]}
        )
    refunds.refuse_full_in_the_way(order)
    _book_out(order, by)
    _complete(order, by)
    record(by=by, action="order.handed_over", target=order)
    return order


@transaction.atomic
def ship(
    order: Order, *, by: "User", carrier: str = "", tracking_no: str = ""
) -> Order:
    """The goods leave for the customer; express needs carrier and tracking number."""
    _permit(by)
    carrier, tracking_no = one_line(carrier), one_line(tracking_no)
    order = locked(order)
    require(order, OrderStatus.PAID, verb=gettext_lazy("Ship"))
    _require_delivery(order, *DELIVERED)
    errors = {}
    for name, text, most in (
        ("carrier", carrier, 40),
        ("tracking_no", tracking_no, 60),
    ):
        if len(text) > most:
            errors[name] = [_("At most %(most)s characters.") % {"most": most}]
        elif not text and order.delivery == Delivery.EXPRESS:
            errors[name] = [_("Express needs it.")]
    if errors:
        raise FieldErrors(errors)
    refunds.refuse_full_in_the_way(order)
    _book_out(order, by)
    order.status = OrderStatus.SHIPPED
    order.shipped_at = timezone.now()
    order.carrier, order.tracking_no = carrier, tracking_no
    order.save(update_fields=["status", "shipped_at", "carrier", "tracking_no"])
    timeline.note(
        order, Happening.SHIPPED, by=by, carrier=carrier, tracking_no=tracking_no
    )
    record(by=by, action="order.shipped", target=order)
    return order


def _book_out(order: Order, by: "User") -> None:
    """Book what leaves, by the weighed quantity; nothing is held any more."""
    refunds.let_weight_go(order)
    leaving: dict[int, Decimal] = {}
    lines = [line for line in lines_of(order) if line.held]
    for line in lines:
        out = line.held if line.weighed is None else line.weighed
        leaving[line.goods_id] = leaving.get(line.goods_id, Decimal(0)) + out
    if leaving:
        reservations.hand_over(leaving, order=order.order_no, by=by)
        figures.left(leaving)
    OrderLine.objects.filter(pk__in=[line.pk for line in lines]).update(held=0)


@transaction.atomic
def complete(order: Order, *, by: "User | None") -> Order:
    """A shipped order has arrived: says the customer, staff (`sales.pack_order`), or
    time (`by` None). Points are earned."""
    is_own = by is not None and order.user_id == by.pk
    if by is not None and not is_own:
        _permit(by)
    order = locked(order)
    require(order, OrderStatus.SHIPPED, verb=gettext_lazy("Complete"))
    refunds.refuse_full_in_the_way(order)
    _complete(order, by)
    if by is not None and not is_own:
        record(by=by, action="order.completed", target=order)
    return order


def _complete(order: Order, by: "User | None") -> None:
    order.status = OrderStatus.COMPLETED
    order.completed_at = timezone.now()
    order.points_earned = _earn(order)
    order.save(update_fields=["status", "completed_at", "points_earned"])
    timeline.note(order, Happening.COMPLETED, by=by, points=order.points_earned)


def _earn(order: Order) -> int:
    """Points of each line by what was paid for it and not refunded."""
    if order.user_id is None:
        return 0
    total = 0
    for line in lines_of(order):
        line.points_earned = earning.earned(
            line.paid, line.refunded, line.points_factor, order.points_day_factor
        )
        total += line.points_earned
        if line.points_earned:
            line.save(update_fields=["points_earned"])
    if total:
        points.post(
            order.user_id, total, kind=PointsKind.EARN, reference=order.order_no
        )
    return total


def overdue(now: datetime, limit: int) -> list[int]:
    """Ids of orders shipped so long ago that they complete by themselves."""
    before = now - timedelta(days=shop.AUTO_COMPLETE_DAYS)
    rows = Order.objects.filter(status=OrderStatus.SHIPPED, shipped_at__lte=before)
    return list(rows.order_by("shipped_at").values_list("pk", flat=True)[:limit])


@transaction.atomic
def annotate(order: Order, *, by: "User", text: str) -> None:
    """Add a note to the timeline, for colleagues."""
    if not (by.is_active and by.has_perm("sales.note_order")):
        raise NotPermitted(_("You may not add notes."), permission="sales.note_order")
    note = one_line(text)
    if not note or len(note) > 500:
        raise FieldErrors({"text": [_("From 1 to 500 characters.")]})
    timeline.note(order, Happening.NOTE, by=by, text=note)
    record(by=by, action="order.noted", target=order)
