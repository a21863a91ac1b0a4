"""The morning sheet: what is needed of which goods, from whom, for how much.

Reading it is one suggestion for each goods (`stock.suggesting`); what is written into
it becomes one draft for each supplier.
"""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
)
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backoffice.base.admin import explain, money, quantity, thumb
from backoffice.base.admin.cells import NOTHING
from backoffice.base.errors import DomainError
from backoffice.base.money import ZERO as NO_MONEY
from backoffice.base.money import at_least, fixed, plain, round_money
from backoffice.oplog.record import record
from backoffice.sheets import writing
from backoffice.sheets.definitions import Column
from catalog.admin import cells as catalog_cells
from catalog.admin.search import find_goods
from catalog.enums import GoodsStatus
from catalog.models import Category, Goods
from stock import availability, replenishment, suppliers, velocity
from stock.admin import cells
from stock.admin.forms import typed_cost, typed_quantity
from stock.admin.receipts import OrderPages
from stock.enums import ReplenishmentStatus
from stock.models import ReplenishmentLine, Supplier
from stock.quantities import ZERO
from stock.replenishment import Wanted
from stock.suggesting import Suggestion, suggest

PER_PAGE = 200
QUANTITY, COST, SUPPLIER = "quantity-", "cost-", "supplier-"
NOBODY = "none"
VIEW = "stock.view_replenishmentorder"


@dataclass(frozen=True)
class Asked:
    """How the sheet is narrowed."""

    q: str = ""
    goods: int | None = None
    category: int | None = None
    supplier: str = ""
    show: str = "needed"

    @classmethod
    def of(cls, request: HttpRequest) -> "Asked":
        """What the address says; what cannot be read is left out."""
        given = request.GET
        supplier = given.get("supplier", "")
        return cls(
            given.get("q", "").strip(),
            _number(given.get("goods", "")),
            _number(given.get("category", "")),
            supplier if supplier == NOBODY or _number(supplier) else "",
            "all" if given.get("show") == "all" else "needed",
        )

    @property
    def query(self) -> str:
        """The same as an address has it."""
        given = {
            "q": self.q,
            "goods": self.goods,
            "category": self.category,
            "supplier": self.supplier,
            "show": self.show if self.show == "all" else "",
        }
        return urlencode({name: value for name, value in given.items() if value})

    @property
    def is_narrowed(self) -> bool:
        return bool(self.q or self.goods or self.category or self.supplier)


