"""Verbs over one order or a selection: each order succeeds or fails by itself."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.http import HttpRequest
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base.admin import Change, Outcome, Planned, RowAction, Verb, VerbAdmin
from backoffice.base.errors import DomainError
from sales import cancelling, earning, fulfilment
from sales.admin import cells, steps
from sales.admin.acting import ActingPages
from sales.admin.steps import Step
from sales.enums import DELIVERED, REFUND_OPEN, Delivery, OrderStatus
from sales.models import Order, OrderLine, Refund

_S = OrderStatus
#: verb → the status that it needs, and where it leads
_MOVES: dict[str, tuple[OrderStatus, OrderStatus]] = {
    "ready": (_S.PAID, _S.READY),
    "ship": (_S.PAID, _S.SHIPPED),
    "complete": (_S.SHIPPED, _S.COMPLETED),
    "cancel": (_S.PENDING, _S.CANCELLED),
}
_ACTS: dict[str, Callable[[Order, Any, str], Order]] = {
    "ready": lambda order, by, reason: fulfilment.make_ready(order, by=by),
    "ship": lambda order, by, reason: fulfilment.ship(order, by=by),
    "complete": lambda order, by, reason: fulfilment.complete(order, by=by),
    "cancel": lambda order, by, reason: cancelling.cancel(order, by=by, reason=reason),
}


class MovingVerbs(ActingPages, VerbAdmin):
    """Mixed into the admin of orders."""

    verbs = [
        Verb(
            "ready",
            steps.READY.label,
            cells.PACK,
            icon=steps.READY.icon,
            tone="primary",
            help=gettext_lazy(
                "Each order gets a pick-up code, which its customer sees; the goods stay "
                "in the stock until they are handed over."
            ),
        ),
        Verb(
            "ship",
            gettext_lazy("Send out"),
            cells.PACK,
            icon=steps.SHIP.icon,
            tone="primary",
            in_row=False,
            help=gettext_lazy(
                "For home delivery: the goods leave the stock and the customers see their "
                "orders as shipped. Express is shipped on the order's page, with its "
                "tracking number."
            ),
        ),
        Verb(
            "complete",
            steps.COMPLETE.label,
            cells.PACK,
            icon=steps.COMPLETE.icon,
            tone="success",
            help=gettext_lazy(
                "The goods have arrived: the customers earn the points for them."
            ),
        ),
        Verb(
            "cancel",
            steps.CANCEL.label,
            cells.CANCEL,
            icon=steps.CANCEL.icon,
            tone="danger",
            reason="optional",
            in_row=False,
            help=gettext_lazy(
                "The stock is released and the points go back. A payment that is open at "
                "WeChat is closed first; if it was paid meanwhile, the order stays."
            ),
        ),
    ]

    def step_url(self, step: Step) -> str:
        verb = next((v for v in self.verbs if v.name == step.name), None)
        return self.verb_url(verb) if verb else ""

    def row_actions(self, request: HttpRequest, obj: Any) -> Sequence[RowAction]:
        """The next step, if it is this person's."""
        fitting = steps.steps_of(obj, obj.shown_lines)
        if not fitting or not steps.may(request, fitting[0]):
            return []
        found = steps.button(fitting[0], obj, self.step_url(fitting[0]), is_next=True)
        if found.post is not None:
            return [found]
        here = urlencode({"next": request.get_full_path()})
        return [RowAction(found.label, f"{found.url}?{here}", found.tone, found.icon)]

    # --- verbs

    def verb_allowed(self, request: HttpRequest, verb: Verb, obj: Any) -> bool:
        """By status and delivery; no query."""
        return not _misfit(verb.name, obj)

    def plan_verb(
        self, request: HttpRequest, verb: Verb, objects: Sequence[Any]
    ) -> list[Planned]:
        """What becomes of each: two queries for all of them."""
        ids = [order.pk for order in objects]
        lines: dict[int, list[OrderLine]] = {pk: [] for pk in ids}
        for line in OrderLine.objects.filter(order__in=ids).order_by("sequence"):
            lines[line.order_id].append(line)
        blocked = set(
            Refund.objects.filter(order__in=ids, is_full=True, status__in=REFUND_OPEN)
            .order_by()
            .values_list("order_id", flat=True)
        )
        return [
            _planned(verb.name, order, lines[order.pk], is_blocked=order.pk in blocked)
            for order in objects
        ]

    def run_verb(
        self, request: HttpRequest, verb: Verb, objects: Sequence[Any], reason: str
    ) -> list[Outcome]:
        """Each in a transaction of its own."""
        return [_moved(verb.name, order, request.user, reason) for order in objects]


def _misfit(name: str, order: Order) -> str:
    """Why the verb is not for this order as it stands; "" where it is."""
    if name not in _MOVES:
        return ""
    needed, _target = _MOVES[name]
    if order.status != needed:
        return _("It is “%(status)s”.") % {"status": order.get_status_display()}
    if name == "ready" and order.delivery != Delivery.PICKUP:
        return _("It is not picked up: ship it.")
    if name == "ship" and order.delivery not in DELIVERED:
        return _("It is picked up: make it ready.")
    if name == "ship" and order.delivery == Delivery.EXPRESS:
        return _("Express needs carrier and tracking number: ship it on its page.")
    if name == "cancel" and order.cancel_requested_at:
        return _("It is being cancelled already.")
    return ""


def _planned(
    name: str, order: Order, lines: Sequence[OrderLine], *, is_blocked: bool
) -> Planned:
    label, code = order.order_no, cells.summary(list(lines))
    refusal = _misfit(name, order)
    if not refusal and is_blocked and name != "cancel":
        refusal = _("A refund of the whole order is open.")
    if refusal:
        return Planned(order.pk, label, code, refusal=refusal)
    old, new = _MOVES[name]
    changes = [
        Change(_("status"), cells.status_tag(old), cells.status_tag(new)),
        *_more(name, order, lines),
    ]
    left = steps.unweighed(lines) if name in ("ready", "ship") else []
    warning = ""
    if left:
        warning = _("Not weighed yet: %(goods)s") % {
            "goods": _(", ").join(line.name for line in left)
        }
    return Planned(order.pk, label, code, changes=changes, warning=warning)


def _more(name: str, order: Order, lines: Sequence[OrderLine]) -> Iterable[Change]:
    if name == "ship":
        yield Change(_("stock"), _("held"), _("booked out"))
    if name == "cancel":
        yield Change(_("stock"), _("held"), _("released"))
        if order.points:
            yield Change(_("points of the customer"), "", f"+{order.points}")
    if name == "complete" and order.user_id:
        yield Change(_("points of the customer"), "", f"+{_earns(order, lines)}")


def _earns(order: Order, lines: Iterable[OrderLine]) -> int:
    factor = order.points_day_factor
    return sum(
        earning.earned(line.paid, line.refunded, line.points_factor, factor)
        for line in lines
    )


def _moved(name: str, order: Order, by: Any, reason: str) -> Outcome:
    warning = ""
    try:
        order = _ACTS[name](order, by, reason)
    except DomainError as refusal:
        return Outcome(order.pk, order.order_no, error=str(refusal))
    if name == "cancel" and order.status == OrderStatus.PENDING:
        warning = _(
            "The payment that is open at WeChat is closed first; it ends by itself."
        )
    return Outcome(
        order.pk,
        order.order_no,
        status=cells.status_tag(order.status),
        warning=warning,
        url=cells.order_url(order.pk),
    )
