"""The ledger: every change of every balance, for ever."""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backoffice.base.appendonly import AppendOnlyModel
from catalog.models import Goods
from stock.enums import MovementKind
from stock.models.balances import ZERO, quantity_field

#: what may move in which direction, for each kind (DOMAIN 4)
_DIRECTIONS = {
    MovementKind.OPENING: Q(delta_on_hand__gt=0, delta_reserved=0),
    MovementKind.RECEIPT: Q(delta_on_hand__gt=0, delta_reserved=0),
    MovementKind.RESERVE: Q(delta_on_hand=0, delta_reserved__gt=0),
    MovementKind.RELEASE: Q(delta_on_hand=0, delta_reserved__lt=0),
    MovementKind.SALE: Q(delta_on_hand__lte=0, delta_reserved__lte=0),
    MovementKind.RETURN: Q(delta_on_hand__gt=0, delta_reserved=0),
    MovementKind.SPOILAGE: Q(delta_on_hand__lt=0, delta_reserved=0),
    MovementKind.STOCKTAKE: Q(delta_reserved=0),
    MovementKind.ADJUSTMENT: Q(delta_reserved=0),
}


def _direction_of_its_kind() -> Q:
    allowed = Q()
    for kind, direction in _DIRECTIONS.items():
        allowed |= Q(kind=kind.value) & direction
    return allowed


class StockMovement(AppendOnlyModel):
    """One change of one balance: what moved, what was there afterwards, why, by whom.

    Quantities are base units. `reference` names the paper that moved it (order, receipt,
    stocktake); (goods, kind, reference) is there once. `held_for` is the order whose
    hold on the goods changed, where `delta_reserved` is not 0. `unit_cost` is what a
    base unit cost then: the price of a receipt, the goods' cost for what was lost.
    Written only by `stock.ledger`.
    """

    at = models.DateTimeField(_("time"))
    goods = models.ForeignKey(
        Goods,
        verbose_name=_("goods"),
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    kind = models.CharField(_("kind"), max_length=10, choices=MovementKind)
    reference = models.CharField(_("reference"), max_length=64)
    delta_on_hand = quantity_field(_("change"), default=ZERO)
    delta_reserved = quantity_field(_("change of reserved"), default=ZERO)
    on_hand_after = quantity_field(_("on hand after"))
    reserved_after = quantity_field(_("reserved after"))
    held_for = models.CharField(_("held for"), max_length=64, blank=True)
    unit_cost = models.DecimalField(
        _("unit cost"), max_digits=12, decimal_places=4, null=True
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("by"),
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
    )
    reason = models.CharField(_("reason"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("stock movement")
        verbose_name_plural = _("stock ledger")
        ordering = ["-at", "-id"]
        default_permissions = ("view",)
        # every filter of the list ends in the order of the list, so that a page is read
        # off an index
        indexes = [
            models.Index(fields=["-at", "-id"], name="stockmovement_at"),
            models.Index(fields=["goods", "-at", "-id"], name="stockmovement_goods_at"),
            models.Index(fields=["kind", "-at", "-id"], name="stockmovement_kind_at"),
            models.Index(
                fields=["by", "-at", "-id"],
                condition=Q(by__isnull=False),
                name="stockmovement_by_at",
            ),
            # when a goods first came in: the average of its sales begins there
            models.Index(
                fields=["goods", "at"],
                condition=Q(kind=MovementKind.RECEIPT),
                name="stockmovement_receipts",
            ),
            models.Index(
                fields=["goods", "held_for"],
                condition=~Q(held_for=""),
                name="stockmovement_held",
            ),
        ]
        constraints = [
            # the reference first: the same index finds all movements of one paper
            models.UniqueConstraint(
                fields=["reference", "goods", "kind"], name="stockmovement_once"
            ),
            models.CheckConstraint(
                condition=_direction_of_its_kind(), name="stockmovement_direction"
            ),
            models.CheckConstraint(
                condition=~Q(delta_on_hand=0, delta_reserved=0),
                name="stockmovement_moves",
            ),
            models.CheckConstraint(
                condition=Q(reserved_after__gte=0)
                & Q(reserved_after__lte=F("on_hand_after")),
                name="stockmovement_reserved_within",
            ),
            models.CheckConstraint(
                condition=Q(delta_reserved=0) | ~Q(held_for=""),
                name="stockmovement_hold_named",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.get_kind_display()}"

    @property
    def delta_available(self) -> Decimal:
        """By how much what can be promised changed."""
        return self.delta_on_hand - self.delta_reserved
