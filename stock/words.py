"""What the operation log calls the facts of stock."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from stock.enums import LossReason

if TYPE_CHECKING:
    from django.utils.functional import Promise

_KEYS: "dict[str, str | Promise]" = {
    "quantity": _("Quantity"),
    "cause": _("Why it was lost"),
    "reason": _("Reason"),
    "short": _("Still held by orders"),
}


def label(key: str) -> "str | Promise":
    """The word for a key of an act of stock; "" where it has none of its own."""
    return _KEYS.get(key, "")


def cause(value: str) -> "str | Promise":
    """Why goods were lost, in words."""
    return LossReason(value).label if value in LossReason.values else value
