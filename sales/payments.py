"""Money comes in: `settle` is the one way (DOMAIN 8).

A payment is one attempt. Whoever learns that money arrived (a notice, a query, the
poller, the bill, a member of staff who holds it) calls `settle`; it locks the order,
then the payment, and counts each payment once. What is asked of the gateway stands in
`sales.attempts`.
"""

import enum
import logging
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_q.tasks import async_task

from backoffice.base.errors import (
    FieldErrors,
    NotPermitted,
    ReasonMissing,
    WrongStatus,
)
from backoffice.base.money import ZERO
from backoffice.base.status import require
from backoffice.base.text import one_line
from backoffice.oplog.record import record
from backoffice.shop import shop
from catalog.moves import clean_reason
from sales import earning, figures, numbers, refunds, timeline
from sales.enums import (
    BY_HAND,
    Channel,
    Happening,
    OrderStatus,
    PaymentStatus,
    Trouble,
)
from sales.lookup import lines_of, locked, locked_payment
from sales.models import Order, Payment

if TYPE_CHECKING:
    from backoffice.accounts.models import User

logger = logging.getLogger("sales.payments")

NOTE_LENGTH = 200
DETAIL_LENGTH = 200


class Settled(enum.Enum):
    """What became of money that arrived."""

    PAID = "paid"  # the order goes on
    REPEAT = "repeat"  # it was known
    LATE = "late"  # the order no longer wants it: a refund is under way
    MISMATCH = "mismatch"  # another amount: nothing changed, somebody has to look


@dataclass(frozen=True)
class Receipt:
    """Money that arrived: yuan, the channel's own number, when, from which openid."""

    amount: Decimal
    transaction_id: str = ""
    paid_at: datetime | None = None
    payer: str = ""


def begin(
    order: Order, *, channel: Channel, by: "User | None" = None, note: str = ""
) -> Payment:
    """A new attempt to pay a locked order."""
    attempt = order.payments.count() + 1
    return Payment.objects.create(
        order=order,
        out_trade_no=numbers.out_trade_no(order.order_no, attempt),
        channel=channel,
        amount=order.payable,
        by=by,
        note=note,
        created_at=timezone.now(),
    )


def settle(out_trade_no: str, receipt: Receipt, *, by: "User | None" = None) -> Settled:
    """Count money that arrived for a payment; the only way in.

    Twice changes nothing. An amount, payer or number of WeChat's that differs changes
    nothing, is written down and alarms. Money for an order that is cancelled, closed or
    paid already goes back by itself. Raises Payment.DoesNotExist for a number that is
    not ours.
    """
    known = Payment.objects.get(out_trade_no=out_trade_no)
    if known.status == PaymentStatus.PAID and _is_same(known, receipt):
        # paid is never left, so a repeat needs no lock
        return Settled.REPEAT
    return _settle(known, receipt, by)


def _is_same(payment: Payment, receipt: Receipt) -> bool:
    return (
        receipt.amount == payment.amount
        and receipt.transaction_id == payment.transaction_id
    )


@transaction.atomic
def _settle(known: Payment, receipt: Receipt, by: "User | None") -> Settled:
    order = locked(known.order_id)
    payment = locked_payment(known.pk)
    wrong = _what_differs(payment, receipt)
    if wrong:
        _alarm(order, payment, receipt, wrong)
        return Settled.MISMATCH
    if payment.status == PaymentStatus.PAID:
        return Settled.REPEAT
    payment.status = PaymentStatus.PAID
    payment.transaction_id = receipt.transaction_id
    payment.paid_at = receipt.paid_at or timezone.now()
    payment.next_at = payment.ended_at = None
    payment.trouble = payment.detail = ""
    payment.save(
        update_fields=[
            *("status", "transaction_id", "paid_at", "next_at", "ended_at"),
            *("trouble", "detail"),
        ]
    )
    if order.status != OrderStatus.PENDING:
        refunds.return_late(order, payment)
        return Settled.LATE
    _mark_paid(order, payment, by)
    if has_open_attempt(order):
        # or the customer could pay a second time
        async_task("sales.tasks.close_attempts", order.pk)
    return Settled.PAID


def _what_differs(payment: Payment, receipt: Receipt) -> str:
    """What does not fit to our books, in words; "" where all does."""
    if receipt.amount != payment.amount:
        return _("%(came)s yuan arrived, %(expected)s were asked for") % {
            "came": receipt.amount,
            "expected": payment.amount,
        }
    if payment.status == PaymentStatus.PAID:
        if receipt.transaction_id == payment.transaction_id:
            return ""
        return _("paid a second time, by transaction %(number)s") % {
            "number": receipt.transaction_id
        }
    asked = (payment.request or {}).get("openid", "")
    if receipt.payer and asked and receipt.payer != asked:
        return _("somebody else paid")
    if receipt.transaction_id and (
        Payment.objects.filter(
            channel=payment.channel, transaction_id=receipt.transaction_id
        )
        .exclude(pk=payment.pk)
        .exists()
    ):
        return _("transaction %(number)s has paid another order") % {
            "number": receipt.transaction_id
        }
    return ""


