"""How many there are of each goods, and what was lost but is still promised."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models import Goods
from stock.enums import CAPPED, MovementKind

ZERO = Decimal("0.000")


def quantity_field(label: Any, **options: Any) -> models.DecimalField:
    """Base units with 3 places."""
    return models.DecimalField(label, max_digits=12, decimal_places=3, **options)


class BalanceQuerySet(models.QuerySet["StockBalance"]):
    def with_goods(self) -> "BalanceQuerySet":
        """With the goods and its unit in the same query."""
        return self.select_related("goods", "goods__unit")


class StockBalance(models.Model):
    """What there is of one goods, in base units; written only by `stock.ledger`.

    `on_hand` is booked as being there, `reserved` is promised to orders, and
    `available`, their difference, is computed. `short` was written off or counted away
    while orders held it (open `StockShortage`s): it is still booked, though not there.
    """

    goods = models.OneToOneField(
        Goods,
        verbose_name=_("goods"),
        on_delete=models.PROTECT,
        primary_key=True,
        related_name="balance",
    )
    on_hand = quantity_field(_("on hand"), default=ZERO)
    reserved = quantity_field(_("reserved"), default=ZERO)
    short = quantity_field(_("short"), default=ZERO)
    updated_at = models.DateTimeField(_("last moved"), default=timezone.now)
    # kept by the database, for the lists: an index on the quantities themselves would
    # be written at every movement
    is_available = models.GeneratedField(
        expression=Q(on_hand__gt=F("reserved")),  # type: ignore[arg-type]
        output_field=models.BooleanField(),
        db_persist=True,
    )

    objects = BalanceQuerySet.as_manager()

    class Meta:
        verbose_name = _("stock balance")
        verbose_name_plural = _("stock balances")
        ordering = ["goods"]
        default_permissions = ("view",)
        permissions = [
            ("open_stock", _("Can enter opening stock")),
            ("adjust_stock", _("Can adjust stock by hand")),
            ("write_off", _("Can write off spoiled goods")),
        ]
        indexes = [
            models.Index(
                fields=["is_available", "goods"], name="stockbalance_available"
            ),
            models.Index(
                fields=["goods"], condition=Q(short__gt=0), name="stockbalance_short"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(reserved__gte=0, reserved__lte=F("on_hand")),
                name="stockbalance_reserved_within",
            ),
            # a shortage stays open only while orders hold everything that is booked
            models.CheckConstraint(
                condition=Q(short=0)
                | Q(short__gt=0, short__lte=F("on_hand"), reserved=F("on_hand")),
                name="stockbalance_short_held",
            ),
        ]

    def __str__(self) -> str:
        return str(self.goods)

    @property
    def available(self) -> Decimal:
        """What can still be promised."""
        return self.on_hand - self.reserved


class StockShortage(models.Model):
    """The part of a write-off or count that could not be posted, as orders hold it.

    `quantity` was left over when it opened; `posted` of it was posted since, as orders
    let go; `found` of it turned out to be there after all. What remains is the balance's
    `short`. Written only by `stock.ledger`, under the lock of the balance.
    """

    goods = models.ForeignKey(
        Goods, verbose_name=_("goods"), on_delete=models.PROTECT, related_name="+"
    )
    kind = models.CharField(_("kind"), max_length=10, choices=MovementKind)
    reference = models.CharField(_("reference"), max_length=64)
    quantity = quantity_field(_("quantity"))
    posted = quantity_field(_("posted since"), default=ZERO)
    found = quantity_field(_("found again"), default=ZERO)
    parts = models.PositiveIntegerField(default=1)
    unit_cost = models.DecimalField(
        _("unit cost"), max_digits=12, decimal_places=4, null=True
    )
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("by"),
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
    )
    opened_at = models.DateTimeField(_("opened"))
    settled_at = models.DateTimeField(_("settled"), null=True)

    class Meta:
        verbose_name = _("stock shortage")
        verbose_name_plural = _("stock shortages")
        ordering = ["-id"]
        default_permissions = ("view",)
        indexes = [
            models.Index(
                fields=["goods", "id"],
                condition=Q(settled_at__isnull=True),
                name="stockshortage_open",
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["goods", "kind", "reference"], name="stockshortage_once"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=sorted(CAPPED)), name="stockshortage_kind"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gt=0, posted__gte=0, found__gte=0),
                name="stockshortage_positive",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.goods}"

    @property
    def remaining(self) -> Decimal:
        """What is still booked though it is not there."""
        return self.quantity - self.posted - self.found
