"""Exports and templates: what stands in them, and that they come back unchanged."""

import csv
import io
import json
import re
from decimal import Decimal

import openpyxl
import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.base.errors import NotPermitted
from backoffice.base.text import many_lines, one_line
from backoffice.oplog.models import OperationLog
from backoffice.sheets import definitions, exports
from catalog import changes, editing
from catalog.models import Brand, Goods, Unit
from catalog.tests.factories import (
    CategoryFactory,
    GoodsFactory,
    OnSaleGoodsFactory,
    UnitFactory,
)
from catalog.tests.sheets.test_import import COLUMNS


def exported(tmp_path, name="out.csv", *options):
    path = tmp_path / name
    call_command("sheet", "export", "goods", str(path), *options, stdout=io.StringIO())
    return path


def csv_rows(path):
    return list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"))))


def xlsx_rows(path):
    return [list(row) for row in openpyxl.load_workbook(path).active.iter_rows()]


def test_an_export_holds_every_column_and_row(shop, tmp_path):
    GoodsFactory(code="A1", name="红富士", price=Decimal("9.90"), cost=Decimal("5.5"))
    OnSaleGoodsFactory(code="A2")
    header, one, two = csv_rows(exported(tmp_path))
    assert header == [*COLUMNS, "images", "status", "available", "updated_at"]
    assert one[:6] == ["A1", "红富士", "苹果蕉梨", "", "斤", "9.90"]
    assert one[COLUMNS.index("cost")] == "5.5000"
    assert two[header.index("status")] == "on_sale"
    goods = Goods.objects.get(code="A1")
    assert one[-1] == goods.updated_at.isoformat(timespec="microseconds")
    assert OperationLog.objects.get(action="sheet.exported").data["rows"] == 2


def test_a_csv_begins_with_its_mark(shop, tmp_path):
    assert exported(tmp_path).read_bytes().startswith(b"\xef\xbb\xbf")


FORMULAS = ["=1+1", "+1", "-2+3", "@SUM(A1)", "'=x", "''@x", "＝1", "plain", "'x"]


def test_csv_makes_formulas_harmless(shop, tmp_path):
    for n, text in enumerate(FORMULAS):
        GoodsFactory(code=f"A{n}", name=text, price=Decimal("-0.00"))
    rows = csv_rows(exported(tmp_path))[1:]
    assert [row[1] for row in rows] == [
        *("'=1+1", "'+1", "'-2+3", "'@SUM(A1)", "''=x", "'''@x", "'＝1", "plain", "'x"),
    ]


def test_xlsx_has_text_as_text_and_numbers_as_numbers(shop, tmp_path):
    GoodsFactory(code="6901234567890123456", name="=1+1", price=Decimal("9.90"))
    _header, row = xlsx_rows(exported(tmp_path, "out.xlsx"))
    code, name, price = row[0], row[1], row[5]
    assert (code.value, code.data_type) == ("6901234567890123456", "s")
    assert (name.value, name.data_type) == ("=1+1", "s")
    assert (price.value, price.data_type) == (9.9, "n")
    assert not [cell for cell in row if cell.data_type == "f"]


@pytest.mark.parametrize("name", ["out.csv", "out.xlsx"])
@pytest.mark.parametrize("options", [[], ["--labels"]])
def test_an_export_comes_back_unchanged(sheet, tmp_path, name, options):
    for n, text in enumerate(FORMULAS):
        GoodsFactory(
            code=f"A{n}",
            name=text,
            brand=Brand.objects.get(),
            case_unit=Unit.objects.get(name="箱"),
            case_size=Decimal("10.000"),
            case_price=Decimal("88.00"),
            case_enabled=True,
            cost=Decimal("1.2345"),
            description='一\n\n二 < 三 & "四"',
        )
    answer = sheet(exported(tmp_path, name, *options))
    assert answer.status == 0
    assert answer.counts == {
        "new": 0,
        "changed": 0,
        "unchanged": len(FORMULAS),
        "conflicts": 0,
    }
    assert changes.HISTORY.objects.count() == len(FORMULAS)


def test_costs_are_left_out_for_who_may_not_see_them(shop, tmp_path):
    GoodsFactory(cost=Decimal(5))
    by = StaffFactory(permissions=["catalog.view_goods"])
    rows = csv_rows(exported(tmp_path, "out.csv", "--as", by.username))
    assert "cost" not in rows[0]
    with pytest.raises(CommandError):
        exported(tmp_path, "no.csv", "--as", StaffFactory().username)
    assert not (tmp_path / "no.csv").exists()


