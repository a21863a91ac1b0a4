"""`manage.py sheet import goods`: what it says, what it writes, what it refuses."""

import io
import json
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.oplog.models import OperationLog
from backoffice.sheets.models import Batch, BatchRow, HeaderMapping
from backoffice.sheets.tests.files import write_csv, write_xlsx
from catalog import changes, pricing, review
from catalog.enums import GoodsStatus
from catalog.models import Brand, Category, Goods, RepricingRun, Unit
from catalog.tests.factories import (
    ApprovedGoodsFactory,
    GoodsFactory,
    OnSaleGoodsFactory,
    PendingGoodsFactory,
)

HEADER = ["code", "name", "category", "unit", "price"]
#: every column that an import takes
COLUMNS = [
    *("code", "name", "category", "brand", "unit", "price", "retail_enabled"),
    *("min_quantity", "case_unit", "case_size", "case_price", "case_enabled"),
    *("case_min_quantity", "cost", "spec", "origin", "barcode", "is_weighed"),
    *("points_factor", "description"),
]
COUNTS = ["new", "changed", "unchanged", "conflicts"]
ROW = ["A1", "红富士", "苹果蕉梨", "斤", "9.90"]


def test_new_goods_become_drafts_with_history_and_log(sheet, shop):
    answer = sheet([HEADER, ROW, ["A2", "香蕉", "苹果蕉梨", "斤", "3.5"]])
    assert answer.status == 0
    batch = Batch.objects.get()
    assert answer.json == {
        "new": 2,
        "changed": 0,
        "unchanged": 0,
        "conflicts": 0,
        "errors": [],
        "batch": batch.pk,
    }
    goods = Goods.objects.get(code="A1")
    assert (goods.name, goods.price, goods.status) == (
        "红富士",
        Decimal("9.90"),
        GoodsStatus.DRAFT,
    )
    assert (goods.category.name, goods.unit.name) == ("苹果蕉梨", "斤")
    row = changes.HISTORY.objects.get(id=goods.pk)
    assert (row.history_type, row.means, row.reference, row.history_user) == (
        "+",
        "sheet",
        str(batch.pk),
        shop,
    )
    log = OperationLog.objects.filter(action="goods.created", target_id=str(goods.pk))
    assert log.get().by == shop
    assert OperationLog.objects.get(action="sheet.imported").data["new"] == 2


def test_a_dry_run_says_the_same_and_writes_nothing(sheet):
    answer = sheet([HEADER, ROW], "--dry-run")
    assert answer.status == 0
    assert answer.json["new"] == 1
    assert answer.json["batch"] is None
    assert not Goods.objects.exists()
    assert not Batch.objects.exists()
    assert not OperationLog.objects.exists()


def test_changed_and_unchanged_rows_are_told_apart(sheet):
    goods = GoodsFactory(code="A1", name="旧", price=Decimal("9.90"))
    same = GoodsFactory(code="A2", name="香蕉")
    seen = same.updated_at
    answer = sheet([["code", "name"], ["A1", "新"], ["A2", "香蕉"]])
    assert answer.counts == {"new": 0, "changed": 1, "unchanged": 1, "conflicts": 0}
    goods.refresh_from_db()
    same.refresh_from_db()
    assert goods.name == "新"
    assert same.updated_at == seen
    assert changes.HISTORY.objects.filter(id=same.pk).count() == 1
    log = OperationLog.objects.get(action="goods.changed")
    assert log.data["changes"] == {"name": ["旧", "新"]}


def test_every_error_is_told_by_cell_and_nothing_is_written(sheet):
    answer = sheet(
        [
            ["name", "code", "category", "unit", "price", "is_weighed"],
            ["红富士", "A1", "苹果蕉梨", "斤", "9.90", "是"],
            ["香蕉", "A2", "没有", "斤", "12,5元", "是"],
            ["", "A3", "苹果蕉梨", "桶", "3", "也许"],
            ["葡萄", "1.23457E+14", "葡提梅果", "斤", "3", ""],
            ["葡萄", "", "葡提梅果", "斤", "3", ""],
        ]
    )
    assert answer.status == 1
    assert answer.cells == ["C3", "E3", "A4", "D4", "F4", "B5", "B6"]
    assert answer.messages["E3"].startswith('"12,5元"')
    assert answer.json["new"] == 1
    assert not Goods.objects.exists()
    assert Batch.objects.get().status == "refused"


