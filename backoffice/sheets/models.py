"""What was handed in, what each row of it would do and did, and how headers were read."""

import secrets
from typing import Any

from django.conf import settings
from django.core.files.storage import Storage, storages
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.sheets.enums import BatchStatus, ExportStatus, Outcome, Result


def private_storage() -> Storage:
    """Files that are never served by address."""
    return storages["private"]


def batch_path(batch: "Batch", filename: str) -> str:
    """A random ASCII name; what the file was called is kept beside it."""
    return f"sheets/{timezone.localdate():%Y%m}/{secrets.token_hex(12)}"


class Batch(models.Model):
    """One sheet that somebody handed in, from the upload to the undo.

    The number of a batch is its id; the history of what it changed names it. Written
    only by `sheets.batches`.
    """

    sheet = models.CharField(_("sheet"), max_length=20)
    file = models.FileField(_("file"), storage=private_storage, upload_to=batch_path)
    file_name = models.CharField(_("file name"), max_length=200)
    file_size = models.PositiveIntegerField(_("size"))
    status = models.CharField(
        _("status"),
        max_length=10,
        choices=BatchStatus,
        default=BatchStatus.CHECKING,
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("by"),
        on_delete=models.PROTECT,
        related_name="+",
    )
    created_at = models.DateTimeField(_("handed in"), default=timezone.now)
    applied_at = models.DateTimeField(_("imported"), null=True)
    undone_at = models.DateTimeField(_("undone"), null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("undone by"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
    )
    options = models.JSONField(default=dict)
    layout = models.JSONField(default=dict)
    #: what the person might do when the rows were checked
    abilities = models.JSONField(default=list)
    rows_total = models.PositiveIntegerField(_("rows"), default=0)
    #: rows of `rows_total` that the work in hand has been through
    progress = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(_("new"), default=0)
    changed = models.PositiveIntegerField(_("changed"), default=0)
    unchanged = models.PositiveIntegerField(_("unchanged"), default=0)
    conflicts = models.PositiveIntegerField(_("conflicts"), default=0)
    wrong = models.PositiveIntegerField(_("wrong rows"), default=0)
    errors = models.PositiveIntegerField(_("errors"), default=0)
    done = models.PositiveIntegerField(_("imported rows"), default=0)
    waiting = models.PositiveIntegerField(_("waiting for approval"), default=0)
    run = models.CharField(_("repricing run"), max_length=20, blank=True)
    message = models.TextField(_("what happened"), blank=True)

    class Meta:
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        ordering = ["-id"]
        default_permissions = ("add", "view")
        permissions = [("view_all_batches", _("Can see the batches of everybody"))]
        indexes = [
            models.Index(fields=["by", "-id"], name="batch_by"),
            models.Index(fields=["status", "-id"], name="batch_status"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=BatchStatus.values), name="batch_status_known"
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.file_name}"

    @property
    def refused_rows(self) -> int:
        """Rows that cannot be imported as they stand."""
        return self.wrong + self.conflicts


class BatchRow(models.Model):
    """What one row would do (`outcome`), and what became of it where that is not what
    became of its batch (`result`; see `became`).

    `changes` is {column: [old, new]} in the JSON form of the column (old is null in a
    new row), `errors` [[cell, message], …] (of conflicts too), `waiting` [[column,
    why], …] of what waits for approval. Written only by `sheets.batches`.
    """

    id = models.BigAutoField(primary_key=True)
    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField(_("row"))
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome)
    result = models.CharField(
        _("result"), max_length=8, choices=Result, default=Result.NONE, blank=True
    )
    key = models.CharField(_("code"), max_length=60, blank=True)
    title = models.CharField(_("name"), max_length=120, blank=True)
    target = models.BigIntegerField(null=True)
    seen_at = models.DateTimeField(null=True)
    changes = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    errors = models.JSONField(default=list)
    waiting = models.JSONField(default=list)
    reason = models.CharField(_("reason"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("row of a batch")
        verbose_name_plural = _("rows of batches")
        ordering = ["batch", "number"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "number"], name="batchrow_once_per_row"
            )
        ]

    def __str__(self) -> str:
        return f"{self.batch_id}/{self.number}"

    def became(self, batch: Batch) -> Result:
        """What became of the row: of most, what became of their batch."""
        if self.outcome not in (Outcome.NEW, Outcome.CHANGED):
            return Result(self.result)
        if batch.status == BatchStatus.UNDONE:
            return Result(self.result) if self.result == Result.KEPT else Result.UNDONE
        if batch.status in (BatchStatus.APPLIED, BatchStatus.UNDOING):
            return Result(self.result or Result.DONE)
        return Result.NONE


class BatchProgress(models.Model):
    """How many rows of a batch an import or undo has been through; see `progress`.

    No foreign key: it is written while another connection holds the batch.
    """

    batch_id = models.BigIntegerField(primary_key=True)
    done = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("progress of a batch")
        verbose_name_plural = _("progress of batches")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.batch_id}: {self.done}"


def export_path(export: "Export", filename: str) -> str:
    """A random ASCII name; the download has a speaking one."""
    return f"exports/{secrets.token_hex(12)}"


class Export(models.Model):
    """An export that a worker writes, because it has too many rows to wait for.

    `query` are the filters of the list it was asked for on. Written only by
    `sheets.exports`; the file goes after some days.
    """

    sheet = models.CharField(_("sheet"), max_length=20)
    format = models.CharField(_("format"), max_length=8)
    query = models.TextField(blank=True)
    language = models.CharField(max_length=16)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("by"),
        on_delete=models.PROTECT,
        related_name="+",
    )
    status = models.CharField(
        _("status"),
        max_length=8,
        choices=ExportStatus,
        default=ExportStatus.RUNNING,
    )
    created_at = models.DateTimeField(_("asked for"), default=timezone.now)
    finished_at = models.DateTimeField(_("finished"), null=True)
    rows_total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(_("rows"), default=0)
    file = models.FileField(
        _("file"), storage=private_storage, upload_to=export_path, blank=True
    )
    message = models.TextField(blank=True)

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        ordering = ["-id"]
        default_permissions = ()
        indexes = [models.Index(fields=["by", "-id"], name="export_by")]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=ExportStatus.values), name="export_status_known"
            )
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def file_name(self) -> str:
        """What the download is called."""
        day = timezone.localdate(self.created_at)
        return f"{self.sheet}-{day:%Y%m%d}-{self.pk}.{self.format}"


class HeaderMapping(models.Model):
    """Which heading was which field the last time that this header came in.

    `headings` is a digest of the header row, `fields` {heading: field or ""}.
    """

    sheet = models.CharField(max_length=20)
    headings = models.CharField(max_length=64)
    fields: Any = models.JSONField(default=dict)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("remembered header")
        verbose_name_plural = _("remembered headers")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["sheet", "headings"], name="headermapping_once_per_header"
            )
        ]

    def __str__(self) -> str:
        return f"{self.sheet} {self.headings[:8]}"
