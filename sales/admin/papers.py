"""What is printed: pick lists, packing slips, receipts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from backoffice.base.admin import Tool, Verb, quantity
from backoffice.base.admin.changelist import ONLY, chosen_ids
from backoffice.base.money import plain
from sales.admin import cells
from sales.admin.moving import MovingVerbs
from sales.enums import (
    IN_THE_SHOP,
    REFUND_COUNTS,
    OrderStatus,
    PaymentStatus,
    RefundKind,
)
from sales.models import Order, OrderLine, Payment, Refund

#: so many orders are printed at once
MOST = 500
#: digits of an order number by which people tell orders apart
TAIL = 6


@dataclass(frozen=True)
class Kind:
    """One kind of paper."""

    name: str
    label: Any
    icon: str
    statuses: tuple[OrderStatus, ...]


PICK = Kind("pick", gettext_lazy("Pick list"), "fa-list-check", IN_THE_SHOP)
SLIPS = Kind("slips", gettext_lazy("Packing slips"), "fa-box-open", IN_THE_SHOP)
RECEIPTS = Kind(
    "receipts",
    gettext_lazy("Receipts"),
    "fa-receipt",
    (
        *IN_THE_SHOP,
        OrderStatus.SHIPPED,
        OrderStatus.COMPLETED,
        OrderStatus.CLOSED,
    ),
)
KINDS = {kind.name: kind for kind in (PICK, SLIPS, RECEIPTS)}


@dataclass
class Paper:
    """One order as it is printed."""

    order: Order
    tail: str
    receiver: cells.Receiver
    lines: list[OrderLine] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    #: yuan that go back or went back
    back: Decimal = Decimal(0)
    weight_back: Decimal = Decimal(0)

    @property
    def shown(self) -> list["ShownLine"]:
        return [ShownLine(line) for line in self.lines]

    @property
    def has_weights(self) -> bool:
        return any(line.is_weighed for line in self.lines)


@dataclass(frozen=True)
class ShownLine:
    """A line with its quantities ready for paper."""

    line: OrderLine

    @property
    def ordered(self) -> SafeString:
        return cells.ordered(self.line)

    @property
    def left(self) -> SafeString:
        """What is still to be packed, base units."""
        return quantity(self.line.held, self.line.base_unit_name)

    @property
    def weighed(self) -> Any:
        if self.line.weighed is None:
            return ""
        return quantity(self.line.weighed, self.line.base_unit_name)

    @property
    def difference(self) -> str:
        """+0.05, −0.12; "" where it was not weighed or is as ordered."""
        if self.line.weighed is None:
            return ""
        more = self.line.weighed - self.line.base_quantity
        return signed(more)


def signed(value: Decimal) -> str:
    """With its sign; "" for nothing."""
    if not value:
        return ""
    return f"{'+' if value > 0 else '−'}{plain(abs(value))}"


@dataclass
class Picked:
    """A goods on the pick list: base units in all, in selling units, in how many
    orders."""

    line: OrderLine
    base: Decimal = Decimal(0)
    units: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    orders: set[int] = field(default_factory=set)
    is_weighed: bool = False

    def add(self, line: OrderLine) -> None:
        """Count one more line."""
        self.base += line.held
        key = (line.unit, line.unit_name)
        held = line.held / line.unit_size
        self.units[key] = self.units.get(key, Decimal(0)) + held
        self.orders.add(line.order_id)
        self.is_weighed = self.is_weighed or line.is_weighed

    @property
    def total(self) -> SafeString:
        return quantity(self.base, self.line.base_unit_name)

    @property
    def by_unit(self) -> SafeString:
        """2 箱 + 3.5 斤, where there is more than one way."""
        if len(self.units) == 1 and self.line.unit_size == 1:
            return SafeString("")
        parts = (
            (quantity(held.quantize(Decimal("0.001")), name),)
            for (_unit, name), held in sorted(self.units.items())
        )
        return format_html_join(" + ", "{}", parts)


def pick_list(lines: Iterable[OrderLine]) -> list[tuple[str, list[Picked]]]:
    """[(category, its goods)]: what is still held by orders, added up."""
    found: dict[int, Picked] = {}
    for line in lines:
        if line.held:
            found.setdefault(line.goods_id, Picked(line)).add(line)
    groups: dict[tuple[int, int], tuple[str, list[Picked]]] = {}
    for picked in found.values():
        category = picked.line.goods.category
        key = (category.sequence, category.pk)
        groups.setdefault(key, (str(category), []))[1].append(picked)
    return [
        (name, sorted(goods, key=lambda one: (one.line.name, one.line.code)))
        for _key, (name, goods) in sorted(groups.items())
    ]


class PaperPages(MovingVerbs):
    """Mixed into the admin of orders: `…/papers/<kind>/?only=1,2,3`."""

    verbs = [
        *MovingVerbs.verbs,
        *(
            Verb(
                f"print_{kind.name}",
                kind.label,
                cells.VIEW,
                icon=kind.icon,
                in_row=False,
            )
            for kind in KINDS.values()
        ),
    ]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path(
                "papers/<slug:kind>/",
                view(self.papers_view),
                name="sales_order_papers",
            ),
            *super().get_urls(),
        ]

    def verb_view(self, request: HttpRequest, verb_name: str) -> HttpResponse:
        """Printing changes nothing: it is a page, not a verb with a question first."""
        kind = KINDS.get(verb_name.removeprefix("print_"))
        if kind is None or request.method != "POST":
            return super().verb_view(request, verb_name)
        self._verb(request, verb_name)
        orders, too_many = self._chosen(request)
        if too_many or not orders:
            return super().verb_view(request, verb_name)
        back = {"next": request.POST["next"]} if request.POST.get("next") else {}
        return HttpResponseRedirect(
            papers_url(kind, [order.pk for order in orders], **back)
        )

    def order_tools(self, request: HttpRequest, order: Order) -> Sequence[Tool]:
        tools = [
            Tool(kind.label, papers_url(kind, [order.pk]), kind.icon)
            for kind in (SLIPS, RECEIPTS)
            if order.status in kind.statuses
        ]
        return [*tools, *super().order_tools(request, order)]

    def papers_view(self, request: HttpRequest, kind: str) -> HttpResponse:
        """The papers of the chosen orders, as they come out of the printer."""
        found = KINDS.get(kind)
        if found is None:
            raise Http404
        if not self.has_view_permission(request):
            raise PermissionDenied(cells.VIEW)
        ids = chosen_ids(",".join(request.GET.getlist(ONLY)))[:MOST]
        papers, left_out = self._papers(request, found, ids)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": found.label,
            "kind": found,
            "papers": papers,
            "left_out": left_out,
            "printed_at": timezone.now(),
            "by": request.user,
            "others": [
                (one.label, one.icon, papers_url(one, ids))
                for one in KINDS.values()
                if one is not found
            ],
            "back_url": self._back_url(request, ids),
        }
        if found is PICK:
            lines = [line for paper in papers for line in paper.lines]
            context["groups"] = groups = pick_list(lines)
            context["has_units"] = any(
                one.by_unit for _c, all_ in groups for one in all_
            )
        template = f"admin/sales/order/print_{found.name}.html"
        return TemplateResponse(request, template, context)

    def _back_url(self, request: HttpRequest, ids: Sequence[str]) -> str:
        if "next" not in request.GET and len(ids) == 1:
            return cells.order_url(ids[0])
        return cells.safe_next(request) or self._url("changelist")

    def _papers(
        self, request: HttpRequest, kind: Kind, ids: Sequence[str]
    ) -> tuple[list[Paper], list[Order]]:
        """Those that have such a paper, and those that have none: four queries."""
        orders = list(Order.objects.filter(pk__in=ids).order_by("id"))
        papers = {
            order.pk: Paper(
                order, order.order_no[-TAIL:], cells.receiver_of(request, order)
            )
            for order in orders
            if order.status in kind.statuses
        }
        lines = OrderLine.objects.filter(order__in=papers).order_by("sequence")
        for line in lines.select_related("goods__category"):
            papers[line.order_id].lines.append(line)
        if kind is RECEIPTS:
            _add_money(papers)
        return list(papers.values()), [o for o in orders if o.pk not in papers]


def _add_money(papers: dict[int, Paper]) -> None:
    for payment in Payment.objects.filter(
        order__in=papers, status=PaymentStatus.PAID
    ).order_by("id"):
        papers[payment.order_id].payments.append(payment)
    for refund in Refund.objects.filter(
        order__in=papers, status__in=REFUND_COUNTS
    ).exclude(kind=RefundKind.PAYMENT):
        paper = papers[refund.order_id]
        paper.back += refund.amount
        if refund.kind == RefundKind.WEIGHT:
            paper.weight_back += refund.amount


def papers_url(kind: Kind, ids: Iterable[Any], **query: str) -> str:
    """Where the papers of these orders are."""
    chosen = {ONLY: ",".join(map(str, ids)), **query}
    address = cells.page_url("sales_order_papers", kind.name)
    return f"{address}?{urlencode(chosen, safe=',')}"
