"""The way from an order to its refund: what goes back, line by line, before it is done."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from backoffice.base.admin import Tool, money, quantity
from backoffice.base.admin.cells import NOTHING
from backoffice.base.errors import DomainError
from backoffice.base.money import plain
from backoffice.base.text import half_width, labelled
from sales import limits, planning, refunds
from sales.admin import cells
from sales.admin import money as shared
from sales.admin.order_page import OrderPages
from sales.admin.refunds import restock_from
from sales.enums import HANDED_OVER, RefundStatus, Restock
from sales.lookup import lines_of
from sales.models import Order, OrderLine, Refund
from sales.planning import Plan, Wanted
from sales.refunding import Standing

ASK = "sales.add_refund"
WHOLE, LINES, AMOUNT = "whole", "lines", "amount"


class RefundPages(OrderPages):
    """Mixed into the admin of orders: `…/<order>/refund/`."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/refund/", view(self.refund_view), name="sales_order_refund"),
            *super().get_urls(),
        ]

    def order_tools(self, request: HttpRequest, order: Order) -> Sequence[Tool]:
        """With the way to a refund, while anything can be refunded."""
        tools = list(super().order_tools(request, order))
        if refunds.is_refundable(order) and request.user.has_perm(ASK):
            url = reverse("admin:sales_order_refund", args=[order.pk])
            tools.append(Tool(_("Refund"), url, "fa-rotate-left"))
        return tools

    def refund_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Choose, see what goes back, ask for it; approve at once who may."""
        if not (self.has_view_permission(request) and request.user.has_perm(ASK)):
            raise PermissionDenied(ASK)
        order = self.order_or_404(pk)
        page = _Page(request, order)
        if request.method == "POST":
            page.read()
            if page.is_confirmed:
                refund = page.ask()
                if refund is not None:
                    return self._asked(request, refund)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"{_('Refund')} · {order.order_no}",
            "order": order,
            "status": cells.status_tag(order.status),
            "page": page,
            "fits": refunds.is_refundable(order),
            "back_url": cells.order_url(order.pk),
            "restocks": Restock.choices,
        }
        return TemplateResponse(request, "admin/sales/money/ask.html", context)

    def _asked(self, request: HttpRequest, refund: Refund) -> HttpResponse:
        if refund.status == RefundStatus.REQUESTED:
            said = _("Asked for; it waits for somebody to approve it")
        else:
            said = _("Refund approved")
        messages.success(request, labelled(said, refund))
        if request.user.has_perm("sales.view_refund"):
            url = reverse("admin:sales_refund_change", args=[refund.pk])
        else:
            url = cells.order_url(refund.order_id)
        return HttpResponseRedirect(url)


class _Row:
    """One line of the order on the page."""

    def __init__(self, line: OrderLine, stand: Standing) -> None:
        self.line = line
        self.name = f"quantity_{line.pk}"
        left = stand.rest_base / line.unit_size
        self.left = plain(left)
        self.left_shown = quantity(left, line.unit_name)
        self.paid = money(stand.paid)
        self.rest = money(stand.rest)
        self.can_be_asked = stand.rest_base > 0
        self.typed = ""
        self.back: Any = NOTHING
        self.back_quantity: Any = NOTHING
        self.points: Any = NOTHING
        self.stays: Any = ""

    def foresee(self, plan: Plan, stand: Standing) -> None:
        """What of it goes back, and what is left then."""
        part = plan.parts.get(self.line.pk)
        self.stays = money(stand.rest - (part.amount if part else Decimal(0)))
        if part is None:
            return
        self.back = money(part.amount)
        self.points = part.points or NOTHING
        if part.base_quantity:
            self.back_quantity = quantity(part.base_quantity, self.line.base_unit_name)


class _Page:
    """What was chosen, what follows from it, and what is wrong with it."""

    def __init__(self, request: HttpRequest, order: Order) -> None:
        self.request, self.order = request, order
        self.user: Any = request.user
        lines = lines_of(order)
        self.stands = planning.standings(order, lines)
        self.rows = [_Row(line, self.stands[line.pk]) for line in lines]
        self.freight_left = planning.freight_left(order)
        rest = sum((stand.rest for stand in self.stands.values()), Decimal(0))
        self.left = rest + self.freight_left
        self.kind, self.amount, self.reason, self.error = WHOLE, "", "", ""
        self.plan: Plan | None = None
        self.wanted = Wanted()
        self.approves = True
        self.may_approve = request.user.has_perm(shared.APPROVE)
        self.may_restock = order.status in HANDED_OVER and self.may_approve
        self.known = order.refunds.count()

    # --- what was sent

    def read(self) -> None:
        """Take what was sent and reckon what follows; `error` says what does not fit."""
        post = self.request.POST
        self.kind = post.get("kind", WHOLE)
        self.amount = post.get("amount", "").strip()
        self.reason = post.get("reason", "").strip()
        self.approves = not post.get("checked") or post.get("approve") == "on"
        for row in self.rows:
            row.typed = post.get(row.name, "").strip()
        try:
            self.wanted = self._wanted()
            self.plan = planning.plan(self.order, self.wanted)
        except DomainError as refusal:
            self.error = str(refusal)
            return
        if not self.reason:
            self.error, self.plan = _("Say why."), None
            return
        for row in self.rows:
            row.foresee(self.plan, self.stands[row.line.pk])
        seen, semicolon, _rest = post.get("checked", "").partition(";")
        if semicolon and seen != str(self.known):
            self.error = _(
                "Another refund of this order was asked for meanwhile; look again."
            )

    def _wanted(self) -> Wanted:
        if self.kind == AMOUNT:
            return Wanted(amount=_number(self.amount))
        if self.kind == LINES:
            typed = {
                row.line.pk: _number(row.typed)
                for row in self.rows
                if row.typed and _number(row.typed) != 0
            }
            return Wanted(quantities=typed)
        return Wanted()

    @property
    def is_confirmed(self) -> bool:
        """Whether exactly this was shown before."""
        return (
            self.plan is not None
            and self.request.POST.get("checked") == self.fingerprint
        )

    @property
    def fingerprint(self) -> str:
        """Of what is shown: something else is shown anew."""
        if self.plan is None:
            return ""
        parts = (f"{pk}:{part.amount}" for pk, part in sorted(self.plan.parts.items()))
        return f"{self.known};{self.kind};{self.plan.amount};{','.join(parts)};{self.reason}"

    # --- what will happen

    @property
    def total(self) -> Any:
        """Yuan that go back."""
        return money(self.plan.amount) if self.plan else ""

    @property
    def freight(self) -> Any:
        """Of them freight."""
        return money(self.plan.freight) if self.plan and self.plan.freight else ""

    @property
    def stays(self) -> Any:
        """Yuan that can still be refunded afterwards."""
        return money(self.left - self.plan.amount) if self.plan else ""

    @property
    def left_shown(self) -> Any:
        """Yuan that can be refunded now."""
        return money(self.left)

    @property
    def needs_second(self) -> bool:
        """Whether who asks cannot approve alone."""
        return self.plan is not None and self.plan.amount > limits.limit_of(self.user)

    def ask(self) -> Refund | None:
        """Ask for it and, where wanted and allowed, approve it; None with `error`."""
        try:
            refund = refunds.request(
                self.order,
                by=self.user,
                reason=self.reason,
                wanted=self.wanted,
                known=self.known,
            )
            if self.may_approve and self.approves and not self.needs_second:
                refund = refunds.approve(
                    refund, by=self.user, restock=restock_from(self.request)
                )
        except DomainError as refusal:
            self.error, self.plan = str(refusal), None
            return None
        return refund


def _number(text: str) -> Decimal:
    try:
        return Decimal(half_width(text))
    except InvalidOperation:
        return Decimal("NaN")
