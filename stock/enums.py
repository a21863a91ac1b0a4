"""The words of stock; anyone may import them."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class MovementKind(models.TextChoices):
    """Why a balance moved (DOMAIN 4)."""

    OPENING = "opening", _("Opening")
    RECEIPT = "receipt", _("Receipt")
    RESERVE = "reserve", _("Reserve")
    RELEASE = "release", _("Release")
    SALE = "sale", _("Sale")
    RETURN = "return", _("Return")
    SPOILAGE = "spoilage", _("Spoilage")
    STOCKTAKE = "stocktake", _("Stocktake")
    ADJUSTMENT = "adjustment", _("Adjustment")


#: kinds that may be the first of a goods, so that its balance is made by them
OPENERS = frozenset(
    {
        MovementKind.OPENING,
        MovementKind.RECEIPT,
        MovementKind.RETURN,
        MovementKind.STOCKTAKE,
        MovementKind.ADJUSTMENT,
    }
)
#: kinds that may find less to take away than they ask; the rest stays as a shortage
CAPPED = frozenset({MovementKind.SPOILAGE, MovementKind.STOCKTAKE})


class LossReason(models.TextChoices):
    """Why goods were written off."""

    ROTTEN = "rotten", _("Rotten")
    BRUISED = "bruised", _("Bruised")
    TASTING = "tasting", _("Tasting")
    STAFF = "staff", _("Staff use")
    THEFT = "theft", _("Theft")
    WEIGHT_LOSS = "weight_loss", _("Weight loss")
    OTHER = "other", _("Other")


class SoldKind(models.TextChoices):
    """Which way a line of the sales history goes."""

    SALE = "sale", _("Sold")
    RETURN = "return", _("Taken back")


class SoldSource(models.TextChoices):
    """Where a line of the sales history comes from."""

    HISTORY = "history", _("Imported")
    ORDER = "order", _("Orders")
