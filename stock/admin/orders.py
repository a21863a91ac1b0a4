"""Orders to suppliers: drafted, sent, received in parts, printed."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
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
from backoffice.base.money import ZERO, at_least, fixed, round_money
from backoffice.sheets.admin.links import sheet_tools
from catalog.admin import cells as catalog_cells
from catalog.admin.filters import PersonFilter, TimeFilter
from catalog.admin.search import ids_of
from stock import replenishment
from stock.admin import cells
from stock.admin.drafts import DraftPages
from stock.admin.morning import MorningPages
from stock.admin.receipts import ReceivePages, may_receive
from stock.admin.suppliers import morning_url
from stock.enums import ReplenishmentStatus
from stock.models import ReplenishmentLine, ReplenishmentOrder
from stock.suggesting import UNDER_WAY

LINES_IN_PLAN = 20


class OrderList(WorkbenchList):
    """A page of orders with what is in them: one query for all of them."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        with_totals(self.result_list)


def with_totals(orders: Sequence[Any]) -> None:
    """Give each order its number of lines, those that are done, and its value."""
    by_order: dict[int, list[ReplenishmentLine]] = {}
    for line in ReplenishmentLine.objects.filter(order__in=[o.pk for o in orders]):
        by_order.setdefault(line.order_id, []).append(line)
    for order in orders:
        lines = by_order.get(order.pk, [])
        known = [line for line in lines if line.unit_cost is not None]
        order.line_count = len(lines)
        order.done_count = sum(not line.outstanding for line in lines)
        order.spend = (
            sum((round_money(line.quantity * line.unit_cost) for line in known), ZERO)
            if known
            else None
        )
        order.is_spend_partial = bool(known) and len(known) < len(lines)


class CreatorFilter(PersonFilter):
    """By who drafted it."""

    title = gettext_lazy("created by")
    field = "created_by"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return super().lookups(request, model_admin)[1:]


def status_tag(status: str) -> Any:
    """Where an order to a supplier stands."""
    return tag(
        status,
        ReplenishmentStatus(status).label,
        tone=cells.ORDER_TONES[ReplenishmentStatus(status)],
    )


