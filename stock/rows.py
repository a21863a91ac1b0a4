"""The rows of the ledger as the database keeps them: locked, found, written.

Only `stock.ledger` calls this module. On PostgreSQL each function is one trip; SQLite
has one writer at a time, so there is nothing to lock.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import islice
from operator import attrgetter
from typing import Any, TypeVar

from django.db import connection

from backoffice.base.bulk import insert_all, update_all, update_rows
from backoffice.base.compiled import Compiled
from stock.enums import MovementKind
from stock.models import StockBalance, StockMovement, StockShortage

Key = tuple[int, str, str]
M = TypeVar("M", StockMovement, StockShortage)
#: SQLite takes 32,766 parameters in one statement
KEYS_AT_ONCE = 5000
#: goods of one order, for which the text of the query is kept
MOST_KEPT = 100

_BALANCE = StockBalance._meta.db_table
_MOVEMENT = StockMovement._meta.db_table
_COLUMNS = {
    "at": "timestamptz",
    "goods_id": "bigint",
    "kind": "text",
    "reference": "text",
    "delta_on_hand": "numeric",
    "delta_reserved": "numeric",
    "on_hand_after": "numeric",
    "reserved_after": "numeric",
    "held_for": "text",
    "unit_cost": "numeric",
    "by_id": "bigint",
    "reason": "text",
}
_values = attrgetter(*_COLUMNS)


@dataclass(slots=True)
class Balance:
    """A balance under lock, as it becomes posting by posting."""

    on_hand: Decimal
    reserved: Decimal
    short: Decimal

    @property
    def available(self) -> Decimal:
        return self.on_hand - self.reserved


Balances = dict[int, Balance]


def _to_lock(goods_ids: Sequence[int]) -> Any:
    return (
        StockBalance.objects.select_for_update()
        .filter(pk__in=goods_ids)
        .order_by("pk")
        .values_list("pk", "on_hand", "reserved", "short")
    )


_locked = Compiled(_to_lock)


def ensure(goods_ids: Collection[int]) -> None:
    """Make the balances that are missing, before any is locked; in the goods' order, so
    that two who make the same ones cannot wait for each other."""
    known = set(
        StockBalance.objects.filter(pk__in=goods_ids).values_list("pk", flat=True)
    )
    missing = sorted(set(goods_ids) - known)
    if missing:
        StockBalance.objects.bulk_create(
            [StockBalance(goods_id=pk) for pk in missing],
            ignore_conflicts=True,
            batch_size=1000,
        )


def lock(goods_ids: Iterable[int]) -> Balances:
    """The balances, locked in the order of their goods; goods without one are absent."""
    ids = sorted(goods_ids)
    # so many at once are rare, and no text of theirs is worth keeping
    rows = _locked(ids) if len(ids) <= MOST_KEPT else _to_lock(ids)
    return {pk: Balance(*quantities) for pk, *quantities in rows}


def find(keys: Iterable[Key]) -> dict[Key, StockMovement]:
    """The movements of these (goods, kind, reference) that are there."""
    found = {}
    for row in _find(StockMovement, keys):
        found[row.goods_id, str(row.kind), row.reference] = row
    return found


def find_shortages(keys: Iterable[Key]) -> dict[Key, StockShortage]:
    """The shortages of these (goods, kind, reference) that were opened."""
    found = {}
    for row in _find(StockShortage, keys):
        found[row.goods_id, str(row.kind), row.reference] = row
    return found


def _find(model: type[M], keys: Iterable[Key]) -> Iterable[M]:
    left = iter(keys)
    types = ("bigint", "text", "text") if connection.vendor == "postgresql" else None
    mark = "(%s::{}, %s::{}, %s::{})".format(*types) if types else "(%s, %s, %s)"
    while batch := list(islice(left, KEYS_AT_ONCE)):
        sql = (
            f"WITH wanted(goods_id, kind, reference) AS (VALUES {', '.join([mark] * len(batch))})"  # noqa: S608 - names of our own tables
            f" SELECT m.* FROM wanted JOIN {model._meta.db_table} m"
            " ON m.goods_id = wanted.goods_id AND m.kind = wanted.kind"
            " AND m.reference = wanted.reference"
        )
        rows: Iterable[Any] = model._default_manager.raw(
            sql, [part for key in batch for part in key]
        )
        yield from rows


def open_shortages(goods_ids: Iterable[int]) -> dict[int, list[StockShortage]]:
    """Shortages that are not settled, by goods, the oldest first."""
    found: dict[int, list[StockShortage]] = {}
    for row in StockShortage.objects.filter(
        goods_id__in=list(goods_ids), settled_at__isnull=True
    ).order_by("goods_id", "id"):
        found.setdefault(row.goods_id, []).append(row)
    return found


def held(order: str, goods_ids: Iterable[int] | None = None) -> list[StockMovement]:
    """Every movement that changed what an order holds, in the order of the ledger."""
    rows = StockMovement.objects.filter(held_for=order).exclude(held_for="")
    if goods_ids is not None:
        rows = rows.filter(goods_id__in=list(goods_ids))
    else:
        rows = rows.filter(goods_id__in=goods_of(order))
    return list(rows.order_by("id"))


def goods_of(order: str) -> list[int]:
    """The goods that an order reserved; found by the order's reference."""
    return list(
        StockMovement.objects.filter(
            reference=order, kind=MovementKind.RESERVE
        ).values_list("goods_id", flat=True)
    )


