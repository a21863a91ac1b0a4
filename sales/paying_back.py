"""Refunds by WeChat: send, ask, try again (DOMAIN 8).

The number and the exact request are committed before the network is called, and no call
runs inside a transaction. A refund that was accepted is not yet refunded: only a query
proves it. What is not known is asked for, then sent again by the same number; a new
number follows only where the gateway closed the old one.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_q.tasks import async_task

from backoffice.base.errors import NotPermitted, WrongStatus
from backoffice.base.status import require
from backoffice.oplog.record import record
from sales import backoff, exchanges, merchant, refunds, timeline
from sales.attempts import fen
from sales.enums import (
    AUTOMATIC,
    Channel,
    ExchangeKind,
    Happening,
    RefundStatus,
    Trouble,
)
from sales.gateway import (
    GatewayError,
    NewRefund,
    Reason,
    RefundFacts,
    RefundState,
)
from sales.lookup import locked, locked_refund
from sales.models import Order, Refund

if TYPE_CHECKING:
    from backoffice.accounts.models import User

logger = logging.getLogger("sales.paying_back")

#: decided, and not at its end
UNDER_WAY = (RefundStatus.APPROVED, RefundStatus.PROCESSING, RefundStatus.FAILED)
#: when money may have been put into the merchant's account
TOPPED_UP = timedelta(hours=1)
#: how a refusal stops a refund
_STOPS = {
    Reason.NOT_ENOUGH: Trouble.NOT_ENOUGH,
    Reason.CONFIGURATION: Trouble.CONFIGURATION,
    Reason.MISMATCH: Trouble.MISMATCH,
    Reason.INVALID: Trouble.MISMATCH,
}
#: refused, but only for now
_LATER = (Reason.TRY_LATER, Reason.RATE_LIMITED)


def send(refund_id: int) -> str:
    """Take up a refund that is due: ask how it stands, or send it. Gives its status
    afterwards, "" where there was nothing to do. Not inside a transaction."""
    refund = _claim(refund_id)
    if refund is None:
        return ""
    is_known = bool(refund.refund_id) or refund.tries > 1
    try:
        told = _asked(refund) if is_known else None
        if told is not None:
            _learn(refund, told)
        else:
            _accepted(refund, _sent(refund))
    except GatewayError as error:
        _refused(refund, error)
    refund.refresh_from_db()
    return str(refund.status)


@transaction.atomic
def _claim(refund_id: int) -> Refund | None:
    """Number it and write what will be sent; None where it is not due."""
    known = Refund.objects.filter(pk=refund_id).first()
    if known is None:
        return None
    order = locked(known.order_id)
    refund = locked_refund(refund_id)
    now = timezone.now()
    payment = refund.payment
    is_due = (
        refund.status in UNDER_WAY
        and refund.next_at is not None
        and refund.next_at <= now
    )
    if not is_due or payment is None or payment.channel != Channel.WECHAT:
        return None
    if not refund.refund_id:
        if _is_too_soon(order, refund, now):
            return None
        refund.sent_at = now
    if refund.request is None:
        _number(refund)
    if refund.status == RefundStatus.APPROVED:
        timeline.note(order, Happening.REFUND_SENT, refund=refund.refund_no)
    refund.status = RefundStatus.PROCESSING
    refund.tries += 1
    refund.next_at = backoff.try_refund(refund.tries, now)
    refund.save()
    return refund


def _is_too_soon(order: Order, refund: Refund, now: datetime) -> bool:
    """Whether another refund of the order was sent within the minute; then it waits."""
    last = (
        order.refunds.filter(sent_at__gt=now - backoff.APART)
        .exclude(pk=refund.pk)
        .order_by("-sent_at")
        .first()
    )
    if last is None or last.sent_at is None:
        return False
    refund.next_at = last.sent_at + backoff.APART
    refund.save(update_fields=["next_at"])
    return True


def _number(refund: Refund) -> None:
    payment = refund.payment
    assert payment is not None  # noqa: S101 - it was looked at
    refund.rounds += 1
    refund.out_refund_no = refund.refund_no
    if refund.rounds > 1:
        refund.out_refund_no += f"-{refund.rounds}"
    refund.request = NewRefund(
        out_refund_no=refund.out_refund_no,
        out_trade_no=payment.out_trade_no,
        refund_fen=fen(refund.amount),
        total_fen=fen(payment.amount),
        reason=_("Refund of your order"),
        notify_url=merchant.notify_url(merchant.REFUND_PATH),
    ).as_json()


def _asked(refund: Refund) -> RefundFacts | None:
    """What the gateway says of it; None where it does not know the number."""
    try:
        return _called(
            refund,
            ExchangeKind.QUERY_REFUND,
            lambda: _gateway(refund).query_refund(refund.out_refund_no),
        )
    except GatewayError as error:
        if error.reason == Reason.NOT_FOUND:
            return None
        raise


def _sent(refund: Refund) -> RefundFacts:
    request = NewRefund.from_json(refund.request or {})
    return _called(
        refund, ExchangeKind.REFUND, lambda: _gateway(refund).refund(request)
    )


def _gateway(refund: Refund) -> Any:
    return merchant.gateway(refund.payment.api if refund.payment else "")


def _called(
    refund: Refund, kind: ExchangeKind, call: Callable[[], RefundFacts]
) -> RefundFacts:
    """Make one call and write down how it ended."""
    said: dict[str, Any] = {
        "number": refund.out_refund_no,
        "api": refund.payment.api if refund.payment else "",
        "refund": refund,
    }
    try:
        facts = call()
    except GatewayError as error:
        exchanges.note(kind, outcome=str(error), facts=error.raw, **said)
        raise
    exchanges.note(kind, outcome=str(facts.state), facts=facts.raw, **said)
    return facts


# --- what follows


@transaction.atomic
def _accepted(refund: Refund, facts: RefundFacts) -> None:
    """It is on its way; whether it arrives, a query will say."""
    row = _again(refund)
    if row is None:
        return
    if not _fits(row, facts):
        _stop(row, Trouble.MISMATCH, _("The gateway names another amount."))
        return
    row.refund_id = facts.refund_id
    row.trouble = row.detail = ""
    row.save(update_fields=["refund_id", "trouble", "detail"])


@transaction.atomic
def _learn(refund: Refund, facts: RefundFacts) -> None:
    """What a query proves."""
    row = _again(refund)
    if row is None:
        return
    if not _fits(row, facts):
        _stop(row, Trouble.MISMATCH, _("The gateway names another amount."))
        return
    row.refund_id, row.recipient = facts.refund_id, facts.recipient[:64]
    if facts.state == RefundState.PROCESSING:
        row.trouble = row.detail = ""
    row.save(update_fields=["refund_id", "recipient", "trouble", "detail"])
    if facts.state == RefundState.SUCCEEDED:
        refunds.succeed(row, at=facts.refunded_at)
    elif facts.state == RefundState.CLOSED:
        _stop(row, Trouble.CLOSED, "")
    elif facts.state == RefundState.ABNORMAL:
        # once somebody has helped in the merchant's console, it will have succeeded
        _stop(row, Trouble.ABNORMAL, "", again_at=refund.next_at)


@transaction.atomic
def _refused(refund: Refund, error: GatewayError) -> None:
    row = _again(refund)
    if row is None:
        return
    if error.is_unknown or error.reason in _LATER:
        row.trouble, row.detail = Trouble.UNKNOWN, str(error)[:200]
        row.save(update_fields=["trouble", "detail"])
        return
    trouble = _STOPS.get(error.reason, Trouble.REFUSED)
    again_at = timezone.now() + TOPPED_UP if trouble == Trouble.NOT_ENOUGH else None
    _stop(row, trouble, str(error), again_at=again_at)


def _again(refund: Refund) -> Refund | None:
    """The refund as it stands now, locked; None where its end is known meanwhile."""
    locked(refund.order_id)
    row = locked_refund(refund.pk)
    is_same = row.out_refund_no == refund.out_refund_no
    return row if is_same and row.status in UNDER_WAY else None


def _fits(refund: Refund, facts: RefundFacts) -> bool:
    return facts.refund_fen == fen(refund.amount)


def _stop(
    refund: Refund, trouble: Trouble, detail: str, again_at: datetime | None = None
) -> None:
    """A locked refund does not go on by itself, or not soon: somebody has to look."""
    is_news = refund.trouble != trouble
    logger.error("refund %s: %s %s", refund.refund_no, trouble, detail)
    refund.status = RefundStatus.FAILED
    refund.trouble, refund.detail = trouble, detail[:200]
    refund.next_at = again_at
    refund.save(update_fields=["status", "trouble", "detail", "next_at"])
    if is_news:
        timeline.note(
            refund.order,
            Happening.REFUND_FAILED,
            refund=refund.refund_no,
            why=str(trouble.label),
        )


# --- by whom it is taken up


@transaction.atomic
def hear(out_refund_no: str) -> bool:
    """A notice hints at a refund: ask for it now. Gives whether the number is ours."""
    rows = Refund.objects.filter(out_refund_no=out_refund_no)
    pk = rows.values_list("pk", flat=True).first()
    if pk is None:
        return False
    waiting = rows.filter(status__in=UNDER_WAY, tries__gt=0)
    if waiting.update(next_at=timezone.now()):
        async_task("sales.tasks.send_refund", pk)
    return True


@transaction.atomic
def retry(refund: Refund, *, by: "User") -> Refund:
    """Send a refund again that has failed: by the same number, or by a new one where the
    gateway closed the old. Raises NotPermitted, WrongStatus."""
    if not (by.is_active and by.has_perm(refunds.APPROVE)):
        raise NotPermitted(_("You may not decide refunds."), permission=refunds.APPROVE)
    order = locked(refund.order_id)
    refund = locked_refund(refund.pk)
    require(
        refund,
        RefundStatus.FAILED,
        RefundStatus.PROCESSING,
        verb=gettext_lazy("Send again"),
    )
    if refund.payment is None or refund.payment.channel != Channel.WECHAT:
        raise WrongStatus(
            _("This money does not go back by WeChat."), status=str(refund.status)
        )
    if refund.trouble == Trouble.CLOSED:
        refund.request, refund.refund_id = None, ""
    refund.next_at, refund.tries = timezone.now(), 1 if refund.request else 0
    refund.save(update_fields=["request", "refund_id", "next_at", "tries"])
    timeline.note(order, Happening.REFUND_RETRIED, by=by, refund=refund.refund_no)
    record(by=by, action="refund.retried", target=refund)
    async_task("sales.tasks.send_refund", refund.pk)
    return refund


def due(now: datetime, limit: int) -> list[int]:
    """Ids of refunds to be taken up, the longest waiting first."""
    rows = Refund.objects.filter(
        Q(status__in=UNDER_WAY) | Q(status=RefundStatus.REQUESTED, kind__in=AUTOMATIC),
        next_at__lte=now,
    )
    return list(rows.order_by("next_at").values_list("pk", flat=True)[:limit])


def take_up(refund_id: int) -> str:
    """Let a refund go that nobody decides, and send what is due."""
    refund = Refund.objects.get(pk=refund_id)
    if refund.status == RefundStatus.REQUESTED:
        refunds.approve_by_itself(refund)
    return send(refund_id)
