"""Reads whose SQL is written once.

Where a call has milliseconds, the ORM takes longer to write a query than the database to
answer it. The query stays the ORM's; only its text is kept, one for each database and
each length of the lists that are asked for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction

Given = int | Sequence[int]
#: stands for an argument while the text is written; no key of ours is as large
_MARK = 1 << 62


@dataclass(frozen=True, slots=True)
class _Statement:
    sql: str
    #: a constant, or the place of an argument
    parameters: tuple[tuple[Any, int | None], ...]
    #: column → what makes the database's value ours
    converters: tuple[tuple[int, Sequence[Callable[..., Any]], Any], ...]
    locks: bool


class Compiled:
    """Rows of a query (`values_list`) by integers and lists of them.

    `build` gets the arguments and gives the query; it may compare with them, and decide
    nothing by them.
    """

    def __init__(self, build: Callable[..., Any]) -> None:
        self._build = build
        self._known: dict[tuple[Any, ...], _Statement] = {}

    def __call__(self, *given: Given) -> list[tuple[Any, ...]]:
        """The rows, read now."""
        values: list[int] = []
        shape: list[Any] = [connection.vendor]
        for argument in given:
            if isinstance(argument, int):
                shape.append(None)
                values.append(argument)
            else:
                shape.append(len(argument))
                values += argument
        key = tuple(shape)
        statement = self._known.get(key)
        if statement is None:
            try:
                statement = self._known[key] = self._compile(key[1:])
            except EmptyResultSet:
                return []
        if statement.locks and connection.get_autocommit():
            raise transaction.TransactionManagementError(
                "rows are locked only inside a transaction"
            )
        with connection.cursor() as cursor:
            cursor.execute(
                statement.sql,
                [
                    constant if place is None else values[place]
                    for constant, place in statement.parameters
                ],
            )
            rows = cursor.fetchall()
        return _converted(rows, statement) if statement.converters else rows

    def _compile(self, shape: Sequence[int | None]) -> _Statement:
        marks: list[Any] = []
        count = 0
        for length in shape:
            size = 1 if length is None else length
            wanted = [_MARK + count + place for place in range(size)]
            marks.append(wanted[0] if length is None else wanted)
            count += size
        query = self._build(*marks).query
        compiler = query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        chosen = [column for column, _sql, _alias in compiler.select]
        return _Statement(
            sql,
            tuple((value, _place(value, count)) for value in parameters),
            tuple(
                (column, tuple(converts), expression)
                for column, (converts, expression) in compiler.get_converters(
                    chosen
                ).items()
            ),
            query.select_for_update and connection.features.has_select_for_update,
        )


def _place(value: Any, count: int) -> int | None:
    is_mark = isinstance(value, int) and _MARK <= value < _MARK + count
    return int(value) - _MARK if is_mark else None


def _converted(
    rows: Sequence[Sequence[Any]], statement: _Statement
) -> list[tuple[Any, ...]]:
    found = []
    for row in rows:
        values = list(row)
        for column, converts, expression in statement.converters:
            for convert in converts:
                values[column] = convert(values[column], expression, connection)
        found.append(tuple(values))
    return found
