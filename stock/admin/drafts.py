"""Editing a draft: quantities, costs, other goods, another supplier."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base.admin import thumb
from backoffice.base.errors import DomainError
from backoffice.base.money import plain
from backoffice.base.text import labelled
from catalog.admin import cells as catalog_cells
from catalog.admin.search import find_goods
from catalog.enums import GoodsStatus
from catalog.models import Goods
from stock import replenishment
from stock.admin.forms import typed_cost, typed_quantity
from stock.admin.receipts import OrderPages
from stock.enums import ReplenishmentStatus
from stock.models import ReplenishmentOrder, Supplier
from stock.replenishment import Wanted

QUANTITY, COST = "quantity-", "cost-"
FOUND = 20


class DraftForm(forms.Form):
    """What an order says beside its lines."""

    supplier = forms.ModelChoiceField(
        Supplier.objects.filter(is_active=True), label=gettext_lazy("Supplier")
    )
    note = forms.CharField(
        label=gettext_lazy("Note"),
        max_length=500,
        required=False,
        help_text=gettext_lazy("Stands on the printed order."),
    )


class DraftPages(OrderPages):
    """Mixed into the admin of orders: `…/<order>/edit/`."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/edit/", view(self.draft_view), name="stock_draft"),
            *super().get_urls(),
        ]

    def draft_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Lines that are left blank go; goods that are searched for join."""
        user: Any = request.user
        if not user.has_perm(replenishment.ORDER):
            raise PermissionDenied(replenishment.ORDER)
        order = self._order(request, pk)
        if order.status != ReplenishmentStatus.DRAFT:
            status = {"status": order.get_status_display()}
            messages.info(request, _('It is "%(status)s" already.') % status)
            return HttpResponseRedirect(self.object_url(order))
        initial = {"supplier": order.supplier_id, "note": order.note}
        form = DraftForm(request.POST or None, initial=initial, label_suffix="")
        may_set_cost = user.has_perm(catalog_cells.SEE_COST)
        rows = _rows(request, order, may_set_cost=may_set_cost)
        error, typed = "", request.POST.get("find", "").strip()
        if request.method == "POST" and "_find" not in request.POST:
            error = self._save(request, order, form, rows)
            if not error and form.is_valid() and not any(r["error"] for r in rows):
                messages.success(request, labelled(_("Draft saved"), order))
                return HttpResponseRedirect(self.object_url(order))
        return TemplateResponse(
            request,
            "admin/stock/replenishmentorder/draft.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": _("Edit the draft"),
                "order": order,
                "form": form,
                "rows": rows,
                "error": error,
                "find": typed,
                "is_unknown": "_find" in request.POST
                and not any(row["is_new"] for row in rows),
                "may_set_cost": may_set_cost,
                "back_url": self.object_url(order),
            },
        )

    def _save(
        self,
        request: HttpRequest,
        order: ReplenishmentOrder,
        form: DraftForm,
        rows: Sequence[dict[str, Any]],
    ) -> str:
        """Gives what the verb said against it."""
        user: Any = request.user
        lines = [wanted for row in rows if (wanted := _read(row))]
        if any(row["error"] for row in rows) or not form.is_valid():
            return ""
        values = form.cleaned_data
        try:
            replenishment.change(
                order,
                by=user,
                lines=lines,
                supplier=values["supplier"],
                note=values["note"],
            )
        except DomainError as refusal:
            return str(refusal)
        return ""


def _rows(
    request: HttpRequest, order: ReplenishmentOrder, *, may_set_cost: bool
) -> list[dict[str, Any]]:
    """The lines, or what was typed in their place, and what was searched for."""
    kept: dict[int, tuple[str, str]] = {
        line.goods_id: (
            plain(line.quantity),
            plain(line.unit_cost) if may_set_cost else "",
        )
        for line in order.lines.all()
    }
    found: list[int] = []
    if request.method == "POST":
        names = [name for name in request.POST if name.startswith(QUANTITY)]
        ids = [name.removeprefix(QUANTITY) for name in names]
        kept = {
            int(pk): (
                request.POST.get(f"{QUANTITY}{pk}", "").strip(),
                request.POST.get(f"{COST}{pk}", "").strip(),
            )
            for pk in ids
            if pk.isascii() and pk.isdigit() and len(pk) < 19
        }
        typed = request.POST.get("find", "").strip()
        if "_find" in request.POST and typed:
            living = Goods.objects.exclude(status=GoodsStatus.ARCHIVED)
            matches = find_goods(living, typed).order_by("-pk")
            found = list(matches.values_list("pk", flat=True)[:FOUND])
    goods = Goods.objects.select_related("unit").in_bulk([*kept, *found])
    ids_shown = [*kept, *(pk for pk in found if pk not in kept)]
    return [
        {
            "goods": goods[pk],
            "thumb": thumb(
                catalog_cells.thumb_url(str(goods[pk].image or "")), goods[pk].name
            ),
            "quantity": kept.get(pk, ("", ""))[0],
            "cost": kept.get(pk, ("", ""))[1],
            "is_new": pk not in kept,
            "error": "",
        }
        for pk in ids_shown
        if pk in goods
    ]


def _read(row: dict[str, Any]) -> Wanted | None:
    try:
        quantity = typed_quantity(row["quantity"], row["goods"])
        cost = typed_cost(row["cost"])
    except ValidationError as wrong:
        row["error"] = " ".join(wrong.messages)
        return None
    return Wanted(row["goods"].pk, quantity, cost) if quantity else None
