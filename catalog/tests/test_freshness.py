"""Kept pages of the storefront: seen through at once by whatever changed, kept otherwise."""

import json
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection, connections, transaction

from backoffice.accounts.tests.factories import AdminFactory, UserFactory
from backoffice.base.api.paging import Page
from catalog import freshness, listing, pricing, storefront, vocabulary
from catalog.models import Goods, StorefrontChange
from catalog.storefront import Search
from catalog.tests.factories import (
    BannerFactory,
    BrandFactory,
    GoodsFactory,
    OnSaleGoodsFactory,
)
from sales import figures
from sales.triggers import keep_figures
from stock import reservations
from stock.receiving import Incoming, receive
from stock.tests.factories import stocked_on_sale

pytestmark = pytest.mark.django_db

postgres_only = pytest.mark.skipif(
    settings.IS_SQLITE, reason="SQLite counts in one row, it has one writer at a time"
)


def look(**search):
    """What a customer is shown."""
    answer = json.loads(storefront.goods_page(Search(**search), Page()))
    return answer["data"]["items"]


@pytest.fixture
def goods():
    return stocked_on_sale(
        "10", code="A", name="红富士", brand=BrandFactory(name="佳沃")
    )


def reprice(goods):
    pricing.change_price(goods, by=AdminFactory(), price=goods.price + Decimal("0.01"))


def reserve(goods):
    with transaction.atomic():
        reservations.reserve([(goods.pk, Decimal(1))], order="O1", by=None)


def rename_word(name):
    def rename(goods):
        word = getattr(goods, name)
        word.name += "2"
        vocabulary.save(word, by=AdminFactory())

    return rename


def by_hand(table):
    def change(goods):
        column, key = {
            "catalog_goods": ("spec = 'by hand'", "id"),
            "stock_stockbalance": ("on_hand = on_hand + 1", "goods_id"),
            "sales_goodsfigures": ("volume = volume + 1", "goods_id"),
            "catalog_goodssearch": ("text = text || ' hand'", "goods_id"),
        }[table]
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {table} SET {column} WHERE {key} = %s",  # noqa: S608 - the tables above
                [goods.pk],
            )

    return change


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(reprice, id="price"),
        pytest.param(lambda g: listing.delist(g, by=AdminFactory()), id="delisted"),
        pytest.param(lambda g: OnSaleGoodsFactory(), id="listed"),
        pytest.param(
            lambda g: receive(
                [Incoming(g.pk, Decimal(5), None)], reference="R1", by=AdminFactory()
            ),
            id="received",
        ),
        pytest.param(reserve, id="reserved"),
        pytest.param(lambda g: figures.left({g.pk: Decimal(2)}), id="handed over"),
        *(
            pytest.param(rename_word(name), id=f"{name} renamed")
            for name in ("category", "brand", "unit")
        ),
        *(
            pytest.param(by_hand(table), id=f"{table} by hand")
            for table in ("catalog_goods", "stock_stockbalance", "sales_goodsfigures")
        ),
    ],
)
def test_a_change_is_seen(goods, change):
    before = look()
    assert look() == before
    change(goods)
    after = look()
    freshness.forget()
    assert before != after == look()


def test_what_goods_are_found_by_is_seen(goods):
    assert look(q="hand") == []
    by_hand("catalog_goodssearch")(goods)
    assert [item["code"] for item in look(q="hand")] == ["A"]


@pytest.mark.parametrize(
    "change",
    [
        lambda g: UserFactory(),
        lambda g: AdminFactory(),
        pytest.param(lambda g: BannerFactory(), id="banner"),
    ],
)
def test_what_is_not_shown_throws_no_page_away(
    goods, change, settings, tmp_path, django_assert_num_queries
):
    settings.MEDIA_ROOT = tmp_path
    look()
    change(goods)
    with django_assert_num_queries(1):
        look()


def test_a_change_that_is_rolled_back_throws_no_page_away(
    goods, django_assert_num_queries
):
    before = look()
    with transaction.atomic():
        reprice(goods)
        transaction.set_rollback(True)
    with django_assert_num_queries(1):
        assert look() == before


def test_a_kept_page_costs_no_query_for_half_a_second(
    goods, monkeypatch, django_assert_num_queries
):
    clock = {"now": 1000.0}
    monkeypatch.setattr(freshness.time, "monotonic", lambda: clock["now"])
    monkeypatch.setattr(freshness, "SECONDS", 0.5)
    before = look()
    reprice(goods)
    clock["now"] += 0.499
    with django_assert_num_queries(0):
        assert look() == before
    clock["now"] += 0.002
    with django_assert_num_queries(5):
        assert look() != before


