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

    SALE = "sale", _("Sale")
    RETURN = "return", _("Return")


class SoldSource(models.TextChoices):
    """Where a line of the sales history comes from."""

    HISTORY = "history", _("Imported")
    ORDER = "order", _("Orders")


class AlertLevel(models.TextChoices):
    """What an alert says of a goods, the worst first."""

    SOLD_OUT = "sold_out", _("Sold out")
    LOW = "low", _("Low")
    REORDER = "reorder", _("To be ordered")


class AlertStatus(models.TextChoices):
    """How an alert stands; closed once its condition has ended."""

    OPEN = "open", _("Open")
    ACKNOWLEDGED = "acknowledged", _("Acknowledged")
    SNOOZED = "snoozed", _("Snoozed")
    CLOSED = "closed", _("Closed")


class ReplenishmentStatus(models.TextChoices):
    """How an order to a supplier stands (DOMAIN 4)."""

    DRAFT = "draft", _("Draft")
    ORDERED = "ordered", _("Ordered")
    PARTLY_RECEIVED = "partly_received", _("Partly received")
    RECEIVED = "received", _("Received")
    CANCELLED = "cancelled", _("Cancelled")


class StocktakeStatus(models.TextChoices):
    """How a stocktake stands."""

    COUNTING = "counting", _("Counting")
    COUNTED = "counted", _("Counted")
    POSTED = "posted", _("Posted")
    CANCELLED = "cancelled", _("Cancelled")
    UNDONE = "undone", _("Taken back")


#: while it is one of these, its goods are in no other stocktake
BEING_COUNTED = (StocktakeStatus.COUNTING, StocktakeStatus.COUNTED)

#: levels that phones are told of
TOLD = (AlertLevel.SOLD_OUT, AlertLevel.LOW)
