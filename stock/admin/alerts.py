"""Alerts of stock that runs out: who looks after them, what to do next."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, URLPattern, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base.admin import (
    DayRangeFilter,
    EmptyState,
    Outcome,
    Planned,
    RowAction,
    Tab,
    Verb,
    VerbAdmin,
    column,
    explain,
    home,
    quantity,
    tag,
    thumb,
    two_lines,
    when,
)
from backoffice.base.admin.cells import NOTHING
from backoffice.base.admin.changelist import WorkbenchList
from backoffice.base.admin.paging import CappedPaginator
from backoffice.base.errors import DomainError
from backoffice.base.money import fixed, plain
from backoffice.shop import shop
from catalog.admin import cells as catalog_cells
from catalog.admin.search import ids_of
from stock import alerts, levels, velocity
from stock.enums import TOLD, AlertLevel, AlertStatus
from stock.models import LowStockAlert

LIST = "admin:stock_lowstockalert_changelist"
VIEW = "stock.view_lowstockalert"
_LEVEL_TONES = {
    AlertLevel.SOLD_OUT: "red",
    AlertLevel.LOW: "amber",
    AlertLevel.REORDER: "blue",
}
_STATUS_TONES = {
    AlertStatus.OPEN: "red",
    AlertStatus.ACKNOWLEDGED: "blue",
    AlertStatus.SNOOZED: "slate",
    AlertStatus.CLOSED: "hollow",
}
#: name of a verb → for how long it puts off
SNOOZES = {"snooze_day": timedelta(days=1), "snooze_week": timedelta(days=7)}
_HANDLED = (AlertStatus.ACKNOWLEDGED, AlertStatus.SNOOZED)


class AlertList(WorkbenchList):
    """A page of alerts, with how each goods stands now: one query for all of them."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        with_numbers(self.result_list)


def with_numbers(rows: Sequence[Any]) -> None:
    """Give each alert the pace of its goods and what is on order."""
    goods_ids = {row.goods_id for row in rows}
    paces, ordered = velocity.paces(goods_ids), levels.on_order(goods_ids)
    for row in rows:
        row.pace, row.on_order = paces[row.goods_id], ordered.get(row.goods_id)


def order_url(goods_id: int) -> str:
    """Where the goods is ordered from a supplier; "" while there is no such page."""
    try:
        return f"{reverse('admin:stock_morning')}?goods={goods_id}"
    except NoReverseMatch:
        return ""


