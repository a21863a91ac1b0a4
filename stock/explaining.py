"""Why a balance is what it is: its movements summed up, now and at any past moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from backoffice.base.money import round_quantity
from stock.enums import MovementKind
from stock.models import StockBalance, StockMovement, StockShortage
from stock.quantities import ZERO


@dataclass(frozen=True)
class Term:
    """All movements of one kind: what they came to, and how many they were."""

    kind: MovementKind
    on_hand: Decimal
    reserved: Decimal
    count: int


@dataclass(frozen=True)
class Explanation:
    """A balance and the terms that it is the sum of, in the order of DOMAIN 4."""

    balance: StockBalance
    terms: Sequence[Term]
    shortages: Sequence[StockShortage]

    @property
    def on_hand(self) -> Decimal:
        """What the ledger comes to."""
        return sum((term.on_hand for term in self.terms), ZERO)

    @property
    def reserved(self) -> Decimal:
        return sum((term.reserved for term in self.terms), ZERO)

    @property
    def agrees(self) -> bool:
        """Whether the books are right."""
        booked = self.balance.on_hand, self.balance.reserved
        return booked == (self.on_hand, self.reserved)


@dataclass(frozen=True)
class Moment:
    """What there was at a moment, and what has moved since, by kind."""

    at: datetime
    on_hand: Decimal
    reserved: Decimal
    since: Sequence[Term]

    @property
    def available(self) -> Decimal:
        return self.on_hand - self.reserved


def explain(goods_id: int) -> Explanation:
    """The balance of a goods (an empty one where it never moved) and its terms."""
    balance = StockBalance.objects.with_goods().filter(pk=goods_id).first()
    shortages = StockShortage.objects.filter(
        goods_id=goods_id, settled_at__isnull=True
    ).select_related("by")
    return Explanation(
        balance or StockBalance(goods_id=goods_id),
        _terms(_of(goods_id)),
        list(shortages.order_by("id")),
    )


def at_moment(goods_id: int, at: datetime) -> Moment:
    """What there was of a goods at a past moment, by the ledger."""
    before = _terms(_of(goods_id).filter(at__lte=at))
    return Moment(
        at,
        sum((term.on_hand for term in before), ZERO),
        sum((term.reserved for term in before), ZERO),
        _terms(_of(goods_id).filter(at__gt=at)),
    )


def evenings(goods_id: int, days: int, today: date | None = None) -> list[Any]:
    """(shop day, on hand at its end) of the last days, the oldest first."""
    last = today or timezone.localdate()
    first = last - timedelta(days=days - 1)
    begin = timezone.make_aware(datetime.combine(first, datetime.min.time()))
    moved = {
        day: round_quantity(delta)
        for day, delta in _of(goods_id)
        .filter(at__gte=begin)
        .annotate(day=TruncDate("at"))
        .values("day")
        .annotate(delta=Sum("delta_on_hand"))
        .values_list("day", "delta")
    }
    row = StockBalance.objects.filter(pk=goods_id).values_list("on_hand").first()
    level = row[0] if row else ZERO
    found = []
    for back in range(days):
        day = last - timedelta(days=back)
        found.append((day, level))
        level -= moved.get(day, ZERO)
    return found[::-1]


def _of(goods_id: int) -> "QuerySet[StockMovement]":
    return StockMovement.objects.filter(goods_id=goods_id).order_by()


def _terms(rows: "QuerySet[StockMovement]") -> list[Term]:
    sums = {
        kind: Term(
            MovementKind(kind), round_quantity(on_hand), round_quantity(held), count
        )
        for kind, on_hand, held, count in rows.values("kind")
        .annotate(
            on_hand=Sum("delta_on_hand"), held=Sum("delta_reserved"), n=Count("pk")
        )
        .values_list("kind", "on_hand", "held", "n")
    }
    return [sums[kind] for kind in MovementKind if kind in sums]
