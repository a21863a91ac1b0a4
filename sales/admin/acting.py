"""The pages on which an order is moved on: pay, weigh, ship, hand over, note."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice.base.admin import money, quantity
from backoffice.base.errors import DomainError, FieldErrors
from backoffice.base.money import plain
from backoffice.base.text import labelled
from sales import fulfilment, payments, weighing
from sales.admin import cells, steps
from sales.admin.forms import (
    HandOverForm,
    NoteForm,
    OrderForm,
    PayForm,
    ShipForm,
    posted,
    typed_weight,
)
from sales.admin.order_page import OrderPages
from sales.admin.steps import Step
from sales.enums import Channel, Delivery
from sales.models import Order, OrderLine
from stock.admin.cells import signed

Do = Callable[[Order, Mapping[str, Any]], object]


class ActingPages(OrderPages):
    """Mixed into the admin of orders: each verb that asks for something has a page that
    says what will happen."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        pages = {
            steps.PAY.name: self.pay_view,
            steps.WEIGH.name: self.weigh_view,
            steps.SHIP.name: self.ship_view,
            steps.HAND_OVER.name: self.hand_over_view,
            "note": self.note_view,
        }
        return [
            *(
                path(
                    f"<int:pk>/{name.replace('_', '-')}/",
                    view(page),
                    name=f"sales_order_{name}",
                )
                for name, page in pages.items()
            ),
            *super().get_urls(),
        ]

    def pay_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Cash or a transfer that this person holds."""
        order = self._order(request, steps.PAY, pk)

        def do(order: Order, values: Mapping[str, Any]) -> object:
            return payments.take(
                order,
                channel=Channel(values["channel"]),
                by=_user(request),
                note=values["note"],
            )

        will = [
            _("%(amount)s yuan are booked as paid, under your name.")
            % {"amount": order.payable},
            _(
                "The order goes on to packing; it can no longer be cancelled, only refunded."
            ),
        ]
        return self._act(request, steps.PAY, order, PayForm(posted(request)), do, will)

    def ship_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The goods leave for the customer."""
        order = self._order(request, steps.SHIP, pk)
        form = ShipForm(posted(request), is_express=order.delivery == Delivery.EXPRESS)

        def do(order: Order, values: Mapping[str, Any]) -> object:
            return fulfilment.ship(order, by=_user(request), **values)

        lines = list(order.lines.all())
        will = [
            _leaves(lines),
            _("The customer sees the order as shipped, with carrier and number."),
        ]
        return self._act(request, steps.SHIP, order, form, do, will, lines)

    def hand_over_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The customer takes the goods away, by the code."""
        order = self._order(request, steps.HAND_OVER, pk)

        def do(order: Order, values: Mapping[str, Any]) -> object:
            return fulfilment.hand_over(order, by=_user(request), code=values["code"])

        lines = list(order.lines.all())
        will = [
            _leaves(lines),
            _("The order is completed; the customer earns the points for it."),
        ]
        form = HandOverForm(posted(request))
        return self._act(request, steps.HAND_OVER, order, form, do, will, lines)

    def note_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A note for colleagues, from the order's page."""
        if not request.user.has_perm(cells.NOTE):
            raise PermissionDenied(cells.NOTE)
        order = self.order_or_404(pk)
        form = NoteForm(posted(request))
        if request.method == "POST" and form.is_valid():
            try:
                fulfilment.annotate(
                    order, by=_user(request), text=form.cleaned_data["text"]
                )
            except DomainError as refusal:
                form.refuse(refusal)
            else:
                messages.success(request, labelled(_("Note added"), order))
        for said in form.errors.values():
            messages.error(request, " ".join(map(str, said)))
        return HttpResponseRedirect(f"{cells.order_url(order.pk)}#timeline")

    # --- weighing

    def weigh_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Real weights: first what follows from them, then it is written."""
        order = self._order(request, steps.WEIGH, pk)
        lines = list(
            OrderLine.objects.filter(order=order, is_weighed=True, held__gt=0)
            .select_related("goods")
            .order_by("sequence")
        )
        rows = [WeighRow(line) for line in lines]
        errors: list[str] = []
        rehearsal = None
        if request.method == "POST":
            weights = _typed(request, rows)
            is_checked = request.POST.get("checked") == _written(weights)
            try:
                if not any(row.errors for row in rows):
                    rehearsal = weighing.rehearse(order, weights, by=_user(request))
                    if is_checked or not rehearsal.has_consequences:
                        weighing.weigh(order, weights, by=_user(request))
                        messages.success(request, labelled(_("Weighed"), order))
                        return HttpResponseRedirect(_back(request, order))
            except FieldErrors as refusal:
                errors = _refused(rows, refusal)
            except DomainError as refusal:
                errors = [str(refusal)]
        for row in rows:
            row.foresee(rehearsal)
        context = {
            **self._context(request, steps.WEIGH, order),
            "rows": rows,
            "errors": errors,
            "has_errors": bool(errors or any(row.errors for row in rows)),
            "rehearsal": rehearsal,
            "refund": money(rehearsal.refund) if rehearsal and rehearsal.refund else "",
            "checked": _written({row.line.pk: row.weight for row in rows})
            if rehearsal
            else "",
            "tolerance": plain(weighing.tolerance()),
        }
        return TemplateResponse(request, "admin/sales/order/weigh.html", context)

    # --- within

    def _order(self, request: HttpRequest, step: Step, pk: int) -> Order:
        if not (self.has_view_permission(request) and steps.may(request, step)):
            raise PermissionDenied(step.permission)
        return self.order_or_404(pk)

    def _act(
        self,
        request: HttpRequest,
        step: Step,
        order: Order,
        form: OrderForm,
        do: Do,
        will: Sequence[str],
        lines: Sequence[OrderLine] = (),
    ) -> HttpResponse:
        fits = any(one.name == step.name for one in steps.steps_of(order, lines or []))
        if request.method == "POST" and form.is_valid():
            try:
                do(order, form.cleaned_data)
            except DomainError as refusal:
                form.refuse(refusal)
            else:
                messages.success(request, labelled(step.label, order))
                return HttpResponseRedirect(_back(request, order))
        left = steps.unweighed(lines)
        context = {
            **self._context(request, step, order),
            "form": form,
            "fits": fits,
            "will": will,
            "warnings": [_not_weighed(left)] if left else [],
        }
        return TemplateResponse(request, "admin/sales/order/act.html", context)

    def _context(
        self, request: HttpRequest, step: Step, order: Order
    ) -> dict[str, Any]:
        receiver = cells.receiver_of(request, order)
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"{step.label} · {order.order_no}",
            "step": step,
            "order": order,
            "status": cells.status_tag(order.status),
            "delivery": cells.delivery_tag(order.delivery),
            "receiver": receiver,
            "payable": money(order.payable),
            "back_url": _back(request, order),
            "next": request.GET.get("next", ""),
        }


class WeighRow:
    """One goods on the weighing page: what was ordered, typed, and what follows."""

    def __init__(self, line: OrderLine) -> None:
        self.line = line
        self.name = f"weight_{line.pk}"
        self.typed = "" if line.weighed is None else plain(line.weighed)
        self.weight: Decimal | None = line.weighed
        self.errors: list[str] = []
        self.difference: Any = ""
        self.outcome = ""
        self.ordered = quantity(line.held, line.base_unit_name)
        self.most = plain(weighing.most_of(line))
        self.price = plain(line.paid / line.base_quantity)

    def read(self, text: str) -> None:
        """Take what was typed."""
        self.typed, self.weight = text, None
        try:
            self.weight = typed_weight(text)
        except ValidationError as error:
            self.errors = list(error.messages)

    def foresee(self, rehearsal: weighing.Rehearsal | None) -> None:
        """Say what follows from its weight."""
        if rehearsal is None or self.weight is None:
            return
        more = self.weight - self.line.held
        self.difference = signed(more, self.line.base_unit_name)
        if more < 0:
            back = rehearsal.parts.get(self.line.pk, Decimal(0))
            self.outcome = _("%(amount)s yuan go back") % {"amount": back}
        elif more > 0:
            self.outcome = _("given away")
        else:
            self.outcome = _("as ordered")


def _typed(request: HttpRequest, rows: Sequence[WeighRow]) -> dict[int, Decimal]:
    for row in rows:
        row.read(request.POST.get(row.name, ""))
    return {row.line.pk: row.weight for row in rows if row.weight is not None}


def _written(weights: Mapping[int, Decimal | None]) -> str:
    """What was checked, so that other weights are checked anew."""
    return ";".join(f"{pk}={plain(weight)}" for pk, weight in sorted(weights.items()))


def _refused(rows: Sequence[WeighRow], refusal: FieldErrors) -> list[str]:
    """Put each refusal into its row; gives those that are of no row."""
    by_name = {row.name: row for row in rows}
    others: list[str] = []
    for name, said in refusal.errors.items():
        if name in by_name:
            by_name[name].errors += [str(one) for one in said]
        else:
            others += [str(one) for one in said]
    return others


def _leaves(lines: Sequence[OrderLine]) -> str:
    count = sum(1 for line in lines if line.held)
    return ngettext(
        "%(count)s goods leaves the stock.", "%(count)s goods leave the stock.", count
    ) % {"count": count}


def _not_weighed(lines: Sequence[OrderLine]) -> str:
    names = _(", ").join(line.name for line in lines)
    return _(
        "Not weighed yet: %(goods)s. Without a weight it leaves as it was ordered."
    ) % {"goods": names}


def _user(request: HttpRequest) -> Any:
    return request.user


def _back(request: HttpRequest, order: Order) -> str:
    """Where the person came from, if it is an address of ours; else the order."""
    return cells.safe_next(request) or cells.order_url(order.pk)
