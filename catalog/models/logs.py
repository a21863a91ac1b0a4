"""The price log and the shelf log: the history of goods, seen from one side each.

They have no tables of their own; whoever may see the history may see them.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _

from catalog.models.goods import Goods

HISTORY: Any = Goods.history.model


class PriceLog(HISTORY):
    """A row of history by which a price changed."""

    class Meta:
        proxy = True
        verbose_name = _("price change")
        verbose_name_plural = _("price log")
        default_permissions = ()
        ordering = ["-history_date", "-history_id"]


class ShelfLog(HISTORY):
    """A row of history by which a status changed."""

    class Meta:
        proxy = True
        verbose_name = _("change of status")
        verbose_name_plural = _("shelf log")
        default_permissions = ()
        ordering = ["-history_date", "-history_id"]