def test_only_the_good_rows_when_that_is_chosen(sheet):
    rows = [HEADER, ROW, ["A2", "香蕉", "苹果蕉梨", "斤", "x"]]
    answer = sheet(rows, "--only-good")
    assert answer.status == 1
    assert answer.cells == ["E3"]
    assert answer.json["batch"] == Batch.objects.get().pk
    assert [goods.code for goods in Goods.objects.all()] == ["A1"]
    batch = Batch.objects.get()
    assert [
        (row.number, row.outcome, row.became(batch))
        for row in BatchRow.objects.order_by("number")
    ] == [(2, "new", "done"), (3, "error", "")]


@pytest.mark.parametrize("column", ["name", "category", "unit", "price"])
def test_a_new_row_needs_its_columns(sheet, column):
    at = HEADER.index(column)
    whole = sheet([HEADER, [c if i != at else "" for i, c in enumerate(ROW)]])
    assert whole.cells == [f"{'ABCDE'[at]}2"]
    lacking = sheet([[c for c in row if c != row[at]] for row in (HEADER, ROW)])
    assert lacking.cells == ["A2"]
    assert not Goods.objects.exists()


def test_the_code_column_is_needed(sheet):
    answer = sheet([["name", "price"], ["x", "1"]])
    assert answer.status == 1
    assert answer.json["errors"][0]["cell"] == ""
    assert "code" in answer.json["errors"][0]["message"]


def test_columns_are_found_by_label_in_any_order_and_language(sheet):
    answer = sheet(
        [
            ["零售价（元）", "商品编码*", "分类", "零售单位", "商品名称", "备注"],
            ["￥9.90", "A1", "苹果蕉梨", "斤", "红富士", "x"],
        ]
    )
    assert (answer.status, answer.json["new"]) == (0, 1)
    assert Goods.objects.get().price == Decimal("9.90")


def test_unknown_columns_are_noted(sheet):
    answer = sheet([[*HEADER, "颜色"], [*ROW, "红"]], is_json=False)
    assert answer.status == 0
    assert "颜色" in answer.text


def test_two_columns_for_one_field_are_refused(sheet):
    answer = sheet([[*HEADER, "Price"], [*ROW, "8"]])
    assert answer.status == 1
    assert "E" in answer.json["errors"][0]["message"]
    assert "F" in answer.json["errors"][0]["message"]


def test_all_fields_come_in(sheet):
    sheet(
        [
            COLUMNS,
            [
                "A1", "红富士", "苹果蕉梨", "果农之家", "斤", "9.9", "是", "0.5", "箱",
                "10", "88", "yes", "2", "6.1234", "80mm", "烟台", "6901234567892", "1",
                "1.5", "脆\n甜",
            ],
        ]
    )  # fmt: skip
    goods = Goods.objects.get()
    assert (goods.brand.name, goods.case_unit.name) == ("果农之家", "箱")
    assert (goods.min_quantity, goods.case_size) == (Decimal("0.500"), Decimal(10))
    assert (goods.case_price, goods.cost) == (Decimal("88.00"), Decimal("6.1234"))
    assert (goods.retail_enabled, goods.case_enabled, goods.is_weighed) == (1, 1, 1)
    assert (goods.case_min_quantity, goods.points_factor) == (2, Decimal("1.50"))
    assert (goods.spec, goods.origin, goods.barcode) == (
        "80mm",
        "烟台",
        "6901234567892",
    )
    assert goods.description == "脆\n甜"


def test_a_blank_cell_leaves_alone_and_a_word_empties(sheet):
    goods = GoodsFactory(
        code="A1", spec="80mm", origin="烟台", cost=Decimal(5), case_price=Decimal(8)
    )
    answer = sheet(
        [
            ["code", "name", "spec", "origin", "cost", "case_price"],
            ["A1", "", "", "清空", "[clear]", "清空"],
        ]
    )
    assert answer.json["changed"] == 1
    goods.refresh_from_db()
    assert (goods.spec, goods.origin, goods.cost) == ("80mm", "", None)
    assert goods.case_price is None


def test_what_must_not_be_empty_cannot_be_emptied(sheet):
    GoodsFactory(code="A1")
    rows = [["code", "name", "price", "category"], ["A1", "清空", "清空", "清空"]]
    assert sheet(rows).cells == ["B2", "C2", "D2"]


