"""What the operation log calls the facts of stock."""

from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.base.moments import read_moment
from stock.enums import AlertLevel, LossReason

if TYPE_CHECKING:
    from django.utils.functional import Promise

_KEYS: "dict[str, str | Promise]" = {
    "quantity": _("Quantity"),
    "cause": _("Why it was lost"),
    "reason": _("Reason"),
    "short": _("Still held by orders"),
    "level": _("Level"),
    "until": _("Until"),
    "supplier": _("Supplier"),
    "rejected": _("Rejected quantity"),
    "different": _("Goods that differ"),
    "short_goods": _("Goods that orders hold"),
}


def label(key: str) -> "str | Promise":
    """The word for a key of an act of stock; "" where it has none of its own."""
    return _KEYS.get(key, "")


def cause(value: str) -> "str | Promise":
    """Why goods were lost, in words."""
    return LossReason(value).label if value in LossReason.values else value


def level(value: str) -> "str | Promise":
    """What an alert says, in words."""
    return AlertLevel(value).label if value in AlertLevel.values else value


def until(value: str) -> str:
    """Until when an alert is put off, as people read it."""
    at = read_moment(value)
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}" if at else value
