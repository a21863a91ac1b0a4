"""Suppliers: who delivers, what is ordered from them, what is under way."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base.admin import (
    BaseModelAdmin,
    EmptyState,
    RowAction,
    Tab,
    Tool,
    column,
    link,
    tag,
    two_lines,
)
from backoffice.base.admin.cells import NOTHING, number
from backoffice.base.errors import DomainError
from catalog.admin.forms import Refused, VerbForm, refusals_of, shown_again
from stock import suppliers
from stock.models import GoodsSupply, ReplenishmentOrder, Supplier
from stock.suggesting import UNDER_WAY


def morning_url(**filters: Any) -> str:
    """The morning sheet, narrowed (`supplier=3`)."""
    address = reverse("admin:stock_morning")
    return f"{address}?{urlencode(filters)}" if filters else address


def orders_url(**filters: Any) -> str:
    """The list of orders to suppliers, narrowed."""
    address = reverse("admin:stock_replenishmentorder_changelist")
    return f"{address}?{urlencode(filters)}" if filters else address


def _count(rows: QuerySet, field: str) -> Any:
    counted = rows.order_by().values(field).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


@admin.register(Supplier)
class SupplierAdmin(BaseModelAdmin):
    """Written by the verbs of `stock.suppliers`; the operation log tells who did."""

    form = VerbForm
    list_display = ["title", "mobile", "goods_count", "orders", "said", "state"]
    list_display_links = ["title"]
    search_fields = ["name", "mobile", "note"]
    search_help_text = gettext_lazy("Name, mobile or note")
    ordering = ["name"]
    actions = None  # type: ignore[assignment]
    tabs = [
        Tab("active", gettext_lazy("active"), {"is_active": True}),
        Tab("closed", gettext_lazy("no new orders"), {"is_active": False}),
    ]

    class Media:
        css = {"all": ["backoffice/css/catalog.css", "backoffice/css/stock.css"]}

    # --- who may

    def get_urls(self) -> list[URLPattern]:
        """Without a history: the operation log tells who changed it."""
        return [p for p in super().get_urls() if not str(p.name).endswith("_history")]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(suppliers.ORDER))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm(suppliers.ORDER))

    # --- the list

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With how many goods and orders under way each has."""
        goods = GoodsSupply.objects.filter(supplier=OuterRef("pk"))
        open_orders = ReplenishmentOrder.objects.filter(
            supplier=OuterRef("pk"), status__in=UNDER_WAY
        )
        return (
            super()
            .get_queryset(request)
            .annotate(
                goods_total=_count(goods, "supplier"),
                orders_total=_count(open_orders, "supplier"),
            )
        )

    @column(gettext_lazy("supplier"), ordering="name", phone="title")
    def title(self, obj: Supplier) -> Any:
        return two_lines(obj.name)

    @column(gettext_lazy("goods"), ordering="goods_total", numeric=True)
    def goods_count(self, obj: Any) -> Any:
        if not obj.goods_total:
            return NOTHING
        address = morning_url(supplier=obj.pk, show="all")
        return link(address, number(obj.goods_total))

    @column(gettext_lazy("orders under way"), ordering="orders_total", numeric=True)
    def orders(self, obj: Any) -> Any:
        if not obj.orders_total:
            return NOTHING
        address = orders_url(tab="due", supplier__id__exact=obj.pk)
        return link(address, number(obj.orders_total))

    @column(gettext_lazy("note"), phone="wide")
    def said(self, obj: Supplier) -> Any:
        return obj.note or NOTHING

    @column(gettext_lazy("status"))
    def state(self, obj: Supplier) -> Any:
        return supplier_tag(obj)

    def row_actions(self, request: HttpRequest, obj: Any) -> Sequence[RowAction]:
        """What to order from them this morning."""
        if not (obj.is_active and request.user.has_perm(suppliers.ORDER)):
            return []
        return [
            RowAction(_("Order goods"), morning_url(supplier=obj.pk), icon="fa-truck")
        ]

    def empty_state(self, request: HttpRequest) -> EmptyState:
        text = _("No supplier yet. Goods are ordered from suppliers.")
        if not self.has_add_permission(request):
            return EmptyState(text)
        return EmptyState(text, _("Add the first"), reverse("admin:stock_supplier_add"))

    # --- one supplier

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A new supplier gets orders; only an old one can be switched off."""
        return ["name", "mobile", "note", *(["is_active"] if obj else [])]

    def formfield_for_dbfield(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> Any:
        formfield = super().formfield_for_dbfield(db_field, request, **kwargs)
        if formfield is not None and db_field.name == "is_active":
            formfield.help_text = _(
                "Without it no new orders go there; those under way are received."
            )
        return formfield

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.refusals = refusals_of(request)
        return form

    def object_status(self, request: HttpRequest, obj: Any) -> Any:
        return supplier_tag(obj)

    def form_tools(self, request: HttpRequest, obj: Any) -> Sequence[Tool]:
        if obj is None:
            return []
        tools = [
            Tool(
                _("Orders"), orders_url(supplier__id__exact=obj.pk), "fa-clipboard-list"
            )
        ]
        if obj.is_active and request.user.has_perm(suppliers.ORDER):
            address = morning_url(supplier=obj.pk)
            tools.append(Tool(_("Order goods"), address, "fa-truck", "primary"))
        return tools

    def changeform_view(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """The page; where the verb refuses, again with what was typed and why not."""
        return shown_again(request, super().changeform_view, *args, **kwargs)

    def save_model(
        self, request: HttpRequest, obj: Any, form: Any, change: bool
    ) -> None:
        user: Any = request.user
        values = {"name": obj.name, "mobile": obj.mobile, "note": obj.note}
        try:
            if change:
                suppliers.change(obj, by=user, is_active=obj.is_active, **values)
            else:
                obj.pk = suppliers.add(by=user, **values).pk
        except DomainError as refusal:
            raise Refused(refusal, obj.pk if change else None) from None


def supplier_tag(supplier: Supplier) -> Any:
    """Whether orders go there."""
    if supplier.is_active:
        return tag("active", _("active"), tone="green")
    return tag("closed", _("no new orders"), tone="hollow")
