"""Stocktakes: started, counted on the screen, looked at, posted."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

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
    home,
    money,
    quantity,
    tag,
    thumb,
    two_lines,
    when,
)
from backoffice.base.admin.cells import NOTHING
from backoffice.base.admin.changelist import WorkbenchList
from backoffice.base.errors import DomainError
from backoffice.base.money import ZERO as NO_MONEY
from backoffice.base.money import fixed, plain
from backoffice.sheets.admin.links import sheet_tools
from catalog.admin import cells as catalog_cells
from catalog.admin.filters import PersonFilter, TimeFilter
from catalog.admin.search import find_goods, ids_of
from catalog.enums import GoodsStatus
from catalog.models import Category, Goods
from stock import availability, stocktaking
from stock.admin import cells
from stock.admin.forms import typed_quantity
from stock.enums import BEING_COUNTED, StocktakeStatus
from stock.models import StockShortage, Stocktake, StocktakeLine
from stock.stocktaking import COUNT, Counted, Result

LIST = "admin:stock_stocktake_changelist"
VIEW = "stock.view_stocktake"
COUNTED, REASON, WAS = "counted-", "reason-", "was-"
PER_PAGE = 100
FOUND = 20
LINES_IN_PLAN = 30
#: so many orders are named that hold what was lost
MOST_ORDERS = 8
_TONES = {
    StocktakeStatus.COUNTING: "blue",
    StocktakeStatus.COUNTED: "amber",
    StocktakeStatus.POSTED: "green",
    StocktakeStatus.CANCELLED: "hollow",
    StocktakeStatus.UNDONE: "slate",
}


def status_tag(status: str) -> Any:
    """Where a stocktake stands."""
    found = StocktakeStatus(status)
    return tag(status, found.label, tone=_TONES[found])


class StartForm(forms.Form):
    """What is to be counted, and how."""

    category = forms.ModelChoiceField(
        Category.objects.order_by("sequence", "name"),
        label=gettext_lazy("Category"),
        required=False,
        empty_label=gettext_lazy("All categories"),
    )
    which = forms.ChoiceField(
        label=gettext_lazy("Which goods"),
        choices=[
            ("there", gettext_lazy("In stock, or on sale")),
            ("stock", gettext_lazy("In stock")),
            ("moved", gettext_lazy("All that ever moved")),
        ],
        widget=forms.RadioSelect,
        initial="there",
    )
    is_blind = forms.BooleanField(
        label=gettext_lazy("Blind count"),
        required=False,
        help_text=gettext_lazy(
            "Who counts does not see what is booked before the count is over."
        ),
    )
    note = forms.CharField(
        label=gettext_lazy("Note"),
        max_length=500,
        required=False,
        help_text=gettext_lazy("Why it is counted; kept in the ledger."),
    )

    def goods(self) -> QuerySet[Goods]:
        """The goods that are meant."""
        values = self.cleaned_data
        rows = Goods.objects.exclude(status=GoodsStatus.ARCHIVED)
        if values["category"]:
            rows = rows.filter(category=values["category"])
        there = Q(balance__on_hand__gt=0)
        if values["which"] == "stock":
            return rows.filter(there)
        if values["which"] == "moved":
            return rows.filter(balance__isnull=False)
        return rows.filter(there | Q(status=GoodsStatus.ON_SALE))


class StocktakeList(WorkbenchList):
    """A page of stocktakes with what was found: one query for all of them."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        with_totals(self.result_list)


def with_totals(rows: Sequence[Any]) -> None:
    """Give each stocktake how many goods it has, were counted, differ, and the yuan."""
    by_one: dict[int, list[StocktakeLine]] = {}
    lines = StocktakeLine.objects.filter(stocktake__in=[row.pk for row in rows])
    for line in lines.select_related("goods"):
        by_one.setdefault(line.stocktake_id, []).append(line)
    for row in rows:
        mine = by_one.get(row.pk, [])
        counted = [line for line in mine if line.counted is not None]
        different = [line for line in counted if line.difference]
        values = [stocktaking.worth(line) for line in different]
        row.line_count, row.counted_count = len(mine), len(counted)
        row.different_count = len(different)
        row.worth = sum((value for value in values if value is not None), NO_MONEY)
        row.unvalued = sum(value is None for value in values)


