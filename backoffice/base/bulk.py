"""Many rows at once: COPY and array updates on PostgreSQL, the ORM's batches elsewhere.

For rows that were checked before; no signals, no defaults beyond those that the
instances carry. Called inside a transaction.
"""

import json
from collections.abc import Iterable, Sequence
from itertools import islice
from operator import attrgetter
from typing import Any

from django.db import connection, models

#: below this, the ORM's one statement is as good
FEW = 50


def insert_all(model: type[models.Model], rows: Sequence[models.Model]) -> None:
    """Insert new instances and give them their ids, without one statement per row."""
    if connection.vendor != "postgresql" or len(rows) < FEW:
        model._default_manager.bulk_create(rows, batch_size=1000)
        return
    for row, pk in zip(rows, _next_ids(model, len(rows)), strict=True):
        row.pk = pk
    fields = model._meta.concrete_fields
    read = _reader(fields)
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    sql = f"COPY {quote(model._meta.db_table)} ({columns}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(sql) as copy:
        for row in rows:
            copy.write_row(read(row))
    for row in rows:
        row._state.adding = False
        row._state.db = connection.alias


def _next_ids(model: type[models.Model], count: int) -> list[int]:
    key = model._meta.pk
    assert key is not None  # noqa: S101 - every model has one
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
            [quote(model._meta.db_table), key.column, count],
        )
        return [row[0] for row in cursor.fetchall()]


def _reader(fields: Sequence[models.Field]) -> Any:
    """row → its values as COPY takes them; only JSON has to be written out."""
    read = attrgetter(*(field.attname for field in fields))
    spots = [
        (index, field.encoder)
        for index, field in enumerate(fields)
        if isinstance(field, models.JSONField)
    ]
    if not spots:
        return read

    def with_json(row: models.Model) -> list[Any]:
        values = list(read(row))
        for index, encoder in spots:
            if values[index] is not None:
                values[index] = json.dumps(values[index], cls=encoder)
        return values

    return with_json


def update_all(
    rows: Sequence[models.Model], names: Iterable[str], *, batch_size: int = 5000
) -> None:
    """Write the fields `names` of saved instances of one model."""
    if not rows:
        return
    model = type(rows[0])
    fields = [model._meta.get_field(name) for name in names]
    if connection.vendor != "postgresql":
        _update_each(model, rows, fields)
        return
    every = iter(rows)
    while batch := list(islice(every, batch_size)):
        _update_by_arrays(model, batch, fields)


def _update_by_arrays(
    model: type[models.Model], rows: Sequence[models.Model], fields: Sequence[Any]
) -> None:
    quote = connection.ops.quote_name
    key = model._meta.pk
    assert key is not None  # noqa: S101 - every model has one
    every = [key, *fields]
    columns = [quote(field.column) for field in every]
    arrays = ", ".join(f"%s::{_type(field)}[]" for field in every)
    sets = ", ".join(f"{column} = new.{column}" for column in columns[1:])
    sql = (
        f"UPDATE {quote(model._meta.db_table)} AS old SET {sets}"  # noqa: S608 - names of our own tables
        f" FROM unnest({arrays}) AS new({', '.join(columns)})"
        f" WHERE old.{columns[0]} = new.{columns[0]}"
    )
    values = [
        [
            field.get_db_prep_save(getattr(row, field.attname), connection)
            for row in rows
        ]
        for field in every
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def _type(field: Any) -> str:
    """The column's type for a cast; without a length, which a cast would cut to."""
    kind = str(field.db_type(connection))
    return "text" if kind.startswith("varchar") else kind


def _update_each(
    model: type[models.Model], rows: Sequence[models.Model], fields: Sequence[Any]
) -> None:
    quote = connection.ops.quote_name
    key = model._meta.pk
    assert key is not None  # noqa: S101 - every model has one
    sets = ", ".join(f"{quote(field.column)} = %s" for field in fields)
    sql = (
        f"UPDATE {quote(model._meta.db_table)} SET {sets}"  # noqa: S608 - names of our own tables
        f" WHERE {quote(str(key.column))} = %s"
    )
    with connection.cursor() as cursor:
        cursor.executemany(
            sql,
            [
                [
                    *(
                        field.get_db_prep_save(getattr(row, field.attname), connection)
                        for field in fields
                    ),
                    row.pk,
                ]
                for row in rows
            ],
        )
