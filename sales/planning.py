"""What a refund of an order would give back: read and reckoned, nothing written."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum
from django.utils.translation import gettext as _

from backoffice.base.errors import FieldErrors
from backoffice.base.money import ZERO, round_money
from sales.enums import REFUND_COUNTS
from sales.errors import NoSuchLine, RefundLimit
from sales.lookup import lines_of
from sales.models import Order, OrderLine, RefundLine
from sales.refunding import Part, Standing, by_amount, by_quantity


@dataclass(frozen=True)
class Wanted:
    """What is asked for: the whole, or selling units by line id, or an amount (yuan)."""

    quantities: Mapping[int, Decimal] | None = None
    amount: Decimal | None = None


#: all that is left
WHOLE = Wanted()


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
