"""Money goes back: asked for, decided, done (DOMAIN 8).

What is left of an order counts every refund that may still leave, not only those that
left; it is reckoned under the order's lock.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Count, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.accounts.holders import is_only_holder
from backoffice.base.errors import FieldErrors, NotPermitted, ReasonMissing
from backoffice.base.money import ZERO, round_money
from backoffice.base.status import require
from backoffice.oplog.record import record
from backoffice.shop import shop
from catalog.moves import clean_reason
from sales import numbers, returning, timeline
from sales.enums import (
    ALIVE,
    REFUND_COUNTS,
    REFUND_OPEN,
    Happening,
    OrderStatus,
    RefundKind,
    RefundStatus,
    Restock,
)
from sales.errors import NoSuchLine, RefundInTheWay, RefundLimit
from sales.lookup import lines_of, locked, locked_refund
from sales.models import Order, OrderLine, Payment, Refund, RefundLine
from sales.refunding import Part, Standing, by_amount, by_quantity

if TYPE_CHECKING:
    from backoffice.accounts.models import User

APPROVE = "sales.approve_refund"
#: the gateway takes no more for one payment, and none after a year
MOST_FOR_A_PAYMENT = 50
A_YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Wanted:
    """What is asked for: the whole, or selling units by line id, or an amount (yuan)."""

    quantities: Mapping[int, Decimal] | None = None
    amount: Decimal | None = None


@dataclass(frozen=True)
class Plan:
    """What a refund would give back: parts by line id, freight, whether it is all."""

    parts: Mapping[int, Part]
    freight: Decimal
    is_full: bool

    @property
    def amount(self) -> Decimal:
        """Yuan, freight included."""
        return sum((part.amount for part in self.parts.values()), self.freight)

    @property
    def points(self) -> int:
        """Points that go back to the customer."""
        return sum(part.points for part in self.parts.values())


def standings(order: Order, lines: list[OrderLine]) -> dict[int, Standing]:
    """{line id: how it stands}, counting refunds that are still open."""
    gone = {
        row["line_id"]: row
        for row in RefundLine.objects.filter(
            refund__order=order, refund__status__in=REFUND_COUNTS
        )
        .values("line_id")
        .annotate(
            base=Sum("base_quantity"), money=Sum("amount"), points_sum=Sum("points")
        )
    }
    found = {}
    for line in lines:
        row = gone.get(line.pk)
        found[line.pk] = Standing(
            paid=line.paid,
            refunded=round_money(row["money"]) if row else ZERO,
            base_quantity=line.base_quantity,
            refunded_base=row["base"].quantize(Decimal("0.001")) if row else Decimal(0),
            points=line.points,
            points_returned=row["points_sum"] if row else 0,
        )
    return found


def freight_left(order: Order) -> Decimal:
    """Freight that can still go back."""
    gone = order.refunds.filter(status__in=REFUND_COUNTS).aggregate(sum=Sum("freight"))
    return order.freight - round_money(gone["sum"] or ZERO)


def plan(order: Order, wanted: Wanted) -> Plan:
    """What would go back now; raises FieldErrors, NoSuchLine, RefundLimit.

    Freight goes back only with the last part of an order.
    """
    lines = lines_of(order)
    stands = standings(order, lines)
    if wanted.amount is not None:
        return _plan_amount(order, stands, wanted.amount)
    quantities = _base_quantities(lines, stands, wanted.quantities)
    parts = {pk: by_quantity(stands[pk], base) for pk, base in quantities.items()}
    is_full = all(
        stand.rest_base == (parts[pk].base_quantity if pk in parts else 0)
        for pk, stand in stands.items()
    )
    return Plan(parts, freight_left(order) if is_full else ZERO, is_full)


def _plan_amount(order: Order, stands: Mapping[int, Standing], amount: Decimal) -> Plan:
    if not amount.is_finite() or amount <= 0 or amount != round_money(amount):
        raise FieldErrors({"amount": [_("An amount above 0 with at most 2 places.")]})
    rest = sum((stand.rest for stand in stands.values()), ZERO)
    freight = freight_left(order)
    is_full = amount == rest + freight
    if amount > rest and not is_full:
        raise RefundLimit(
            _("At most %(rest)s yuan are left to refund.") % {"rest": rest},
            rest=str(rest),
        )
    goods = rest if is_full else amount
    parts = by_amount(list(stands.values()), goods) if goods else []
    return Plan(
        {
            pk: part
            for pk, part in zip(stands, parts, strict=bool(parts))
            if part.amount
        },
        freight if is_full else ZERO,
        is_full,
    )


def _base_quantities(
    lines: list[OrderLine],
    stands: Mapping[int, Standing],
    quantities: Mapping[int, Decimal] | None,
) -> dict[int, Decimal]:
    if quantities is None:
        rest = {pk: s.rest_base for pk, s in stands.items() if s.rest_base}
        if not rest:
            raise RefundLimit(_("Everything is refunded or about to be."))
        return rest
    if not quantities:
        raise FieldErrors({"lines": [_("Choose what is to be refunded.")]})
    known = {line.pk: line for line in lines}
    found = {}
    for pk, quantity in quantities.items():
        line = known.get(pk)
        if line is None:
            raise NoSuchLine(_("This line is not in the order."), line_ids=[pk])
        base = (quantity * line.unit_size) if quantity.is_finite() else Decimal(0)
        if base <= 0 or base != base.quantize(Decimal("0.001")):
            raise FieldErrors(
                {"lines": [_("A quantity above 0 with at most 3 places.")]}
            )
        if base > stands[pk].rest_base:
            raise RefundLimit(
                _("Of %(line)s only %(rest)s %(unit)s are left to refund.")
                % {
                    "line": line,
                    "rest": stands[pk].rest_base,
                    "unit": line.base_unit_name,
                },
                line_id=pk,
                rest=str(stands[pk].rest_base),
            )
        found[pk] = base.quantize(Decimal("0.001"))
    return found


@transaction.atomic
def request(
    order: Order, *, by: "User", reason: str, wanted: Wanted = Wanted()
) -> Refund:
    """Ask for money back: by the customer, or by staff with `sales.add_refund`.

    A customer may ask until REFUND_DAYS after completion and not by amount. Raises
    WrongStatus, FieldErrors, NoSuchLine, RefundLimit.
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
    payment = order.payments.filter(status="paid").order_by("id").first()
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
    timeline.note(
        order,
        Happening.REFUND_REQUESTED,
        by=by,
        refund=refund.refund_no,
        amount=str(refund.amount),
        reason=reason,
    )
    return refund


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
    return refund


