"""What the pages of sales show, ready-made."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from backoffice.accounts.care import SEE
from backoffice.base.admin import quantity, tag
from backoffice.base.masking import MASK, mask_mobile, mask_name
from sales.enums import (
    Delivery,
    OrderStatus,
    PaymentStatus,
    PointsKind,
    RefundStatus,
)
from sales.models import Order, OrderLine

VIEW = "sales.view_order"
ENTER = "sales.add_order"
TAKE = "sales.take_payment"
CANCEL = "sales.cancel_order"
PACK = "sales.pack_order"
NOTE = "sales.note_order"
LIST = "admin:sales_order_changelist"

#: who packs and ships needs to know where it goes, until it has arrived
_UNDER_WAY = (OrderStatus.PAID, OrderStatus.READY, OrderStatus.SHIPPED)
_DELIVERY_TONES = {
    Delivery.HOME: "green",
    Delivery.PICKUP: "amber",
    Delivery.EXPRESS: "blue",
}
_PAYMENT_TONES = {
    PaymentStatus.CREATED: "grey",
    PaymentStatus.PAID: "green",
    PaymentStatus.CLOSED: "hollow",
    PaymentStatus.FAILED: "red",
}
_REFUND_TONES = {
    RefundStatus.REQUESTED: "amber",
    RefundStatus.APPROVED: "blue",
    RefundStatus.PROCESSING: "blue",
    RefundStatus.SUCCEEDED: "green",
    RefundStatus.REJECTED: "hollow",
    RefundStatus.FAILED: "red",
}
_POINTS_TONES = {
    PointsKind.EARN: "green",
    PointsKind.SPEND: "blue",
    PointsKind.RETURN: "slate",
    PointsKind.CLAW_BACK: "amber",
    PointsKind.ADJUST: "grey",
}
_STATUS_TONES = {OrderStatus.PENDING: "amber", OrderStatus.PAID: "blue"}


def status_tag(status: str) -> SafeString:
    """Where an order stands, as a coloured tag."""
    word = OrderStatus(status)
    return tag(status, word.label, tone=_STATUS_TONES.get(word, ""))


def delivery_tag(delivery: str) -> SafeString:
    """How it reaches the customer."""
    word = Delivery(delivery)
    return tag(delivery, word.label, tone=_DELIVERY_TONES[word])


def payment_tag(status: str) -> SafeString:
    """Where an attempt to pay stands."""
    word = PaymentStatus(status)
    return tag(status, word.label, tone=_PAYMENT_TONES[word])


def refund_tag(status: str) -> SafeString:
    """Where a refund stands."""
    word = RefundStatus(status)
    return tag(status, word.label, tone=_REFUND_TONES[word])


def points_tag(kind: str) -> SafeString:
    """Why a balance of points changed."""
    word = PointsKind(kind)
    return tag(kind, word.label, tone=_POINTS_TONES[word])


def order_url(pk: Any) -> str:
    """The page of an order."""
    return reverse("admin:sales_order_change", args=[pk])


def order_urls(request: HttpRequest, numbers: Iterable[str]) -> dict[str, str]:
    """{order number: address of its page}, for who may see orders (a port)."""
    if not request.user.has_perm(VIEW):
        return {}
    rows = Order.objects.filter(order_no__in=list(numbers))
    return {number: order_url(pk) for pk, number in rows.values_list("pk", "order_no")}


def page_url(name: str, *args: Any) -> str:
    """The address of another page of the admin; "" where there is none."""
    try:
        return reverse(f"admin:{name}", args=args)
    except NoReverseMatch:
        return ""


def safe_next(request: HttpRequest) -> str:
    """Where the person came from, if it is an address of ours; "" where it is not."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return str(wanted) if wanted and is_ours else ""


def sees_person(request: HttpRequest, order: Order) -> bool:
    """Whether this person needs to know whom the order is for: who may see personal
    data, and who packs it while it is under way."""
    user = request.user
    if user.has_perm(SEE):
        return True
    return order.status in _UNDER_WAY and user.has_perm(PACK)


@dataclass(frozen=True)
class Receiver:
    """Whom an order is for, as far as this person may know it."""

    name: str
    mobile: str
    area: str
    detail: str
    message: str
    is_masked: bool

    @property
    def address(self) -> str:
        """On one line."""
        return " ".join(part for part in (self.area, self.detail) if part)


def receiver_of(request: HttpRequest, order: Order) -> Receiver:
    """Whom it is for; masked for who does not need it."""
    area = " ".join(p for p in (order.province, order.city, order.district) if p)
    if sees_person(request, order):
        return Receiver(
            order.receiver, order.mobile, area, order.detail, order.message, False
        )
    return Receiver(
        mask_name(order.receiver),
        mask_mobile(order.mobile),
        area,
        MASK if order.detail else "",
        # what somebody writes to the shop may name anything
        order.message,
        bool(order.receiver or order.mobile or order.detail),
    )


def ordered(line: OrderLine) -> SafeString:
    """How much was ordered; of cases also the base units."""
    shown = quantity(line.quantity, line.unit_name)
    if line.unit_size == 1:
        return shown
    return format_html(
        '{}<span class="under">{}</span>',
        shown,
        quantity(line.base_quantity, line.base_unit_name),
    )


def summary(lines: list[OrderLine], most: int = 2) -> str:
    """The first goods of an order, and how many more there are."""
    names = [line.name for line in lines[:most]]
    text = _(", ").join(names)
    rest = len(lines) - len(names)
    return (
        _("%(goods)s and %(count)s more") % {"goods": text, "count": rest}
        if rest
        else text
    )
