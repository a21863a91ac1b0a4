"""One of many values, asked by set: a thousand parameters take a database its time."""

from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.db.models import F, Lookup
from django.db.models.lookups import In


class AnyOf(Lookup):
    """`left = ANY(array)`: one parameter, and an index serves it. PostgreSQL only."""

    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        left, params = self.process_lhs(compiler, connection)
        return f"{left} = ANY(%s)", [*params, self.rhs]


def among(left: Any, values: Iterable[Any]) -> Lookup:
    """The condition that a column (by its name) or an expression is one of the values."""
    expression = F(left) if isinstance(left, str) else left
    every = list(values)
    if connection.vendor == "postgresql":
        return AnyOf(expression, every)
    return In(expression, every)
