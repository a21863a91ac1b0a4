"""GET /categories, /goods and /goods/{id}: the exact shape, filters, orders, limits."""

from contextlib import ExitStack
from decimal import Decimal

import pytest
from django.db.models import F, Q
from django.test import Client

from backoffice.base import ports
from catalog import listing
from catalog.enums import GoodsStatus
from catalog.models import Category, GoodsPicture
from catalog.tests.factories import (
    AdminFactory,
    BrandFactory,
    CategoryFactory,
    OnSaleGoodsFactory,
    PieceFactory,
    goods_in,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def client():
    return Client(headers={"accept-language": "en"})


@pytest.fixture
def connected():
    """Connects ports for one test; nobody answers with None."""
    with ExitStack() as answers:
        yield lambda port, answer: answers.enter_context(port.instead(answer))


def items(client, query=""):
    answer = client.get(f"/api/v1/goods{query}")
    assert answer.status_code == 200, answer.content
    return answer.json()["data"]["items"]


def codes(client, query=""):
    return [item["code"] for item in items(client, query)]


def full_goods(**fields):
    return OnSaleGoodsFactory(
        code="AP-1",
        name="烟台红富士苹果",
        category=CategoryFactory(name="苹果蕉梨"),
        brand=BrandFactory(name="果农之家"),
        origin="山东烟台",
        spec="80mm 以上",
        price=Decimal("6.90"),
        min_quantity=Decimal("0.5"),
        case_unit=PieceFactory(name="箱"),
        case_size=Decimal(10),
        case_price=Decimal(62),
        case_enabled=True,
        case_min_quantity=2,
        description="脆甜。\n冷藏更佳。",
        **fields,
    )


def test_item_has_exactly_the_fields_of_the_contract(client):
    goods = full_goods(image="goods/3f2a/main.jpg")
    answer = client.get("/api/v1/goods")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == {
        "code": 0,
        "msg": "success.",
        "data": {
            "pagination": {
                "total": 1,
                "current_page": 1,
                "page_size": 20,
                "page_total": 1,
            },
            "items": [
                {
                    "id": goods.pk,
                    "code": "AP-1",
                    "name": "烟台红富士苹果",
                    "category": {"id": goods.category_id, "name": "苹果蕉梨"},
                    "brand": {"id": goods.brand_id, "name": "果农之家"},
                    "origin": "山东烟台",
                    "spec": "80mm 以上",
                    "image": "/media/goods/3f2a/main.jpg",
                    "units": [
                        {
                            "unit": "retail",
                            "name": "斤",
                            "size": "1.000",
                            "price": "6.90",
                            "min_quantity": "0.500",
                        },
                        {
                            "unit": "case",
                            "name": "箱",
                            "size": "10.000",
                            "price": "62.00",
                            "min_quantity": "2.000",
                        },
                    ],
                    "available": "0.000",
                    "sold_out": True,
                    "sales_volume": "0.000",
                }
            ],
        },
    }


def test_detail_adds_pictures_and_description(client, django_assert_num_queries):
    goods = full_goods(image="goods/b.jpg")
    for name, is_main, sequence in (("a", False, 2), ("b", True, 3), ("c", False, 1)):
        GoodsPicture.objects.create(
            goods=goods,
            image=f"goods/{name}.jpg",
            width=1,
            height=1,
            is_main=is_main,
            sequence=sequence,
        )
    [item] = items(client)
    with django_assert_num_queries(4):
        answer = client.get(f"/api/v1/goods/{goods.pk}")
    assert answer.json() == {
        "code": 0,
        "msg": "success.",
        "data": {
            **item,
            "images": [
                "/media/goods/b.jpg",
                "/media/goods/c.jpg",
                "/media/goods/a.jpg",
            ],
            "description": "脆甜。\n冷藏更佳。",
        },
    }


def test_bare_goods_has_nulls_and_blanks(client):
    goods = OnSaleGoodsFactory(brand=None)
    data = client.get(f"/api/v1/goods/{goods.pk}").json()["data"]
    assert data["brand"] is None
    assert data["image"] is None
    assert data["images"] == []
    assert (data["origin"], data["spec"], data["description"]) == ("", "", "")


def test_only_enabled_selling_units_are_listed(client):
    full_goods(retail_enabled=False)
    assert [unit["unit"] for unit in items(client)[0]["units"]] == ["case"]


@pytest.mark.parametrize("status", [s for s in GoodsStatus if s != "on_sale"])
def test_goods_that_are_not_on_sale_do_not_exist(client, status):
    goods = goods_in(status)
    assert items(client) == []
    answer = client.get(f"/api/v1/goods/{goods.pk}")
    assert answer.status_code == 404
    assert answer.json() == {
        "code": 40400,
        "error": "not_found",
        "msg": "There is no such goods on sale.",
        "data": {"id": goods.pk},
    }


def test_delisted_goods_leave_at_once(client):
    goods = OnSaleGoodsFactory()
    assert len(items(client)) == 1
    listing.delist(goods, by=AdminFactory())
    assert items(client) == []


@pytest.mark.parametrize("id", ["999999999", "x", "0", "-3", "1e3", "9" * 40, "%00"])
def test_goods_that_never_was_is_not_found(client, id):
    assert client.get(f"/api/v1/goods/{id}").status_code == 404


def test_categories_come_in_the_merchants_order(client, django_assert_num_queries):
    last = Category.objects.create(name="礼盒果篮", sequence=9)
    first = Category.objects.create(
        name="热销爆品", sequence=1, image="categories/hot.jpg"
    )
    with django_assert_num_queries(2):
        answer = client.get("/api/v1/categories")
    assert answer.json() == {
        "code": 0,
        "msg": "success.",
        "data": {
            "pagination": {
                "total": 2,
                "current_page": 1,
                "page_size": 20,
                "page_total": 1,
            },
            "items": [
                {
                    "id": first.pk,
                    "name": "热销爆品",
                    "image": "/media/categories/hot.jpg",
                    "sequence": 1,
                },
                {"id": last.pk, "name": "礼盒果篮", "image": None, "sequence": 9},
            ],
        },
    }


@pytest.mark.parametrize("count", [1, 3])
def test_list_costs_five_queries_however_long_it_is_and_one_while_it_holds(
    client, django_assert_num_queries, count
):
    for n in range(count):
        OnSaleGoodsFactory(
            brand=BrandFactory(name=f"b{n}"), category=CategoryFactory(name=f"c{n}")
        )
    with django_assert_num_queries(5):
        assert len(items(client)) == count
    # whether the shop is as it was, which is asked for twice a second at most
    with django_assert_num_queries(1):
        assert len(items(client)) == count


# --- filters ------------------------------------------------------------------------


def test_category_and_brand_narrow_the_list(client):
    apples, pears = CategoryFactory(name="苹果"), CategoryFactory(name="梨")
    house = BrandFactory(name="果农之家")
    OnSaleGoodsFactory(code="A", category=apples, brand=house)
    OnSaleGoodsFactory(code="B", category=pears, brand=house)
    OnSaleGoodsFactory(code="C", category=pears)
    assert codes(client, f"?category={pears.pk}&ordering=sales") == ["B", "C"]
    assert codes(client, f"?category={pears.pk}&brand={house.pk}") == ["B"]
    assert codes(client, "?category=999999999") == []


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("富士", ["AP-1"]),
        ("烟台 苹果", ["AP-1"]),
        ("苹果 烟台", ["AP-1"]),
        ("烟台 梨", []),
        ("ap-1", ["AP-1"]),
        ("ＡＰ-1", ["AP-1"]),
        ("AP", ["AP-1"]),
        ("6901234567892", ["PE 2"]),
        ("690123", ["PE 2"]),
        ("hfs", ["AP-1"]),
        ("xiangli", ["PE 2"]),
        ("pe 2", ["PE 2"]),
        ("KORLA", ["PE 2"]),
        ("%", []),
        ("_", []),
        ("", ["AP-1", "PE 2"]),
        ("  ", ["AP-1", "PE 2"]),
        ("x" * 100, []),
        ("'; drop table catalog_goods; --", []),
        ("\x01", []),
    ],
)
def test_search_finds_names_codes_and_barcodes(client, q, found):
    OnSaleGoodsFactory(code="AP-1", name="烟台红富士苹果")
    OnSaleGoodsFactory(code="PE 2", name="Korla 香梨", barcode="6901234567892")
    answer = client.get("/api/v1/goods", {"q": q, "ordering": "sales"})
    assert [item["code"] for item in answer.json()["data"]["items"]] == found


