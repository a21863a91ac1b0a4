"""Pages of lists that grow without end."""

from typing import Any

from django.core.paginator import Paginator
from django.utils.functional import cached_property

from backoffice.base import counting
from backoffice.base.counting import Count


class CappedPaginator(Paginator):
    """Numbers the pages of the first `MOST` rows; `total` says how many there are, as
    far as that can be had cheaply. What lies beyond is reached by key (`keyset`), where
    the order of the list allows it, and by narrowing the list."""

    @cached_property
    def total(self) -> Count:
        """All rows."""
        rows: Any = self.object_list
        return counting.count(rows)

    @cached_property
    def count(self) -> int:  # type: ignore[override]
        """Rows that have a numbered page."""
        return min(int(self.total), counting.MOST)

    @property
    def is_capped(self) -> bool:
        """Whether there are more."""
        return int(self.total) > counting.MOST or self.total.is_more