def open_for_weight(
    order: Order, missing: Mapping[int, Decimal], *, by: "User"
) -> Refund:
    """The refund of what weighed less than ordered: base units by line id. The order
    is locked."""
    stands = standings(order, lines_of(order))
    parts = {pk: by_quantity(stands[pk], base) for pk, base in missing.items()}
    return _open(
        order,
        Plan(parts, ZERO, is_full=False),
        kind=RefundKind.WEIGHT,
        by=by,
        reason=_("Weighed less than ordered."),
    )


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

    Above REFUND_LIMIT yuan not by who asked for it, unless nobody else may; then a note
    is asked for.
    """
    _permit(by)
    text = clean_reason(note)
    order, refund = _locked_with_order(refund)
    require(refund, RefundStatus.REQUESTED, verb=gettext_lazy("Approve"))
    is_self = refund.requested_by_id == by.pk
    if refund.amount > shop.REFUND_LIMIT and is_self:
        if not is_only_holder(by, APPROVE):
            raise NotPermitted(_("A second person has to approve this refund."))
        if not text:
            raise ReasonMissing(
                _("You are the only one who may approve; say why you approve it.")
            )
    for line in refund.lines.all():
        choice = (restock or {}).get(line.line_id)
        if choice is not None and choice != line.restock:
            line.restock = choice
            line.save(update_fields=["restock"])
    refund.status = RefundStatus.APPROVED
    refund.decided_by, refund.decided_at = by, timezone.now()
    refund.decision = text
    refund.save(update_fields=["status", "decided_by", "decided_at", "decision"])
    timeline.note(order, Happening.REFUND_APPROVED, by=by, refund=refund.refund_no)
    record(
        by=by,
        action="refund.approved",
        target=refund,
        amount=str(refund.amount),
        self_approved=is_self,
        **({"reason": text} if text else {}),
    )
    return refund


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
    if refund.status == RefundStatus.SUCCEEDED:
        return refund
    require(
        refund,
        RefundStatus.APPROVED,
        RefundStatus.PROCESSING,
        RefundStatus.FAILED,
        verb=gettext_lazy("Refund"),
    )
    refund.status = RefundStatus.SUCCEEDED
    refund.finished_at = at or timezone.now()
    refund.save(update_fields=["status", "finished_at"])
    timeline.note(
        order,
        Happening.REFUND_SUCCEEDED,
        by=by,
        refund=refund.refund_no,
        amount=str(refund.amount),
    )
    if refund.kind != RefundKind.PAYMENT:
        returning.book(order, refund, by=by)
    return refund


def open_refunds(order: Order) -> bool:
    """Whether one is not finished."""
    return order.refunds.filter(status__in=REFUND_OPEN).exists()


def is_refundable(order: Order) -> bool:
    """Whether a refund of it can be asked for at all."""
    return order.status in ALIVE and order.status != OrderStatus.CLOSED
