"""Points: a balance for each customer and the append-only ledger behind it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backoffice.base.appendonly import AppendOnlyModel
from sales.enums import PointsKind


class PointsAccount(models.Model):
    """`balance` = Σ delta of the entries; below zero only by taking back."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        verbose_name=_("customer"),
        on_delete=models.PROTECT,
        primary_key=True,
        related_name="+",
    )
    balance = models.IntegerField(_("points"), default=0)

    class Meta:
        verbose_name = _("points account")
        verbose_name_plural = _("points accounts")
        default_permissions = ("view",)
        permissions = [("adjust_points", _("Can adjust points"))]
        indexes = [
            models.Index(
                fields=["-user"], name="points_below_zero", condition=Q(balance__lt=0)
            )
        ]

    def __str__(self) -> str:
        return f"#{self.user_id}"


class PointsEntry(AppendOnlyModel):
    """One change of a balance. Written only by `sales.points`."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("customer"),
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    delta = models.IntegerField(_("change"))
    balance_after = models.IntegerField(_("balance after"))
    kind = models.CharField(_("kind"), max_length=9, choices=PointsKind)
    reference = models.CharField(_("reference"), max_length=60)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("by"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
    )
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    at = models.DateTimeField(_("time"))

    class Meta:
        verbose_name = _("points entry")
        verbose_name_plural = _("points log")
        ordering = ["-id"]
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["user", "-id"], name="points_user"),
            models.Index(fields=["kind", "-id"], name="points_kind"),
            models.Index(fields=["reference"], name="points_reference"),
            models.Index(fields=["at"], name="points_at"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "kind", "reference"], name="points_once"
            ),
            models.CheckConstraint(condition=~Q(delta=0), name="points_delta_not_zero"),
            models.CheckConstraint(
                condition=Q(kind=PointsKind.ADJUST)
                | Q(kind__in=[PointsKind.EARN, PointsKind.RETURN], delta__gt=0)
                | Q(kind__in=[PointsKind.SPEND, PointsKind.CLAW_BACK], delta__lt=0),
                name="points_sign_of_kind",
            ),
            models.CheckConstraint(
                condition=Q(balance_after__gte=0)
                | ~Q(kind__in=[PointsKind.SPEND, PointsKind.ADJUST])
                | Q(delta__gt=0),
                name="points_spend_within_balance",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.delta:+d}"