@admin.register(ReplenishmentOrder)
class ReplenishmentOrderAdmin(MorningPages, DraftPages, ReceivePages, VerbAdmin):
    """Written by the verbs of `stock.replenishment`."""

    list_display = ["title", "lines_of_it", "worth", "created", "sent", "state"]
    list_display_links = ["title"]
    list_filter = ["supplier", ("created_at", TimeFilter), CreatorFilter]
    list_select_related = ["supplier", "created_by"]
    ordering = ["-created_at", "-id"]
    sortable_by = ()
    search_fields = ["number"]
    search_help_text = gettext_lazy("Number, supplier, or name or code of a goods")
    change_form_template = "admin/stock/replenishmentorder/change_form.html"
    fields = ()
    tabs = [
        Tab("due", gettext_lazy("to receive"), Q(status__in=UNDER_WAY)),
        *(
            Tab(status.value, status.label, Q(status=status))
            for status in (
                ReplenishmentStatus.DRAFT,
                ReplenishmentStatus.RECEIVED,
                ReplenishmentStatus.CANCELLED,
            )
        ),
    ]
    verbs = [
        Verb(
            "order",
            gettext_lazy("Send the order"),
            replenishment.ORDER,
            icon="fa-paper-plane",
            tone="primary",
            help=gettext_lazy(
                "Tell the supplier, by phone or with the printed order. From now on "
                "what is ordered counts as under way; it cannot be changed any more."
            ),
        ),
        Verb(
            "cancel",
            gettext_lazy("Cancel the order"),
            replenishment.ORDER,
            icon="fa-xmark",
            tone="danger",
            reason="optional",
            in_row=False,
            help=gettext_lazy(
                "Nothing more is to come of it. What was received stays booked."
            ),
        ),
    ]

    class Media:
        css = {"all": ["backoffice/css/catalog.css", "backoffice/css/stock.css"]}

    # --- who may

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Orders begin on the morning sheet."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        """Without a history: the operation log tells who did what."""
        view = self.admin_site.admin_view
        return [
            path(
                "<int:pk>/print/",
                view(self.print_view),
                name="stock_replenishmentorder_print",
            ),
            *(p for p in super().get_urls() if not str(p.name).endswith("_history")),
        ]

    # --- the list

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        return OrderList

    def get_list_display(self, request: HttpRequest) -> Any:
        """Without values for those who may not see costs."""
        if request.user.has_perm(catalog_cells.SEE_COST):
            return list(self.list_display)
        return [name for name in self.list_display if name != "worth"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        typed = search_term.strip()
        if not typed:
            return queryset, False
        lines = ReplenishmentLine.objects.filter(goods__in=ids_of(typed))
        meant = (
            Q(number__iexact=typed)
            | Q(receipts__reference=typed)
            | Q(supplier__name__icontains=typed)
            | Q(pk__in=lines.values("order"))
        )
        return queryset.filter(pk__in=ReplenishmentOrder.objects.filter(meant)), False

    @column(gettext_lazy("order"), phone="title")
    def title(self, obj: Any) -> Any:
        return two_lines(obj.supplier.name, obj.number)

    @column(gettext_lazy("goods"), numeric=True)
    def lines_of_it(self, obj: Any) -> Any:
        """How many goods, and of how many everything came."""
        if obj.status not in UNDER_WAY or not obj.done_count:
            return obj.line_count
        return two_lines(
            obj.line_count, _("complete: %(count)s") % {"count": obj.done_count}
        )

    @column(gettext_lazy("expected spend"), numeric=True)
    def worth(self, obj: Any) -> Any:
        if obj.spend is None:
            return NOTHING
        if obj.is_spend_partial:
            return two_lines(money(obj.spend), _("some costs unknown"))
        return money(obj.spend)

    @column(gettext_lazy("drafted"))
    def created(self, obj: Any) -> Any:
        return two_lines(when(obj.created_at), obj.created_by)

    @column(gettext_lazy("ordered"))
    def sent(self, obj: Any) -> Any:
        return when(obj.ordered_at)

    @column(gettext_lazy("status"))
    def state(self, obj: Any) -> Any:
        return status_tag(obj.status)

    def row_actions(self, request: HttpRequest, obj: Any) -> Sequence[RowAction]:
        """Send a draft, receive what was sent."""
        if may_receive(request, obj):
            address = reverse("admin:stock_receive", args=[obj.pk])
            return [RowAction(_("Receive"), address, "primary", "fa-box-open")]
        return super().row_actions(request, obj)

    def list_tools(self, request: HttpRequest) -> Sequence[Tool]:
        tools = list(sheet_tools(request, "replenishment"))
        if request.user.has_perm(replenishment.ORDER):
            tools.append(
                Tool(_("Morning sheet"), morning_url(), "fa-mug-hot", "primary")
            )
        return tools

    def empty_state(self, request: HttpRequest) -> EmptyState:
        text = _("Nothing was ordered yet. The morning sheet says what to order.")
        if not request.user.has_perm(replenishment.ORDER):
            return EmptyState(text)
        return EmptyState(text, _("Open the morning sheet"), morning_url())

    # --- one order

    def object_status(self, request: HttpRequest, obj: Any) -> Any:
        return status_tag(obj.status)

    def form_tools(self, request: HttpRequest, obj: Any) -> Sequence[Tool]:
        if obj is None:
            return []
        tools = []
        if may_receive(request, obj):
            address = reverse("admin:stock_receive", args=[obj.pk])
            tools.append(Tool(_("Receive"), address, "fa-box-open", "primary"))
        if obj.status == ReplenishmentStatus.DRAFT and request.user.has_perm(
            replenishment.ORDER
        ):
            address = reverse("admin:stock_draft", args=[obj.pk])
            tools.append(Tool(_("Edit"), address, "fa-pen"))
        address = reverse("admin:stock_replenishmentorder_print", args=[obj.pk])
        return [*tools, Tool(_("Print"), address, "fa-print")]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        order: Any = context["original"]
        with_totals([order])
        with_cost = request.user.has_perm(catalog_cells.SEE_COST)
        lines = list(lines_of(order))
        context.update(
            {
                "order": order,
                "lines": [shown(line, with_cost=with_cost) for line in lines],
                "with_cost": with_cost,
                "spend": money(order.spend) if with_cost else "",
                "is_spend_partial": order.is_spend_partial,
                "hint": _hint(request, order),
                "receipts": list(_receipts(order, lines, with_cost=with_cost)),
                "has_receipts": order.status != ReplenishmentStatus.DRAFT,
            }
        )
        return super().render_change_form(request, context, *args, **kwargs)

    def print_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The order on paper, for the supplier."""
        order: Any = self._order(request, pk)
        with_totals([order])
        with_cost = request.user.has_perm(catalog_cells.SEE_COST)
        return TemplateResponse(
            request,
            "admin/stock/replenishmentorder/print.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": _("Replenishment order"),
                "order": order,
                "lines": [shown(line, with_cost=with_cost) for line in lines_of(order)],
                "with_cost": with_cost,
                "spend": money(order.spend) if with_cost else "",
                "is_spend_partial": order.is_spend_partial,
                "back_url": self.object_url(order),
                "printed_at": timezone.localtime(),
            },
        )

    # --- the verbs

    def verb_allowed(self, request: HttpRequest, verb: Verb, obj: Any) -> bool:
        if verb.name == "order":
            return obj.status == ReplenishmentStatus.DRAFT
        return obj.status in (ReplenishmentStatus.DRAFT, *UNDER_WAY)

    def plan_verb(
        self, request: HttpRequest, verb: Verb, objects: Sequence[Any]
    ) -> Sequence[Planned]:
        with_totals(objects)
        with_cost = request.user.has_perm(catalog_cells.SEE_COST)
        return [self._planned(request, verb, order, with_cost) for order in objects]

    def _planned(
        self, request: HttpRequest, verb: Verb, order: Any, with_cost: bool
    ) -> Planned:
        label = f"{order.supplier.name} {order.number}"
        if not self.verb_allowed(request, verb, order):
            status = {"status": order.get_status_display()}
            said = _('It is "%(status)s" already.') % status
            return Planned(order.pk, label, refusal=said)
        lines = list(lines_of(order))
        if verb.name == "cancel":
            owed = [line for line in lines if line.outstanding]
            changes = [_change(line, line.outstanding, "0") for line in owed]
        else:
            changes = [_change(line, "—", line.quantity) for line in lines]
        if len(changes) > LINES_IN_PLAN:
            changes = [*changes[:LINES_IN_PLAN], Change(_("and more"), "…", "…")]
        if verb.name == "order" and with_cost and order.spend is not None:
            changes.append(Change(_("expected spend"), "—", fixed(order.spend, 2)))
        warning = ""
        if verb.name == "cancel" and order.status in UNDER_WAY:
            warning = _("Tell the supplier that nothing more is to come.")
        return Planned(order.pk, label, changes=changes, warning=warning)

    def run_verb(
        self, request: HttpRequest, verb: Verb, objects: Sequence[Any], reason: str
    ) -> Sequence[Outcome]:
        return [self._one(request, verb, order, reason) for order in objects]

    def _one(
        self, request: HttpRequest, verb: Verb, order: Any, reason: str
    ) -> Outcome:
        user: Any = request.user
        label, url = f"{order.supplier.name} {order.number}", self.object_url(order)
        try:
            if verb.name == "order":
                after = replenishment.order(order, by=user)
            else:
                after = replenishment.cancel(order, by=user, reason=reason)
        except DomainError as refusal:
            return Outcome(order.pk, label, error=str(refusal), url=url)
        return Outcome(order.pk, label, status=status_tag(after.status), url=url)


