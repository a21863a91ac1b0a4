"""After every movement: the goods is to be looked at, by a task of the same transaction.

A mark for each goods stands until a check has looked at it. Whoever moves a goods that
is marked already touches the mark, so that the check, which takes it away first, either
sees this movement or leaves the mark of it. One task waits for any number of marks.
"""

from collections.abc import Sequence

from django.db import connection
from django_q.tasks import async_task

from stock.models import MovedGoods, StockMovement

TASK = "stock.tasks.check_moved"
_TABLE = MovedGoods._meta.db_table


def moved(movements: Sequence[StockMovement]) -> None:
    """Mark the goods of which what is available changed."""
    goods_ids = {m.goods_id for m in movements if m.delta_on_hand != m.delta_reserved}
    if goods_ids and _mark(sorted(goods_ids)):
        async_task(TASK)


def _mark(goods_ids: list[int]) -> bool:
    """Gives whether one of them was not marked before. In the order of their ids, as
    the balances were locked."""
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            # one writer at a time: a check is over, or has not begun
            marks = ", ".join(["(%s)"] * len(goods_ids))
            cursor.execute(
                f"INSERT OR IGNORE INTO {_TABLE} (goods_id) VALUES {marks}",  # noqa: S608 - a table of ours
                goods_ids,
            )
            return cursor.rowcount > 0
        cursor.execute(
            f"INSERT INTO {_TABLE} (goods_id) SELECT unnest(%s::bigint[])"
            " ON CONFLICT (goods_id) DO UPDATE SET goods_id = EXCLUDED.goods_id"
            " RETURNING xmax = 0",
            [goods_ids],
        )
        return any(is_new for (is_new,) in cursor.fetchall())


def take() -> list[int]:
    """Take the marks that stand, inside the transaction of the check: whoever moves one
    of these goods meanwhile waits for its end."""
    ids = list(
        MovedGoods.objects.select_for_update()
        .order_by("pk")
        .values_list("pk", flat=True)[:500]
    )
    MovedGoods.objects.filter(pk__in=ids).delete()
    return ids
