"""Orders, their lines and their timeline."""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backoffice.base.appendonly import AppendOnlyModel
from catalog.enums import SellingUnit
from sales.enums import (
    HANDED_OVER,
    Delivery,
    Happening,
    OrderStatus,
    Source,
)
from sales.models.fields import money_field, quantity_field


class OrderQuerySet(models.QuerySet["Order"]):
    def of(self, user_id: int) -> "OrderQuerySet":
        """One customer's."""
        return self.filter(user_id=user_id)

    def unpaid(self) -> "OrderQuerySet":
        """Those that hold stock and wait for money."""
        return self.filter(status=OrderStatus.PENDING)


class Order(models.Model):  # type: ignore[django-manager-missing] # of its events
    """What was ordered, as it was agreed: prices, address and amounts are snapshots.

    Money is yuan with 2 places. `payable` = goods_total − points_deduction + freight;
    `paid` and `refunded` are what came in and went back. Written only by the verbs of
    sales.
    """

    order_no = models.CharField(_("order number"), max_length=24, unique=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("customer"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        db_index=False,
    )
    source = models.CharField(_("source"), max_length=10, choices=Source)
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("entered by"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        db_index=False,
    )
    status = models.CharField(
        _("status"), max_length=9, choices=OrderStatus, default=OrderStatus.PENDING
    )

    goods_total = money_field(_("goods total"))
    points = models.PositiveIntegerField(_("points"), default=0)
    points_deduction = money_field(_("points deduction"))
    freight = money_field(_("freight"))
    payable = money_field(_("payable"))
    paid = money_field(_("paid"))
    refunded = money_field(_("refunded"))
    refunded_freight = money_field(_("refunded freight"))
    points_returned = models.PositiveIntegerField(_("points returned"), default=0)
    points_earned = models.PositiveIntegerField(_("points earned"), default=0)
    points_day_factor = models.DecimalField(
        _("points factor of the day"),
        max_digits=5,
        decimal_places=2,
        default=Decimal("1.00"),
    )

    delivery = models.CharField(_("delivery"), max_length=7, choices=Delivery)
    receiver = models.CharField(_("receiver"), max_length=40, blank=True)
    mobile = models.CharField(_("mobile"), max_length=11, blank=True)
    province = models.CharField(_("province"), max_length=40, blank=True)
    city = models.CharField(_("city"), max_length=40, blank=True)
    district = models.CharField(_("district"), max_length=40, blank=True)
    detail = models.CharField(_("address"), max_length=200, blank=True)
    message = models.CharField(_("message"), max_length=200, blank=True)
    pickup_code = models.CharField(_("pick-up code"), max_length=4, blank=True)
    carrier = models.CharField(_("carrier"), max_length=40, blank=True)
    tracking_no = models.CharField(_("tracking number"), max_length=60, blank=True)

    created_at = models.DateTimeField(_("placed"))
    expires_at = models.DateTimeField(_("to pay until"))
    cancel_requested_at = models.DateTimeField(_("asked to cancel"), null=True)
    paid_at = models.DateTimeField(_("paid at"), null=True)
    ready_at = models.DateTimeField(_("ready since"), null=True)
    shipped_at = models.DateTimeField(_("shipped at"), null=True)
    completed_at = models.DateTimeField(_("completed at"), null=True)
    ended_at = models.DateTimeField(_("cancelled or closed at"), null=True)

    objects = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ["-id"]
        default_permissions = ("add", "view")
        permissions = [
            ("cancel_order", _("Can cancel unpaid orders")),
            ("take_payment", _("Can take cash and transfers")),
            ("sell_at_counter", _("Can sell at the counter and hand over at once")),
            ("pack_order", _("Can weigh, pack and hand over orders")),
            ("note_order", _("Can add notes to orders")),
        ]
        indexes = [
            models.Index(fields=["status", "-id"], name="order_status"),
            models.Index(fields=["user", "-id"], name="order_user"),
            models.Index(fields=["delivery", "-id"], name="order_delivery"),
            # what staff entered: few among many
            models.Index(
                fields=["source", "-id"],
                name="order_by_staff",
                condition=~Q(source=Source.STOREFRONT),
            ),
            models.Index(fields=["created_at"], name="order_created"),
            models.Index(
                fields=["mobile", "-id"], name="order_mobile", condition=~Q(mobile="")
            ),
            models.Index(
                fields=["paid_at"],
                name="order_paid",
                condition=Q(paid_at__isnull=False),
            ),
            models.Index(
                fields=["expires_at"],
                name="order_expiring",
                condition=Q(status=OrderStatus.PENDING),
            ),
            models.Index(
                fields=["shipped_at"],
                name="order_on_the_way",
                condition=Q(status=OrderStatus.SHIPPED),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=OrderStatus.values), name="order_status_known"
            ),
            models.CheckConstraint(
                condition=Q(
                    goods_total__gte=0,
                    points_deduction__gte=0,
                    freight__gte=0,
                    payable__gte=0,
                    points_deduction__lte=F("goods_total"),
                ),
                name="order_amounts_positive",
            ),
            models.CheckConstraint(
                condition=Q(refunded__gte=0, refunded__lte=F("paid")),
                name="order_refunded_within_paid",
            ),
            models.CheckConstraint(
                condition=Q(points_returned__lte=F("points")),
                name="order_points_returned_within",
            ),
            # the code is what a customer says at the counter
            models.UniqueConstraint(
                fields=["pickup_code"],
                condition=Q(status=OrderStatus.READY) & ~Q(pickup_code=""),
                name="order_pickup_code_unique",
            ),
        ]

    def __str__(self) -> str:
        return self.order_no

    @property
    def is_handed_over(self) -> bool:
        """Whether the goods have left the shop."""
        return self.status in HANDED_OVER or self.shipped_at is not None

    @property
    def address(self) -> str:
        """On one line; empty for pick-up."""
        parts = (self.province, self.city, self.district, self.detail)
        return " ".join(part for part in parts if part)


