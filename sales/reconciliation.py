"""The gateway's daily bill against our books (DOMAIN 8).

Each difference is a row with a proposed action; it is settled by doing that, by the next
import that no longer finds it, or by somebody who says what was found.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice.base.errors import DomainError, NotPermitted, ReasonMissing
from backoffice.base.status import require
from backoffice.oplog.record import record
from catalog.moves import clean_reason
from sales import attempts, merchant, paying_back
from sales.attempts import yuan
from sales.enums import (
    Channel,
    Difference,
    FindingStatus,
    PaymentStatus,
    RefundStatus,
)
from sales.gateway import Bill, BillLine, GatewayError, LineKind, Reason, parse_bill
from sales.gateway.values import BEIJING
from sales.models import BillDay, Finding, Payment, Refund

if TYPE_CHECKING:
    from backoffice.accounts.models import User

logger = logging.getLogger("sales.reconciliation")

RECONCILE = "sales.reconcile"
#: the bill of a day is there from ten o'clock on the next
READY_AT = time(10, 0)
#: WeChat keeps its bills for three months
KEPT = timedelta(days=90)
#: a night's job looks back so far for days that were missed
LOOK_BACK = 7
_CENT = Decimal("0.01")
#: nobody has explained these; a later comparison may find them again
_COMES_BACK = (FindingStatus.GONE, FindingStatus.BOOKED)


class BillUnreadable(DomainError):
    """The file is no bill of ours."""


class BillNotThere(DomainError):
    """The gateway has no bill of that day, or not yet."""

    slug = "gateway_error"
    http_status = 502


@dataclass(frozen=True)
class _Seen:
    """One difference as it was found."""

    kind: Difference
    number: str
    ours: Decimal | None
    theirs: Decimal | None
    payment: Payment | None = None
    refund: Refund | None = None
    detail: str = ""


def fetch(day: date, *, by: "User | None" = None) -> BillDay:
    """Ask the gateway for the bill of `day` and compare it.

    Raises NotPermitted, NotSetUp, BillNotThere. Not inside a transaction.
    """
    _permit(by)
    merchant.require()
    now = timezone.localtime(timezone=BEIJING)
    if day >= now.date() and not merchant.is_simulated():
        raise BillNotThere(_("The bill of a day is made the morning after."))
    try:
        bill = merchant.gateway().download_bill(day)
    except GatewayError as error:
        if error.reason == Reason.TRY_LATER:
            raise BillNotThere(_("The bill is being made; try again later.")) from None
        logger.exception("the bill of %s cannot be had", day)
        raise BillNotThere(
            _("WeChat Pay does not give the bill: %(why)s") % {"why": error}
        ) from None
    return compare(day, bill, source="gateway", by=by)


def upload(day: date, content: bytes, *, by: "User") -> BillDay:
    """Compare a bill that somebody downloaded in the merchant's console.

    Raises NotPermitted, BillUnreadable.
    """
    _permit(by)
    try:
        bill = parse_bill(content)
    except GatewayError as error:
        raise BillUnreadable(
            _("This is no bill of WeChat Pay: %(why)s") % {"why": error.message}
        ) from None
    if merchant.is_set_up() and {x.mch_id for x in bill.lines} - {merchant.mch_id()}:
        raise BillUnreadable(_("This is the bill of another merchant."))
    payments = [line for line in bill.lines if line.kind == LineKind.PAYMENT]
    if any(line.at.date() != day for line in payments):
        raise BillUnreadable(
            _("The bill holds other days than %(day)s.") % {"day": day.isoformat()}
        )
    return compare(day, bill, source="file", by=by)


@transaction.atomic
def compare(day: date, bill: Bill, *, source: str, by: "User | None" = None) -> BillDay:
    """Write down the day and each difference; again finds only what is still there."""
    row, _is_new = BillDay.objects.get_or_create(
        day=day, defaults={"compared_at": timezone.now()}
    )
    row = BillDay.objects.select_for_update().get(pk=row.pk)
    payments, refunds = _ours(day, bill)
    paid = [line for line in bill.lines if line.kind == LineKind.PAYMENT]
    back = [line for line in bill.lines if line.kind == LineKind.REFUND]
    seen = {
        (one.kind, one.number): one
        for one in (*_payments(paid, payments, day), *_refunds(back, refunds, day))
    }
    _write(row, seen)
    row.source, row.compared_at, row.by = source, timezone.now(), by
    row.lines = len(bill.lines)
    row.paid = sum((yuan(line.amount_fen) for line in paid), Decimal(0))
    row.refunded = sum((yuan(line.refund_fen) for line in back), Decimal(0))
    fees = sum((line.fee for line in bill.lines), Decimal(0))
    row.fees = fees.quantize(_CENT, ROUND_HALF_UP)
    row.our_paid, row.our_refunded = _sums(day)
    row.save()
    if by is not None:
        record(
            by=by,
            action="bill.compared",
            target=row,
            day=day.isoformat(),
            source=source,
            differences=len(seen),
        )
    logger.info("bill of %s: %s lines, %s differences", day, len(bill.lines), len(seen))
    return row


def _day_span(day: date) -> tuple[datetime, datetime]:
    start = datetime.combine(day, time.min, tzinfo=BEIJING)
    return start, start + timedelta(days=1)


def _ours(day: date, bill: Bill) -> tuple[dict[str, Payment], dict[str, Refund]]:
    """What the bill could mean of ours, by number: two queries, whatever the day."""
    start, end = _day_span(day)
    of_day = Q(channel=Channel.WECHAT, status=PaymentStatus.PAID) & Q(
        paid_at__gte=start, paid_at__lt=end
    )
    numbers = {line.out_trade_no for line in bill.lines}
    payments = {
        row.out_trade_no: row
        for row in Payment.objects.filter(of_day | Q(out_trade_no__in=numbers))
    }
    back = {line.out_refund_no for line in bill.lines if line.out_refund_no}
    of_gateway = Q(payment__channel=Channel.WECHAT, handed_back_by=None)
    sent = of_gateway & Q(sent_at__gte=start, sent_at__lt=end) & ~Q(refund_id="")
    rows = Refund.objects.filter(sent | Q(out_refund_no__in=back))
    return payments, {row.out_refund_no: row for row in rows}


def _payments(
    lines: Iterable[BillLine], ours: dict[str, Payment], day: date
) -> Iterable[_Seen]:
    start, end = _day_span(day)
    told = set()
    for line in lines:
        told.add(line.out_trade_no)
        row, theirs = ours.get(line.out_trade_no), yuan(line.amount_fen)
        number = line.out_trade_no
        if row is None:
            yield _Seen(Difference.PAYMENT_HERE, number, None, theirs)
        elif row.amount != theirs:
            yield _Seen(
                Difference.PAYMENT_AMOUNT, number, row.amount, theirs, payment=row
            )
        elif row.status != PaymentStatus.PAID:
            yield _Seen(
                Difference.PAYMENT_STATUS,
                number,
                row.amount,
                theirs,
                payment=row,
                detail=str(row.get_status_display()),
            )
        elif row.transaction_id != line.transaction_id:
            yield _Seen(
                Difference.PAYMENT_STATUS,
                number,
                row.amount,
                theirs,
                payment=row,
                detail=line.transaction_id,
            )
    for number, row in ours.items():
        is_of_day = row.paid_at is not None and start <= row.paid_at < end
        if number not in told and is_of_day and row.status == PaymentStatus.PAID:
            yield _Seen(Difference.PAYMENT_THERE, number, row.amount, None, payment=row)


def _refunds(
    lines: Iterable[BillLine], ours: dict[str, Refund], day: date
) -> Iterable[_Seen]:
    told = set()
    for line in lines:
        told.add(line.out_refund_no)
        row, theirs = ours.get(line.out_refund_no), yuan(line.refund_fen)
        number = line.out_refund_no
        if row is None:
            yield _Seen(
                Difference.REFUND_HERE, number, None, theirs, detail=line.out_trade_no
            )
        elif row.amount != theirs:
            yield _Seen(
                Difference.REFUND_AMOUNT, number, row.amount, theirs, refund=row
            )
        elif line.refund_status == "SUCCESS" and row.status != RefundStatus.SUCCEEDED:
            yield _Seen(
                Difference.REFUND_STATUS,
                number,
                row.amount,
                theirs,
                refund=row,
                detail=str(row.get_status_display()),
            )
    start, end = _day_span(day)
    for number, row in ours.items():
        is_of_day = row.sent_at is not None and start <= row.sent_at < end
        if number not in told and is_of_day and row.status == RefundStatus.SUCCEEDED:
            yield _Seen(Difference.REFUND_THERE, number, row.amount, None, refund=row)


def _write(row: BillDay, seen: dict[tuple[Difference, str], _Seen]) -> None:
    """New differences become rows; what is no longer there is settled by itself, and
    open again where it comes back. What somebody has explained stays explained."""
    now = timezone.now()
    known = {(Difference(one.kind), one.number): one for one in row.findings.all()}
    for key, one in seen.items():
        found = known.get(key)
        if found is not None and found.status in _COMES_BACK:
            found.status, found.found_at = FindingStatus.OPEN, now
            found.ours, found.theirs, found.detail = (
                one.ours,
                one.theirs,
                one.detail[:200],
            )
            found.settled_at = found.settled_by = None
            found.save()
        elif found is None:
            Finding.objects.create(
                bill_day=row,
                kind=one.kind,
                number=one.number[:64],
                ours=one.ours,
                theirs=one.theirs,
                payment=one.payment,
                refund=one.refund,
                detail=one.detail[:200],
                found_at=now,
            )
    for key, finding in known.items():
        if finding.status == FindingStatus.OPEN and key not in seen:
            finding.status, finding.settled_at = FindingStatus.GONE, now
            finding.save(update_fields=["status", "settled_at"])


def _sums(day: date) -> tuple[Decimal, Decimal]:
    """What our books say of the day: came by WeChat, sent back by it."""
    start, end = _day_span(day)
    paid = Payment.objects.filter(
        channel=Channel.WECHAT,
        status=PaymentStatus.PAID,
        paid_at__gte=start,
        paid_at__lt=end,
    ).values_list("amount", flat=True)
    back = (
        Refund.objects.filter(
            payment__channel=Channel.WECHAT,
            handed_back_by=None,
            sent_at__gte=start,
            sent_at__lt=end,
        )
        .exclude(refund_id="")
        .values_list("amount", flat=True)
    )
    return sum(paid, Decimal(0)), sum(back, Decimal(0))


# --- settling


def act(finding: Finding, *, by: "User") -> Finding:
    """Do what is proposed: ask the gateway, which books what it proves.

    Raises NotPermitted, WrongStatus. Not inside a transaction.
    """
    _permit(by)
    require(finding, FindingStatus.OPEN, verb=_("Ask WeChat Pay"))
    if finding.payment is not None:
        attempts.ask(finding.payment)
        finding.payment.refresh_from_db()
        is_right = (
            finding.payment.status == PaymentStatus.PAID
            and finding.payment.amount == finding.theirs
            and not finding.payment.trouble
        )
    elif finding.refund is not None:
        paying_back.hear(finding.refund.out_refund_no)
        paying_back.send(finding.refund.pk)
        finding.refund.refresh_from_db()
        is_right = (
            finding.refund.status == RefundStatus.SUCCEEDED
            and finding.refund.amount == finding.theirs
        )
    else:
        is_right = False
    if is_right:
        return _settled(finding, FindingStatus.BOOKED, by=by, note="")
    return finding


def settle(finding: Finding, *, by: "User", note: str) -> Finding:
    """Somebody has looked and says what was found; nothing else changes.

    Raises NotPermitted, ReasonMissing, WrongStatus.
    """
    _permit(by)
    text = clean_reason(note)
    if not text:
        raise ReasonMissing(_("Say what was found."))
    return _settled(finding, FindingStatus.SETTLED, by=by, note=text)


@transaction.atomic
def _settled(
    finding: Finding, status: FindingStatus, *, by: "User", note: str
) -> Finding:
    row = Finding.objects.select_for_update().get(pk=finding.pk)
    require(row, FindingStatus.OPEN, verb=_("Settle"))
    row.status, row.settled_at, row.settled_by = status, timezone.now(), by
    row.note = note
    row.save(update_fields=["status", "settled_at", "settled_by", "note"])
    record(
        by=by,
        action="finding.settled",
        target=row,
        **({"reason": note} if note else {}),
    )
    return row


def missing_days(now: datetime) -> list[date]:
    """Days of the last week whose bill is there and was not compared yet."""
    local = now.astimezone(BEIJING)
    last = local.date() - timedelta(days=1 if local.time() >= READY_AT else 2)
    days = [last - timedelta(days=n) for n in range(LOOK_BACK)]
    known = set(BillDay.objects.filter(day__in=days).values_list("day", flat=True))
    first = (
        Payment.objects.filter(channel=Channel.WECHAT)
        .order_by("id")
        .values_list("created_at", flat=True)
        .first()
    )
    if first is None:
        return []
    start = first.astimezone(BEIJING).date()
    return [day for day in reversed(days) if day not in known and day >= start]


def _permit(by: "User | None") -> None:
    if by is not None and not (by.is_active and by.has_perm(RECONCILE)):
        raise NotPermitted(
            _("You may not settle differences with WeChat Pay."), permission=RECONCILE
        )
