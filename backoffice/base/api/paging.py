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


def paginate(
    found: QuerySet[Any], listed: QuerySet[Any], page: Page
) -> tuple[dict[str, Any], list[Any]]:
    """(pagination as the contract writes it, the rows of the page): two queries.

    `found` is counted; `listed` are the same rows in order, with what is shown of them.
    Past the end there are no rows; where the total is capped, the end is the cap, so
    that no page makes the database walk further.
    """
    counted = found.order_by().values("pk")[: CAP + 1].count()
    pagination = _pagination(counted, page)
    total: int = pagination["total"]
    start = (page.index - 1) * page.size
    rows = list(listed[start : min(start + page.size, total)]) if start < total else []
    return pagination, rows


def numbered(all_rows: Sequence[T], page: Page) -> tuple[dict[str, Any], Sequence[T]]:
    """The same for a short list that is at hand as a whole."""
    pagination = _pagination(len(all_rows), page)
    start = (page.index - 1) * page.size
    return pagination, all_rows[start : min(start + page.size, pagination["total"])]


def _pagination(counted: int, page: Page) -> dict[str, Any]:
    total = min(counted, CAP)
    pagination: dict[str, Any] = {
        "total": total,
        "current_page": page.index,
        "page_size": page.size,
        "page_total": -(-total // page.size),
    }
    if counted > CAP:
        pagination["total_capped"] = True
    return pagination
