"""The sales history: looked at, imported and exported as a sheet."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from backoffice.base import ports
from backoffice.base.admin import (
    DayRangeFilter,
    EmptyState,
    ReadOnlyAdmin,
    Tool,
    column,
    link,
    money,
    quantity,
    tag,
    two_lines,
)
from backoffice.base.admin.changelist import WorkbenchList
from stock.enums import SoldKind
from stock.models import SoldLine

SHEET = "sales-history"


class HistoryList(WorkbenchList):
    """A page of lines, with the addresses of the batches that they came in."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        batches = {line.batch for line in self.result_list if line.batch}
        urls = ports.batch_urls(request, batches)
        for line in self.result_list:
            line.batch_url = urls.get(line.batch, "")


@admin.register(SoldLine)
class SoldLineAdmin(ReadOnlyAdmin):
    """What was sold and taken back, line by line, the latest first."""

    list_display = ["sold_at", "title", "way", "amount", "price", "paper", "origin"]
    list_filter = [("sold_at", DayRangeFilter), "kind", "source"]
    search_fields = ["reference"]
    search_help_text = _("Code, name or reference")
    list_select_related = ["goods", "goods__unit"]
    sortable_by = ()
    phone_columns = {"sold_at": ""}
    readonly_fields = [
        *("sold_at", "title", "way", "amount", "price", "paper", "origin"),
    ]

    def get_urls(self) -> list[URLPattern]:
        """Without a history: lines are not changed."""
        return [u for u in super().get_urls() if not str(u.name).endswith("_history")]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The page of a line shows what the list does."""
        return self.readonly_fields

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        return HistoryList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        """By the whole reference, or by the goods."""
        term = search_term.strip()
        if not term:
            return queryset, False
        named = Q(goods__code__istartswith=term) | Q(goods__name__icontains=term)
        return queryset.filter(named | Q(reference=term)), False

    def list_tools(self, request: HttpRequest) -> Sequence[Tool]:
        """Import, and export of what is shown."""
        return ports.sheet_tools(request, SHEET)

    def empty_state(self, request: HttpRequest) -> EmptyState:
        return EmptyState(
            _(
                "What was sold before stands here, so that averages begin with it. "
                "Import it as a sheet."
            ),
            _("Import"),
            f"{reverse('admin:sheets_import')}?sheet={SHEET}",
        )

    @column(_("goods"), phone="title")
    def title(self, obj: SoldLine) -> SafeString:
        return two_lines(obj.goods.name, obj.goods.code)

    @column(_("kind"))
    def way(self, obj: SoldLine) -> SafeString:
        tone = "green" if obj.kind == SoldKind.SALE else "amber"
        return tag(obj.kind, obj.get_kind_display(), tone=tone)

    @column(_("quantity"), numeric=True)
    def amount(self, obj: SoldLine) -> SafeString:
        return quantity(obj.quantity, obj.goods.unit)

    @column(_("unit price"), numeric=True)
    def price(self, obj: SoldLine) -> SafeString:
        return money(obj.unit_price, places=4)

    @column(_("reference"))
    def paper(self, obj: SoldLine) -> str:
        return str(obj)

    @column(_("source"))
    def origin(self, obj: Any) -> SafeString:
        """Where it comes from, with the batch of the sheet."""
        number = link(getattr(obj, "batch_url", ""), f"#{obj.batch}")
        return two_lines(obj.get_source_display(), number if obj.batch else "")
