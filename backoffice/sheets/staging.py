"""Planned rows as rows of the database, and back."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson
from django.db.models import TextField
from django.db.models.functions import Cast

from backoffice.base.bulk import insert_rows
from backoffice.sheets.checking import Check
from backoffice.sheets.definitions import Planned, Row, SheetDefinition
from backoffice.sheets.enums import Outcome
from backoffice.sheets.models import Batch, BatchRow

if TYPE_CHECKING:
    from django.db.models import QuerySet

#: rows that are written together; few enough to stand in memory, many enough for the
#: database to be at work while the next are made ready
CHUNK = 5000
#: values of a column that are remembered as they are read back
REMEMBERED = 20_000
_NAMES = (
    *("batch_id", "number", "outcome", "result", "key", "title", "target", "seen_at"),
    *("changes", "errors", "waiting", "reason"),
)
_KEPT = ("number", "outcome", "key", "title", "target", "seen_at", "reason")


def stage(batch: Batch, check: Check, plans: list[Planned]) -> None:
    """Keep what these rows would do."""
    dumps = {column.name: column.dump for column in check.definition.columns}
    insert_rows(
        BatchRow,
        _NAMES,
        [
            (
                batch.pk,
                planned.row.number,
                planned.outcome.value,
                "",
                planned.key[:60],
                planned.title[:120],
                planned.target,
                planned.seen_at,
                dumped(dumps, planned),
                check.messages(planned),
                planned.waiting,
                planned.reason,
            )
            for planned in plans
        ],
    )


def dumped(
    dumps: dict[str, Callable[[Any], Any]], planned: Planned
) -> dict[str, list[Any]]:
    """The changes in the JSON form of their columns."""
    return {
        name: [
            None if old is None else dumps[name](old),
            None if new is None else dumps[name](new),
        ]
        for name, (old, new) in planned.changes.items()
    }


class _Values(dict[Any, Any]):
    """The values of one column by their JSON form: columns repeat themselves."""

    def __init__(self, load: Callable[[Any], Any]) -> None:
        super().__init__({None: None})
        self._load = load

    def __missing__(self, kept: Any) -> Any:
        value = self._load(kept)
        if len(self) < REMEMBERED:
            self[kept] = value
        return value


class _Plans:
    """Makes plans again of what was kept of them."""

    def __init__(self, definition: SheetDefinition) -> None:
        self._of = {c.name: _Values(c.load) for c in definition.columns}

    def plan(
        self,
        number: int,
        outcome: str,
        key: str,
        title: str,
        target: int | None,
        seen_at: datetime | None,
        reason: str,
        changes: str,
        waiting: str,
    ) -> Planned:
        values = self._of
        return Planned(
            row=Row(number),
            outcome=Outcome(outcome),
            key=key,
            title=title,
            target=target,
            seen_at=seen_at,
            changes={
                name: (values[name][old], values[name][new])
                for name, (old, new) in orjson.loads(changes).items()
            },
            waiting=[(name, why) for name, why in orjson.loads(waiting)],
            reason=reason,
        )


def in_chunks(
    definition: SheetDefinition, rows: "QuerySet[BatchRow]"
) -> Iterator[list[Planned]]:
    """The plans of these rows in their order, some thousand at a time."""
    plan = _Plans(definition).plan
    # as text, for a reader that is faster than the field's own
    kept = rows.values_list(
        *_KEPT, Cast("changes", TextField()), Cast("waiting", TextField())
    )
    chunk: list[Planned] = []
    for row in kept.iterator(chunk_size=CHUNK):
        chunk.append(plan(*row))
        if len(chunk) >= CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
