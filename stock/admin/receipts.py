"""Receiving what a supplier brings: in full or in part, what is bad goes back."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from backoffice.base.admin import BaseModelAdmin, quantity, thumb
from backoffice.base.errors import DomainError
from backoffice.base.money import plain
from backoffice.base.text import labelled
from catalog.admin import cells as catalog_cells
from stock import replenishment
from stock.admin import cells
from stock.admin.forms import typed_cost, typed_quantity
from stock.errors import MoreThanOrdered
from stock.models import ReplenishmentLine, ReplenishmentOrder
from stock.quantities import ZERO
from stock.references import new_reference
from stock.replenishment import Delivered
from stock.suggesting import UNDER_WAY

if TYPE_CHECKING:
    from decimal import Decimal

KEPT, REJECTED, REASON, COST = "kept-", "rejected-", "reason-", "cost-"


def may_receive(request: HttpRequest, order: Any) -> bool:
    """Whether this person may take in what came of it."""
    return order.status in UNDER_WAY and request.user.has_perm(replenishment.RECEIVE)


class OrderPages(BaseModelAdmin):
    """What the pages of one order share."""

    def _order(self, request: HttpRequest, pk: int) -> ReplenishmentOrder:
        """The order of the address, for who may see it."""
        if not self.has_view_permission(request):
            raise PermissionDenied("stock.view_replenishmentorder")
        orders = ReplenishmentOrder.objects.select_related("supplier", "created_by")
        order = orders.filter(pk=pk).first()
        if order is None:
            raise Http404
        return order


class ReceivePages(OrderPages):
    """Mixed into the admin of orders: `…/<order>/receive/`."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/receive/", view(self.receive_view), name="stock_receive"),
            *super().get_urls(),
        ]

    def receive_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Each line with what is still to come; what is written there is booked."""
        if not request.user.has_perm(replenishment.RECEIVE):
            raise PermissionDenied(replenishment.RECEIVE)
        order = self._order(request, pk)
        if order.status not in UNDER_WAY and request.method != "POST":
            status = {"status": order.get_status_display()}
            messages.info(request, _('It is "%(status)s" already.') % status)
            return HttpResponseRedirect(self.object_url(order))
        rows = _rows(order, request)
        error, is_more = "", False
        if request.method == "POST":
            try:
                if self._receive(request, order, rows):
                    return HttpResponseRedirect(self.object_url(order))
            except MoreThanOrdered as refusal:
                error, is_more = str(refusal), True
            except DomainError as refusal:
                error = str(refusal)
        return TemplateResponse(
            request,
            "admin/stock/replenishmentorder/receive.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": _("Receive goods"),
                "order": order,
                "rows": [row for row in rows if row["is_shown"]],
                "hidden_count": sum(not row["is_shown"] for row in rows),
                "error": error,
                "is_more": is_more,
                "has_errors": any(row["error"] for row in rows),
                "may_set_cost": request.user.has_perm(catalog_cells.SEE_COST),
                "paper": request.POST.get("paper") or new_reference("RC"),
                "reference": request.POST.get("reference", ""),
                "back_url": self.object_url(order),
            },
        )

    def _receive(
        self, request: HttpRequest, order: ReplenishmentOrder, rows: Sequence[Any]
    ) -> bool:
        """Whether it was booked; rows say what is wrong with them."""
        user: Any = request.user
        lines = {row["line"].pk: found for row in rows if (found := _read(row))}
        if any(row["error"] for row in rows):
            return False
        note = request.POST.get("reference", "").strip()
        receipt = replenishment.receive(
            order,
            lines,
            by=user,
            reference=note or request.POST.get("paper", ""),
            accept_more=request.POST.get("accept_more") == "yes",
        )
        messages.success(request, labelled(_("Goods received"), receipt.reference))
        return True


def _rows(order: ReplenishmentOrder, request: HttpRequest) -> list[dict[str, Any]]:
    """The lines with what was typed; first as if everything came that is owed."""
    is_blank = request.method == "GET" and "blank" in request.GET
    lines = order.lines.select_related("goods", "goods__unit", "goods__case_unit")
    typed = {line.pk: _typed(request, line, is_blank) for line in lines}
    return [
        {
            "is_shown": line.outstanding > 0
            or "all" in request.GET
            or any(typed[line.pk].values()),
            "line": line,
            "goods": line.goods,
            "thumb": thumb(
                catalog_cells.thumb_url(str(line.goods.image or "")), line.goods.name
            ),
            "ordered": quantity(line.quantity, line.goods.unit),
            "cases": cells.in_cases(line.goods, line.outstanding),
            "outstanding": quantity(line.outstanding, line.goods.unit),
            "typed": typed[line.pk],
            "known_cost": plain(line.unit_cost),
            "error": "",
        }
        for line in lines
    ]


def _typed(
    request: HttpRequest, line: ReplenishmentLine, is_blank: bool
) -> dict[str, str]:
    if request.method == "POST":
        names = {"kept": KEPT, "rejected": REJECTED, "reason": REASON, "cost": COST}
        return {
            name: request.POST.get(f"{prefix}{line.pk}", "").strip()
            for name, prefix in names.items()
        }
    owed = "" if is_blank or not line.outstanding else plain(line.outstanding)
    return {"kept": owed, "rejected": "", "reason": "", "cost": ""}


def _read(row: dict[str, Any]) -> Delivered | None:
    """What was typed for a line; None where nothing was, or where it is wrong."""
    typed = row["typed"]
    try:
        kept: Decimal = typed_quantity(typed["kept"], row["goods"]) or ZERO
        rejected: Decimal = typed_quantity(typed["rejected"], row["goods"]) or ZERO
        cost = typed_cost(typed["cost"])
    except ValidationError as wrong:
        row["error"] = " ".join(wrong.messages)
        return None
    if not kept and not rejected:
        return None
    if rejected and not typed["reason"]:
        row["error"] = _("Say why it is rejected.")
        return None
    return Delivered(kept, cost, rejected, typed["reason"])
