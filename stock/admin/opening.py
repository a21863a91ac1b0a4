"""Entering what is there of goods that never moved, many on one page."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice.base.admin import BaseModelAdmin
from backoffice.base.errors import DomainError
from backoffice.base.money import plain
from catalog.admin import cells as catalog_cells
from catalog.admin.search import find_goods
from catalog.enums import GoodsStatus
from catalog.models import Goods
from stock import receiving
from stock.admin import cells
from stock.admin.forms import typed_cost, typed_quantity
from stock.models import StockMovement
from stock.receiving import Incoming

PER_PAGE = 50
QUANTITY, COST = "quantity-", "cost-"


class OpeningPages(BaseModelAdmin):
    """Mixed into the admin of balances: `…/opening/`."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("opening/", view(self.opening_view), name="stock_opening"),
            *super().get_urls(),
        ]

    def opening_view(self, request: HttpRequest) -> HttpResponse:
        """Each row that was filled in becomes an opening of its own."""
        user: Any = request.user
        if not user.has_perm(cells.OPEN):
            raise PermissionDenied(cells.OPEN)
        typed = request.GET.get("q", "")
        page = Paginator(_never_moved(typed), PER_PAGE).get_page(request.GET.get("p"))
        rows: list[Any] = list(page)
        if request.method == "POST":
            done, wrong = _enter(request.POST, rows, user)
            if done:
                messages.success(request, _done(done))
            if not wrong:
                return HttpResponseRedirect(request.get_full_path())
        for goods in rows:
            goods.thumb_url = catalog_cells.thumb_url(goods.image)
            goods.known_cost = plain(goods.cost)
            goods.status_tag = catalog_cells.status_tag(goods.status)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Opening stock"),
            "page_obj": page,
            "rows": [row for row in rows if not getattr(row, "is_done", False)],
            "q": typed,
            "may_set_cost": user.has_perm(catalog_cells.SEE_COST),
        }
        return TemplateResponse(
            request, "admin/stock/stockbalance/opening.html", context
        )


def _never_moved(typed: str) -> "QuerySet[Goods]":
    moved = StockMovement.objects.filter(goods=OuterRef("pk"))
    rows = (
        Goods.objects.filter(~Exists(moved))
        .exclude(status=GoodsStatus.ARCHIVED)
        .select_related("unit")
        .order_by("-pk")
    )
    return find_goods(rows, typed)


def _enter(posted: QueryDict, rows: list[Any], by: Any) -> tuple[int, int]:
    """Open what was filled in; gives how many were done and how many refused. A row
    keeps what was typed and what was wrong with it."""
    done = wrong = 0
    for goods in rows:
        goods.typed = posted.get(f"{QUANTITY}{goods.pk}", "").strip()
        goods.typed_cost = posted.get(f"{COST}{goods.pk}", "").strip()
        if not goods.typed:
            continue
        try:
            quantity = typed_quantity(goods.typed, goods)
            line = Incoming(goods.pk, quantity, typed_cost(goods.typed_cost))  # type: ignore[arg-type]
            receiving.open_stock([line], by=by)
        except (ValidationError, DomainError) as refusal:
            goods.error = " ".join(getattr(refusal, "messages", [str(refusal)]))
            wrong += 1
        else:
            goods.is_done = True
            done += 1
    return done, wrong


def _done(count: int) -> str:
    return ngettext(
        "Opening stock of %(count)s goods entered.",
        "Opening stock of %(count)s goods entered.",
        count,
    ) % {"count": count}
