"""Many rows at once: COPY and array updates on PostgreSQL, prepared statements elsewhere.

For rows that were checked before; no signals, no defaults beyond those that the rows
carry. Called inside a transaction.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial
from itertools import islice
from operator import attrgetter
from typing import Any, TypeVar

import orjson
from django.db import connection, models

#: below this, the ORM's one statement is as good
FEW = 50
#: rows that are made into text together
BLOCK = 1000
NULL = r"\N"

M = TypeVar("M", bound=models.Model)

_SPECIAL = re.compile(r"[\\\t\n\r]")
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
_QUOTED = str.maketrans({"\\": r"\\", '"': r"\""})
# what the library would write in a way of its own is left to the encoder
_OWN_WAY = (
    orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_SUBCLASS
)


def insert_all(model: type[models.Model], rows: Sequence[Any]) -> None:
    """Insert new instances and give them their ids.

    Lighter objects will do that have the attributes of an instance.
    """
    key = model._meta.pk
    assert key is not None  # noqa: S101 - every model has one
    names = [
        field.attname for field in model._meta.concrete_fields if not field.generated
    ]
    values = attrgetter(*names)
    if connection.vendor != "postgresql" or len(rows) < FEW:
        many = [
            row
            if isinstance(row, model)
            else model(**dict(zip(names, values(row), strict=True)))
            for row in rows
        ]
        model._default_manager.bulk_create(many, batch_size=1000)
        for row, instance in zip(rows, many, strict=True):
            setattr(row, key.attname, instance.pk)
        return
    for row, pk in zip(rows, _next_ids(model, len(rows)), strict=True):
        setattr(row, key.attname, pk)
    insert_rows(model, names, map(values, rows))
    for row in rows:
        if isinstance(row, model):
            row._state.adding = False
            row._state.db = connection.alias


def insert_few(model: type[M], rows: Sequence[M]) -> None:
    """Insert a handful of new instances in one statement and give them their ids.

    What the ORM writes, at a third of its cost: for calls that have milliseconds.
    """
    if not rows:
        return
    text, columns = _insertion(connection.vendor, model)
    written = [[field.pre_save(row, add=True) for field in columns] for row in rows]
    if connection.vendor == "postgresql":
        sql = text
        values: list[Any] = [
            _array(column, field)
            for column, field in zip(zip(*written, strict=True), columns, strict=True)
        ]
    else:
        sql = text % ", ".join([f"({', '.join(['%s'] * len(columns))})"] * len(rows))
        values = [
            field.get_db_prep_save(value, connection)
            for row in written
            for value, field in zip(row, columns, strict=True)
        ]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        for instance, (pk,) in zip(rows, cursor.fetchall(), strict=True):
            instance.pk = pk
            instance._state.adding = False
            instance._state.db = connection.alias


@cache
def _insertion(vendor: str, model: type[models.Model]) -> tuple[str, list[Any]]:
    """The statement, which takes an array for each column on PostgreSQL and the marks of
    its rows elsewhere; and its columns."""
    key = model._meta.pk
    assert key is not None  # noqa: S101 - every model has one
    quote = connection.ops.quote_name
    fields = [f for f in model._meta.local_concrete_fields if f is not key]
    names = ", ".join(quote(str(field.column)) for field in fields)
    source = "VALUES %s"
    if vendor == "postgresql":
        arrays = ", ".join(f"%s::{_type(field)}[]" for field in fields)
        source = (
            f"SELECT {names} FROM unnest({arrays})"  # noqa: S608 - names of our own tables
            f" WITH ORDINALITY AS new({names}, place__) ORDER BY place__"
        )
    return (
        f"INSERT INTO {quote(model._meta.db_table)} ({names})"
        f" {source} RETURNING {quote(str(key.column))}",
        fields,
    )


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
        every = iter(rows)
        with (
            # COPY goes past the layer that turns the driver's errors into Django's
            connection.wrap_database_errors,
            connection.cursor() as cursor,
            cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy,
        ):
            while block := list(islice(every, BLOCK)):
                copy.write(_copied(block, chosen))
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


def _copied(rows: Sequence[Sequence[Any]], fields: Sequence[models.Field]) -> str:
    """Rows as COPY reads them. Written column by column: values of one kind at a time
    cost a fraction of a conversion for each cell."""
    columns = [
        _texts(values, field)
        for values, field in zip(zip(*rows, strict=True), fields, strict=True)
    ]
    lines = map("\t".join, zip(*columns, strict=True))
    return "\n".join(lines) + "\n"


def _texts(values: Sequence[Any], field: models.Field) -> Sequence[str]:
    """The cells of one column; blanks are \\N."""
    if isinstance(field, models.JSONField):
        encode = _json_encoder(field)
        return [NULL if value is None else _safe(encode(value)) for value in values]
    kinds = set(map(type, values))
    if kinds == {str}:
        return values if not _SPECIAL.search("".join(values)) else [*map(_safe, values)]
    distinct = set(values)
    if len(distinct) == 1:
        return [_text(values[0])] * len(values)
    if len(distinct) * 2 < len(values):
        known = {value: _text(value) for value in distinct}
        return [known[value] for value in values]
    return [*map(_text, values)]


def _text(value: Any) -> str:
    return NULL if value is None else _safe(str(value))


def _safe(text: str) -> str:
    return text.translate(_ESCAPES) if _SPECIAL.search(text) else text


def _json_encoder(field: models.JSONField) -> Callable[[Any], str]:
    """As the field's own encoder writes it, several times as fast."""
    own = (field.encoder or json.JSONEncoder)()

    def encode(value: Any) -> str:
        try:
            return orjson.dumps(value, default=own.default, option=_OWN_WAY).decode()
        except TypeError:
            # an integer beyond 64 bits, a key that is no text
            return own.encode(value)

    return encode


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


def update_all(
    rows: Sequence[Any],
    names: Iterable[str],
    *,
    model: type[models.Model] | None = None,
) -> None:
    """Write the fields `names` of saved instances of one model; with `model`, of
    lighter objects that have their attributes."""
    if not rows:
        return
    model = model or type(rows[0])
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
    written = [
        _array(values, field)
        for values, field in zip(zip(*rows, strict=True), fields, strict=True)
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql, written)


def _array(values: Sequence[Any], field: Any) -> str:
    """The values of one column as PostgreSQL writes an array."""
    write = _json_encoder(field) if isinstance(field, models.JSONField) else str
    cells = (
        "NULL" if value is None else f'"{write(value).translate(_QUOTED)}"'
        for value in values
    )
    return f"{{{','.join(cells)}}}"


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
