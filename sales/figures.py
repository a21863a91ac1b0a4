"""What lower floors and lists want to know of sales: volumes, customers' figures."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from backoffice.base.among import among
from backoffice.base.money import round_cost, round_quantity
from sales.enums import OrderStatus
from sales.models import (
    CartLine,
    GoodsFigures,
    Order,
    OrderLine,
    PointsAccount,
    PointsEntry,
    Refund,
    RefundLine,
)
from stock import sold
from stock.enums import SoldKind
from stock.sold import Sold


def left(quantities: Mapping[int, Decimal]) -> None:
    """Base units by goods id that customers took away."""
    _add(quantities)


def came_back(quantities: Mapping[int, Decimal]) -> None:
    """Base units by goods id that came back from customers."""
    _add({pk: -quantity for pk, quantity in quantities.items()})


def _add(quantities: Mapping[int, Decimal]) -> None:
    """In the order of the goods, rounded in SQL where decimals are floats."""
    table = connection.ops.quote_name(GoodsFigures._meta.db_table)
    total = f"{table}.volume + excluded.volume"
    if connection.vendor != "postgresql":
        total = f"ROUND({total}, 3)"
    rows = [(pk, quantity) for pk, quantity in sorted(quantities.items()) if quantity]
    if not rows:
        return
    marks = ", ".join(["(%s, %s)"] * len(rows))
    adapt = connection.ops.adapt_decimalfield_value
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (goods_id, volume) VALUES {marks}"  # noqa: S608 - a table of ours
            f" ON CONFLICT (goods_id) DO UPDATE SET volume = {total}",
            [value for pk, q in rows for value in (pk, adapt(q, 12, 3))],
        )


def paid(order: Order, lines: Iterable[OrderLine]) -> None:
    """Count what was paid into the average of daily sales, on the day of payment."""
    if order.paid_at is not None:
        sold.note(
            _sold(
                line, SoldKind.SALE, order.paid_at, line.base_quantity, order.order_no
            )
            for line in lines
        )


def refunded(refund: Refund, parts: Iterable[RefundLine]) -> None:
    """Take off it what was refunded, on the day on which the money was back."""
    at = refund.finished_at
    if at is not None:
        sold.note(
            _sold(p.line, SoldKind.RETURN, at, p.base_quantity, refund.refund_no)
            for p in parts
            if p.base_quantity
        )


def _sold(
    line: OrderLine, kind: SoldKind, at: datetime, quantity: Decimal, reference: str
) -> Sold:
    price = round_cost(line.price / line.unit_size)
    return Sold(line.goods_id, kind, at, quantity, price, reference, line.sequence)


def sales_volume(goods_ids: Iterable[int]) -> dict[int, Decimal]:
    """Goods id → base units handed over − taken back."""
    rows = GoodsFigures.objects.filter(pk__in=list(goods_ids))
    return {pk: round_quantity(v) for pk, v in rows.values_list("pk", "volume")}


def sales_volume_expression() -> Any:
    """The same for a QuerySet of goods, never null: every goods has its row."""
    return F("figures__volume")


def open_demand(goods_ids: Iterable[int]) -> dict[int, tuple[int, int]]:
    """Goods id → (carts it lies in, unpaid orders with it); neither where both are 0."""
    ids = list(goods_ids)
    carts = dict(_counted(CartLine.objects.filter(among("goods", ids)), "cart"))
    pending = OrderLine.objects.filter(
        among("goods", ids), order__status=OrderStatus.PENDING
    )
    unpaid = dict(_counted(pending, "order"))
    return {pk: (carts.get(pk, 0), unpaid.get(pk, 0)) for pk in carts | unpaid}


def _counted(lines: QuerySet[Any], of: str) -> Iterable[tuple[int, int]]:
    return lines.order_by().values_list("goods").annotate(n=Count(of, distinct=True))


def points_expression() -> Any:
    """The balance of each person in a QuerySet of people, never null."""
    balance = PointsAccount.objects.filter(pk=OuterRef("pk")).values("balance")
    return Coalesce(Subquery(balance), Value(0))


def points_log(user_id: int, start: int, stop: int) -> tuple[int, list[dict[str, Any]]]:
    """(how many entries a person has, those from `start` to `stop`, newest first)."""
    rows = PointsEntry.objects.filter(user_id=user_id)
    columns = rows.order_by("-id").values_list(
        "delta", "balance_after", "kind", "reference", "at"
    )
    names = ("delta", "balance", "kind", "reference", "created_at")
    found = [dict(zip(names, row, strict=True)) for row in columns[start:stop]]
    return rows.count(), found


def order_terms(numbers: Iterable[str]) -> dict[str, tuple[str, datetime | None]]:
    """Order number → (its status in words, until when it holds its goods); an order that
    is paid holds them until they are handed over."""
    rows = Order.objects.filter(order_no__in=list(numbers))
    return {
        number: (
            str(OrderStatus(status).label),
            until if status == OrderStatus.PENDING else None,
        )
        for number, status, until in rows.values_list(
            "order_no", "status", "expires_at"
        )
    }


def customer_figures(user_ids: Iterable[int]) -> dict[int, dict[str, int]]:
    """User id → {"points", "orders"}; two queries."""
    ids = list(user_ids)
    found = {pk: {"points": 0, "orders": 0} for pk in ids}
    for pk, balance in PointsAccount.objects.filter(pk__in=ids).values_list(
        "pk", "balance"
    ):
        found[pk]["points"] = balance
    counts = (
        Order.objects.filter(user_id__in=ids)
        .order_by()
        .values_list("user_id")
        .annotate(n=Count("pk"))
    )
    for pk, count in counts:
        found[pk]["orders"] = count
    return found
