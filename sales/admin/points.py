"""Points in the admin: balances, the log behind them, and adjusting one by hand."""

import secrets
from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.accounts.admin.finding import find_customers
from backoffice.accounts.care import SEE
from backoffice.accounts.models import User
from backoffice.base.admin import (
    EmptyState,
    ReadOnlyAdmin,
    RowAction,
    Tab,
    Tool,
    column,
    link,
    two_lines,
    when,
)
from backoffice.base.admin.cells import NOTHING, number
from backoffice.base.admin.changelist import WorkbenchList
from backoffice.base.errors import DomainError
from backoffice.base.masking import mask_mobile
from backoffice.base.text import labelled
from catalog.admin.filters import TimeFilter
from sales import points
from sales.admin import cells
from sales.admin.filters import CustomerFilter
from sales.admin.forms import PointsForm, posted
from sales.enums import PointsKind
from sales.models import PointsAccount, PointsEntry

ADJUST = "sales.adjust_points"
SEE_LOG = "sales.view_pointsentry"
LOG = "admin:sales_pointsentry_changelist"


def log_url(user_id: int) -> str:
    """The points log of one customer."""
    return f"{reverse(LOG)}?customer={user_id}"


def adjust_url(user_id: int) -> str:
    """Where the points of a customer are adjusted."""
    return reverse("admin:sales_points_adjust", args=[user_id])


def _found(request: HttpRequest, typed: str) -> QuerySet:
    """The customers who are meant, by what they say on the telephone."""
    sees = bool(request.user.has_perm(SEE))
    return find_customers(User.objects.filter(is_staff=False), typed, sees=sees)


