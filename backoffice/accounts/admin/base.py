"""What the admins of people share: one permission, verbs that do the saving."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from backoffice.accounts.models import User
from backoffice.accounts.roles import ROLES, role_label
from backoffice.accounts.staff import MANAGE
from backoffice.base.admin.options import without_transaction
from backoffice.base.errors import DomainError, FieldErrors

VIEW_LOG = "oplog.view_operationlog"


def may_manage(request: HttpRequest) -> bool:
    """Whether this person may manage staff."""
    return bool(request.user.has_perm(MANAGE))


def sorted_roles(roles: Sequence[Any]) -> list[Any]:
    """The seven in the order of their table, then the merchant's own by name."""
    order = list(ROLES)
    return sorted(
        roles,
        key=lambda r: (order.index(r.name) if r.name in ROLES else len(order), r.name),
    )


def roles_of(user: User) -> str:
    """The roles of a person in words; "" for none."""
    words = [role_label(role.name) for role in sorted_roles(list(user.groups.all()))]
    if user.is_superuser:
        words.insert(0, _("Superuser"))
    return _(", ").join(words)


class RolesField(forms.ModelMultipleChoiceField):
    """Roles to tick, in words."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            Group.objects.all(), widget=forms.CheckboxSelectMultiple, **options
        )
        self.choices = RolesIterator(self)  # type: ignore[assignment]

    def label_from_instance(self, obj: Any) -> str:
        """The role's word on screens, and what it is for."""
        role = ROLES.get(obj.name)
        return format_html(
            '<b>{}</b> <span class="quiet">{}</span>',
            role_label(obj.name),
            role.purpose if role else "",
        )


class RolesIterator(forms.models.ModelChoiceIterator):
    """The choices in the order of `sorted_roles`."""

    def __iter__(self) -> Any:
        for role in sorted_roles(list(self.queryset)):
            yield self.choice(role)


class VerbForm(forms.ModelForm):
    """A form whose last step of checking is the verb itself, in a transaction: what the
    verb refuses stands beside its field."""

    #: set by the admin for each request
    by: User

    def prepared(self) -> AbstractContextManager[None]:
        """What is made ready before the transaction of the verb, and put away where the
        verb refuses."""
        return nullcontext()

    def act(self) -> Any:
        """Call the verb; gives the object as it is afterwards."""
        return self.instance

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self.errors:
            return
        try:
            with self.prepared(), transaction.atomic():
                self.instance = self.act()
        except FieldErrors as error:
            for name, messages in error.errors.items():
                for message in messages:
                    self.add_error(name if name in self.fields else None, message)
        except DomainError as error:
            self.add_error(None, str(error))

    def save(self, commit: bool = True) -> Any:
        """The verb has written it."""
        self.save_m2m = lambda: None  # type: ignore[method-assign]
        return self.instance


class LoggedAdmin(admin.ModelAdmin):
    """The history of its objects is what the operation log says of them."""

    #: under which kind of object the operation log keeps it
    log_type = ""

    def lookup_allowed(self, lookup: str, value: Any, request: Any = None) -> bool:
        """Only what the filters of the list name: Django would take any field, and the
        number of rows would tell password hashes and secrets letter by letter."""
        names = set()
        for entry in self.list_filter:
            if isinstance(entry, tuple):
                names |= {f"{entry[0]}_from", f"{entry[0]}_to"}
            elif hasattr(entry, "parameter_name"):
                names.add(entry.parameter_name)
            else:
                names |= {f"{entry}__exact", f"{entry}__isnull"}
        return lookup in names

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """The object's rows of the operation log."""
        if not request.user.has_perm(VIEW_LOG):
            self.message_user(request, _("You may not see the operation log."), 30)
            return HttpResponseRedirect(self.object_url(object_id))
        target = f"{self.log_type or self.opts.label_lower}:{object_id}"
        url = reverse("admin:oplog_operationlog_changelist")
        return HttpResponseRedirect(f"{url}?object={target}")

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Without a way to the log for who may not see it."""
        context["has_no_history"] = not request.user.has_perm(VIEW_LOG)
        return super().render_change_form(request, context, *args, **kwargs)

    def object_url(self, object_id: Any) -> str:
        """Where the object's page is."""
        opts = self.opts
        return reverse(
            f"admin:{opts.app_label}_{opts.model_name}_change", args=[object_id]
        )


class ManagedAdmin(LoggedAdmin):
    """Seen and changed by who may manage staff; kept record of by the verbs."""

    class Media:
        css = {"all": ["backoffice/css/people.css"]}

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """Without a button to add another: that is for the page that adds."""
        return super().change_view(
            request,
            object_id,
            form_url,
            {"show_save_and_add_another": False, **(extra_context or {})},
        )

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """Without Django's transaction around it: the verb has its own, and files are
        stored before."""
        view = without_transaction(self)
        page: HttpResponse = view(request, object_id, form_url, extra_context)
        return page

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"by": request.user})

    def save_model(
        self, request: HttpRequest, obj: Any, form: Any, change: Any
    ) -> None:
        """Done by the form's verb."""

    def save_related(
        self, request: HttpRequest, form: Any, formsets: Any, change: Any
    ) -> None:
        """Done by the form's verb."""

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The operation log has it, without names."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The operation log has it, without names."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may_manage(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_manage(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may_manage(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_manage(request)
