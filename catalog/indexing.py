"""Keeping the search texts of goods as their rows say; the only writer of GoodsSearch.

`catalog.changes` calls it in the transaction that writes a goods. A brand that is
renamed is followed by a task, because it may stand on many goods.
"""

from collections.abc import Iterable, Iterator, Sequence

from django.db import connection, transaction

from backoffice.base.bulk import insert_rows
from catalog.lookup import locked_all
from catalog.models import Brand, Goods, GoodsSearch
from catalog.spelling import text_of

#: what the search text is made of
FIELDS = ("code", "barcode", "name", "brand_id")
#: so many goods are locked at a time
STEP = 1000


def add(many: Sequence[Goods]) -> None:
    """Of goods that were just inserted."""
    brands = _brands(many)
    rows = ((goods.pk, _text(goods, brands)) for goods in many)
    insert_rows(GoodsSearch, ["goods_id", "text"], rows)


def renew(many: Sequence[Goods]) -> None:
    """Of goods that are locked, after their names, codes or brands changed."""
    brands = _brands(many)
    GoodsSearch.objects.bulk_create(
        [GoodsSearch(goods_id=goods.pk, text=_text(goods, brands)) for goods in many],
        batch_size=STEP,
        update_conflicts=True,
        unique_fields=["goods"],
        update_fields=["text"],
    )


def rebuild(brand_id: int | None = None) -> int:
    """Write the texts of all goods, or of a brand's, anew where they differ, step by
    step, each in a transaction of its own; gives how many were wrong."""
    wrong = 0
    for ids in _steps(brand_id):
        with transaction.atomic():
            misfits = _misfits(locked_all(ids))
            renew(misfits)
        wrong += len(misfits)
    return wrong


def count_wrong() -> int:
    """How many goods have another search text than they should, or none."""
    return sum(
        len(_misfits(list(Goods.objects.filter(pk__in=ids)))) for ids in _steps(None)
    )


def _steps(brand_id: int | None) -> Iterator[list[int]]:
    """The ids of the goods in order, so many at a time."""
    rows = Goods.objects.order_by("pk")
    if brand_id is not None:
        rows = rows.filter(brand_id=brand_id)
    last = 0
    while ids := list(rows.filter(pk__gt=last).values_list("pk", flat=True)[:STEP]):
        yield ids
        last = ids[-1]


def _misfits(many: Sequence[Goods]) -> list[Goods]:
    brands = _brands(many)
    there = dict(
        GoodsSearch.objects.filter(goods__in=[goods.pk for goods in many]).values_list(
            "goods_id", "text"
        )
    )
    return [goods for goods in many if there.get(goods.pk) != _text(goods, brands)]


def _text(goods: Goods, brands: dict[int, str]) -> str:
    brand = brands[goods.brand_id] if goods.brand_id else ""
    return text_of(goods.code, goods.barcode, goods.name, brand)


def _brands(many: Iterable[Goods]) -> dict[int, str]:
    """{id: name}, read so that whoever renames one of them waits: what is written with
    the old name is committed before the task that follows the new one looks for it."""
    ids = sorted({goods.brand_id for goods in many if goods.brand_id})
    if not ids:
        return {}
    rows = Brand.objects.filter(pk__in=ids).order_by("pk").values_list("pk", "name")
    if connection.vendor != "postgresql" or not connection.in_atomic_block:
        return dict(rows)
    sql, parameters = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} FOR SHARE", parameters)
        return dict(cursor.fetchall())
