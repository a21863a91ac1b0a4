"""What people sign in with: user name, mobile, e-mail, each in its one written form."""

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils.translation import gettext_lazy as _

from backoffice.base.text import half_width

_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_MOBILE_LIKE = re.compile(r"\+?[\d\s()._-]{6,}")
_USERNAME = re.compile(r"[\w.-]{2,40}")
#: scripts of which no letter looks like one of A to Z
_EASTERN = {"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "IDEOGRAPHIC"}
#: letters that are no letter of A to Z with a mark, and look like none
_OTHER_LATIN = frozenset("ßæœøđłþð")


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
    Nobody passes for somebody else by letters that only look alike: those of Latin
    stand with Chinese and its neighbours alone, never with Cyrillic or Greek ones.
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
    if not _is_plain(name):
        raise ValidationError(
            _("The user name mixes letters that look alike; write it with A to Z."),
            code="username_mixed",
        )
    return name


def _is_plain(name: str) -> bool:
    """Whether its letters and digits can be told apart from those of any other name."""
    scripts = set()
    for letter in name:
        if letter.isascii():
            if letter.isalpha():
                scripts.add("LATIN")
            continue
        # "CJK UNIFIED IDEOGRAPH-738B", "KATAKANA-HIRAGANA PROLONGED SOUND MARK"
        script = re.split("[ -]", unicodedata.name(letter, ""))[0]
        base = unicodedata.normalize("NFKD", letter)[0]
        if not letter.isalpha() and script not in _EASTERN:
            return False  # the digits of other scripts
        if script == "LATIN" and not (base.isascii() or letter in _OTHER_LATIN):
            return False  # the dotless i, the alpha of phoneticians
        if script not in _EASTERN:
            scripts.add(script)
    return len(scripts) < 2


def username_key(value: str) -> str:
    """What the database's LOWER() makes of this user name: two with one key are one."""
    return _written(value).lower()


def _written(value: str) -> str:
    folded = "".join(c if c.isascii() else c.lower() for c in half_width(value))
    return half_width(folded)
