"""`manage.py sheet import sales-history`: what counts, what is the same, what is not."""

import io
import json
from decimal import Decimal

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.urls import reverse

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.base.errors import NotPermitted
from backoffice.base.moments import read_moment
from backoffice.sheets import batches, importing, undoing
from backoffice.sheets.enums import BatchStatus
from backoffice.sheets.errors import BatchNotReady
from backoffice.sheets.models import Batch
from backoffice.sheets.tests.files import csv_bytes, write_csv, write_xlsx
from backoffice.tests.pages import text_of
from catalog.tests.factories import GoodsFactory
from stock import velocity
from stock.models import SoldLine, StockBalance, StockMovement

pytestmark = pytest.mark.django_db

HEADER = ["sold_at", "code", "quantity", "unit_price", "kind", "reference"]
ROW = ["2026-03-01 08:30", "A1", "2.5", "12.8", "sale", "R1"]
BACK = ["2026-03-02", "A1", "0.5", "12.8", "return", "R2"]


@pytest.fixture
def boss():
    return AdminFactory(username="boss")


@pytest.fixture
def goods(boss):
    return GoodsFactory(code="A1", name="红富士")


@pytest.fixture
def take(tmp_path, boss):
    """`take(rows, "--only-good", header=…)`: the JSON of the import, and its status."""

    def run(rows, *options, header=HEADER):
        path = rows
        if isinstance(rows, list):
            path = write_csv(tmp_path / "history.csv", [header, *rows])
        out, status = io.StringIO(), 0
        try:
            call_command(
                *("sheet", "import", "sales-history", str(path)),
                *("--as", "boss", "--json", *options),
                stdout=out,
            )
        except SystemExit as end:
            status = end.code
        return {"status": status, **json.loads(out.getvalue().splitlines()[-1])}

    return run


def with_cell(row, name, value):
    cells = list(row)
    cells[HEADER.index(name)] = value
    return cells


def counts(answer):
    return [answer[name] for name in ("new", "changed", "unchanged", "conflicts")]


def test_lines_are_kept_and_move_no_stock(take, goods):
    answer = take([ROW, BACK])
    assert (answer["status"], counts(answer)) == (0, [2, 0, 0, 0])
    sale, back = SoldLine.objects.order_by("id")
    assert (sale.goods, sale.kind, sale.quantity) == (goods, "sale", Decimal("2.500"))
    assert sale.unit_price == Decimal("12.8000")
    assert sale.sold_at == read_moment("2026-03-01 08:30")
    assert (sale.reference, sale.line, sale.lines) == ("R1", 1, 1)
    assert (sale.source, sale.batch) == ("history", str(answer["batch"]))
    assert back.sold_at == read_moment("2026-03-02")
    assert not StockMovement.objects.exists()
    assert not StockBalance.objects.exists()


def test_they_feed_the_average(take, goods):
    take([ROW, BACK])
    found = velocity.paces(at=read_moment("2026-03-03"))[goods.pk]
    assert (found.sold, found.days, found.average) == (2, 2, 1)


def test_the_same_again_changes_nothing(take, goods):
    take([ROW, ROW, BACK])
    before = list(SoldLine.objects.values_list("pk", flat=True))
    answer = take([ROW, ROW, BACK])
    assert (answer["status"], counts(answer)) == (0, [0, 0, 3, 0])
    assert list(SoldLine.objects.values_list("pk", flat=True)) == before


def test_without_numbers_lines_count_within_their_reference(take, goods):
    other = with_cell(ROW, "quantity", "7")
    take([ROW, BACK, other, ROW])
    lines = SoldLine.objects.filter(reference="R1").order_by("line")
    assert [(row.line, row.quantity, row.lines) for row in lines] == [
        (1, Decimal("2.5"), 3),
        (2, 7, 3),
        (3, Decimal("2.5"), 3),
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sold_at", "2026-03-01 08:31"),
        ("code", "A2"),
        ("quantity", "2.6"),
        ("unit_price", "12.81"),
        ("kind", "return"),
    ],
)
def test_other_content_under_a_reference_is_a_conflict(take, goods, name, value):
    GoodsFactory(code="A2")
    take([ROW])
    answer = take([with_cell(ROW, name, value)])
    assert (answer["status"], counts(answer)) == (1, [0, 0, 0, 1])
    column = "ABCDEF"[HEADER.index(name)]
    assert [error["cell"] for error in answer["errors"]] == [f"{column}2"]
    assert SoldLine.objects.get().quantity == Decimal("2.5")


