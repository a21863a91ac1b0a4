"""What one would import with otherwise: django-import-export with all that makes it fast,
previewed and imported as its admin does, into the table of `limit_import`. No history,
log or search. FILE."""

import os
import sys
import time
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
django.setup()

import tablib  # noqa: E402 - after the set-up
from common import emit  # noqa: E402 - as above
from django.db import models  # noqa: E402 - as above
from import_export import fields, resources, widgets  # noqa: E402 - as above
from import_export.instance_loaders import (  # noqa: E402 - as above
    CachedInstanceLoader,
)


class LimitCategory(models.Model):
    name = models.TextField(unique=True)

    class Meta:
        app_label, db_table, managed = "catalog", "limit_category", False

    def __str__(self) -> str:
        return self.name


class LimitGoods(models.Model):
    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=100)
    category = models.ForeignKey(LimitCategory, models.PROTECT)
    unit = models.TextField()
    barcode = models.CharField(max_length=40)
    price = models.DecimalField(max_digits=12, decimal_places=2)
    cost = models.DecimalField(max_digits=12, decimal_places=4, null=True)
    is_weighed = models.BooleanField()
    spec = models.CharField(max_length=100)
    description = models.TextField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        app_label, db_table, managed = "catalog", "limit_goods", False

    def __str__(self) -> str:
        return self.code


class Categories(widgets.ForeignKeyWidget):
    """All of them in memory, instead of a query for each row."""

    def clean(self, value: Any, row: Any = None, **options: Any) -> Any:
        if not hasattr(self, "_known"):
            self._known = {
                row.name: row for row in LimitCategory._default_manager.all()
            }
        return self._known[value]


class Sheet(resources.ModelResource):
    category = fields.Field(
        column_name="category",
        attribute="category",
        widget=Categories(LimitCategory, "name"),
    )

    class Meta:
        model = LimitGoods
        import_id_fields = ("code",)
        exclude = ("id", "updated_at")
        use_bulk = skip_diff = skip_html_diff = True
        batch_size = 1000
        instance_loader_class = CachedInstanceLoader


def main(path: str) -> None:
    began = time.perf_counter()
    rows = tablib.Dataset().load(Path(path).read_bytes(), "xlsx")
    for dry_run in (True, False):
        result = Sheet().import_data(rows, dry_run=dry_run)
        assert not result.has_errors()
        assert not result.has_validation_errors()
    emit(seconds=time.perf_counter() - began, totals=result.totals)


if __name__ == "__main__":
    main(sys.argv[1])
