"""Sign-in by user name, mobile or e-mail with a password."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import ValidationError
from django.db.models.functions import Lower
from django.http import HttpRequest

from backoffice.accounts.models import User
from backoffice.accounts.names import clean_email, clean_mobile, username_key
from backoffice.base.text import half_width

LONGEST = 254


def typed_account(account: str) -> str:
    """What somebody typed, cut and made fit to be looked up in any database."""
    text = account[: 4 * LONGEST].encode("utf-8", "replace").decode().replace("\0", "?")
    return half_width(text)[:LONGEST]


def find_user(account: str) -> User | None:
    """Who this user name, mobile or e-mail belongs to.

    The three can never be taken for one another: a user name holds no `@` and is
    unlike a mobile. Always one query, whatever was typed.
    """
    typed = typed_account(account)
    try:
        if "@" in typed:
            # by the index on LOWER(email)
            emails = User.objects.annotate(key=Lower("email"))
            return emails.filter(key=clean_email(typed)).first()
        return User.objects.filter(mobile=clean_mobile(typed)).first()
    except ValidationError:
        return (
            User.objects.annotate(key=Lower("username"))
            .filter(key=username_key(typed))
            .first()
        )


class AccountBackend(ModelBackend):
    """Takes the same time for a wrong password as for an account that does not exist,
    and answers both alike.

    With `staff_only`, an account that may not enter the admin is answered like one
    that does not exist, and the try counts as a failure: otherwise the admin would
    tell guessers when they have a customer's password right. With `even_disabled`, an
    account that is switched off is given for the right password, so that the storefront
    can say so; nobody is signed in by that.
    """

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        staff_only: bool = False,
        even_disabled: bool = False,
        **kwargs: Any,
    ) -> User | None:
        if not username or password is None:
            return None
        user = find_user(username)
        if user is None:
            # hashing costs what a real check costs (Django ticket 20760)
            User().set_password(password)
            return None
        is_right = user.check_password(password)
        if is_right and (even_disabled or self.user_can_authenticate(user)):
            return user if user.is_staff or not staff_only else None
        return None
