"""The ledger: every movement, looked at and never changed."""

import re
from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base import ports
from backoffice.base.admin import (
    EmptyState,
    ReadOnlyAdmin,
    Tool,
    column,
    link,
    quantity,
    two_lines,
    when,
)
from backoffice.base.admin.cells import NOTHING
from backoffice.base.admin.changelist import WorkbenchList
from backoffice.sheets.admin.links import sheet_tools
from catalog.admin.filters import PersonFilter, TimeFilter
from catalog.admin.logs import GoodsFilter, goods_asked_for
from catalog.admin.search import ids_of
from stock.admin import cells
from stock.enums import MovementKind
from stock.models import ReplenishmentReceipt, StockMovement, Stocktake, WriteOff

#: what follows the number of a stocktake in the reference of a part of it
_STEM = re.compile(r"#|-U")


class LedgerList(WorkbenchList):
    """A page of the ledger with the papers that its rows name."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        papers = Papers(request, self.result_list)
        for row in self.result_list:
            row.paper = papers.cell(row)


def _url(model: str, pk: int) -> str:
    return reverse(f"admin:stock_{model}_change", args=[pk])


class Papers:
    """Where the papers behind the rows of one page are to be found: a question for each
    kind of paper that is on the page."""

    def __init__(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        orders = {row.held_for for row in rows if row.held_for}
        orders |= {row.reference for row in rows if row.kind == MovementKind.RETURN}
        lost = {row.reference for row in rows if row.kind == MovementKind.SPOILAGE}
        self.urls = dict(ports.order_urls(request, orders)) if orders else {}
        self.causes: dict[str, str] = {}
        came = {row.reference for row in rows if row.kind == MovementKind.RECEIPT}
        if came and request.user.has_perm("stock.view_replenishmentorder"):
            receipts = ReplenishmentReceipt.objects.filter(reference__in=came)
            for reference, pk in receipts.values_list("reference", "order"):
                self.urls[reference] = _url("replenishmentorder", pk)
        counted = {row.reference for row in rows if row.kind == MovementKind.STOCKTAKE}
        if counted and request.user.has_perm("stock.view_stocktake"):
            # a part that was posted later, or taken back, is of the same stocktake
            numbers = {reference: _STEM.split(reference)[0] for reference in counted}
            stocktakes = dict(
                Stocktake.objects.filter(number__in=numbers.values()).values_list(
                    "number", "pk"
                )
            )
            for reference, number in numbers.items():
                if number in stocktakes:
                    self.urls[reference] = _url("stocktake", stocktakes[number])
        if lost:
            found = WriteOff.objects.filter(reference__in=lost)
            self.causes = dict(found.values_list("reference", "cause"))

    def cell(self, row: Any) -> Any:
        """The reference, as a link where its page may be opened."""
        order = row.held_for if row.held_for != row.reference else ""
        shown = link(self.urls.get(row.reference, ""), row.reference)
        if order:
            under = link(self.urls.get(order, ""), order)
            return format_html('{}<span class="under">{}</span>', shown, under)
        if row.reference in self.causes:
            return format_html(
                '{}<span class="under">{}</span>',
                shown,
                cells.cause_tag(self.causes[row.reference]),
            )
        return shown


class StockGoodsFilter(GoodsFilter):
    """By one goods, from a link on its page."""

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if not self.value():
            return queryset
        goods = goods_asked_for(request)
        return queryset.filter(goods=goods) if goods else queryset.none()


class StaffFilter(PersonFilter):
    """By member of staff."""

    field = "by"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        # what nobody did is most of the ledger; no index leads to it
        return super().lookups(request, model_admin)[1:]


class KindFilter(admin.SimpleListFilter):
    """By kind of movement."""

    title = gettext_lazy("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return list(MovementKind.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        value = self.value()
        return queryset.filter(kind=value) if value in MovementKind.values else queryset


@admin.register(StockMovement)
class StockMovementAdmin(ReadOnlyAdmin):
    """The newest first; every filter is served by an index in that order."""

    list_display = [
        *("time", "title", "what", "moved", "held", "left"),
        *("source", "who", "why"),
    ]
    list_display_links = None
    list_select_related = ["goods", "goods__unit", "by"]
    list_filter = [("at", TimeFilter), KindFilter, StaffFilter, StockGoodsFilter]
    quick_filters = 4
    change_list_template = "admin/catalog/log_list.html"
    ordering = ["-at", "-id"]
    sortable_by = ()
    search_fields = ["reference"]
    search_help_text = gettext_lazy("Goods, or the number of an order or receipt")

    class Media:
        css = {"all": ["backoffice/css/catalog.css", "backoffice/css/stock.css"]}

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        return LedgerList

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list; for one goods under its name."""
        goods = goods_asked_for(request) if self.has_view_permission(request) else None
        return super().changelist_view(
            request, {"goods": goods, **(extra_context or {})}
        )

    def get_list_display(self, request: HttpRequest) -> Any:
        """Without the goods where all rows are of one."""
        is_of_one = goods_asked_for(request) is not None
        return [n for n in self.list_display if not (is_of_one and n == "title")]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        """The movements of a paper or an order, else those of the goods meant."""
        typed = search_term.strip()
        if not typed:
            return queryset, False
        if StockMovement.objects.filter(reference=typed).exists():
            # an order's own movements, and refunds that let go of a part of it
            goods = StockMovement.objects.filter(reference=typed).values("goods_id")
            held = Q(held_for=typed, goods_id__in=goods) & ~Q(held_for="")
            return queryset.filter(Q(reference=typed) | held), False
        return queryset.filter(goods_id__in=ids_of(typed)), False

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kw: Any
    ) -> HttpResponse:
        """A movement has no page: the stock of its goods has."""
        if not self.has_view_permission(request):
            raise PermissionDenied(cells.SEE_LEDGER)
        row = self.get_object(request, object_id)
        if row is None:
            return HttpResponseRedirect(cells.ledger_url())
        return HttpResponseRedirect(cells.why_url(row.goods_id))

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        return self.change_view(request, object_id)

    def list_tools(self, request: HttpRequest) -> Sequence[Tool]:
        tools = list(sheet_tools(request, "stock_ledger"))
        goods = goods_asked_for(request)
        if goods and request.user.has_perm(cells.SEE):
            address = cells.why_url(goods.pk)
            tools.insert(0, Tool(_("Why this number"), address, "fa-calculator"))
        return tools

    def empty_state(self, request: HttpRequest) -> EmptyState:
        return EmptyState(
            _("Nothing has moved yet. Every change of a balance is written here.")
        )

    @column(gettext_lazy("time"))
    def time(self, obj: Any) -> Any:
        return when(obj.at)

    @column(gettext_lazy("goods"), phone="title")
    def title(self, obj: Any) -> Any:
        return two_lines(obj.goods.name, obj.goods.code, cells.why_url(obj.goods_id))

    @column(gettext_lazy("kind"))
    def what(self, obj: Any) -> Any:
        return cells.kind_tag(obj.kind)

    @column(gettext_lazy("change"), numeric=True)
    def moved(self, obj: Any) -> Any:
        return cells.signed(obj.delta_on_hand, obj.goods.unit)

    @column(gettext_lazy("reserved"), numeric=True)
    def held(self, obj: Any) -> Any:
        return cells.signed(obj.delta_reserved, obj.goods.unit)

    @column(gettext_lazy("on hand after"), numeric=True)
    def left(self, obj: Any) -> Any:
        shown = quantity(obj.on_hand_after, obj.goods.unit)
        if not obj.reserved_after:
            return shown
        return format_html(
            '{}<span class="under">{}</span>',
            shown,
            _("reserved %(quantity)s")
            % {"quantity": f"{obj.reserved_after.normalize():f}"},
        )

    @column(gettext_lazy("reference"), phone="wide")
    def source(self, obj: Any) -> Any:
        return obj.paper

    @column(gettext_lazy("by"))
    def who(self, obj: Any) -> Any:
        return obj.by or _("The system")

    @column(gettext_lazy("reason"), phone="wide")
    def why(self, obj: Any) -> Any:
        return obj.reason or NOTHING
