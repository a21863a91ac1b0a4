"""Planned rows as rows of the database, and back."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from backoffice.base.bulk import insert_all
from backoffice.sheets.checking import Check
from backoffice.sheets.definitions import Planned, Row, SheetDefinition
from backoffice.sheets.enums import Outcome
from backoffice.sheets.models import Batch, BatchRow

if TYPE_CHECKING:
    from django.db.models import QuerySet

CHUNK = 1000


def stage(batch: Batch, check: Check, plans: list[Planned]) -> None:
    """Keep what these rows would do."""
    definition = check.definition
    insert_all(
        BatchRow,
        [
            BatchRow(
                batch=batch,
                number=planned.row.number,
                outcome=planned.outcome.value,
                result="",
                key=planned.key[:60],
                title=planned.title[:120],
                target=planned.target,
                seen_at=planned.seen_at,
                changes=dumped(definition, planned),
                errors=check.messages(planned),
                waiting=[[column, why] for column, why in planned.waiting],
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


def loaded(definition: SheetDefinition, row: BatchRow) -> Planned:
    """The plan that a row keeps."""
    changes = {}
    for name, (old, new) in row.changes.items():
        load = definition.column(name).load
        changes[name] = (
            None if old is None else load(old),
            None if new is None else load(new),
        )
    return Planned(
        row=Row(row.number),
        outcome=Outcome(row.outcome),
        key=row.key,
        title=row.title,
        id=row.pk,
        target=row.target,
        seen_at=row.seen_at,
        changes=changes,
        waiting=[(column, why) for column, why in row.waiting],
    )


def in_chunks(
    definition: SheetDefinition, rows: "QuerySet[BatchRow]"
) -> Iterator[list[Planned]]:
    """The plans of these rows in their order, some hundred at a time."""
    chunk: list[Planned] = []
    for row in rows.iterator(chunk_size=CHUNK):
        chunk.append(loaded(definition, row))
        if len(chunk) >= CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
