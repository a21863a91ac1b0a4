"""The only writer of balances: every change is a movement (DOMAIN 4).

`post` takes what is to move, for many goods at once, and writes movements, balances and
shortages together, in four trips to the database whatever their number. It is called
inside the transaction of the act that moves the goods, once; a second `post` in the
same transaction must not touch goods with smaller ids (docs/locking.md).

Who posts by hand or for an order uses the verbs: `stock.reservations`,
`stock.receiving`, `stock.corrections`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice.base.money import plain
from catalog.models import Goods
from stock import consequences, rows
from stock.enums import CAPPED, OPENERS, MovementKind
from stock.errors import Lack, OutOfStock, PostedOtherwise, WrongQuantity
from stock.models import StockMovement, StockShortage
from stock.quantities import MAX_BALANCE, ZERO
from stock.rows import Balance, Balances, Key

if TYPE_CHECKING:
    from backoffice.accounts.models import User

#: between a write-off's reference and the number of a part that was posted later
PART = "#"


@dataclass(frozen=True, slots=True)
class Posting:
    """What is to move of one goods, in base units; see `StockMovement`.

    A spoilage or a falling stocktake posts down to what orders hold; the rest stays
    open as a shortage. `at` is given only where history is entered afterwards.
    """

    goods_id: int
    kind: MovementKind
    reference: str
    on_hand: Decimal = ZERO
    reserved: Decimal = ZERO
    held_for: str = ""
    unit_cost: Decimal | None = None
    reason: str = ""
    at: datetime | None = None

    @property
    def key(self) -> Key:
        return self.goods_id, str(self.kind), self.reference


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of a posting.

    `movement` is None where all of it fell short; `shortage` is what is left open;
    `is_repeat` says that it was there before and nothing was written now.
    """

    posting: Posting
    movement: StockMovement | None
    shortage: StockShortage | None = None
    is_repeat: bool = False


def lock(goods_ids: Iterable[int], *, make: bool = False) -> Balances:
    """Lock these balances before deciding what to post; hand them to `post`.

    `make` those that are missing, where something is to be added.
    """
    _require_transaction()
    ids = set(goods_ids)
    if make:
        rows.ensure(ids)
    return rows.lock(ids)


def post(
    postings: Sequence[Posting],
    *,
    by: "User | None",
    balances: Balances | None = None,
    is_new: bool = False,
) -> list[Posted]:
    """Write what moves; gives what became of each posting, in their order.

    Postings of one goods are applied one after the other. A posting whose (goods, kind,
    reference) is there already with the same amounts gives the first movement.
    `balances` are those that the caller locked; `is_new` says that nothing can have
    been posted under these references before, which saves looking for it.

    Raises OutOfStock (naming all goods that fall short), PostedOtherwise,
    WrongQuantity (a balance beyond what is bookable); nothing is written then.
    """
    _require_transaction()
    if not postings:
        return []
    goods_ids = {posting.goods_id for posting in postings}
    if balances is None:
        if new := {p.goods_id for p in postings if p.kind in OPENERS and p.on_hand > 0}:
            rows.ensure(new)
        balances = rows.lock(goods_ids)
    book = _Book(balances, by)
    known = {} if is_new else _known(postings)
    outcomes = [book.take(posting, known) for posting in postings]
    book.refuse_lacks()
    book.settle()
    book.write()
    consequences.follow(book.movements)
    return outcomes


def _require_transaction() -> None:
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            "stock moves only inside the transaction of the act that moves it"
        )


def _known(postings: Sequence[Posting]) -> dict[Key, Posted]:
    """Those that were posted before."""
    movements = rows.find(dict.fromkeys(p.key for p in postings))
    capped = dict.fromkeys(p.key for p in postings if p.kind in CAPPED)
    shortages = rows.find_shortages(capped) if capped else {}
    return {
        p.key: Posted(p, movements.get(p.key), shortages.get(p.key), is_repeat=True)
        for p in postings
        if p.key in movements or p.key in shortages
    }