def test_codes_are_found_in_any_case_and_width(sheet):
    GoodsFactory(code="ab-1", name="旧")
    GoodsFactory(code="苹果Q", name="旧")
    GoodsFactory(code="ÉTÉ", name="旧")
    answer = sheet([["code", "name"], ["ＡＢ-1", "新"], ["苹果q", "新"], ["ÉTÉ", "新"]])
    assert answer.counts["changed"] == 3
    assert set(Goods.objects.values_list("code", flat=True)) == {
        "ab-1",
        "苹果Q",
        "ÉTÉ",
    }


def test_a_code_that_stands_twice_names_both_rows(sheet):
    answer = sheet([HEADER, ROW, ["a1", *ROW[1:]], ["Ａ1", *ROW[1:]]])
    assert answer.cells == ["A2", "A3", "A4"]
    assert "3" in answer.messages["A2"]
    assert "2" in answer.messages["A3"]
    assert "2" in answer.messages["A4"]
    assert not Goods.objects.exists()


def test_many_doubles_are_told_quickly(sheet):
    rows = [HEADER, *([["SAME", *ROW[1:]]] * 3000)]
    answer = sheet(rows, "--dry-run")
    assert len(answer.json["errors"]) == 3000
    assert max(len(e["message"]) for e in answer.json["errors"]) < 200


# --- missing words --------------------------------------------------------------------


def test_missing_words_are_made_only_when_asked(sheet):
    rows = [
        [*HEADER, "brand", "case_unit"],
        ["A1", "红富士", "新分类", "kg", "9.9", "新品牌", "筐"],
        ["A2", "香蕉", "新分类", "KG", "3", "新品牌", ""],
    ]
    answer = sheet(rows)
    assert answer.cells == ["C2", "D2", "F2", "G2", "C3", "D3", "F3"]
    assert not Category.objects.filter(name="新分类").exists()
    dry = sheet(rows, "--create-missing", "--dry-run")
    assert (dry.status, dry.json["new"]) == (0, 2)
    assert not Category.objects.filter(name="新分类").exists()
    answer = sheet(rows, "--create-missing")
    assert (answer.status, answer.json["new"]) == (0, 2)
    assert Category.objects.filter(name="新分类").count() == 1
    assert Brand.objects.filter(name="新品牌").count() == 1
    assert Unit.objects.get(name="kg").step == Decimal("0.001")
    assert Unit.objects.get(name="筐").step == Decimal("1.000")
    assert OperationLog.objects.filter(action="category.created").count() == 1


def test_missing_words_need_their_permission(sheet):
    by = StaffFactory(permissions=["sheets.add_batch", "catalog.add_goods"])
    answer = sheet([HEADER, ROW], "--create-missing", by=by)
    assert answer.status == 1
    assert answer.cells == [""]
    assert not Goods.objects.exists()


def test_a_missing_word_has_to_be_one(sheet):
    row = ["A1", "红富士", "<b>x</b>", "y" * 30, "9.9"]
    assert sheet([HEADER, row], "--create-missing").cells == ["C2", "D2"]


# --- who may --------------------------------------------------------------------------


def test_new_goods_need_the_permission_to_enter_them(sheet):
    by = StaffFactory(permissions=["sheets.add_batch", "catalog.change_goods"])
    GoodsFactory(code="A1", name="旧")
    answer = sheet([HEADER, ROW, ["A2", *ROW[1:]]], by=by)
    assert answer.cells == ["A3"]


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize(
    "permissions",
    [
        pytest.param(["sheets.add_batch", "catalog.view_goods"], id="no goods"),
        pytest.param(["catalog.add_goods", "catalog.review_goods"], id="no sheets"),
    ],
)
def test_a_command_asks_for_the_permissions_of_the_page(sheet, permissions, dry_run):
    by = StaffFactory(permissions=permissions)
    answer = sheet([HEADER, ROW], *["--dry-run"] * dry_run, by=by)
    assert (answer.status, answer.cells) == (1, [""])
    assert not Batch.objects.exists()


