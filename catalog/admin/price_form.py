"""One goods' prices, changed from its row: a small form that warns before it is sent."""

from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from backoffice.base.admin import VerbAdmin
from backoffice.base.admin.addresses import address_of
from backoffice.base.admin.cells import escaped
from backoffice.base.errors import DomainError, FieldErrors
from backoffice.base.money import FEN, MAX_PRICE, fixed
from backoffice.base.text import half_width
from catalog import pricing
from catalog.admin import cells
from catalog.models import Goods

PRICES = ("price", "case_price")


class PricePages(VerbAdmin):
    """`…/<goods>/price/`: asked for by the pencil beside a price, in a dialog where
    scripts run, as a page of its own elsewhere."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/price/", view(self.price_view), name="catalog_goods_price"),
            *super().get_urls(),
        ]

    def price_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Shows the prices; a change that runs into a guard is sent twice: first the
        guard is told, then it is proposed."""
        goods: Any = (
            Goods.objects.select_related("unit", "case_unit").filter(pk=pk).first()
        )
        if goods is None:
            raise Http404
        user: Any = request.user
        if not pricing.may_price(user, goods):
            raise PermissionDenied("catalog.price_goods")
        said: dict[str, Any] = {"errors": {}}
        if request.method == "POST":
            answer = self._change(request, goods, said)
            if answer is not None:
                return answer
        return TemplateResponse(
            request,
            "admin/catalog/goods/price.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": _("Price of %(goods)s") % {"goods": goods.name},
                "goods": goods,
                "fields": _fields(request, goods, said["errors"]),
                "hits": said.get("hits", []),
                "error": said.get("error", ""),
                "reason": request.POST.get("reason", ""),
                "cost": cells.cost_cell(goods) if user.has_perm(cells.SEE_COST) else "",
                "next": self._back(request),
                "action": reverse("admin:catalog_goods_price", args=[pk]),
            },
        )

    def _change(
        self, request: HttpRequest, goods: Goods, said: dict[str, Any]
    ) -> HttpResponse | None:
        user: Any = request.user
        try:
            values: dict[str, Any] = _typed(request, goods)
            foreseen = pricing.consider(goods, by=user, **values)
            if foreseen.hits and not request.POST.get("agreed"):
                said["hits"] = [hit.message for hit in foreseen.hits]
                return None
            outcome = pricing.change_price(
                goods, by=user, reason=request.POST.get("reason", ""), **values
            )
        except FieldErrors as refusal:
            said["errors"] = refusal.errors
            return None
        except DomainError as refusal:
            said["error"] = str(refusal)
            return None
        if outcome.run is not None:
            messages.warning(
                request,
                _("%(run)s waits for a second person; the price stays until then.")
                % {"run": outcome.run.number},
            )
        elif outcome.applied:
            messages.success(
                request, _("The price of %(goods)s is changed.") % {"goods": goods}
            )
        return HttpResponseRedirect(self._back(request))


def pencil(goods: Goods) -> SafeString:
    """The way from a row to its small form."""
    says = _("Change the price of %(goods)s") % {"goods": goods.name}
    return mark_safe(
        ' <a class="price-pencil" data-price '
        f'href="{escaped(address_of("admin:catalog_goods_price", goods.pk))}" '
        f'title="{escaped(_("Change the price"))}" aria-label="{escaped(says)}">'
        '<i class="fas fa-pen" aria-hidden="true"></i></a>'
    )


def _typed(request: HttpRequest, goods: Goods) -> dict[str, Any]:
    """What was typed, for `pricing`; a blank case price takes it away."""
    values: dict[str, Decimal | None] = {}
    errors: dict[str, list[str]] = {}
    for name in PRICES:
        if name not in request.POST:
            continue
        text = half_width(request.POST[name]).replace("¥", "").strip()
        if not text:
            if name == "price":
                errors[name] = [_("This field is required.")]
            else:
                values[name] = None
            continue
        try:
            values[name] = Decimal(text)
        except InvalidOperation:
            errors[name] = [_("Not a number.")]
    if errors:
        raise FieldErrors(errors)
    return _asked(request, goods, values)


def _asked(
    request: HttpRequest, goods: Goods, values: dict[str, Decimal | None]
) -> dict[str, Decimal | None]:
    """What was really changed in the form: a price that was left as it was shown stays,
    also where somebody else has changed it since; one that was typed over a price that
    is not there any more is not written blindly."""
    asked: dict[str, Decimal | None] = {}
    errors: dict[str, list[str]] = {}
    for name, value in values.items():
        shown = request.POST.get(f"shown_{name}")
        if shown is None:
            asked[name] = value
            continue
        now = fixed(getattr(goods, name), 2) or ""
        if _is_same(value, shown):
            continue
        if shown != now and value != getattr(goods, name):
            errors[name] = [
                _("It has been changed to %(price)s meanwhile; look at it once more.")
                % {"price": now or "—"}
            ]
        asked[name] = value
    if errors:
        raise FieldErrors(errors)
    return asked


def _is_same(value: Decimal | None, shown: str) -> bool:
    """Whether this is the price that the form showed; blank is none."""
    if value is None or not shown:
        return value is None and not shown
    if not value.is_finite() or abs(value) > MAX_PRICE:
        return False
    return value == value.quantize(FEN) and fixed(value, 2) == shown


def _fields(
    request: HttpRequest, goods: Any, errors: dict[str, list[str]]
) -> list[dict[str, Any]]:
    rows = []
    for name, label, unit, enabled in (
        ("price", _("Retail"), goods.unit, goods.retail_enabled),
        ("case_price", _("Case"), goods.case_unit, goods.case_enabled),
    ):
        if not enabled:
            continue
        old = fixed(getattr(goods, name), 2) or ""
        rows.append(
            {
                "name": name,
                "label": label,
                "unit": unit or "",
                "old": old,
                "value": request.POST.get(name, old),
                "error": " ".join(errors.get(name, [])),
            }
        )
    return rows
