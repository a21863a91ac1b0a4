"""Forms of sign-in and of one's own password."""

from typing import Any

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm, AdminPasswordChangeForm
from django.contrib.auth import authenticate
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from backoffice.accounts import staff
from backoffice.accounts.backends import LONGEST
from backoffice.accounts.models import User


class StaffSignInForm(AdminAuthenticationForm):
    """Sign-in to the admin by user name, mobile or e-mail.

    One sentence for every failure: it must not tell whether the account exists, is
    switched off, or belongs to a customer.
    """

    error_messages = {
        "invalid_login": _("The account or the password is wrong."),
        "inactive": _("The account or the password is wrong."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["username"]
        field.label = _("User name, mobile or e-mail")
        # Django takes the length of the user name; an e-mail may be longer
        field.max_length = LONGEST  # type: ignore[attr-defined]
        field.widget.attrs["maxlength"] = LONGEST

    @sensitive_variables()
    def clean(self) -> dict[str, Any]:
        username = self.cleaned_data.get("username")
        password = self.cleaned_data.get("password")
        if username is not None and password:
            self.user_cache = authenticate(
                self.request, username=username, password=password, staff_only=True
            )
            if self.user_cache is None:
                raise self.get_invalid_login_error()
        return self.cleaned_data

    def get_invalid_login_error(self) -> forms.ValidationError:
        return forms.ValidationError(
            self.error_messages["invalid_login"], code="invalid_login"
        )


class OwnPasswordForm(AdminPasswordChangeForm):
    """One's own password, changed by the verb that logs it."""

    @sensitive_variables()
    def save(self, commit: bool = True) -> User:
        self.user = staff.change_own_password(
            self.user,
            self.cleaned_data["old_password"],
            self.cleaned_data["new_password1"],
        )
        return self.user
