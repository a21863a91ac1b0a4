"""Words of messages and of their attempts."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class SmsStatus(models.TextChoices):
    """How a message stands."""

    QUEUED = "queued", _("Waiting")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")


class Outcome(models.TextChoices):
    """How an attempt ended; blank while it is under way."""

    SENT = "sent", _("Taken over by the vendor")
    LATER = "later", _("Not now, tried again")
    REFUSED = "refused", _("Refused for good")
    UNKNOWN = "unknown", _("No answer was seen")
