"""The staff list and the pages of an account."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters

from backoffice.accounts import staff
from backoffice.accounts.admin.base import (
    ManagedAdmin,
    may_manage,
    roles_of,
    sorted_roles,
)
from backoffice.accounts.admin.forms import (
    NewPasswordForm,
    NewStaffForm,
    StaffForm,
    given,
)
from backoffice.accounts.models import Staff, User
from backoffice.accounts.roles import role_label
from backoffice.base.admin import (
    Change,
    EmptyState,
    Outcome,
    Planned,
    Tab,
    Tool,
    Verb,
    VerbAdmin,
    column,
    tag,
    thumb,
    two_lines,
    when,
)
from backoffice.base.admin.cells import NOTHING
from backoffice.base.errors import DomainError


class RoleFilter(admin.SimpleListFilter):
    """By role, or superusers."""

    title = gettext_lazy("role")
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        roles = sorted_roles(list(Group.objects.all()))
        return [
            *((str(role.pk), role_label(role.name)) for role in roles),
            ("superuser", _("Superuser")),
            ("none", _("Without a role")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        value = self.value() or ""
        if value == "superuser":
            return queryset.filter(is_superuser=True)
        if value == "none":
            return queryset.filter(groups=None, is_superuser=False)
        if value.isascii() and value.isdigit():
            return queryset.filter(groups=value)
        return queryset


@admin.register(Staff)
class StaffAdmin(ManagedAdmin, VerbAdmin):
    """Accounts of the people who work in the shop; customers are not listed here."""

    log_type = "accounts.user"
    #: which people the page is of, for links from logs
    of_staff = True
    form = StaffForm
    add_form = NewStaffForm
    list_display = ["picture", "person", "contact", "role_words", "state", "seen"]
    list_display_links = ["person"]
    list_filter = [RoleFilter]
    search_fields = ["nickname", "username", "mobile", "email"]
    search_help_text = gettext_lazy("Name, mobile or e-mail")
    ordering = ["-is_active", "username"]
    tabs = [
        Tab("active", gettext_lazy("Active"), {"is_active": True}),
        Tab("off", gettext_lazy("Switched off"), {"is_active": False}),
    ]
    verbs = [
        Verb(
            "disable",
            gettext_lazy("Switch off"),
            staff.MANAGE,
            icon="fa-user-slash",
            tone="danger",
            reason="optional",
            undo="enable",
            in_row=False,
            help=gettext_lazy(
                "The person is signed out everywhere and cannot sign in. Logs keep the name."
            ),
        ),
        Verb(
            "enable",
            gettext_lazy("Switch on"),
            staff.MANAGE,
            icon="fa-user-check",
            tone="success",
            reason="optional",
            undo="disable",
            help=gettext_lazy(
                "The person can sign in again, with the roles and the password of before."
            ),
        ),
    ]
    fieldsets = [
        (
            gettext_lazy("Person"),
            {"fields": ["username", "nickname", "mobile", "email", "avatar"]},
        ),
        (gettext_lazy("May do"), {"fields": ["roles", "is_superuser"]}),
        (gettext_lazy("Account"), {"fields": ["state", "seen", "joined"]}),
    ]
    add_fieldsets = [
        (
            gettext_lazy("Person"),
            {"fields": ["username", "nickname", "mobile", "email"]},
        ),
        (gettext_lazy("May do"), {"fields": ["roles", "is_superuser"]}),
        (gettext_lazy("Password"), {"fields": ["password", "password_again"]}),
    ]
    readonly_fields = ["state", "seen", "joined"]

    # --- list

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return (
            super()
            .get_queryset(request)
            .filter(is_staff=True)
            .prefetch_related("groups")
        )

    def empty_state(self, request: HttpRequest) -> EmptyState:
        return EmptyState(
            _("The people who work in the shop stand here."),
            _("Add a member of staff"),
            reverse("admin:accounts_staff_add"),
        )

    @column(gettext_lazy("photo"), phone="picture")
    def picture(self, obj: User) -> Any:
        return thumb(obj.avatar.url if obj.avatar else "", "")

    @column(gettext_lazy("full name"), ordering="nickname", phone="title")
    def person(self, obj: User) -> Any:
        return two_lines(str(obj), obj.username)

    @column(gettext_lazy("contact"))
    def contact(self, obj: User) -> Any:
        if not (obj.mobile or obj.email):
            return NOTHING
        return two_lines(obj.mobile or obj.email, (obj.mobile and obj.email) or "")

    @column(gettext_lazy("roles"))
    def role_words(self, obj: User) -> Any:
        return roles_of(obj) or NOTHING

    @column(gettext_lazy("status"), ordering="is_active")
    def state(self, obj: User) -> Any:
        if obj.is_active:
            return tag("active", _("Active"), tone="green")
        return tag("off", _("Switched off"), tone="hollow")

    @column(gettext_lazy("last sign-in"), ordering="last_login")
    def seen(self, obj: User) -> Any:
        return when(obj.last_login)

    @column(gettext_lazy("joined"))
    def joined(self, obj: User) -> Any:
        return when(obj.date_joined)

    # --- verbs

    def verb_allowed(self, request: HttpRequest, verb: Verb, obj: User) -> bool:
        if obj.is_superuser and not request.user.is_superuser:
            return False
        return obj.is_active == (verb.name == "disable") and obj.pk != request.user.pk

    def plan_verb(
        self, request: HttpRequest, verb: Verb, objects: Sequence[User]
    ) -> list[Planned]:
        return [self._planned(request, verb, obj) for obj in objects]

    def _planned(self, request: HttpRequest, verb: Verb, obj: User) -> Planned:
        off = verb.name == "disable"
        refusal = ""
        if off and obj.pk == request.user.pk:
            refusal = _("You cannot switch off your own account.")
        elif obj.is_active != off:
            refusal = _("It is so already.")
        elif staff.is_above(request.user, obj):  # type: ignore[arg-type]
            refusal = _("This person may do more than you; ask a superuser.")
        if refusal:
            return Planned(obj.pk, str(obj), obj.username, refusal=refusal)
        words = _("Active"), _("Switched off")
        old, new = words if off else words[::-1]
        return Planned(
            obj.pk, str(obj), obj.username, changes=[Change(_("status"), old, new)]
        )

    def run_verb(
        self, request: HttpRequest, verb: Verb, objects: Sequence[User], reason: str
    ) -> list[Outcome]:
        act = staff.disable if verb.name == "disable" else staff.enable
        outcomes = []
        for obj in objects:
            error = ""
            try:
                obj = act(obj, by=request.user, reason=reason)  # type: ignore[arg-type]
            except DomainError as refusal:
                error = str(refusal)
            outcomes.append(
                Outcome(
                    obj.pk, str(obj), obj.username, status=self.state(obj), error=error
                )
            )
        return outcomes

    # --- form

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if not may_manage(request):
            return False
        return obj is None or not staff.is_above(request.user, obj)  # type: ignore[arg-type]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        sets: Any = self.fieldsets if obj else self.add_fieldsets
        renamed = {} if request.user.is_superuser else {"is_superuser": ""}
        if obj is not None and not self.has_change_permission(request, obj):
            # to look at, the form's boxes become words
            renamed["roles"] = "role_words"
        return [
            (title, {"fields": [n for f in part["fields"] if (n := renamed.get(f, f))]})
            for title, part in sets
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*self.readonly_fields, "role_words"]

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj is None:
            kwargs["form"] = self.add_form
        return super().get_form(request, obj, change=change, **kwargs)

    def form_tools(self, request: HttpRequest, obj: Any) -> list[Tool]:
        if obj is None or not self.has_change_permission(request, obj):
            return []
        if obj.pk == request.user.pk:
            return [Tool(_("My account"), reverse("admin:my_account"), "fa-user")]
        url = reverse("admin:accounts_staff_password", args=[obj.pk])
        return [Tool(_("New password"), url, "fa-key")]

    # --- pages of its own

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path(
                "<int:pk>/password/",
                view(self.password_view),
                name="accounts_staff_password",
            ),
            *super().get_urls(),
        ]

    @method_decorator(sensitive_post_parameters())
    def password_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A new password for a colleague."""
        if not may_manage(request):
            raise PermissionDenied(staff.MANAGE)
        person = self.get_queryset(request).filter(pk=pk).first()
        if person is None:
            raise Http404
        if person.pk == request.user.pk:
            return HttpResponseRedirect(reverse("admin:password_change"))
        if not self.has_change_permission(request, person):
            raise PermissionDenied(staff.MANAGE)
        form = NewPasswordForm(person, request.POST or None)
        if request.method == "POST" and form.is_valid() and given(request, form):
            return HttpResponseRedirect(self.object_url(person.pk))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("New password for %(name)s") % {"name": person},
            "form": form,
            "person": person,
        }
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        return TemplateResponse(request, "admin/accounts/staff/password.html", context)

    @method_decorator(sensitive_post_parameters("password", "password_again"))
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """A new account."""
        return super().add_view(request, form_url, extra_context)
