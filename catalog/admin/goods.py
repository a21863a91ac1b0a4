"""The workbench: all goods, what each of them needs next, and the verbs for it."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base import ports
from backoffice.base.admin import (
    Change,
    EmptyState,
    Outcome,
    Planned,
    RowAction,
    Tab,
    Tool,
    Verb,
    VerbAdmin,
    column,
    link,
    quantity,
    thumb,
    two_lines,
    when,
)
from backoffice.base.admin.cells import NOTHING, joined
from backoffice.base.admin.changelist import ONLY, WorkbenchList
from backoffice.sheets.admin.links import sheet_tools
from catalog import bulk, editing, pricing
from catalog.admin import cells, filters
from catalog.admin.goods_form import GoodsFormPages
from catalog.admin.goods_history import GoodsHistoryPages
from catalog.admin.price_form import PricePages, pencil
from catalog.admin.review_queue import ReviewPages
from catalog.admin.search import find_goods
from catalog.admin.studio import start_url
from catalog.enums import MOVES, VERB_LABELS, VERB_PERMISSIONS, GoodsStatus, RunStatus
from catalog.models import Goods, RepricingLine
from catalog.models.steps import list_price

COST_COLUMNS = ("cost_of_unit", "margin")


def _verb(name: str, **options: Any) -> Verb:
    return Verb(name, VERB_LABELS[name], VERB_PERMISSIONS[name], **options)


class GoodsList(WorkbenchList):
    """A page of goods with what is available and which prices wait: a query for each."""

    def get_ordering(self, request: HttpRequest, queryset: QuerySet) -> list[Any]:
        """By price: the index gives the steps in order, what lies in one is sorted."""
        ordering: list[Any] = []
        for part in super().get_ordering(request, queryset):
            ordering.append(part)
            if part in ("price_step", "-price_step"):
                price = list_price()
                ordering.append(price.desc() if part[0] == "-" else price.asc())
        return ordering

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> Any:
        """Without the descriptions, which no row shows."""
        return super().get_queryset(request, exclude_parameters).defer("description")

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        user: Any = request.user
        ids = [goods.pk for goods in self.result_list]
        available = ports.available(ids) if ids else {}
        waiting = set(
            RepricingLine.objects.filter(
                goods__in=ids, run__status=RunStatus.AWAITING
            ).values_list("goods_id", flat=True)
        )
        for goods in self.result_list:
            goods.available = available.get(goods.pk)
            goods.stock_url = ports.stock_url(request, goods.pk)
            goods.price_waits = goods.pk in waiting
            goods.may_price = pricing.may_price(user, goods)


@admin.register(Goods)
class GoodsAdmin(
    ReviewPages,
    GoodsHistoryPages,
    GoodsFormPages,
    PricePages,
    filters.CostLookups,
    VerbAdmin,
):
    """Rows are written by the verbs of the catalog only."""

    list_display = [
        "picture",
        "title",
        "category",
        "retail",
        "by_case",
        "cost_of_unit",
        "margin",
        "where",
        "stock",
        "listed_since",
    ]
    list_display_links = ["title"]
    list_filter = [
        "category",
        "brand",
        filters.PriceFilter,
        filters.SellingFilter,
        filters.PictureFilter,
        filters.CostFilter,
    ]
    list_select_related = ["category", "unit", "case_unit"]
    ordering = ["-id"]
    indexed_columns = ["retail", "where"]
    search_fields = ["name"]
    search_help_text = gettext_lazy("Name, brand, code, barcode or pinyin")
    tabs = [
        Tab(status.value, status.label, {"status": status.value})
        for status in (
            GoodsStatus.PENDING,
            GoodsStatus.DRAFT,
            GoodsStatus.REJECTED,
            GoodsStatus.APPROVED,
            GoodsStatus.ON_SALE,
            GoodsStatus.OFF_SALE,
            GoodsStatus.ARCHIVED,
        )
    ]
    verbs = [
        _verb(
            "submit",
            icon="fa-paper-plane",
            tone="primary",
            confirm=False,
            help=gettext_lazy("The goods wait for a reviewer."),
        ),
        _verb(
            "approve",
            icon="fa-check",
            tone="success",
            reason="optional",
            in_row=False,
            help=gettext_lazy("The goods may then be put on the shelf."),
        ),
        _verb(
            "reject",
            icon="fa-xmark",
            tone="danger",
            reason="required",
            in_row=False,
            help=gettext_lazy("The buyer reads the reason and mends the goods."),
        ),
        _verb(
            "list",
            icon="fa-arrow-up",
            tone="success",
            confirm=False,
            undo="delist",
            help=gettext_lazy("The storefront shows the goods from now on."),
        ),
        _verb(
            "delist",
            icon="fa-arrow-down",
            tone="warning",
            reason="optional",
            undo="list",
            in_row=False,
            help=gettext_lazy("The storefront no longer shows the goods."),
        ),
        Verb(
            "reprice",
            gettext_lazy("Reprice"),
            "catalog.add_repricingrun",
            icon="fa-tags",
            help=gettext_lazy(
                "A rule for many prices; they are seen before they change."
            ),
            in_row=False,
        ),
        _verb(
            "revise",
            icon="fa-rotate-left",
            reason="optional",
            in_row=False,
            help=gettext_lazy("The goods become drafts again and are reviewed anew."),
        ),
        _verb(
            "archive",
            icon="fa-box-archive",
            tone="danger",
            reason="optional",
            undo="restore",
            in_row=False,
            help=gettext_lazy("Put away for good; history and logs stay."),
        ),
        _verb(
            "restore",
            icon="fa-box-open",
            help=gettext_lazy("Taken out of the archive, as drafts."),
        ),
    ]

    class Media:
        css = {"all": ["backoffice/css/catalog.css", "backoffice/css/studio.css"]}
        js = ["backoffice/js/price.js"]

    # --- who may see and touch what

    def has_change_permission(
        self, request: HttpRequest, obj: Goods | None = None
    ) -> bool:
        """Whoever may change something of it: content, price or cost."""
        user: Any = request.user
        if obj is None:
            return any(
                user.has_perm(f"catalog.{name}_goods")
                for name in ("change", "review", "price")
            )
        return (
            editing.may_edit_content(user, obj)
            or pricing.may_price(user, obj)
            or editing.may_edit_cost(user, obj)
        )

    # --- the list

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        return GoodsList

    def get_indexed_columns(self, request: HttpRequest) -> Sequence[str]:
        """What is on sale has an index of its own, the newest first."""
        tab = self.current_tab(request)
        if tab is not None and tab.key == GoodsStatus.ON_SALE:
            return [*self.indexed_columns, "listed_since"]
        return self.indexed_columns

    def get_list_display(self, request: HttpRequest) -> Any:
        """Without costs for those who may not see them."""
        if request.user.has_perm(cells.SEE_COST):
            return list(self.list_display)
        return [name for name in self.list_display if name not in COST_COLUMNS]

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        if request.user.has_perm(cells.SEE_COST):
            return list(self.list_filter)
        return [f for f in self.list_filter if f is not filters.CostFilter]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        return find_goods(queryset, search_term), False

    @column(gettext_lazy("picture"), phone="picture")
    def picture(self, obj: Goods) -> Any:
        return thumb(cells.thumb_url(obj.image), obj.name)

    @column(gettext_lazy("goods"), ordering="name", phone="title")
    def title(self, obj: Goods) -> Any:
        return two_lines(obj.name, obj.code)

    @column(gettext_lazy("price"), ordering="price_step", numeric=True)
    def retail(self, obj: Any) -> Any:
        if obj.may_price:
            return mark_safe(f"{cells.retail_cell(obj)}{pencil(obj)}")
        return cells.retail_cell(obj)

    @column(gettext_lazy("case"), ordering="case_price", numeric=True)
    def by_case(self, obj: Goods) -> Any:
        return cells.case_cell(obj)

    @column(gettext_lazy("cost"), ordering="cost", numeric=True)
    def cost_of_unit(self, obj: Goods) -> Any:
        return cells.cost_cell(obj)

    @column(gettext_lazy("margin"), numeric=True)
    def margin(self, obj: Goods) -> Any:
        return cells.margin_cell(obj)

    @column(gettext_lazy("status"), ordering="status")
    def where(self, obj: Any) -> Any:
        parts = [cells.status_tag(obj.status)]
        if obj.price_waits:
            parts.append(cells.price_waits())
        return joined(parts)

    @column(gettext_lazy("available"), numeric=True)
    def stock(self, obj: Any) -> Any:
        return link(obj.stock_url, quantity(obj.available, obj.unit))

    @column(gettext_lazy("listed since"), ordering="listed_at")
    def listed_since(self, obj: Goods) -> Any:
        return when(obj.listed_at) if obj.status == GoodsStatus.ON_SALE else NOTHING

    def list_tools(self, request: HttpRequest) -> Sequence[Tool]:
        return [*sheet_tools(request, "goods"), *sheet_tools(request, "pictures")]

    def empty_state(self, request: HttpRequest) -> EmptyState:
        text = _("No goods yet. Import a sheet, or enter the first goods by hand.")
        if not self.has_add_permission(request):
            return EmptyState(text)
        return EmptyState(text, _("Enter goods"), reverse("admin:catalog_goods_add"))

    # --- the verbs

    def verb_view(self, request: HttpRequest, verb_name: str) -> HttpResponse:
        """Repricing has pages of its own, and takes more than a list shows."""
        if verb_name == "reprice" and request.method == "POST":
            self._verb(request, verb_name)
            if request.POST.get("select_across") == "1":
                return HttpResponseRedirect(start_url(request, None))
            given = request.POST.getlist(ONLY) or request.POST.getlist(
                ACTION_CHECKBOX_NAME
            )
            if given:
                return HttpResponseRedirect(start_url(request, given))
        return super().verb_view(request, verb_name)

    def verb_allowed(self, request: HttpRequest, verb: Verb, obj: Any) -> bool:
        if verb.name == "reprice":
            return bool(obj.status != GoodsStatus.ARCHIVED)
        return obj.status in MOVES[verb.name][0]

    def row_actions(self, request: HttpRequest, obj: Any) -> Sequence[RowAction]:
        """What waits for review is looked at before it is decided."""
        if obj.status == GoodsStatus.PENDING:
            return self.review_action(request, obj)
        return super().row_actions(request, obj)

    def plan_verb(
        self, request: HttpRequest, verb: Verb, objects: Sequence[Any]
    ) -> Sequence[Planned]:
        user: Any = request.user
        end = cells.status_tag(MOVES[verb.name][1])
        return [
            Planned(
                o.id,
                o.name,
                o.code,
                changes=[Change(_("status"), cells.status_tag(o.status), end)],
                refusal=str(o.error or ""),
                warning=o.warning,
            )
            for o in bulk.foresee(verb.name, objects, by=user)
        ]

    def run_verb(
        self, request: HttpRequest, verb: Verb, objects: Sequence[Any], reason: str
    ) -> Sequence[Outcome]:
        user: Any = request.user
        result = bulk.run(verb.name, objects, by=user, reason=reason)
        return [
            Outcome(
                o.id,
                o.name,
                o.code,
                status=cells.status_tag(o.status),
                error=str(o.error or ""),
                warning=o.warning,
                url=cells.goods_url(o.id),
            )
            for o in result.outcomes
        ]
