"""The gateway's daily bill beside our books."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sales.enums import Difference, FindingStatus
from sales.models.fields import money_field
from sales.models.payments import Payment, Refund


class BillDay(models.Model):
    """One day (Beijing) whose bill was compared; written by `sales.reconciliation`.

    `paid`, `refunded`, `fees` are the bill's, `our_paid`, `our_refunded` ours.
    """

    day = models.DateField(_("day"), unique=True)
    source = models.CharField(_("bill from"), max_length=7, blank=True)
    lines = models.PositiveIntegerField(_("lines"), default=0)
    paid = money_field(_("paid"))
    refunded = money_field(_("refunded"))
    fees = money_field(_("fees"))
    our_paid = money_field(_("paid by our books"))
    our_refunded = money_field(_("refunded by our books"))
    compared_at = models.DateTimeField(_("compared"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("by"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
    )

    class Meta:
        verbose_name = _("day of the bill")
        verbose_name_plural = _("reconciliation")
        ordering = ["-day"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.day.isoformat()


class Finding(models.Model):
    """One difference between bill and books; yuan, None where one of them has none."""

    bill_day = models.ForeignKey(
        BillDay, on_delete=models.PROTECT, related_name="findings"
    )
    kind = models.CharField(_("what"), max_length=14, choices=Difference)
    number = models.CharField(_("number"), max_length=64)
    ours = models.DecimalField(
        _("our books"), max_digits=12, decimal_places=2, null=True
    )
    theirs = models.DecimalField(_("bill"), max_digits=12, decimal_places=2, null=True)
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, related_name="+", null=True
    )
    refund = models.ForeignKey(
        Refund, on_delete=models.PROTECT, related_name="+", null=True
    )
    detail = models.CharField(_("details"), max_length=200, blank=True)
    status = models.CharField(
        _("status"), max_length=7, choices=FindingStatus, default=FindingStatus.OPEN
    )
    found_at = models.DateTimeField(_("found"))
    settled_at = models.DateTimeField(_("settled"), null=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("settled by"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
    )
    note = models.CharField(_("note"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("difference")
        verbose_name_plural = _("differences")
        ordering = ["id"]
        default_permissions = ()
        indexes = [
            models.Index(
                fields=["bill_day"],
                name="finding_open",
                condition=Q(status=FindingStatus.OPEN),
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["bill_day", "kind", "number"], name="finding_once"
            ),
            models.CheckConstraint(
                condition=Q(status=FindingStatus.OPEN) | Q(settled_at__isnull=False),
                name="finding_settled_has_time",
            ),
        ]

    def __str__(self) -> str:
        return self.number
