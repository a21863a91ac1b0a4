"""Money goes back: asked for, decided, done (DOMAIN 8).

What is left of an order counts every refund that may still leave, not only those that
left; it is reckoned under the order's lock.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_q.tasks import async_task

from backoffice.accounts.holders import is_only_holder
from backoffice.base.errors import (
    NotPermitted,
    ReasonMissing,
    WrongStatus,
)
from backoffice.base.money import ZERO
from backoffice.base.status import require
from backoffice.oplog.record import record
from backoffice.shop import shop
from catalog.moves import clean_reason
from sales import limits, numbers, returning, timeline
from sales.enums import (
    ALIVE,
    AUTOMATIC,
    REFUND_COUNTS,
    REFUND_OPEN,
    REFUND_REFUSED,
    Channel,
    Happening,
    OrderStatus,
    PaymentStatus,
    RefundKind,
    RefundStatus,
    Restock,
)
from sales.errors import RefundInTheWay, RefundLimit
from sales.lookup import lines_of, locked, locked_refund
from sales.models import Order, Payment, Refund, RefundLine
from sales.planning import WHOLE, Plan, Wanted, plan, standings
from sales.refunding import by_quantity

if TYPE_CHECKING:
    from backoffice.accounts.models import User

APPROVE = "sales.approve_refund"
#: the gateway takes no more for one payment, and none after a year
MOST_FOR_A_PAYMENT = 50
A_YEAR = timedelta(days=365)


@transaction.atomic
def request(
    order: Order,
    *,
    by: "User",
    reason: str,
    wanted: Wanted = WHOLE,
    known: int | None = None,
) -> Refund:
    """Ask for money back: by the customer, or by staff with `sales.add_refund`.

    A customer may ask until REFUND_DAYS after completion and not by amount. `known` is
    how many refunds of the order were there when it was looked at: with another one
    meanwhile nothing is asked for, so a form that is sent twice refunds once. Raises
    WrongStatus, FieldErrors, NoSuchLine, RefundLimit, RefundInTheWay.
    """
    is_own = order.user_id is not None and order.user_id == by.pk
    if not is_own and not (by.is_active and by.has_perm("sales.add_refund")):
        raise NotPermitted(
            _("You may not ask for refunds."), permission="sales.add_refund"
        )
    text = clean_reason(reason)
    if not text:
        raise ReasonMissing(_("Say why."))
    order = locked(order)
    require(order, *ALIVE, verb=gettext_lazy("Ask for a refund"))
    if is_own:
        _refuse_late(order)
    if known is not None and order.refunds.count() != known:
        raise RefundInTheWay(
            _("Another refund of this order was asked for meanwhile; look again."),
            order_no=order.order_no,
        )
    refund = _open(
        order,
        plan(order, wanted),
        kind=RefundKind.QUANTITY if wanted.amount is None else RefundKind.AMOUNT,
        by=by,
        reason=text,
    )
    if not is_own:
        record(
            by=by,
            action="refund.requested",
            target=refund,
            amount=str(refund.amount),
            reason=text,
        )
    return refund


def _refuse_late(order: Order) -> None:
    days = shop.REFUND_DAYS
    end = order.completed_at and order.completed_at + timedelta(days=days)
    if end and timezone.now() > end:
        raise RefundLimit(
            _("Refunds can be asked for until %(days)s days after completion.")
            % {"days": days},
            until=end.isoformat(),
        )


def _open(
    order: Order,
    planned: Plan,
    *,
    kind: RefundKind,
    by: "User | None",
    reason: str,
) -> Refund:
    """Write a refund of a locked order."""
    payment = _paid_by(order)
    _refuse_beyond(order, payment)
    count = order.refunds.aggregate(n=Count("pk"))["n"]
    refund = Refund.objects.create(
        order=order,
        payment=payment,
        refund_no=numbers.refund_no(order.order_no, count + 1),
        kind=kind,
        is_full=planned.is_full,
        amount=planned.amount,
        freight=planned.freight,
        points=planned.points,
        reason=reason,
        requested_by=by,
        created_at=timezone.now(),
    )
    RefundLine.objects.bulk_create(
        RefundLine(
            refund=refund,
            line_id=pk,
            base_quantity=part.base_quantity,
            amount=part.amount,
            points=part.points,
        )
        for pk, part in planned.parts.items()
    )
    # the timeline is never erased, so the customer's own words stand in the refund alone
    is_own = by is not None and order.user_id == by.pk
    words: dict[str, Any] = {} if is_own else {"reason": reason}
    timeline.note(
        order,
        Happening.REFUND_REQUESTED,
        by=by,
        refund=refund.refund_no,
        amount=str(refund.amount),
        **words,
    )
    return refund


def _paid_by(order: Order) -> Payment | None:
    """What the order was paid by; not money that came too late, which goes back whole."""
    late = Refund.objects.filter(order=order, kind=RefundKind.PAYMENT)
    rows = order.payments.filter(status=PaymentStatus.PAID)
    return rows.exclude(pk__in=late.values("payment")).order_by("id").first()


def _refuse_beyond(order: Order, payment: Payment | None) -> None:
    """What the gateway would refuse is refused before anybody hopes."""
    if payment is None:
        return
    if payment.refunds.filter(status__in=REFUND_COUNTS).count() >= MOST_FOR_A_PAYMENT:
        raise RefundLimit(
            _("A payment is refunded at most %(most)s times.")
            % {"most": MOST_FOR_A_PAYMENT}
        )
    if payment.paid_at and timezone.now() - payment.paid_at > A_YEAR:
        raise RefundLimit(_("The payment is older than a year."))


def return_late(order: Order, payment: Payment) -> Refund:
    """Money that an order no longer wants goes back; the order and payment are locked."""
    count = order.refunds.count()
    refund = Refund.objects.create(
        order=order,
        payment=payment,
        refund_no=numbers.refund_no(order.order_no, count + 1),
        kind=RefundKind.PAYMENT,
        amount=payment.amount,
        reason=_("Paid after the order had ended or was paid."),
        created_at=timezone.now(),
    )
    timeline.note(
        order,
        Happening.PAYMENT_LATE,
        payment=payment.out_trade_no,
        refund=refund.refund_no,
        amount=str(payment.amount),
    )
    _let_go(order, refund, by=None)
    return refund


def open_for_weight(
    order: Order, missing: Mapping[int, Decimal], *, by: "User"
) -> Refund:
    """The refund of what weighed less than ordered: base units by line id. The order
    is locked."""
    stands = standings(order, lines_of(order))
    parts = {pk: by_quantity(stands[pk], base) for pk, base in missing.items()}
    refund = _open(
        order,
        Plan(parts, ZERO, is_full=False),
        kind=RefundKind.WEIGHT,
        by=by,
        reason=_("Weighed less than ordered."),
    )
    refund.next_at = timezone.now() + timedelta(minutes=shop.WEIGHING_MINUTES)
    refund.save(update_fields=["next_at"])
    return refund


def let_weight_go(order: Order) -> None:
    """What was weighed leaves, so the difference goes back now; the order is locked."""
    waiting = order.refunds.filter(
        kind=RefundKind.WEIGHT, status=RefundStatus.REQUESTED
    )
    for refund in waiting.select_for_update():
        _let_go(order, refund, by=None)


@transaction.atomic
def approve_by_itself(refund: Refund) -> bool:
    """Let a refund go that nobody has to decide, once its time has come."""
    order, refund = _locked_with_order(refund)
    is_due = refund.next_at is not None and refund.next_at <= timezone.now()
    if refund.kind not in AUTOMATIC or refund.status != RefundStatus.REQUESTED:
        return False
    if is_due:
        _let_go(order, refund, by=None)
    return is_due


def _let_go(order: Order, refund: Refund, *, by: "User | None") -> None:
    """Approve a locked refund: its money is on its way from here on."""
    refund.status = RefundStatus.APPROVED
    refund.decided_by, refund.decided_at = by, timezone.now()
    is_sent = (
        refund.payment is not None and refund.payment.channel == Channel.WECHAT
    ) and refund.amount > 0
    refund.next_at = refund.decided_at if is_sent else None
    refund.save(
        update_fields=["status", "decided_by", "decided_at", "decision", "next_at"]
    )
    timeline.note(order, Happening.REFUND_APPROVED, by=by, refund=refund.refund_no)
    if is_sent:
        async_task("sales.tasks.send_refund", refund.pk)
    elif not refund.amount:
        _succeed(order, refund, by=by)


def refuse_full_in_the_way(order: Order) -> None:
    """An open refund of the whole order blocks the hand-over; raises RefundInTheWay."""
    if order.refunds.filter(is_full=True, status__in=REFUND_OPEN).exists():
        raise RefundInTheWay(
            _("A refund of the whole order is open; decide it first."),
            order_no=order.order_no,
        )


def _locked_with_order(refund: Refund) -> tuple[Order, Refund]:
    order = locked(refund.order_id)
    return order, locked_refund(refund.pk)


def _permit(by: "User") -> None:
    if not (by.is_active and by.has_perm(APPROVE)):
        raise NotPermitted(_("You may not decide refunds."), permission=APPROVE)


@transaction.atomic
def approve(
    refund: Refund,
    *,
    by: "User",
    restock: Mapping[int, Restock] | None = None,
    note: str = "",
) -> Refund:
    """Agree to a refund; `restock` says by line id what becomes of goods that the
    customer has (default: they stay there).

    Above the approver's limit two members of staff are needed: who asked for it and who
    approves it, or two who approve; after the first it is still requested. Where nobody
    else may approve, a note is asked for instead. Money of WeChat goes back by itself,
    other money is handed back by staff; nothing at all is done at once.
    """
    _permit(by)
    text = clean_reason(note)
    order, refund = _locked_with_order(refund)
    require(refund, RefundStatus.REQUESTED, verb=gettext_lazy("Approve"))
    is_self = refund.requested_by_id == by.pk
    waits = refund.amount > limits.limit_of(by) and not _has_second(refund, by, text)
    for line in refund.lines.all():
        choice = (restock or {}).get(line.line_id)
        if choice is not None and choice != line.restock:
            line.restock = choice
            line.save(update_fields=["restock"])
    if waits:
        refund.first_approver = by
        refund.save(update_fields=["first_approver"])
        timeline.note(order, Happening.REFUND_SECONDED, by=by, refund=refund.refund_no)
    else:
        refund.decision = text
        _let_go(order, refund, by=by)
    record(
        by=by,
        action="refund.seconded" if waits else "refund.approved",
        target=refund,
        amount=str(refund.amount),
        self_approved=is_self,
        **({"reason": text} if text else {}),
    )
    return refund


def _has_second(refund: Refund, by: "User", note: str) -> bool:
    """Whether two members of staff stand behind it. Raises NotPermitted for one who
    would be both, ReasonMissing where there is nobody else and no note."""
    asked, first = refund.requested_by, refund.first_approver
    if asked is not None and asked.is_staff and asked.pk != by.pk:
        return True
    if first is not None and first.pk != by.pk:
        return True
    if is_only_holder(by, APPROVE):
        if not note:
            raise ReasonMissing(
                _("You are the only one who may approve; say why you approve it.")
            )
        return True
    if first is not None or (asked is not None and asked.pk == by.pk):
        raise NotPermitted(_("A second person has to approve this refund."))
    return False


@transaction.atomic
def reject(refund: Refund, *, by: "User", reason: str) -> Refund:
    """Refuse a refund; a reason is asked for."""
    _permit(by)
    text = clean_reason(reason)
    if not text:
        raise ReasonMissing(_("Say why the refund is rejected."))
    order, refund = _locked_with_order(refund)
    require(refund, RefundStatus.REQUESTED, verb=gettext_lazy("Reject"))
    drop(order, refund, by=by, reason=text)
    record(by=by, action="refund.rejected", target=refund, reason=text)
    return refund


def drop(order: Order, refund: Refund, *, by: "User", reason: str) -> None:
    """End a locked refund without money."""
    refund.status = RefundStatus.REJECTED
    refund.decided_by, refund.decided_at = by, timezone.now()
    refund.decision = reason
    refund.save(update_fields=["status", "decided_by", "decided_at", "decision"])
    timeline.note(
        order,
        Happening.REFUND_REJECTED,
        by=by,
        refund=refund.refund_no,
        reason=reason,
    )


@transaction.atomic
def succeed(
    refund: Refund, *, by: "User | None" = None, at: datetime | None = None
) -> Refund:
    """The money is back with the customer: points, stock and figures follow.

    The one way in for whoever learns of it; twice changes nothing.
    """
    order, refund = _locked_with_order(refund)
    if refund.status != RefundStatus.SUCCEEDED:
        _succeed(order, refund, by=by, at=at)
    return refund


def _succeed(
    order: Order, refund: Refund, *, by: "User | None", at: datetime | None = None
) -> None:
    require(
        refund,
        RefundStatus.APPROVED,
        RefundStatus.PROCESSING,
        RefundStatus.FAILED,
        verb=gettext_lazy("Refund"),
    )
    refund.status = RefundStatus.SUCCEEDED
    refund.finished_at = at or timezone.now()
    refund.next_at = None
    refund.trouble = refund.detail = ""
    refund.save(update_fields=["status", "finished_at", "next_at", "trouble", "detail"])
    timeline.note(
        order,
        Happening.REFUND_SUCCEEDED,
        by=by,
        refund=refund.refund_no,
        amount=str(refund.amount),
    )
    if refund.kind != RefundKind.PAYMENT:
        returning.book(order, refund, by=by)


@transaction.atomic
def hand_back(refund: Refund, *, by: "User", note: str = "") -> Refund:
    """Staff gave the money back themselves: of an order that was paid in cash or by
    transfer, or where WeChat Pay refused for good (then a note says how).

    Raises NotPermitted, WrongStatus, ReasonMissing.
    """
    if not (by.is_active and by.has_perm("sales.take_payment")):
        raise NotPermitted(
            _("You may not hand money back."), permission="sales.take_payment"
        )
    text = clean_reason(note)
    order, refund = _locked_with_order(refund)
    if not can_be_handed_back(refund):
        raise WrongStatus(
            _("The money of %(refund)s does not go back by hand.")
            % {"refund": refund.refund_no},
            status=str(refund.status),
        )
    if refund.status == RefundStatus.FAILED and not text:
        raise ReasonMissing(_("Say how the money was given back."))
    refund.handed_back_by = by
    if text:
        refund.decision = text
    refund.save(update_fields=["handed_back_by", "decision"])
    _succeed(order, refund, by=by)
    record(
        by=by,
        action="refund.handed_back",
        target=refund,
        amount=str(refund.amount),
        **({"reason": text} if text else {}),
    )
    return refund


def can_be_handed_back(refund: Refund) -> bool:
    """Whether its money waits for somebody to give it back by hand."""
    payment = refund.payment
    if payment is not None and payment.channel == Channel.WECHAT:
        # only where it is certain that the gateway will not do it as well
        return refund.status == RefundStatus.FAILED and refund.trouble in REFUND_REFUSED
    return refund.status == RefundStatus.APPROVED


def open_refunds(order: Order) -> bool:
    """Whether one is not finished."""
    return order.refunds.filter(status__in=REFUND_OPEN).exists()


def is_refundable(order: Order) -> bool:
    """Whether a refund of it can be asked for at all."""
    return order.status in ALIVE and order.status != OrderStatus.CLOSED
