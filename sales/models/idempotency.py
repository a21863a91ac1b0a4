"""Answers that are given again when a request comes twice."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class IdempotencyKey(models.Model):
    """One call that succeeded: its key, what was sent and what was answered.

    Inserted in the transaction of the act, so a repeat in parallel waits for the unique
    index and then reads the answer; a failure leaves nothing behind.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    path = models.CharField(max_length=120)
    key = models.CharField(max_length=64)
    digest = models.CharField(max_length=64, help_text="SHA-256 of the canonical body")
    answer = models.JSONField(null=True)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["user", "path", "key"], name="idempotency_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.path}"
