"""A sale over the counter: ordered, paid and taken away in one go."""

from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from backoffice.base.errors import FieldErrors, NotPermitted
from backoffice.base.money import ZERO, round_money
from sales import checkout, fulfilment, payments
from sales.checkout import Basket
from sales.enums import Channel, OrderStatus, Source
from sales.fulfilment import SELL
from sales.models import Order

if TYPE_CHECKING:
    from backoffice.accounts.models import User


@transaction.atomic
def sell(
    basket: Basket,
    *,
    by: "User",
    channel: Channel,
    user: "User | None" = None,
    tendered: Decimal | None = None,
    note: str = "",
) -> Order:
    """Place the order, take the money and hand the goods over: all of it or nothing.

    `tendered` is the cash that the customer gave; less than is to pay raises
    FieldErrors, and what was given back is written beside the payment. Needs
    `sales.sell_at_counter`, and raises what placing, paying and handing over raise.
    """
    if not (by.is_active and by.has_perm(SELL)):
        raise NotPermitted(_("You may not sell at the counter."), permission=SELL)
    order = checkout.place_order(basket, user=user, source=Source.COUNTER, by=by)
    if order.status == OrderStatus.PENDING:
        change = change_of(order.payable, tendered)
        if change is not None and not note:
            note = _("%(given)s yuan given, %(change)s back") % {
                "given": round_money(tendered or ZERO),
                "change": change,
            }
        payments.take(order, channel=channel, by=by, note=note)
    return fulfilment.hand_over_at_once(order, by=by)


@transaction.atomic
def enter(
    basket: Basket,
    *,
    by: "User",
    source: Source,
    channel: Channel | None = None,
    user: "User | None" = None,
    note: str = "",
) -> Order:
    """Place an order that is packed later, and take the money where it is there
    already. Raises what placing and paying raise."""
    order = checkout.place_order(basket, user=user, source=source, by=by)
    if channel is not None and order.status == OrderStatus.PENDING:
        payments.take(order, channel=channel, by=by, note=note)
        order.refresh_from_db()
    return order


def change_of(payable: Decimal, tendered: Decimal | None) -> Decimal | None:
    """What the customer gets back; None where nobody said what was given."""
    if tendered is None:
        return None
    if not tendered.is_finite() or tendered != round_money(tendered):
        raise FieldErrors({"tendered": [_("An amount with at most 2 places.")]})
    if tendered < payable:
        raise FieldErrors(
            {
                "tendered": [
                    _("%(missing)s yuan are missing.") % {"missing": payable - tendered}
                ]
            }
        )
    return max(tendered - payable, ZERO)