class _Book:
    """The balances of one call of `post`, with what is to be written in the end."""

    def __init__(self, balances: Balances, by: "User | None") -> None:
        self.balances = balances
        self.by = by
        self.now = timezone.now()
        self.movements: list[StockMovement] = []
        self.shortages: list[StockShortage] = []
        self.touched: set[int] = set()
        # goods → (asked, was there)
        self.lacks: dict[int, tuple[Decimal, Decimal]] = {}

    def take(self, posting: Posting, known: dict[Key, Posted]) -> Posted:
        """Apply one posting to the balance of its goods."""
        first = known.get(posting.key)
        if first is not None:
            _require_same(posting, first)
            return replace(first, posting=posting, is_repeat=True)
        balance = self.balances.get(posting.goods_id)
        if balance is None:
            balance = Balance(ZERO, ZERO, ZERO)
        if self._falls_short(posting, balance):
            return Posted(posting, None)
        self.touched.add(posting.goods_id)
        can = posting
        if posting.kind in CAPPED and balance.available < -posting.on_hand:
            can = replace(posting, on_hand=-balance.available)
        posted = Posted(
            posting,
            self._move(balance, can) if can.on_hand or can.reserved else None,
            self._open(balance, posting, can.on_hand - posting.on_hand),
        )
        known[posting.key] = posted
        return posted

    def _falls_short(self, posting: Posting, balance: Balance) -> bool:
        """Note it where there is less than is asked."""
        if balance.reserved + posting.reserved < 0:
            raise ValueError("more is released than is reserved")
        there = balance.available
        if posting.kind in CAPPED:
            # of what orders hold too, but not of what was lost before
            there = balance.on_hand - balance.short
        need = posting.reserved - posting.on_hand
        asked, noted = self.lacks.get(posting.goods_id, (ZERO, there))
        if need <= there and not asked:
            return False
        self.lacks[posting.goods_id] = (asked + need, noted)
        return True

    def _move(self, balance: Balance, posting: Posting) -> StockMovement:
        balance.on_hand += posting.on_hand
        balance.reserved += posting.reserved
        if balance.on_hand > MAX_BALANCE:
            raise WrongQuantity(
                _("No goods is booked beyond %(most)s.") % {"most": plain(MAX_BALANCE)}
            )
        movement = StockMovement(
            at=posting.at or self.now,
            goods_id=posting.goods_id,
            kind=posting.kind,
            reference=posting.reference,
            delta_on_hand=posting.on_hand,
            delta_reserved=posting.reserved,
            on_hand_after=balance.on_hand,
            reserved_after=balance.reserved,
            held_for=posting.held_for if posting.reserved else "",
            unit_cost=posting.unit_cost,
            by_id=self.by.pk if self.by else None,
            reason=posting.reason,
        )
        self.movements.append(movement)
        return movement

    def refuse_lacks(self) -> None:
        """Raises OutOfStock where goods fell short, naming them all."""
        if not self.lacks:
            return
        rows_of = Goods.objects.filter(pk__in=list(self.lacks))
        names = {
            pk: (code, name)
            for pk, code, name in rows_of.values_list("pk", "code", "name")
        }
        raise OutOfStock(
            [
                Lack(pk, *names[pk], asked, there)
                for pk, (asked, there) in sorted(self.lacks.items())
            ]
        )

    # --- shortages

    def _open(
        self, balance: Balance, posting: Posting, rest: Decimal
    ) -> StockShortage | None:
        if not rest:
            return None
        shortage = StockShortage(
            goods_id=posting.goods_id,
            kind=posting.kind,
            reference=posting.reference,
            quantity=rest,
            unit_cost=posting.unit_cost,
            reason=posting.reason,
            by_id=self.by.pk if self.by else None,
            opened_at=posting.at or self.now,
        )
        balance.short += rest
        self.shortages.append(shortage)
        return shortage

    def settle(self) -> None:
        """Post what fell short of goods that orders let go of; what was handed over
        although it was thought lost is there after all."""
        ids = {pk for pk in self.touched if self._can_settle(self.balances[pk])}
        if not ids:
            return
        before = rows.open_shortages(ids)
        fresh, self.shortages = self.shortages, []
        for pk in sorted(ids):
            for shortage in (*before.get(pk, ()), *fresh):
                if shortage.goods_id == pk:
                    self._settle(shortage, self.balances[pk])
        self.shortages += [row for row in fresh if row not in self.shortages]

    def _can_settle(self, balance: Balance) -> bool:
        return balance.short > balance.on_hand or (
            balance.short > 0 and balance.available > 0
        )

    def _settle(self, shortage: StockShortage, balance: Balance) -> None:
        found = min(shortage.remaining, max(balance.short - balance.on_hand, ZERO))
        shortage.found += found
        part = min(shortage.remaining, balance.available)
        shortage.posted += part
        balance.short -= found + part
        if not shortage.remaining:
            shortage.settled_at = self.now
        self.shortages.append(shortage)
        if part:
            shortage.parts += 1
            self._move(
                balance,
                Posting(
                    shortage.goods_id,
                    MovementKind(shortage.kind),
                    f"{shortage.reference}{PART}{shortage.parts}",
                    on_hand=-part,
                    unit_cost=shortage.unit_cost,
                    reason=shortage.reason,
                ),
            )

    def write(self) -> None:
        """Movements, balances, shortages; nothing where nothing moved."""
        if self.touched:
            after = {pk: self.balances[pk] for pk in sorted(self.touched)}
            rows.write(self.movements, after, self.now)
        if self.shortages:
            rows.write_shortages(self.shortages)


def _require_same(posting: Posting, first: Posted) -> None:
    """A repeat says the same as the first; raises PostedOtherwise."""
    movement, shortage = first.movement, first.shortage
    on_hand = movement.delta_on_hand if movement else ZERO
    if shortage is not None:
        on_hand -= shortage.quantity
    reserved = movement.delta_reserved if movement else ZERO
    if (on_hand, reserved) == (posting.on_hand, posting.reserved):
        return
    raise PostedOtherwise(
        _(
            "%(kind)s %(reference)s was booked before with another quantity: "
            "%(first)s, now %(now)s."
        )
        % {
            "kind": MovementKind(posting.kind).label,
            "reference": posting.reference,
            "first": plain(on_hand or reserved),
            "now": plain(posting.on_hand or posting.reserved),
        },
        goods_id=posting.goods_id,
        reference=posting.reference,
    )
