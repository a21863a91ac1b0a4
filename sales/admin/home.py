"""What of sales waits for whom, and how the day is, on the home page."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta

from django.db.models import Count, Q, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.base.admin import home
from backoffice.base.counting import count_each
from backoffice.base.money import ZERO, round_money
from sales.admin import cells
from sales.enums import Delivery, OrderStatus, Source
from sales.models import Order

WEEK = timedelta(days=7)
_PAID = OrderStatus.PAID


@home.cards
def order_cards(request: HttpRequest) -> Iterator[home.Card]:
    """What waits to be paid, packed and picked up; two queries however much it is."""
    user = request.user
    if not user.has_perm(cells.VIEW):
        return
    counts = count_each(
        Order.objects.all(),
        {
            "pending": Q(status=OrderStatus.PENDING),
            "home": Q(status=_PAID, delivery=Delivery.HOME),
            "express": Q(status=_PAID, delivery=Delivery.EXPRESS),
            "pickup": Q(status=_PAID, delivery=Delivery.PICKUP),
            "ready": Q(status=OrderStatus.READY),
        },
    )
    orders = reverse(cells.LIST)
    if user.has_perm(cells.TAKE) or user.has_perm(cells.CANCEL):
        yield home.Card(
            _("Orders that wait for payment"),
            counts["pending"].plain,
            f"{orders}?tab=pending",
            "fa-hourglass-half",
            hide_empty=True,
        )
    if not user.has_perm(cells.PACK):
        return
    packing = reverse("admin:sales_packing")
    for key, label, icon in (
        ("home", _("Orders to pack and send out"), "fa-truck-fast"),
        ("express", _("Orders to pack for express"), "fa-boxes-packing"),
        ("pickup", _("Orders to put up for pick-up"), "fa-box"),
    ):
        yield home.Card(
            label,
            counts[key].plain,
            f"{packing}?delivery={key}",
            icon,
            hide_empty=key != "home",
        )
    yield home.Card(
        _("Orders that wait to be picked up"),
        counts["ready"].plain,
        reverse("admin:sales_pickup"),
        "fa-handshake",
        hide_empty=True,
    )


@home.figures
def order_figures(request: HttpRequest) -> Iterator[home.Figure]:
    """Orders paid today, and the money, beside last week's until this time; one
    query."""
    user = request.user
    if not user.has_perm(cells.VIEW):
        return
    now = timezone.now()
    today = timezone.make_aware(datetime.combine(timezone.localdate(), time.min))
    then = Q(paid_at__gte=today - WEEK, paid_at__lt=now - WEEK)
    sums = Order.objects.filter(Q(paid_at__gte=today) | then).aggregate(
        today=Count("pk", filter=Q(paid_at__gte=today)),
        before=Count("pk", filter=then),
        money=Sum("paid", filter=Q(paid_at__gte=today)),
        money_before=Sum("paid", filter=then),
    )
    yield home.Figure(
        _("Orders paid today"),
        sums["today"],
        sums["before"],
        url=f"{reverse(cells.LIST)}?tab=today",
        sequence=1,
    )
    if user.has_perm("sales.view_payment"):
        yield home.Figure(
            _("Paid today"),
            round_money(sums["money"] or ZERO),
            round_money(sums["money_before"] or ZERO),
            unit=_("yuan"),
            sequence=2,
        )


@home.cards
def counter_card(request: HttpRequest) -> Iterator[home.Card]:
    """The way to the counter, with how much was sold there today; one query."""
    if not request.user.has_perm(cells.ENTER):
        return
    today = timezone.make_aware(datetime.combine(timezone.localdate(), time.min))
    sold = Order.objects.filter(source=Source.COUNTER, created_at__gte=today)
    yield home.Card(
        _("Sold at the counter today"),
        sold.count(),
        reverse("admin:sales_counter"),
        "fa-cash-register",
    )
