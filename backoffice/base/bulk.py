"""Many rows at once: COPY and array updates on PostgreSQL, prepared statements elsewhere.

For rows that were checked before; no signals, no defaults beyond those that the rows
carry. Called inside a transaction.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import islice
from operator import attrgetter
from typing import Any

from django.db import connection, models

#: below this, the ORM's one statement is as good
FEW = 50


def insert_all(model: type[models.Model], rows: Sequence[models.Model]) -> None:
    """Insert new instances and give them their ids."""
    if connection.vendor != "postgresql" or len(rows) < FEW:
        model._default_manager.bulk_create(rows, batch_size=1000)
        return
    for row, pk in zip(rows, _next_ids(model, len(rows)), strict=True):
        row.pk = pk
    names = [field.attname for field in model._meta.concrete_fields]
    insert_rows(model, names, map(attrgetter(*names), rows))
    for row in rows:
        row._state.adding = False
        row._state.db = connection.alias


def insert_rows(
    model: type[models.Model], names: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Insert rows of values, in the order of the columns `names` (as attributes), where
    nobody needs their ids. Columns that are left out get the database's default."""
    fields = {field.attname: field for field in model._meta.concrete_fields}
    chosen = [fields[name] for name in names]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in chosen)
    table = quote(model._meta.db_table)
    if connection.vendor == "postgresql":
        ready = _converted(rows, _json_only(chosen))
        with (
            # COPY goes past the layer that turns the driver's errors into Django's
            connection.wrap_database_errors,
            connection.cursor() as cursor,
            cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy,
        ):
            for row in ready:
                copy.write_row(row)
        return
    marks = ", ".join(["%s"] * len(chosen))
    sql = f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608 - names of our own tables
    ready = list(_converted(rows, _every_conversion(chosen)))
    with connection.cursor() as cursor:
        if ready:
            cursor.executemany(sql, ready)


Conversions = list[tuple[int, Callable[[Any], Any]]]


def _converted(
    rows: Iterable[Sequence[Any]], conversions: Conversions
) -> Iterable[Sequence[Any]]:
    if not conversions:
        yield from rows
        return
    for row in rows:
        values = list(row)
        for index, convert in conversions:
            if values[index] is not None:
                values[index] = convert(values[index])
        yield values


def _json_only(fields: Sequence[models.Field]) -> Conversions:
    """COPY takes every Python value as it is, but for JSON."""
    return [
        (index, (field.encoder or json.JSONEncoder)().encode)
        for index, field in enumerate(fields)
        if isinstance(field, models.JSONField)
    ]


def _every_conversion(fields: Sequence[models.Field]) -> Conversions:
    plain = (models.CharField, models.TextField, models.IntegerField, models.ForeignKey)
    return [
        (index, partial(field.get_db_prep_save, connection=connection))
        for index, field in enumerate(fields)
        if not isinstance(field, plain)
    ]


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


def update_all(rows: Sequence[models.Model], names: Iterable[str]) -> None:
    """Write the fields `names` of saved instances of one model."""
    if not rows:
        return
    model = type(rows[0])
    fields = [model._meta.get_field(name) for name in names]
    attnames = [str(field.attname) for field in fields]  # type: ignore[union-attr]
    update_rows(model, attnames, map(attrgetter("pk", *attnames), rows))


def update_rows(
    model: type[models.Model],
    names: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    batch_size: int = 5000,
) -> None:
    """Write rows of values: the key, then the columns `names` (as attributes)."""
    fields = {field.attname: field for field in model._meta.concrete_fields}
    key = model._meta.pk
    assert key is not None  # noqa: S101 - every model has one
    chosen: list[Any] = [key, *(fields[name] for name in names)]
    write = _update_by_arrays if connection.vendor == "postgresql" else _update_each
    every = iter(rows)
    while batch := list(islice(every, batch_size)):
        write(model, chosen, batch)


def _update_by_arrays(
    model: type[models.Model], fields: Sequence[Any], rows: list[Sequence[Any]]
) -> None:
    quote = connection.ops.quote_name
    columns = [quote(field.column) for field in fields]
    arrays = ", ".join(f"%s::{_type(field)}[]" for field in fields)
    sets = ", ".join(f"{column} = new.{column}" for column in columns[1:])
    sql = (
        f"UPDATE {quote(model._meta.db_table)} AS old SET {sets}"  # noqa: S608 - names of our own tables
        f" FROM unnest({arrays}) AS new({', '.join(columns)})"
        f" WHERE old.{columns[0]} = new.{columns[0]}"
    )
    ready = list(_converted(rows, _every_conversion(fields)))
    with connection.cursor() as cursor:
        cursor.execute(sql, [list(column) for column in zip(*ready, strict=True)])


def _type(field: Any) -> str:
    """The column's type for a cast; without a length, which a cast would cut to."""
    kind = str(field.db_type(connection))
    return "text" if kind.startswith("varchar") else kind


def _update_each(
    model: type[models.Model], fields: Sequence[Any], rows: list[Sequence[Any]]
) -> None:
    quote = connection.ops.quote_name
    key, *others = (quote(str(field.column)) for field in fields)
    sets = ", ".join(f"{column} = %s" for column in others)
    table = quote(model._meta.db_table)
    sql = f"UPDATE {table} SET {sets} WHERE {key} = %s"  # noqa: S608 - as above
    ready = _converted(rows, _every_conversion(fields))
    with connection.cursor() as cursor:
        cursor.executemany(sql, [[*values, pk] for pk, *values in ready])
