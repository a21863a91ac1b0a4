"""What the history of a goods keeps beside the row itself.

The price log and the shelf log are read from it, so it carries how a change came in
(`means`, `reference`) and what was before, filled at the moment of writing.
"""

from typing import Any, NoReturn

from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from backoffice.base.appendonly import AppendOnlyError, AppendOnlyQuerySet
from catalog.enums import GoodsStatus, Means


class HistoryBase(models.Model):
    """`old_*` hold the value before wherever the row changed it; whether it did say
    `price_changed` and `status_changed` (a case price may change from nothing).
    `reference` names the run or batch. Written only by `catalog.changes`."""

    means = models.CharField(
        _("means"), max_length=10, choices=Means, default=Means.HAND
    )
    reference = models.CharField(_("reference"), max_length=40, blank=True)
    old_price = models.DecimalField(
        _("price before"), max_digits=12, decimal_places=2, null=True
    )
    old_case_price = models.DecimalField(
        _("case price before"), max_digits=12, decimal_places=2, null=True
    )
    old_status = models.CharField(
        _("status before"), max_length=10, choices=GoodsStatus, blank=True
    )
    price_changed = models.BooleanField(default=False)
    status_changed = models.BooleanField(default=False)
    content_changed = models.BooleanField(default=False)

    objects: Any = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnlyError("The history of goods is never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError("The history of goods is never deleted.")


class GoodsRecords(HistoricalRecords):
    """simple-history, with only the indexes that the logs use."""

    def copy_fields(self, model: type[models.Model]) -> dict[str, models.Field]:
        """The goods' fields without their indexes, which nothing would query."""
        fields: dict[str, models.Field] = super().copy_fields(model)
        for field in fields.values():
            if not field.primary_key:
                field.db_index = False  # type: ignore[attr-defined]
        return fields

    def get_meta_options(self, model: type[models.Model]) -> dict[str, Any]:
        """Adds the indexes of the two logs and of one goods' history."""
        options: dict[str, Any] = super().get_meta_options(model)
        options["default_permissions"] = ("view",)
        options["verbose_name"] = _("goods history")
        options["verbose_name_plural"] = _("goods history")
        options["indexes"] = [
            models.Index(fields=["id", "-history_id"], name="goodshistory_goods"),
            *_log_indexes("price"),
            *_log_indexes("status"),
            _log_index("status", "to", "status"),
        ]
        return options


def _log_indexes(log: str) -> list[models.Index]:
    """In the order of the log: all its rows, one person's, one means'."""
    return [
        _log_index(log, ""),
        _log_index(log, "by", "history_user"),
        _log_index(log, "means", "means"),
    ]


def _log_index(log: str, name: str, *fields: str) -> models.Index:
    return models.Index(
        fields=[*fields, "-history_date", "-history_id"],
        condition=models.Q(**{f"{log}_changed": True}),
        name="_".join(filter(None, ("goodshistory", log, name))),
    )
