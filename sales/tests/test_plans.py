"""Lists and look-ups of sales are served by their indexes, however many orders there
are.

On PostgreSQL in a shop so large that the planner itself prefers them; SQLite, which knows
nothing of the size of its tables, prefers them anyway.
"""

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backoffice.accounts.models import User
from backoffice.accounts.tests.factories import AdminFactory
from backoffice.base.triggers import lifted
from catalog.models import Brand, Category, Unit
from catalog.tests import volume as catalog_volume
from sales.models import Order, OrderLine, PointsAccount, PointsEntry
from sales.tests.factories import ask, place, shelf
from sales.tests.volume import LARGE, fill

#: so many orders
SIZE = 60_000
GOODS = 500
#: in the planner's units: what counting up to its limit may cost
MOST_COST = 10_000
ORDERS = Order.objects
#: a balance for each customer are few beside the orders
READ_WHOLE = "accounts"


@pytest.mark.django_db
@pytest.mark.skipif(not settings.IS_SQLITE, reason="PostgreSQL is asked at size below")
@pytest.mark.parametrize(
    ("rows", "index"),
    [
        (lambda: ORDERS.filter(status="paid")[:50], "order_status"),
        (lambda: ORDERS.filter(status="paid").order_by("id")[:50], "order_status"),
        (lambda: ORDERS.filter(delivery="express")[:50], "order_delivery"),
        (
            lambda: ORDERS.exclude(source="storefront").filter(source="phone")[:50],
            "order_by_staff",
        ),
        (lambda: ORDERS.filter(user_id=7)[:50], "order_user"),
        (
            lambda: ORDERS.filter(mobile="13800138000").exclude(mobile="")[:50],
            "order_mobile",
        ),
        (
            lambda: OrderLine.objects.filter(goods=7).order_by("-id")[:50],
            "orderline_goods",
        ),
        (lambda: PointsEntry.objects.filter(user=7)[:50], "points_user"),
        (lambda: PointsEntry.objects.filter(kind="earn")[:50], "points_kind"),
        (
            lambda: PointsAccount.objects.filter(balance__lt=0).order_by("-pk")[:50],
            "points_below_zero",
        ),
    ],
)
def test_sqlite_reads_off_the_index_and_sorts_nothing(rows, index):
    place(ask(shelf(price="70.00")))
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
        catalog_volume.fill(GOODS)
        fill(SIZE)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM")
        connection.close()
    yield
    with django_db_blocker.unblock(), lifted(), connection.cursor() as cursor:
        tables = ", ".join(
            model._meta.db_table
            for model in (
                *(*LARGE.values(), *catalog_volume.LARGE.values()),
                *(Category, Brand, Unit, User),
            )
        )
        cursor.execute(f"TRUNCATE {tables} CASCADE")
    connection.close()


def plans_of(ask):
    """The plans of all that is asked of the large tables."""
    with CaptureQueriesContext(connection) as queries:
        ask()
    tables = [model._meta.db_table for model in LARGE.values()]
    plans = []
    with connection.cursor() as cursor:
        for sql in (query["sql"] for query in queries):
            if sql.startswith("SELECT") and any(f'"{t}"' in sql for t in tables):
                cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}")
                plans.append((cursor.fetchone()[0][0]["Plan"], sql))
    assert plans
    return plans


def nodes(plan):
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)


def require_indexes(ask):
    tables = {m._meta.db_table for name, m in LARGE.items() if name != READ_WHOLE}
    for plan, sql in plans_of(ask):
        if plan["Total Cost"] < 20:
            continue  # it stops at one of the first rows
        for node in nodes(plan):
            assert not (
                node["Node Type"] == "Seq Scan" and node["Relation Name"] in tables
            ), sql
        # nothing reads or sorts a large part of a table on its way
        assert plan["Total Cost"] < MOST_COST, (plan["Total Cost"], sql)


LIST, POINTS = "/admin/sales/order/", "/admin/sales/pointsentry/"
ACCOUNTS = "/admin/sales/pointsaccount/"


@pytest.mark.django_db
@pytest.mark.usefixtures("_large_shop")
@pytest.mark.parametrize(
    "address",
    [
        *(f"{LIST}{rest}" for rest in (
            "", "?p=200", "?before=end", f"?after={SIZE // 2}",
            *(f"?tab={tab}" for tab in (
                "today", "pending", "paid", "ready", "shipped", "completed", "cancelled",
                "closed",
            )),
            "?tab=completed&before=end",
            "?delivery=home", "?delivery=express", "?delivery=pickup",
            "?delivery=express&tab=paid", "?delivery=pickup&tab=completed",
            "?source=storefront", "?source=counter", "?source=phone", "?refund=open",
            "?customer={customer}",
            "?created_at_from={day}&created_at_to={day}",
            "?created_at_from={day}&created_at_to={day}&tab=cancelled",
            "?q={number}", "?q={day_digits}", "?q=13000000077", "?q=0077", "?q={code}",
            "?q=V00000003&tab=paid", "?q=zzz", "?tab=pending&q={code}",
        )),
        f"{LIST}packing/", f"{LIST}packing/?delivery=pickup",
        f"{LIST}pick-up/", f"{LIST}pick-up/?code=0077",
        *(f"{POINTS}{rest}" for rest in (
            "", "?before=end", "?kind=earn", "?kind=adjust", "?customer={customer}",
            "?at_from={day}&at_to={day}", "?q={number}",
        )),
        *(f"{ACCOUNTS}{rest}" for rest in ("", "?tab=negative", "?q=13000000077")),
        "/admin/sales/order/{order}/change/",
        "/admin/accounts/customer/{customer}/change/",
        "/admin/",
    ],
)  # fmt: skip
def test_no_page_of_sales_reads_a_large_table(client, address):
    client.force_login(AdminFactory())
    order = Order.objects.filter(user__isnull=False).order_by("pk")[SIZE // 3]
    day = timezone.localdate() - timedelta(days=40)
    address = address.format(
        order=order.pk,
        number=order.order_no,
        customer=order.user_id,
        code=OrderLine.objects.filter(order=order).first().goods.code,
        day=day,
        day_digits=f"{day:%Y%m%d}",
    )

    def ask():
        assert client.get(address).status_code == 200

    require_indexes(ask)