@pytest.mark.parametrize(
    "options",
    [
        pytest.param([], id="nobody"),
        pytest.param(["--as", "stranger"], id="a stranger"),
        pytest.param(["--as", "gone"], id="switched off"),
        pytest.param(["--as", "chef", "--map", "name"], id="a mapping of nothing"),
    ],
)
def test_a_refused_command_answers_machines_too(sheet, tmp_path, options):
    AdminFactory(username="chef")
    StaffFactory(username="gone", is_active=False)
    path, out = write_csv(tmp_path / "a.csv", [HEADER, ROW]), io.StringIO()
    command = ["sheet", "import", "goods", str(path), *options]
    with pytest.raises(SystemExit) as end:
        call_command(*command, "--json", stdout=out)
    answer = json.loads(out.getvalue())
    assert end.value.code == 1
    assert [error["cell"] for error in answer.pop("errors")] == [""]
    assert answer == {**dict.fromkeys(COUNTS, 0), "batch": None}
    with pytest.raises(CommandError):
        call_command(*command)
    assert not Batch.objects.exists()


def test_costs_need_their_permission(sheet):
    by = StaffFactory(
        permissions=["sheets.add_batch", "catalog.add_goods", "catalog.change_goods"]
    )
    GoodsFactory(code="A1", name="红富士")
    rows = [[*HEADER, "cost"], [*ROW, "5"], ["A2", *ROW[1:], "5"]]
    assert sheet(rows, by=by).cells == ["F2", "F3"]


@pytest.mark.parametrize(
    "factory", [PendingGoodsFactory, ApprovedGoodsFactory, OnSaleGoodsFactory]
)
def test_content_of_reviewed_goods_is_for_reviewers(sheet, factory):
    goods = factory(code="A1", name="旧")
    buyer = StaffFactory(permissions=["sheets.add_batch", "catalog.change_goods"])
    reviewer = StaffFactory(permissions=["sheets.add_batch", "catalog.review_goods"])
    rows = [["code", "name", "spec"], ["A1", "新", "80mm"]]
    assert sheet(rows, by=buyer).cells == ["B2", "C2"]
    assert sheet(rows, by=reviewer).json["changed"] == 1
    goods.refresh_from_db()
    assert (goods.name, goods.spec) == ("新", "80mm")


def test_prices_of_reviewed_goods_need_the_permission_to_price(sheet):
    goods = OnSaleGoodsFactory(code="A1", price=Decimal("10.00"))
    buyer = StaffFactory(permissions=["sheets.add_batch", "catalog.change_goods"])
    rows = [["code", "price"], ["A1", "11"]]
    assert sheet(rows, by=buyer).cells == ["B2"]
    merchandiser = StaffFactory(permissions=["sheets.add_batch", "catalog.price_goods"])
    assert sheet(rows, by=merchandiser).json["changed"] == 1
    goods.refresh_from_db()
    assert goods.price == Decimal("11.00")
    row = changes.HISTORY.objects.filter(id=goods.pk, price_changed=True).get()
    assert (row.old_price, row.means) == (Decimal("10.00"), "sheet")
    assert OperationLog.objects.get(action="goods.repriced").by == merchandiser


def test_archived_goods_are_left_alone(sheet):
    from catalog import archiving

    goods = GoodsFactory(code="A1")
    boss = StaffFactory(
        permissions=[
            "sheets.add_batch",
            "catalog.archive_goods",
            "catalog.change_goods",
        ],
    )
    archiving.archive(goods, by=boss)
    assert sheet([["code", "name", "price"], ["A1", "新", "5"]]).cells == ["B2", "C2"]


def test_a_role_that_is_lost_between_check_and_import_counts(shop, tmp_path):
    from django.core.files import File

    from backoffice.base.errors import NotPermitted
    from backoffice.sheets import batches, importing

    by = StaffFactory(
        permissions=["sheets.add_batch", "catalog.change_goods", "catalog.add_goods"]
    )
    path = write_csv(tmp_path / "a.csv", [HEADER, ROW])
    with path.open("rb") as file:
        batch = batches.receive("goods", File(file), by=by, file_name="a.csv")
    batches.run_check(batch.pk)
    by.user_permissions.remove(by.user_permissions.get(codename="add_goods"))
    by = type(by).objects.get(pk=by.pk)
    with pytest.raises(NotPermitted):
        importing.start_apply(batch, by=by)
    assert not Goods.objects.exists()


# --- prices ---------------------------------------------------------------------------


