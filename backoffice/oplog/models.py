"""One row for each act of staff and for each security event."""

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.base.appendonly import AppendOnlyModel
from backoffice.oplog.actions import action_label


class OperationLog(AppendOnlyModel):
    """Who (`by`) did which `action` on which `target`, when, by what means, from where.

    `action` is dotted and past (`goods.approved`); `data` holds what belongs to the
    act, for example `{"reason": …}` or `{"changes": {"name": [old, new]}}`. Never the
    values of personal fields. Written only by `oplog.record`.
    """

    at = models.DateTimeField(_("time"), default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("by"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    action = models.CharField(_("action"), max_length=60)
    target_type = models.CharField(_("kind of object"), max_length=60, blank=True)
    target_id = models.CharField(max_length=40, blank=True)
    target_label = models.CharField(_("object"), max_length=200, blank=True)
    data = models.JSONField(_("details"), default=dict, encoder=DjangoJSONEncoder)
    means = models.CharField(_("means"), max_length=20, blank=True)
    ip = models.GenericIPAddressField(_("address"), null=True, blank=True)
    request_id = models.CharField(_("request"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("operation log entry")
        verbose_name_plural = _("operation log")
        ordering = ["-at", "-id"]
        default_permissions = ("view",)
        # every filter of the list ends in the order of the list, so that a page is read
        # off an index; PostgreSQL has one more for the beginning of `target_label`
        indexes = [
            models.Index(fields=["-at", "-id"], name="oplog_at_id"),
            models.Index(fields=["by", "-at", "-id"], name="oplog_by_at"),
            models.Index(fields=["action", "-at", "-id"], name="oplog_action_at"),
            models.Index(fields=["means", "-at", "-id"], name="oplog_means_at"),
            models.Index(
                fields=["target_type", "target_id", "-at", "-id"],
                name="oplog_target_at",
            ),
        ]

    def __str__(self) -> str:
        return f"{action_label(self.action)} {self.target_label}".strip()