def test_what_was_read_before_a_change_is_not_kept_beyond_it(goods):
    """The change commits after the page was read and before it is kept."""
    old = storefront.goods_list(Search(), Page())

    def build():
        reprice(goods)
        return json.dumps(old).encode()

    first = freshness.page("key", build)
    assert first == json.dumps(old).encode()
    assert freshness.page("key", lambda: b"new") == b"new"
    assert freshness.page("key", lambda: b"newer") == b"new"


def test_what_is_kept_under_a_state_that_passed_while_it_was_built_is_let_go(goods):
    def build():
        reprice(goods)
        # another thread saw the change meanwhile
        assert freshness.page("other", lambda: b"other") == b"other"
        return b"old"

    assert freshness.page("key", build) == b"old"
    assert freshness.page("key", lambda: b"new") == b"new"


def test_pages_make_room_for_younger_ones(monkeypatch):
    monkeypatch.setattr(freshness, "MOST_BYTES", 25)
    for key in "abc":
        freshness.page(key, lambda: b"x" * 10)
    built = []
    for key in "cba":
        freshness.page(key, lambda key=key: built.append(key) or b"x" * 10)
    assert built == ["a"]
    # one that is larger than all the room is not kept
    freshness.page("huge", lambda: b"x" * 100)
    assert freshness.page("huge", lambda: b"again") == b"again"


def test_nothing_is_kept_for_ever(monkeypatch, goods):
    clock = {"now": 1000.0}
    monkeypatch.setattr(freshness.time, "monotonic", lambda: clock["now"])
    freshness.page("key", lambda: b"old")
    clock["now"] += 59
    assert freshness.page("key", lambda: b"new") == b"old"
    clock["now"] += 2
    assert freshness.page("key", lambda: b"new") == b"new"


# --- states never come back -----------------------------------------------------------


@postgres_only
@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_no_state_comes_back_whatever_is_swept_and_whoever_commits_late():
    goods = GoodsFactory()
    states = [freshness._read()]

    def touch():
        Goods.objects.filter(pk=goods.pk).update(spec="x")

    with ThreadPoolExecutor(1) as pool:

        def aside(act):
            pool.submit(act).result(20)

        for _round in range(3):
            touch()
            states.append(freshness._read())
            # somebody notes a change, and commits only after the sweep
            with transaction.atomic():
                OnSaleGoodsFactory()
                aside(freshness.sweep)
                aside(lambda: states.append(freshness._read()))
                aside(touch)
                aside(lambda: states.append(freshness._read()))
                aside(freshness.sweep)
                aside(lambda: states.append(freshness._read()))
            states.append(freshness._read())
            freshness.sweep()
            states.append(freshness._read())
        aside(connections.close_all)
    assert len(states) == 19
    assert len(set(states)) == len(states)
    assert StorefrontChange.objects.count() == 1


@postgres_only
def test_readers_sweep_many_notes_together(monkeypatch, goods):
    monkeypatch.setattr(freshness, "MOST_NOTES", 10)
    before = look()
    for _n in range(11):
        reprice(goods)
        goods.refresh_from_db()
    assert StorefrontChange.objects.count() > 10
    assert look() != before
    assert StorefrontChange.objects.count() == 1
    assert look() == look()


@pytest.mark.skipif(not settings.IS_SQLITE, reason="PostgreSQL writes a note for each")
def test_sqlite_counts_in_one_row(goods):
    counts = []
    for _n in range(3):
        reprice(goods)
        goods.refresh_from_db()
        counts.append(StorefrontChange.objects.get().times)
    assert counts == sorted(set(counts))


@pytest.mark.skipif(not settings.IS_SQLITE, reason="PostgreSQL never loses a trigger")
def test_triggers_are_back_after_migrations_that_drop_them(goods):
    """SQLite makes a table anew to change a column, and forgets its triggers."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND"
            " (name LIKE '%is_shown%' OR name LIKE '%get_figures')"
        )
        names = sorted(name for (name,) in cursor.fetchall())
        assert len(names) == 7 * 3 + 1
        for name in names:
            cursor.execute(f"DROP TRIGGER {name}")
        for app in ("catalog", "stock", "sales"):
            apps.get_app_config(app).put_back()
        keep_figures()
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        assert {name for (name,) in cursor.fetchall()} >= set(names)
    test_a_change_is_seen(goods, rename_word("category"))