def test_export_verb_needs_the_permission(shop):
    with pytest.raises(NotPermitted):
        exports.export(definitions.get("goods"), io.BytesIO(), "csv", by=StaffFactory())


def test_an_unknown_format_is_refused(shop, tmp_path):
    with pytest.raises(CommandError, match="xlsx"):
        exported(tmp_path, "out.pdf")


def test_export_and_template_answer_machines(shop, tmp_path):
    GoodsFactory()
    for act, name, answer in (
        ("export", "out.csv", {"rows": 1}),
        ("template", "empty.xlsx", {}),
    ):
        out, path = io.StringIO(), str(tmp_path / name)
        call_command("sheet", act, "goods", path, "--json", stdout=out)
        assert json.loads(out.getvalue()) == {**answer, "file": path}


def test_a_file_that_cannot_be_written_is_named(shop, tmp_path):
    path = tmp_path / "nowhere" / "out.csv"
    for act in ("export", "template"):
        with pytest.raises(CommandError) as refusal:
            call_command("sheet", act, "goods", str(path))
        assert str(refusal.value).startswith(f"{path}: ")


@pytest.mark.parametrize("rows", [1, 30])
def test_an_export_costs_the_same_queries_for_any_rows(
    shop, django_assert_num_queries, rows
):
    for n in range(rows):
        GoodsFactory(code=f"A{n}", brand=Brand.objects.get())
    with django_assert_num_queries(7):
        exports.export(definitions.get("goods"), io.BytesIO(), "csv", by=None)


# --- templates ------------------------------------------------------------------------


def template(tmp_path, name="t.xlsx", *options):
    path = tmp_path / name
    call_command(
        "sheet", "template", "goods", str(path), *options, stdout=io.StringIO()
    )
    return path


def test_a_template_has_header_lists_example_and_notes(shop, tmp_path):
    book = openpyxl.load_workbook(template(tmp_path))
    first = book.worksheets[0]
    assert [cell.value for cell in first[1]] == [*COLUMNS, "images"]
    lists = {
        str(validation.sqref).partition("2:")[0]: validation.formula1
        for validation in first.data_validations.dataValidation
    }
    assert set(lists) == {"C", "D", "E", "G", "I", "L", "R"}
    title, _sign, cells = lists["C"].rpartition("!")
    values = [row[0].value for row in book[title.strip("'")][cells.replace("$", "")]]
    assert values == ["苹果蕉梨", "葡提梅果"]
    assert first["A2"].value
    assert len(book.worksheets) == 3
    assert [s.sheet_state for s in book.worksheets] == ["visible", "visible", "hidden"]


@pytest.mark.parametrize("name", ["t.xlsx", "t.csv"])
@pytest.mark.parametrize("options", [[], ["--labels"]])
def test_the_example_of_a_template_is_not_imported(sheet, tmp_path, name, options):
    answer = sheet(template(tmp_path, name, *options))
    assert (answer.status, answer.json["new"]) == (0, 0)


def test_a_filled_template_is_imported(sheet, tmp_path):
    path = template(tmp_path)
    book = openpyxl.load_workbook(path)
    for column, value in zip(
        "ABCEF", ["0012", "香蕉", "苹果蕉梨", "斤", 3.5], strict=True
    ):
        book.worksheets[0][f"{column}3"] = value
    book.save(path)
    answer = sheet(path)
    assert (answer.status, answer.json["new"]) == (0, 1)
    assert Goods.objects.get().code == "0012"


# --- export and edit ------------------------------------------------------------------


def edited(path, tmp_path, changed):
    """The export with `changed` {(code, column): value} and no other difference."""
    header, *rows = csv_rows(path)
    for row in rows:
        for (code, column), value in changed.items():
            if row[0] == code:
                row[header.index(column)] = value
    path = tmp_path / "edited.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def test_what_changed_on_both_sides_is_a_conflict(sheet, shop, tmp_path):
    one = GoodsFactory(code="A1", name="旧", price=Decimal("5.00"))
    GoodsFactory(code="A2", name="旧", price=Decimal("5.00"))
    path = exported(tmp_path)
    editing.edit_goods(one, {"name": "店里"}, by=shop)
    path = edited(path, tmp_path, {("A1", "name"): "表里", ("A2", "name"): "表里"})
    answer = sheet(path)
    assert answer.status == 1
    assert answer.counts == {"new": 0, "changed": 1, "unchanged": 0, "conflicts": 1}
    assert answer.cells == ["B2"]
    assert "店里" in answer.messages["B2"]
    assert set(Goods.objects.values_list("name", flat=True)) == {"店里", "旧"}
    answer = sheet(path, "--only-good")
    assert answer.status == 1
    assert dict(Goods.objects.values_list("code", "name")) == {
        "A1": "店里",
        "A2": "表里",
    }


