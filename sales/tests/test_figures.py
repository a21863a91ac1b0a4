"""Every goods has its row of figures from the first moment on, so lists go by it."""

from decimal import Decimal

import pytest
from django.db import connection

from backoffice.base.api.paging import Page
from catalog import changes, storefront
from catalog.models import Goods
from catalog.storefront import Search
from catalog.tests.factories import GoodsFactory, OnSaleGoodsFactory
from sales import figures
from sales.models import GoodsFigures

pytestmark = pytest.mark.django_db


def by_sales(sign=""):
    found = storefront.goods_list(Search(ordering=f"{sign}sales"), Page())["items"]
    return [(item["code"], item["sales_volume"]) for item in found]


def test_goods_get_figures_however_they_are_made():
    one = GoodsFactory()
    like = {
        f.attname: getattr(one, f.attname)
        for f in Goods._meta.concrete_fields
        if not f.generated and not f.primary_key and f.name != "code"
    }
    many = [Goods(code=f"BULK-{n}", **like) for n in range(3)]
    changes.create_all(many, changes.Origin(by=None))
    columns = ", ".join(like)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO catalog_goods (code, {columns})"  # noqa: S608 - names of columns
            f" SELECT 'RAW', {columns} FROM catalog_goods WHERE id = %s",
            [one.pk],
        )
    assert set(GoodsFigures.objects.values_list("goods__code", "volume")) == {
        (code, Decimal(0)) for code in Goods.objects.values_list("code", flat=True)
    }


def test_the_list_by_sales_leaves_nobody_out_and_counts_what_came_back():
    goods = [OnSaleGoodsFactory(code=code) for code in "ABCD"]
    figures.left({goods[1].pk: Decimal("2.500"), goods[2].pk: Decimal(9)})
    figures.came_back({goods[2].pk: Decimal("8.001")})
    sold = [("B", "2.500"), ("C", "0.999"), ("D", "0.000"), ("A", "0.000")]
    assert by_sales("-") == sold
    assert by_sales() == sold[::-1]
