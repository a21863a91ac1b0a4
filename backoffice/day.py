"""How the day is: figures of the shop's day beside the same weekday last week's.

Read from the history of goods, whose two partial indexes serve the queries.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncDate
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.base.admin import home
from backoffice.base.counting import count
from catalog.changes import HISTORY
from catalog.enums import GoodsStatus
from catalog.models import Goods

DAYS = 14
WEEK = timedelta(days=7)


def _start(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _moves() -> QuerySet:
    return HISTORY.objects.filter(status_changed=True)


def _price_changes() -> QuerySet:
    return HISTORY.objects.filter(price_changed=True)


@home.figures
def shelf_figures(request: HttpRequest) -> Iterator[home.Figure]:
    """Goods on sale, and goods listed today; two queries."""
    if not request.user.has_perm("catalog.view_goods"):
        return
    now = timezone.now()
    today = _start(timezone.localdate())
    on_sale = Q(status=GoodsStatus.ON_SALE)
    counts = (
        _moves()
        .filter(history_date__gte=today - WEEK)
        .aggregate(
            today=Count("pk", filter=on_sale & Q(history_date__gte=today)),
            then=Count("pk", filter=on_sale & Q(history_date__lt=now - WEEK)),
            came=Count("pk", filter=on_sale & Q(history_date__gte=now - WEEK)),
            left=Count(
                "pk",
                filter=Q(old_status=GoodsStatus.ON_SALE, history_date__gte=now - WEEK),
            ),
        )
    )
    selling = count(Goods.objects.on_sale())
    goods = reverse("admin:catalog_goods_changelist")
    yield home.Figure(
        _("Goods on sale"),
        selling.plain,
        selling.value - counts["came"] + counts["left"] if selling.is_exact else None,
        url=f"{goods}?tab=on_sale",
        sequence=10,
    )
    yield home.Figure(
        _("Listed today"),
        counts["today"],
        counts["then"],
        url=_log("shelf"),
        sequence=20,
    )


@home.figures
def price_figures(request: HttpRequest) -> Iterator[home.Figure]:
    """Price changes of today; one query."""
    if not request.user.has_perm("catalog.view_historicalgoods"):
        return
    now = timezone.now()
    today = _start(timezone.localdate())
    counts = (
        _price_changes()
        .filter(history_date__gte=today - WEEK)
        .aggregate(
            today=Count("pk", filter=Q(history_date__gte=today)),
            then=Count("pk", filter=Q(history_date__lt=now - WEEK)),
        )
    )
    yield home.Figure(
        _("Price changes today"),
        counts["today"],
        counts["then"],
        url=_log("price"),
        sequence=30,
    )


@home.charts
def price_chart(request: HttpRequest) -> Iterator[home.Chart]:
    """Price changes of each of the last days; one query."""
    if not request.user.has_perm("catalog.view_historicalgoods"):
        return
    days = [timezone.localdate() - timedelta(days=n) for n in reversed(range(DAYS))]
    counts: dict[Any, int] = dict(
        _price_changes()
        .filter(history_date__gte=_start(days[0]))
        .order_by()
        .annotate(day=TruncDate("history_date"))
        .values_list("day")
        .annotate(count=Count("pk"))
    )
    if counts:
        yield home.Chart(
            _("Price changes in the last 14 days"),
            [(day, counts.get(day, 0)) for day in days],
        )


def _log(name: str) -> str:
    return reverse(f"admin:catalog_{name}log_changelist") + (
        f"?history_date_from={timezone.localdate()}"
    )
