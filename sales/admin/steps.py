"""What can be done with an order as it stands, the next step first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.http import HttpRequest
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backoffice.accounts.roles import role_names_with
from backoffice.base.admin import RowAction
from backoffice.base.admin.words import Text, Tone
from backoffice.shop import shop
from sales.admin import cells
from sales.enums import DELIVERED, IN_THE_SHOP, Delivery, OrderStatus
from sales.models import Order, OrderLine


@dataclass(frozen=True)
class Step:
    """One thing to do with an order on a page of its own (`sales_order_<name>`)."""

    name: str
    label: Text
    permission: str
    icon: str
    tone: Tone = ""


PAY = Step("pay", gettext_lazy("Take payment"), cells.TAKE, "fa-hand-holding-dollar")
WEIGH = Step("weigh", gettext_lazy("Weigh"), cells.PACK, "fa-scale-balanced")
SHIP = Step("ship", gettext_lazy("Ship"), cells.PACK, "fa-truck-fast")
READY = Step("ready", gettext_lazy("Put up for pick-up"), cells.PACK, "fa-box")
HAND_OVER = Step("hand_over", gettext_lazy("Hand over"), cells.PACK, "fa-handshake")
COMPLETE = Step("complete", gettext_lazy("Complete"), cells.PACK, "fa-circle-check")
CANCEL = Step("cancel", gettext_lazy("Cancel"), cells.CANCEL, "fa-ban", "danger")
#: these ask for nothing: the confirm page of a verb will do
VERBS = {READY.name, COMPLETE.name, CANCEL.name}


def unweighed(lines: Sequence[OrderLine]) -> list[OrderLine]:
    """Those that are sold by weight and were not put on the scales yet."""
    return [line for line in lines if line.is_weighed and line.weighed is None]


def steps_of(order: Order, lines: Sequence[OrderLine]) -> list[Step]:
    """What fits the order, the next step first."""
    match order.status:
        case OrderStatus.PENDING:
            return [] if order.cancel_requested_at else [PAY, CANCEL]
        case OrderStatus.PAID:
            leave = READY if order.delivery == Delivery.PICKUP else SHIP
            return _with_weighing(leave, lines)
        case OrderStatus.READY:
            return _with_weighing(HAND_OVER, lines)
        case OrderStatus.SHIPPED:
            return [COMPLETE]
    return []


def _with_weighing(leave: Step, lines: Sequence[OrderLine]) -> list[Step]:
    """Weighing comes before the goods leave, and may be corrected until then."""
    if not any(line.is_weighed and line.held for line in lines):
        return [leave]
    return [WEIGH, leave] if unweighed(lines) else [leave, WEIGH]


def may(request: HttpRequest, step: Step) -> bool:
    """Whether this person may do it."""
    return bool(request.user.has_perm(step.permission))


def button(step: Step, order: Order, verb_url: str, *, is_next: bool) -> RowAction:
    """The button that begins it; `verb_url` is where its verb is posted to."""
    tone: Tone = "primary" if is_next and not step.tone else step.tone
    if step.name in VERBS:
        return RowAction(step.label, verb_url, tone, step.icon, {"only": order.pk})
    address = cells.page_url(f"sales_order_{step.name}", order.pk)
    return RowAction(step.label, address, tone, step.icon)


def hint(order: Order, lines: Sequence[OrderLine], *, is_blocked: bool) -> str:
    """Where the order stands and what it waits for, in a sentence."""
    if is_blocked and order.status in (*IN_THE_SHOP, OrderStatus.SHIPPED):
        return _(
            "A refund of the whole order is open: nothing leaves before it is decided."
        )
    match order.status:
        case OrderStatus.PENDING:
            return _unpaid(order)
        case OrderStatus.PAID | OrderStatus.READY if left := unweighed(lines):
            return ngettext(
                "%(count)s goods is sold by weight: put it on the scales before it "
                "leaves.",
                "%(count)s goods are sold by weight: put them on the scales before "
                "they leave.",
                len(left),
            ) % {"count": len(left)}
        case OrderStatus.PAID if order.delivery in DELIVERED:
            return _("Paid: pack it and send it out. The goods leave the stock then.")
        case OrderStatus.PAID:
            return _("Paid: pack it and put it where it is picked up.")
        case OrderStatus.READY:
            return _("Packed: it waits for the customer, who says the pick-up code.")
        case OrderStatus.SHIPPED:
            return _on_its_way(order)
    return ""


def _unpaid(order: Order) -> str:
    if order.cancel_requested_at:
        return _(
            "Being cancelled: the payment that is open at WeChat is closed first, then "
            "the stock is released."
        )
    if order.expires_at <= timezone.now():
        return _("The time to pay is over: it is cancelled by itself in a moment.")
    return _(
        "Waits for the money until %(time)s; its goods are held until then. Cash or a "
        "transfer is taken here."
    ) % {"time": _moment(order.expires_at)}


def _on_its_way(order: Order) -> str:
    if order.shipped_at is None:
        return ""
    end = order.shipped_at + timedelta(days=shop.AUTO_COMPLETE_DAYS)
    return _(
        "On its way: it completes when the customer says so, or by itself on %(time)s."
    ) % {"time": _moment(end)}


def _moment(at: object) -> str:
    return formats.date_format(timezone.localtime(at), "m-d H:i")  # type: ignore[arg-type]


def who_may(step: Step) -> str:
    """The roles that may do it, in words."""
    return _(", ").join(role_names_with(step.permission))
