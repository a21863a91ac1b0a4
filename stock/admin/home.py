"""What of stock waits for whom, and how the day is, on the home page."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.base.admin import home
from backoffice.base.counting import count_each
from catalog.admin.cells import SEE_COST
from catalog.enums import GoodsStatus
from stock import losses
from stock.admin import cells
from stock.models import StockBalance

LIST = "admin:stock_stockbalance_changelist"


@home.cards
def stock_cards(request: HttpRequest) -> Iterator[home.Card]:
    """Goods that were lost while orders hold them, and what is sold out."""
    if not request.user.has_perm(cells.SEE):
        return
    counts = count_each(
        StockBalance.objects.all(),
        {
            "short": Q(short__gt=0),
            "gone": Q(is_available=False, goods__status=GoodsStatus.ON_SALE),
        },
    )
    yield home.Card(
        _("Goods that are short"),
        counts["short"].plain,
        f"{reverse(LIST)}?tab=short",
        "fa-triangle-exclamation",
        tone="danger",
        hint=_("lost while orders hold them"),
        hide_empty=True,
    )
    yield home.Card(
        _("Goods on sale that are sold out"),
        counts["gone"].plain,
        f"{reverse(LIST)}?tab=gone&goods__status__exact={GoodsStatus.ON_SALE.value}",
        "fa-warehouse",
    )


@home.figures
def loss_figure(request: HttpRequest) -> Iterator[home.Figure]:
    """What was lost today beside the same weekday last week."""
    user: Any = request.user
    if not (user.has_perm("stock.view_writeoff") and user.has_perm(SEE_COST)):
        return
    today = timezone.localdate()
    before = today - timedelta(days=7)
    yield home.Figure(
        _("Lost today"),
        losses.total(today, today),
        losses.total(before, before),
        unit=_("yuan"),
        url=reverse("admin:stock_writeoff_changelist"),
        sequence=300,
    )


@home.steps
def opening_step(request: HttpRequest) -> Iterator[home.Step]:
    """Between reviewed goods and goods on the shelf: how many there are."""
    if not request.user.has_perm(cells.OPEN):
        return
    yield home.Step(
        _("Enter opening stock"),
        _("Say how many there are; what is not there is shown as sold out."),
        reverse("admin:stock_opening"),
        done=StockBalance.objects.exists(),
        sequence=250,
    )
