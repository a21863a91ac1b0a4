"""Filters of the list of orders; each is served by an index."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from backoffice.accounts.models import User
from backoffice.base.admin import DayRangeFilter
from sales.enums import REFUND_OPEN, Delivery, Source
from sales.models import Refund


class PlacedFilter(DayRangeFilter):
    """From one shop day to another, by when it was placed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = gettext_lazy("placed")


class DeliveryFilter(admin.SimpleListFilter):
    """By the way it goes."""

    title = gettext_lazy("delivery")
    parameter_name = "delivery"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return list(Delivery.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        value = self.value()
        return queryset.filter(delivery=value) if value in Delivery.values else queryset


class SourceFilter(admin.SimpleListFilter):
    """By where it was placed."""

    title = gettext_lazy("source")
    parameter_name = "source"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return list(Source.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        value = self.value()
        if value not in Source.values:
            return queryset
        if value != Source.STOREFRONT:
            # said twice: the index of what staff entered leaves the storefront out
            queryset = queryset.exclude(source=Source.STOREFRONT)
        return queryset.filter(source=value)


class RefundFilter(admin.SimpleListFilter):
    """Those with a refund that is not decided or not finished."""

    title = gettext_lazy("refund")
    parameter_name = "refund"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("open", gettext_lazy("Refund open"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() != "open":
            return queryset
        waiting = Refund.objects.filter(status__in=REFUND_OPEN)
        return queryset.filter(pk__in=waiting.order_by().values("order_id"))


class CustomerFilter(admin.SimpleListFilter):
    """The orders of one customer, from a link on the customer's page."""

    title = gettext_lazy("customer")
    parameter_name = "customer"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        pk = number(str(request.GET.get(self.parameter_name, "")))
        if pk is None:
            return []
        return [(str(pk), str(User.objects.filter(pk=pk).first() or pk))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        pk = number(self.value() or "")
        return queryset if pk is None else queryset.filter(user_id=pk)


def number(text: str) -> int | None:
    """A key that stands in an address; None for anything else."""
    is_key = text.isascii() and text.isdigit() and len(text) < 19
    return int(text) if is_key else None