def test_guarded_prices_wait_in_one_run(sheet, shop):
    OnSaleGoodsFactory(code="A1", price=Decimal("10.00"))
    OnSaleGoodsFactory(code="A2", price=Decimal("10.00"), cost=Decimal(9))
    OnSaleGoodsFactory(code="A3", price=Decimal("10.00"))
    answer = sheet(
        [
            ["code", "price", "name"],
            ["A1", "5", "新"],
            ["A2", "8.5", ""],
            ["A3", "11", ""],
        ]
    )
    assert answer.status == 0
    assert answer.json["changed"] == 3
    run = RepricingRun.objects.get()
    assert run.status == "awaiting"
    assert run.reference == str(answer.json["batch"])
    assert {line.goods.code: line.new_price for line in run.lines.all()} == {
        "A1": Decimal("5.00"),
        "A2": Decimal("8.50"),
    }
    prices = dict(Goods.objects.values_list("code", "price"))
    assert prices == {"A1": Decimal(10), "A2": Decimal(10), "A3": Decimal(11)}
    assert Goods.objects.get(code="A1").name == "新"
    batch = Batch.objects.get()
    assert (batch.run, batch.waiting) == (run.number, 2)
    assert set(
        BatchRow.objects.filter(result="waiting").values_list("number", flat=True)
    ) == {2, 3}


def test_drafts_are_priced_freely(sheet):
    GoodsFactory(code="A1", price=Decimal("10.00"))
    assert sheet([["code", "price"], ["A1", "1"]]).json["changed"] == 1
    assert Goods.objects.get().price == Decimal("1.00")
    assert not RepricingRun.objects.exists()


def test_goods_on_sale_are_never_sold_for_nothing(sheet):
    OnSaleGoodsFactory(code="A1", price=Decimal("10.00"))
    assert sheet([["code", "price"], ["A1", "0"]]).cells == ["B2"]
    assert sheet([["code", "retail_enabled"], ["A1", "否"]]).cells == ["B2"]
    rows = [["code", "case_unit", "case_size", "case_enabled"], ["A1", "箱", "5", "是"]]
    assert sheet(rows).status == 1


# --- bad cells ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("name", "长" * 10_000),
        ("name", "a\x07b"),
        ("name", "<script>alert(1)</script>"),
        ("price", "-1"),
        ("price", "NaN"),
        ("price", "1e9"),
        ("price", "1000000000"),
        ("price", "9.999"),
        ("min_quantity", "0"),
        ("min_quantity", "0.0001"),
        ("case_min_quantity", "1.5"),
        ("cost", "-0.1"),
        ("barcode", "6.9E+12"),
        ("barcode", "条码"),
        ("is_weighed", "也许"),
        ("points_factor", "1000"),
        ("description", "长" * 6000),
        ("code", "a'b"),
        ("code", "=1+1"),
        ("code", "x" * 41),
    ],
)
def test_a_bad_cell_is_named(sheet, column, value):
    row = dict(zip(HEADER, ROW, strict=True)) | {column: value}
    answer = sheet([list(row), list(row.values())])
    assert answer.cells == [f"{chr(65 + list(row).index(column))}2"]
    assert max(len(message) for message in answer.messages.values()) < 300
    assert not Goods.objects.exists()


def test_fields_that_do_not_fit_together_are_named(sheet):
    rows = [
        [*HEADER, "min_quantity", "case_enabled"],
        ["A1", "红富士", "苹果蕉梨", "个", "9.9", "0.5", "是"],
    ]
    answer = sheet(rows)
    assert answer.status == 1
    assert "F2" in answer.cells


def test_long_codes_of_a_spreadsheet_stay_whole(sheet, tmp_path):
    path = write_xlsx(
        tmp_path / "a.xlsx",
        [
            HEADER,
            [102900005115168, *ROW[1:4], 9.9],
            ["6901234567890123", *ROW[1:]],
            [6901234567890123, *ROW[1:]],
        ],
    )
    answer = sheet(path, "--only-good")
    assert answer.cells == ["A4"]
    assert set(Goods.objects.values_list("code", flat=True)) == {
        "102900005115168",
        "6901234567890123",
    }


def test_codes_whose_zeros_were_dropped_are_refused_with_a_hint(sheet, tmp_path):
    GoodsFactory(code="00123", name="旧")
    path = write_xlsx(tmp_path / "a.xlsx", [HEADER, [123, *ROW[1:]], ["124", *ROW[1:]]])
    answer = sheet(path)
    assert answer.cells == ["A2"]
    assert "00123" in answer.messages["A2"]


