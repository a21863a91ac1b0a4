"""The price log and the shelf log, over all goods and of one: looked at, never changed."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base.admin import (
    EmptyState,
    ReadOnlyAdmin,
    Tool,
    column,
    two_lines,
    when,
)
from backoffice.base.admin.cells import NOTHING
from backoffice.base.admin.changelist import WorkbenchList
from backoffice.base.money import fixed
from backoffice.sheets.admin.links import sheet_tools
from catalog.admin import cells, filters
from catalog.admin.price_chart import chart_of
from catalog.admin.references import LOGS, References, log_url
from catalog.admin.search import ids_of
from catalog.enums import GoodsStatus
from catalog.logs import Move, price_moves, prices_over_time
from catalog.models import Goods, PriceLog, ShelfLog

GOODS = "goods"


def goods_asked_for(request: HttpRequest) -> Goods | None:
    """The goods whose part of the log is shown, if it is the part of one."""
    if not hasattr(request, "_goods_of_log"):
        value = request.GET.get(GOODS, "")
        found = None
        if value.isascii() and value.isdigit() and len(value) < 19:
            found = Goods.objects.filter(pk=value).first()
        request._goods_of_log = found  # type: ignore[attr-defined]
    goods: Goods | None = request._goods_of_log  # type: ignore[attr-defined]
    return goods


class LogList(WorkbenchList):
    """A page of a log, with the runs and batches that its rows name."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        references = References(request, self.result_list)
        for row in self.result_list:
            row.source = references.cell(row)


class PriceLogList(LogList):
    """With what moved from what to what."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        moves = price_moves(self.result_list)
        for row in self.result_list:
            row.retail_move, row.case_move = moves[row.pk]


class GoodsFilter(admin.SimpleListFilter):
    """By one goods (`?goods=17`), from a link on its page; others by the search."""

    title = gettext_lazy("goods")
    parameter_name = GOODS

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        value = request.GET.get(GOODS, "")
        return [(value, str(goods_asked_for(request) or value))] if value else []

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if not self.value():
            return queryset
        goods = goods_asked_for(request)
        return queryset.filter(id=goods.pk) if goods else queryset.none()


class StatusFilter(admin.SimpleListFilter):
    """By where the move ended."""

    title = gettext_lazy("moved to")
    parameter_name = "to"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(GoodsStatus.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        value = self.value()
        return (
            queryset.filter(status=value) if value in GoodsStatus.values else queryset
        )


class HistoryLogAdmin(filters.CostLookups, ReadOnlyAdmin):
    """Rows of the history of goods, the newest first, served by a partial index."""

    list_display_links = None
    list_select_related = ["history_user"]
    list_filter = [
        ("history_date", filters.TimeFilter),
        filters.PersonFilter,
        filters.MeansFilter,
        GoodsFilter,
    ]
    quick_filters = 4
    change_list_template = "admin/catalog/log_list.html"
    ordering = ["-history_date", "-history_id"]
    sortable_by = ()
    search_fields = ["code"]
    search_help_text = gettext_lazy("Name, brand, code, barcode or pinyin of the goods")

    class Media:
        css = {"all": ["backoffice/css/catalog.css", "backoffice/css/logs.css"]}

    #: what makes a row of history one of this log
    condition: dict[str, Any] = {}
    #: the id of its sheet, and the other log
    sheet = ""
    other = ""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm(LOGS))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        return LogList

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list; for one goods with its name, and the way back to it."""
        goods = goods_asked_for(request) if self.has_view_permission(request) else None
        extra = {"goods": goods, **self.about(request, goods), **(extra_context or {})}
        return super().changelist_view(request, extra)

    def about(self, request: HttpRequest, goods: Goods | None) -> dict[str, Any]:
        """What stands over the rows of one goods."""
        return {}

    def get_list_display(self, request: HttpRequest) -> Any:
        """Without the goods where all rows are of one."""
        is_of_one = goods_asked_for(request) is not None
        return [n for n in self.list_display if not (is_of_one and n == "goods")]

    def list_tools(self, request: HttpRequest) -> list[Tool]:
        """Export of what is shown; beside one goods, its other log and its history."""
        tools = sheet_tools(request, self.sheet)
        goods = goods_asked_for(request)
        if goods is None:
            return tools
        label = _("Shelf") if self.other == "shelflog" else _("Prices")
        return [
            Tool(label, log_url(self.other, goods.pk), "fa-arrow-right-arrow-left"),
            Tool(_("History"), _history_url(goods.pk), "fa-clock-rotate-left"),
            *tools,
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).filter(**self.condition)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        """By the goods that are meant, also where their name was another one then."""
        if not search_term.strip():
            return queryset, False
        return queryset.filter(id__in=ids_of(search_term)), False

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kw: Any
    ) -> HttpResponse:
        """A row of the history has no page: the history of its goods does."""
        row = self.get_object(request, object_id)
        if row is None or not self.has_view_permission(request):
            return HttpResponseRedirect(
                reverse(f"admin:catalog_{self.opts.model_name}_changelist")
            )
        return HttpResponseRedirect(_history_url(row.id))

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        return self.change_view(request, object_id)

    def empty_state(self, request: HttpRequest) -> EmptyState:
        return EmptyState(_("Nothing has changed yet. Every change is written here."))

    @column(gettext_lazy("time"))
    def time(self, obj: Any) -> Any:
        return when(obj.history_date)

    @column(gettext_lazy("goods"), phone="title")
    def goods(self, obj: Any) -> Any:
        return two_lines(obj.name, obj.code, _history_url(obj.id))

    @column(gettext_lazy("by"))
    def who(self, obj: Any) -> Any:
        return obj.history_user or _("The system")

    @column(gettext_lazy("reason"), phone="wide")
    def why(self, obj: Any) -> Any:
        return obj.history_change_reason or NOTHING

    @column(gettext_lazy("means"))
    def way(self, obj: Any) -> Any:
        return obj.get_means_display()

    @column(gettext_lazy("reference"))
    def source(self, obj: Any) -> Any:
        return obj.source


