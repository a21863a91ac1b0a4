"""Finding goods by what a clerk types into the search field."""

from typing import TYPE_CHECKING

from catalog.finding import found_by
from catalog.models import Goods

if TYPE_CHECKING:
    from django.db.models import QuerySet

MOST_IDS = 1000
#: whatever is longer was not typed
LONGEST = 200


def find_goods(queryset: "QuerySet[Goods]", typed: str) -> "QuerySet[Goods]":
    """See `catalog.finding`; all of them where nothing was typed."""
    if not typed.strip():
        return queryset
    if "\x00" in typed or len(typed) > LONGEST:
        return queryset.none()
    return found_by(queryset, typed)  # type: ignore[arg-type]


def ids_of(typed: str) -> list[int]:
    """The numbers of the goods that are meant, for logs that only hold those."""
    found = find_goods(Goods.objects.all(), typed).order_by("-pk")
    return list(found.values_list("pk", flat=True)[:MOST_IDS])