# --- files ----------------------------------------------------------------------------


def test_a_broken_file_is_one_error_without_a_cell(sheet, tmp_path):
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"PK\x03\x04broken")
    answer = sheet(path)
    assert (answer.status, answer.cells, answer.json["batch"]) == (1, [""], None)
    assert not Batch.objects.exists()


def test_a_missing_file_is_named(sheet, tmp_path):
    answer = sheet(tmp_path / "none.csv")
    assert (answer.status, answer.cells) == (1, [""])
    assert "none.csv" in answer.messages[""]


def test_a_file_over_the_limit_is_refused(sheet, tmp_path, monkeypatch):
    monkeypatch.setenv("SHOP_SHEET_MAX_MB", "1")
    path = tmp_path / "a.csv"
    path.write_bytes(b"code,name\n" + b"x" * 2**20)
    assert "1 MB" in sheet(path).messages[""]


def test_rows_over_the_limit_are_refused(sheet, monkeypatch):
    monkeypatch.setenv("SHOP_SHEET_MAX_ROWS", "3")
    rows = [HEADER, *([f"A{n}", *ROW[1:]] for n in range(4))]
    answer = sheet(rows)
    assert (answer.status, answer.cells) == (1, [""])
    assert not Goods.objects.exists()
    assert sheet(rows[:4]).json["new"] == 3


def test_a_header_alone_is_nothing_to_do(sheet):
    answer = sheet([HEADER])
    assert answer.status == 0
    assert answer.counts == {"new": 0, "changed": 0, "unchanged": 0, "conflicts": 0}


def test_an_unknown_user_is_refused(shop, tmp_path):
    path = write_csv(tmp_path / "a.csv", [HEADER, ROW])
    with pytest.raises(CommandError):
        call_command("sheet", "import", "goods", str(path), "--as", "nobody")


# --- meanwhile ------------------------------------------------------------------------


def checked(by, tmp_path, rows):
    from django.core.files import File

    from backoffice.sheets import batches

    path = write_csv(tmp_path / "b.csv", rows)
    with path.open("rb") as file:
        batch = batches.receive("goods", File(file), by=by, file_name="b.csv")
    batches.run_check(batch.pk)
    batch.refresh_from_db()
    return batch


def test_what_changed_since_the_check_is_told_and_not_overwritten(shop, tmp_path):
    from backoffice.sheets import batches, importing
    from backoffice.sheets.errors import BatchNotReady

    one, two = GoodsFactory(code="A1", name="旧"), GoodsFactory(code="A2", name="旧")
    batch = checked(shop, tmp_path, [["code", "name"], ["A1", "新"], ["A2", "新"]])
    from catalog import editing

    editing.edit_goods(one, {"name": "别人"}, by=shop)
    with pytest.raises(BatchNotReady):
        importing.start_apply(batch, by=shop)
    batch.refresh_from_db()
    assert (batch.status, batch.conflicts, batch.changed) == ("checked", 1, 1)
    two.refresh_from_db()
    assert two.name == "旧"
    told = batches.errors_of(batch)[0]["message"]
    assert "别人" in told, "what the shop has"
    assert "新" in told, "what the sheet wants"
    importing.start_apply(batch, by=shop, only_good=True)
    assert dict(Goods.objects.values_list("code", "name")) == {
        "A1": "别人",
        "A2": "新",
    }


def test_a_change_elsewhere_in_the_row_is_no_conflict(shop, tmp_path):
    from backoffice.sheets import importing

    goods = GoodsFactory(code="A1", name="旧", price=Decimal("5.00"))
    batch = checked(shop, tmp_path, [["code", "name"], ["A1", "新"]])
    pricing.change_price(goods, by=shop, price=Decimal("6.00"))
    importing.start_apply(batch, by=shop)
    goods.refresh_from_db()
    assert (goods.name, goods.price) == ("新", Decimal("6.00"))


