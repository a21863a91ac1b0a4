"""Goods come in: opening stock and receipts, with what they cost (DOMAIN 4)."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base.errors import NotPermitted
from backoffice.base.money import plain, round_cost
from backoffice.base.status import require
from backoffice.oplog.record import entry, record_all
from catalog.costing import Received, checked_cost, receive_costs
from catalog.enums import GoodsStatus
from catalog.lookup import locked_all
from catalog.models import Goods
from catalog.moves import clean_reason, permit
from stock import ledger
from stock.enums import MovementKind
from stock.errors import AlreadyOpened
from stock.ledger import Posted, Posting
from stock.models import StockMovement
from stock.quantities import ZERO, in_steps

if TYPE_CHECKING:
    from backoffice.accounts.models import User

#: the reference of every opening; a goods has one
OPENING = "opening"
LIVING = tuple(status for status in GoodsStatus if status != GoodsStatus.ARCHIVED)


@dataclass(frozen=True)
class Incoming:
    """So many base units of a goods, at a cost for one of them; None where unknown."""

    goods_id: int
    quantity: Decimal
    unit_cost: Decimal | None = None


@transaction.atomic
def open_stock(
    lines: Iterable[Incoming], *, by: "User", reason: str = ""
) -> list[Posted]:
    """Enter what is there of goods that were never moved.

    Raises AlreadyOpened for goods that moved before with anything but this opening,
    NotPermitted, WrongQuantity, FieldErrors (a cost), WrongStatus (archived).
    """
    permit(by, "stock.open_stock", _("Enter opening stock"))
    many = list(lines)
    if any(line.unit_cost is not None for line in many) and not by.has_perm(
        "catalog.view_cost"
    ):
        raise NotPermitted(_("You may not set costs."), permission="catalog.view_cost")
    reason = clean_reason(reason)
    goods, posted = _come_in(MovementKind.OPENING, many, OPENING, by, reason)
    record_all(
        entry(
            by=by,
            action="stock.opened",
            target=goods[outcome.posting.goods_id],
            quantity=plain(outcome.posting.on_hand),
            **({"reason": reason} if reason else {}),
        )
        for outcome in posted
        if not outcome.is_repeat
    )
    return posted


@transaction.atomic
def receive(
    lines: Iterable[Incoming], *, reference: str, by: "User", reason: str = ""
) -> list[Posted]:
    """Book a receipt and average the costs; lines of one goods are added up.

    `reference` names the receipt; the same one again changes nothing. The verb of the
    replenishment order asks for the permission and writes the log. Raises
    WrongQuantity, PostedOtherwise, FieldErrors (a cost), WrongStatus (archived).
    """
    return _come_in(MovementKind.RECEIPT, lines, reference, by, clean_reason(reason))[1]


def _come_in(
    kind: MovementKind,
    lines: Iterable[Incoming],
    reference: str,
    by: "User",
    reason: str,
) -> tuple[dict[int, Goods], list[Posted]]:
    wanted = _by_goods(lines)
    goods = {row.pk: row for row in locked_all(wanted)}
    for row in goods.values():
        require(row, *LIVING, verb=gettext_lazy("Receive"))
    balances = ledger.lock(wanted, make=True)
    before = {pk: balance.on_hand for pk, balance in balances.items()}
    if kind == MovementKind.OPENING:
        _refuse_opened(goods)
    postings = [
        Posting(
            pk,
            kind,
            reference,
            on_hand=sum((in_steps(goods[pk], q) for q, _cost in parts), ZERO),
            unit_cost=_average(parts),
            reason=reason,
        )
        for pk, parts in wanted.items()
    ]
    posted = ledger.post(postings, by=by, balances=balances)
    receive_costs(
        [
            Received(
                goods[outcome.posting.goods_id],
                before[outcome.posting.goods_id],
                outcome.posting.on_hand,
                outcome.posting.unit_cost,
            )
            for outcome in posted
            if not outcome.is_repeat and outcome.posting.unit_cost is not None
        ],
        by=by,
        reference=reference,
    )
    return goods, posted


Parts = list[tuple[Decimal, Decimal | None]]


def _by_goods(lines: Iterable[Incoming]) -> dict[int, Parts]:
    wanted: dict[int, Parts] = {}
    for line in lines:
        cost = None if line.unit_cost is None else checked_cost(line.unit_cost)
        wanted.setdefault(line.goods_id, []).append((line.quantity, cost))
    return dict(sorted(wanted.items()))


def _average(parts: Parts) -> Decimal | None:
    """What a base unit cost over the lines whose cost is known."""
    known = [(quantity, cost) for quantity, cost in parts if cost is not None]
    quantity = sum((q for q, _cost in known), ZERO)
    if not quantity:
        return None
    return round_cost(sum((q * cost for q, cost in known), ZERO) / quantity)


def _refuse_opened(goods: dict[int, Goods]) -> None:
    moved = (
        StockMovement.objects.filter(goods_id__in=list(goods))
        .exclude(kind=MovementKind.OPENING)
        .order_by("goods_id")
        .values_list("goods_id", flat=True)
        .first()
    )
    if moved is not None:
        raise AlreadyOpened(
            _("%(goods)s has moved before: adjust or count it instead.")
            % {"goods": goods[moved]},
            goods_id=moved,
        )
