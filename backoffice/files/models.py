"""Files on the file server, each with the number of those who use it."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class FileState(models.TextChoices):
    """Where a file on the file server stands."""

    KEPT = "kept", _("kept")
    #: nobody uses it any more; whoever has set this takes it away
    GOING = "going", _("being removed")
    #: taken away; looked for once more, because a second server may bring it back
    GONE = "gone", _("removed")


class StoredFile(models.Model):
    """One file on the file server. Written only by `files.references` and its tasks.

    The server keeps equal content once, under the name it had first: several rows of
    the shop then hold one name, and `references` says how many. The file is taken away
    with the last of them.
    """

    name = models.CharField(_("name"), max_length=200, unique=True)
    size = models.PositiveBigIntegerField(_("size"))
    md5 = models.CharField(_("checksum"), max_length=32)
    references = models.PositiveIntegerField(_("used by"), default=1)
    state = models.CharField(
        _("state"), max_length=5, choices=FileState, default=FileState.KEPT
    )
    #: somebody else put it there: it is used, but never taken away
    is_foreign = models.BooleanField(_("not ours"), default=False)
    stored_at = models.DateTimeField(_("stored"))
    changed_at = models.DateTimeField(_("changed"))
    failures = models.PositiveIntegerField(_("failures"), default=0)

    class Meta:
        verbose_name = _("stored file")
        verbose_name_plural = _("stored files")
        ordering = ["-id"]
        default_permissions = ()
        indexes = [
            models.Index(
                fields=["changed_at"],
                condition=~Q(state="kept"),
                name="storedfile_leaving",
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=FileState.values), name="storedfile_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state="kept", references__gte=1)
                | Q(~Q(state="kept"), references=0),
                name="storedfile_kept_is_used",
            ),
            models.CheckConstraint(
                condition=Q(size__gt=0), name="storedfile_not_empty"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Thumbnail(models.Model):
    """A small copy of a picture on the file server; on the disk it lies beside it."""

    source = models.CharField(_("picture"), max_length=200)
    side = models.PositiveSmallIntegerField(_("longest side"))
    kind = models.CharField(_("format"), max_length=4)
    name = models.CharField(_("name"), max_length=200)

    class Meta:
        verbose_name = _("thumbnail")
        verbose_name_plural = _("thumbnails")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["source", "side", "kind"], name="thumbnail_once"
            ),
        ]
        indexes = [models.Index(fields=["name"], name="thumbnail_name")]

    def __str__(self) -> str:
        return self.name


class OrphanSearch(models.Model):
    """One look for files that nothing names, and whether they were deleted.

    Written only by `files.searching`. Files count that are older than `before`; a
    deletion has the `before` of the search that somebody saw, so that it takes nothing
    away that has only since become old enough.
    """

    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("by"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
    )
    is_removal = models.BooleanField(_("deleted"), default=False)
    before = models.DateTimeField(_("older than"))
    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), null=True)
    #: what lies on the local disk at all, whether something names it or not
    disk_files = models.PositiveIntegerField(_("files on the disk"), default=0)
    disk_bytes = models.PositiveBigIntegerField(_("bytes on the disk"), default=0)
    files = models.PositiveIntegerField(_("files"), default=0)
    bytes = models.PositiveBigIntegerField(_("size"), default=0)
    failed = models.PositiveIntegerField(_("failed"), default=0)
    #: the first of them
    names: Any = models.JSONField(default=list)
    message = models.CharField(_("what happened"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("look for unused files")
        verbose_name_plural = _("files")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("manage_files", _("Can look for files that nothing uses and delete them"))
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"
