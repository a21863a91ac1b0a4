"""Lists in pages: the total is exact up to 10,000 and never costs more than that."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import QuerySet
from django.utils.translation import gettext_noop as _
from pydantic import Field

from backoffice.base.api.schemas import CAP, Input, PageIndex, PageSize

T = TypeVar("T")


class Paged(Input):
    """The two parameters of every list."""

    page_index: PageIndex = Field(default=1, description=_("The page, counted from 1."))
    page_size: PageSize = Field(
        default=20, description=_("How many entries a page has.")
    )


@dataclass(frozen=True)
class Page:
    """Which part of a list is asked for."""

    index: int = 1
    size: int = 20

    @property
    def start(self) -> int:
        """The place of its first entry, counted from 0."""
        return (self.index - 1) * self.size

    @property
    def stop(self) -> int:
        """The place after its last entry; nobody looks further than the cap."""
        return min(self.start + self.size, CAP)


def paginate(
    found: QuerySet[Any], listed: QuerySet[Any], page: Page
) -> tuple[dict[str, Any], list[Any]]:
    """(pagination as the contract writes it, the rows of the page): two queries.

    `found` is counted; `listed` are the same rows in order, with what is shown of them.
    Past the end there are no rows; where the total is capped, the end is the cap, so
    that no page makes the database walk further.
    """
    counted = found.order_by().values("pk")[: CAP + 1].count()
    found_pages = pagination(counted, page)
    total: int = found_pages["total"]
    start, stop = page.start, min(page.stop, total)
    return found_pages, list(listed[start:stop]) if start < total else []


def numbered(all_rows: Sequence[T], page: Page) -> tuple[dict[str, Any], Sequence[T]]:
    """The same for a short list that is at hand as a whole."""
    return pagination(len(all_rows), page), all_rows[page.start : page.stop]


def pagination(counted: int, page: Page) -> dict[str, Any]:
    """Where the page stands among so many entries."""
    total = min(counted, CAP)
    place: dict[str, Any] = {
        "total": total,
        "current_page": page.index,
        "page_size": page.size,
        "page_total": -(-total // page.size),
    }
    if counted > CAP:
        place["total_capped"] = True
    return place
