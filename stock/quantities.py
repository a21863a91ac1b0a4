"""Quantities as they are booked: base units, above 0, 3 places."""

from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _

from backoffice.base.money import GRAM, MAX_QUANTITY, plain
from catalog.models import Goods
from stock.errors import WrongQuantity

#: no balance grows beyond what its column holds
MAX_BALANCE = Decimal("999999999.999")
ZERO = Decimal("0.000")


def checked(value: Decimal, *, or_zero: bool = False) -> Decimal:
    """The same quantity with exactly 3 places; raises WrongQuantity."""
    try:
        rounded = value.quantize(GRAM)
    except InvalidOperation:
        raise _wrong(value) from None
    if not value.is_finite() or value < 0 or value > MAX_QUANTITY:
        raise _wrong(value)
    if value == 0 and not or_zero:
        raise WrongQuantity(_("A quantity is above 0."))
    if rounded != value:
        raise WrongQuantity(
            _("%(quantity)s has more than 3 decimal places.")
            % {"quantity": plain(value)}
        )
    return rounded


def in_steps(goods: Goods, value: Decimal, *, or_zero: bool = False) -> Decimal:
    """`checked`, and a multiple of the goods' base unit's step (1 for what is counted)."""
    quantity = checked(value, or_zero=or_zero)
    step = goods.unit.step
    if quantity % step:
        raise WrongQuantity(
            _("%(goods)s is counted in steps of %(step)s %(unit)s.")
            % {"goods": goods, "step": plain(step), "unit": goods.unit}
        )
    return quantity


def _wrong(value: Decimal) -> WrongQuantity:
    return WrongQuantity(
        _("%(quantity)s is no quantity: it is above 0 and at most %(most)s.")
        % {"quantity": value, "most": MAX_QUANTITY}
    )
