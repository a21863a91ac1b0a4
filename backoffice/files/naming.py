"""Which rows of the house name a file, whatever app they are in.

Every FileField over the default store is found by itself; text columns that hold a
stored path are named here.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.files.storage import storages
from django.db import models
from django.db.models.fields.files import FileField

#: app.model.column of text that is a stored path
TEXTS = ("catalog.goods.image", "accounts.upload.path", "files.thumbnail.name")
BATCH = 500


@dataclass(frozen=True)
class Column:
    """One column that holds paths of the default store."""

    model: type[models.Model]
    name: str

    @property
    def field(self) -> Any:
        """The column itself."""
        return self.model._meta.get_field(self.name)

    @property
    def rows(self) -> models.QuerySet[Any]:
        """All rows of its table, whatever their manager hides."""
        return self.model._base_manager.all()


def columns() -> list[Column]:
    """Every column that names a file, in a fixed order."""
    found = [
        Column(model, field.name)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, FileField) and _is_default(field)
    ]
    for text in TEXTS:
        label, name = text.rsplit(".", 1)
        found.append(Column(apps.get_model(label), name))
    return sorted(found, key=lambda column: (column.model._meta.label, column.name))


def _is_default(field: FileField) -> bool:
    return field.storage == storages["default"]


def used(names: Iterable[str]) -> set[str]:
    """Those of the names that some row holds."""
    return _held(names, columns())


def owned(names: Iterable[str]) -> set[str]:
    """Those that a row holds as its own file; text that only repeats a name is none."""
    files = [c for c in columns() if isinstance(c.field, FileField)]
    return _held(names, files)


def _held(names: Iterable[str], where: list[Column]) -> set[str]:
    wanted: set[str] = set(names)
    found: set[str] = set()
    for column in where:
        left = wanted - found
        if not left:
            break
        holders = column.rows.filter(**{f"{column.name}__in": left})
        found |= set(holders.values_list(column.name, flat=True))
    return {str(name) for name in found}


def all_names() -> Iterator[str]:
    """Every name of a whole file that some row holds, some more than once; thumbnails
    follow their pictures."""
    for column in columns():
        if column.model is apps.get_model("files.thumbnail"):
            continue
        rows = column.rows.exclude(**{column.name: ""}).order_by("pk")
        for name in rows.values_list(column.name, flat=True).iterator(BATCH):
            if name:
                yield str(name)


def rename(old: str, new: str) -> int:
    """Let every row that holds the old name hold the new one; their number."""
    count = 0
    for column in columns():
        rows = column.rows.filter(**{column.name: old})
        count += rows.update(**{column.name: new})
    return count