class StarterFilter(PersonFilter):
    """By who started it."""

    title = gettext_lazy("started by")
    field = "started_by"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return super().lookups(request, model_admin)[1:]


@admin.register(Stocktake)
class StocktakeAdmin(VerbAdmin):
    """Written by the verbs of `stock.stocktaking`."""

    list_display = ["title", "how_far", "differ", "in_yuan", "begun", "ended", "state"]
    list_display_links = ["title"]
    list_filter = [("started_at", TimeFilter), "is_blind", StarterFilter]
    list_select_related = ["started_by", "posted_by"]
    ordering = ["-started_at", "-id"]
    sortable_by = ()
    search_fields = ["number"]
    search_help_text = gettext_lazy("Number, note, or name or code of a goods")
    change_form_template = "admin/stock/stocktake/change_form.html"
    fields = ()
    tabs = [
        Tab("open", gettext_lazy("to count"), Q(status__in=BEING_COUNTED)),
        *(
            Tab(status.value, status.label, Q(status=status))
            for status in (StocktakeStatus.POSTED, StocktakeStatus.CANCELLED)
        ),
    ]
    verbs = [
        Verb(
            "finish",
            gettext_lazy("Finish the count"),
            COUNT,
            icon="fa-flag-checkered",
            tone="primary",
            confirm=False,
            in_row=False,
            in_bulk=False,
            help=gettext_lazy("The differences are looked at next; nothing is posted."),
        ),
        Verb(
            "post",
            gettext_lazy("Post the differences"),
            COUNT,
            icon="fa-check",
            tone="success",
            in_bulk=False,
            help=gettext_lazy(
                "What is booked becomes what was counted; what was sold or received "
                "since the count stays as it is."
            ),
        ),
        Verb(
            "reopen",
            gettext_lazy("Count on"),
            COUNT,
            icon="fa-rotate-left",
            confirm=False,
            in_row=False,
            in_bulk=False,
        ),
        Verb(
            "cancel",
            gettext_lazy("Cancel the stocktake"),
            COUNT,
            icon="fa-xmark",
            tone="danger",
            reason="optional",
            in_row=False,
            help=gettext_lazy("Nothing of it is posted; the counts are kept."),
        ),
    ]

    class Media:
        css = {"all": ["backoffice/css/catalog.css", "backoffice/css/stock.css"]}

    # --- who may

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(COUNT))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        """Without a history: the operation log tells who did what."""
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/count/", view(self.count_view), name="stock_count"),
            *(p for p in super().get_urls() if not str(p.name).endswith("_history")),
        ]

    # --- the list

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        return StocktakeList

    def get_list_display(self, request: HttpRequest) -> Any:
        """Without values for those who may not see costs."""
        if request.user.has_perm(catalog_cells.SEE_COST):
            return list(self.list_display)
        return [name for name in self.list_display if name != "in_yuan"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        typed = search_term.strip()
        if not typed:
            return queryset, False
        lines = StocktakeLine.objects.filter(goods__in=ids_of(typed))
        meant = Q(number__iexact=typed) | Q(note__icontains=typed)
        return queryset.filter(meant | Q(pk__in=lines.values("stocktake"))), False

    @column(gettext_lazy("stocktake"), phone="title")
    def title(self, obj: Any) -> Any:
        return two_lines(obj.note or obj.number, obj.number if obj.note else "")

    @column(gettext_lazy("counted"), numeric=True)
    def how_far(self, obj: Any) -> Any:
        return f"{obj.counted_count} / {obj.line_count}"

    @column(gettext_lazy("differ"), numeric=True)
    def differ(self, obj: Any) -> Any:
        """Nothing of a blind count that is not over."""
        if _is_hidden(obj):
            return NOTHING
        return obj.different_count or NOTHING

    @column(gettext_lazy("difference in yuan"), numeric=True)
    def in_yuan(self, obj: Any) -> Any:
        if _is_hidden(obj) or not obj.different_count:
            return NOTHING
        if obj.unvalued:
            return two_lines(money(obj.worth), _("some costs unknown"))
        return money(obj.worth)

    @column(gettext_lazy("started"))
    def begun(self, obj: Any) -> Any:
        return two_lines(when(obj.started_at), obj.started_by)

    @column(gettext_lazy("posted"))
    def ended(self, obj: Any) -> Any:
        if obj.posted_at is None:
            return NOTHING
        return two_lines(when(obj.posted_at), obj.posted_by)

    @column(gettext_lazy("status"))
    def state(self, obj: Any) -> Any:
        return status_tag(obj.status)

    def row_actions(self, request: HttpRequest, obj: Any) -> Sequence[RowAction]:
        """Count, then post."""
        if obj.status == StocktakeStatus.COUNTING and request.user.has_perm(COUNT):
            address = reverse("admin:stock_count", args=[obj.pk])
            return [RowAction(_("Count"), address, "primary", "fa-list-check")]
        return super().row_actions(request, obj)

    def list_tools(self, request: HttpRequest) -> Sequence[Tool]:
        return list(sheet_tools(request, "stocktake"))

    def empty_state(self, request: HttpRequest) -> EmptyState:
        text = _("Nothing was counted yet. Selling may go on while you count.")
        if not request.user.has_perm(COUNT):
            return EmptyState(text)
        address = reverse("admin:stock_stocktake_add")
        return EmptyState(text, _("Start a stocktake"), address)

    # --- starting

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """What is counted, and whether blind."""
        user: Any = request.user
        if not user.has_perm(COUNT):
            raise PermissionDenied(COUNT)
        form = StartForm(request.POST or None, label_suffix="")
        if request.method == "POST" and form.is_valid():
            try:
                stocktake = stocktaking.start(
                    form.goods().values_list("pk", flat=True),
                    by=user,
                    is_blind=form.cleaned_data["is_blind"],
                    note=form.cleaned_data["note"],
                )
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                address = reverse("admin:stock_count", args=[stocktake.pk])
                return HttpResponseRedirect(address)
        return TemplateResponse(
            request,
            "admin/stock/stocktake/start.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": _("Start a stocktake"),
                "form": form,
                "back_url": reverse(LIST),
            },
        )

    # --- counting

    def count_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A field for each goods; what is written there is kept with its moment."""
        user: Any = request.user
        if not user.has_perm(COUNT):
            raise PermissionDenied(COUNT)
        stocktake = self.get_queryset(request).filter(pk=pk).first()
        if stocktake is None:
            raise Http404
        if stocktake.status != StocktakeStatus.COUNTING:
            return HttpResponseRedirect(self.object_url(stocktake))
        if request.method == "POST" and "_add" in request.POST:
            return self._add_goods(request, stocktake)
        typed, left = request.GET.get("q", "").strip(), "left" in request.GET
        lines = _lines(stocktake, typed)
        if left:
            lines = lines.filter(counted=None)
        page = Paginator(lines, PER_PAGE).get_page(request.GET.get("p"))
        rows = [_row(request, line, stocktake) for line in page]
        if request.method == "POST" and self._count(request, stocktake, rows):
            return self._counted(request, stocktake)
        return TemplateResponse(
            request,
            "admin/stock/stocktake/count.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": _("Count"),
                "stocktake": stocktake,
                "rows": rows,
                "page_obj": page,
                "q": typed,
                "left": left,
                "counted": stocktake.lines.exclude(counted=None).count(),
                "total": stocktake.lines.count(),
                "has_errors": any(row["error"] for row in rows),
                "back_url": self.object_url(stocktake),
                "add": request.GET.get("add", "").strip(),
                "candidates": _candidates(stocktake, request.GET.get("add", "")),
            },
        )

    def _add_goods(self, request: HttpRequest, stocktake: Stocktake) -> HttpResponse:
        user: Any = request.user
        given = [pk for pk in request.POST.getlist("goods") if pk.isdigit()]
        try:
            stocktaking.add(stocktake, [int(pk) for pk in given], by=user)
        except DomainError as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("Goods added to the stocktake."))
        return HttpResponseRedirect(request.path)

    def _count(
        self, request: HttpRequest, stocktake: Stocktake, rows: Sequence[dict[str, Any]]
    ) -> bool:
        """Whether everything on the page was taken in; what is right is, in any case."""
        user: Any = request.user
        counts = [one for row in rows if (one := _read(row)) is not None]
        try:
            stocktaking.count(stocktake, counts, by=user)
        except DomainError as refusal:
            messages.error(request, str(refusal))
            return False
        return not any(row["error"] for row in rows)

    def _counted(self, request: HttpRequest, stocktake: Stocktake) -> HttpResponse:
        messages.success(request, _("The counts of this page are kept."))
        if "_finish" in request.POST:
            return self._finished(request, stocktake)
        page = request.POST.get("_next", "")
        query = request.GET.copy()
        if page.isdigit():
            query["p"] = page
        return HttpResponseRedirect(f"{request.path}?{query.urlencode()}")

    def _finished(self, request: HttpRequest, stocktake: Stocktake) -> HttpResponse:
        user: Any = request.user
        try:
            stocktaking.finish(stocktake, by=user)
        except DomainError as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(request.get_full_path())
        return HttpResponseRedirect(self.object_url(stocktake))

    # --- one stocktake

    def object_status(self, request: HttpRequest, obj: Any) -> Any:
        return status_tag(obj.status)

    def form_tools(self, request: HttpRequest, obj: Any) -> Sequence[Tool]:
        tools = []
        if (
            obj is not None
            and obj.status == StocktakeStatus.COUNTING
            and request.user.has_perm(COUNT)
        ):
            address = reverse("admin:stock_count", args=[obj.pk])
            tools.append(Tool(_("Count"), address, "fa-list-check", "primary"))
        return tools

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        stocktake: Any = context["original"]
        with_totals([stocktake])
        with_cost = request.user.has_perm(catalog_cells.SEE_COST)
        is_hidden = _is_hidden(stocktake)
        lines = list(_lines(stocktake, ""))
        if not is_hidden:
            lines.sort(key=lambda line: (line.counted is None, not line.difference))
        page = Paginator(lines, PER_PAGE).get_page(request.GET.get("lines"))
        context.update(
            {
                "stocktake": stocktake,
                "page_obj": page,
                "lines": [_shown(line, is_hidden, with_cost) for line in page],
                "is_hidden": is_hidden,
                "with_cost": with_cost and not is_hidden,
                "worth": money(stocktake.worth),
                "hint": _hint(request, stocktake),
                "shortages": _shortages(stocktake),
                "ledger_url": cells.ledger_url(q=stocktake.number),
                "has_moved": stocktake.status
                in (StocktakeStatus.POSTED, StocktakeStatus.UNDONE),
            }
        )
        return super().render_change_form(request, context, *args, **kwargs)

    # --- the verbs

    def verb_allowed(self, request: HttpRequest, verb: Verb, obj: Any) -> bool:
        if verb.name == "finish":
            return obj.status == StocktakeStatus.COUNTING
        if verb.name in ("post", "reopen"):
            return obj.status == StocktakeStatus.COUNTED
        return obj.status in BEING_COUNTED

    def plan_verb(
        self, request: HttpRequest, verb: Verb, objects: Sequence[Any]
    ) -> Sequence[Planned]:
        return [self._planned(request, verb, one) for one in objects]

    def _planned(self, request: HttpRequest, verb: Verb, obj: Any) -> Planned:
        if not self.verb_allowed(request, verb, obj):
            status = {"status": obj.get_status_display()}
            return Planned(
                obj.pk, str(obj), refusal=_('It is "%(status)s" already.') % status
            )
        if verb.name != "post":
            return Planned(obj.pk, str(obj))
        with_cost = request.user.has_perm(catalog_cells.SEE_COST)
        lines = list(_lines(obj, ""))
        return Planned(
            obj.pk,
            str(obj),
            changes=_changes(lines, with_cost=with_cost),
            warning=_warning(lines),
        )

    def run_verb(
        self, request: HttpRequest, verb: Verb, objects: Sequence[Any], reason: str
    ) -> Sequence[Outcome]:
        return [self._one(request, verb, one, reason) for one in objects]

    def _one(self, request: HttpRequest, verb: Verb, obj: Any, reason: str) -> Outcome:
        user: Any = request.user
        warning = ""
        try:
            if verb.name == "finish":
                after = stocktaking.finish(obj, by=user)
            elif verb.name == "reopen":
                after = stocktaking.reopen(obj, by=user)
            elif verb.name == "cancel":
                after = stocktaking.cancel(obj, by=user, reason=reason)
            else:
                result = stocktaking.post(obj, by=user)
                after, warning = result.stocktake, _short(result)
        except DomainError as refusal:
            return Outcome(obj.pk, str(obj), error=str(refusal))
        status = status_tag(after.status)
        return Outcome(obj.pk, str(obj), status=status, warning=warning)


def _is_hidden(stocktake: Any) -> bool:
    """Whether nobody is to see what is booked."""
    return stocktake.is_blind and stocktake.status == StocktakeStatus.COUNTING


def _lines(stocktake: Stocktake, typed: str) -> QuerySet[StocktakeLine]:
    rows = stocktake.lines.select_related(
        "goods", "goods__unit", "goods__category", "counted_by"
    ).order_by("goods__category__sequence", "goods__code")
    if not typed:
        return rows
    return rows.filter(goods__in=ids_of(typed))


def _row(
    request: HttpRequest, line: StocktakeLine, stocktake: Stocktake
) -> dict[str, Any]:
    """A goods to be counted, with what was typed or kept."""
    goods = line.goods
    kept = plain(line.counted), line.reason
    counted, reason = kept
    was: tuple[str, str] | None = None
    if request.method == "POST":
        was = (
            request.POST.get(f"{WAS}{goods.pk}", ""),
            request.POST.get(f"{WAS}{REASON}{goods.pk}", ""),
        )
        counted = request.POST.get(f"{COUNTED}{goods.pk}", counted).strip()
        reason = request.POST.get(f"{REASON}{goods.pk}", reason).strip()
    return {
        "line": line,
        "goods": goods,
        "thumb": thumb(catalog_cells.thumb_url(str(goods.image or "")), goods.name),
        "counted": counted,
        "reason": reason,
        "was": was,
        "kept": kept if was is None else was,
        "booked": ""
        if stocktake.is_blind or line.expected is None
        else quantity(line.expected, goods.unit),
        "difference": ""
        if stocktake.is_blind or not line.difference
        else cells.signed(line.difference, goods.unit),
        "at": when(line.counted_at) if line.counted_at else "",
        "error": "",
    }


def _read(row: dict[str, Any]) -> Counted | None:
    """What was typed; None where nothing was since the page was shown (somebody else may
    have counted it meanwhile), or where it is wrong."""
    if row["was"] is not None and row["was"] == (row["counted"], row["reason"]):
        return None
    try:
        found = typed_quantity(row["counted"], row["goods"])
    except ValidationError as wrong:
        row["error"] = " ".join(wrong.messages)
        return None
    return Counted(row["goods"].pk, found, row["reason"][:500])


def _candidates(stocktake: Stocktake, typed: str) -> list[Goods]:
    """Goods that could be counted as well."""
    if not typed.strip():
        return []
    rows = Goods.objects.exclude(status=GoodsStatus.ARCHIVED).exclude(
        pk__in=stocktake.lines.values("goods")
    )
    return list(find_goods(rows, typed).order_by("-pk")[:FOUND])


def _shown(line: StocktakeLine, is_hidden: bool, with_cost: bool) -> dict[str, Any]:
    goods, unit = line.goods, line.goods.unit
    worth = stocktaking.worth(line)
    difference: Any = NOTHING
    if line.difference is not None and not is_hidden:
        difference = cells.signed(line.difference, unit) if line.difference else "0"
    return {
        "goods": goods,
        "url": cells.why_url(goods.pk),
        "thumb": thumb(catalog_cells.thumb_url(str(goods.image or "")), goods.name),
        "booked": NOTHING
        if is_hidden or line.expected is None
        else quantity(line.expected, unit),
        "counted": NOTHING if line.counted is None else quantity(line.counted, unit),
        "difference": difference,
        "worth": money(worth) if with_cost and worth else NOTHING,
        "at": when(line.counted_at),
        "by": line.counted_by or "",
        "reason": line.reason or NOTHING,
    }


def _changes(lines: Iterable[StocktakeLine], *, with_cost: bool) -> list[Change]:
    """Booked → counted of what differs, and what it comes to in yuan."""
    different = [line for line in lines if line.difference]
    changes = []
    for line in different[:LINES_IN_PLAN]:
        unit = line.goods.unit
        old, new = quantity(line.expected, unit), quantity(line.counted, unit)
        changes.append(Change(line.goods.name, old, new))
    if len(different) > LINES_IN_PLAN:
        changes.append(Change(_("and more"), "…", "…"))
    if with_cost and different:
        values = [stocktaking.worth(line) or NO_MONEY for line in different]
        total = fixed(sum(values, NO_MONEY), 2)
        changes.append(Change(_("difference in yuan"), "—", total))
    return changes


def _warning(lines: Sequence[StocktakeLine]) -> str:
    """What the person should know before it is posted."""
    said = []
    left = sum(line.counted is None for line in lines)
    if left:
        said.append(
            _("Not counted, stay as they are: %(count)s goods.") % {"count": left}
        )
    short = list(_will_be_short(lines))
    if short:
        said.append(
            _("Orders hold more than was counted of: %(goods)s.")
            % {"goods": _(", ").join(short)}
        )
    return " ".join(said)


def _will_be_short(lines: Sequence[StocktakeLine]) -> Iterator[str]:
    falling = [line for line in lines if line.difference and line.difference < 0]
    there = availability.available([line.goods_id for line in falling])
    for line in falling:
        if there[line.goods_id] < -Decimal(line.difference or 0):
            yield line.goods.name


def _short(result: Result) -> str:
    """Which orders hold what was counted away, for who shortens them."""
    said = []
    for one in result.short:
        goods = Goods.objects.select_related("unit").get(pk=one.posting.goods_id)
        holds = availability.holds(goods.pk)[:MOST_ORDERS]
        remaining = one.shortage.remaining if one.shortage else None
        said.append(
            _("Orders still hold %(short)s %(unit)s of %(goods)s: %(orders)s.")
            % {
                "short": plain(remaining),
                "unit": goods.unit,
                "goods": goods.name,
                "orders": _(", ").join(hold.order for hold in holds),
            }
        )
    return " ".join(said)


def _shortages(stocktake: Stocktake) -> list[dict[str, Any]]:
    """What of it is still held by orders."""
    rows = StockShortage.objects.filter(
        reference=stocktake.number, settled_at=None
    ).select_related("goods", "goods__unit")
    return [
        {
            "goods": row.goods,
            "url": cells.why_url(row.goods_id),
            "left": quantity(row.remaining, row.goods.unit),
        }
        for row in rows
    ]


def _hint(request: HttpRequest, stocktake: Any) -> str:
    """What is to be done next with it."""
    if not request.user.has_perm(COUNT):
        return ""
    if stocktake.status == StocktakeStatus.COUNTING:
        return _("Count the goods, then finish the count to see the differences.")
    if stocktake.status == StocktakeStatus.COUNTED:
        return _("Look the differences through, then post them, or count on.")
    return ""


@home.cards
def stocktake_card(request: HttpRequest) -> Iterable[home.Card]:
    """Stocktakes that were begun and not posted."""
    if not request.user.has_perm(COUNT):
        return
    yield home.Card(
        _("Stocktakes to finish"),
        Stocktake.objects.filter(status__in=BEING_COUNTED).count(),
        f"{reverse(LIST)}?tab=open",
        icon="fa-list-check",
        hide_empty=True,
    )
