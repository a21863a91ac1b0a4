"""The jobs of sales: thin, and harmless when run twice."""

import logging

from django.utils import timezone

from backoffice.base.errors import DomainError
from sales import cancelling, fulfilment, idempotency
from sales.models import Order

logger = logging.getLogger("sales.tasks")

#: as many as are surely done in the time of one task
AT_ONCE = 200


def finish_cancel(order_id: int) -> bool:
    """End an unpaid order that somebody asked to cancel; gives whether it ended."""
    return cancelling.finish(order_id)


def end_due() -> int:
    """End unpaid orders whose time is over; gives their number."""
    ended = 0
    for order_id in cancelling.due(timezone.now(), AT_ONCE):
        try:
            ended += cancelling.finish(order_id)
        except Exception:
            # one that cannot be ended must not keep the others
            logger.exception("order %s could not be ended", order_id)
    logger.info("%s unpaid orders ended", ended)
    return ended


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
