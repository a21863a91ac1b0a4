"""Finding goods by words: in the admin, in the storefront, in sheets' lists."""

from functools import lru_cache

from django.db import connection
from django.db.models import Q, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Upper

from backoffice.base.text import half_width
from catalog import spelling
from catalog.models import GoodsSearch
from catalog.models.goods import GoodsQuerySet

#: SQLite's full-text table over the search texts; PostgreSQL has an index on them
FULL_TEXT = f"{GoodsSearch._meta.db_table}_fts"
_MATCHING = f"SELECT rowid FROM {FULL_TEXT} WHERE {FULL_TEXT} MATCH %s"  # noqa: S608 - a name of ours


def found_by(rows: GoodsQuerySet, typed: str) -> GoodsQuerySet:
    """Those of this code (in any case) or barcode; where there are none, those in whose
    code, barcode, name or brand every word stands, as it is or as pinyin, in full or by
    initials; in any case of letters, half or full width.

    A whole code or barcode is looked up by its index first, so that a scanner's answer
    does not wait for a search, and `AP-1` does not mean `AP-10`.
    """
    whole = half_width(" ".join(typed.split()))
    exact = rows.alias(code_key=Upper("code")).filter(
        Q(code_key=Upper(Value(whole))) | Q(barcode=whole)
    )
    return exact if whole and exact.exists() else _with_words(rows, typed)


def _with_words(rows: GoodsQuerySet, typed: str) -> GoodsQuerySet:
    patterns = spelling.patterns(typed)
    if not patterns:
        return rows.none()
    if connection.vendor == "sqlite" and _has_full_text(
        str(connection.settings_dict["NAME"])
    ):
        words = " AND ".join('"' + p.replace('"', '""') + '"' for p in patterns)
        return rows.filter(pk__in=RawSQL(_MATCHING, [words]))  # noqa: S611 - as above
    condition = Q()
    for pattern in patterns:
        condition &= Q(search__text__contains=pattern)
    return rows.filter(condition)


@lru_cache(maxsize=4)
def _has_full_text(database: str) -> bool:
    """Whether this SQLite knows triples (since 3.34); without it, texts are read."""
    with connection.cursor() as cursor:
        return FULL_TEXT in connection.introspection.table_names(cursor)
