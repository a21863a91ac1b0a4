"""What was lost: by day, by goods, by reason, in quantity and yuan."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, DecimalField, ExpressionWrapper, F, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from backoffice.base.money import ZERO, round_money
from stock.models import WriteOff

_LOSS = ExpressionWrapper(
    F("quantity") * F("unit_cost"),
    output_field=DecimalField(max_digits=20, decimal_places=7),
)


@dataclass(frozen=True)
class GoodsLoss:
    """One goods' losses over some days."""

    goods_id: int
    code: str
    name: str
    unit: str
    quantity: Decimal
    loss: Decimal
    count: int


def total(since: date, until: date) -> Decimal:
    """Yuan lost from one shop day to another, both included."""
    found = _between(since, until).aggregate(loss=Sum(_LOSS))["loss"]
    return round_money(found or ZERO)


def by_day(since: date, until: date) -> list[tuple[date, Decimal]]:
    """(shop day, yuan lost), every day of them."""
    rows = (
        _between(since, until)
        .annotate(day=TruncDate("at"))
        .values("day")
        .annotate(loss=Sum(_LOSS))
        .values_list("day", "loss")
    )
    found = {day: round_money(loss or ZERO) for day, loss in rows}
    days = (until - since).days + 1
    every = [since + timedelta(days=n) for n in range(days)]
    return [(day, found.get(day, ZERO)) for day in every]


def by_goods(since: date, until: date, most: int) -> list[GoodsLoss]:
    """The goods that lost most, in yuan."""
    rows = (
        _between(since, until)
        .values("goods_id", "goods__code", "goods__name", "goods__unit__name")
        .annotate(total=Sum("quantity"), loss=Sum(_LOSS), n=Count("pk"))
        .order_by(F("loss").desc(nulls_last=True), "-total", "goods_id")
    )
    return [
        GoodsLoss(
            row["goods_id"],
            row["goods__code"],
            row["goods__name"],
            row["goods__unit__name"],
            row["total"],
            round_money(row["loss"] or ZERO),
            row["n"],
        )
        for row in rows[:most]
    ]


def _between(since: date, until: date) -> "QuerySet[Any]":
    """In no order, for sums."""
    end = until + timedelta(days=1)
    return WriteOff.objects.filter(at__gte=_start(since), at__lt=_start(end)).order_by()


def _start(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
