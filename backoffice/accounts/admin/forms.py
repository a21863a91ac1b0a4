"""Forms of staff accounts; the verbs of `accounts.staff` do what they say."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.forms import SetPasswordForm
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from backoffice.accounts import avatars, care, names, staff
from backoffice.accounts.admin.base import RolesField, VerbForm
from backoffice.accounts.models import Staff, User
from backoffice.base.admin.cropping import Cropped, chosen_part
from backoffice.base.cropping import BadCrop
from backoffice.base.errors import DomainError, FieldErrors
from backoffice.base.pictures import BadPicture


class PictureInput(Cropped, forms.ClearableFileInput):
    """A file to choose and cut to a square, with the present picture and a box to take
    it away."""

    template_name = "admin/widgets/picture_input.html"
    clear_checkbox_label = _("Remove")  # type: ignore[assignment]
    is_round = True

    def __init__(self) -> None:
        super().__init__(attrs={"accept": "image/jpeg,image/png,image/webp,image/gif"})


class StaffFields(VerbForm):
    """What an account has; the three names are read as people write them."""

    username = forms.CharField(
        label=_("User name"),
        max_length=60,
        help_text=_(
            "2 to 40 letters, digits, dots, hyphens or underscores; not like a mobile."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    nickname = forms.CharField(
        label=_("Full name"),
        max_length=40,
        required=False,
        help_text=_("How colleagues and logs call this person."),
    )
    mobile = forms.CharField(
        label=_("Mobile"),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "tel"}),
    )
    email = forms.CharField(
        label=_("E-mail"),
        max_length=254,
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    roles = RolesField(
        label=_("Roles"),
        required=False,
        help_text=_("What this person may do is the sum of the roles."),
    )

    class Meta:
        model = Staff
        fields = ("username", "nickname", "mobile", "email", "is_superuser")
        labels = {"is_superuser": _("Superuser")}
        help_texts = {"is_superuser": _("May do everything, without any role.")}

    def clean_username(self) -> str:
        return names.clean_username(self.cleaned_data["username"])

    def clean_mobile(self) -> str | None:
        value = self.cleaned_data["mobile"]
        return names.clean_mobile(value) if value else None

    def clean_email(self) -> str | None:
        value = self.cleaned_data["email"]
        return names.clean_email(value) if value else None


class NewStaffForm(StaffFields):
    """A new account, with its first password."""

    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_(
            "At least 8 characters, not only digits, nothing that others guess."
        ),
    )
    password_again = forms.CharField(
        label=_("Password again"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    @sensitive_variables()
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        one, two = cleaned.get("password"), cleaned.get("password_again")
        if one and two and one != two:
            self.add_error("password_again", _("The two passwords are not the same."))
        return cleaned

    @sensitive_variables()
    def act(self) -> User:
        """Make the account."""
        given = self.cleaned_data
        person = staff.create_staff(
            by=self.by,
            username=given["username"],
            password=given["password"],
            nickname=given["nickname"],
            mobile=given["mobile"],
            email=given["email"],
            roles=given["roles"],
            is_superuser=bool(given.get("is_superuser")),
        )
        return Staff.objects.get(pk=person.pk)


class StaffForm(StaffFields):
    """An account that is there; only what was changed is sent to the verb."""

    avatar = forms.FileField(
        label=_("Photo"),
        required=False,
        widget=PictureInput,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "roles" in self.fields:
            self.initial["roles"] = list(self.instance.groups.all())
        if "avatar" in self.fields:
            self.initial["avatar"] = self.instance.avatar or None
        if self.instance.pk == getattr(self.by, "pk", None):
            for name in ("roles", "is_superuser"):
                if name in self.fields:
                    self.fields[name].disabled = True
                    self.fields[name].help_text = _(
                        "Only another person can change this for you."
                    )

    def act(self) -> User:
        """Change what differs."""
        given, changed = self.cleaned_data, self.changed_data
        person = User.objects.get(pk=self.instance.pk)
        staff.change_staff(
            person,
            {name: given[name] for name in staff.PERSONAL if name in changed},
            by=self.by,
            roles=given["roles"] if "roles" in changed else None,
            is_superuser=given.get("is_superuser")
            if "is_superuser" in changed
            else None,
        )
        if "avatar" in changed:
            change_avatar(person, self._stored, by=self.by)
        return Staff.objects.get(pk=person.pk)

    @contextmanager
    def prepared(self) -> Iterator[None]:
        """The photo is stored before the transaction."""
        with stored_avatar(self) as self._stored:
            yield


@contextmanager
def stored_avatar(form: forms.BaseForm) -> Iterator[str]:
    """The name under which the photo of a form is stored, "" where there is none; it
    goes again where the verb refuses. Raises FieldErrors."""
    file = form.cleaned_data.get("avatar")
    if "avatar" not in form.changed_data or not file:
        yield ""
        return
    with ExitStack() as stack:
        try:
            crop = chosen_part(form, "avatar")
            name = stack.enter_context(avatars.stored(file, crop=crop))
        except (BadPicture, BadCrop) as error:
            raise FieldErrors({"avatar": [str(error)]}) from None
        yield name


def change_avatar(person: User, name: str, *, by: User) -> None:
    """Set what was stored, or take the picture away where the box was ticked."""
    if name:
        avatars.use_avatar(person, name, by=by)
    else:
        avatars.remove_avatar(person, by=by)


class NewPasswordForm(SetPasswordForm):
    """A new password for a colleague."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})

    @sensitive_variables()
    def give(self, by: User) -> None:
        """Call the verb. Raises DomainError."""
        staff.set_password(self.user, self.cleaned_data["new_password1"], by=by)


class CustomerPasswordForm(NewPasswordForm):
    """A new password for a customer who forgot theirs."""

    @sensitive_variables()
    def give(self, by: User) -> None:
        """Call the verb. Raises DomainError."""
        care.set_password(self.user, self.cleaned_data["new_password1"], by=by)


def given(request: HttpRequest, form: NewPasswordForm) -> bool:
    """Whether the verb took the new password; a refusal stands in the form."""
    try:
        form.give(request.user)  # type: ignore[arg-type]
    except DomainError as error:
        form.add_error(None, str(error))
        return False
    messages.success(
        request,
        _("%(name)s has a new password and is signed out everywhere.")
        % {"name": form.user},
    )
    return True


class AccountForm(forms.Form):
    """What everybody changes of their own account."""

    nickname = forms.CharField(
        label=_("Full name"),
        max_length=40,
        required=False,
        help_text=_("How colleagues and logs call you."),
    )
    avatar = forms.FileField(
        label=_("Photo"),
        required=False,
        widget=PictureInput,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})

    def apply(self, user: User) -> bool:
        """Call the verbs for what differs; gives whether anything did."""
        changed = False
        with stored_avatar(self) as name, transaction.atomic():
            if "nickname" in self.changed_data:
                changed = staff.change_own_name(user, self.cleaned_data["nickname"])
            if "avatar" in self.changed_data:
                change_avatar(user, name, by=user)
                changed = True
        return changed
