"""Running figures of a goods' sales, so that the storefront sorts by them."""

from decimal import Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _

from sales.models.fields import quantity_field


class GoodsFigures(models.Model):
    """`volume` = base units handed over − taken back. Written only by `sales.figures`;
    the row comes with the goods, by a trigger (`sales.triggers`)."""

    goods = models.OneToOneField(
        "catalog.Goods",
        on_delete=models.PROTECT,
        primary_key=True,
        related_name="figures",
    )
    volume = quantity_field(_("sold"), default=Decimal("0.000"))

    class Meta:
        verbose_name = _("sales figures")
        verbose_name_plural = _("sales figures")
        default_permissions = ()
        indexes = [models.Index(fields=["volume", "goods"], name="figures_volume")]

    def __str__(self) -> str:
        return f"{self.goods_id} {self.volume}"
