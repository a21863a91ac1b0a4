"""Messages and the attempts to send them."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.base.masking import mask_text
from backoffice.sms.enums import Outcome, SmsStatus
from backoffice.sms.templates import TEMPLATES


class SmsMessage(models.Model):
    """One message to one mobile; written only by `sms.sending`.

    `key` names what it is for: a second message with the same key is never made. While
    it is queued it is not tried before `due_at`; while it is being sent, `claimed_until`
    says when its worker counts as dead. `attempts` counts all, `attempts_before` those
    before somebody last had it tried again by hand.
    """

    mobile = models.CharField(_("mobile"), max_length=16)
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("recipient"),
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
    )
    template = models.CharField(_("kind of message"), max_length=40)
    params = models.JSONField(_("values"), default=list)
    text = models.CharField(_("text"), max_length=500)
    key = models.CharField(_("for"), max_length=100, null=True, unique=True)
    is_urgent = models.BooleanField(_("also in quiet hours"), default=False)
    status = models.CharField(
        _("status"), max_length=10, choices=SmsStatus, default=SmsStatus.QUEUED
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    attempts_before = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(_("next attempt"), default=timezone.now)
    claimed_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(_("made"), default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("by"),
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
    )
    sent_at = models.DateTimeField(_("sent"), null=True)
    error = models.CharField(_("what went wrong"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("SMS")
        verbose_name_plural = _("SMS")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [("manage_sms", _("Can try failed SMS again and send a test"))]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=SmsStatus.values), name="sms_status_known"
            ),
            models.CheckConstraint(
                condition=models.Q(status=SmsStatus.SENT, sent_at__isnull=False)
                | ~models.Q(status=SmsStatus.SENT) & models.Q(sent_at__isnull=True),
                name="sms_sent_has_its_time",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    status=SmsStatus.SENDING, claimed_until__isnull=False
                )
                | ~models.Q(status=SmsStatus.SENDING)
                & models.Q(claimed_until__isnull=True),
                name="sms_sending_is_claimed",
            ),
        ]
        indexes = [
            # what is to do: a handful, whatever the number of rows
            models.Index(
                "due_at",
                name="sms_to_do",
                condition=models.Q(status__in=(SmsStatus.QUEUED, SmsStatus.SENDING)),
            ),
            models.Index("status", models.F("id").desc(), name="sms_by_status"),
            models.Index("created_at", name="sms_by_day"),
            models.Index("mobile", name="sms_by_mobile"),
        ]

    def __str__(self) -> str:
        return f"{self.shown_mobile} {self.label}"

    @property
    def shown_mobile(self) -> str:
        """The number as people and logs see it: 138••••5678."""
        return mask_text(self.mobile)

    @property
    def label(self) -> str:
        """What kind of message it is, in words."""
        template = TEMPLATES.get(self.template)
        return str(template.label) if template else self.template

    @property
    def log_label(self) -> str:
        """What logs, which cannot be changed, keep of it: no number."""
        return f"SMS {self.pk}"


class SmsAttempt(models.Model):
    """One try to send a message; written before the network is asked, ended after.

    One whose end was never seen is `unknown`: the vendor may have sent it or not.
    """

    message = models.ForeignKey(
        SmsMessage, on_delete=models.CASCADE, related_name="tries"
    )
    number = models.PositiveSmallIntegerField(_("attempt"))
    started_at = models.DateTimeField(_("started"), default=timezone.now)
    ended_at = models.DateTimeField(_("ended"), null=True)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome, blank=True)
    code = models.CharField(_("the vendor's code"), max_length=100, blank=True)
    detail = models.CharField(_("the vendor's words"), max_length=300, blank=True)
    serial = models.CharField(_("the vendor's number"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ["message", "number"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint("message", "number", name="sms_attempt_once"),
        ]

    def __str__(self) -> str:
        return f"{self.message_id}-{self.number}"
