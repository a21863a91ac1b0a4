"""Pages by key: the rows beyond a row, read off the index of the list's order.

The next page of a list is what comes after its last row, wherever in the table that is;
skipping rows by their number would read all of them first. It serves lists whose order
is made of columns of their own that are never empty, all in one direction.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models
from django.db.models import F, Func, QuerySet, Value
from django.utils import timezone

#: stands for the end of the list, where nothing comes before
END = "end"
LONGEST = 400


@dataclass(frozen=True)
class Keys:
    """The columns of a list's order; the last one tells all rows apart."""

    fields: tuple[models.Field, ...]
    is_descending: bool

    def of(self, row: models.Model) -> str:
        """Where a row stands, for an address."""
        return self.write(getattr(row, str(field.attname)) for field in self.fields)

    def write(self, values: Iterable[Any]) -> str:
        """The same of values in the order of the columns."""
        plain = [v if isinstance(v, int) else _text(v) for v in values]
        return json.dumps(plain, ensure_ascii=False, separators=(",", ":"))[1:-1]

    def read(self, text: str) -> list[Any] | None:
        """The values of `of`; None for what nobody wrote."""
        try:
            values = json.loads(f"[{text[:LONGEST]}]")
            pairs = list(zip(self.fields, values, strict=True))
            return [_read(field, value) for field, value in pairs]
        except (ValueError, TypeError, ValidationError):
            return None


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _read(field: models.Field, value: Any) -> Any:
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise TypeError(value)
    if "\x00" in str(value):
        raise ValueError(value)
    found = field.to_python(value)
    if isinstance(found, datetime) and timezone.is_naive(found):
        raise ValueError(value)
    if isinstance(found, int) and abs(found) >= 2**63:
        raise ValueError(value)
    return found


def keys_of(rows: QuerySet[Any]) -> Keys | None:
    """The columns by which a queryset is ordered, where pages by key serve it."""
    order = rows.query.order_by
    names = [name for name in order if isinstance(name, str)]
    fields = [_column(rows.model, name.lstrip("-")) for name in names]
    signs = {name.startswith("-") for name in names}
    if len(names) != len(order) or len(signs) != 1 or None in fields:
        return None
    columns = tuple(field for field in fields if field is not None)
    return Keys(columns, signs.pop()) if columns[-1].primary_key else None


def _column(model: type[models.Model], name: str) -> models.Field | None:
    """A column of its own that is never empty."""
    try:
        field: Any = model._meta.pk if name == "pk" else model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    return None if field.is_relation or field.null else field


def beyond(
    rows: QuerySet[Any], keys: Keys, values: Sequence[Any], *, backwards: bool
) -> QuerySet[Any]:
    """The rows after those values in the order of the list, or before them."""
    operator = "<" if keys.is_descending != backwards else ">"
    return rows.filter(_RowCompared(keys.fields, values, operator))


class _RowCompared(Func):
    """`(a, b) < (x, y)`: one range of an index over both."""

    output_field = models.BooleanField()
    conditional = True

    def __init__(
        self, fields: Sequence[models.Field], values: Sequence[Any], operator: str
    ) -> None:
        left = [F(str(field.name)) for field in fields]
        right = [
            Value(value, output_field=_plain(field))
            for field, value in zip(fields, values, strict=True)
        ]
        super().__init__(*left, *right)
        self.operator = operator

    def as_sql(  # type: ignore[override]
        self, compiler: Any, connection: Any, **context: Any
    ) -> Any:
        parts, parameters = [], []
        for expression in self.get_source_expressions():
            sql, values = compiler.compile(expression)
            parts.append(sql)
            parameters += values
        half = len(parts) // 2
        left, right = ", ".join(parts[:half]), ", ".join(parts[half:])
        return f"({left}) {self.operator} ({right})", parameters


def _plain(field: models.Field) -> models.Field:
    """The key's own kind, without asking the database for a next number."""
    if isinstance(field, models.AutoField | models.BigAutoField):
        return models.BigIntegerField()
    return field
