"""Finding goods by words, and keeping what they are found by right."""

import json
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from io import StringIO
from threading import Event
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, transaction
from django_q.models import OrmQ

from backoffice.accounts.tests.factories import AdminFactory
from catalog import changes, editing, tasks, vocabulary
from catalog.checks import check_search_sees_chinese
from catalog.finding import found_by
from catalog.models import Brand, Goods, GoodsSearch
from catalog.tests.factories import BrandFactory, GoodsFactory

pytestmark = pytest.mark.django_db


def codes(typed):
    return {goods.code for goods in found_by(Goods.objects.all(), typed)}


def test_words_pinyin_and_initials_find_names_and_brands():
    GoodsFactory(code="A1", name="红富士苹果", brand=BrandFactory(name="佳沛"))
    GoodsFactory(code="B2", name="香梨")
    for typed in (
        "红富士",
        "苹果",
        "果",
        "hfs",
        "pg",
        "hongfushi",
        "佳沛",
        "jp",
        "苹 jp",
    ):
        assert codes(typed) == {"A1"}, typed
    assert codes("梨") == {"B2"}
    assert codes("苹果 梨") == set()
    assert codes("A1 B2") == set()


@pytest.mark.parametrize("typed", ["'", '"', '" OR "', "红%", "红_", "\\", "*", "红*"])
def test_signs_are_signs(typed):
    GoodsFactory(name="红富士苹果")
    assert codes(typed) == set()


def test_a_sign_between_letters_counts():
    GoodsFactory(code="A", name='3" 100% a_b c\\d')
    GoodsFactory(code="B", name="3x 100x axb cxd")
    for typed in ('3"10', "100%a", "a_b", "c\\d"):
        assert codes(typed) == {"A"}, typed


def test_a_whole_code_or_barcode_means_that_goods():
    GoodsFactory(code="AP-1", name="苹果")
    GoodsFactory(code="AP-10", name="苹果", barcode="69011")
    GoodsFactory(code="X", name="苹果", barcode="6901")
    assert codes("ap-1") == {"AP-1"}
    assert codes("6901") == {"X"}
    assert codes("ap") == {"AP-1", "AP-10"}
    assert codes("690") == {"AP-10", "X"}


def test_what_is_renamed_is_found_by_its_new_name_only():
    by = AdminFactory()
    goods = GoodsFactory(code="A", name="苹果")
    values = {"name": "香梨", "code": "B7", "barcode": "4711", "brand": BrandFactory()}
    editing.edit_goods(goods, values, by=by)
    assert codes("苹果") == set()
    for typed in ("香梨", "xl", "b7", "4711", "果农"):
        assert codes(typed) == {"B7"}, typed


def test_many_at_once_are_renamed_too():
    many = [GoodsFactory(name="苹果") for _ in range(3)]
    pairs = []
    for goods in many[:2]:
        pairs.append((goods, changes.snapshot(goods)))
        goods.name = "香梨"
    changes.save_all(pairs, changes.Origin(by=None))
    assert codes("xl") == {goods.code for goods in many[:2]}
    assert codes("pg") == {many[2].code}


def test_a_price_alone_leaves_the_search_alone():
    goods = GoodsFactory()
    GoodsSearch.objects.update(text=" 香香香蕉蕉蕉 ")
    before = changes.snapshot(goods)
    goods.price += 1
    changes.save(goods, before, changes.Origin(by=None))
    assert codes("香蕉") == {goods.code}


def test_a_renamed_brand_is_followed_by_a_task(monkeypatch):
    monkeypatch.setattr("catalog.indexing.STEP", 2)
    brand, by = BrandFactory(name="佳沛"), AdminFactory()
    many = {GoodsFactory(brand=brand).code for _ in range(5)}
    other = GoodsFactory(brand=BrandFactory(name="都乐"))
    brand.name = "怡颗莓"
    vocabulary.save(brand, by=by)
    [task] = [row.task for row in OrmQ.objects.all()]
    assert (task["func"], task["args"]) == ("catalog.tasks.index_brand", (brand.pk,))
    tasks.index_brand(brand.pk)
    assert codes("怡颗莓") == many
    assert codes("佳沛") == set()
    assert codes("dl") == {other.code}
    # twice is harmless
    tasks.index_brand(brand.pk)
    assert codes("ykm") == many