def test_a_conflict_stops_the_sheet_unless_only_good_rows_are_wanted(take, goods):
    take([ROW])
    wrong = with_cell(ROW, "quantity", "9")
    fresh = with_cell(ROW, "reference", "R9")
    assert counts(take([wrong, fresh])) == [1, 0, 0, 1]
    assert SoldLine.objects.count() == 1
    take([wrong, fresh], "--only-good")
    assert SoldLine.objects.count() == 2


def test_more_lines_under_a_known_reference_are_other_content(take, goods):
    take([ROW])
    answer = take([ROW, with_cell(ROW, "quantity", "1")])
    assert counts(answer) == [0, 0, 1, 1]
    assert "1" in answer["errors"][0]["message"]


def test_numbered_lines_may_come_in_several_sheets(take, goods):
    header = [*HEADER, "line"]
    take([[*ROW, 1]], header=header)
    second = [*with_cell(ROW, "quantity", "4"), 2]
    answer = take([second], header=header)
    assert (answer["status"], counts(answer)) == (0, [1, 0, 0, 0])
    answer = take([[*ROW, 1], second], header=header)
    assert counts(answer) == [0, 0, 2, 0]
    wrong = [*with_cell(ROW, "quantity", "5"), 2]
    assert counts(take([wrong], header=header)) == [0, 0, 0, 1]


def test_a_number_twice_in_one_sheet_is_wrong(take, goods):
    answer = take([[*ROW, 3], [*ROW, 3]], header=[*HEADER, "line"])
    assert [error["cell"] for error in answer["errors"]] == ["G3"]


def test_unknown_goods_are_listed_with_their_rows(take, goods, capsys):
    rows = [
        ROW,
        with_cell(ROW, "code", "POST"),
        with_cell(BACK, "code", "POST"),
        with_cell(BACK, "code", "M"),
    ]
    answer = take(rows)
    assert answer["status"] == 1
    assert [error["cell"] for error in answer["errors"]] == ["B3", "B4", "B5"]
    assert "POST" in answer["errors"][0]["message"]
    assert not SoldLine.objects.exists()
    notes = Batch.objects.get().layout["notes"]
    assert any("POST (2), M (1)" in note for note in notes)


def test_what_was_left_out_comes_in_when_the_goods_is_there(take, goods):
    rows = [ROW, with_cell(ROW, "code", "NEW-1"), ROW]
    assert take(rows, "--only-good")["new"] == 2
    assert set(SoldLine.objects.values_list("line", flat=True)) == {1, 3}
    GoodsFactory(code="NEW-1")
    answer = take(rows)
    assert (answer["status"], counts(answer)) == (0, [1, 0, 2, 0])
    assert SoldLine.objects.get(line=2).goods.code == "NEW-1"


def test_codes_in_any_case_and_of_fifteen_digits(take, goods, tmp_path):
    long = GoodsFactory(code="102900005115762")
    path = write_xlsx(
        tmp_path / "history.xlsx",
        [
            HEADER,
            with_cell(ROW, "code", "a1"),
            with_cell(with_cell(ROW, "code", 102900005115762), "reference", "R2"),
            with_cell(with_cell(ROW, "code", "102900005115762"), "reference", "R3"),
        ],
    )
    assert take(path)["status"] == 0
    assert SoldLine.objects.filter(goods=long).count() == 2
    rewritten = with_cell(ROW, "code", "1.029E+14")
    answer = take([with_cell(rewritten, "reference", "R4")])
    assert "1.029E+14" in answer["errors"][0]["message"]


def test_dates_of_spreadsheets_are_local(take, goods, tmp_path):
    from datetime import datetime

    moment = datetime(2026, 3, 1, 8, 30)  # noqa: DTZ001 - as a spreadsheet has it
    path = write_xlsx(tmp_path / "h.xlsx", [HEADER, with_cell(ROW, "sold_at", moment)])
    assert take(path)["status"] == 0
    assert SoldLine.objects.get().sold_at == read_moment("2026-03-01 08:30")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("quantity", "0"),
        ("quantity", "-3"),
        ("quantity", "1.2345"),
        ("quantity", "1e12"),
        ("quantity", "many"),
        ("quantity", ""),
        ("unit_price", "-1"),
        ("unit_price", "1.23456"),
        ("kind", "gift"),
        ("kind", ""),
        ("sold_at", "yesterday"),
        ("sold_at", "2099-01-01"),
        ("sold_at", ""),
        ("code", ""),
        ("reference", ""),
        ("reference", "R" * 65),
    ],
)
def test_wrong_cells_are_named_and_nothing_is_written(take, goods, name, value):
    answer = take([ROW, with_cell(with_cell(ROW, "reference", "R7"), name, value)])
    assert answer["status"] == 1
    assert [e["cell"] for e in answer["errors"]] == [f"{'ABCDEF'[HEADER.index(name)]}3"]
    assert not SoldLine.objects.exists()


