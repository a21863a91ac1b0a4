"""The storefront's customers: registered, signed in, changed."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import update_last_login
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _

from backoffice.accounts import avatars, uploads
from backoffice.accounts.checking import check_password, field_errors, taken
from backoffice.accounts.models import User
from backoffice.base.errors import FieldErrors
from backoffice.oplog.record import record

#: letters and digits that nobody takes for one another
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def made_username() -> str:
    """A user name for who chose none; unlike a mobile."""
    return f"u-{get_random_string(10, _LETTERS)}"


@transaction.atomic
def register(
    *,
    mobile: str,
    password: str,
    username: str = "",
    email: str = "",
    nickname: str = "",
) -> User:
    """A new customer, whose mobile is only what they typed. Raises FieldErrors."""
    if not mobile.strip():
        raise FieldErrors({"mobile": [_("Is required.")]})
    user = User(
        username=username or made_username(),
        mobile=mobile,
        email=email or None,
        nickname=nickname,
    )
    check_password(password, user)
    try:
        with transaction.atomic():
            user = User.objects.create_user(
                user.username,
                password,
                mobile=mobile,
                email=email or None,
                nickname=nickname,
            )
    except ValidationError as error:
        raise field_errors(error) from None
    except IntegrityError:
        raise taken() from None
    record(by=user, action="customer.registered", target=user)
    return user


#: what customers change themselves
OWN_FIELDS = ("nickname", "email", "avatar")


@transaction.atomic
def change_account(
    user: User, values: Mapping[str, Any], *, password: str = ""
) -> User:
    """One's own nickname, e-mail (with the password) and avatar (a path that one has
    uploaded, or None). What is left out stays. Raises FieldErrors.
    """
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    changed = []
    if "email" in values and not user.check_password(password):
        words = _("The password is wrong.") if password else _("Is required.")
        raise FieldErrors({"password": [words]})
    for name in ("nickname", "email"):
        if name in values and values[name] != getattr(user, name):
            setattr(user, name, values[name])
            changed.append(name)
    if changed:
        _save_checked(user, changed)
        record(by=user, action="account.changed", target=user, fields=changed)
    if "avatar" in values:
        _choose_avatar(user, values["avatar"])
    return user


def _save_checked(user: User, changed: list[str]) -> None:
    try:
        user.tidy()
        user.full_clean(exclude=["password"])
        with transaction.atomic():
            user.save(update_fields=changed)
    except ValidationError as error:
        raise field_errors(error) from None
    except IntegrityError:
        raise taken() from None


def _choose_avatar(user: User, path: str | None) -> None:
    if path is None:
        avatars.remove_avatar(user, by=user)
    elif not path or path != user.avatar.name:
        uploads.require_own(user, path, uploads.AVATAR)
        avatars.choose_avatar(user, path)
    user.refresh_from_db(fields=["avatar"])


@transaction.atomic
def note_sign_in(user: User) -> None:
    """Keep that somebody came in without a password (Django keeps the others)."""
    update_last_login(User, user)
    record(by=user, action="session.signed_in", target=user)
