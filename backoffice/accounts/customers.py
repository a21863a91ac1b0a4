"""The storefront's customers: registered, signed in, changed."""

from django.contrib.auth.models import update_last_login
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _

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


@transaction.atomic
def note_sign_in(user: User) -> None:
    """Keep that somebody came in without a password (Django keeps the others)."""
    update_last_login(User, user)
    record(by=user, action="session.signed_in", target=user)