def test_a_brand_that_keeps_its_name_starts_no_task():
    vocabulary.save(Brand(name="佳沛"), by=AdminFactory())
    vocabulary.save(Brand.objects.get(), by=AdminFactory())
    assert not OrmQ.objects.exists()


def test_the_migration_fills_in_steps_and_goes_on_where_it_stopped(monkeypatch):
    migration = import_module("catalog.migrations.0009_fill_goods_search")
    monkeypatch.setattr(migration, "STEP", 2)
    many = [GoodsFactory(brand=BrandFactory()) for _ in range(5)]
    expected = list(GoodsSearch.objects.order_by("pk").values_list("pk", "text"))
    GoodsSearch.objects.filter(pk__gt=many[0].pk).delete()
    migration.fill(apps, SimpleNamespace(connection=connection))
    assert (
        list(GoodsSearch.objects.order_by("pk").values_list("pk", "text")) == expected
    )


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="locks of rows")
@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_brand_is_not_renamed_past_a_goods_that_is_being_entered():
    """Otherwise the task that follows the new name would not see the goods yet."""
    brand = BrandFactory(name="佳沛")
    renamed = Event()

    def rename():
        Brand.objects.filter(pk=brand.pk).update(name="怡颗莓")
        renamed.set()
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            GoodsFactory(code="A", brand=brand)
            waiting = pool.submit(rename)
            assert not renamed.wait(0.3)
        waiting.result(5)
    assert renamed.is_set()


def run(act):
    out = StringIO()
    try:
        call_command("goods_search", act, "--json", stdout=out)
    except SystemExit as ended:
        return json.loads(out.getvalue()), ended.code
    return json.loads(out.getvalue()), 0


def test_the_command_counts_and_mends_what_was_written_past_the_verbs(monkeypatch):
    monkeypatch.setattr("catalog.indexing.STEP", 2)
    many = [GoodsFactory(name="苹果") for _ in range(5)]
    assert run("check") == ({"wrong": 0}, 0)
    GoodsSearch.objects.filter(goods=many[0]).delete()
    Goods.objects.filter(pk=many[3].pk).update(name="香梨")
    assert run("check") == ({"wrong": 2}, 1)
    assert run("rebuild") == ({"wrong": 2}, 0)
    assert run("check") == ({"wrong": 0}, 0)
    assert codes("xl") == {many[3].code}
    assert len(codes("pg")) == 4


def test_the_command_says_it_in_words(capsys):
    GoodsFactory()
    call_command("goods_search", "check")
    GoodsSearch.objects.all().delete()
    with pytest.raises(SystemExit):
        call_command("goods_search", "check")
    call_command("goods_search", "rebuild")
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_without_full_text_tables_texts_are_read(monkeypatch):
    monkeypatch.setattr("catalog.finding._has_full_text", lambda database: False)
    goods = GoodsFactory(name="红富士 100%")
    assert codes("hfs") == {goods.code}
    assert codes("00%") == {goods.code}
    assert codes("00_") == set()


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="SQLite's own table")
def test_the_full_text_table_holds_what_the_texts_say():
    goods = GoodsFactory(name="苹果")
    GoodsFactory(name="香梨").search.delete()
    goods.search.text = " 香香香 "
    goods.search.save()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO catalog_goodssearch_fts(catalog_goodssearch_fts, rank)"
            " VALUES ('integrity-check', 1)"
        )


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="its locale")
def test_a_database_that_sees_chinese_gives_no_warning():
    assert check_search_sees_chinese(databases=["default"]) == []
    with connection.cursor() as cursor:
        cursor.execute("DROP EXTENSION pg_trgm CASCADE")
    assert check_search_sees_chinese(databases=["default"]) == []
    with connection.cursor() as cursor:
        # as under the locale C
        cursor.execute(
            "CREATE FUNCTION show_trgm(text) RETURNS text[] LANGUAGE sql AS"
            " $$ SELECT ARRAY[]::text[] $$"
        )
    [found] = check_search_sees_chinese(databases=["default"])
    assert found.id == "catalog.W001"
