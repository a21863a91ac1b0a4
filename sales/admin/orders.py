"""Orders as a workbench: what waits, the next step in each row."""

from collections.abc import Sequence
from datetime import datetime, time
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base.admin import (
    EmptyState,
    Tab,
    column,
    money,
    tag,
    two_lines,
    when,
)
from backoffice.base.admin.cells import NOTHING, joined
from backoffice.base.admin.changelist import WorkbenchList
from sales.admin import cells
from sales.admin.desks import DeskPages
from sales.admin.filters import (
    CustomerFilter,
    DeliveryFilter,
    PlacedFilter,
    RefundFilter,
    SourceFilter,
)
from sales.admin.refunding import RefundPages
from sales.admin.searching import find_orders
from sales.admin.till import TillPages
from sales.enums import REFUND_OPEN, OrderStatus, Source
from sales.models import Order, OrderLine, Refund

TODAY = "today"


class OrderList(WorkbenchList):
    """A page of orders with their goods and open refunds: a query for each."""

    def get_ordering(self, request: HttpRequest, queryset: QuerySet) -> list[Any]:
        """Between days in the order of the time, whose index leads to them; else the
        planner would walk from the newest order down to the days."""
        if any(request.GET.get(f"created_at_{end}") for end in ("from", "to")):
            return ["-created_at", "-pk"]
        return super().get_ordering(request, queryset)

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        with_goods(self.result_list)
        for order in self.result_list:
            order.receiver_shown = cells.receiver_of(request, order)


def with_goods(orders: Sequence[Any]) -> None:
    """Give each order its lines, and the number of its open refunds."""
    by_id = {order.pk: order for order in orders}
    for order in orders:
        order.shown_lines, order.open_refunds = [], 0
    lines = OrderLine.objects.filter(order__in=by_id)
    for line in lines.order_by("order_id", "sequence"):
        by_id[line.order_id].shown_lines.append(line)
    open_ones = Refund.objects.filter(order__in=by_id, status__in=REFUND_OPEN)
    for pk in open_ones.order_by().values_list("order_id", flat=True):
        by_id[pk].open_refunds += 1


@admin.register(Order)
class OrderAdmin(RefundPages, TillPages, DeskPages):
    """The newest first; whatever narrows the list is served by an index in that
    order."""

    list_display = [
        *("number", "for_whom", "goods", "delivery_of_it", "total"),
        "stands",
    ]
    list_display_links = ["number"]
    list_select_related = ["user"]
    list_filter = [
        ("created_at", PlacedFilter),
        *(DeliveryFilter, SourceFilter, RefundFilter, CustomerFilter),
    ]
    ordering = ["-id"]
    sortable_by = ()
    indexed_columns = ()
    search_fields = ["order_no"]
    search_help_text = gettext_lazy(
        "Order number or how it begins, whole mobile, pick-up code, goods"
    )

    class Media:
        css = {"all": ["backoffice/css/catalog.css", "backoffice/css/orders.css"]}

    def get_tabs(self, request: HttpRequest) -> Sequence[Tab]:
        """One for each status, and today's."""
        start = timezone.make_aware(datetime.combine(timezone.localdate(), time.min))
        return [
            Tab(TODAY, gettext_lazy("Today"), Q(created_at__gte=start)),
            *(
                Tab(str(status), status.label, Q(status=status))
                for status in OrderStatus
            ),
        ]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        return OrderList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        return find_orders(queryset, search_term), False

    def empty_state(self, request: HttpRequest) -> EmptyState:
        return EmptyState(
            _("No order yet. What customers order in the storefront appears here.")
        )

    # --- the columns

    @column(gettext_lazy("order number"), phone="title")
    def number(self, obj: Any) -> Any:
        """With when it was placed, and where, if not in the storefront."""
        under = [when(obj.created_at)]
        if obj.source != Source.STOREFRONT:
            under.append(obj.get_source_display())
        return two_lines(obj.order_no, joined(under), cells.order_url(obj.pk))

    @column(gettext_lazy("customer"))
    def for_whom(self, obj: Any) -> Any:
        """Who ordered; under it where it goes, as far as it may be known."""
        receiver = obj.receiver_shown
        name = obj.user or receiver.name or _("Walk-in")
        under = " ".join(p for p in (receiver.name, receiver.mobile) if p)
        return two_lines(name, under)

    @column(gettext_lazy("goods"), phone="wide")
    def goods(self, obj: Any) -> Any:
        total = sum((line.quantity for line in obj.shown_lines), Decimal(0))
        if not total:
            return NOTHING
        return format_html(
            '<span class="clamp">{}</span>', cells.summary(obj.shown_lines)
        )

    @column(gettext_lazy("delivery"))
    def delivery_of_it(self, obj: Any) -> Any:
        return cells.delivery_tag(obj.delivery)

    @column(gettext_lazy("payable"), numeric=True)
    def total(self, obj: Any) -> Any:
        return money(obj.payable)

    @column(gettext_lazy("status"), phone="wide")
    def stands(self, obj: Any) -> Any:
        """With what else has to be known of it at a glance."""
        parts = [cells.status_tag(obj.status)]
        if obj.status == OrderStatus.PENDING:
            if obj.cancel_requested_at:
                parts.append(tag("cancelling", _("Being cancelled"), tone="slate"))
            elif obj.expires_at <= timezone.now():
                parts.append(tag("expired", _("Time is over"), tone="red"))
        if obj.open_refunds:
            parts.append(tag("refund", _("Refund open"), tone="amber"))
        return joined(parts)