@pytest.mark.parametrize(
    ("query", "field", "message"),
    [
        ("page_size=101", "page_size", "Must be at most 100."),
        ("page_size=0", "page_size", "Must be at least 1."),
        ("page_index=0", "page_index", "Must be at least 1."),
        ("page_index=-1", "page_index", "Must be at least 1."),
        ("page_index=1.0", "page_index", "Must be a whole number."),
        ("page_index=%201", "page_index", "Must be a whole number."),
        ("page_index=1_000", "page_index", "Must be a whole number."),
        ("page_index=%EF%BC%91", "page_index", "Must be a whole number."),
        ("page_index=", "page_index", "Must be a whole number."),
        (f"page_index={10**30}", "page_index", "Must be at most 2147483647."),
        (f"page_index={'9' * 5000}", "page_index", "Must be a whole number."),
        ("category=apple", "category", "Must be a whole number."),
        ("category=", "category", "Must be a whole number."),
        (f"brand={2**63}", "brand", "Must be at most 9223372036854775807."),
        ("in_stock=maybe", "in_stock", "Must be true or false."),
        (
            "ordering=name",
            "ordering",
            "Must be one of: sales, -sales, price, -price, -listed_at.",
        ),
        (
            "ordering=listed_at",
            "ordering",
            "Must be one of: sales, -sales, price, -price, -listed_at.",
        ),
        (f"q={'x' * 101}", "q", "Must have at most 100 characters."),
        ("q=%00", "q", "Contains characters that cannot be seen."),
        ("page=2", "page", "Is not known here."),
        ("page_size=5&page_size=6", "page_size", "Is given more than once."),
    ],
)
def test_wrong_parameter_is_refused_by_name(client, query, field, message):
    answer = client.get(f"/api/v1/goods?{query}")
    assert answer.status_code == 400
    assert answer.json() == {
        "code": 40000,
        "error": "invalid",
        "msg": "The request is not valid; data names the fields.",
        "data": [{"field": field, "message": message}],
    }


