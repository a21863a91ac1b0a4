"""What orders do to stock: reserve, release, hand over, put back (DOMAIN 4).

For the sales floor; `order` is the order's number. Each is called inside the
transaction of the act, together with it, and may be repeated: what was done before is
given back. Orders hold goods only through here, so that nobody releases what another
order holds.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from backoffice.base.money import plain
from catalog.models import Goods
from stock import ledger, rows
from stock.enums import MovementKind
from stock.errors import NotHeld
from stock.ledger import Posted, Posting
from stock.models import StockMovement
from stock.quantities import ZERO, checked

if TYPE_CHECKING:
    from backoffice.accounts.models import User

#: goods id → base units
Quantities = Mapping[int, Decimal]
Lines = Iterable[tuple[int, Decimal]]


def totals(lines: Lines) -> dict[int, Decimal]:
    """Lines of (goods id, base units) summed by goods, in the order of the ids."""
    summed: dict[int, Decimal] = {}
    for goods_id, quantity in lines:
        summed[goods_id] = summed.get(goods_id, ZERO) + checked(quantity)
    return dict(sorted(summed.items()))


def reserve(
    lines: Lines, *, order: str, by: "User | None", is_new: bool = False
) -> list[Posted]:
    """Hold goods for an order that is placed; two lines of one goods are added up.

    `is_new`: the order's number was made in this transaction, so that nothing can be
    held for it yet (one trip less). Raises OutOfStock, which names every goods that
    falls short; nothing is held then.
    """
    postings = [
        Posting(
            goods_id,
            MovementKind.RESERVE,
            order,
            reserved=quantity,
            held_for=order,
        )
        for goods_id, quantity in totals(lines).items()
    ]
    return ledger.post(postings, by=by, is_new=is_new)


def release(
    *,
    order: str,
    by: "User | None",
    lines: Lines | None = None,
    reference: str = "",
    reason: str = "",
) -> list[Posted]:
    """Let go of what an order holds: of everything, or of some lines.

    Where only a part is let go, `reference` names the paper that asked for it (the
    refund's number); by default it is the order's. Raises NotHeld where the order holds
    less.
    """
    wanted = None if lines is None else totals(lines)
    return _let_go(
        order,
        MovementKind.RELEASE,
        reference or order,
        wanted,
        by=by,
        reason=reason,
    )


def hand_over(
    quantities: Quantities, *, order: str, by: "User | None", reference: str = ""
) -> list[Posted]:
    """Book goods out that leave the shop, by the quantity that really left.

    `quantities` are base units by goods id, as weighed; all that the order still holds
    of these goods is freed with it, so more or less than that may leave (0 where
    nothing did). Raises NotHeld for goods that the order holds nothing of, and
    OutOfStock where more leaves than is there beside what others hold.
    """
    wanted = {
        pk: checked(quantity, or_zero=True) for pk, quantity in quantities.items()
    }
    return _let_go(
        order, MovementKind.SALE, reference or order, wanted, by=by, reason=""
    )


def put_back(
    lines: Lines, *, reference: str, by: "User | None", lost: Lines = ()
) -> list[Posted]:
    """Take refunded goods back onto the shelf, after they were handed over.

    `reference` is the refund's number. What of it is `lost` came back and is written
    off at once.
    """
    postings = [
        Posting(goods_id, MovementKind.RETURN, reference, on_hand=quantity)
        for goods_id, quantity in totals(lines).items()
    ]
    written_off = totals(lost)
    costs = dict(
        Goods.objects.filter(pk__in=written_off).values_list("pk", "cost")
        if written_off
        else ()
    )
    postings += [
        Posting(
            goods_id,
            MovementKind.SPOILAGE,
            reference,
            on_hand=-quantity,
            unit_cost=costs[goods_id],
            reason=_("Came back with a refund and was written off."),
        )
        for goods_id, quantity in written_off.items()
    ]
    return ledger.post(postings, by=by)


def held_by(order: str) -> dict[int, Decimal]:
    """Goods id → base units that an order holds at present; those at 0 are left out."""
    return {
        pk: quantity for pk, quantity in _sums(rows.held(order)).items() if quantity
    }


def _sums(movements: Iterable[StockMovement]) -> dict[int, Decimal]:
    held: dict[int, Decimal] = {}
    for row in movements:
        held[row.goods_id] = held.get(row.goods_id, ZERO) + row.delta_reserved
    return held


def _let_go(
    order: str,
    kind: MovementKind,
    reference: str,
    wanted: dict[int, Decimal] | None,
    *,
    by: "User | None",
    reason: str,
) -> list[Posted]:
    """Release or sale: looks at what the order holds under the lock of the balances."""
    goods_ids = sorted(rows.goods_of(order) if wanted is None else wanted)
    balances = ledger.lock(goods_ids)
    movements = rows.held(order, goods_ids)
    held = _sums(movements)
    if wanted is None:
        wanted = {pk: held[pk] for pk in goods_ids if held.get(pk)}
    before = {
        row.goods_id: row
        for row in movements
        if row.kind == kind and row.reference == reference
    }
    postings = []
    for goods_id in sorted(wanted):
        quantity, first = wanted[goods_id], before.get(goods_id)
        freed = quantity if kind == MovementKind.RELEASE else held.get(goods_id, ZERO)
        if first is not None:
            # a repeat is compared by what it asks for, not by what is held by now
            freed = quantity if kind == MovementKind.RELEASE else -first.delta_reserved
        elif not freed or freed > held.get(goods_id, ZERO):
            raise _not_held(order, goods_id, held.get(goods_id, ZERO), quantity)
        postings.append(
            Posting(
                goods_id,
                kind,
                reference,
                on_hand=ZERO if kind == MovementKind.RELEASE else -quantity,
                reserved=-freed,
                held_for=order,
                reason=reason,
            )
        )
    return ledger.post(postings, by=by, balances=balances, is_new=not before)


def _not_held(order: str, goods_id: int, held: Decimal, asked: Decimal) -> NotHeld:
    goods = Goods.objects.get(pk=goods_id)
    return NotHeld(
        _("Order %(order)s holds %(held)s of %(goods)s, not %(asked)s.")
        % {
            "order": order,
            "held": plain(held),
            "goods": goods,
            "asked": plain(asked),
        },
        order=order,
        goods_id=goods_id,
    )