def test_what_changed_only_in_the_shop_is_not_put_back(sheet, shop, tmp_path):
    one = GoodsFactory(code="A1", name="旧", price=Decimal("5.00"))
    path = exported(tmp_path)
    editing.edit_goods(one, {"name": "店里"}, by=shop)
    path = edited(path, tmp_path, {("A1", "spec"): "80mm"})
    answer = sheet(path)
    assert (answer.status, answer.counts["changed"]) == (0, 1)
    one.refresh_from_db()
    assert (one.name, one.spec) == ("店里", "80mm")


def test_the_same_change_on_both_sides_is_no_conflict(sheet, shop, tmp_path):
    one = GoodsFactory(code="A1", name="旧")
    path = exported(tmp_path)
    editing.edit_goods(one, {"name": "新"}, by=shop)
    answer = sheet(edited(path, tmp_path, {("A1", "name"): "新"}))
    assert answer.counts == {"new": 0, "changed": 0, "unchanged": 1, "conflicts": 0}


# --- the identity ---------------------------------------------------------------------

LETTERS = st.characters(
    codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Co", "Zl", "Zp"],
    exclude_characters="<>\u200b\u2060\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
)  # fmt: skip
WORD = st.one_of(
    st.text(LETTERS, max_size=40).map(one_line),
    st.sampled_from(["清空", "'[Clear]", "'清空", "code", "_x0041_", "示例-1", "=1"]),
)
LINES = st.text(st.one_of(LETTERS, st.just("\n")), max_size=80).map(many_lines)
# what looks rewritten by a spreadsheet is refused, and the template's example left out
CODE = (
    st.from_regex(r"[A-Za-z0-9苹果][A-Za-z0-9 ._/\-苹果]{0,20}", fullmatch=True)
    .map(one_line)
    .filter(lambda code: code and not re.search(r"\d[eE]", code))
)
MONEY = st.decimals("0", "999999.99", places=2)
GOODS = st.fixed_dictionaries(
    {
        "name": WORD.filter(bool),
        "spec": WORD,
        "origin": WORD,
        "barcode": st.from_regex(r"[0-9A-Za-z-]{0,20}", fullmatch=True).filter(
            lambda code: not re.search(r"\d[eE]", code)
        ),
        "description": LINES,
        "price": MONEY,
        "case_price": st.none() | MONEY,
        "cost": st.none() | st.decimals("0", "999999.99", places=4),
        "min_quantity": st.decimals("0.001", "999999.999", places=3),
        "case_size": st.none() | st.decimals("0.001", "999999.999", places=3),
        "case_min_quantity": st.integers(1, 100_000),
        "points_factor": st.decimals("0", "100", places=2),
        "retail_enabled": st.booleans(),
        "is_weighed": st.booleans(),
    }
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    goods=st.dictionaries(CODE, GOODS, max_size=4),
    name=st.sampled_from(["out.csv", "out.xlsx"]),
)
def test_export_then_import_is_the_identity(db, tmp_path_factory, goods, name):
    path = tmp_path_factory.mktemp("round")
    with transaction.atomic():
        words = {
            "category": CategoryFactory(),
            "unit": UnitFactory(),
        }
        by = AdminFactory()
        for code, values in {code.upper(): v for code, v in goods.items()}.items():
            changes.create(Goods(code=code, **words, **values), changes.Origin(by=by))
        before = list(Goods.objects.order_by("pk").values())
        file = exported(path, name)
        out = io.StringIO()
        call_command(
            *("sheet", "import", "goods", str(file), "--as", by.username, "--json"),
            stdout=out,
        )
        assert json.loads(out.getvalue().splitlines()[-1])["unchanged"] == len(before)
        assert list(Goods.objects.order_by("pk").values()) == before
        assert changes.HISTORY.objects.count() == len(before)
        transaction.set_rollback(True)