def test_every_wrong_parameter_is_named_at_once(client):
    answer = client.get("/api/v1/goods?page_size=101&page_index=0&brand=x")
    named = [fault["field"] for fault in answer.json()["data"]]
    assert named == ["page_index", "page_size", "brand"]


# --- order and pages -------------------------------------------------------------------


def test_price_orders_by_what_a_base_unit_costs(client):
    case = {
        "case_unit": PieceFactory(name="箱"),
        "case_enabled": True,
        "retail_enabled": False,
    }
    OnSaleGoodsFactory(code="R7", price=Decimal(7))
    # 30 yuan for 4 make 7.50; whole numbers must not be divided as integers
    OnSaleGoodsFactory(
        code="C7.5", price=Decimal(1), case_size=4, case_price=Decimal(30), **case
    )
    # the case is cheaper, but the retail price counts where there is one
    OnSaleGoodsFactory(
        code="R8",
        price=Decimal(8),
        case_size=10,
        case_price=Decimal(10),
        **{**case, "retail_enabled": True},
    )
    OnSaleGoodsFactory(code="R7b", price=Decimal(7))
    assert codes(client, "?ordering=price") == ["R7", "R7b", "C7.5", "R8"]
    assert codes(client, "?ordering=-price") == ["R8", "C7.5", "R7b", "R7"]


