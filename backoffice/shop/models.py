"""The merchant's own values, the last of the three layers."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class ShopSetting(models.Model):
    """One value that the merchant set; without a row the environment or the default
    counts. Written only by `shop.verbs.set_value` and `shop.verbs.reset`."""

    name = models.CharField(_("name"), max_length=40, primary_key=True)
    value = models.TextField(_("value"))
    changed_at = models.DateTimeField(_("changed"), auto_now=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("by"),
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
    )

    class Meta:
        verbose_name = _("shop setting")
        verbose_name_plural = _("shop settings")
        ordering = ["name"]
        default_permissions = ("view", "change")

    def __str__(self) -> str:
        return self.name
