"""The words of sheets; anyone may import them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

#: how long a task may take that is one transaction or one file: a sheet of 200,000 rows
#: takes a minute, on a busy machine ten. Given out again meanwhile, it is found in hand
LONG = {"timeout": 1500}


class BatchStatus(models.TextChoices):
    """Where a batch stands between being handed in and being taken back."""

    MAPPING = "mapping", _("Columns to be named")
    CHECKING = "checking", _("Being checked")
    CHECKED = "checked", _("Checked")
    APPLYING = "applying", _("Being imported")
    APPLIED = "applied", _("Imported")
    REFUSED = "refused", _("Refused")
    CANCELLED = "cancelled", _("Cancelled")
    UNDOING = "undoing", _("Being undone")
    UNDONE = "undone", _("Undone")


#: something is at work, or should be
BUSY = (BatchStatus.CHECKING, BatchStatus.APPLYING, BatchStatus.UNDOING)


class ExportStatus(models.TextChoices):
    """Where an export by a worker stands."""

    RUNNING = "running", _("Being written")
    DONE = "done", _("Ready")
    FAILED = "failed", _("Failed")
    GONE = "gone", _("Deleted")


class Outcome(models.TextChoices):
    """What a row of a sheet would do, or did."""

    NEW = "new", _("New")
    CHANGED = "changed", _("Changed")
    UNCHANGED = "unchanged", _("Unchanged")
    CONFLICT = "conflict", _("Conflict")
    ERROR = "error", _("Error")


class Result(models.TextChoices):
    """What became of a row when its batch was imported, and later undone."""

    NONE = "", _("Not imported")
    DONE = "done", _("Imported")
    WAITING = "waiting", _("Waits for approval")
    REFUSED = "refused", _("Refused meanwhile")
    UNDONE = "undone", _("Undone")
    KEPT = "kept", _("Kept: changed since")
