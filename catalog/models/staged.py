"""Pictures of a zip that wait for somebody to import them."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backoffice.sheets.models import Batch
from catalog.models.goods import GoodsPicture, picture_path


class StagedPicture(models.Model):
    """One file of a zip, checked, written anew and stored; then what became of it.

    While it waits, it holds the file; imported, it names the goods' picture that took
    the file over, which is how an undo finds it. `digest` is that of the file as it was
    handed in. Written only by `catalog.resources.picturezip`.
    """

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveIntegerField(_("row"))
    digest = models.CharField(_("checksum"), max_length=64)
    image = models.FileField(_("picture"), upload_to=picture_path, blank=True)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    picture = models.ForeignKey(
        GoodsPicture,
        verbose_name=_("goods picture"),
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
    )

    class Meta:
        verbose_name = _("picture of a zip")
        verbose_name_plural = _("pictures of zips")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "number"], name="stagedpicture_once_per_row"
            ),
            models.CheckConstraint(
                condition=Q(image="") | Q(picture__isnull=True),
                name="stagedpicture_file_or_picture",
            ),
        ]
        indexes = [
            models.Index(
                fields=["batch"],
                condition=~Q(image=""),
                name="stagedpicture_waiting",
            )
        ]

    def __str__(self) -> str:
        return f"{self.batch_id}/{self.number}"
