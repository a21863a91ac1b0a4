"""What people sign in with: user name, mobile, e-mail, each in its one written form."""

import re

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils.translation import gettext_lazy as _

from backoffice.base.text import half_width

_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_MOBILE_LIKE = re.compile(r"\+?[\d\s()-]{6,}")
_USERNAME = re.compile(r"[\w.-]{2,40}")


def clean_mobile(value: str) -> str:
    """A mainland mobile as its 11 digits: blanks, hyphens and +86 are dropped.

    Raises ValidationError where no such number remains.
    """
    digits = re.sub(r"[\s()-]", "", half_width(value))
    digits = re.sub(r"^(\+86|0086|86(?=1\d{10}$))", "", digits)
    if not _MOBILE.fullmatch(digits):
        raise ValidationError(
            _("Not a mobile number: 11 digits, beginning with 13 to 19."),
            code="mobile",
        )
    return digits


def clean_email(value: str) -> str:
    """The address in lower case; case never tells two people apart."""
    address = half_width(value).lower()
    EmailValidator(_("Not an e-mail address."))(address)
    return address


def clean_username(value: str) -> str:
    """Letters (any script), digits, `.`, `_`, `-`; 2 to 40 characters.

    Never like a mobile or an e-mail, so that one sign-in field can hold all three.
    Full-width and other compatible forms become their plain twins (NFKC). Letters
    beyond A to Z are kept in lower case: SQLite folds the case of those 26 only.
    """
    name = _written(value)
    if "@" in name or _MOBILE_LIKE.fullmatch(name):
        raise ValidationError(
            _("A user name may not look like a mobile number or an e-mail address."),
            code="username_like",
        )
    if not _USERNAME.fullmatch(name):
        raise ValidationError(
            _("A user name has 2 to 40 letters, digits, dots, hyphens or underscores."),
            code="username",
        )
    return name


def username_key(value: str) -> str:
    """What the database's LOWER() makes of this user name: two with one key are one."""
    return _written(value).lower()


def _written(value: str) -> str:
    folded = "".join(c if c.isascii() else c.lower() for c in half_width(value))
    return half_width(folded)
