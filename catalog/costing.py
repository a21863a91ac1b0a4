"""Costs that follow from receipts: the moving average (DOMAIN 4).

A cost that somebody types goes through `catalog.editing`; this is the only other way.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from backoffice.base.errors import FieldErrors
from backoffice.base.money import MAX_PRICE, round_cost
from backoffice.oplog.record import entry, record_all
from catalog import changes
from catalog.enums import Means
from catalog.models import Goods

if TYPE_CHECKING:
    from backoffice.accounts.models import User


@dataclass(frozen=True)
class Received:
    """So much of a locked goods came in at a unit cost (yuan for a base unit, 4 places),
    when `on_hand` of it was there."""

    goods: Goods
    on_hand: Decimal
    quantity: Decimal
    unit_cost: Decimal


def moving_average(
    on_hand: Decimal, cost: Decimal | None, quantity: Decimal, unit_cost: Decimal
) -> Decimal:
    """What a base unit costs after a receipt, 4 places, half up.

    The receipt's own cost where nothing was there or its cost was unknown.
    """
    if cost is None or on_hand <= 0:
        return round_cost(unit_cost)
    return round_cost((on_hand * cost + quantity * unit_cost) / (on_hand + quantity))


def checked_cost(value: Decimal) -> Decimal:
    """A unit cost in yuan with 4 places from 0 to MAX_PRICE; raises FieldErrors."""
    if not value.is_finite() or value < 0 or value > MAX_PRICE:
        message = _("A cost is from 0 to %(most)s yuan.") % {"most": MAX_PRICE}
    elif round_cost(value) != value:
        message = _("A cost has at most 4 decimal places.")
    else:
        return round_cost(value)
    raise FieldErrors({"unit_cost": [message]})


def receive_costs(
    receipts: Iterable[Received], *, by: "User | None", reference: str
) -> int:
    """Average the costs of goods that came in; gives how many of them changed.

    Called by the verb that books the receipt, which locked the goods and asked for the
    permission; the history names the receipt.
    """
    pairs = []
    for receipt in receipts:
        goods = receipt.goods
        before = changes.snapshot(goods, changes.COST_FIELDS)
        goods.cost = moving_average(
            receipt.on_hand, goods.cost, receipt.quantity, receipt.unit_cost
        )
        pairs.append((goods, before))
    lines = [
        entry(
            by=by,
            action="goods.cost_averaged",
            target=goods,
            changes={"cost": [_text(before["cost"]), _text(goods.cost)]},
            receipt=reference,
        )
        for goods, before in pairs
        if changes.changed(goods, before)
    ]
    origin = changes.Origin(by, Means.RECEIPT, reference=reference[:40])
    changed = changes.save_all(pairs, origin)
    record_all(lines)
    return changed


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)
