"""Sheets of other people, as docs/imports.md tells of them."""

import pytest

from backoffice.sheets.models import HeaderMapping
from catalog.models import Category, Goods

pytestmark = pytest.mark.real_data

MISSING = "--create-missing"


def maps(**fields):
    return [
        arg
        for heading, name in fields.items()
        for arg in ("--map", f"{heading}={name}")
    ]


#: file, options, (new, errors), a cell and a word of what is said of it
OUTCOMES = [
    (
        "catalogue/supermarket_fruit_veg_products_cn.csv",
        [
            MISSING,
            *maps(item_id="code", cat_l3_name="name", cat_l2_name="category"),
            *maps(平均单价="price"),
        ],
        (256, 0),
        None,
    ),
    ("catalogue/supermarket_fruit_veg_products_cn.csv", [], (0, 1), ("", "item_id")),
    ("catalogue/ifps_plu.csv", [], (0, 1), ("", "Plu")),
    (
        "catalogue/ifps_plu.csv",
        [MISSING, *maps(Plu="code", Commodity="name", Category="category")],
        (0, 1545 + 4),
        ("B2", "3000"),
    ),
    ("catalogue/plu_frutas_argentina.json", [], (0, 1), ("", "xlsx")),
    ("messy_sheets/chip_quote_2sheets.xlsx", [], (0, 1), ("", "意法半导体")),
    ("messy_sheets/goods_template_header_only.xls", [], (0, 0), None),
    (
        "messy_sheets/goods_template_merged_header.xlsx",
        [*maps(商品ID="code")],
        (0, 1),
        ("A5", ""),
    ),
    ("messy_sheets/goods_template_simple.xlsx", [MISSING], (0, 5), ("A2", "CZ0001")),
    ("messy_sheets/jxc_order.xls", [], (0, 1), ("", "条码")),
    ("messy_sheets/jxc_stock_import.xls", [], (0, 1), ("", "条码")),
    ("messy_sheets/jxc_stocktake_import.xls", [], (0, 1), ("", "条码")),
    ("messy_sheets/stationery_prices.xlsx", ["--sheet", "Sheet3"], (0, 1), ("", "")),
    ("peer_fixtures/django-oscar/books-small-semicolon.csv", [], (0, 1), ("", "code")),
    ("peer_fixtures/django-oscar/books.essential.csv", [], (0, 1), ("", "code")),
    ("peer_fixtures/shopify/apparel.csv", [], (0, 1), ("", "Variant SKU")),
    (
        "peer_fixtures/django-import-export/books-no-headers.csv",
        [],
        (0, 1),
        ("", "abc"),
    ),
    (
        "peer_fixtures/django-import-export/books.xls",
        maps(id="code"),
        (0, 1),
        ("A2", '"1"'),
    ),
    (
        "veg_supermarket/附件1.xlsx",
        [MISSING],
        (0, 251),
        ("A2", "102900005115168"),
    ),
    ("veg_supermarket/附件4.xlsx", [MISSING], (0, 251), ("A2", "102900005115168")),
    (
        "xinfadi_fruit_prices/xinfadi_fruit_2013-06_2014-12.csv.gz",
        [],
        (0, 1),
        ("", "xlsx"),
    ),
]


@pytest.mark.parametrize(("file", "options", "counts", "said"), OUTCOMES)
def test_a_sheet_of_others_has_its_outcome(
    sheet, real_data, file, options, counts, said
):
    answer = sheet(real_data / file, "--dry-run", *options)
    assert (answer.json["new"], len(answer.json["errors"])) == counts
    assert answer.status == (1 if counts[1] else 0)
    if said:
        assert said[1] in answer.messages[said[0]]
    assert not Goods.objects.exists()


def test_a_supermarkets_list_comes_in_and_its_header_is_remembered(sheet, real_data):
    file = real_data / "catalogue/supermarket_fruit_veg_products_cn.csv"
    answer = sheet(
        file,
        MISSING,
        *maps(item_id="code", cat_l3_name="name", cat_l2_name="category"),
        *maps(平均单价="price"),
    )
    assert (answer.status, answer.json["new"]) == (0, 256)
    assert Category.objects.filter(name="蔬菜").exists()
    assert HeaderMapping.objects.count() == 1
    assert sheet(file).counts["unchanged"] == 256


def test_fifteen_digit_codes_stay_whole(sheet, real_data):
    from catalog.tests.factories import GoodsFactory

    GoodsFactory(code="102900005115168", name="旧")
    answer = sheet(real_data / "veg_supermarket/附件1.xlsx", MISSING, "--only-good")
    assert answer.counts["changed"] == 1
    assert Goods.objects.get().name == "牛首生菜"
