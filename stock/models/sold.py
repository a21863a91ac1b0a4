"""What was sold and taken back: the facts that averages and reports are made of."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.models import Goods
from stock.enums import SoldKind, SoldSource
from stock.models.balances import quantity_field


class SoldLine(models.Model):
    """One line that was paid, or whose refund succeeded; it moves no balance.

    Quantities are base units, prices yuan for one of them with 4 places. `sold_at`
    decides on which shop day the line counts. (reference, line, source) is there once;
    `lines` is how many lines the reference had in the sheet that it came from, where
    the sheet did not number them, and `batch` that sheet. Written only by `stock.sold`.
    """

    goods = models.ForeignKey(
        Goods,
        verbose_name=_("goods"),
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    kind = models.CharField(_("kind"), max_length=8, choices=SoldKind)
    sold_at = models.DateTimeField(_("sold at"))
    quantity = quantity_field(_("quantity"))
    unit_price: Any = models.DecimalField(
        _("unit price"), max_digits=12, decimal_places=4
    )
    source = models.CharField(_("source"), max_length=8, choices=SoldSource)
    reference = models.CharField(_("reference"), max_length=64)
    line = models.PositiveIntegerField(_("line"))
    lines = models.PositiveIntegerField(null=True)
    batch = models.CharField(_("batch"), max_length=20, blank=True)

    class Meta:
        verbose_name = _("line sold")
        verbose_name_plural = _("sales history")
        ordering = ["-sold_at", "-id"]
        default_permissions = ("view",)
        permissions = [("import_history", _("Can import sales history"))]
        indexes = [
            models.Index(fields=["-sold_at", "-id"], name="soldline_at"),
            # holds all that the first sale of a goods is found by
            models.Index(fields=["goods", "kind", "sold_at"], name="soldline_goods"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["reference", "line", "source"], name="soldline_once"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=SoldKind.values), name="soldline_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(source__in=SoldSource.values), name="soldline_source_known"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gt=0, unit_price__gte=0, line__gte=1),
                name="soldline_positive",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference}/{self.line}"
