"""Suppliers, what is ordered from them, and what of it came in."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.base.appendonly import AppendOnlyModel
from catalog.models import Goods
from stock.enums import ReplenishmentStatus
from stock.models.balances import ZERO, quantity_field


def cost_field(label: Any) -> models.DecimalField:
    """Yuan for a base unit with 4 places; None where it is unknown."""
    return models.DecimalField(
        label, max_digits=12, decimal_places=4, null=True, blank=True
    )


def person_field(label: Any) -> models.ForeignKey:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=label,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )


class Supplier(models.Model):
    """Who delivers; one that is not active gets no new orders."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    mobile = models.CharField(_("mobile"), max_length=20, blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("supplier")
        verbose_name_plural = _("suppliers")
        ordering = ["name"]
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="supplier_named")
        ]

    def __str__(self) -> str:
        return self.name


class GoodsSupply(models.Model):
    """From whom a goods is ordered unless somebody says otherwise.

    `last_cost` is what a base unit cost in the last receipt that named a cost.
    """

    goods = models.OneToOneField(
        Goods,
        verbose_name=_("goods"),
        on_delete=models.PROTECT,
        primary_key=True,
        related_name="supply",
    )
    supplier = models.ForeignKey(
        Supplier,
        verbose_name=_("supplier"),
        on_delete=models.PROTECT,
        related_name="supplies",
    )
    last_cost = cost_field(_("last cost"))

    class Meta:
        verbose_name = _("goods of a supplier")
        verbose_name_plural = _("goods of suppliers")
        ordering = ["goods"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(last_cost=None) | Q(last_cost__gte=0),
                name="goodssupply_cost_not_negative",
            )
        ]

    def __str__(self) -> str:
        return f"{self.goods_id}: {self.supplier_id}"


class ReplenishmentOrder(models.Model):
    """Goods that are ordered from one supplier; written by `stock.replenishment`.

    Whoever changes the order or its lines holds the lock on its row.
    """

    number = models.CharField(_("number"), max_length=32, unique=True)
    supplier = models.ForeignKey(
        Supplier,
        verbose_name=_("supplier"),
        on_delete=models.PROTECT,
        related_name="orders",
    )
    status = models.CharField(
        _("status"),
        max_length=16,
        choices=ReplenishmentStatus,
        default=ReplenishmentStatus.DRAFT,
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    created_by = person_field(_("created by"))
    ordered_at = models.DateTimeField(_("ordered at"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("replenishment order")
        verbose_name_plural = _("replenishment orders")
        ordering = ["-created_at", "-id"]
        default_permissions = ("view",)
        permissions = [
            ("order_goods", _("Can order goods from suppliers")),
            ("receive_goods", _("Can receive ordered goods")),
        ]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="replenishment_newest"),
            models.Index(
                fields=["status", "-created_at", "-id"], name="replenishment_status"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=ReplenishmentStatus.values),
                name="replenishment_status_known",
            ),
            models.CheckConstraint(
                condition=Q(status="cancelled")
                | Q(status="draft", ordered_at=None)
                | Q(
                    status__in=("ordered", "partly_received", "received"),
                    ordered_at__isnull=False,
                ),
                name="replenishment_ordered_at",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class ReplenishmentLine(models.Model):
    """So many base units of a goods in an order.

    `received` is what was booked, `rejected` what was delivered and sent back; the
    supplier owes neither any more.
    """

    order = models.ForeignKey(
        ReplenishmentOrder,
        verbose_name=_("replenishment order"),
        on_delete=models.CASCADE,
        related_name="lines",
        db_index=False,
    )
    goods = models.ForeignKey(
        Goods, verbose_name=_("goods"), on_delete=models.PROTECT, related_name="+"
    )
    quantity = quantity_field(_("quantity"))
    unit_cost = cost_field(_("unit cost"))
    received = quantity_field(_("received"), default=ZERO)
    rejected = quantity_field(_("rejected"), default=ZERO)

    class Meta:
        verbose_name = _("line of a replenishment order")
        verbose_name_plural = _("lines of replenishment orders")
        ordering = ["id"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["order", "goods"], name="replenishmentline_goods_once"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gt=0), name="replenishmentline_positive"
            ),
            models.CheckConstraint(
                condition=Q(received__gte=0, rejected__gte=0),
                name="replenishmentline_delivered",
            ),
            models.CheckConstraint(
                condition=Q(unit_cost=None) | Q(unit_cost__gte=0),
                name="replenishmentline_cost",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.goods_id} × {self.quantity}"

    @property
    def outstanding(self) -> Decimal:
        """What the supplier still owes, in base units."""
        return max(self.quantity - self.received - self.rejected, ZERO)


class ReplenishmentReceipt(AppendOnlyModel):
    """One delivery of an order, under a reference that is booked once.

    `content` is what was handed in, {line id: [quantity, unit cost or null, rejected,
    why it was rejected]} (the last only where something was), by which the same receipt
    sent again is told from another one.
    """

    order = models.ForeignKey(
        ReplenishmentOrder,
        verbose_name=_("replenishment order"),
        on_delete=models.PROTECT,
        related_name="receipts",
    )
    reference = models.CharField(_("reference"), max_length=64, unique=True)
    at = models.DateTimeField(_("time"), default=timezone.now)
    by = person_field(_("by"))
    content = models.JSONField(_("content"))

    class Meta:
        verbose_name = _("receipt of a replenishment order")
        verbose_name_plural = _("receipts of replenishment orders")
        ordering = ["-at", "-id"]
        default_permissions = ()

    def __str__(self) -> str:
        return self.reference
