"""Stocktakes: what was counted of which goods, against what was booked then."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models import Goods
from stock.enums import BEING_COUNTED, StocktakeStatus
from stock.models.replenishment import cost_field, person_field


class Stocktake(models.Model):
    """Some goods, counted together; written by `stock.stocktaking`.

    Whoever changes it or its lines holds the lock on its row. In a blind one nobody sees
    what is booked before the count is over. `batch` is the sheet that it came from,
    `digest` stands for what that sheet said.
    """

    number = models.CharField(_("number"), max_length=32, unique=True)
    status = models.CharField(
        _("status"),
        max_length=10,
        choices=StocktakeStatus,
        default=StocktakeStatus.COUNTING,
    )
    is_blind = models.BooleanField(_("blind count"), default=False)
    note = models.CharField(_("note"), max_length=500, blank=True)
    started_at = models.DateTimeField(_("started"), default=timezone.now)
    started_by = person_field(_("started by"))
    posted_at = models.DateTimeField(_("posted"), null=True, blank=True)
    posted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("posted by"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    batch = models.CharField(_("batch"), max_length=20, blank=True)
    digest = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("stocktake")
        verbose_name_plural = _("stocktakes")
        ordering = ["-started_at", "-id"]
        default_permissions = ("view",)
        permissions = [("count_goods", _("Can count stock and post the differences"))]
        indexes = [
            models.Index(fields=["-started_at", "-id"], name="stocktake_newest"),
            models.Index(
                fields=["status", "-started_at", "-id"], name="stocktake_status"
            ),
            models.Index(
                fields=["digest"], condition=~Q(digest=""), name="stocktake_digest"
            ),
            models.Index(
                fields=["batch"], condition=~Q(batch=""), name="stocktake_batch"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=StocktakeStatus.values),
                name="stocktake_status_known",
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=("posted", "undone"),
                    posted_at__isnull=False,
                    posted_by__isnull=False,
                )
                | Q(
                    status__in=("counting", "counted", "cancelled"),
                    posted_at=None,
                    posted_by=None,
                ),
                name="stocktake_posted_at",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_open(self) -> bool:
        """Whether it is still being counted."""
        return self.status in BEING_COUNTED


class StocktakeLine(models.Model):
    """One goods of a stocktake, in base units.

    `expected` is what was booked and there (`on_hand − short`) at the moment of counting
    (`counted_at`); all three are empty until somebody counted. `unit_cost` is the goods'
    cost when the difference was posted. While its stocktake `is_open`, a goods stands in
    no other open one.
    """

    stocktake = models.ForeignKey(
        Stocktake,
        verbose_name=_("stocktake"),
        on_delete=models.CASCADE,
        related_name="lines",
        db_index=False,
    )
    goods = models.ForeignKey(
        Goods, verbose_name=_("goods"), on_delete=models.PROTECT, related_name="+"
    )
    expected: Any = models.DecimalField(
        _("booked"), max_digits=12, decimal_places=3, null=True
    )
    counted: Any = models.DecimalField(
        _("counted"), max_digits=12, decimal_places=3, null=True
    )
    counted_at = models.DateTimeField(_("counted at"), null=True)
    counted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("counted by"),
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
    )
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    unit_cost = cost_field(_("unit cost"))
    is_open = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("line of a stocktake")
        verbose_name_plural = _("lines of stocktakes")
        ordering = ["id"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["stocktake", "goods"], name="stocktakeline_goods_once"
            ),
            models.UniqueConstraint(
                fields=["goods"],
                condition=Q(is_open=True),
                name="stocktakeline_one_open",
            ),
            models.CheckConstraint(
                condition=Q(
                    expected=None, counted=None, counted_at=None, counted_by=None
                )
                | Q(
                    expected__gte=0,
                    counted__gte=0,
                    counted_at__isnull=False,
                    counted_by__isnull=False,
                ),
                name="stocktakeline_counted",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stocktake_id}: {self.goods_id}"

    @property
    def difference(self) -> Decimal | None:
        """Counted − booked; None until somebody counted."""
        if self.counted is None:
            return None
        return Decimal(self.counted - self.expected)
