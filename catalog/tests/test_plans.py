"""Lists and look-ups are served by their indexes, on both databases."""

import pytest
from django.conf import settings
from django.db import connection

from catalog import changes
from catalog.models import Goods, PriceLog, ShelfLog
from catalog.tests.factories import OnSaleGoodsFactory

pytestmark = pytest.mark.django_db


def plan(rows):
    """How the database reads these rows; small tables would be read whole."""
    if not settings.IS_SQLITE:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_sort = off")
            cursor.execute("SET LOCAL enable_bitmapscan = off")
    return rows.explain()


@pytest.mark.parametrize(
    ("rows", "index"),
    [
        (lambda: Goods.objects.coded("g1").order_by(), "goods_code_unique"),
        (lambda: Goods.objects.filter(status="on_sale").order_by("-id")[:50], "goods_status"),
        (lambda: PriceLog.objects.filter(price_changed=True)[:50], "goodshistory_price"),
        (lambda: ShelfLog.objects.filter(status_changed=True)[:50], "goodshistory_status"),
        (
            lambda: changes.HISTORY.objects.filter(id=1).order_by("-history_id")[:30],
            "goodshistory_goods",
        ),
    ],
)  # fmt: skip
def test_the_index_is_used_and_nothing_is_sorted(rows, index):
    OnSaleGoodsFactory()
    found = plan(rows())
    assert index in found
    assert "TEMP B-TREE" not in found
    assert "Sort" not in found
