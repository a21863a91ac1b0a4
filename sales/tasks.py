"""The jobs of sales: thin, and harmless when run twice."""

import logging
from collections.abc import Callable, Iterable
from datetime import timedelta

from django.utils import timezone

from backoffice.base.errors import DomainError
from sales import (
    attempts,
    cancelling,
    fulfilment,
    idempotency,
    merchant,
    paying_back,
    reconciliation,
)
from sales.models import Order

logger = logging.getLogger("sales.tasks")

#: as many as are surely done in the time of one task
AT_ONCE = 200
#: a sweep that asks the gateway ends before the next begins
BUDGET = timedelta(seconds=45)


def finish_cancel(order_id: int) -> bool:
    """End an unpaid order that somebody asked to cancel; gives whether it ended."""
    return cancelling.finish(order_id)


def end_due() -> int:
    """End unpaid orders whose time is over; gives their number."""
    due = cancelling.due(timezone.now(), AT_ONCE)
    ended = sum(1 for was_ended in _each("order", due, cancelling.finish) if was_ended)
    logger.info("%s unpaid orders ended", ended)
    return ended


def close_attempts(order_id: int) -> bool:
    """Close what is still open of an order that was paid otherwise."""
    return attempts.close_all(Order.objects.get(pk=order_id))


def ask_payment(payment_id: int) -> str:
    """Ask the gateway for one payment; gives its status."""
    return attempts.ask_anyway(payment_id)


def ask_payments() -> int:
    """Ask for payments of which nothing was heard; gives their number."""
    due = attempts.due(timezone.now(), AT_ONCE)
    asked = len(list(_each("payment", due, attempts.poll)))
    logger.info("%s payments asked for", asked)
    return asked


def send_refund(refund_id: int) -> str:
    """Send one refund, or ask for it; gives its status."""
    return paying_back.send(refund_id)


def send_refunds() -> int:
    """Take up refunds that are due; gives their number."""
    due = paying_back.due(timezone.now(), AT_ONCE)
    sent = len(list(_each("refund", due, paying_back.take_up)))
    logger.info("%s refunds taken up", sent)
    return sent


def fetch_bills() -> int:
    """Compare the bills of days that were not compared yet; gives their number."""
    if not merchant.is_set_up():
        return 0
    days = reconciliation.missing_days(timezone.now())
    done = 0
    for day in days:
        try:
            reconciliation.fetch(day)
        except DomainError as refusal:
            logger.warning("the bill of %s is not compared: %s", day, refusal)
        else:
            done += 1
    logger.info("%s bills compared", done)
    return done


def _each(
    what: str, ids: Iterable[int], act: Callable[[int], object]
) -> Iterable[object]:
    """What `act` gives for each, while there is time; one that fails must not keep the
    others."""
    until = timezone.now() + BUDGET
    for pk in ids:
        if timezone.now() >= until:
            return
        try:
            yield act(pk)
        except Exception:
            logger.exception("%s %s could not be taken up", what, pk)


def complete_overdue() -> int:
    """Complete orders that were shipped long ago; gives their number."""
    done = 0
    for order_id in fulfilment.overdue(timezone.now(), AT_ONCE):
        try:
            fulfilment.complete(Order(pk=order_id), by=None)
        except DomainError as refusal:
            logger.info("order %s is not completed by itself: %s", order_id, refusal)
        else:
            done += 1
    logger.info("%s shipped orders completed by themselves", done)
    return done


def forget_keys() -> int:
    """Delete idempotency keys older than a day; gives their number."""
    return idempotency.forget_old()
