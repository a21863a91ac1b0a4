"""Files on the file server, each with the number of those who use it."""

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
        default_permissions = ("view",)
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
