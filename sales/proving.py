"""The proof that points and payments add up, for `verify_books`."""

from decimal import Decimal
from typing import Any

from django.db import connection

from backoffice.books.proofs import Difference, Proved
from sales.models import (
    Order,
    OrderLine,
    Payment,
    PointsAccount,
    PointsEntry,
    Refund,
    RefundLine,
)

_TABLES = {
    "account": PointsAccount._meta.db_table,
    "entry": PointsEntry._meta.db_table,
    "orders": Order._meta.db_table,
    "line": OrderLine._meta.db_table,
    "payment": Payment._meta.db_table,
    "refund": Refund._meta.db_table,
    "part": RefundLine._meta.db_table,
}

#: each balance against its entries
_BALANCES = """
    WITH sums AS (SELECT user_id, SUM(delta) AS total FROM {entry} GROUP BY user_id)
    SELECT ids.user_id, COALESCE(a.balance, 0), COALESCE(s.total, 0)
    FROM (SELECT user_id FROM {account} UNION SELECT user_id FROM sums) ids
    LEFT JOIN {account} a ON a.user_id = ids.user_id
    LEFT JOIN sums s ON s.user_id = ids.user_id
    WHERE COALESCE(a.balance, 0) <> COALESCE(s.total, 0) ORDER BY 1"""

#: what each entry says was there afterwards, against the sum so far
_CHAIN = """
    SELECT user_id, id, balance_after, total FROM (
      SELECT user_id, id, balance_after,
        SUM(delta) OVER (PARTITION BY user_id ORDER BY id) AS total
      FROM {entry}) w
    WHERE balance_after <> total ORDER BY user_id, id"""

#: what an order says came in, against its payments that were not sent back as too late
_PAID = """
    WITH came AS (
      SELECT order_id, SUM({amount}) AS total FROM {payment}
      WHERE status = 'paid' GROUP BY order_id),
    late AS (
      SELECT order_id, SUM({amount}) AS total FROM {refund}
      WHERE kind = 'payment' AND NOT status = 'rejected' GROUP BY order_id)
    SELECT o.order_no, {o_paid}, COALESCE(c.total, 0) - COALESCE(l.total, 0)
    FROM {orders} o LEFT JOIN came c ON c.order_id = o.id
    LEFT JOIN late l ON l.order_id = o.id
    WHERE {o_paid} <> COALESCE(c.total, 0) - COALESCE(l.total, 0) ORDER BY 1"""

#: what an order says went back, against its refunds
_REFUNDED = """
    WITH gone AS (
      SELECT order_id, SUM({amount}) AS total FROM {refund}
      WHERE status = 'succeeded' AND NOT kind = 'payment' GROUP BY order_id)
    SELECT o.order_no, {o_refunded}, COALESCE(g.total, 0)
    FROM {orders} o LEFT JOIN gone g ON g.order_id = o.id
    WHERE {o_refunded} <> COALESCE(g.total, 0) ORDER BY 1"""

#: what a line says went back, against the parts of refunds
_LINES = """
    WITH gone AS (
      SELECT p.line_id, SUM({p_amount}) AS total FROM {part} p
      JOIN {refund} r ON r.id = p.refund_id
      WHERE r.status = 'succeeded' GROUP BY p.line_id)
    SELECT o.order_no, n.sequence, {n_refunded}, COALESCE(g.total, 0)
    FROM {line} n JOIN {orders} o ON o.id = n.order_id
    LEFT JOIN gone g ON g.line_id = n.id
    WHERE {n_refunded} <> COALESCE(g.total, 0) ORDER BY 1, 2"""


def prove_points() -> Proved:
    """Balances and running totals of all customers."""
    found = [
        Difference("points.balance", f"#{user}", str(booked), str(ledger))
        for user, booked, ledger in _rows(_BALANCES)
    ]
    broken = set()
    for user, pk, after, total in _rows(_CHAIN):
        # what follows a broken link is broken too
        if user not in broken:
            broken.add(user)
            found.append(
                Difference(
                    "points.balance_after", f"#{user} #{pk}", str(after), str(total)
                )
            )
    return Proved(PointsAccount.objects.count(), found)


def prove_payments() -> Proved:
    """What orders and lines say came in and went back."""
    found = [
        Difference("orders.paid", number, _yuan(booked), _yuan(ledger))
        for number, booked, ledger in _rows(_PAID)
    ]
    found += [
        Difference("orders.refunded", number, _yuan(booked), _yuan(ledger))
        for number, booked, ledger in _rows(_REFUNDED)
    ]
    found += [
        Difference("lines.refunded", f"{number} {place}", _yuan(booked), _yuan(ledger))
        for number, place, booked, ledger in _rows(_LINES)
    ]
    return Proved(Order.objects.count(), found)


def _rows(template: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(template.format(**_TABLES, **_columns()))
        return cursor.fetchall()


def _columns() -> dict[str, str]:
    """Column → its value in whole fen, because SQLite keeps decimals as floats."""
    whole = (
        "CAST({0} * 100 AS bigint)"
        if connection.vendor == "postgresql"
        else "CAST(ROUND({0} * 100) AS integer)"
    )
    names = {
        "amount": "amount",
        "p_amount": "p.amount",
        "o_paid": "o.paid",
        "o_refunded": "o.refunded",
        "n_refunded": "n.refunded",
    }
    return {name: whole.format(column) for name, column in names.items()}


def _yuan(fen: Any) -> str:
    return str(Decimal(int(fen)).scaleb(-2))
