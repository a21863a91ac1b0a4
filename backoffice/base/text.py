"""Text that people or sheets hand in, made fit to be kept."""

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

# C0 and C1 controls, line and paragraph separators, bidirectional overrides,
# zero-width characters other than the joiners that scripts and emoji need
_UNSEEN = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028\u2029"
    "\u202a-\u202e\u2066-\u2069\u200b\u2060\ufeff]"
)
_REWRITTEN = re.compile(r"[+-]?(\d+\.\d+e[+-]?\d+|\d+e[+-]\d+)", re.IGNORECASE)
_TAG = re.compile(r"<\s*[a-zA-Z/!?][^>]*>")


def one_line(value: str) -> str:
    """Unicode NFC, inner white space as single blanks, none at the ends."""
    return " ".join(unicodedata.normalize("NFC", value).split())


def many_lines(value: str) -> str:
    """As `one_line` for each line; at most one empty line between paragraphs."""
    text = unicodedata.normalize("NFC", value).replace("\r\n", "\n").replace("\r", "\n")
    lines = [" ".join(line.split()) for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def half_width(value: str) -> str:
    """Full-width letters, digits and signs as their plain twins (NFKC), trimmed."""
    return unicodedata.normalize("NFKC", value).strip()


def is_rewritten(value: str) -> bool:
    """Whether this is what a spreadsheet makes of a long code: 1.23457E+14."""
    return bool(_REWRITTEN.fullmatch(half_width(value)))


def labelled(label: object, value: object) -> str:
    """`label: value`, with the colon of the reader's language."""
    return gettext("%(label)s: %(value)s") % {"label": label, "value": value}


def refuse_unseen(value: str) -> None:
    """Validator: no control characters, direction overrides or zero-width blanks."""
    if _UNSEEN.search(value):
        raise ValidationError(
            _("Contains characters that cannot be seen; type it anew."), code="unseen"
        )


def refuse_tags(value: str) -> None:
    """Validator: no HTML; the storefront shows plain text."""
    if _TAG.search(value):
        raise ValidationError(
            _("Contains HTML; only plain text is kept here."), code="html"
        )
