""" "Why is it this number?": a balance with the movements that it is the sum of."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from backoffice.base import ports
from backoffice.base.admin import BaseModelAdmin, Tool, explain, quantity
from backoffice.base.money import plain, round_quantity
from catalog.admin import cells as catalog_cells
from catalog.models import Goods
from stock import availability, explaining, levels, velocity
from stock.admin import cells
from stock.admin.charts import bars
from stock.enums import MovementKind
from stock.explaining import Moment, Term
from stock.models import ReplenishmentLine, StockMovement
from stock.suggesting import UNDER_WAY
from stock.velocity import Pace

DAYS = 30
LATEST = 10
#: how the kinds read in the sum, with the sign that they usually have
_SIGNS = {
    MovementKind.SALE: "−",
    MovementKind.SPOILAGE: "−",
    MovementKind.STOCKTAKE: "±",
    MovementKind.ADJUSTMENT: "±",
}


@dataclass(frozen=True)
class ShownTerm:
    """One term of a sum: sign, word, number, how many movements, where they are."""

    sign: str
    label: Any
    number: Any
    count: int
    url: str


@dataclass(frozen=True)
class ShownHold:
    """What one order holds, and until when."""

    order: str
    url: str
    quantity: Any
    status: str
    until: datetime | None


class WhyPages(BaseModelAdmin):
    """Mixed into the admin of balances: the page of one goods' stock."""

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Every goods has one, also before it ever moved."""
        if not self.has_view_permission(request):
            raise PermissionDenied(cells.SEE)
        goods = _goods(object_id)
        found = explaining.explain(goods.pk)
        balance, unit = found.balance, goods.unit
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": goods.name,
            "goods": goods,
            "goods_url": catalog_cells.goods_url(goods.pk),
            "status": catalog_cells.status_tag(goods.status),
            "thumb": catalog_cells.thumb_url(goods.image),
            "balance": balance,
            "figures": _figures(balance, unit),
            "sum": list(_sum(goods, found.terms)),
            "holding": list(_holding(goods, found.terms)),
            "ledger_on_hand": quantity(found.on_hand, unit),
            "agrees": found.agrees,
            "holds": _holds(request, goods),
            "shortages": [
                (row, quantity(row.remaining, unit)) for row in found.shortages
            ],
            "moment": _moment(request, goods),
            "moment_typed": request.GET.get("at", ""),
            "latest": _latest(goods),
            "coming": _coming(request, goods),
            "chart": _chart(goods),
            "ledger_url": cells.ledger_url(goods=goods.pk),
            "may_see_ledger": request.user.has_perm(cells.SEE_LEDGER),
            "tools": self._tools(request, goods, balance),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/stock/stockbalance/why.html", context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """Its history is the ledger."""
        return self.change_view(request, object_id)

    def _tools(self, request: HttpRequest, goods: Goods, balance: Any) -> list[Tool]:
        user, tools = request.user, []
        back = request.get_full_path()
        if balance.on_hand > balance.short and user.has_perm(cells.WRITE_OFF):
            address = cells.write_off_url(goods.pk, back)
            tools.append(Tool(_("Write off"), address, "fa-trash-can"))
        if user.has_perm(cells.ADJUST):
            tools.append(Tool(_("Adjust"), _url("adjust", goods.pk), "fa-sliders"))
        if user.has_perm("stock.order_goods"):
            address = f"{_url('morning')}?goods={goods.pk}"
            tools.append(Tool(_("Order goods"), address, "fa-truck"))
        if balance._state.adding and user.has_perm(cells.OPEN):
            address = f"{_url('opening')}?q={goods.code}"
            tools.append(Tool(_("Opening stock"), address, "fa-box-open", "primary"))
        return tools


def _url(name: str, *args: Any) -> str:
    return reverse(f"admin:stock_{name}", args=args)


def _goods(object_id: str) -> Goods:
    if not (object_id.isascii() and object_id.isdigit() and len(object_id) < 19):
        raise Http404
    goods = Goods.objects.with_words().filter(pk=object_id).first()
    if goods is None:
        raise Http404
    return goods


def _figures(balance: Any, unit: Any) -> list[tuple[Any, Any]]:
    shown = [
        (_("on hand"), quantity(balance.on_hand, unit)),
        (_("reserved"), quantity(balance.reserved, unit)),
        (_("available"), quantity(balance.available, unit)),
    ]
    if balance.short:
        shown.append((_("short"), quantity(balance.short, unit)))
    coming = levels.on_order([balance.goods_id]).get(balance.goods_id)
    if coming:
        shown.append((_("on order"), quantity(coming, unit)))
    pace = velocity.paces([balance.goods_id])[balance.goods_id]
    shown.append((_("average daily sales"), _average(pace, unit)))
    return shown


def _average(pace: Pace, unit: Any) -> Any:
    """What is sold on a day, with its days, and for how long the rest will do."""
    lines = [
        (_("sold, less returned"), quantity(pace.sold, unit)),
        (_("÷ complete shop days"), pace.days),
        (_("low below"), quantity(round_quantity(pace.threshold), unit)),
    ]
    if pace.average:
        cover = (pace.available / pace.average).quantize(Decimal("0.1"))
        lines.append((_("days of cover"), cover))
    return explain(quantity(round_quantity(pace.average), unit), lines)


def _sum(goods: Goods, terms: Sequence[Term]) -> Iterable[ShownTerm]:
    """Opening + received + returned − sold − written off ± counted ± adjusted."""
    for term in terms:
        if term.on_hand or term.kind in _SIGNS:
            sign = _SIGNS.get(term.kind, "+")
            yield _shown(goods, term, term.on_hand, sign)


def _holding(goods: Goods, terms: Sequence[Term]) -> Iterable[ShownTerm]:
    """Held − released − handed over = reserved."""
    for term in terms:
        if term.reserved:
            yield _shown(goods, term, term.reserved, "+" if term.reserved > 0 else "−")


def _shown(goods: Goods, term: Term, number: Decimal, sign: str) -> ShownTerm:
    if sign == "±":
        sign = "−" if number < 0 else "+"
    return ShownTerm(
        sign,
        term.kind.label,
        quantity(abs(number), goods.unit),
        term.count,
        cells.ledger_url(goods=goods.pk, kind=term.kind.value),
    )


def _holds(request: HttpRequest, goods: Goods) -> list[ShownHold]:
    holds = availability.holds(goods.pk)
    numbers = [hold.order for hold in holds]
    terms = ports.order_terms(numbers) if numbers else {}
    urls = ports.order_urls(request, numbers) if numbers else {}
    return [
        ShownHold(
            hold.order,
            urls.get(hold.order, ""),
            quantity(hold.quantity, goods.unit),
            *terms.get(hold.order, ("", None)),
        )
        for hold in holds
    ]


def _coming(request: HttpRequest, goods: Goods) -> list[dict[str, Any]]:
    """What suppliers still owe of it, by the orders that say so."""
    if not request.user.has_perm("stock.view_replenishmentorder"):
        return []
    lines = ReplenishmentLine.objects.filter(goods=goods, order__status__in=UNDER_WAY)
    rows = lines.select_related("order", "order__supplier").order_by(
        "order__ordered_at"
    )
    return [
        {
            "order": line.order,
            "url": reverse(
                "admin:stock_replenishmentorder_change", args=[line.order_id]
            ),
            "quantity": quantity(line.outstanding, goods.unit),
        }
        for line in rows
        if line.outstanding
    ]


def _moment(request: HttpRequest, goods: Goods) -> dict[str, Any] | None:
    """What there was at the moment that was asked for; None where none was."""
    typed = request.GET.get("at", "").strip()
    if not typed:
        return None
    try:
        at = parse_datetime(typed)
    except ValueError:
        at = None
    if at is None or not 2000 <= at.year <= 2999:
        return {"error": _("This is not a moment: choose a day and a time.")}
    if timezone.is_naive(at):
        at = timezone.make_aware(at)
    found = explaining.at_moment(goods.pk, min(at, timezone.now()))
    return {"found": found, **_told(found, goods.unit)}


def _told(found: Moment, unit: Any) -> dict[str, Any]:
    return {
        "figures": [
            (_("on hand"), quantity(found.on_hand, unit)),
            (_("reserved"), quantity(found.reserved, unit)),
            (_("available"), quantity(found.available, unit)),
        ],
        "since": [
            (term.kind.label, cells.signed(term.on_hand, unit), term.count)
            for term in found.since
            if term.on_hand
        ],
    }


def _latest(goods: Goods) -> list[dict[str, Any]]:
    rows = StockMovement.objects.filter(goods=goods).select_related("by")
    return [
        {
            "row": row,
            "kind": cells.kind_tag(row.kind),
            "on_hand": cells.signed(row.delta_on_hand, goods.unit),
            "reserved": cells.signed(row.delta_reserved, goods.unit),
            "after": quantity(row.on_hand_after, goods.unit),
        }
        for row in rows.order_by("-at", "-id")[:LATEST]
    ]


def _chart(goods: Goods) -> Any:
    days = explaining.evenings(goods.pk, DAYS)
    if not any(level for _day, level in days):
        return None
    unit = goods.unit
    return bars(
        _("On hand in the evening, the last %(days)s days") % {"days": DAYS},
        [(day, level, f"{plain(level)} {unit}") for day, level in days],
    )
