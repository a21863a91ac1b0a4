"""The proof that balances are the sums of the ledger, in the database.

Quantities are compared in whole thousandths, because SQLite keeps decimals as floats.
"""

from decimal import Decimal
from typing import Any

from django.db import connection

from backoffice.base.money import GRAM
from backoffice.books.proofs import Difference, Proved
from catalog.models import Goods
from stock.models import StockBalance, StockMovement, StockShortage

_TABLES = {
    "goods": Goods._meta.db_table,
    "balance": StockBalance._meta.db_table,
    "movement": StockMovement._meta.db_table,
    "shortage": StockShortage._meta.db_table,
}

#: both balances of each goods against the sums of its movements
_SUMS = """
    WITH sums AS (
      SELECT goods_id, SUM({delta_on_hand}) AS on_hand, SUM({delta_reserved}) AS reserved
      FROM {movement} GROUP BY goods_id),
    lacks AS (
      SELECT goods_id, SUM({quantity} - {posted} - {found}) AS short
      FROM {shortage} WHERE settled_at IS NULL GROUP BY goods_id),
    ids AS (
      SELECT goods_id FROM {balance} UNION SELECT goods_id FROM sums
      UNION SELECT goods_id FROM lacks)
    SELECT g.code,
      COALESCE({b_on_hand}, 0), COALESCE(s.on_hand, 0),
      COALESCE({b_reserved}, 0), COALESCE(s.reserved, 0),
      COALESCE({b_short}, 0), COALESCE(l.short, 0)
    FROM ids JOIN {goods} g ON g.id = ids.goods_id
    LEFT JOIN {balance} b ON b.goods_id = ids.goods_id
    LEFT JOIN sums s ON s.goods_id = ids.goods_id
    LEFT JOIN lacks l ON l.goods_id = ids.goods_id
    WHERE COALESCE({b_on_hand}, 0) <> COALESCE(s.on_hand, 0)
      OR COALESCE({b_reserved}, 0) <> COALESCE(s.reserved, 0)
      OR COALESCE({b_short}, 0) <> COALESCE(l.short, 0)
    ORDER BY g.code"""

#: what each movement says was there afterwards, against the sum so far
_CHAIN = """
    SELECT g.code, w.id, w.on_hand_after, w.on_hand, w.reserved_after, w.reserved
    FROM (
      SELECT goods_id, id, {on_hand_after} AS on_hand_after,
        {reserved_after} AS reserved_after,
        SUM({delta_on_hand}) OVER so_far AS on_hand,
        SUM({delta_reserved}) OVER so_far AS reserved
      FROM {movement} WINDOW so_far AS (PARTITION BY goods_id ORDER BY id)) w
    JOIN {goods} g ON g.id = w.goods_id
    WHERE w.on_hand_after <> w.on_hand OR w.reserved_after <> w.reserved
    ORDER BY g.code, w.id"""

#: what an order holds of a goods is never below nothing
_HOLDS = """
    SELECT g.code, h.held_for, h.held
    FROM (
      SELECT goods_id, held_for, SUM({delta_reserved}) AS held
      FROM {movement} WHERE NOT (held_for = '')
      GROUP BY goods_id, held_for HAVING SUM({delta_reserved}) < 0) h
    JOIN {goods} g ON g.id = h.goods_id ORDER BY g.code, h.held_for"""


def prove() -> Proved:
    """Balances, running totals and holds of all goods."""
    differences = []
    for code, *pairs in _rows(_SUMS):
        for place, name in enumerate(("on_hand", "reserved", "short")):
            booked, ledger = pairs[2 * place : 2 * place + 2]
            if booked != ledger:
                differences.append(
                    Difference(f"stock.{name}", code, _text(booked), _text(ledger))
                )
    broken = set()
    for code, pk, *pairs in _rows(_CHAIN):
        # what follows a broken link is broken too
        for name, after, total in (
            ("on_hand", *pairs[:2]),
            ("reserved", *pairs[2:]),
        ):
            if after != total and (code, name) not in broken:
                broken.add((code, name))
                differences.append(
                    Difference(
                        f"stock.{name}_after",
                        f"{code} #{pk}",
                        _text(after),
                        _text(total),
                    )
                )
    differences += [
        Difference("stock.held", f"{code} {order}", "0.000", _text(held))
        for code, order, held in _rows(_HOLDS)
    ]
    return Proved(StockBalance.objects.count(), differences)


def _rows(template: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(template.format(**_TABLES, **_columns()))
        return cursor.fetchall()


def _columns() -> dict[str, str]:
    """Column → its value in whole thousandths."""
    whole = (
        "CAST({0} * 1000 AS bigint)"
        if connection.vendor == "postgresql"
        else "CAST(ROUND({0} * 1000) AS integer)"
    )
    names = [
        *("delta_on_hand", "delta_reserved", "on_hand_after", "reserved_after"),
        *("quantity", "posted", "found"),
    ]
    columns = {name: whole.format(name) for name in names}
    for name in ("on_hand", "reserved", "short"):
        columns[f"b_{name}"] = whole.format(f"b.{name}")
    return columns


def _text(thousandths: Any) -> str:
    return str((Decimal(int(thousandths)) / 1000).quantize(GRAM))