class MorningPages(OrderPages):
    """Mixed into the admin of orders: `…/morning/`."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("morning/", view(self.morning_view), name="stock_morning"),
            path(
                "morning/export/<str:kind>/",
                view(self.morning_export_view),
                name="stock_morning_export",
            ),
            *super().get_urls(),
        ]

    def morning_view(self, request: HttpRequest) -> HttpResponse:
        """What is needed, by supplier; a button for each drafts an order."""
        _permit(request)
        asked = Asked.of(request)
        found = narrowed(asked)
        page = Paginator(found, PER_PAGE).get_page(request.GET.get("p"))
        rows = list(_rows(request, list(page)))
        if request.method == "POST":
            drafted = self._draft(request, rows)
            if drafted:
                return self._drafted(request, drafted)
        may_order = request.user.has_perm(replenishment.ORDER)
        with_cost = request.user.has_perm(catalog_cells.SEE_COST)
        active = list(Supplier.objects.filter(is_active=True))
        return TemplateResponse(
            request,
            "admin/stock/replenishmentorder/morning.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": _("Morning sheet"),
                "asked": asked,
                "page_obj": page,
                "sections": list(_sections(rows, active)),
                "total": len(found),
                "has_errors": any(row["error"] for row in rows),
                "may_order": may_order,
                "may_set_cost": with_cost and may_order,
                "with_cost": with_cost,
                "suppliers": active,
                "categories": Category.objects.order_by("sequence", "name"),
                "nobody": NOBODY,
                "printed_at": timezone.localtime(),
                "add_supplier_url": reverse("admin:stock_supplier_add")
                if may_order and not active
                else "",
            },
        )

    def morning_export_view(self, request: HttpRequest, kind: str) -> HttpResponseBase:
        """The same rows as a sheet."""
        _permit(request)
        if kind not in writing.FORMATS:
            raise Http404
        user: Any = request.user
        columns = [
            c for c in COLUMNS if not c.permission or user.has_perm(c.permission)
        ]
        rows = narrowed(Asked.of(request))
        file = tempfile.SpooledTemporaryFile(max_size=4 * 2**20)  # noqa: SIM115 - the response closes it
        writing.write(
            file,  # type: ignore[arg-type]
            kind,
            columns,
            _exported(rows, columns),
            title=_("Morning sheet"),
            labels=True,
        )
        record(
            by=user,
            action="sheet.exported",
            sheet="morning",
            rows=len(rows),
            format=kind,
        )
        file.seek(0)
        name = f"morning-{timezone.localdate():%Y%m%d}.{kind}"
        return FileResponse(file, as_attachment=True, filename=name)  # type: ignore[arg-type]

    # --- drafting

    def _draft(self, request: HttpRequest, rows: Sequence[dict[str, Any]]) -> list[Any]:
        """The orders that were drafted; none where a row is wrong."""
        user: Any = request.user
        if not user.has_perm(replenishment.ORDER):
            raise PermissionDenied(replenishment.ORDER)
        wanted = request.POST.get("draft", "")
        with_cost = user.has_perm(catalog_cells.SEE_COST)
        by_supplier: dict[int, list[Wanted]] = {}
        chosen: dict[int, int] = {}
        for row in rows:
            supplier = row["supplier"]
            if wanted not in ("all", str(supplier or NOBODY)):
                continue
            line = _read(row, with_cost)
            if line is not None and supplier is None:
                row["error"] = _("Choose a supplier.")
            elif line is not None:
                by_supplier.setdefault(supplier, []).append(line)
                if supplier != row["suggestion"].supplier_id:
                    chosen[line.goods_id] = supplier
        if any(row["error"] for row in rows):
            return []
        if not by_supplier:
            messages.warning(request, _("There is nothing to order: enter a quantity."))
            return []
        try:
            return _drafts(by_supplier, chosen, user)
        except DomainError as refusal:
            messages.error(request, str(refusal))
            return []

    def _drafted(self, request: HttpRequest, drafted: Sequence[Any]) -> HttpResponse:
        said = ngettext(
            "%(count)s order drafted: look it through, then send it.",
            "%(count)s orders drafted: look them through, then send them.",
            len(drafted),
        )
        messages.success(request, said % {"count": len(drafted)})
        if len(drafted) == 1:
            return HttpResponseRedirect(self.object_url(drafted[0]))
        address = reverse("admin:stock_replenishmentorder_changelist")
        return HttpResponseRedirect(f"{address}?tab=draft")


def _permit(request: HttpRequest) -> None:
    if not request.user.has_perm(VIEW):
        raise PermissionDenied(VIEW)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


@transaction.atomic
def _drafts(
    by_supplier: dict[int, list[Wanted]], chosen: dict[int, int], user: Any
) -> list[Any]:
    """One draft for each supplier, and who supplies what from now on."""
    rows = Supplier.objects.in_bulk(by_supplier)
    drafted = [
        replenishment.draft(rows[pk], lines, by=user)
        for pk, lines in sorted(by_supplier.items())
    ]
    goods = Goods.objects.in_bulk(chosen)
    for pk in sorted(chosen):
        suppliers.assign(goods[pk], by=user, supplier=rows[chosen[pk]])
    return drafted


# --- reading ------------------------------------------------------------------------------


def narrowed(asked: Asked) -> list[Suggestion]:
    """The suggestions for what was asked, by code."""
    found = suggest(_ids(asked))
    if asked.show == "needed" and asked.goods is None:
        found = [one for one in found if one.quantity]
    return found


def _ids(asked: Asked) -> list[int] | None:
    """The goods that are meant; None for all."""
    if not asked.is_narrowed:
        return None
    rows = Goods.objects.exclude(status=GoodsStatus.ARCHIVED)
    if asked.goods:
        rows = rows.filter(pk=asked.goods)
    if asked.category:
        rows = rows.filter(category=asked.category)
    if asked.supplier == NOBODY:
        rows = rows.filter(supply=None)
    elif asked.supplier:
        rows = rows.filter(supply__supplier=_number(asked.supplier))
    return list(find_goods(rows, asked.q).values_list("pk", flat=True))


def _rows(
    request: HttpRequest, found: Sequence[Suggestion]
) -> Iterator[dict[str, Any]]:
    """The rows of one page, with what was typed into them."""
    ids = [one.goods_id for one in found]
    goods = Goods.objects.select_related("unit", "case_unit", "category").in_bulk(ids)
    held = availability.reserved(ids)
    drafts = _in_drafts(ids)
    posted = request.POST if request.method == "POST" else None
    active = set(Supplier.objects.filter(is_active=True).values_list("pk", flat=True))
    for one in found:
        row, pk = goods[one.goods_id], one.goods_id
        known = one.supplier_id if one.supplier_id in active else None
        in_draft = drafts.get(pk, ZERO)
        typed = plain(one.quantity) if one.quantity and not in_draft else ""
        cost = ""
        supplier = known
        if posted is not None:
            typed = posted.get(f"{QUANTITY}{pk}", "").strip()
            cost = posted.get(f"{COST}{pk}", "").strip()
            supplier = _number(posted.get(f"{SUPPLIER}{pk}", ""))
            supplier = supplier if supplier in active else None
        yield {
            "suggestion": one,
            "goods": row,
            "thumb": thumb(catalog_cells.thumb_url(str(row.image or "")), row.name),
            "url": cells.why_url(pk),
            "available": quantity(one.available, row.unit),
            "reserved": quantity(held[pk], row.unit) if held[pk] else "",
            "on_order": quantity(one.on_order, row.unit) if one.on_order else NOTHING,
            "in_draft": quantity(in_draft, row.unit) if in_draft else "",
            "average": _average(one, row),
            "cover": _cover(one),
            "suggested": _formula(one, row),
            "known_supplier": known,
            "supplier": supplier,
            "last_cost": _cost(one),
            "placeholder": plain(one.last_cost),
            "spend": money(one.spend),
            "spend_value": one.spend,
            "typed": typed,
            "typed_cost": cost,
            "error": "",
        }


def _sections(
    rows: Sequence[dict[str, Any]], active: Sequence[Supplier]
) -> Iterator[dict[str, Any]]:
    """By the supplier that is chosen at present, by name; those without one last."""
    by_supplier: dict[int | None, list[dict[str, Any]]] = {}
    for row in rows:
        by_supplier.setdefault(row["known_supplier"], []).append(row)
    for supplier in [*active, None]:
        found = by_supplier.get(supplier.pk if supplier else None)
        if found:
            spend = [r["spend_value"] for r in found if r["spend_value"] is not None]
            yield {
                "supplier": supplier,
                "key": str(supplier.pk) if supplier else NOBODY,
                "rows": found,
                "spend": money(sum(spend, NO_MONEY)) if spend else NOTHING,
            }


def _in_drafts(goods_ids: Iterable[int]) -> dict[int, Decimal]:
    """{goods: base units that stand in drafts}; they are not on order yet."""
    wanted = set(goods_ids)
    found: dict[int, Decimal] = {}
    lines = ReplenishmentLine.objects.filter(order__status=ReplenishmentStatus.DRAFT)
    for line in lines:
        if line.goods_id in wanted:
            found[line.goods_id] = found.get(line.goods_id, ZERO) + line.quantity
    return found


def _average(one: Suggestion, goods: Goods) -> Any:
    if not one.average:
        return NOTHING
    shown = quantity(one.average.quantize(velocity.TENTH), goods.unit)
    return explain(
        shown,
        [
            (_("average, exactly"), fixed(one.average, 6)),
            (_("complete shop days"), one.days),
        ],
        title=_("Average daily sales"),
    )


def _cover(one: Suggestion) -> Any:
    """For how many days that is there will do, at this pace."""
    if not one.average:
        return NOTHING
    days = max(one.available, ZERO) / one.average
    return fixed(days.quantize(velocity.TENTH), 1)


def _formula(one: Suggestion, goods: Goods) -> Any:
    """What to order, which opens how it came about."""
    if not one.quantity:
        shown = NOTHING
    elif one.cases is not None:
        shown = quantity(one.quantity, f"{goods.unit} = {one.cases} {_case(goods)}")
    else:
        shown = quantity(one.quantity, goods.unit)
    step = one.case_size or goods.unit.step
    lines = [
        (
            _("average × %(days)s days") % {"days": plain(one.cover_days)},
            plain(one.average * one.cover_days),
        ),
        (
            _("+ %(percent)s %% of the average") % {"percent": plain(one.low_percent)},
            plain(one.average * one.low_percent / 100),
        ),
        (_("− available"), plain(one.available)),
        (_("− on order"), plain(one.on_order)),
        (_("= needed"), plain(one.needed)),
        (
            _("rounded up to steps of %(step)s") % {"step": plain(step)},
            plain(one.quantity),
        ),
    ]
    return explain(shown, lines, title=_("Suggested quantity"))


def _case(goods: Goods) -> Any:
    return goods.case_unit or _("cases")


def _cost(one: Suggestion) -> Any:
    if one.last_cost is None:
        return NOTHING
    return money(one.last_cost, places=at_least(one.last_cost, 2))


def _read(row: dict[str, Any], with_cost: bool) -> Wanted | None:
    """What is wanted of a row, at the last cost unless another is typed; None where
    nothing is, or where it is wrong."""
    try:
        wanted = typed_quantity(row["typed"], row["goods"])
        cost = typed_cost(row["typed_cost"])
    except ValidationError as wrong:
        row["error"] = " ".join(wrong.messages)
        return None
    if not wanted:
        return None
    if cost is None and with_cost:
        cost = row["suggestion"].last_cost
    return Wanted(row["goods"].pk, wanted, cost)


# --- the export ---------------------------------------------------------------------------


def _column(name: str, label: Any, kind: str = "text", permission: str = "") -> Column:
    return Column(
        name, label, parse=str, kind=kind, read_only=True, permission=permission
    )


COLUMNS = [
    _column("code", gettext_lazy("code")),
    _column("name", gettext_lazy("name")),
    _column("unit", gettext_lazy("unit")),
    _column("available", gettext_lazy("available"), "number"),
    _column("reserved", gettext_lazy("reserved"), "number"),
    _column("on_order", gettext_lazy("on order"), "number"),
    _column("average", gettext_lazy("average daily sales"), "number"),
    _column("days_of_cover", gettext_lazy("days of cover"), "number"),
    _column("suggested", gettext_lazy("suggested quantity"), "number"),
    _column("cases", gettext_lazy("cases"), "number"),
    _column("supplier", gettext_lazy("supplier")),
    _column("last_cost", gettext_lazy("last cost"), "number", catalog_cells.SEE_COST),
    _column("spend", gettext_lazy("expected spend"), "number", catalog_cells.SEE_COST),
]


def _exported(
    found: Sequence[Suggestion], columns: Sequence[Column]
) -> Iterator[list[Any]]:
    names = dict(Supplier.objects.values_list("pk", "name"))
    for start in range(0, len(found), PER_PAGE):
        some = found[start : start + PER_PAGE]
        ids = [one.goods_id for one in some]
        goods = Goods.objects.select_related("unit").in_bulk(ids)
        held = availability.reserved(ids)
        for one in some:
            row = goods[one.goods_id]
            values = {
                "code": row.code,
                "name": row.name,
                "unit": row.unit.name,
                "available": one.available,
                "reserved": held[one.goods_id],
                "on_order": one.on_order,
                "average": one.average,
                "days_of_cover": (
                    (max(one.available, ZERO) / one.average).quantize(velocity.TENTH)
                    if one.average
                    else None
                ),
                "suggested": one.quantity,
                "cases": one.cases,
                "supplier": names.get(one.supplier_id or 0, ""),
                "last_cost": one.last_cost,
                "spend": None if one.spend is None else round_money(one.spend),
            }
            yield [values[column.name] for column in columns]