@admin.register(LowStockAlert)
class LowStockAlertAdmin(VerbAdmin):
    """What runs out; an alert opens and closes by itself, people say who looks after
    it."""

    list_display = [
        "picture",
        "title",
        "what",
        "there",
        "speed",
        "since",
        "told",
        "how",
    ]
    list_display_links = ["title"]
    list_filter = ["level", "goods__category", ("opened_at", DayRangeFilter)]
    list_select_related = ["goods", "goods__unit", "handled_by"]
    paginator = CappedPaginator
    sortable_by = ()
    default_tab = "open"
    tabs = [
        Tab("open", gettext_lazy("Open"), Q(status=AlertStatus.OPEN)),
        Tab("handled", gettext_lazy("Being handled"), Q(status__in=_HANDLED)),
        Tab("closed", gettext_lazy("Closed"), Q(status=AlertStatus.CLOSED)),
    ]
    search_fields = ["goods__name"]
    search_help_text = gettext_lazy("Name, brand, code, barcode or pinyin")
    readonly_fields = [
        *("title", "what", "how", "there", "speed", "threshold", "since"),
        *("then", "told", "times_told", "ended"),
    ]
    fieldsets = [
        (None, {"fields": ["title", "what", "how"]}),
        (gettext_lazy("Now"), {"fields": ["there", "speed", "threshold"]}),
        (
            gettext_lazy("Course"),
            {"fields": ["since", "then", "told", "times_told", "ended"]},
        ),
    ]
    row_verbs = 2
    verbs = [
        Verb(
            "acknowledge",
            gettext_lazy("Acknowledge"),
            alerts.HANDLE,
            icon="fa-check",
            tone="primary",
            confirm=False,
            undo="reopen",
            help=gettext_lazy(
                "Somebody looks after it: phones are not told again, and it closes when "
                "there is enough."
            ),
        ),
        Verb(
            "snooze_day",
            gettext_lazy("Snooze for a day"),
            alerts.HANDLE,
            icon="fa-clock",
            confirm=False,
            undo="reopen",
            help=gettext_lazy("It opens again tomorrow, if there is still too little."),
        ),
        Verb(
            "snooze_week",
            gettext_lazy("Snooze for a week"),
            alerts.HANDLE,
            icon="fa-calendar",
            confirm=False,
            undo="reopen",
            in_row=False,
            help=gettext_lazy(
                "It opens again in a week, if there is still too little."
            ),
        ),
        Verb(
            "reopen",
            gettext_lazy("Open again"),
            alerts.HANDLE,
            icon="fa-bell",
            confirm=False,
            help=gettext_lazy("Phones are told of it again as of any open alert."),
        ),
    ]

    class Media:
        css = {"all": ["backoffice/css/catalog.css", "backoffice/css/alerts.css"]}

    def get_urls(self) -> list[URLPattern]:
        """Without a history: the operation log tells who handled it."""
        return [p for p in super().get_urls() if not str(p.name).endswith("_history")]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody: alerts open by themselves."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: verbs alone."""
        return False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        return AlertList

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        alert = super().get_object(request, object_id, from_field)
        if alert is not None:
            with_numbers([alert])
        return alert

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        if not search_term.strip():
            return queryset, False
        return queryset.filter(goods__in=ids_of(search_term)), False

    # --- cells

    @column(gettext_lazy("picture"), phone="picture")
    def picture(self, obj: Any) -> SafeString:
        return thumb(catalog_cells.thumb_url(obj.goods.image), obj.goods.name)

    @column(gettext_lazy("goods"), phone="title")
    def title(self, obj: Any) -> SafeString:
        return two_lines(obj.goods.name, obj.goods.code)

    @column(gettext_lazy("level"))
    def what(self, obj: Any) -> SafeString:
        return tag(
            obj.level, obj.get_level_display(), tone=_LEVEL_TONES[AlertLevel(obj.level)]
        )

    @column(gettext_lazy("available now"), numeric=True)
    def there(self, obj: Any) -> SafeString:
        shown = quantity(obj.pace.available, obj.goods.unit)
        if not obj.on_order:
            return shown
        return two_lines(
            shown, _("%(count)s on order") % {"count": plain(obj.on_order)}
        )

    @column(gettext_lazy("average daily sales"), numeric=True)
    def speed(self, obj: Any) -> SafeString:
        pace = obj.pace
        return explain(
            quantity(pace.average.quantize(velocity.TENTH), obj.goods.unit),
            [
                (_("sold in the window"), quantity(pace.sold + pace.returned)),
                (_("− taken back"), quantity(pace.returned)),
                (_("÷ days"), pace.days),
                (_("= average"), fixed(pace.average, 6)),
                (_("low below"), fixed(pace.threshold, 6)),
            ],
            title=_("Average of the last %(days)s complete days")
            % {"days": shop.ADS_DAYS},
        )

    @column(gettext_lazy("low below"))
    def threshold(self, obj: Any) -> SafeString:
        return quantity(obj.pace.threshold.quantize(velocity.TENTH), obj.goods.unit)

    @column(gettext_lazy("since"))
    def since(self, obj: Any) -> SafeString:
        return when(obj.opened_at)

    @column(gettext_lazy("then"))
    def then(self, obj: Any) -> SafeString:
        """The numbers that it opened with."""
        return format_html(
            "{} · {}",
            quantity(obj.available, obj.goods.unit),
            _("%(average)s a day") % {"average": fixed(obj.average, 1)},
        )

    @column(gettext_lazy("phones told"))
    def told(self, obj: Any) -> SafeString:
        if obj.level not in TOLD:
            return NOTHING
        return when(obj.notified_at)

    @column(gettext_lazy("times told"))
    def times_told(self, obj: Any) -> int:
        return int(obj.notices)

    @column(gettext_lazy("closed at"))
    def ended(self, obj: Any) -> SafeString:
        return when(obj.closed_at)

    @column(gettext_lazy("status"))
    def how(self, obj: Any) -> SafeString:
        """With who looks after it, or until when it is put off."""
        shown = tag(
            obj.status,
            obj.get_status_display(),
            tone=_STATUS_TONES[AlertStatus(obj.status)],
        )
        if obj.status == AlertStatus.SNOOZED:
            return two_lines(shown, when(obj.snoozed_until))
        if obj.status == AlertStatus.ACKNOWLEDGED:
            return two_lines(shown, obj.handled_by or "")
        return shown

    # --- verbs

    def row_actions(self, request: HttpRequest, obj: Any) -> Sequence[RowAction]:
        """Order it, and the first verbs that fit."""
        actions = list(super().row_actions(request, obj))
        address = order_url(obj.goods_id)
        if address and obj.status != AlertStatus.CLOSED:
            actions.insert(0, RowAction(_("Order it"), address, icon="fa-truck"))
        return actions

    def verb_allowed(self, request: HttpRequest, verb: Verb, obj: Any) -> bool:
        """By the status."""
        if verb.name == "reopen":
            return obj.status in _HANDLED
        if verb.name == "acknowledge":
            return obj.status in (AlertStatus.OPEN, AlertStatus.SNOOZED)
        return obj.status in (AlertStatus.OPEN, AlertStatus.ACKNOWLEDGED)

    def plan_verb(
        self, request: HttpRequest, verb: Verb, objects: Sequence[Any]
    ) -> Sequence[Planned]:
        """Which of them are handled so."""
        return [
            Planned(
                alert.pk,
                str(alert),
                alert.goods.code,
                refusal=""
                if self.verb_allowed(request, verb, alert)
                else alert.get_status_display(),
            )
            for alert in objects
        ]

    def run_verb(
        self, request: HttpRequest, verb: Verb, objects: Sequence[Any], reason: str
    ) -> Sequence[Outcome]:
        """Each by itself."""
        return [_handled(verb.name, alert, request.user) for alert in objects]

    def empty_state(self, request: HttpRequest) -> EmptyState:
        """Nothing to do is good."""
        return EmptyState(_("There is enough of everything."))


