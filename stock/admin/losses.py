"""Spoilage: what was lost when and why, and the form that writes it off."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base.admin import (
    EmptyState,
    ReadOnlyAdmin,
    Tool,
    column,
    link,
    money,
    quantity,
    thumb,
    two_lines,
    when,
)
from backoffice.base.admin.cells import NOTHING
from backoffice.base.errors import DomainError
from backoffice.base.money import ZERO, fixed, plain
from backoffice.sheets.admin.links import sheet_tools
from catalog.admin import cells as catalog_cells
from catalog.admin.filters import PersonFilter, TimeFilter
from catalog.admin.logs import goods_asked_for
from catalog.admin.search import find_goods, ids_of
from catalog.models import Goods
from stock import availability, losses, spoilage
from stock.admin import cells
from stock.admin.charts import bars
from stock.admin.forms import WriteOffForm
from stock.admin.ledger import StockGoodsFilter
from stock.enums import LossReason
from stock.models import StockBalance, WriteOff
from stock.references import new_reference

LIST = "admin:stock_writeoff_changelist"
DAYS = 30
MOST_GOODS = 5
CANDIDATES = 20
#: so many orders are named that hold what was lost
MOST_ORDERS = 8


class CauseFilter(admin.SimpleListFilter):
    """By the reason."""

    title = gettext_lazy("reason")
    parameter_name = "cause"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return list(LossReason.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        value = self.value()
        return queryset.filter(cause=value) if value in LossReason.values else queryset


class ByFilter(PersonFilter):
    """By member of staff."""

    field = "by"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return super().lookups(request, model_admin)[1:]


@admin.register(WriteOff)
class WriteOffAdmin(ReadOnlyAdmin):
    """The newest first, under what a month lost by day and by goods."""

    list_display = [
        *("picture_of_it", "time", "title", "amount", "loss_in_yuan"),
        *("cause_of_it", "said", "who", "source"),
    ]
    list_display_links = None
    list_select_related = ["goods", "goods__unit", "by"]
    list_filter = [("at", TimeFilter), CauseFilter, ByFilter, StockGoodsFilter]
    quick_filters = 4
    ordering = ["-at", "-id"]
    sortable_by = ()
    search_fields = ["reference"]
    search_help_text = gettext_lazy("Goods, or the number of the write-off")
    change_list_template = "admin/stock/writeoff/change_list.html"

    class Media:
        css = {"all": ["backoffice/css/catalog.css", "backoffice/css/stock.css"]}

    def get_list_display(self, request: HttpRequest) -> Any:
        """Without values for those who may not see costs."""
        if request.user.has_perm(catalog_cells.SEE_COST):
            return list(self.list_display)
        return [name for name in self.list_display if name != "loss_in_yuan"]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list; above it, for who may see costs, what was lost."""
        extra = extra_context or {}
        if self.has_view_permission(request):
            extra = {"goods": goods_asked_for(request), **extra}
            if request.user.has_perm(catalog_cells.SEE_COST) and not request.GET:
                extra |= _month()
        return super().changelist_view(request, extra)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        typed = search_term.strip()
        if not typed:
            return queryset, False
        found = queryset.filter(reference=typed)
        if found.exists():
            return found, False
        return queryset.filter(goods_id__in=ids_of(typed)), False

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kw: Any
    ) -> HttpResponse:
        """A write-off has no page: the list shows all there is."""
        return HttpResponseRedirect(reverse(LIST))

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        return HttpResponseRedirect(reverse(LIST))

    def list_tools(self, request: HttpRequest) -> Sequence[Tool]:
        tools = list(sheet_tools(request, "spoilage"))
        if request.user.has_perm(cells.WRITE_OFF):
            url = cells.write_off_url()
            tools.append(Tool(_("Write off"), url, "fa-trash-can", "primary"))
        return tools

    def empty_state(self, request: HttpRequest) -> EmptyState:
        text = _("Nothing was written off yet.")
        if not request.user.has_perm(cells.WRITE_OFF):
            return EmptyState(text)
        return EmptyState(text, _("Write off"), cells.write_off_url())

    # --- the form

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Choose the goods (or come from its row), say how much and why: one page."""
        if not request.user.has_perm(cells.WRITE_OFF):
            raise PermissionDenied(cells.WRITE_OFF)
        goods = goods_asked_for(request)
        typed = request.GET.get("q", "").strip()
        candidates: list[Any] = []
        if goods is None and typed:
            candidates = _candidates(typed)
            if len(candidates) == 1:
                goods = candidates[0]
        form = WriteOffForm(
            request.POST or None,
            request.FILES or None,
            initial={"reference": new_reference("SP")},
        )
        is_sent = request.method == "POST" and goods is not None and form.is_valid()
        if is_sent and self._write_off(request, goods, form):  # type: ignore[arg-type]
            return HttpResponseRedirect(_back(request))
        return self._form(request, goods, form, typed, candidates)

    def _write_off(
        self, request: HttpRequest, goods: Goods, form: WriteOffForm
    ) -> bool:
        user: Any = request.user
        values = form.cleaned_data
        try:
            loss = spoilage.write_off(
                goods,
                by=user,
                quantity=values["quantity"],
                cause=LossReason(values["cause"]),
                note=values["note"],
                picture=values["picture"],
                reference=values["reference"],
            )
        except DomainError as refusal:
            form.refuse(refusal)
            return False
        words = {
            "quantity": plain(loss.row.quantity),
            "unit": goods.unit,
            "goods": goods.name,
        }
        messages.success(
            request, _("%(quantity)s %(unit)s of %(goods)s written off.") % words
        )
        if loss.shortage and loss.shortage.remaining:
            holds = availability.holds(goods.pk)[:MOST_ORDERS]
            words["short"] = plain(loss.shortage.remaining)
            words["orders"] = _(", ").join(hold.order for hold in holds)
            said = _(
                "Orders still hold %(short)s %(unit)s of it: shorten or cancel some "
                "of %(orders)s."
            )
            messages.warning(request, said % words)
        return True

    def _form(
        self,
        request: HttpRequest,
        goods: Goods | None,
        form: WriteOffForm,
        typed: str,
        candidates: Sequence[Any],
    ) -> HttpResponse:
        balance = None
        if goods is not None:
            balance = StockBalance.objects.filter(pk=goods.pk).first()
            balance = balance or StockBalance(goods=goods)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Write off"),
            "goods": goods,
            "thumb": goods and catalog_cells.thumb_url(goods.image),
            "facts": _facts(goods, balance),
            "form": form,
            "q": typed,
            "candidates": [
                (one, catalog_cells.thumb_url(one.image)) for one in candidates
            ],
            "is_unknown": bool(typed and not goods and not candidates),
            "next": request.GET.get("next", ""),
            "back_url": _back(request),
        }
        return TemplateResponse(request, "admin/stock/writeoff/write_off.html", context)

    # --- the columns

    @column(gettext_lazy("time"))
    def time(self, obj: Any) -> Any:
        return when(obj.at)

    @column(gettext_lazy("picture"), phone="picture")
    def picture_of_it(self, obj: Any) -> Any:
        """The picture of the loss, else that of the goods."""
        if obj.picture:
            small = thumb(catalog_cells.thumb_url(obj.picture.name), obj.goods.name)
            return link(catalog_cells.picture_url(obj.picture.name), small)
        return thumb(catalog_cells.thumb_url(obj.goods.image), obj.goods.name)

    @column(gettext_lazy("goods"), phone="title")
    def title(self, obj: Any) -> Any:
        return two_lines(obj.goods.name, obj.goods.code, cells.why_url(obj.goods_id))

    @column(gettext_lazy("quantity"), numeric=True)
    def amount(self, obj: Any) -> Any:
        return quantity(obj.quantity, obj.goods.unit)

    @column(gettext_lazy("loss"), numeric=True)
    def loss_in_yuan(self, obj: Any) -> Any:
        return NOTHING if obj.loss is None else money(obj.loss)

    @column(gettext_lazy("reason"))
    def cause_of_it(self, obj: Any) -> Any:
        return cells.cause_tag(obj.cause)

    @column(gettext_lazy("note"), phone="wide")
    def said(self, obj: Any) -> Any:
        return obj.note or NOTHING

    @column(gettext_lazy("by"))
    def who(self, obj: Any) -> Any:
        return obj.by

    @column(gettext_lazy("reference"))
    def source(self, obj: Any) -> Any:
        return obj.reference


def _candidates(typed: str) -> list[Goods]:
    found = find_goods(Goods.objects.with_words(), typed).order_by("-pk")
    exact = [goods for goods in found[:CANDIDATES] if goods.code == typed.upper()]
    return exact or list(found[:CANDIDATES])


def _facts(goods: Goods | None, balance: StockBalance | None) -> list[tuple[Any, Any]]:
    if goods is None or balance is None:
        return []
    facts = [(_("on hand"), quantity(balance.on_hand, goods.unit))]
    if balance.reserved:
        facts.append((_("reserved"), quantity(balance.reserved, goods.unit)))
    if balance.short:
        facts.append((_("short"), quantity(balance.short, goods.unit)))
    return facts


def _month() -> dict[str, Any]:
    """What the last days lost, drawn by day, and the goods that lost most."""
    today = timezone.localdate()
    first = today - timedelta(days=DAYS - 1)
    days = losses.by_day(first, today)
    if not any(loss for _day, loss in days):
        return {}
    yuan = _("yuan")
    return {
        "loss_chart": bars(
            _("Lost by day, the last %(days)s days") % {"days": DAYS},
            [(day, loss, f"{fixed(loss, 2)} {yuan}") for day, loss in days],
        ),
        "figures": [
            (_("today"), money(days[-1][1])),
            (_("last 7 days"), money(sum((loss for _day, loss in days[-7:]), ZERO))),
            (
                _("last %(days)s days") % {"days": DAYS},
                money(sum((loss for _day, loss in days), ZERO)),
            ),
        ],
        "worst": [
            {
                "name": row.name,
                "url": cells.why_url(row.goods_id),
                "quantity": quantity(row.quantity, row.unit),
                "loss": money(row.loss),
                "count": row.count,
            }
            for row in losses.by_goods(first, today, MOST_GOODS)
        ],
    }


def _back(request: HttpRequest) -> str:
    """Where the person came from, if it is an address of ours; else the list."""
    wanted = request.GET.get("next", "")
    if wanted and url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return wanted
    return reverse(LIST)
