"""The price log and the shelf log as values: what a row of history says of a change."""

from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import DecimalField, OuterRef, Subquery, Value

from catalog.changes import HISTORY

Price = Decimal | None


class Move(NamedTuple):
    """A price before and after; `None` for one that stayed as it was."""

    old: Price
    new: Price


def case_prices_before(keys: Collection[int]) -> dict[int, Price]:
    """{row of history: the case price of the goods' row before it}; one query.

    A first case price has no old value that its row could keep.
    """
    earlier = HISTORY.objects.filter(
        id=OuterRef("id"), history_id__lt=OuterRef("history_id")
    ).order_by("-history_id")
    return dict(
        HISTORY.objects.filter(pk__in=keys)
        .annotate(case_before=Subquery(earlier.values("case_price")[:1]))
        .values_list("pk", "case_before")
    )


def needs_look_back(old_price: Price, old_case: Price, case_price: Price) -> bool:
    """Whether only the row before tells if the case price changed from nothing.

    Where the retail price stayed, it was the case price that changed.
    """
    return old_case is None and case_price is not None and old_price is not None


def price_moves(rows: Iterable[Any]) -> dict[int, tuple[Move | None, Move | None]]:
    """{row: (retail, case)} of rows of the price log; None for what stayed."""
    rows = list(rows)
    unsure = [
        row.pk
        for row in rows
        if needs_look_back(row.old_price, row.old_case_price, row.case_price)
    ]
    before = case_prices_before(unsure) if unsure else {}
    return {row.pk: (_retail(row), _case(row, before)) for row in rows}


def _retail(row: Any) -> Move | None:
    return None if row.old_price is None else Move(row.old_price, row.price)


def _case(row: Any, before: dict[int, Price]) -> Move | None:
    old = before.get(row.pk, row.old_case_price)
    return None if old == row.case_price else Move(old, row.case_price)


# --- one goods over time

#: so many rows of its history are looked at, the newest ones
MOST_ROWS = 1000


class Prices(NamedTuple):
    """What a goods cost from a moment on; `cost` is None too where it is not shown."""

    at: datetime
    price: Decimal
    case_price: Price
    cost: Price


def prices_over_time(goods_id: int, *, with_cost: bool) -> list[Prices]:
    """Each change of a price (or, where that may be seen, of the cost), the oldest
    first; the first one is where the view begins."""
    cost: Any = "cost" if with_cost else Value(None, output_field=DecimalField())
    rows = (
        HISTORY.objects.filter(id=goods_id)
        .order_by("-history_id")
        .values_list("history_date", "price", "case_price", cost)
    )
    found: list[Prices] = []
    for row in reversed(rows[:MOST_ROWS]):
        prices = Prices(*row)
        if not found or prices[1:] != found[-1][1:]:
            found.append(prices)
    return found
