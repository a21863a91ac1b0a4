"""Attempts to pay by WeChat: begin, ask, close (DOMAIN 7, 8).

The row with the exact request is committed before the network is called, and no call
runs inside a transaction. Whatever a call learns goes in by `payments.settle`; a call
whose end is not known changes nothing but the time at which it is asked again.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_q.tasks import async_task

from backoffice.base.errors import NotPermitted, WrongStatus
from backoffice.base.status import require
from backoffice.oplog.record import record
from sales import backoff, exchanges, merchant, payments
from sales.enums import (
    Channel,
    ExchangeKind,
    OrderStatus,
    PaymentStatus,
    Trouble,
)
from sales.errors import GatewayAway, NoOpenid
from sales.gateway import (
    GatewayError,
    NewPayment,
    PaymentFacts,
    PaymentState,
    Reason,
)
from sales.gateway.port import PREPAY_LIFE
from sales.lookup import lines_of, locked, locked_payment
from sales.models import Order, Payment
from sales.payments import Receipt

if TYPE_CHECKING:
    from backoffice.accounts.models import User

logger = logging.getLogger("sales.attempts")
T = TypeVar("T")

RECONCILE = "sales.reconcile"
#: the gateway wants its orders to live a while
SHORTEST = timedelta(minutes=5)
#: a session or order that ends sooner is not handed out any more
MARGIN = timedelta(minutes=1)
#: so long after it was sent, an order that the gateway does not know never arrived
ARRIVES = timedelta(minutes=5)
_ENDED = (PaymentState.CLOSED, PaymentState.REVOKED)


def start(order: Order, *, user: "User", client_ip: str) -> dict[str, str]:
    """The arguments of `wx.requestPayment` for an unpaid order of `user`.

    Again and again gives the same attempt while it can be paid. Raises NotSetUp,
    NoOpenid, WrongStatus (paid, ended, expired or being cancelled), GatewayAway. Not
    inside a transaction.
    """
    merchant.require()
    if not user.openid:
        raise NoOpenid(_("Bind this account to WeChat first; only then it can pay."))
    for _again in range(3):
        payment = _open_attempt(order, user.openid, client_ip)
        if payment is None:
            _settle_old(order)
            continue
        if not _is_fresh(payment, timezone.now()):
            if not _create(payment):
                continue
            payment.refresh_from_db()
        if payment.status == PaymentStatus.CREATED and payment.prepay_id:
            return _parameters(payment)
    raise GatewayAway(_("WeChat Pay cannot be reached; try again."))


def _parameters(payment: Payment) -> dict[str, str]:
    try:
        return merchant.gateway(payment.api).pay_parameters(payment.prepay_id)
    except GatewayError as error:
        raise GatewayAway(_("Paying by WeChat is set up wrongly.")) from error


def _settle_old(order: Order) -> None:
    """Close what stands in the way of a new attempt."""
    if not close_all(order):
        raise GatewayAway(_("An earlier payment is still open; try again in a minute."))


@transaction.atomic
def _open_attempt(order: Order, openid: str, client_ip: str) -> Payment | None:
    """The attempt that can be paid, made where there is none; None where an old one has
    to be closed first. Extends the order's deadline to that of the attempt."""
    order = locked(order)
    now = timezone.now()
    _refuse(order, now)
    open_ones = order.payments.filter(
        channel=Channel.WECHAT, status=PaymentStatus.CREATED
    )
    found = open_ones.order_by("-id").first()
    if found is None:
        return _new(order, openid, client_ip, now)
    is_usable = (
        found.request is not None
        and found.request["openid"] == openid
        and found.amount == order.payable
        and found.expires_at is not None
        and (found.expires_at - now > MARGIN or _is_fresh(found, now))
    )
    return found if is_usable else None


def _refuse(order: Order, now: datetime) -> None:
    verb = gettext_lazy("Pay")
    require(order, OrderStatus.PENDING, verb=verb)
    if order.cancel_requested_at is not None:
        raise WrongStatus(_("The order is being cancelled."), status=str(order.status))
    if order.expires_at <= now:
        raise WrongStatus(
            _("The time to pay is over; place the order anew."),
            status=str(order.status),
            expired=True,
        )


def _new(order: Order, openid: str, client_ip: str, now: datetime) -> Payment:
    payment = payments.begin(order, channel=Channel.WECHAT)
    until = max(order.expires_at, now + SHORTEST).replace(microsecond=0)
    payment.api = settings.WECHAT_PAY_API
    payment.expires_at = until
    payment.next_at = backoff.ask_payment(now, now)
    payment.request = NewPayment(
        out_trade_no=payment.out_trade_no,
        amount_fen=fen(payment.amount),
        description=_description(order),
        openid=openid,
        notify_url=merchant.notify_url(merchant.PAY_PATH),
        client_ip=client_ip or "127.0.0.1",
        start_at=now.replace(microsecond=0),
        expire_at=until,
    ).as_json()
    payment.save(update_fields=["api", "expires_at", "next_at", "request"])
    if until > order.expires_at:
        order.expires_at = until
        order.save(update_fields=["expires_at"])
    return payment


