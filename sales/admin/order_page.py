"""The page of one order: what it is, where it stands, what to do next."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from backoffice.base import ports
from backoffice.base.admin import BaseModelAdmin, Tool, link, money, quantity, when
from backoffice.base.admin.cells import NOTHING, number
from backoffice.base.money import plain
from catalog.admin import cells as catalog_cells
from sales.admin import cells, filters, steps
from sales.admin.telling import timeline
from sales.enums import REFUND_OPEN, OrderStatus
from sales.models import Order, OrderLine, Payment, Refund


class OrderPages(BaseModelAdmin):
    """Mixed into the admin of orders: an order is shown, and moved by verbs only."""

    actions = None  # type: ignore[assignment]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Orders are placed, not filled in."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: verbs alone."""
        return False

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Lines, money, whom it is for, payments, refunds, what happened."""
        if not self.has_view_permission(request):
            raise PermissionDenied(cells.VIEW)
        order = self.order_or_404(object_id)
        lines = list(
            OrderLine.objects.filter(order=order)
            .select_related("goods")
            .order_by("sequence")
        )
        payments = list(
            Payment.objects.filter(order=order).select_related("by").order_by("id")
        )
        refunds = list(
            Refund.objects.filter(order=order)
            .select_related("requested_by", "decided_by")
            .order_by("id")
        )
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": order.order_no,
            "order": order,
            "status": cells.status_tag(order.status),
            "delivery": cells.delivery_tag(order.delivery),
            "lines": [_shown(request, line) for line in lines],
            "is_weighed": any(line.is_weighed for line in lines),
            "is_refunded": any(line.refunded or line.refunded_base for line in lines),
            "sum": list(_sum(order)),
            "facts": list(_facts(request, order)),
            "receiver": cells.receiver_of(request, order),
            "payments": [(row, cells.payment_tag(row.status)) for row in payments]
            if request.user.has_perm("sales.view_payment")
            else None,
            "refunds": [(row, cells.refund_tag(row.status)) for row in refunds],
            "may_see_refunds": request.user.has_perm("sales.view_refund"),
            "events": timeline(order, lines),
            **self.next_steps(request, order, lines),
            "tools": self.order_tools(request, order),
            "may_note": request.user.has_perm(cells.NOTE),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/sales/order/page.html", context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """Its history is the timeline on its page."""
        return self.change_view(request, object_id)

    def order_or_404(self, object_id: Any) -> Order:
        """The order of a page."""
        pk = filters.number(str(object_id))
        if pk is None:
            raise Http404
        order = Order.objects.select_related("user", "placed_by").filter(pk=pk).first()
        if order is None:
            raise Http404
        return order

    def next_steps(
        self, request: HttpRequest, order: Order, lines: Sequence[OrderLine]
    ) -> dict[str, Any]:
        """What to do next, and what else can be done, as buttons."""
        refunds = Refund.objects.filter(order=order, status__in=REFUND_OPEN)
        is_blocked = refunds.filter(is_full=True).exists()
        fitting = steps.steps_of(order, lines)
        first = fitting[0] if fitting else None
        is_mine = first is not None and steps.may(request, first)
        buttons = [
            steps.button(step, order, self.step_url(step), is_next=step is first)
            for step in fitting
            if steps.may(request, step)
        ]
        return {
            "hint": steps.hint(order, lines, is_blocked=is_blocked),
            "is_blocked": is_blocked,
            "next_button": buttons[0] if is_mine else None,
            "buttons": buttons[1:] if is_mine else buttons,
            "next_label": first.label if first and not is_mine else "",
            "next_roles": steps.who_may(first) if first and not is_mine else "",
        }

    def step_url(self, step: steps.Step) -> str:
        """Where the verb of a step is posted to."""
        return ""

    def order_tools(self, request: HttpRequest, order: Order) -> Sequence[Tool]:
        """Links at the top right of the order's page."""
        return ()


def _shown(request: HttpRequest, line: OrderLine) -> dict[str, Any]:
    is_open = request.user.has_perm("catalog.view_goods")
    return {
        "row": line,
        "thumb": catalog_cells.thumb_url(line.goods.image),
        "url": catalog_cells.goods_url(line.goods_id) if is_open else "",
        "price": format_html(
            '{}<span class="unit">/{}</span>', money(line.price), line.unit_name
        ),
        "quantity": cells.ordered(line),
        "weighed": _weighed(line),
        "amount": money(line.amount),
        "deduction": money(line.points_deduction) if line.points_deduction else NOTHING,
        "paid": money(line.paid),
        "refunded": _refunded(line),
    }


def _weighed(line: OrderLine) -> Any:
    if not line.is_weighed:
        return NOTHING
    if line.weighed is None:
        return format_html('<span class="quiet">{}</span>', _("not yet"))
    return quantity(line.weighed, line.base_unit_name)


def _refunded(line: OrderLine) -> Any:
    if not (line.refunded or line.refunded_base):
        return NOTHING
    if not line.refunded_base:
        return money(line.refunded)
    return format_html(
        '{}<span class="under">{}</span>',
        money(line.refunded),
        quantity(line.refunded_base, line.base_unit_name),
    )


def _sum(order: Order) -> Iterable[tuple[str, Any, Any, bool]]:
    """Sign, word, yuan, whether it is a sum: as it was agreed, then what became of it."""
    yield "", _("Goods total"), money(order.goods_total), False
    if order.points_deduction:
        word = _("%(points)s points") % {"points": order.points}
        yield "−", word, money(order.points_deduction), False
    yield "+", _("Freight"), money(order.freight), False
    yield "=", _("Payable"), money(order.payable), True
    if order.paid_at:
        yield "", _("Paid"), money(order.paid), False
    if order.refunded:
        yield "−", _("Refunded"), money(order.refunded), False
        yield "=", _("Left with the shop"), money(order.paid - order.refunded), True


def _facts(request: HttpRequest, order: Order) -> Iterable[tuple[str, Any]]:
    if order.user is not None:
        url = ""
        if request.user.has_perm("accounts.view_customer") and not order.user.is_staff:
            url = cells.page_url("accounts_customer_change", order.user_id)
        yield _("Customer"), link(url, order.user)
        figures = ports.customer_figures([order.user.pk]).get(order.user.pk, {})
        yield _("Points now"), number(figures.get("points", 0))
    else:
        yield _("Customer"), _("Walk-in")
    yield _("Source"), order.get_source_display()
    if order.placed_by:
        yield _("Entered by"), order.placed_by
    yield _("Placed"), when(order.created_at)
    if order.status == OrderStatus.PENDING:
        yield _("To pay until"), when(order.expires_at)
    for word, at in (
        (_("Paid"), order.paid_at),
        (_("Ready since"), order.ready_at),
        (_("Shipped"), order.shipped_at),
        (_("Completed"), order.completed_at),
        (_("Ended"), order.ended_at),
    ):
        if at:
            yield word, when(at)
    if order.points_earned:
        yield _("Points earned"), number(order.points_earned)
    if order.points_returned:
        yield _("Points returned"), number(order.points_returned)
    if order.points_day_factor != 1 and order.paid_at:
        yield _("Points of the day"), f"× {plain(order.points_day_factor)}"
