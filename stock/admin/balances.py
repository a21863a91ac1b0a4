"""The list of balances, with the next step for each of them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db.models import DecimalField, ExpressionWrapper, F, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base.admin import (
    EmptyState,
    RowAction,
    Tab,
    Tool,
    column,
    money,
    quantity,
    tag,
    thumb,
    two_lines,
    when,
)
from backoffice.base.admin.cells import NOTHING, joined
from backoffice.base.money import round_money
from backoffice.sheets.admin.links import sheet_tools
from catalog.admin import cells as catalog_cells
from catalog.admin.search import ids_of
from stock.admin import cells
from stock.admin.adjusting import AdjustPages
from stock.admin.opening import OpeningPages
from stock.admin.why import WhyPages
from stock.models import StockBalance

AVAILABLE = ExpressionWrapper(
    F("on_hand") - F("reserved"),
    output_field=DecimalField(max_digits=12, decimal_places=3),
)


@admin.register(StockBalance)
class StockBalanceAdmin(AdjustPages, OpeningPages, WhyPages):
    """How many there are of each goods; a balance is written by the ledger only."""

    list_display = [
        "picture",
        "title",
        "on_hand_now",
        "held",
        "free",
        "worth",
        "moved",
    ]
    list_display_links = ["title"]
    list_select_related = ["goods", "goods__unit"]
    list_filter = ["goods__category", "goods__status"]
    ordering = ["-goods"]
    search_fields = ["goods__name"]
    search_help_text = gettext_lazy("Name, brand, code, barcode or pinyin")
    tabs = [
        Tab("there", gettext_lazy("available"), Q(is_available=True)),
        Tab("gone", gettext_lazy("sold out"), Q(is_available=False)),
        Tab("held", gettext_lazy("reserved"), Q(reserved__gt=0)),
        Tab("short", gettext_lazy("short"), Q(short__gt=0)),
    ]

    class Media:
        css = {"all": ["backoffice/css/catalog.css", "backoffice/css/stock.css"]}

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody: opening stock has a page of its own."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: balances follow from movements."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).annotate(_available=AVAILABLE)

    def get_list_display(self, request: HttpRequest) -> Any:
        """Without values for those who may not see costs."""
        if request.user.has_perm(catalog_cells.SEE_COST):
            return list(self.list_display)
        return [name for name in self.list_display if name != "worth"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        if not search_term.strip():
            return queryset, False
        return queryset.filter(pk__in=ids_of(search_term)), False

    @column(gettext_lazy("picture"), phone="picture")
    def picture(self, obj: Any) -> Any:
        return thumb(catalog_cells.thumb_url(obj.goods.image), obj.goods.name)

    @column(gettext_lazy("goods"), ordering="goods__name", phone="title")
    def title(self, obj: Any) -> Any:
        return two_lines(obj.goods.name, obj.goods.code)

    @column(gettext_lazy("on hand"), ordering="on_hand", numeric=True)
    def on_hand_now(self, obj: Any) -> Any:
        shown = quantity(obj.on_hand, obj.goods.unit)
        if not obj.short:
            return shown
        return joined([shown, tag("short", _("short"), tone="red")])

    @column(gettext_lazy("reserved"), ordering="reserved", numeric=True)
    def held(self, obj: Any) -> Any:
        return quantity(obj.reserved, obj.goods.unit) if obj.reserved else NOTHING

    @column(gettext_lazy("available"), ordering="_available", numeric=True)
    def free(self, obj: Any) -> Any:
        return cells.available(obj)

    @column(gettext_lazy("worth"), numeric=True)
    def worth(self, obj: Any) -> Any:
        """At cost."""
        if obj.goods.cost is None:
            return NOTHING
        return money(round_money(Decimal(obj.on_hand) * obj.goods.cost))

    @column(gettext_lazy("last moved"), ordering="updated_at")
    def moved(self, obj: Any) -> Any:
        return when(obj.updated_at)

    def row_actions(self, request: HttpRequest, obj: Any) -> Sequence[RowAction]:
        """Write it off, where there is something to lose."""
        if obj.on_hand <= obj.short or not request.user.has_perm(cells.WRITE_OFF):
            return []
        address = cells.write_off_url(obj.pk, request.get_full_path())
        return [RowAction(_("Write off"), address, icon="fa-trash-can")]

    def list_tools(self, request: HttpRequest) -> Sequence[Tool]:
        tools = list(sheet_tools(request, "stock"))
        if request.user.has_perm(cells.OPEN):
            address = reverse("admin:stock_opening")
            tools.append(Tool(_("Opening stock"), address, "fa-box-open"))
        return tools

    def empty_state(self, request: HttpRequest) -> EmptyState:
        text = _("Nothing in stock yet. Enter what is there, or receive goods.")
        if not request.user.has_perm(cells.OPEN):
            return EmptyState(text)
        return EmptyState(
            text, _("Enter opening stock"), reverse("admin:stock_opening")
        )
