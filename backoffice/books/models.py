"""The checks of the books that were made."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class BooksCheck(models.Model):
    """One check: how many balances were proved, and what differed.

    `differences` are lists of kind, object, booked and ledger, as `verify_books` prints
    them, at most `books.checks.MOST_KEPT`. Written only by `books.checks`.
    """

    at = models.DateTimeField(_("time"))
    checked = models.PositiveBigIntegerField(_("checked"))
    differing = models.PositiveBigIntegerField(_("differing"))
    differences = models.JSONField(_("differences"), default=list)
    means = models.CharField(_("means"), max_length=20, blank=True)

    class Meta:
        verbose_name = _("check of the books")
        verbose_name_plural = _("checks of the books")
        ordering = ["-id"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"
