"""Filters of the catalog's lists."""

from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base.admin import BaseModelAdmin, DayRangeFilter
from catalog.admin.cells import SEE_COST
from catalog.enums import Means
from catalog.models.steps import step_of

SYSTEM = "system"
Choices = list[tuple[str, Any]]


class CostLookups(BaseModelAdmin):
    """No filter by the address tells a cost to those who may not see it."""

    def lookup_allowed(
        self, lookup: str, value: Any, request: HttpRequest | None = None
    ) -> bool:
        if "cost" in lookup.split("__") and (
            request is None or not request.user.has_perm(SEE_COST)
        ):
            return False
        return super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]


class PictureFilter(admin.SimpleListFilter):
    """With or without a picture."""

    title = gettext_lazy("picture")
    parameter_name = "picture"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [("yes", _("With a picture")), ("no", _("Without a picture"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() == "yes":
            return queryset.exclude(image="")
        return queryset.filter(image="") if self.value() == "no" else queryset


class PriceFilter(admin.SimpleListFilter):
    """By the price of a base unit, in steps of a fruit shop."""

    title = gettext_lazy("price")
    parameter_name = "price"
    steps = ("5", "10", "20", "50", "100")

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        bounds = zip(self.steps, self.steps[1:], strict=False)
        return [
            ("none", _("No price")),
            (f"-{self.steps[0]}", _("Below %(price)s") % {"price": self.steps[0]}),
            *((f"{low}-{high}", f"{low} – {high}") for low, high in bounds),
            (f"{self.steps[-1]}-", _("%(price)s or more") % {"price": self.steps[-1]}),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        value = self.value() or ""
        if value == "none":
            return queryset.filter(price_step=0)
        low, dash, high = value.partition("-")
        if not dash or not {low, high} <= {"", *self.steps}:
            return queryset
        queryset = queryset.filter(price_step__gte=step_of(Decimal(low or "0.01")))
        if not high:
            return queryset
        return queryset.filter(price_step__lt=step_of(Decimal(high)))


class SellingFilter(admin.SimpleListFilter):
    """By the units in which it is sold."""

    title = gettext_lazy("sold")
    parameter_name = "sold"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [
            ("retail", _("By the unit")),
            ("case", _("By the case")),
            ("weighed", _("Weighed")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        field = {
            "retail": "retail_enabled",
            "case": "case_enabled",
            "weighed": "is_weighed",
        }.get(self.value() or "")
        return queryset.filter(**{field: True}) if field else queryset


class CostFilter(admin.SimpleListFilter):
    """By cost and margin; only for those who see costs."""

    title = gettext_lazy("cost")
    parameter_name = "cost"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [("below", _("Sold below cost")), ("unknown", _("Cost unknown"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        value = self.value()
        if value not in ("below", "unknown"):
            return queryset
        return queryset.filter(cost_state=value)


class TimeFilter(DayRangeFilter):
    """From one shop day to another."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = _("time")


class PersonFilter(admin.SimpleListFilter):
    """By member of staff, or what the system did by itself."""

    title = gettext_lazy("person")
    parameter_name = "person"
    field = "history_user"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        staff = get_user_model().objects.filter(is_staff=True).order_by("-is_active")
        return [(SYSTEM, _("The system")), *((str(u.pk), str(u)) for u in staff)]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        value = self.value() or ""
        if value == SYSTEM:
            return queryset.filter(**{self.field: None})
        if value.isascii() and value.isdigit():
            return queryset.filter(**{self.field: value})
        return queryset


class MeansFilter(admin.SimpleListFilter):
    """By the way in which a change came in."""

    title = gettext_lazy("means")
    parameter_name = "means"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        # receipts change costs, which neither log shows
        return [choice for choice in Means.choices if choice[0] != Means.RECEIPT]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        value = self.value()
        return queryset.filter(means=value) if value in Means.values else queryset
