"""The ledger is read off its indexes, however long it is, on both databases."""

import pytest
from django.conf import settings
from django.db import connection
from django.db.models import Sum

from stock.models import StockMovement, StockShortage, WriteOff
from stock.tests.factories import stocked

pytestmark = pytest.mark.django_db
LEDGER = StockMovement.objects


def plan(rows):
    """How the database reads these rows; small tables would be read whole."""
    if not settings.IS_SQLITE:
        with connection.cursor() as cursor:
            for way in ("seqscan", "sort", "bitmapscan"):
                cursor.execute(f"SET LOCAL enable_{way} = off")
    return rows.explain()


@pytest.mark.parametrize(
    ("rows", "index"),
    [
        (lambda: LEDGER.all()[:50], "stockmovement_at"),
        (lambda: LEDGER.filter(goods_id=1)[:50], "stockmovement_goods_at"),
        (lambda: LEDGER.filter(kind="sale")[:50], "stockmovement_kind_at"),
        (lambda: LEDGER.filter(by_id=1)[:50], "stockmovement_by_at"),
        (lambda: WriteOff.objects.all()[:50], "writeoff_at"),
        (lambda: WriteOff.objects.filter(goods_id=1)[:50], "writeoff_goods_at"),
        (lambda: WriteOff.objects.filter(cause="theft")[:50], "writeoff_cause_at"),
    ],
)
def test_lists_are_read_in_their_order(rows, index):
    stocked("10")
    found = plan(rows())
    assert index in found
    assert "TEMP B-TREE" not in found
    assert "Sort" not in found


@pytest.mark.parametrize(
    ("rows", "index"),
    [
        (
            lambda: LEDGER.filter(reference="O1").order_by(),
            # SQLite names the index of a constraint itself
            "autoindex" if settings.IS_SQLITE else "stockmovement_once",
        ),
        (
            lambda: (
                LEDGER.filter(held_for="O1", goods_id=1).exclude(held_for="").order_by()
            ),
            "stockmovement_held",
        ),
        (
            lambda: (
                LEDGER.filter(goods_id=1)
                .exclude(held_for="")
                .order_by()
                .values("held_for")
                .annotate(sum=Sum("delta_reserved"))
            ),
            "stockmovement_held",
        ),
        (
            lambda: StockShortage.objects.filter(
                goods_id=1, settled_at__isnull=True
            ).order_by("goods_id", "id"),
            "stockshortage_open",
        ),
    ],
)
def test_what_verbs_look_for_is_found_by_an_index(rows, index):
    stocked("10")
    assert index in plan(rows())
