"""Sign-in by user name, mobile or e-mail with a password."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import ValidationError
from django.db.models.functions import Lower
from django.http import HttpRequest

from backoffice.accounts.models import User
from backoffice.accounts.names import clean_email, clean_mobile
from backoffice.base.text import half_width


def find_user(account: str) -> User | None:
    """Who this user name, mobile or e-mail belongs to.

    The three can never be taken for one another: a user name holds no `@` and is
    unlike a mobile. Always one query, whatever was typed.
    """
    typed = half_width(account)[:254]
    try:
        if "@" in typed:
            return User.objects.filter(email=clean_email(typed)).first()
        return User.objects.filter(mobile=clean_mobile(typed)).first()
    except ValidationError:
        return (
            User.objects.annotate(key=Lower("username"))
            .filter(key=typed.lower())
            .first()
        )


class AccountBackend(ModelBackend):
    """Takes the same time for a wrong password as for an account that does not exist,
    and answers both alike."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        if not username or password is None:
            return None
        user = find_user(username)
        if user is None:
            # hashing costs what a real check costs (Django ticket 20760)
            User().set_password(password)
            return None
        if user.check_password(password) and self.user_can_authenticate(user):
            return user
        return None
