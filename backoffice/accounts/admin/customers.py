"""The customers' list, the page of one, and what staff do for them."""

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
)
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters

from backoffice.accounts import care
from backoffice.accounts.admin.base import LoggedAdmin
from backoffice.accounts.admin.finding import find_customers
from backoffice.accounts.admin.forms import CustomerPasswordForm, given
from backoffice.accounts.models import Address, Customer, User
from backoffice.base import ports
from backoffice.base.admin import (
    Change,
    DayRangeFilter,
    EmptyState,
    Outcome,
    Planned,
    ReadOnlyAdmin,
    Tab,
    Tool,
    Verb,
    VerbAdmin,
    column,
    tag,
    thumb,
    two_lines,
    when,
    yes_no,
)
from backoffice.base.admin.cells import NOTHING, joined, number
from backoffice.base.admin.changelist import WorkbenchList
from backoffice.base.errors import DomainError
from backoffice.base.masking import MASK, mask_email, mask_mobile, mask_name

_ON = Q(is_active=True)
_OFF = Q(is_active=False, erased_at=None)
_ERASED = Q(is_active=False, erased_at__isnull=False)
FIGURES = ("points", "orders")
_ACTS: dict[str, Callable[..., User]] = {
    "disable": care.disable,
    "enable": care.enable,
    "sign_out": care.sign_out,
    "unbind": care.unbind,
    "erase": care.erase,
}