def _alarm(order: Order, payment: Payment, receipt: Receipt, wrong: str) -> None:
    """Write it down once, however often it is told; also after somebody has looked."""
    logger.error(
        "payment %s: what arrived does not fit: %s", payment.out_trade_no, wrong
    )
    detail = wrong[:DETAIL_LENGTH]
    if payment.detail == detail:
        return
    payment.trouble, payment.detail = Trouble.MISMATCH, detail
    payment.save(update_fields=["trouble", "detail"])
    timeline.note(
        order,
        Happening.PAYMENT_WRONG,
        payment=payment.out_trade_no,
        amount=str(receipt.amount),
        expected=str(payment.amount),
        why=wrong,
    )


def _mark_paid(order: Order, payment: Payment, by: "User | None") -> None:
    order.status = OrderStatus.PAID
    order.paid = payment.amount
    order.paid_at = payment.paid_at
    order.cancel_requested_at = None
    day = timezone.localtime(payment.paid_at).date()
    order.points_day_factor = earning.day_factor(
        day,
        weekend=shop.WEEKEND_FACTOR,
        member_day=shop.MEMBER_DAY,
        member=shop.MEMBER_DAY_FACTOR,
    )
    order.save(
        update_fields=[
            "status",
            "paid",
            "paid_at",
            "cancel_requested_at",
            "points_day_factor",
        ]
    )
    timeline.note(
        order,
        Happening.PAID,
        by=by,
        channel=str(payment.channel),
        amount=str(payment.amount),
    )
    figures.paid(order, lines_of(order))


def pay_nothing(order: Order) -> None:
    """An order that comes to 0 is paid at once, without the gateway."""
    payment = begin(order, channel=Channel.POINTS)
    settle(payment.out_trade_no, Receipt(ZERO))
    order.refresh_from_db()


@transaction.atomic
def take(order: Order, *, channel: Channel, by: "User", note: str = "") -> Payment:
    """Cash or a transfer that a member of staff holds: the order is paid.

    Not while an attempt by WeChat is open: that one is closed first
    (`attempts.close_all`), or the customer would pay twice.
    """
    if not (by.is_active and by.has_perm("sales.take_payment")):
        raise NotPermitted(
            _("You may not take payments."), permission="sales.take_payment"
        )
    if channel not in BY_HAND:
        raise FieldErrors({"channel": [_("Cash or transfer.")]})
    text = one_line(note)
    if len(text) > NOTE_LENGTH:
        raise FieldErrors(
            {"note": [_("At most %(most)s characters.") % {"most": NOTE_LENGTH}]}
        )
    order = locked(order)
    require(order, OrderStatus.PENDING, verb=gettext_lazy("Take payment"))
    if has_open_attempt(order):
        raise FieldErrors(
            {"channel": [_("A payment by WeChat is open; it has to be closed first.")]}
        )
    payment = begin(order, channel=channel, by=by, note=text)
    settle(payment.out_trade_no, Receipt(payment.amount), by=by)
    record(
        by=by,
        action="order.paid",
        target=order,
        channel=str(channel),
        amount=str(payment.amount),
    )
    payment.refresh_from_db()
    return payment


def has_open_attempt(order: Order) -> bool:
    """Whether the customer could still pay at the gateway."""
    return order.payments.filter(
        channel=Channel.WECHAT, status=PaymentStatus.CREATED
    ).exists()


@transaction.atomic
def look_at(payment: Payment, *, by: "User", reason: str) -> Payment:
    """Somebody has looked at what did not fit to a payment; the mark goes away.

    What did not fit stays written, so that being told of it again is no news. Raises
    NotPermitted, ReasonMissing, WrongStatus.
    """
    text = _may_explain(by, reason)
    payment = locked_payment(payment.pk)
    require(
        payment,
        *(PaymentStatus.PAID, PaymentStatus.CLOSED, PaymentStatus.FAILED),
        verb=gettext_lazy("Looked at"),
    )
    payment.trouble = ""
    payment.save(update_fields=["trouble"])
    record(
        by=by,
        action="payment.looked_at",
        target=payment,
        detail=payment.detail,
        reason=text,
    )
    return payment


@transaction.atomic
def let_go(payment: Payment, *, by: "User", reason: str) -> Payment:
    """End an open attempt whose money does not fit and is not taken for the order.

    The order can be paid anew, or ends and frees its goods when its time is over. The
    right amount, should it come after all, still counts. Raises NotPermitted,
    ReasonMissing, WrongStatus.
    """
    text = _may_explain(by, reason)
    verb = gettext_lazy("End the attempt")
    order = locked(payment.order_id)
    payment = locked_payment(payment.pk)
    require(payment, PaymentStatus.CREATED, verb=verb)
    if payment.trouble != Trouble.MISMATCH:
        raise WrongStatus(
            _("Nothing has arrived for this attempt that does not fit."),
            status=str(payment.status),
        )
    payment.status, payment.ended_at = PaymentStatus.FAILED, timezone.now()
    payment.next_at, payment.trouble = None, ""
    payment.save(update_fields=["status", "ended_at", "next_at", "trouble"])
    record(
        by=by,
        action="payment.let_go",
        target=payment,
        detail=payment.detail,
        reason=text,
    )
    async_task("sales.tasks.finish_cancel", order.pk)
    return payment


def _may_explain(by: "User", reason: str) -> str:
    """The reason, of who may give it; raises NotPermitted, ReasonMissing."""
    if not (by.is_active and by.has_perm("sales.reconcile")):
        raise NotPermitted(
            _("You may not settle differences with WeChat Pay."),
            permission="sales.reconcile",
        )
    text = clean_reason(reason)
    if not text:
        raise ReasonMissing(_("Say what was found."))
    return text
