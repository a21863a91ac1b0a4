"""What the operation log calls what it keeps of orders, refunds and points."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from sales.enums import Channel

if TYPE_CHECKING:
    from django.utils.functional import Promise

_LABELS = {
    "channel": _("Paid by"),
    "amount": _("Amount"),
    "weights": _("Weights"),
    "given_away": _("Given away"),
    "delta": _("Points"),
}


def label(key: str) -> "Promise | None":
    """The word of a key; None where it is a column's."""
    return _LABELS.get(key)


def channel(value: str) -> str:
    """The word of a channel; what is none stays as it is."""
    return str(dict(Channel.choices).get(value, value))