class WechatFilter(admin.SimpleListFilter):
    """Whether WeChat is bound."""

    title = gettext_lazy("WeChat")
    parameter_name = "wechat"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("bound", _("Bound")), ("none", _("Not bound"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() not in ("bound", "none"):
            return queryset
        return queryset.filter(openid__isnull=self.value() == "none")


class CustomerList(WorkbenchList):
    """A page of customers with points and orders, where an upper floor knows them."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        with_figures(self.result_list)
        for customer in self.result_list:
            customer.is_shown = sees(request)


def with_figures(customers: Sequence[Any]) -> None:
    """Points and orders of each, for all at once."""
    found = ports.customer_figures([customer.pk for customer in customers])
    for customer in customers:
        customer.figures = found.get(customer.pk, {})


def sees(request: HttpRequest) -> bool:
    """Whether this person may see personal data in full."""
    return bool(request.user.has_perm(care.SEE))


@admin.register(Customer)
class CustomerAdmin(LoggedAdmin, ReadOnlyAdmin, VerbAdmin):
    """Customers look after their accounts themselves; staff help and protect."""

    log_type = "accounts.user"
    of_staff = False
    list_display = [
        *("picture", "person", "contact", "points", "orders"),
        *("wechat", "state", "seen", "since"),
    ]
    list_display_links = ["person"]
    list_filter = [WechatFilter, ("date_joined", DayRangeFilter)]
    ordering = ["-id"]
    # no index gives another order than theirs
    indexed_columns = ()
    search_fields = ["nickname"]
    search_help_text = gettext_lazy("Name, whole mobile or e-mail")
    tabs = [
        Tab("on", gettext_lazy("Active"), _ON),
        Tab("off", gettext_lazy("Switched off"), _OFF),
        Tab("erased", gettext_lazy("Erased"), _ERASED),
    ]
    verbs = [
        Verb(
            "disable",
            gettext_lazy("Switch off"),
            care.CHANGE,
            icon="fa-user-slash",
            tone="danger",
            reason="required",
            undo="enable",
            in_row=False,
            help=gettext_lazy(
                "The customer is signed out everywhere at once and cannot sign in."
            ),
        ),
        Verb(
            "enable",
            gettext_lazy("Switch on"),
            care.CHANGE,
            icon="fa-user-check",
            tone="success",
            reason="optional",
            undo="disable",
            help=gettext_lazy("The customer can sign in again."),
        ),
        Verb(
            "sign_out",
            gettext_lazy("Sign out everywhere"),
            care.CHANGE,
            icon="fa-right-from-bracket",
            reason="optional",
            in_row=False,
            help=gettext_lazy(
                "Every sign-in of the customer ends at once; a lock after failed "
                "sign-ins is lifted."
            ),
        ),
        Verb(
            "unbind",
            gettext_lazy("Unbind WeChat"),
            care.CHANGE,
            icon="fa-link-slash",
            tone="warning",
            reason="optional",
            in_row=False,
            in_bulk=False,
            help=gettext_lazy(
                "Whoever came by this WeChat account is out. The customer binds WeChat "
                "anew with the mobile."
            ),
        ),
        Verb(
            "erase",
            gettext_lazy("Erase the data"),
            care.ERASE,
            icon="fa-eraser",
            tone="danger",
            reason="required",
            in_row=False,
            in_bulk=False,
            help=gettext_lazy(
                "For good: names, mobile, e-mail, picture, WeChat and addresses go, also "
                "those of past orders. Orders, payments and points stay in the books "
                "under the number of the account. Give no personal data as the reason."
            ),
        ),
    ]
    fieldsets = [
        (
            gettext_lazy("Person"),
            {"fields": ["picture", "called", "account_name", "full_contact"]},
        ),
        (
            gettext_lazy("Account"),
            {
                "fields": [
                    *("off", "wechat_since", *FIGURES),
                    *("seen", "since", "erased"),
                ]
            },
        ),
        (
            gettext_lazy("Orders"),
            {"fields": ["latest_orders"], "classes": ["one-field"]},
        ),
        (
            gettext_lazy("Delivery addresses"),
            {"fields": ["addresses"], "classes": ["one-field"]},
        ),
    ]
    readonly_fields = [
        *("picture", "called", "account_name", "full_contact", "off", "wechat_since"),
        *FIGURES,
        *("seen", "since", "erased", "latest_orders", "addresses"),
    ]

    class Media:
        css = {"all": ["backoffice/css/people.css"]}

    # --- list

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        return CustomerList

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).filter(is_staff=False)

    def get_list_display(self, request: HttpRequest) -> Any:
        """Without points and orders while nobody knows any."""
        return [n for n in self.list_display if n not in FIGURES or _knows_figures()]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        return find_customers(queryset, search_term, sees=sees(request)), False

    def empty_state(self, request: HttpRequest) -> EmptyState:
        return EmptyState(_("Customers of the storefront will stand here."))

    @column(gettext_lazy("photo"), phone="picture")
    def picture(self, obj: User) -> Any:
        return thumb(obj.avatar.url if obj.avatar else "", "")

    @column(gettext_lazy("customer"), ordering="nickname", phone="title")
    def person(self, obj: User) -> Any:
        return two_lines(str(obj), obj.username if obj.nickname else "")

    @column(gettext_lazy("name"))
    def called(self, obj: User) -> Any:
        return obj.nickname or NOTHING

    @column(gettext_lazy("user name"))
    def account_name(self, obj: User) -> Any:
        return obj.username

    @column(gettext_lazy("contact"))
    def contact(self, obj: Any) -> Any:
        return two_lines(*_contact(obj)) if obj.mobile or obj.email else NOTHING

    @column(gettext_lazy("mobile and e-mail"))
    def full_contact(self, obj: Any) -> Any:
        if not (obj.mobile or obj.email):
            return NOTHING
        mobile, email = _contact(obj)
        if not obj.mobile:
            return mobile
        proof = _("verified") if obj.mobile_is_verified else _("not verified")
        return two_lines(f"{mobile} ({proof})", email)

    @column(gettext_lazy("points"), numeric=True)
    def points(self, obj: Any) -> Any:
        return number(obj.figures.get("points", 0))

    @column(gettext_lazy("orders"), numeric=True)
    def orders(self, obj: Any) -> Any:
        return number(obj.figures.get("orders", 0))

    @column(gettext_lazy("WeChat"))
    def wechat(self, obj: User) -> Any:
        return yes_no(obj.openid is not None)

    @column(gettext_lazy("WeChat"))
    def wechat_since(self, obj: User) -> Any:
        if obj.openid is None:
            return _("Not bound")
        return joined([_("Bound"), when(obj.wechat_bound_at)])

    @column(gettext_lazy("status"), ordering="is_active")
    def state(self, obj: User) -> Any:
        if obj.erased_at:
            return tag("erased", _("Erased"), tone="slate")
        if obj.is_active:
            return tag("active", _("Active"), tone="green")
        return tag("off", _("Switched off"), tone="hollow")

    @column(gettext_lazy("switched off because"))
    def off(self, obj: Any) -> Any:
        entry = obj.off_entry
        if entry is None:
            return NOTHING
        by_whom = joined([entry.by or "", when(entry.at)])
        return two_lines(entry.data.get("reason") or NOTHING, by_whom)

    @column(gettext_lazy("last sign-in"), ordering="last_login")
    def seen(self, obj: User) -> Any:
        return when(obj.last_login)

    @column(gettext_lazy("joined"), ordering="date_joined")
    def since(self, obj: User) -> Any:
        return when(obj.date_joined)

    @column(gettext_lazy("data erased"))
    def erased(self, obj: User) -> Any:
        return when(obj.erased_at)

    # --- the page of one

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        customer: Any = super().get_object(request, object_id, from_field)
        if customer is not None:
            customer.is_shown = sees(request)
            customer.off_entry = care.why_off(customer)
            customer.orders_shown = ports.customer_orders(request, customer.pk)
            with_figures([customer])
        return customer

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        dropped = set() if _knows_figures() else set(FIGURES)
        if obj is None or not obj.erased_at:
            dropped.add("erased")
        if obj is None or obj.off_entry is None:
            dropped.add("off")
        if not getattr(obj, "orders_shown", ""):
            dropped.add("latest_orders")
        shown = []
        for title, part in self.fieldsets:
            names: Any = part["fields"]
            kept = [name for name in names if name not in dropped]
            if kept:
                shown.append((title, {**part, "fields": kept}))
        return shown

    def object_status(self, request: HttpRequest, obj: Any) -> Any:
        return self.state(obj)

    def form_tools(self, request: HttpRequest, obj: Any) -> list[Tool]:
        if obj is None:
            return []
        tools = list(ports.customer_tools(request, obj.pk))
        if obj.erased_at:
            return tools
        if obj.is_active and sees(request):
            url = reverse("admin:accounts_customer_password", args=[obj.pk])
            tools.append(Tool(_("New password"), url, "fa-key"))
        if request.user.has_perm(care.ERASE):
            url = reverse("admin:accounts_customer_data", args=[obj.pk])
            tools.append(Tool(_("Take the data away"), url, "fa-file-export"))
        return tools

    @column(gettext_lazy("latest orders"))
    def latest_orders(self, obj: Any) -> Any:
        return obj.orders_shown

    @column(gettext_lazy("delivery addresses"))
    def addresses(self, obj: Any) -> Any:
        rows = list(Address.objects.filter(user=obj.pk))
        if not rows:
            return NOTHING
        for row in rows:
            if not obj.is_shown:
                row.receiver = mask_name(row.receiver)
                row.mobile = mask_mobile(row.mobile)
                row.detail = MASK
        return render_to_string(
            "admin/accounts/customer/addresses.html", {"addresses": rows}
        )

    # --- verbs

    def verb_allowed(self, request: HttpRequest, verb: Verb, obj: User) -> bool:
        if obj.erased_at:
            return False
        if verb.name == "enable":
            return not obj.is_active
        if verb.name == "unbind":
            return obj.openid is not None
        return verb.name == "erase" or obj.is_active

    def plan_verb(
        self, request: HttpRequest, verb: Verb, objects: Sequence[User]
    ) -> list[Planned]:
        return [self._planned(request, verb, obj) for obj in objects]

    def _planned(self, request: HttpRequest, verb: Verb, obj: User) -> Planned:
        label, code = str(obj), obj.username if obj.nickname else ""
        if not self.verb_allowed(request, verb, obj):
            return Planned(obj.pk, label, code, refusal=_("It is so already."))
        on, off, gone = _("Active"), _("Switched off"), _("Erased")
        change = {
            "disable": Change(_("status"), on, off),
            "enable": Change(_("status"), off, on),
            "sign_out": Change(_("sign-ins"), _("open"), _("ended")),
            "unbind": Change(_("WeChat"), _("Bound"), _("Not bound")),
            "erase": Change(_("status"), on if obj.is_active else off, gone),
        }[verb.name]
        return Planned(obj.pk, label, code, changes=[change])

    def run_verb(
        self, request: HttpRequest, verb: Verb, objects: Sequence[User], reason: str
    ) -> list[Outcome]:
        return [self._done(request, verb, obj, reason) for obj in objects]

    def _done(
        self, request: HttpRequest, verb: Verb, obj: User, reason: str
    ) -> Outcome:
        label, code, error = str(obj), obj.username if obj.nickname else "", ""
        try:
            obj = _ACTS[verb.name](obj, by=request.user, reason=reason)
        except DomainError as refusal:
            error = str(refusal)
        return Outcome(obj.pk, label, code, status=self.state(obj), error=error)

    # --- pages of their own

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path(
                "<int:pk>/password/",
                view(self.password_view),
                name="accounts_customer_password",
            ),
            path("<int:pk>/data/", view(self.data_view), name="accounts_customer_data"),
            *super().get_urls(),
        ]

    @method_decorator(sensitive_post_parameters())
    def password_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A new password for who forgot theirs."""
        if not sees(request):
            raise PermissionDenied(care.SEE)
        customer = self.get_queryset(request).filter(pk=pk, is_active=True).first()
        if customer is None:
            raise Http404
        form = CustomerPasswordForm(customer, request.POST or None)
        if request.method == "POST" and form.is_valid() and given(request, form):
            return HttpResponseRedirect(self.object_url(pk))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("New password for %(name)s") % {"name": customer},
            "form": form,
            "person": customer,
        }
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        return TemplateResponse(request, "admin/accounts/staff/password.html", context)

    def data_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What is kept about one customer, as a file for them."""
        if not request.user.has_perm(care.ERASE):
            raise PermissionDenied(care.ERASE)
        customer = self.get_queryset(request).filter(pk=pk).first()
        if customer is None or customer.erased_at:
            raise Http404
        if request.method == "POST":
            data = care.export(customer, by=request.user)  # type: ignore[arg-type]
            options = {"ensure_ascii": False, "indent": 2}
            response = JsonResponse(data, json_dumps_params=options)
            name = f"customer-{pk}-{timezone.localdate():%Y%m%d}.json"
            response["Content-Disposition"] = f'attachment; filename="{name}"'
            response["Cache-Control"] = "no-store"
            return response
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Data of %(name)s") % {"name": customer},
            "customer": customer,
        }
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        return TemplateResponse(request, "admin/accounts/customer/data.html", context)


def _knows_figures() -> bool:
    return ports.customer_figures.connected


def _contact(obj: Any) -> tuple[str, str]:
    """Mobile and e-mail as this person may see them; the first is never blank."""
    mobile, email = obj.mobile or "", obj.email or ""
    if not obj.is_shown:
        mobile, email = mask_mobile(mobile), mask_email(email)
    return mobile or email, (mobile and email) or ""
