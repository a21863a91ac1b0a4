"""Repricing runs: price changes that are seen, agreed to and applied together."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.enums import Means, RunStatus
from catalog.models.goods import Goods


class RepricingRun(models.Model):
    """A set of price changes with one fate.

    Made here by guarded changes of a hand or a sheet: they wait for a second person
    instead of being applied. Written only by `catalog.repricing`.
    """

    number = models.CharField(_("number"), max_length=20, unique=True, editable=False)
    status = models.CharField(
        _("status"), max_length=12, choices=RunStatus, default=RunStatus.DRAFT
    )
    origin = models.CharField(
        _("made by"), max_length=10, choices=Means, default=Means.HAND
    )
    reference = models.CharField(_("reference"), max_length=40, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("proposed by"),
        on_delete=models.PROTECT,
        related_name="+",
    )
    created_at = models.DateTimeField(_("proposed"), default=timezone.now)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("decided by"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
    )
    decided_at = models.DateTimeField(_("decided"), null=True)
    decision = models.CharField(_("decision's reason"), max_length=500, blank=True)
    is_self_approved = models.BooleanField(_("self-approved"), default=False)
    applied_at = models.DateTimeField(_("applied"), null=True)

    class Meta:
        verbose_name = _("repricing run")
        verbose_name_plural = _("repricing runs")
        ordering = ["-id"]
        default_permissions = ("add", "change", "view")
        permissions = [
            ("approve_repricingrun", _("Can approve and reject repricing runs"))
        ]
        indexes = [models.Index(fields=["status", "-id"], name="repricingrun_status")]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=RunStatus.values),
                name="repricingrun_status_known",
            )
        ]

    def __str__(self) -> str:
        return self.number


class RepricingLine(models.Model):
    """One goods of a run: what it cost when the run was made and what it shall cost.

    `new_*` is null where that price stays. `guards` lists the guards it runs into.
    """

    run = models.ForeignKey(
        RepricingRun, on_delete=models.CASCADE, related_name="lines"
    )
    goods = models.ForeignKey(Goods, on_delete=models.PROTECT, related_name="+")
    cost = models.DecimalField(_("cost"), max_digits=12, decimal_places=4, null=True)
    old_price = models.DecimalField(_("price before"), max_digits=12, decimal_places=2)
    old_case_price = models.DecimalField(
        _("case price before"), max_digits=12, decimal_places=2, null=True
    )
    new_price = models.DecimalField(
        _("new price"), max_digits=12, decimal_places=2, null=True
    )
    new_case_price = models.DecimalField(
        _("new case price"), max_digits=12, decimal_places=2, null=True
    )
    guards = models.JSONField(_("guards"), default=list)

    class Meta:
        verbose_name = _("repricing line")
        verbose_name_plural = _("repricing lines")
        ordering = ["id"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["run", "goods"], name="repricingline_once_per_goods"
            ),
            models.CheckConstraint(
                condition=Q(new_price__isnull=True) | Q(new_price__gte=0),
                name="repricingline_price",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.goods_id}"
