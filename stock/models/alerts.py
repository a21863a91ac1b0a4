"""Alerts of stock that runs out, and what their checks have to know."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from catalog.models import Goods
from stock.enums import AlertLevel, AlertStatus
from stock.models.balances import quantity_field


class LowStockAlert(models.Model):
    """That a goods on sale is low, sold out or to be ordered; written only by
    `stock.alerts`.

    There is at most one for each goods and level that is not closed. `available` and
    `average` are what was seen when it opened. `notified_at` is when phones were last
    told, `notices` how many times; an alert that opens again soon after it closed takes
    over the time of the last telling, and is silent.
    """

    goods = models.ForeignKey(
        Goods,
        verbose_name=_("goods"),
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    level = models.CharField(_("level"), max_length=8, choices=AlertLevel)
    status = models.CharField(
        _("status"), max_length=12, choices=AlertStatus, default=AlertStatus.OPEN
    )
    opened_at = models.DateTimeField(_("since"))
    closed_at = models.DateTimeField(_("closed at"), null=True)
    snoozed_until = models.DateTimeField(_("snoozed until"), null=True)
    available = quantity_field(_("available then"))
    average: Any = models.DecimalField(
        _("average daily sales then"), max_digits=18, decimal_places=6
    )
    notified_at = models.DateTimeField(_("phones told"), null=True)
    notices = models.PositiveIntegerField(_("times told"), default=0)
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("by"),
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
    )
    handled_at = models.DateTimeField(_("handled"), null=True)

    class Meta:
        verbose_name = _("stock alert")
        verbose_name_plural = _("stock alerts")
        ordering = ["-opened_at", "-id"]
        default_permissions = ("view",)
        permissions = [
            ("handle_alerts", _("Can acknowledge and snooze stock alerts")),
            ("receive_alerts", _("Gets stock alerts by SMS")),
        ]
        indexes = [
            models.Index(fields=["-opened_at", "-id"], name="alert_opened"),
            models.Index(fields=["status", "-opened_at", "-id"], name="alert_status"),
            # when the same alert was last closed
            models.Index(
                fields=["goods", "level", "-closed_at"],
                condition=Q(status=AlertStatus.CLOSED),
                name="alert_closed",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["goods", "level"],
                condition=~Q(status=AlertStatus.CLOSED),
                name="alert_one_open",
            ),
            models.CheckConstraint(
                condition=Q(level__in=AlertLevel.values), name="alert_level_known"
            ),
            models.CheckConstraint(
                condition=Q(status__in=AlertStatus.values), name="alert_status_known"
            ),
            models.CheckConstraint(
                condition=Q(
                    status=AlertStatus.CLOSED,
                    closed_at__isnull=False,
                    closed_at__gte=F("opened_at"),
                )
                | ~Q(status=AlertStatus.CLOSED) & Q(closed_at__isnull=True),
                name="alert_closed_has_its_time",
            ),
            models.CheckConstraint(
                condition=Q(status=AlertStatus.SNOOZED, snoozed_until__isnull=False)
                | ~Q(status=AlertStatus.SNOOZED) & Q(snoozed_until__isnull=True),
                name="alert_snoozed_has_its_end",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.goods}: {self.get_level_display()}"


class AlertRound(models.Model):
    """The one row that checks take in turn, so that two never open the same alert or
    tell of it twice; `checked_at` is when all goods were last looked at."""

    checked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("check of levels")
        verbose_name_plural = _("checks of levels")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="alertround_only_one")
        ]

    def __str__(self) -> str:
        return str(self.checked_at or "")


class MovedGoods(models.Model):
    """A goods whose balance moved since its levels were looked at.

    Written with the movement, in its transaction; taken away by the check that looks.
    No foreign key: it is one more look-up for each line of an order.
    """

    goods_id = models.BigIntegerField(primary_key=True)

    class Meta:
        verbose_name = _("goods to be looked at")
        verbose_name_plural = _("goods to be looked at")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.goods_id)
