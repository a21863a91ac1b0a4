"""What Django says about the fields of an account, as refusals of a verb."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from backoffice.accounts.models import User
from backoffice.base.errors import FieldErrors


def field_errors(error: ValidationError) -> FieldErrors:
    """The same, by field."""
    return FieldErrors(
        {name: [str(m) for m in found] for name, found in error.message_dict.items()}
    )


def check_password(password: str, user: User, field: str = "password") -> None:
    """Whether it may be a password of this person. Raises FieldErrors."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise FieldErrors({field: list(error.messages)}) from None


def taken() -> FieldErrors:
    """Two at once took one name; the database let one of them."""
    return FieldErrors(
        {"username": [_("The user name, mobile or e-mail was just taken.")]}
    )