class KindFilter(admin.SimpleListFilter):
    """By why the balance changed."""

    title = gettext_lazy("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return list(PointsKind.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        value = self.value()
        return queryset.filter(kind=value) if value in PointsKind.values else queryset


@admin.register(PointsAccount)
class PointsAccountAdmin(ReadOnlyAdmin):
    """Who has how many; a balance is written by the points ledger only."""

    list_display = ["person", "contact", "points_now"]
    list_display_links = None
    list_select_related = ["user"]
    ordering = ["-pk"]
    sortable_by = ()
    indexed_columns = ()
    search_fields = ["user__nickname"]
    search_help_text = gettext_lazy("Name, whole mobile or e-mail")
    tabs = [Tab("negative", gettext_lazy("Below zero"), Q(balance__lt=0))]

    class Media:
        css = {"all": ["backoffice/css/orders.css"]}

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path(
                "<int:pk>/adjust/", view(self.adjust_view), name="sales_points_adjust"
            ),
            *super().get_urls(),
        ]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        if not search_term.strip():
            return queryset, False
        meant = _found(request, search_term).order_by().values("pk")
        return queryset.filter(pk__in=meant), False

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kw: Any
    ) -> HttpResponse:
        """An account has no page: its log shows all there is."""
        if not self.has_view_permission(request):
            raise PermissionDenied("sales.view_pointsaccount")
        account = self.get_object(request, object_id)
        if account is None:
            raise Http404
        return HttpResponseRedirect(log_url(account.pk))

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        return self.change_view(request, object_id)

    def row_actions(self, request: HttpRequest, obj: Any) -> Sequence[RowAction]:
        if not request.user.has_perm(ADJUST):
            return []
        return [RowAction(_("Adjust"), adjust_url(obj.pk), icon="fa-sliders")]

    def empty_state(self, request: HttpRequest) -> EmptyState:
        return EmptyState(
            _("Nobody has points yet. Customers earn them when an order is completed.")
        )

    @column(gettext_lazy("customer"), phone="title")
    def person(self, obj: Any) -> Any:
        under = obj.user.username if obj.user.nickname else ""
        return two_lines(obj.user, under, log_url(obj.pk))

    @column(gettext_lazy("mobile"))
    def contact(self, obj: Any) -> Any:
        return mask_mobile(obj.user.mobile) or NOTHING

    @column(gettext_lazy("points"), numeric=True)
    def points_now(self, obj: Any) -> Any:
        return _signed_balance(obj.balance)

    # --- adjusting

    def adjust_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A change with its reason: shown first, then booked."""
        by: Any = request.user
        if not by.has_perm(ADJUST):
            raise PermissionDenied(ADJUST)
        person = User.objects.filter(pk=pk, is_staff=False).first()
        if person is None:
            raise Http404
        form = PointsForm(
            posted(request), initial={"reference": f"AD{secrets.token_hex(8)}"}
        )
        before, delta = points.balance(pk), 0
        if request.method == "POST" and form.is_valid():
            values = form.cleaned_data
            delta = values["points"]
            if request.POST.get("checked") == str(delta) and self._adjust(
                request, person, form
            ):
                return HttpResponseRedirect(_after(request, pk))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Adjust points"),
            "person": person,
            "form": form,
            "before": before,
            "after": before + delta,
            "delta": f"{delta:+d}" if delta and not form.errors else "",
            "checked": delta or "",
            "back_url": _after(request, pk),
        }
        return TemplateResponse(
            request, "admin/sales/pointsaccount/adjust.html", context
        )

    def _adjust(self, request: HttpRequest, person: User, form: PointsForm) -> bool:
        by: Any = request.user
        values = form.cleaned_data
        try:
            points.adjust(
                person,
                values["points"],
                by=by,
                reason=values["reason"],
                reference=values["reference"],
            )
        except DomainError as refusal:
            form.refuse(refusal)
            return False
        messages.success(request, labelled(_("Points adjusted"), person))
        return True


def _after(request: HttpRequest, pk: int) -> str:
    if wanted := cells.safe_next(request):
        return wanted
    if request.user.has_perm(SEE_LOG):
        return log_url(pk)
    return reverse("admin:index")


def _signed_balance(value: int) -> Any:
    shown = number(value)
    return format_html('<span class="refusal">{}</span>', shown) if value < 0 else shown


class PointsLog(WorkbenchList):
    """A page of the log with the orders that its rows name: a query for all."""

    def get_ordering(self, request: HttpRequest, queryset: QuerySet) -> list[Any]:
        """Between days in the order of the time, whose index leads to them."""
        if any(request.GET.get(f"at_{end}") for end in ("from", "to")):
            return ["-at", "-pk"]
        return super().get_ordering(request, queryset)

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        numbers = {row.reference.partition("r")[0] for row in self.result_list}
        urls = cells.order_urls(request, numbers) if numbers else {}
        for row in self.result_list:
            row.order_url = urls.get(row.reference.partition("r")[0], "")


@admin.register(PointsEntry)
class PointsEntryAdmin(ReadOnlyAdmin):
    """The newest first; every filter is served by an index in that order."""

    list_display = [
        *("time", "person", "what", "change", "left"),
        *("source", "who", "why"),
    ]
    list_display_links = None
    list_select_related = ["user", "by"]
    list_filter = [("at", TimeFilter), KindFilter, CustomerFilter]
    ordering = ["-id"]
    sortable_by = ()
    indexed_columns = ()
    search_fields = ["reference"]
    search_help_text = gettext_lazy("Number of an order or refund, or customer")

    class Media:
        css = {"all": ["backoffice/css/orders.css"]}

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        return PointsLog

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        typed = search_term.strip()
        if not typed:
            return queryset, False
        if PointsEntry.objects.filter(reference=typed).exists():
            return queryset.filter(reference=typed), False
        meant = _found(request, typed).order_by().values("pk")
        return queryset.filter(user__in=meant), False

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kw: Any
    ) -> HttpResponse:
        """An entry has no page: the list shows all there is."""
        return HttpResponseRedirect(reverse(LOG))

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        return HttpResponseRedirect(reverse(LOG))

    def list_tools(self, request: HttpRequest) -> Sequence[Tool]:
        customer = request.GET.get("customer", "")
        is_one = customer.isascii() and customer.isdigit() and len(customer) < 19
        if not (is_one and request.user.has_perm(ADJUST)):
            return []
        return [Tool(_("Adjust points"), adjust_url(int(customer)), "fa-sliders")]

    def empty_state(self, request: HttpRequest) -> EmptyState:
        return EmptyState(
            _("No points have moved yet. What is earned and spent is written here.")
        )

    @column(gettext_lazy("time"))
    def time(self, obj: Any) -> Any:
        return when(obj.at)

    @column(gettext_lazy("customer"), phone="title")
    def person(self, obj: Any) -> Any:
        return link(log_url(obj.user_id), obj.user)

    @column(gettext_lazy("kind"))
    def what(self, obj: Any) -> Any:
        return cells.points_tag(obj.kind)

    @column(gettext_lazy("change"), numeric=True)
    def change(self, obj: Any) -> Any:
        css = "plus" if obj.delta > 0 else "minus"
        sign = "+" if obj.delta > 0 else "−"
        return format_html(
            '<span class="num {}">{}{}</span>', css, sign, abs(obj.delta)
        )

    @column(gettext_lazy("points after"), numeric=True)
    def left(self, obj: Any) -> Any:
        return _signed_balance(obj.balance_after)

    @column(gettext_lazy("reference"), phone="wide")
    def source(self, obj: Any) -> Any:
        return link(obj.order_url, obj.reference)

    @column(gettext_lazy("by"))
    def who(self, obj: Any) -> Any:
        return obj.by or _("The system")

    @column(gettext_lazy("reason"), phone="wide")
    def why(self, obj: Any) -> Any:
        return obj.reason or NOTHING
