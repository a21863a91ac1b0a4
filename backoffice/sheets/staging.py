"""Planned rows as rows of the database, and back."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from backoffice.base.bulk import insert_rows
from backoffice.sheets.checking import Check
from backoffice.sheets.definitions import Planned, Row, SheetDefinition
from backoffice.sheets.enums import Outcome
from backoffice.sheets.models import Batch, BatchRow

if TYPE_CHECKING:
    from django.db.models import QuerySet

CHUNK = 1000
_NAMES = (
    *("batch_id", "number", "outcome", "result", "key", "title", "target", "seen_at"),
    *("changes", "errors", "waiting", "reason"),
)
_KEPT = (
    *("number", "outcome", "key", "title", "target", "seen_at"),
    *("changes", "waiting", "reason"),
)


def stage(batch: Batch, check: Check, plans: list[Planned]) -> None:
    """Keep what these rows would do."""
    definition = check.definition
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
                dumped(definition, planned),
                check.messages(planned),
                planned.waiting,
                planned.reason,
            )
            for planned in plans
        ],
    )


def dumped(definition: SheetDefinition, planned: Planned) -> dict[str, list[Any]]:
    """The changes in the JSON form of their columns."""
    kept = {}
    for name, (old, new) in planned.changes.items():
        dump = definition.column(name).dump
        kept[name] = [
            None if old is None else dump(old),
            None if new is None else dump(new),
        ]
    return kept


def loaded(definition: SheetDefinition, kept: tuple[Any, ...]) -> Planned:
    """The plan that the values `_KEPT` of a row keep."""
    number, outcome, key, title, target, seen_at, written, waiting, why = kept
    changes = {}
    for name, (old, new) in written.items():
        load = definition.column(name).load
        changes[name] = (
            None if old is None else load(old),
            None if new is None else load(new),
        )
    return Planned(
        row=Row(number),
        outcome=Outcome(outcome),
        key=key,
        title=title,
        target=target,
        seen_at=seen_at,
        changes=changes,
        waiting=[tuple(pair) for pair in waiting],
        reason=why,
    )


def in_chunks(
    definition: SheetDefinition, rows: "QuerySet[BatchRow]"
) -> Iterator[list[Planned]]:
    """The plans of these rows in their order, some hundred at a time."""
    chunk: list[Planned] = []
    for kept in rows.values_list(*_KEPT).iterator(chunk_size=CHUNK):
        chunk.append(loaded(definition, kept))
        if len(chunk) >= CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
