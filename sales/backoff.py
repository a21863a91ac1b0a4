"""When the gateway is asked again: pure arithmetic (DOMAIN 8)."""

from datetime import datetime, timedelta

#: minutes after a payment was begun, then every hour
_PAYMENT = (1, 5, 15, 30)
#: minutes after each try of a refund, then every six hours
_REFUND = (1, 5, 15, 60, 360)
#: between two refunds of one order
APART = timedelta(seconds=60)


def ask_payment(begun: datetime, now: datetime) -> datetime:
    """When a payment without a notice is asked for next."""
    for minutes in _PAYMENT:
        at = begun + timedelta(minutes=minutes)
        if at > now:
            return at
    return now + timedelta(hours=1)


def try_refund(tries: int, now: datetime) -> datetime:
    """When a refund is taken up again after its `tries`-th try, from 1."""
    return now + timedelta(minutes=_REFUND[min(max(tries, 1), len(_REFUND)) - 1])