def write(movements: Sequence[StockMovement], balances: Balances, at: datetime) -> None:
    """Insert the movements, which get their ids, and store the balances they led to."""
    if connection.vendor == "postgresql":
        _write_at_once(movements, balances, at)
        return
    if movements:
        insert_all(StockMovement, movements)
    update_rows(
        StockBalance,
        ["on_hand", "reserved", "short", "updated_at"],
        [(pk, b.on_hand, b.reserved, b.short, at) for pk, b in balances.items()],
    )


def _write_at_once(
    movements: Sequence[StockMovement], balances: Balances, at: datetime
) -> None:
    quote = connection.ops.quote_name
    names = ", ".join(quote(name) for name in _COLUMNS)
    arrays = ", ".join(f"%s::{kind}[]" for kind in _COLUMNS.values())
    sql = (
        f"WITH changed AS (UPDATE {quote(_BALANCE)} AS old SET on_hand = new.on_hand,"  # noqa: S608 - names of our own tables
        " reserved = new.reserved, short = new.short, updated_at = %s"
        " FROM unnest(%s::bigint[], %s::numeric[], %s::numeric[], %s::numeric[])"
        " AS new(goods_id, on_hand, reserved, short)"
        " WHERE old.goods_id = new.goods_id)"
        f" INSERT INTO {quote(_MOVEMENT)} ({names})"
        f" SELECT {names} FROM unnest({arrays}) WITH ORDINALITY AS n({names}, place)"
        " ORDER BY place RETURNING id"
    )
    columns = [list(column) for column in zip(*map(_values, movements), strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(
            sql,
            [
                at,
                list(balances),
                [row.on_hand for row in balances.values()],
                [row.reserved for row in balances.values()],
                [row.short for row in balances.values()],
                *(columns or [[] for _ in _COLUMNS]),
            ],
        )
        for movement, (pk,) in zip(movements, cursor.fetchall(), strict=True):
            movement.pk = pk
            movement._state.adding = False
            movement._state.db = connection.alias


def write_shortages(shortages: Iterable[StockShortage]) -> None:
    """Store shortages, new and changed ones."""
    fresh: list[StockShortage] = []
    known: list[StockShortage] = []
    for row in shortages:
        (fresh if row.pk is None else known).append(row)
    if fresh:
        StockShortage.objects.bulk_create(fresh, batch_size=500)
    update_all(known, ["posted", "found", "parts", "settled_at"])
