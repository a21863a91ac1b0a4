"""The real weight at packing (DOMAIN 7): less is refunded, a little more is given away."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base.errors import FieldErrors, NotPermitted, WrongStatus
from backoffice.base.money import GRAM, MAX_QUANTITY, ZERO, plain, round_quantity
from backoffice.base.status import require
from backoffice.oplog.record import record
from backoffice.shop import shop
from sales import refunds, timeline
from sales.enums import (
    IN_THE_SHOP,
    Happening,
    RefundKind,
    RefundStatus,
)
from sales.lookup import lines_of, locked
from sales.models import Order, OrderLine, Refund

if TYPE_CHECKING:
    from backoffice.accounts.models import User


@transaction.atomic
def weigh(order: Order, weights: Mapping[int, Decimal], *, by: "User") -> Refund | None:
    """Enter what was really packed: base units by line id, for every weighed line.

    Under-weight opens one refund of the differences for the whole order; over-weight up
    to OVERWEIGHT_PERCENT is given away, beyond it is refused (FieldErrors by line,
    nothing is written). May be corrected until the refund is on its way.
    """
    if not (by.is_active and by.has_perm("sales.pack_order")):
        raise NotPermitted(_("You may not pack orders."), permission="sales.pack_order")
    order = locked(order)
    require(order, *IN_THE_SHOP, verb=gettext_lazy("Weigh"))
    _withdraw_earlier(order, by)
    lines = [line for line in lines_of(order) if line.is_weighed and line.held]
    checked = _checked(lines, weights)
    missing = {}
    given_away = {}
    for line in lines:
        line.weighed = checked[line.pk]
        line.save(update_fields=["weighed"])
        if line.weighed < line.held:
            missing[line.pk] = line.held - line.weighed
        elif line.weighed > line.held:
            given_away[line.code] = plain(line.weighed - line.held)
    refund = refunds.open_for_weight(order, missing, by=by) if missing else None
    written = {line.code: plain(line.weighed) for line in lines}
    timeline.note(
        order, Happening.WEIGHED, by=by, weights=written, given_away=given_away
    )
    record(
        by=by,
        action="order.weighed",
        target=order,
        weights=written,
        **({"given_away": given_away} if given_away else {}),
    )
    return refund


def _withdraw_earlier(order: Order, by: "User") -> None:
    """Who weighs again takes the place of the first weighing, while its refund waits."""
    for refund in order.refunds.filter(kind=RefundKind.WEIGHT).exclude(
        status=RefundStatus.REJECTED
    ):
        if refund.status != RefundStatus.REQUESTED:
            raise WrongStatus(
                _(
                    "The difference is being refunded already; it cannot be weighed anew."
                ),
                status=str(refund.status),
            )
        refunds.drop(order, refund, by=by, reason=_("Weighed again."))


def _checked(
    lines: list[OrderLine], weights: Mapping[int, Decimal]
) -> dict[int, Decimal]:
    errors: dict[str, list[str]] = {}
    most_percent = tolerance()
    found = {}
    for line in lines:
        weight = weights.get(line.pk)
        most = most_of(line)
        message = None
        if weight is None:
            message = _("Enter the weight of %(line)s.") % {"line": line}
        elif not weight.is_finite() or not 0 <= weight <= MAX_QUANTITY:
            message = _("A weight is from 0 up.")
        elif weight != round_quantity(weight):
            message = _("A weight has at most 3 decimal places.")
        elif weight > most:
            message = _(
                "%(line)s: at most %(most)s may go out (%(percent)s%% more than ordered)."
            ) % {
                "line": line,
                "most": plain(most),
                "percent": plain(most_percent),
            }
        else:
            found[line.pk] = round_quantity(weight)
        if message:
            errors[f"weight_{line.pk}"] = [message]
    unknown = set(weights) - {line.pk for line in lines}
    if unknown:
        errors["weights"] = [_("Only weighed lines of this order are weighed.")]
    if errors:
        raise FieldErrors(errors)
    return found


@dataclass(frozen=True)
class Rehearsal:
    """What weighing would do: yuan that go back in all and by line id, and what is
    given away, base units by line id."""

    refund: Decimal
    parts: Mapping[int, Decimal]
    given_away: Mapping[int, Decimal]

    @property
    def has_consequences(self) -> bool:
        """Whether anything differs from what was ordered."""
        return bool(self.parts or self.given_away)


def rehearse(order: Order, weights: Mapping[int, Decimal], *, by: "User") -> Rehearsal:
    """What `weigh` would do with the same: it is done and taken back, so that nothing
    can differ. Raises what it raises."""
    with transaction.atomic():
        refund = weigh(order, weights, by=by)
        parts = (
            {} if refund is None else dict(refund.lines.values_list("line", "amount"))
        )
        lines = OrderLine.objects.filter(order=order, pk__in=weights, held__gt=0)
        more = {line.pk: weights[line.pk] - line.held for line in lines}
        transaction.set_rollback(True)
    return Rehearsal(
        refund=ZERO if refund is None else refund.amount,
        parts=parts,
        given_away={pk: value for pk, value in more.items() if value > 0},
    )


def tolerance() -> Decimal:
    """Percent by which a weight may be above what was ordered."""
    return Decimal(shop.OVERWEIGHT_PERCENT)


def most_of(line: OrderLine) -> Decimal:
    """What may go out of a line at most, base units."""
    most = line.held * (100 + tolerance()) / 100
    return most.quantize(GRAM, rounding=ROUND_FLOOR)
