"""The price log and the shelf log over all goods: looked at, never changed."""

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base.admin import (
    EmptyState,
    ReadOnlyAdmin,
    column,
    two_lines,
    when,
)
from backoffice.base.admin.cells import NOTHING
from backoffice.base.admin.changelist import WorkbenchList
from backoffice.base.admin.paging import CappedPaginator
from backoffice.base.money import fixed
from catalog.admin import cells, filters
from catalog.admin.goods_history import runs_named
from catalog.admin.search import ids_of
from catalog.changes import HISTORY
from catalog.enums import GoodsStatus
from catalog.models import PriceLog, ShelfLog

LOGS = "catalog.view_historicalgoods"


class LogList(WorkbenchList):
    """A page of a log, with the runs that its rows name and the case prices before.

    A first case price has no old value to be kept in its row, so what was before is
    read from the row before.
    """

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        runs = runs_named({row.reference for row in self.result_list})
        before = _case_prices_before([row.pk for row in self.result_list])
        for row in self.result_list:
            row.runs = runs
            row.case_before = before.get(row.pk)


def _case_prices_before(pks: list[int]) -> dict[int, Any]:
    """{row of history: the case price of the goods' row before it}; one query."""
    earlier = HISTORY.objects.filter(
        id=OuterRef("id"), history_id__lt=OuterRef("history_id")
    ).order_by("-history_id")
    return dict(
        HISTORY.objects.filter(pk__in=pks)
        .annotate(case_before=Subquery(earlier.values("case_price")[:1]))
        .values_list("pk", "case_before")
    )


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
    ]
    ordering = ["-history_date", "-history_id"]
    sortable_by = ()
    paginator = CappedPaginator
    search_fields = ["code"]
    search_help_text = gettext_lazy("Name, code or barcode of the goods")

    class Media:
        css = {"all": ["backoffice/css/catalog.css"]}

    #: what makes a row of history one of this log
    condition: dict[str, Any] = {}

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm(LOGS))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        return LogList

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
        return cells.reference_cell(obj.reference, obj.runs)


@admin.register(PriceLog)
class PriceLogAdmin(HistoryLogAdmin):
    """Which price changed from what to what."""

    condition = {"price_changed": True}
    list_display = [
        *("time", "goods", "retail", "by_case"),
        *("who", "why", "way", "source"),
    ]

    @column(gettext_lazy("retail price"), numeric=True, phone="wide")
    def retail(self, obj: Any) -> Any:
        return (
            _moved(obj.old_price, obj.price) if obj.old_price is not None else NOTHING
        )

    @column(gettext_lazy("case price"), numeric=True, phone="wide")
    def by_case(self, obj: Any) -> Any:
        if obj.case_price == obj.case_before:
            return NOTHING
        return _moved(obj.case_before, obj.case_price)


@admin.register(ShelfLog)
class ShelfLogAdmin(HistoryLogAdmin):
    """Which status a goods left and which it reached."""

    condition = {"status_changed": True}
    list_display = [
        *("time", "goods", "moved", "who", "why", "way", "source"),
    ]
    list_filter = [
        ("history_date", filters.TimeFilter),
        filters.PersonFilter,
        StatusFilter,
        filters.MeansFilter,
    ]
    quick_filters = 4

    @column(gettext_lazy("from → to"), phone="wide")
    def moved(self, obj: Any) -> Any:
        return format_html(
            '{} <span class="change-arrow" aria-hidden="true">→</span> {}',
            cells.status_tag(obj.old_status),
            cells.status_tag(obj.status),
        )


def _moved(old: Any, new: Any) -> Any:
    change = ""
    if old and new is not None:
        change = f"{(new - old) / old * 100:+.1f}%"
    return format_html(
        '<span class="num"><span class="change-old">{}</span> '
        '<span class="change-arrow" aria-hidden="true">→</span> '
        '<span class="change-new">{}</span> <span class="unit">{}</span></span>',
        fixed(old, 2) or "—",
        fixed(new, 2) or "—",
        change,
    )


def _history_url(pk: Any) -> str:
    return reverse("admin:catalog_goods_history", args=[pk])
