"""How far an import is, told from inside its one transaction.

What the transaction writes is not seen before its end, so the number goes into a table
of its own over a connection of its own. SQLite has one writer at a time: there, and for
small batches, nothing is told and the page shows that something is at work.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper

from backoffice.sheets.models import Batch, BatchProgress

T = TypeVar("T")

#: how long to wait for a row that somebody else holds
PATIENCE = "200ms"


class Meter:
    """Counts what has passed; `through` lets chunks pass."""

    def __init__(self, batch_id: int, own: BaseDatabaseWrapper | None) -> None:
        self._batch_id, self._own, self._done = batch_id, own, 0

    def through(self, chunks: Iterable[list[T]]) -> Iterator[list[T]]:
        """The chunks as they are; each counts when the next one is asked for."""
        for chunk in chunks:
            yield chunk
            self._done += len(chunk)
            self._tell()

    def _tell(self) -> None:
        if self._own is None:
            return
        table = BatchProgress._meta.db_table
        try:
            with self._own.cursor() as cursor:
                cursor.execute(f"SET lock_timeout = '{PATIENCE}'")
                cursor.execute(
                    f'INSERT INTO "{table}" (batch_id, done) VALUES (%s, %s)'  # noqa: S608 - our own table
                    " ON CONFLICT (batch_id) DO UPDATE SET done = excluded.done",
                    [self._batch_id, self._done],
                )
        except OperationalError:
            # somebody holds the row, the work itself perhaps: it is not to wait for
            # what only tells of it
            self._own = None


@contextmanager
def meter(batch: Batch, *, from_rows: int) -> Iterator[Meter]:
    """Tell how far the batch is while it is worked on, where it has so many rows."""
    own: Any = None
    if connection.vendor == "postgresql" and batch.rows_total > from_rows:
        own = connection.copy()
    try:
        yield Meter(batch.pk, own)
    finally:
        if own is not None:
            own.close()


def done(batch: Batch) -> int:
    """Rows that the work in hand has been through, as far as it was told."""
    if batch.status == "checking":
        return batch.progress
    told = BatchProgress.objects.filter(batch_id=batch.pk).first()
    return min(told.done, batch.rows_total) if told else 0


def forget(batch: Batch) -> None:
    """Begin at nothing."""
    BatchProgress.objects.filter(batch_id=batch.pk).delete()