def _description(order: Order) -> str:
    """What the payer reads: the first goods, and how many there are."""
    lines = lines_of(order)
    if len(lines) == 1:
        return lines[0].name
    return _("%(name)s and %(count)s more") % {
        "name": lines[0].name,
        "count": len(lines) - 1,
    }


def _is_fresh(payment: Payment, now: datetime) -> bool:
    """Whether its session can still be paid with."""
    if not payment.prepay_id or payment.prepaid_at is None:
        return False
    if payment.expires_at is not None and payment.expires_at <= now:
        return False
    return now - payment.prepaid_at < PREPAY_LIFE - SHORTEST


def _create(payment: Payment) -> bool:
    """Send the stored request; gives whether this attempt goes on. Raises GatewayAway
    where that is not known or nothing can be done."""
    Payment.objects.filter(pk=payment.pk).update(sent_at=timezone.now())
    request = NewPayment.from_json(payment.request or {})
    try:
        prepay = _called(
            payment,
            ExchangeKind.CREATE,
            lambda: merchant.gateway(payment.api).create(request),
        )
    except GatewayError as error:
        return _not_created(payment, error)
    Payment.objects.filter(pk=payment.pk, status=PaymentStatus.CREATED).update(
        prepay_id=prepay.prepay_id, prepaid_at=timezone.now(), trouble="", detail=""
    )
    return True


def _not_created(payment: Payment, error: GatewayError) -> bool:
    """What the refusal to make an order means for the attempt."""
    if error.reason == Reason.ALREADY_PAID:
        ask(payment)
        return False
    if error.reason == Reason.CLOSED:
        _end(payment, PaymentStatus.CLOSED)
        return False
    if error.reason == Reason.NUMBER_USED:
        # somebody changed the request behind our back: this number is spent
        if close(payment):
            return False
    elif error.reason in (Reason.CONFIGURATION, Reason.INVALID, Reason.IMPOSSIBLE):
        trouble = (
            Trouble.REFUSED
            if error.reason == Reason.IMPOSSIBLE
            else Trouble.CONFIGURATION
        )
        _end(payment, PaymentStatus.FAILED, trouble, str(error))
    elif error.is_unknown:
        _note_trouble(payment, Trouble.UNKNOWN, str(error))
    raise GatewayAway(_("WeChat Pay does not take the order now; try again."))


# --- asking and closing


def ask(payment: Payment) -> PaymentFacts | None:
    """Ask the gateway how a payment stands and act on it; None where it does not say.

    Not inside a transaction.
    """
    told = _told(payment)
    return None if isinstance(told, GatewayError) else told


def _told(payment: Payment) -> PaymentFacts | GatewayError:
    """What the gateway says of a payment, acted on, or why it does not say."""
    now = timezone.now()
    Payment.objects.filter(pk=payment.pk, status=PaymentStatus.CREATED).update(
        tries=F("tries") + 1, next_at=backoff.ask_payment(payment.created_at, now)
    )
    try:
        facts = _called(
            payment,
            ExchangeKind.QUERY,
            lambda: merchant.gateway(payment.api).query(payment.out_trade_no),
        )
    except GatewayError as error:
        _not_told(payment, error)
        return error
    if facts.state.is_paid:
        payments.settle(payment.out_trade_no, receipt_of(facts))
    elif facts.state in _ENDED:
        _end(payment, PaymentStatus.CLOSED)
    else:
        _note_trouble(payment, "", "")
    return facts


def close(payment: Payment) -> bool:
    """Make sure that nothing more can come in by an attempt: paid, closed, or never
    arrived. Gives False where that is not known yet. Not inside a transaction."""
    told = _told(payment)
    payment.refresh_from_db()
    if payment.status != PaymentStatus.CREATED:
        return True
    if isinstance(told, GatewayError):
        return told.reason == Reason.NOT_FOUND and _never_arrived(payment)
    if told.state == PaymentState.PAYING or told.state.is_paid:
        return False  # the password is being typed, or what came does not fit
    try:
        _called(
            payment,
            ExchangeKind.CLOSE,
            lambda: merchant.gateway(payment.api).close(payment.out_trade_no),
        )
    except GatewayError as error:
        return _not_closed(payment, error)
    _end(payment, PaymentStatus.CLOSED)
    return True


def _not_closed(payment: Payment, error: GatewayError) -> bool:
    if error.reason == Reason.ALREADY_PAID:
        ask(payment)
        payment.refresh_from_db()
        return payment.status != PaymentStatus.CREATED
    if error.reason == Reason.NOT_FOUND:
        return _never_arrived(payment)
    _not_told(payment, error)
    return False


def _never_arrived(payment: Payment) -> bool:
    """Close an attempt that the gateway does not know, once nothing can be under way to
    it any more."""
    now = timezone.now()
    last = payment.sent_at or payment.created_at
    is_over = payment.expires_at is not None and payment.expires_at <= now
    if now - last < ARRIVES and not is_over:
        return False
    _end(payment, PaymentStatus.CLOSED)
    return True