class OrderLine(models.Model):
    """One goods by one selling unit, as it was when it was ordered.

    `quantity` counts selling units, `base_quantity`, `held`, `weighed` and
    `refunded_base` base units. `held` is what the stock still keeps reserved for the
    line. `paid` = amount − points_deduction, what the line contributes to the money.
    """

    # its own indexes below lead to order and goods
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="lines", db_index=False
    )
    sequence = models.PositiveSmallIntegerField()
    goods = models.ForeignKey(
        "catalog.Goods", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    code = models.CharField(_("code"), max_length=40)
    name = models.CharField(_("name"), max_length=100)
    spec = models.CharField(_("spec"), max_length=100, blank=True)
    unit = models.CharField(_("sold by"), max_length=6, choices=SellingUnit)
    unit_name = models.CharField(_("unit"), max_length=20)
    base_unit_name = models.CharField(_("base unit"), max_length=20)
    unit_size = quantity_field(_("base units in it"))
    quantity = quantity_field(_("quantity"))
    base_quantity = quantity_field(_("base quantity"))
    price = money_field(_("price"))
    amount = money_field(_("amount"))
    points = models.PositiveIntegerField(_("points"), default=0)
    points_deduction = money_field(_("points deduction"))
    paid = money_field(_("paid"))
    unit_cost = models.DecimalField(
        _("cost"), max_digits=12, decimal_places=4, null=True
    )
    points_factor = models.DecimalField(
        _("points factor"), max_digits=5, decimal_places=2, default=Decimal("1.00")
    )
    is_weighed = models.BooleanField(_("weighed"), default=False)
    weighed = quantity_field(_("real weight"), null=True)
    held = quantity_field(_("held"), default=Decimal("0.000"))
    refunded_base = quantity_field(_("refunded quantity"), default=Decimal("0.000"))
    refunded = money_field(_("refunded"))
    points_returned = models.PositiveIntegerField(_("points returned"), default=0)
    points_earned = models.PositiveIntegerField(_("points earned"), default=0)

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        ordering = ["order_id", "sequence"]
        default_permissions = ()
        indexes = [models.Index(fields=["goods", "-id"], name="orderline_goods")]
        constraints = [
            models.UniqueConstraint(
                fields=["order", "goods", "unit"], name="orderline_once"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gt=0, base_quantity__gt=0, held__gte=0),
                name="orderline_quantity_positive",
            ),
            models.CheckConstraint(
                condition=Q(refunded__gte=0, refunded__lte=F("paid")),
                name="orderline_refunded_within_paid",
            ),
            models.CheckConstraint(
                condition=Q(
                    refunded_base__gte=0, refunded_base__lte=F("base_quantity")
                ),
                name="orderline_refunded_within_quantity",
            ),
            models.CheckConstraint(
                condition=Q(points_returned__lte=F("points")),
                name="orderline_points_returned_within",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    @property
    def rest(self) -> Decimal:
        """Money that can still be refunded."""
        return self.paid - self.refunded

    @property
    def rest_base(self) -> Decimal:
        """Base units that are not refunded."""
        return self.base_quantity - self.refunded_base

    @property
    def refunded_quantity(self) -> Decimal:
        """In selling units, 3 places."""
        return (self.refunded_base / self.unit_size).quantize(Decimal("0.001"))


class OrderEvent(AppendOnlyModel):
    """A line of an order's timeline; added, never changed."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(_("what"), max_length=20, choices=Happening)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("by"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
    )
    at = models.DateTimeField(_("time"))
    details = models.JSONField(_("details"), default=dict)

    class Meta:
        verbose_name = _("order event")
        verbose_name_plural = _("order events")
        ordering = ["id"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.order_id} {self.kind}"
