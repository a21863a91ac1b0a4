"""Lists and look-ups are served by their indexes.

On PostgreSQL in a shop so large that the planner itself prefers them; SQLite, which knows
nothing of the size of its tables, prefers them anyway. What each list asks stands in
docs/queries.md.
"""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backoffice.accounts.models import User
from backoffice.accounts.tests.factories import AdminFactory
from backoffice.base.api.paging import Page
from backoffice.base.triggers import lifted
from catalog import changes, review, storefront
from catalog.admin.goods import GoodsAdmin
from catalog.models import Brand, Category, Goods, PriceLog, ShelfLog, Unit
from catalog.storefront import Search
from catalog.tests.factories import OnSaleGoodsFactory
from catalog.tests.volume import LARGE, fill

#: so many goods, and rows of each log
SIZE = 60_000
#: in the planner's units: what counting up to its limit may cost
MOST_COST = 10_000


@pytest.mark.django_db
@pytest.mark.skipif(not settings.IS_SQLITE, reason="PostgreSQL is asked at size below")
@pytest.mark.parametrize(
    ("rows", "index"),
    [
        (lambda: Goods.objects.coded("g1").order_by(), "goods_code_unique"),
        (lambda: Goods.objects.filter(barcode="69").order_by(), "goods_by_barcode"),
        (lambda: Goods.objects.filter(status="on_sale")[:50], "goods_by_status"),
        (lambda: review.queue()[:50], "goods_to_review"),
        (lambda: storefront._ordered(Goods.objects.on_sale(), "-listed_at"), "goods_on_sale"),
        (lambda: Goods.objects.filter(brand=7)[:50], "goods_by_brand"),
        (lambda: Goods.objects.filter(category=7)[:50], "goods_by_category"),
        (lambda: Goods.objects.order_by("status", "id")[:50], "goods_by_status"),
        (lambda: Goods.objects.order_by("-price_step", "-id")[:50], "goods_by_price"),
        (lambda: Goods.objects.filter(cost_state="below")[:50], "goods_by_cost_state"),
        (lambda: Goods.objects.filter(image="")[:50], "goods_without_picture"),
        (lambda: PriceLog.objects.filter(price_changed=True)[:50], "goodshistory_price"),
        (
            lambda: PriceLog.objects.filter(price_changed=True, history_user=3)[:50],
            "goodshistory_price_by",
        ),
        (
            lambda: PriceLog.objects.filter(price_changed=True, means="run")[:50],
            "goodshistory_price_means",
        ),
        (lambda: ShelfLog.objects.filter(status_changed=True)[:50], "goodshistory_status"),
        (
            lambda: ShelfLog.objects.filter(status_changed=True, status="on_sale")[:50],
            "goodshistory_status_to",
        ),
        (
            lambda: changes.HISTORY.objects.filter(id=1).order_by("-history_id")[:30],
            "goodshistory_goods",
        ),
    ],
)  # fmt: skip
def test_sqlite_reads_off_the_index_and_sorts_nothing(rows, index):
    OnSaleGoodsFactory()
    found = rows().explain()
    assert f"INDEX {index} " in f"{found} "
    assert "TEMP B-TREE" not in found


# --- PostgreSQL, at size ------------------------------------------------------------


@pytest.fixture(scope="module")
def _large_shop(django_db_setup, django_db_blocker):
    """A large shop that is there for the tests below, and then gone."""
    if settings.IS_SQLITE:
        pytest.skip("the planner of PostgreSQL")
    with django_db_blocker.unblock():
        fill(SIZE)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM")
        connection.close()
    yield
    with django_db_blocker.unblock(), lifted(), connection.cursor() as cursor:
        tables = ", ".join(
            model._meta.db_table
            for model in (*LARGE.values(), Category, Brand, Unit, User)
        )
        cursor.execute(f"TRUNCATE {tables} CASCADE")
    connection.close()


large_shop = pytest.mark.usefixtures("_large_shop")


def plans_of(ask):
    """The plans of all that is asked of the large tables."""
    with CaptureQueriesContext(connection) as queries:
        ask()
    tables = [model._meta.db_table for model in LARGE.values()]
    plans = []
    with connection.cursor() as cursor:
        for sql in (query["sql"] for query in queries):
            if sql.startswith("SELECT") and any(
                f'"{table}"' in sql for table in tables
            ):
                cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}")
                plans.append((cursor.fetchone()[0][0]["Plan"], sql))
    assert plans
    return plans


def nodes(plan):
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)


def require_indexes(ask):
    tables = {model._meta.db_table for model in LARGE.values()}
    for plan, sql in plans_of(ask):
        if plan["Total Cost"] < 20:
            continue  # it stops at one of the first rows
        for node in nodes(plan):
            assert not (
                node["Node Type"] == "Seq Scan" and node["Relation Name"] in tables
            ), sql
        # nothing reads or sorts a large part of a table on its way
        assert plan["Total Cost"] < MOST_COST, (plan["Total Cost"], sql)