def close_all(order: Order) -> bool:
    """Close what the customer could still pay with; gives whether nothing can come in.

    Called outside a transaction, because it asks the gateway.
    """
    open_ones = order.payments.filter(
        channel=Channel.WECHAT, status=PaymentStatus.CREATED
    )
    still_open = [one for one in open_ones.order_by("id") if not close(one)]
    return not still_open


def poll(payment_id: int) -> str:
    """Take up a payment of which nothing was heard; gives its status afterwards."""
    payment = Payment.objects.select_related("order").get(pk=payment_id)
    if payment.status != PaymentStatus.CREATED:
        return str(payment.status)
    now = timezone.now()
    is_over = payment.expires_at is not None and payment.expires_at <= now
    if is_over or payment.order.status != OrderStatus.PENDING:
        close(payment)
    else:
        ask(payment)
    payment.refresh_from_db()
    return str(payment.status)


def ask_anyway(payment_id: int) -> str:
    """Ask for a payment however it stands here: an attempt that was closed may have been
    paid in the same moment."""
    payment = Payment.objects.get(pk=payment_id)
    if payment.status != PaymentStatus.PAID:
        ask(payment)
        payment.refresh_from_db()
    return str(payment.status)


def due(now: datetime, limit: int) -> list[int]:
    """Ids of payments that are to be asked for, the longest waiting first."""
    rows = Payment.objects.filter(
        channel=Channel.WECHAT, status=PaymentStatus.CREATED, next_at__lte=now
    )
    return list(rows.order_by("next_at").values_list("pk", flat=True)[:limit])


@transaction.atomic
def ask_now(payment: Payment, *, by: "User") -> Payment:
    """Let a worker ask the gateway at once; for who may reconcile."""
    if not (by.is_active and by.has_perm(RECONCILE)):
        raise NotPermitted(_("You may not ask WeChat Pay."), permission=RECONCILE)
    payment = locked_payment(payment.pk)
    require(
        payment,
        PaymentStatus.CREATED,
        PaymentStatus.CLOSED,
        PaymentStatus.FAILED,
        verb=gettext_lazy("Ask WeChat Pay"),
    )
    if payment.channel != Channel.WECHAT or payment.request is None:
        raise WrongStatus(
            _("This payment was never sent to WeChat Pay."), status=str(payment.status)
        )
    record(by=by, action="payment.asked", target=payment)
    async_task("sales.tasks.ask_payment", payment.pk)
    return payment


def receipt_of(facts: PaymentFacts) -> Receipt:
    """What a payment that the gateway vouches for is to our books."""
    return Receipt(
        amount=yuan(facts.amount_fen or 0),
        transaction_id=facts.transaction_id,
        paid_at=facts.paid_at,
        payer=facts.openid,
    )


def fen(amount: Decimal) -> int:
    """Whole fen of an amount in yuan."""
    return int(amount.scaleb(2))


def yuan(amount_fen: int) -> Decimal:
    """Yuan with 2 places of whole fen."""
    return Decimal(amount_fen).scaleb(-2)


# --- within


def _called(payment: Payment, kind: ExchangeKind, call: Callable[[], T]) -> T:
    """Make one call and write down how it ended."""
    try:
        answer = call()
    except GatewayError as error:
        exchanges.note(
            kind,
            payment.out_trade_no,
            api=payment.api,
            outcome=str(error),
            facts=error.raw,
            payment=payment,
        )
        raise
    facts = answer.raw if isinstance(answer, PaymentFacts) else {}
    state = str(answer.state) if isinstance(answer, PaymentFacts) else "ok"
    exchanges.note(
        kind,
        payment.out_trade_no,
        api=payment.api,
        outcome=state,
        facts=facts,
        payment=payment,
    )
    return answer


def _not_told(payment: Payment, error: GatewayError) -> None:
    if error.reason == Reason.NOT_FOUND:
        return
    is_ours = error.reason == Reason.CONFIGURATION
    _note_trouble(
        payment,
        Trouble.CONFIGURATION if is_ours else Trouble.UNKNOWN,
        str(error),
    )


def _note_trouble(payment: Payment, trouble: str, detail: str) -> None:
    """Show what keeps an open attempt from going on; what does not fit stays shown."""
    rows = Payment.objects.filter(pk=payment.pk, status=PaymentStatus.CREATED)
    rows.exclude(trouble=Trouble.MISMATCH).exclude(
        trouble=trouble, detail=detail[: payments.DETAIL_LENGTH]
    ).update(trouble=trouble, detail=detail[: payments.DETAIL_LENGTH])


@transaction.atomic
def _end(
    payment: Payment, status: PaymentStatus, trouble: str = "", detail: str = ""
) -> None:
    """Nothing comes in by this attempt any more; one that was paid meanwhile stays so."""
    locked(payment.order_id)
    row = locked_payment(payment.pk)
    if row.status == PaymentStatus.CREATED:
        row.status, row.ended_at, row.next_at = status, timezone.now(), None
        if row.trouble != Trouble.MISMATCH:  # which somebody has to look at
            row.trouble, row.detail = trouble, detail[: payments.DETAIL_LENGTH]
        row.save(update_fields=["status", "ended_at", "next_at", "trouble", "detail"])
