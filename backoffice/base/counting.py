"""How many rows there are, at a cost that does not grow with the table.

Few rows are counted. Where there are many, PostgreSQL's planner says about how many;
elsewhere it is only known that there are more than `MOST`.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

#: no further than this is counted
MOST = 10_000
#: what counting may cost for one page, in the planner's units (a page of a table read in
#: order is 1): some hundredths of a second
_BUDGET = 10_000.0
#: a table whose reading costs more is not read whole, even where few rows are counted
_WHOLE = 1_000.0


@dataclass(frozen=True)
class Count:
    """A number of rows: exact; or `is_about` right; or `is_more` than the number."""

    value: int
    is_about: bool = False
    is_more: bool = False

    @property
    def is_exact(self) -> bool:
        """Whether every row was counted."""
        return not (self.is_about or self.is_more)

    def __int__(self) -> int:
        return self.value

    def __str__(self) -> str:
        """For people: "321", "about 480,000", "more than 10,000"."""
        if self.is_about:
            return _("about %(count)s") % {"count": _grouped(_rounded(self.value))}
        if self.is_more:
            return _("more than %(count)s") % {"count": _grouped(self.value)}
        return _grouped(self.value)

    @property
    def plain(self) -> int | str:
        """The number where it is exact, else as `short`."""
        return self.value if self.is_exact else self.short

    @property
    def short(self) -> str:
        """For a narrow place: "321", "≈480,000", "10,000+"."""
        if self.is_about:
            return f"≈{_grouped(_rounded(self.value))}"
        return _grouped(self.value) + ("+" if self.is_more else "")


def count(rows: QuerySet[Any]) -> Count:
    """The rows of a queryset: at most two queries."""
    return count_each(rows, {"": Q()})[""]


def count_each(rows: QuerySet[Any], conditions: Mapping[str, Q]) -> dict[str, Count]:
    """{key: rows that meet its condition}: at most two queries, however many keys."""
    parts = {}
    for key, condition in conditions.items():
        part = rows.filter(condition).order_by().values("pk")[: MOST + 1]
        # a filter may know by itself that it lets nothing through
        with suppress(EmptyResultSet):
            parts[key] = part.query.sql_with_params()
    expected = _expected(parts)
    counted = _counted(_affordable(parts, expected))
    return {
        key: _judged(counted.get(key), expected.get(key)) if key in parts else Count(0)
        for key in conditions
    }


@dataclass(frozen=True)
class _Expected:
    """What the planner expects: so many rows, and what it costs to count up to `MOST`;
    whether it would read a large table one row after the other."""

    rows: int
    cost: float
    is_scan: bool = False


#: {key: a statement and its parameters}
Parts = Mapping[str, tuple[str, tuple[Any, ...]]]


def _affordable(parts: Parts, expected: Mapping[str, _Expected]) -> Parts:
    """Those that can be counted within the budget, the cheapest first; not those that
    surely are too many."""
    if not expected:
        return parts
    left, chosen = _BUDGET, {}
    for key in sorted(parts, key=lambda key: expected[key].cost):
        if expected[key].rows > 2 * MOST or expected[key].is_scan:
            continue
        left -= expected[key].cost
        if left < 0:
            break
        chosen[key] = parts[key]
    return chosen


def _judged(counted: int | None, expected: _Expected | None) -> Count:
    if counted is not None and counted <= MOST:
        return Count(counted)
    if expected is not None and (counted is None or expected.rows > MOST):
        return Count(expected.rows, is_about=True)
    return Count(MOST, is_more=True)


def _expected(parts: Parts) -> dict[str, _Expected]:
    """What the planner expects of each; nothing where the database does not tell."""
    if connection.vendor != "postgresql" or not parts:
        return {}
    sql, parameters = _united("SELECT 1", parts)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", parameters)
        [answer] = cursor.fetchone()
    plan = answer[0]["Plan"]
    branches = [plan] if len(parts) == 1 else plan["Plans"]
    return {key: _branch(branch) for key, branch in zip(parts, branches, strict=True)}


def _branch(plan: Any) -> _Expected:
    """Below the limit stands what would come without it."""
    cost, inner = float(plan["Total Cost"]), plan
    while inner["Node Type"] != "Limit" and inner.get("Plans"):
        inner = inner["Plans"][0]
    inner = inner["Plans"][0] if inner.get("Plans") else plan
    return _Expected(int(inner["Plan Rows"]), cost, _is_scan(inner))


def _is_scan(plan: Any) -> bool:
    if plan["Node Type"] == "Seq Scan" and plan["Total Cost"] > _WHOLE:
        return True
    return any(map(_is_scan, plan.get("Plans", ())))


def _counted(parts: Parts) -> dict[str, int]:
    if not parts:
        return {}
    sql, parameters = _united("SELECT COUNT(*)", parts)
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        found = [row[0] for row in cursor.fetchall()]
    return dict(zip(parts, found, strict=True))


def _united(select: str, parts: Parts) -> tuple[str, list[Any]]:
    """One statement for all, a row for each in their order."""
    statements: list[str] = []
    parameters: list[Any] = []
    for number, (sql, values) in enumerate(parts.values()):
        statements.append(f"{select} FROM ({sql}) AS part{number}")
        parameters += values
    return " UNION ALL ".join(statements), parameters


def _rounded(value: int) -> int:
    """To two digits: an expectation knows no more."""
    return round(value, 2 - len(str(value)))


def _grouped(value: int) -> str:
    # Django's Chinese has no separator, and six zeros in a row are not read
    return f"{value:,}"