def test_newest_on_the_shelf_come_first(client):
    by = AdminFactory()
    first, _second = OnSaleGoodsFactory(code="1"), OnSaleGoodsFactory(code="2")
    assert codes(client) == codes(client, "?ordering=-listed_at") == ["2", "1"]
    listing.list_goods(listing.delist(first, by=by), by=by)
    assert codes(client) == ["1", "2"]


def test_sales_order_is_stable_while_nothing_was_sold(client):
    for code in ("1", "2"):
        OnSaleGoodsFactory(code=code)
    assert codes(client, "?ordering=sales") == ["1", "2"]
    assert codes(client, "?ordering=-sales") == ["2", "1"]


@pytest.mark.parametrize("ordering", ["sales", "-sales", "price", "-price"])
def test_pages_tile_the_list_where_all_are_alike(client, ordering):
    for _ in range(7):
        OnSaleGoodsFactory()
    whole = codes(client, f"?ordering={ordering}")
    parts = [
        codes(client, f"?ordering={ordering}&page_size=3&page_index={n}")
        for n in (1, 2, 3, 4)
    ]
    assert [len(part) for part in parts] == [3, 3, 1, 0]
    assert [code for part in parts for code in part] == whole
    assert len(set(whole)) == 7


# --- what the upper floors know ----------------------------------------------------------


def test_stock_and_sales_come_from_the_floors_above(client, connected):
    plenty, none = OnSaleGoodsFactory(code="P"), OnSaleGoodsFactory(code="N")
    unknown = OnSaleGoodsFactory(code="U")
    connected(
        ports.available, lambda ids: {plenty.pk: Decimal("3.5"), none.pk: Decimal(0)}
    )
    connected(ports.sales_volume, lambda ids: {none.pk: Decimal("12.25")})
    seen = {
        item["id"]: (item["available"], item["sold_out"], item["sales_volume"])
        for item in items(client)
    }
    assert seen == {
        plenty.pk: ("3.500", False, "0.000"),
        none.pk: ("0.000", True, "12.250"),
        unknown.pk: ("0.000", True, "0.000"),
    }


def test_in_stock_filters_where_stock_is_kept(client, connected):
    OnSaleGoodsFactory(code="P", case_min_quantity=4)
    OnSaleGoodsFactory(code="N", case_min_quantity=1)
    connected(ports.is_available_expression, lambda: Q(case_min_quantity__gt=1))
    assert codes(client, "?in_stock=true") == ["P"]
    assert codes(client, "?in_stock=0") == ["N"]


def test_nothing_is_sold_out_where_no_stock_is_kept(client, connected):
    connected(ports.available, None)
    connected(ports.is_available_expression, None)
    OnSaleGoodsFactory(code="P")
    assert items(client)[0]["available"] is None
    assert items(client)[0]["sold_out"] is False
    assert codes(client, "?in_stock=1") == ["P"]
    assert codes(client, "?in_stock=false") == []


def test_sales_order_follows_what_was_sold(client, connected):
    for code, sold in (("A", 3), ("B", 9), ("C", 3)):
        OnSaleGoodsFactory(code=code, case_min_quantity=sold)
    connected(ports.sales_volume_expression, lambda: F("case_min_quantity"))
    assert codes(client, "?ordering=sales") == ["A", "C", "B"]
    assert codes(client, "?ordering=-sales") == ["B", "C", "A"]


# --- who asks, and how ---------------------------------------------------------------------


def test_session_is_neither_read_nor_needed(client, django_assert_num_queries):
    client.force_login(AdminFactory())
    OnSaleGoodsFactory()
    with django_assert_num_queries(5):
        answer = client.get("/api/v1/goods")
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers.get("Vary", "")


def test_answers_may_be_kept_only_after_asking_again(client):
    assert client.get("/api/v1/goods").headers["Cache-Control"] == "no-cache"
    assert client.get("/api/v1/goods?x").headers["Cache-Control"] == "no-store"
