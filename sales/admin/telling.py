"""What an order's timeline says to people."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from backoffice.base.text import labelled
from sales.enums import Channel, Happening
from sales.models import Order, OrderEvent, OrderLine


@dataclass(frozen=True)
class Told:
    """One line of a timeline: when, what, who, and the details in words."""

    at: datetime
    word: Any
    by: Any
    said: Sequence[str] = ()


def timeline(order: Order, lines: Iterable[OrderLine]) -> list[Told]:
    """What happened to an order, the latest first, down to its placing."""
    names = {line.code: line.name for line in lines}
    events = OrderEvent.objects.filter(order=order).select_related("by")
    found = [
        Told(event.at, event.get_kind_display(), event.by, _said(event, names))
        for event in events.order_by("-id")
    ]
    who = order.placed_by or order.user
    source = [str(order.get_source_display())]
    return [*found, Told(order.created_at, Happening.PLACED.label, who, source)]


def _said(event: OrderEvent, names: Mapping[str, str]) -> list[str]:
    """The details of an event in words; an unknown one says nothing."""
    details: dict[str, Any] = event.details or {}
    said = [labelled(word, details[key]) for key, word in _words() if details.get(key)]
    if channel := details.get("channel"):
        is_known = channel in Channel.values
        said.insert(0, str(Channel(channel).label) if is_known else str(channel))
    given, weighed = details.get("given_away"), details.get("weights")
    said += _weights(weighed, names, _("%(goods)s weighs %(quantity)s"))
    said += _weights(given, names, _("%(quantity)s of %(goods)s given away"))
    if text := details.get("text"):
        said.append(str(text))
    return said


def _words() -> tuple[tuple[str, str], ...]:
    return (
        ("amount", _("amount")),
        ("expected", _("expected")),
        ("payment", _("payment")),
        ("refund", _("refund")),
        ("carrier", _("carrier")),
        ("tracking_no", _("tracking number")),
        ("points", _("points")),
        ("reason", _("reason")),
    )


def _weights(found: Any, names: Mapping[str, str], sentence: str) -> list[str]:
    if not isinstance(found, dict):
        return []
    return [
        sentence % {"goods": names.get(code, code), "quantity": quantity}
        for code, quantity in found.items()
    ]