@admin.register(PriceLog)
class PriceLogAdmin(HistoryLogAdmin):
    """Which price changed from what to what."""

    condition = {"price_changed": True}
    sheet, other = "price_log", "shelflog"
    list_display = [
        *("time", "goods", "retail", "by_case"),
        *("who", "why", "way", "source"),
    ]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        return PriceLogList

    def about(self, request: HttpRequest, goods: Goods | None) -> dict[str, Any]:
        """A chart of its prices, with its cost for who may see costs."""
        if goods is None:
            return {}
        with_cost = request.user.has_perm(cells.SEE_COST)
        return {"chart": chart_of(prices_over_time(goods.pk, with_cost=with_cost))}

    @column(gettext_lazy("retail price"), numeric=True, phone="wide")
    def retail(self, obj: Any) -> Any:
        return _moved(obj.retail_move)

    @column(gettext_lazy("case price"), numeric=True, phone="wide")
    def by_case(self, obj: Any) -> Any:
        return _moved(obj.case_move)


@admin.register(ShelfLog)
class ShelfLogAdmin(HistoryLogAdmin):
    """Which status a goods left and which it reached."""

    condition = {"status_changed": True}
    sheet, other = "shelf_log", "pricelog"
    list_display = [
        *("time", "goods", "moved", "who", "why", "way", "source"),
    ]
    list_filter = [
        ("history_date", filters.TimeFilter),
        filters.PersonFilter,
        StatusFilter,
        filters.MeansFilter,
        GoodsFilter,
    ]
    quick_filters = 5

    @column(gettext_lazy("from → to"), phone="wide")
    def moved(self, obj: Any) -> Any:
        return format_html(
            '{} <span class="change-arrow" aria-hidden="true">→</span> {}',
            cells.status_tag(obj.old_status),
            cells.status_tag(obj.status),
        )


def _moved(move: Move | None) -> Any:
    if move is None:
        return NOTHING
    change = ""
    if move.old and move.new is not None:
        change = f"{(move.new - move.old) / move.old * 100:+.1f}%"
    return format_html(
        '<span class="num"><span class="change-old">{}</span> '
        '<span class="change-arrow" aria-hidden="true">→</span> '
        '<span class="change-new">{}</span> <span class="unit">{}</span></span>',
        fixed(move.old, 2) or "—",
        fixed(move.new, 2) or "—",
        change,
    )


def _history_url(pk: Any) -> str:
    return reverse("admin:catalog_goods_history", args=[pk])
