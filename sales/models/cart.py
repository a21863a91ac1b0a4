"""What a customer has picked and not yet ordered."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.enums import SellingUnit
from sales.models.fields import quantity_field


class Cart(models.Model):
    """One for each customer. Its row is also the customer's turn: whoever changes the
    cart or places an order locks it, so that orders of one customer come one by one."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        verbose_name=_("customer"),
        on_delete=models.PROTECT,
        related_name="+",
    )
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("cart")
        verbose_name_plural = _("carts")
        default_permissions = ()

    def __str__(self) -> str:
        return f"#{self.user_id}"


class CartLine(models.Model):
    """Goods by one selling unit; ticked lines are quoted and ordered."""

    cart = models.ForeignKey(Cart, on_delete=models.CASCADE, related_name="lines")
    goods = models.ForeignKey(
        "catalog.Goods", on_delete=models.PROTECT, related_name="+"
    )
    unit = models.CharField(_("sold by"), max_length=6, choices=SellingUnit)
    quantity = quantity_field(_("quantity"))
    ticked = models.BooleanField(_("ticked"), default=True)
    created_at = models.DateTimeField(_("added"), auto_now_add=True)

    class Meta:
        verbose_name = _("cart line")
        verbose_name_plural = _("cart lines")
        ordering = ["id"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["cart", "goods", "unit"], name="cartline_once"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gt=0), name="cartline_quantity_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.goods_id} × {self.quantity}"