def lines_of(order: ReplenishmentOrder) -> QuerySet:
    """The lines with what their pages show."""
    return order.lines.select_related("goods", "goods__unit", "goods__case_unit")


def shown(line: ReplenishmentLine, *, with_cost: bool) -> dict[str, Any]:
    """A line as its page shows it; nothing of the cost without the permission."""
    goods = line.goods
    cost = line.unit_cost
    return {
        "line": line,
        "goods": goods,
        "url": catalog_cells.goods_url(goods.pk),
        "thumb": thumb(catalog_cells.thumb_url(str(goods.image or "")), goods.name),
        "quantity": quantity(line.quantity, goods.unit),
        "cases": cells.in_cases(goods, line.quantity),
        "received": quantity(line.received, goods.unit) if line.received else NOTHING,
        "rejected": quantity(line.rejected, goods.unit) if line.rejected else NOTHING,
        "outstanding": (
            quantity(line.outstanding, goods.unit) if line.outstanding else NOTHING
        ),
        "cost": (
            money(cost, places=at_least(cost, 2))
            if with_cost and cost is not None
            else NOTHING
        ),
        "amount": (
            money(round_money(line.quantity * cost))
            if with_cost and cost is not None
            else NOTHING
        ),
    }


def _change(line: ReplenishmentLine, old: Any, new: Any) -> Change:
    unit = line.goods.unit

    def told(value: Any) -> Any:
        return quantity(value, unit) if isinstance(value, Decimal) else value

    return Change(line.goods.name, told(old), told(new))


