"""Pages of lists that grow without end."""

import json
from typing import Any

from django.core.paginator import Paginator
from django.db import connections
from django.db.models import QuerySet
from django.utils.functional import cached_property

MOST = 10_000


class CappedPaginator(Paginator):
    """Counts no further than `MOST` rows, so that a page costs the same in any table.

    `is_capped` says that there are more; who looks for older rows narrows the list.
    """

    @cached_property
    def _capped_count(self) -> int:
        rows: Any = self.object_list
        # in any order: the first rows in order would have to be sorted
        return int(rows.order_by()[: MOST + 1].count())

    @cached_property
    def count(self) -> int:  # type: ignore[override]
        """Rows that can be paged through."""
        return min(self._capped_count, MOST)

    @property
    def is_capped(self) -> bool:
        """Whether there are more rows than can be paged through."""
        return self._capped_count > MOST


def estimated_count(queryset: QuerySet) -> int | None:
    """How many rows there are: exact up to `MOST`, then as PostgreSQL's planner thinks,
    to two digits; None where nobody thinks anything."""
    counted = queryset.order_by()[: MOST + 1].count()
    if counted <= MOST:
        return int(counted)
    if connections[queryset.db].vendor != "postgresql":
        return None
    plan = json.loads(queryset.order_by().explain(format="json"))
    rows = int(plan[0]["Plan"]["Plan Rows"])
    return max(MOST, round(rows, 2 - len(str(rows))))
