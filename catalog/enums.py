"""The words of the catalog; anyone may import them."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class GoodsStatus(models.TextChoices):
    """Where a goods stands between being entered and being sold."""

    DRAFT = "draft", _("Draft")
    PENDING = "pending", _("Awaiting review")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    ON_SALE = "on_sale", _("On sale")
    OFF_SALE = "off_sale", _("Off sale")
    ARCHIVED = "archived", _("Archived")


#: verb → (statuses it starts from, status it ends in); the only moves there are
MOVES: dict[str, tuple[tuple[GoodsStatus, ...], GoodsStatus]] = {
    "submit": ((GoodsStatus.DRAFT, GoodsStatus.REJECTED), GoodsStatus.PENDING),
    "approve": ((GoodsStatus.PENDING,), GoodsStatus.APPROVED),
    "reject": ((GoodsStatus.PENDING,), GoodsStatus.REJECTED),
    "list": ((GoodsStatus.APPROVED, GoodsStatus.OFF_SALE), GoodsStatus.ON_SALE),
    "delist": ((GoodsStatus.ON_SALE,), GoodsStatus.OFF_SALE),
    "revise": (
        (GoodsStatus.APPROVED, GoodsStatus.OFF_SALE, GoodsStatus.REJECTED),
        GoodsStatus.DRAFT,
    ),
    "archive": (
        (
            GoodsStatus.DRAFT,
            GoodsStatus.APPROVED,
            GoodsStatus.REJECTED,
            GoodsStatus.OFF_SALE,
        ),
        GoodsStatus.ARCHIVED,
    ),
    "restore": ((GoodsStatus.ARCHIVED,), GoodsStatus.DRAFT),
}

#: the permission that each verb asks for
VERB_PERMISSIONS: dict[str, str] = {
    "submit": "catalog.change_goods",
    "approve": "catalog.review_goods",
    "reject": "catalog.review_goods",
    "list": "catalog.list_goods",
    "delist": "catalog.list_goods",
    "revise": "catalog.change_goods",
    "archive": "catalog.archive_goods",
    "restore": "catalog.archive_goods",
}

VERB_LABELS = {
    "submit": _("Submit"),
    "approve": _("Approve"),
    "reject": _("Reject"),
    "list": _("List"),
    "delist": _("Delist"),
    "revise": _("Revise"),
    "archive": _("Archive"),
    "restore": _("Restore"),
}

#: while a goods stands here, those who may change goods change its content and price
EDITABLE = (GoodsStatus.DRAFT, GoodsStatus.REJECTED)
#: while a goods stands here, only reviewers change its content, and prices are guarded
REVIEWED = (
    GoodsStatus.PENDING,
    GoodsStatus.APPROVED,
    GoodsStatus.ON_SALE,
    GoodsStatus.OFF_SALE,
)


#: the reference of a row of history where the only reviewer approved their own goods
SELF_APPROVED = "self-approved"


class Means(models.TextChoices):
    """By which way a change came in; kept with each row of history."""

    HAND = "hand", _("By hand")
    SHEET = "sheet", _("Sheet")
    COMMAND = "command", _("Command line")
    SCHEDULE = "schedule", _("Schedule")
    RUN = "run", _("Repricing run")
    ROLLBACK = "rollback", _("Rollback")
    RECEIPT = "receipt", _("Receipt")


class SellingUnit(models.TextChoices):
    """What a goods is sold by: its base unit, or a whole case of it."""

    RETAIL = "retail", _("Retail")
    CASE = "case", _("Case")


class RunStatus(models.TextChoices):
    """Where a repricing run stands."""

    DRAFT = "draft", _("Draft")
    AWAITING = "awaiting", _("Awaiting approval")
    APPROVED = "approved", _("Approved")
    SCHEDULED = "scheduled", _("Scheduled")
    APPLIED = "applied", _("Applied")
    ENDED = "ended", _("Ended")
    ROLLED_BACK = "rolled_back", _("Rolled back")
    REJECTED = "rejected", _("Rejected")
    CANCELLED = "cancelled", _("Cancelled")
    STALE = "stale", _("Stale")


class RunKind(models.TextChoices):
    """What made a repricing run."""

    CHANGE = "change", _("Guarded change")
    STUDIO = "studio", _("Repricing")
    COSTS = "costs", _("Costs have moved")
    MARKDOWN = "markdown", _("Markdown")


class RuleKind(models.TextChoices):
    """What a repricing rule makes of a price."""

    SET = "set", _("Set to")
    AMOUNT = "amount", _("Change by yuan")
    PERCENT = "percent", _("Change by percent")
    MARGIN = "margin", _("Margin on cost")
    EACH = "each", _("Prices of their own")


class Direction(models.TextChoices):
    """Which way a price is rounded."""

    NEAREST = "nearest", _("To the nearest")
    UP = "up", _("Up")
    DOWN = "down", _("Down")


class LineProblem(models.TextChoices):
    """Why a line of a run cannot be applied; it is left out."""

    NO_COST = "no_cost", _("No cost is known")
    NO_PRICE = "no_price", _("There is no price to start from")
    ZERO = "zero", _("The price would be 0")
    TOO_HIGH = "too_high", _("The price would be too high")
    SAME = "same", _("Nothing would change")
    ARCHIVED = "archived", _("The goods is archived")


class Guard(models.TextChoices):
    """Which guard a price change ran into."""

    MARGIN = "margin", _("Below the smallest margin")
    CHANGE = "change", _("Beyond the largest change")


class BannerState(models.TextChoices):
    """Where a banner stands at a moment: its switch and its time window say it."""

    SHOWING = "showing", _("Showing now")
    PLANNED = "planned", _("Planned")
    OVER = "over", _("Over")
    OFF = "off", _("Off")
