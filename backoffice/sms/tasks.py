"""The jobs of this floor: thin, and harmless when run twice."""

from datetime import timedelta

from django.utils import timezone

from backoffice.sms import sending

#: a sweep ends before the next begins
BUDGET = timedelta(seconds=45)


def deliver(message_id: int) -> str:
    """Try one message; gives the outcome."""
    return sending.deliver(message_id)


def sweep() -> dict[str, int]:
    """Try everything that is due; gives the number of attempts by outcome."""
    return sending.deliver_due(until=timezone.now() + BUDGET)


def mask_old() -> int:
    """Mask the numbers of old messages; gives how many."""
    return sending.mask_old()
