"""Two desks: where orders are packed, and where they are picked up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice.base.admin import RowAction, quantity, tag
from backoffice.base.money import plain
from backoffice.base.text import half_width
from sales.admin import cells
from sales.admin.forms import HandOverForm
from sales.admin.papers import KINDS, TAIL, PaperPages, papers_url
from sales.enums import REFUND_OPEN, Delivery, OrderStatus
from sales.models import Order, OrderLine, Refund

#: so many orders stand on a desk; the others come up as these leave
MOST = 100
#: after this, somebody should ring the customer up
LONG = timedelta(days=1)


@dataclass(frozen=True)
class Waiting:
    """One order on a desk."""

    order: Order
    tail: str
    url: str
    receiver: cells.Receiver
    lines: Sequence[OrderLine]
    since: Any
    is_long: bool
    is_blocked: bool
    action: RowAction | None

    @property
    def delivery(self) -> Any:
        """How it goes, as a tag."""
        return cells.delivery_tag(self.order.delivery)

    @property
    def goods(self) -> list[tuple[str, Any, Any]]:
        """Name, how much is to go, and where its weight stands."""
        return [(line.name, _to_go(line), _weight(line)) for line in self.lines]


class DeskPages(PaperPages):
    """Mixed into the admin of orders."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("packing/", view(self.packing_view), name="sales_packing"),
            path("pick-up/", view(self.pickup_view), name="sales_pickup"),
            *super().get_urls(),
        ]

    def packing_view(self, request: HttpRequest) -> HttpResponse:
        """What is paid and still here, the longest waiting first."""
        self._permit(request)
        wanted = request.GET.get("delivery", "")
        rows = Order.objects.filter(status=OrderStatus.PAID)
        if wanted in Delivery.values:
            rows = rows.filter(delivery=wanted)
        orders = list(rows.select_related("user").order_by("id")[: MOST + 1])
        waiting = self._waiting(request, orders[:MOST])
        ids = [one.order.pk for one in waiting]
        context = {
            **self._desk(request, _("Packing")),
            "waiting": waiting,
            "has_more": len(orders) > MOST,
            "most": MOST,
            "tabs": [
                (_("All"), "?", wanted not in Delivery.values),
                *(
                    (one.label, f"?{urlencode({'delivery': one})}", wanted == one)
                    for one in Delivery
                ),
            ],
            "papers": [
                (kind, papers_url(kind, ids, next=request.get_full_path()))
                for kind in KINDS.values()
                if kind.name != "receipts"
            ],
        }
        return TemplateResponse(request, "admin/sales/order/packing.html", context)

    def pickup_view(self, request: HttpRequest) -> HttpResponse:
        """What waits for its customer; the code that is said finds it."""
        self._permit(request)
        rows = Order.objects.filter(status=OrderStatus.READY).select_related("user")
        code = half_width(request.GET.get("code", ""))[:10]
        orders = list(rows.order_by("id")[: MOST + 1])
        found = rows.filter(pickup_code=code).first() if code else None
        others = [order for order in orders[:MOST] if order != found]
        waiting = self._waiting(request, [found, *others] if found else others)
        context = {
            **self._desk(request, _("Pick-up board")),
            "code": code,
            "found": waiting[0] if found else None,
            "form": HandOverForm(initial={"code": code}),
            "waiting": waiting[1:] if found else waiting,
            "has_more": len(orders) > MOST,
            "most": MOST,
            "here": request.path,
        }
        return TemplateResponse(request, "admin/sales/order/pickup.html", context)

    # --- within

    def _permit(self, request: HttpRequest) -> None:
        if not (
            self.has_view_permission(request) and request.user.has_perm(cells.PACK)
        ):
            raise PermissionDenied(cells.PACK)

    def _desk(self, request: HttpRequest, title: str) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
        }

    def _waiting(self, request: HttpRequest, orders: Sequence[Order]) -> list[Waiting]:
        """With their lines and what is in the way: two queries for all."""
        lines: dict[int, list[OrderLine]] = {order.pk: [] for order in orders}
        for line in OrderLine.objects.filter(order__in=lines, held__gt=0).order_by(
            "sequence"
        ):
            lines[line.order_id].append(line)
        open_ones = Refund.objects.filter(
            order__in=lines, is_full=True, status__in=REFUND_OPEN
        )
        blocked = set(open_ones.order_by().values_list("order_id", flat=True))
        now = timezone.now()
        found = []
        for order in orders:
            since = order.ready_at or order.paid_at or order.created_at
            found.append(
                Waiting(
                    order,
                    order.order_no[-TAIL:],
                    cells.order_url(order.pk),
                    cells.receiver_of(request, order),
                    lines[order.pk],
                    since,
                    now - since > LONG,
                    order.pk in blocked,
                    self._action(request, order, lines[order.pk]),
                )
            )
        return found

    def _action(
        self, request: HttpRequest, order: Order, lines: Sequence[OrderLine]
    ) -> RowAction | None:
        order.shown_lines = lines  # type: ignore[attr-defined]
        return next(iter(self.row_actions(request, order)), None)


def _to_go(line: OrderLine) -> Any:
    return quantity(line.held, line.base_unit_name)


def _weight(line: OrderLine) -> Any:
    if not line.is_weighed:
        return ""
    if line.weighed is None:
        return tag("to_weigh", _("to weigh"), tone="grey")
    return tag("weighed", f"{plain(line.weighed)} {line.base_unit_name}", tone="green")
