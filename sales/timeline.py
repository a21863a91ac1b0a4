"""What happened to an order, in order."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from sales.enums import Happening
from sales.models import Order, OrderEvent

if TYPE_CHECKING:
    from backoffice.accounts.models import User


def note(
    order: Order,
    kind: Happening,
    *,
    by: "User | None" = None,
    at: datetime | None = None,
    **details: Any,
) -> OrderEvent:
    """Add a line to the order's timeline, in the transaction of the act."""
    return OrderEvent.objects.create(
        order=order, kind=kind, by=by, at=at or timezone.now(), details=details
    )
