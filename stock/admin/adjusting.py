"""Adjusting one goods' stock by hand."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from backoffice.base.admin import BaseModelAdmin, quantity
from backoffice.base.errors import DomainError
from backoffice.base.text import labelled
from catalog.models import Goods
from stock import corrections
from stock.admin import cells
from stock.admin.forms import AdjustForm
from stock.models import StockBalance
from stock.references import new_reference


class AdjustPages(BaseModelAdmin):
    """Mixed into the admin of balances: `…/<goods>/adjust/`."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/adjust/", view(self.adjust_view), name="stock_adjust"),
            *super().get_urls(),
        ]

    def adjust_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A change with its reason; for who may adjust stock."""
        user: Any = request.user
        if not user.has_perm(cells.ADJUST):
            raise PermissionDenied(cells.ADJUST)
        goods = Goods.objects.with_words().filter(pk=pk).first()
        if goods is None:
            raise Http404
        form = AdjustForm(
            request.POST or None, initial={"reference": new_reference("AD")}
        )
        if request.method == "POST" and form.is_valid():
            values = form.cleaned_data
            try:
                corrections.adjust(
                    goods,
                    by=user,
                    delta=values["delta"],
                    reason=values["reason"],
                    reference=values["reference"],
                )
            except DomainError as refusal:
                form.refuse(refusal)
            else:
                messages.success(request, labelled(_("Stock adjusted"), goods))
                return HttpResponseRedirect(cells.why_url(goods.pk))
        balance = StockBalance.objects.filter(pk=pk).first() or StockBalance(
            goods=goods
        )
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Adjust stock"),
            "goods": goods,
            "form": form,
            "facts": [
                (_("on hand"), quantity(balance.on_hand, goods.unit)),
                (_("reserved"), quantity(balance.reserved, goods.unit)),
                (_("available"), quantity(balance.available, goods.unit)),
            ],
            "back_url": cells.why_url(goods.pk),
            "button": _("Adjust"),
        }
        return TemplateResponse(
            request, "admin/stock/stockbalance/adjust.html", context
        )
