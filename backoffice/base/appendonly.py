"""Rows that are only ever added: refused by the model and the QuerySet.

The database refuses too, see `base.triggers`.
"""

from typing import Any, NoReturn

from django.db import models

from backoffice.base.triggers import MESSAGE


class AppendOnlyError(TypeError):
    """Code tried to change or delete a row of a log or ledger."""


class AppendOnlyQuerySet(models.QuerySet):
    """Adds and reads; refuses update and delete."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError(f"{self.model.__name__} {MESSAGE}")

    def delete(self) -> NoReturn:
        raise AppendOnlyError(f"{self.model.__name__} {MESSAGE}")

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError(f"{self.model.__name__} {MESSAGE}")


class AppendOnlyModel(models.Model):
    """Base of logs and ledgers; its migration adds `append_only(table)`."""

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnlyError(f"{type(self).__name__} {MESSAGE}")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError(f"{type(self).__name__} {MESSAGE}")
