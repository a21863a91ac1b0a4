"""Numbers of orders, payments and refunds."""

import secrets
from datetime import datetime

from django.utils import timezone

RANDOM_DIGITS = 10


def order_no(at: datetime) -> str:
    """24 digits: the local second, then 10 that do not reveal how many orders there
    are. That no two are the same is the database's to say."""
    tail = secrets.randbelow(10**RANDOM_DIGITS)
    return f"{timezone.localtime(at):%Y%m%d%H%M%S}{tail:0{RANDOM_DIGITS}d}"


def out_trade_no(order_no: str, attempt: int) -> str:
    """The number of the `attempt`-th payment of an order, from 1."""
    return f"{order_no}-{attempt}"


def refund_no(order_no: str, count: int) -> str:
    """The number of the `count`-th refund of an order, from 1."""
    return f"{order_no}r{count}"