def test_returns_before_sales_count_and_never_go_below_zero(take, goods):
    take([BACK])
    found = velocity.paces(at=read_moment("2026-03-03"))[goods.pk]
    assert (found.sold, found.average) == (Decimal("-0.5"), 0)


def test_chinese_headings_and_words(take, goods):
    answer = take(
        [["2026/3/1 8:30", "A1", "2.5", "12.80", "销售", "R1"]],
        header=["销售时间", "商品编码", "数量", "单价", "销售类型", "小票号"],
    )
    assert (answer["status"], counts(answer)) == (0, [1, 0, 0, 0])


def test_who_may_not(goods):
    clerk = StaffFactory(permissions=["stock.view_soldline"])
    file = ContentFile(csv_bytes([HEADER, ROW]), name="h.csv")
    with pytest.raises(NotPermitted):
        batches.receive("sales-history", file, by=clerk)


def test_undo_takes_the_lines_of_the_batch_away(take, goods, boss):
    take([ROW])
    answer = take([ROW, BACK])
    undoing.start_undo(Batch.objects.get(pk=answer["batch"]), by=boss)
    assert [row.reference for row in SoldLine.objects.all()] == ["R1"]
    assert counts(take([ROW, BACK])) == [1, 0, 1, 0]


def test_what_is_exported_is_the_same_again(take, goods, tmp_path):
    take([ROW, BACK, ROW])
    path = tmp_path / "out.csv"
    call_command("sheet", "export", "sales-history", str(path), "--as", "boss")
    answer = take(path)
    assert (answer["status"], counts(answer)) == (0, [0, 0, 3, 0])


def test_two_who_import_the_same_at_once(goods, boss):
    def checked():
        file = ContentFile(csv_bytes([HEADER, ROW]), name="h.csv")
        return batches.receive("sales-history", file, by=boss, check=True)

    first, second = checked(), checked()
    importing.start_apply(first, by=boss)
    with pytest.raises(BatchNotReady):
        importing.start_apply(second, by=boss)
    second.refresh_from_db()
    assert second.status == BatchStatus.CHECKED
    assert SoldLine.objects.count() == 1


# --- the pages


def test_the_list_shows_filters_and_leads_to_import_and_export(client, take, goods):
    take([ROW, BACK])
    client.force_login(
        StaffFactory(
            permissions=[
                *("stock.view_soldline", "stock.import_history", "sheets.add_batch"),
            ]
        )
    )
    url = reverse("admin:stock_soldline_changelist")
    text = text_of(client.get(url))
    assert "红富士" in text
    assert "R1" in text
    page = client.get(url, {"kind__exact": "return"})
    assert len(page.context["cl"].result_list) == 1
    page = client.get(url, {"q": "a1"})
    assert len(page.context["cl"].result_list) == 2
    page = client.get(url, {"q": "R2"})
    assert len(page.context["cl"].result_list) == 1
    assert "sheet=sales-history" in page.content.decode()
    row = SoldLine.objects.first()
    change = reverse("admin:stock_soldline_change", args=[row.pk])
    assert client.get(change).status_code == 200
    assert client.post(change, {"quantity": 1}).status_code == 403


def test_the_import_page_takes_it_and_shows_the_lines(client, goods):
    client.force_login(AdminFactory())
    page = client.get(reverse("admin:sheets_import"), {"sheet": "sales-history"})
    assert "2000000" in page.content.decode().replace(",", "")
    file = ContentFile(csv_bytes([HEADER, ROW]), name="h.csv")
    client.post(
        reverse("admin:sheets_import"), {"sheet": "sales-history", "file": file}
    )
    batch = Batch.objects.get()
    text = text_of(client.get(reverse("admin:sheets_batch_change", args=[batch.pk])))
    assert "R1" in text
    assert "1/1" in text


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_its_template_can_be_handed_in_as_it_is(take, goods, tmp_path, kind):
    path = tmp_path / f"template.{kind}"
    call_command("sheet", "template", "sales-history", str(path))
    assert take(path)["errors"] == []
