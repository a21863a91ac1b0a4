"""How fast goods sell: average daily sales, exactly as DOMAIN 4 has it.

The average at a time t is what was paid less what was refunded in the last N
(ADS_DAYS) complete shop days before t, divided by D: N, or the complete shop days since
the first sale or receipt where those are fewer, at least 1. Never below 0; 6 places,
half up. All goods come in one query.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import connection
from django.db.models import Q, Sum
from django.utils import timezone

from backoffice.base.among import among
from backoffice.base.money import round_quantity
from backoffice.shop import shop
from stock.enums import SoldKind
from stock.models import SoldLine
from stock.quantities import ZERO

PLACES = Decimal("0.000001")
#: as short as people need it
TENTH = Decimal("0.1")
HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Pace:
    """How a goods sells, and what there is of it, in base units.

    `sold` is what was paid less what was refunded in the window, `returned` the latter;
    `days` is D. `average` is the average daily sales, `threshold` the share of it
    (LOW_STOCK_PERCENT) below which stock is low.
    """

    goods_id: int
    code: str
    sold: Decimal
    returned: Decimal
    days: int
    average: Decimal
    available: Decimal
    threshold: Decimal

    @property
    def is_low(self) -> bool:
        """Strictly below the threshold, of a goods that sells at all."""
        return self.average > 0 and self.available < self.threshold


@dataclass(frozen=True, slots=True)
class Window:
    """The complete shop days that count at a time: from `begin` to before `end`."""

    begin: datetime
    end: datetime
    days: int

    def days_since(self, first: datetime | None) -> int:
        """D for a goods that was first sold or received then."""
        if first is None:
            return 1
        if first < self.begin:
            return self.days
        complete = (timezone.localdate(self.end) - timezone.localdate(first)).days
        return max(1, min(self.days, complete))


def window(at: datetime, days: int | None = None) -> Window:
    """The last `days` (ADS_DAYS) complete shop days before `at`."""
    days = days or shop.ADS_DAYS
    today = timezone.localdate(at)
    return Window(_midnight(today - timedelta(days=days)), _midnight(today), days)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def average(sold: Decimal, days: int) -> Decimal:
    """Average daily sales: 6 places, half up, never below 0."""
    return max(sold / days, ZERO).quantize(PLACES, rounding=ROUND_HALF_UP)


def paces(
    goods_ids: Collection[int] | None = None,
    *,
    at: datetime | None = None,
    days: int | None = None,
) -> dict[int, Pace]:
    """{goods: pace} of these goods, or of all, by code.

    `at` is now unless it is given: then what is available is what the ledger says of
    the moments before it. `days` overrides ADS_DAYS.
    """
    if goods_ids is not None and not goods_ids:
        return {}
    spell = window(at or timezone.now(), days)
    low = shop.LOW_STOCK_PERCENT / HUNDRED
    sql, params = _query(spell, goods_ids, at)
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return {row[0]: _pace(spell, low, row) for row in cursor.fetchall()}


def sold_lately(goods_ids: Iterable[int], days: int) -> dict[int, Decimal]:
    """Goods id → base units paid less refunded in the last complete shop days; those
    without a sale are left out."""
    spell = window(timezone.now(), days)
    lines = SoldLine.objects.filter(
        among("goods", goods_ids), sold_at__gte=spell.begin, sold_at__lt=spell.end
    )
    totals = (
        lines.order_by()
        .values_list("goods")
        .annotate(
            sold=Sum("quantity", filter=Q(kind=SoldKind.SALE), default=ZERO),
            back=Sum("quantity", filter=Q(kind=SoldKind.RETURN), default=ZERO),
        )
    )
    return {pk: _quantity(sold) - _quantity(back) for pk, sold, back in totals}


def _pace(spell: Window, low: Decimal, row: Sequence[Any]) -> Pace:
    pk, code, sold, returned, first_sold, first_received, available = row
    firsts = [_moment(first) for first in (first_sold, first_received) if first]
    days = spell.days_since(min(firsts) if firsts else None)
    back = _quantity(returned)
    net = _quantity(sold) - back
    ads = average(net, days)
    return Pace(pk, code, net, back, days, ads, _quantity(available), ads * low)


def _quantity(value: Any) -> Decimal:
    """SQLite adds decimals up as floats."""
    if value is None:
        return ZERO
    return value if isinstance(value, Decimal) else round_quantity(Decimal(str(value)))


def _moment(value: datetime) -> datetime:
    """SQLite gives times without their zone, which is the connection's."""
    return value.replace(tzinfo=connection.timezone) if value.tzinfo is None else value


# The window is added up once for all goods; what a goods' average begins with is looked
# up at the end of an index, one step for each goods.
_SQL = """
SELECT g.id, g.code, w.sold, w.returned,
  (SELECT l.sold_at FROM stock_soldline l
    WHERE l.goods_id = g.id AND l.kind = 'sale' AND l.sold_at < %(end)s
    ORDER BY l.sold_at LIMIT 1),
  (SELECT m.at FROM stock_stockmovement m
    WHERE m.goods_id = g.id AND m.kind = 'receipt' AND m.at < %(end)s
    ORDER BY m.at LIMIT 1),
  {available}
FROM catalog_goods g
LEFT JOIN (
  SELECT goods_id,
    SUM(CASE WHEN kind = 'sale' THEN quantity ELSE 0 END) AS sold,
    SUM(CASE WHEN kind = 'return' THEN quantity ELSE 0 END) AS returned
  FROM stock_soldline
  WHERE sold_at >= %(begin)s AND sold_at < %(end)s {of_lines}
  GROUP BY goods_id
) w ON w.goods_id = g.id
{balance}
{of_goods}
ORDER BY g.code
"""
_NOW = "b.on_hand - b.reserved"
_BALANCE = "LEFT JOIN stock_stockbalance b ON b.goods_id = g.id"
_THEN = """(SELECT SUM(m.delta_on_hand - m.delta_reserved) FROM stock_stockmovement m
    WHERE m.goods_id = g.id AND m.at < %(at)s)"""


def _query(
    spell: Window, goods_ids: Collection[int] | None, at: datetime | None
) -> tuple[str, dict[str, Any]]:
    adapt = connection.ops.adapt_datetimefield_value
    params: dict[str, Any] = {"begin": adapt(spell.begin), "end": adapt(spell.end)}
    if at is not None:
        params["at"] = adapt(at)
    of_lines = of_goods = ""
    if goods_ids is not None:
        # whole numbers of ours, written out: SQLite would take them one mark each
        ids = ", ".join(str(int(pk)) for pk in sorted(goods_ids))
        of_lines, of_goods = f"AND goods_id IN ({ids})", f"WHERE g.id IN ({ids})"
    sql = _SQL.format(
        available=_NOW if at is None else _THEN,
        balance=_BALANCE if at is None else "",
        of_lines=of_lines,
        of_goods=of_goods,
    )
    return sql, params