def _receipts(
    order: Any, lines: Sequence[ReplenishmentLine], *, with_cost: bool
) -> Iterator[dict[str, Any]]:
    """What came when, and what of it went back for which reason."""
    by_id = {str(line.pk): line for line in lines}
    for receipt in order.receipts.select_related("by"):
        rows = []
        for pk, (kept, cost, rejected, *reason) in receipt.content.items():
            line = by_id[pk]
            unit = line.goods.unit
            rows.append(
                {
                    "goods": line.goods.name,
                    "kept": quantity(Decimal(kept), unit),
                    "cost": money(Decimal(cost), places=at_least(Decimal(cost), 2))
                    if with_cost and cost is not None
                    else "",
                    "rejected": quantity(Decimal(rejected), unit)
                    if Decimal(rejected)
                    else "",
                    "reason": reason[0] if reason else "",
                }
            )
        yield {
            "receipt": receipt,
            "at": when(receipt.at),
            "rows": rows,
            "url": cells.ledger_url(q=receipt.reference),
        }


def _hint(request: HttpRequest, order: Any) -> str:
    """What is to be done next with it, by whom."""
    may_order = request.user.has_perm(replenishment.ORDER)
    if order.status == ReplenishmentStatus.DRAFT:
        if may_order:
            return _("A draft: look it through, tell the supplier, send it.")
        return _("A draft: a buyer sends it.")
    if may_receive(request, order):
        return _("Under way: press Receive when the goods are there.")
    return ""


@home.cards
def due_cards(request: HttpRequest) -> Iterable[home.Card]:
    """What suppliers are to bring, and drafts that nobody sent."""
    address = reverse("admin:stock_replenishmentorder_changelist")
    may_order = request.user.has_perm(replenishment.ORDER)
    may_receive_any = request.user.has_perm(replenishment.RECEIVE)
    if not (may_order or may_receive_any):
        return
    counts = ReplenishmentOrder.objects.aggregate(
        due=Count("pk", filter=Q(status__in=UNDER_WAY)),
        drafts=Count("pk", filter=Q(status=ReplenishmentStatus.DRAFT)),
    )
    if may_receive_any:
        yield home.Card(
            _("Orders to receive"),
            counts["due"],
            f"{address}?tab=due",
            icon="fa-box-open",
            hint=_("under way from suppliers"),
        )
    if may_order:
        yield home.Card(
            _("Drafts of orders to send"),
            counts["drafts"],
            f"{address}?tab=draft",
            icon="fa-paper-plane",
            hide_empty=True,
        )