def test_a_status_that_moved_on_is_looked_at_again(shop, tmp_path):
    from backoffice.sheets import importing
    from backoffice.sheets.errors import BatchNotReady

    buyer = StaffFactory(permissions=["sheets.add_batch", "catalog.change_goods"])
    goods = GoodsFactory(code="A1", name="旧")
    batch = checked(buyer, tmp_path, [["code", "name"], ["A1", "新"]])
    review.submit(goods, by=shop)
    with pytest.raises(BatchNotReady):
        importing.start_apply(batch, by=buyer)
    goods.refresh_from_db()
    assert goods.name == "旧"


def test_a_code_that_was_entered_meanwhile_is_told(shop, tmp_path):
    from backoffice.sheets import importing
    from backoffice.sheets.errors import BatchNotReady

    batch = checked(shop, tmp_path, [HEADER, ROW])
    GoodsFactory(code="a1", name="别人")
    with pytest.raises(BatchNotReady):
        importing.start_apply(batch, by=shop)
    assert Goods.objects.get().name == "别人"


def test_a_batch_is_imported_once(shop, tmp_path):
    from backoffice.base.errors import WrongStatus
    from backoffice.sheets import batches, importing

    batch = checked(shop, tmp_path, [HEADER, ROW])
    importing.start_apply(batch, by=shop)
    with pytest.raises(WrongStatus):
        importing.start_apply(batch, by=shop)
    importing.run_apply(batch.pk)
    batches.run_check(batch.pk)
    assert Goods.objects.count() == 1
    assert changes.HISTORY.objects.count() == 1


def test_the_check_may_begin_anew(shop, tmp_path):
    from backoffice.sheets import batches

    batch = checked(shop, tmp_path, [HEADER, ROW])
    Batch.objects.update(status="checking")
    batches.run_check(batch.pk)
    assert BatchRow.objects.filter(batch=batch).count() == 1


def test_only_the_owner_goes_on_with_a_batch(shop, tmp_path):
    from backoffice.accounts.tests.factories import AdminFactory
    from backoffice.base.errors import NotPermitted
    from backoffice.sheets import importing

    batch = checked(shop, tmp_path, [HEADER, ROW])
    with pytest.raises(NotPermitted):
        importing.start_apply(batch, by=AdminFactory())


@pytest.mark.parametrize("rows", [1, 40])
def test_queries_do_not_grow_with_the_rows(
    shop, tmp_path, django_assert_max_num_queries, rows
):
    from backoffice.sheets import importing

    for n in range(rows):
        GoodsFactory(code=f"A{n}", name="旧")
    some = [[f"A{n}", "新", "苹果蕉梨", "斤", "5"] for n in range(rows)]
    some += [[f"B{n}", "新", "苹果蕉梨", "斤", "5"] for n in range(rows)]
    batch = None
    with django_assert_max_num_queries(75):
        batch = checked(shop, tmp_path, [HEADER, *some])
        importing.start_apply(batch, by=shop)
    assert Goods.objects.filter(name="新").count() == rows * 2


def test_a_sheet_without_header_is_mapped_by_letters(sheet, shop):
    rows = [ROW, ["A2", *ROW[1:]]]
    fields = ("code", "name", "category", "unit", "price")
    maps = [
        x for at, f in zip("ABCDE", fields, strict=True) for x in ("--map", f"{at}={f}")
    ]
    answer = sheet(rows, "--no-header", *maps)
    assert (answer.status, answer.counts["new"]) == (0, 2)
    assert set(Goods.objects.values_list("code", flat=True)) == {"A1", "A2"}
    assert not HeaderMapping.objects.exists()
    assert Batch.objects.get().layout["header_row"] == 0
    # without saying so, the first row is taken for the header
    assert sheet(rows, *maps).counts["unchanged"] == 1
    assert "A" in sheet(rows, "--no-header").messages[""]


def test_rows_that_say_what_kind_a_column_is_are_hints(sheet):
    hint = ["必填，唯一", "必填", "请填写已有分类", "例如：斤", "数字"]
    kinds = ["文本", "文本", "文本", " 文本", "数字"]
    answer = sheet([HEADER, hint, kinds, ROW], is_json=False)
    assert answer.status == 0
    assert "3" in answer.text
    assert Goods.objects.get().code == "A1"


def test_prices_create_nothing_whatever_is_chosen(sheet):
    buyer = StaffFactory(permissions=["sheets.add_batch", "catalog.price_goods"])
    answer = sheet(
        [["code", "price"], ["X", "1"]], "--create-missing", by=buyer, kind="prices"
    )
    assert answer.cells == ["A2"]