GOODS, PRICES, SHELF = (
    f"/admin/catalog/{m}/" for m in ("goods", "pricelog", "shelflog")
)
LOG = "/admin/oplog/operationlog/"
PRICE, STATUS = ([*GoodsAdmin.list_display].index(name) for name in ("retail", "where"))
LISTED = [*GoodsAdmin.list_display].index("listed_since")


@large_shop
@pytest.mark.django_db
@pytest.mark.parametrize(
    "address",
    [
        GOODS,
        f"{GOODS}?p=200",
        f"{GOODS}?before=end",
        f"{GOODS}?after={SIZE // 2}",
        *(f"{GOODS}?tab={status}" for status in ("on_sale", "pending", "rejected")),
        f"{GOODS}?tab=on_sale&before=end",
        *(f"{GOODS}?{chosen}" for chosen in (
            "brand__id__exact={brand}", "category__id__exact={category}",
            "price=none", "price=-5", "price=20-50", "price=100-",
            "sold=case", "sold=weighed", "sold=retail",
            "picture=no", "picture=yes", "cost=below", "cost=unknown",
        )),
        f"{GOODS}?o={PRICE}", f"{GOODS}?o=-{PRICE}", f"{GOODS}?o={STATUS}",
        f"{GOODS}?o=-{STATUS}&before=end", f"{GOODS}?tab=on_sale&o=-{LISTED}",
        *(f"{GOODS}?q={q}" for q in (
            "V00012345", "0012345", "苹果", "梨", "hfs", "pg", "红富士 苹果", "佳", "zzz",
        )),
        f"{GOODS}?tab=draft&q=苹果",
        f"{GOODS}review/", f"{GOODS}review/?p=5", f"{GOODS}review/{{pending}}/",
        *(f"{log}{rest}" for log in (PRICES, SHELF, LOG) for rest in (
            "", "?p=200", "?before=end", "?person={person}", "?person=system",
        )),
        *(f"{log}{rest}" for log in (PRICES, SHELF) for rest in (
            "?means=hand", "?means=rollback", "?goods={goods}", "?q=V00012345", "?q=hfs",
            "?history_date_from={day}&history_date_to={day}",
            "?history_date_from={day}&person={person}",
        )),
        f"{SHELF}?to=on_sale", f"{SHELF}?to=archived",
        f"{LOG}?action=goods.repriced", f"{LOG}?action=goods.changed",
        f"{LOG}?means=run", f"{LOG}?q=V000123", f"{LOG}?object=catalog.goods:{{goods}}",
        f"{LOG}?at_from={{day}}&at_to={{day}}",
    ],
)  # fmt: skip
def test_no_page_of_a_list_reads_a_large_table(client, address):
    client.force_login(AdminFactory())
    goods = Goods.objects.order_by("pk")[SIZE // 3]
    address = address.format(
        brand=goods.brand_id or Brand.objects.first().pk,
        category=goods.category_id,
        pending=Goods.objects.filter(status="pending").order_by("pk")[SIZE // 100].pk,
        person=User.objects.get(username="clerk3").pk,
        goods=goods.pk,
        day=timezone.localdate() - timedelta(days=40),
    )

    def ask():
        assert client.get(address).status_code == 200

    require_indexes(ask)


@large_shop
@pytest.mark.django_db
@pytest.mark.parametrize(
    "search",
    [
        Search(),
        *(Search(ordering=o) for o in ("price", "-price", "sales", "-sales")),
        *(Search(in_stock=is_there) for is_there in (True, False)),
        Search(category=7),
        Search(brand=7, ordering="-price"),
        *(Search(q=q) for q in ("苹果", "梨", "hfs", "V00012345", "zzz")),
        Search(q="苹果", category=7, ordering="price"),
    ],
)
@pytest.mark.parametrize("page", [Page(), Page(100, 100)])
def test_no_page_of_the_storefront_reads_a_large_table(search, page):
    ids = dict.fromkeys(("category", "brand"))
    if search.category:
        ids["category"] = Category.objects.first().pk
    if search.brand:
        ids["brand"] = Brand.objects.first().pk
    require_indexes(lambda: storefront.goods_list(replace(search, **ids), page))


@large_shop
@pytest.mark.django_db
@pytest.mark.parametrize(
    "address", ["/admin/", "/admin/catalog/brand/", "/admin/catalog/category/"]
)
def test_no_other_page_that_counts_reads_a_large_table(client, address):
    client.force_login(AdminFactory())
    require_indexes(lambda: client.get(address))