def _handled(name: str, alert: LowStockAlert, by: Any) -> Outcome:
    try:
        if name in SNOOZES:
            done = alerts.snooze(alert, until=timezone.now() + SNOOZES[name], by=by)
        elif name == "acknowledge":
            done = alerts.acknowledge(alert, by=by)
        else:
            done = alerts.reopen(alert, by=by)
    except DomainError as error:
        return Outcome(alert.pk, str(alert), alert.goods.code, error=str(error))
    status = tag(
        done.status,
        done.get_status_display(),
        tone=_STATUS_TONES[AlertStatus(done.status)],
    )
    return Outcome(alert.pk, str(alert), alert.goods.code, status=status)


@home.cards
def alert_cards(request: HttpRequest) -> Iterable[home.Card]:
    """Goods that run out and nobody looks after yet; one query."""
    if not request.user.has_perm(VIEW):
        return
    counts = LowStockAlert.objects.filter(status=AlertStatus.OPEN).aggregate(
        urgent=Count("goods", filter=Q(level__in=TOLD), distinct=True),
        reorder=Count("goods", filter=Q(level=AlertLevel.REORDER)),
    )
    yield home.Card(
        _("Goods that run out"),
        counts["urgent"],
        reverse(LIST),
        icon="fa-bell",
        tone="danger",
        hint=_("sold out or low, and nobody looks after them yet"),
        hide_empty=True,
    )
    yield home.Card(
        _("Goods to be ordered"),
        counts["reorder"],
        f"{reverse(LIST)}?level__exact={AlertLevel.REORDER.value}",
        icon="fa-truck",
        hide_empty=True,
    )
