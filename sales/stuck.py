"""Payments and refunds that do not go on by themselves: somebody has to look."""

from datetime import datetime, timedelta

from django.db.models import Q

from backoffice.shop import shop
from sales.enums import (
    ALARMS,
    BY_HAND,
    Channel,
    PaymentStatus,
    RefundStatus,
    Trouble,
)

_UNDER_WAY = (RefundStatus.APPROVED, RefundStatus.PROCESSING, RefundStatus.FAILED)

#: refunds that somebody or the shop has still to do something about
OPEN = (RefundStatus.REQUESTED, *_UNDER_WAY)


def _before(now: datetime) -> datetime:
    return now - timedelta(minutes=shop.STUCK_MINUTES)


def payments(now: datetime) -> Q:
    """Of payments: what does not fit, what is refused, what should long have ended."""
    is_open = Q(status=PaymentStatus.CREATED, channel=Channel.WECHAT)
    return (
        (is_open & Q(trouble__in=ALARMS))
        | (is_open & Q(expires_at__lt=_before(now)))
        | Q(trouble=Trouble.MISMATCH)
    )


def refunds(now: datetime) -> Q:
    """Of refunds: what failed, and what was decided long ago and has not arrived."""
    return Q(status__in=_UNDER_WAY, trouble__in=ALARMS) | Q(
        status__in=_UNDER_WAY,
        decided_at__lt=_before(now),
        payment__channel=Channel.WECHAT,
    )


def to_hand_back() -> Q:
    """Of refunds: money that staff give back by hand."""
    return Q(status=RefundStatus.APPROVED, payment__channel__in=BY_HAND)


def to_decide() -> Q:
    """Of refunds: those that wait for somebody's word."""
    return Q(status=RefundStatus.REQUESTED) & Q(kind__in=("quantity", "amount"))
