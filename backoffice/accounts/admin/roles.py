"""Roles: the seven to be read, the merchant's own to be made."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import Case, Count, Q, QuerySet, When
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.accounts import own_roles, staff
from backoffice.accounts.admin.base import ManagedAdmin, VerbForm, may_manage
from backoffice.accounts.models import Role
from backoffice.accounts.permissions import sections
from backoffice.accounts.roles import ROLES, permission_name, role_label
from backoffice.base.admin import BaseModelAdmin, column, link, tag, two_lines
from backoffice.base.admin.cells import NOTHING
from backoffice.base.errors import DomainError


class RoleForm(VerbForm):
    """A role of the merchant's own."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=40)
    permissions = forms.MultipleChoiceField(
        label=gettext_lazy("May do"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Role
        fields = ("name",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = {permission_name(p) for p in own_roles.grantable()}
        held = self._held()
        self.fields["permissions"].choices = [  # type: ignore[attr-defined]
            (
                section.label,
                [
                    (name, label)
                    for name, label in section.permissions
                    if name in known
                    and (staff.may_give(self.by, {name}) or name in held)
                ],
            )
            for section in sections()
        ]
        self.initial["permissions"] = sorted(held)

    def _held(self) -> set[str]:
        if not self.instance.pk:
            return set()
        return {
            permission_name(p)
            for p in self.instance.permissions.select_related("content_type")
        }

    def validate_unique(self) -> None:
        """The verb tells it, in our words."""

    def act(self) -> Any:
        """Make or change the role."""
        given = self.cleaned_data
        if not self.instance.pk:
            return own_roles.create_role(
                given["name"], given["permissions"], by=self.by
            )
        own_roles.change_role(
            self.instance,
            by=self.by,
            name=given["name"],
            permissions=given["permissions"],
        )
        return Role.objects.get(pk=self.instance.pk)


# Django registers its own page for groups, which writes past our verbs
admin.site.unregister(Group)


@admin.register(Role)
class RoleAdmin(ManagedAdmin, BaseModelAdmin):
    """What each role may do, and who has it."""

    form = RoleForm
    deletable = True
    list_display = ["title", "kind", "people", "allowed"]
    sortable_by = ()
    fields = ["name", "permissions"]
    built_in_fields = ["purpose", "kind", "people", "table"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return (
            super()
            .get_queryset(request)
            .annotate(
                people_count=Count(
                    "user", filter=Q(user__is_active=True), distinct=True
                ),
                allowed_count=Count("permissions", distinct=True),
                # the seven in the order of their table, then the merchant's own
                place=Case(
                    *(When(name=name, then=n) for n, name in enumerate(ROLES)),
                    default=len(ROLES),
                ),
            )
            .order_by("place", "name")
        )

    # --- list

    @column(gettext_lazy("role"), phone="title")
    def title(self, obj: Role) -> Any:
        role = ROLES.get(obj.name)
        return two_lines(role_label(obj.name), role.purpose if role else "")

    @column(gettext_lazy("what for"))
    def purpose(self, obj: Role) -> Any:
        role = ROLES.get(obj.name)
        return role.purpose if role else NOTHING

    @column(gettext_lazy("kind"))
    def kind(self, obj: Role) -> Any:
        if own_roles.is_built_in(obj):
            return tag("built_in", _("Built in"), tone="slate")
        return tag("own", _("Own"), tone="blue")

    @column(gettext_lazy("people"), numeric=True)
    def people(self, obj: Any) -> Any:
        url = reverse("admin:accounts_staff_changelist")
        return link(f"{url}?role={obj.pk}", obj.people_count)

    @column(gettext_lazy("permissions"), numeric=True)
    def allowed(self, obj: Any) -> Any:
        return obj.allowed_count

    # --- page

    @column(gettext_lazy("permissions"))
    def table(self, obj: Role) -> Any:
        held = {
            permission_name(p) for p in obj.permissions.select_related("content_type")
        }
        parts = [
            (section.label, [label for n, label in section.permissions if n in held])
            for section in sections()
        ]
        rows = [
            (label, format_html_join("", "<li>{}</li>", ((word,) for word in words)))
            for label, words in parts
            if words
        ]
        if not rows:
            return NOTHING
        return format_html(
            '<div class="permission-table">{}</div>',
            format_html_join("", "<div><h3>{}</h3><ul>{}</ul></div>", rows),
        )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if not may_manage(request):
            return False
        return obj is None or not own_roles.is_built_in(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None or not own_roles.is_built_in(obj):
            return [(None, {"fields": self.fields})]
        return [
            (None, {"fields": self.built_in_fields[:-1]}),
            (_("May do"), {"fields": ["table"], "classes": ["one-field"]}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is not None and own_roles.is_built_in(obj):
            return self.built_in_fields
        return ()

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        own_roles.delete_role(obj, by=request.user)  # type: ignore[arg-type]

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """A refusal of the verb becomes a message."""
        try:
            return super().delete_view(request, object_id, extra_context)
        except DomainError as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(self.object_url(object_id))

    def log_deletions(self, request: HttpRequest, queryset: QuerySet) -> Any:
        """The operation log has it."""

    def get_actions(self, request: HttpRequest) -> Any:
        """Roles go one by one."""
        return {}
