"""What was written off, why, and what it had cost."""

import secrets
from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backoffice.base.appendonly import AppendOnlyModel
from backoffice.base.money import round_money
from catalog.models import Goods
from stock.enums import LossReason
from stock.models.balances import quantity_field


def evidence_path(row: "WriteOff | None", filename: str) -> str:
    """A random ASCII name: nothing of the uploaded file's name is kept."""
    return f"spoilage/{secrets.token_hex(2)}/{secrets.token_hex(12)}.jpg"


class WriteOff(AppendOnlyModel):
    """So many base units of a goods were lost, for a reason.

    `unit_cost` is what a base unit had cost then, so the loss in yuan stays what it was.
    The ledger books it under the same `reference`; where orders hold what was lost, a
    part of it later (see `StockShortage`). Written only by `stock.spoilage`.
    """

    at = models.DateTimeField(_("time"))
    goods = models.ForeignKey(
        Goods,
        verbose_name=_("goods"),
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    reference = models.CharField(_("reference"), max_length=64, unique=True)
    quantity = quantity_field(_("quantity"))
    cause = models.CharField(_("reason"), max_length=12, choices=LossReason)
    note = models.CharField(_("note"), max_length=500, blank=True)
    picture = models.ImageField(_("picture"), upload_to=evidence_path, blank=True)
    unit_cost = models.DecimalField(
        _("unit cost"), max_digits=12, decimal_places=4, null=True
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("by"),
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )

    class Meta:
        verbose_name = _("write-off")
        verbose_name_plural = _("write-offs")
        ordering = ["-at", "-id"]
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["-at", "-id"], name="writeoff_at"),
            models.Index(fields=["goods", "-at", "-id"], name="writeoff_goods_at"),
            models.Index(fields=["cause", "-at", "-id"], name="writeoff_cause_at"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(quantity__gt=0), name="writeoff_positive"
            ),
            models.CheckConstraint(
                condition=Q(cause__in=LossReason.values), name="writeoff_cause_known"
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def loss(self) -> Decimal | None:
        """What it had cost, in yuan; None where the cost was unknown."""
        if self.unit_cost is None:
            return None
        return round_money(self.quantity * self.unit_cost)
