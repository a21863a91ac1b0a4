"""Finding goods by what a clerk types into the search field."""

from django.db.models import Q, QuerySet

from catalog.models import Goods

MOST_IDS = 1000


def find_goods(queryset: "QuerySet[Goods]", typed: str) -> "QuerySet[Goods]":
    """Those of this code (in any case) or barcode; else by words of the name or by how
    the code begins.

    A code or barcode is looked up by its index first, so that a scanner's answer does
    not wait for a search through all names.
    """
    text = " ".join(typed.split())
    if not text:
        return queryset
    if "\x00" in text or len(text) > 200:
        return queryset.none()
    if (exact := queryset.coded(text)).exists():  # type: ignore[attr-defined]
        return exact
    if (scanned := queryset.filter(barcode=text)).exists():
        return scanned
    named = Q()
    for word in text.split():
        named &= Q(name__icontains=word)
    return queryset.filter(named | Q(code__istartswith=text))


def ids_of(typed: str) -> list[int]:
    """The numbers of the goods that are meant, for logs that only hold those."""
    found = find_goods(Goods.objects.all(), typed).order_by("-pk")
    return list(found.values_list("pk", flat=True)[:MOST_IDS])
