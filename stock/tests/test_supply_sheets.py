"""`manage.py sheet import replenishment | stocktake`: what they book, what they refuse."""

import io
import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.base.errors import NotPermitted, WrongStatus
from backoffice.sheets import batches, importing, undoing
from backoffice.sheets.models import Batch
from backoffice.sheets.tests.files import csv_bytes, write_csv
from backoffice.tests.pages import text_of
from catalog.models import Goods
from catalog.tests.factories import ArchivedGoodsFactory, GoodsFactory, PieceFactory
from stock import replenishment, reservations, stocktaking, suppliers
from stock.enums import ReplenishmentStatus, StocktakeStatus
from stock.models import (
    GoodsSupply,
    ReplenishmentOrder,
    StockBalance,
    StockMovement,
    Stocktake,
    Supplier,
)
from stock.tests.factories import levels, stocked
from stock.tests.test_replenishment import ordered, supplied
from stock.tests.test_stocktaking import sold

pytestmark = pytest.mark.django_db
D = Decimal
RECEIPTS = ["supplier", "code", "quantity", "unit_cost", "reference"]
COUNTS = ["code", "counted", "reason"]


@pytest.fixture(autouse=True)
def boss():
    return AdminFactory(username="boss")


@pytest.fixture
def take(tmp_path):
    """`take(kind, rows, "--only-good")`: the JSON of the import, and its status."""

    def run(kind, rows, *options, header=None, by="boss"):
        header = header or {"replenishment": RECEIPTS, "stocktake": COUNTS}[kind]
        path = write_csv(tmp_path / f"{kind}.csv", [header, *rows])
        out, status = io.StringIO(), 0
        try:
            call_command(
                *("sheet", "import", kind, str(path), "--as", by, "--json", *options),
                stdout=out,
            )
        except SystemExit as end:
            status = end.code
        return {"status": status, **json.loads(out.getvalue().splitlines()[-1])}

    return run


def said(answer):
    return " ".join(error["message"] for error in answer["errors"])


# --- receipts


def test_receipts_are_booked_and_costs_averaged(take):
    supplied("果园")
    goods, other = stocked("10", cost="2", code="A1"), GoodsFactory(code="A2")
    answer = take(
        "replenishment",
        [["果园", "A1", "10", "4", "D1"], ["果园", "A2", "5.5", "", "D1"]],
    )
    assert (answer["status"], answer["new"]) == (0, 2)
    assert levels(goods)[0] == 20
    assert levels(other)[0] == D("5.5")
    assert Goods.objects.get(code="A1").cost == 3
    order = ReplenishmentOrder.objects.get()
    assert (order.status, order.lines.count()) == (ReplenishmentStatus.RECEIVED, 2)
    assert GoodsSupply.objects.get(goods=other).supplier.name == "果园"


def test_the_same_receipts_again_change_nothing(take):
    supplied("果园")
    goods = GoodsFactory(code="A1")
    rows = [["果园", "A1", "10", "4", "D1"]]
    take("replenishment", rows)
    again = take("replenishment", rows)
    assert (again["status"], again["unchanged"]) == (0, 1)
    assert levels(goods)[0] == 10
    for row in (["果园", "A1", "11", "4", "D1"], ["果园", "A1", "10", "5", "D1"]):
        answer = take("replenishment", [row])
        assert (answer["status"], answer["conflicts"]) == (1, 1)
    GoodsFactory(code="A2")
    late = take("replenishment", [["果园", "A2", "3", "", "D1"]])
    assert late["conflicts"] == 1
    assert levels(goods)[0] == 10
    assert StockMovement.objects.count() == 1


def test_a_delivery_is_ticked_off_the_order_that_owes_it(take):
    goods = GoodsFactory(code="A1")
    supplier = supplied("果园")
    older = ordered((goods, "4"), supplier=supplier)
    order = ordered((goods, "10", "3"), supplier=supplier)
    take("replenishment", [["果园", "A1", "6", "", "D1"]])
    older.refresh_from_db()
    order.refresh_from_db()
    assert older.status == ReplenishmentStatus.ORDERED, "it owes no 6"
    assert order.status == ReplenishmentStatus.PARTLY_RECEIVED
    assert replenishment.on_order([goods.pk]) == {goods.pk: 8}
    assert Goods.objects.get().cost == 3, "as ordered"
    take("replenishment", [["果园", "A1", "4", "", older.number]])
    older.refresh_from_db()
    assert older.status == ReplenishmentStatus.RECEIVED
    assert ReplenishmentOrder.objects.count() == 2


def test_more_than_an_order_that_is_named_is_refused(take):
    goods = GoodsFactory(code="A1")
    order = ordered((goods, "10"), supplier=supplied("果园"))
    answer = take("replenishment", [["果园", "A1", "12", "", order.number]])
    assert answer["status"] == 1
    assert not StockMovement.objects.exists()
    assert ReplenishmentOrder.objects.count() == 1


def test_two_deliveries_of_one_supplier_at_once(take):
    first, second = GoodsFactory(code="A1"), GoodsFactory(code="A2")
    supplier = supplied("果园")
    order = ordered((first, "10"), (second, "5"), supplier=supplier)
    take(
        "replenishment",
        [["果园", "A2", "5", "", "D1"], ["果园", "A1", "10", "", "D2"]],
    )
    order.refresh_from_db()
    assert order.status == ReplenishmentStatus.RECEIVED
    assert order.receipts.count() == 2


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (["果园", "A1", "0", "4", "D1"], "0"),
        (["果园", "A1", "-1", "4", "D1"], "-1"),
        (["果园", "A1", "1.0001", "4", "D1"], "1.0001"),
        (["果园", "A1", "1e12", "4", "D1"], "1e12"),
        (["果园", "A1", "1", "-4", "D1"], "-4"),
        (["果园", "A1", "1", "4.00001", "D1"], "4.00001"),
        (["果园", "X9", "1", "4", "D1"], "X9"),
        (["果园", "OLD", "1", "4", "D1"], ""),
        (["果园", "PC", "1.5", "4", "D1"], "PC"),
        (["菜园", "A1", "1", "4", "D1"], "菜园"),
        (["果园", "A1", "1", "4", ""], ""),
        (["果园", "A1", "1", "4", "x" * 65], ""),
        (["", "A1", "1", "4", "D1"], ""),
    ],
)
def test_rows_that_are_wrong_are_said_in_their_cell(take, row, why):
    supplied("果园")
    GoodsFactory(code="A1")
    GoodsFactory(code="PC", unit=PieceFactory())
    ArchivedGoodsFactory(code="OLD")
    answer = take("replenishment", [row])
    assert answer["status"] == 1
    assert answer["errors"]
    assert why in said(answer)
    assert not StockMovement.objects.exists()


def test_a_goods_twice_and_two_suppliers_under_one_reference(take):
    supplied("果园")
    supplied("菜园")
    GoodsFactory(code="A1")
    GoodsFactory(code="A2")
    twice = [["果园", "A1", "1", "", "D1"], ["果园", "a1", "2", "", "D1"]]
    mixed = [["果园", "A1", "1", "", "D2"], ["菜园", "A2", "2", "", "D2"]]
    for rows in (twice, mixed):
        answer = take("replenishment", rows)
        assert (answer["status"], len(answer["errors"])) == (1, 1)
    take("replenishment", mixed, "--only-good")
    assert StockMovement.objects.get().goods.code == "A1"


def test_suppliers_that_are_not_there_are_added_where_that_is_chosen(take):
    goods = GoodsFactory(code="A1")
    answer = take(
        "replenishment", [["新果园", "A1", "5", "", "D1"]], "--create-missing"
    )
    assert answer["status"] == 0
    assert Supplier.objects.get().name == "新果园"
    assert levels(goods)[0] == 5


def test_who_may_not_see_costs_brings_none(take):
    supplied("果园")
    GoodsFactory(code="A1")
    StaffFactory(
        username="keeper", permissions=["sheets.add_batch", replenishment.RECEIVE]
    )
    answer = take("replenishment", [["果园", "A1", "5", "4", "D1"]], by="keeper")
    assert len(answer["errors"]) == 1
    answer = take("replenishment", [["果园", "A1", "5", "", "D1"]], by="keeper")
    assert answer["status"] == 0


def test_a_receipt_stays_booked(take, boss):
    supplied("果园")
    GoodsFactory(code="A1")
    take("replenishment", [["果园", "A1", "5", "", "D1"]])
    with pytest.raises(NotPermitted):
        undoing.start_undo(Batch.objects.latest("pk"), by=boss)


def test_receipts_are_taken_away_as_they_came(take, tmp_path):
    supplied("果园")
    GoodsFactory(code="A1")
    take("replenishment", [["果园", "A1", "5", "3.5", "D1"]])
    path = tmp_path / "out.csv"
    call_command("sheet", "export", "replenishment", str(path), "--as", "boss")
    lines = path.read_text(encoding="utf-8-sig").split()
    assert lines == ["supplier,code,quantity,unit_cost,reference", "果园,A1,5,3.5,D1"]
    again = take("replenishment", [lines[1].split(",")])
    assert again["unchanged"] == 1


# --- counts


def test_a_count_is_previewed_and_then_posted(take):
    goods, same = stocked("10", code="A1", cost="3"), stocked("5", code="A2")
    rows = [["A1", "8", "烂了两斤"], ["A2", "5", ""]]
    seen = take("stocktake", rows, "--dry-run")
    assert (seen["status"], seen["changed"], seen["unchanged"]) == (0, 1, 1)
    assert levels(goods)[0] == 10
    answer = take("stocktake", rows)
    assert answer["status"] == 0
    assert levels(goods)[0] == 8
    assert levels(same)[0] == 5
    stocktake = Stocktake.objects.get()
    assert stocktake.status == StocktakeStatus.POSTED
    movement = StockMovement.objects.get(kind="stocktake")
    assert (movement.reference, movement.reason) == (stocktake.number, "烂了两斤")


def test_the_differences_are_seen_in_goods_and_yuan_before_the_import(client, boss):
    goods = stocked("10", code="A1", cost="3")
    stocked("5", code="A2", cost="2")
    client.force_login(boss)
    file = csv_bytes([COUNTS, ["A1", "8", ""], ["A2", "5.5", ""]])
    answer = client.post(
        reverse("admin:sheets_import"),
        {"sheet": "stocktake", "file": SimpleUploadedFile("count.csv", file)},
        headers={"accept-language": "en"},
    )
    shown = text_of(client.get(answer.url, headers={"accept-language": "en"}))
    assert "Goods that differ: 2." in shown
    assert "The differences come to -5.00 yuan at cost." in shown
    assert "10.00 → 8.00" in shown
    assert levels(goods)[0] == 10


def test_the_same_count_again_is_refused_that_day(take):
    goods, other = stocked("10", code="A1"), stocked("5", code="A2")
    rows = [["A1", "8", ""], ["A2", "5", ""]]
    take("stocktake", rows)
    sold(other, "1")
    again = take("stocktake", rows)
    assert again["status"] == 1, "the sale of A2 would be taken back otherwise"
    assert levels(goods)[0] == 8
    assert levels(other)[0] == 4
    assert Stocktake.objects.count() == 1


def test_a_sale_after_the_count_stays_sold(take):
    goods = stocked("10", code="A1")
    counted_at = timezone.now()
    sold(goods, "3")
    answer = take(
        "stocktake",
        [["A1", "9", counted_at.isoformat()]],
        header=["code", "counted", "counted_at"],
    )
    assert answer["status"] == 0
    assert levels(goods)[0] == 6


def test_a_sale_between_check_and_import_stays_sold(take, boss, tmp_path):
    goods = stocked("10", code="A1")
    file = ContentFile(csv_bytes([COUNTS, ["A1", "9", ""]]), name="count.csv")
    batch = batches.receive("stocktake", file, by=boss, check=True)
    sold(goods, "3")
    importing.start_apply(batch, by=boss, wait=True)
    assert levels(goods)[0] == 6


def test_a_count_of_a_moment_before_a_correction_is_refused(take):
    goods = stocked("10", code="A1")
    before = timezone.now() - timedelta(seconds=1)
    take("stocktake", [["A1", "8", ""]])
    header = ["code", "counted", "counted_at"]
    answer = take("stocktake", [["A1", "7", before.isoformat()]], header=header)
    assert (answer["status"], answer["conflicts"]) == (1, 1)
    assert levels(goods)[0] == 8


def test_counts_of_goods_in_an_open_stocktake_go_there(take, boss):
    goods, other = stocked("10", code="A1"), stocked("5", code="A2")
    stocktake = stocktaking.start([goods.pk], by=boss)
    answer = take("stocktake", [["A1", "8", "x"], ["A2", "4", ""]])
    assert answer["status"] == 0
    line = stocktake.lines.get()
    assert (line.counted, line.expected, line.reason) == (8, 10, "x")
    assert levels(goods)[0] == 10, "it is posted there"
    assert levels(other)[0] == 4
    stocktaking.finish(stocktake, by=boss)
    assert take("stocktake", [["A1", "7", ""]])["conflicts"] == 1


def test_blank_counts_were_not_counted(take):
    goods = stocked("10", code="A1")
    stocked("5", code="A2")
    answer = take("stocktake", [["A1", "", ""], ["A2", "0", ""]])
    assert (answer["unchanged"], answer["changed"]) == (1, 1)
    assert levels(goods)[0] == 10
    assert StockBalance.objects.get(goods__code="A2").on_hand == 0


def test_what_orders_hold_is_left_as_a_shortage(take):
    goods = stocked("10", code="A1")
    reservations.reserve([(goods.pk, D(8))], order="O1", by=None)
    take("stocktake", [["A1", "5", ""]])
    assert levels(goods) == (8, 8, 3)


@pytest.mark.parametrize(
    "row", [["X9", "1", ""], ["A1", "-1", ""], ["A1", "1.0001", ""], ["A1", "1e12", ""],
            ["PC", "1.5", ""], ["", "1", ""], ["A1", "x", ""]]
)  # fmt: skip
def test_counts_that_are_wrong_are_refused(take, row):
    stocked("10", code="A1")
    stocked("5", code="PC", unit=PieceFactory())
    answer = take("stocktake", [row])
    assert (answer["status"], len(answer["errors"])) == (1, 1)
    assert not Stocktake.objects.exists()


def test_a_count_is_taken_back(take, boss):
    goods = stocked("10", code="A1")
    take("stocktake", [["A1", "8", ""]])
    batch = Batch.objects.latest("pk")
    undoing.start_undo(batch, by=boss)
    assert levels(goods)[0] == 10
    assert Stocktake.objects.get().status == StocktakeStatus.UNDONE
    with pytest.raises(WrongStatus):
        undoing.start_undo(batch, by=boss)


def test_a_sheet_to_count_with_is_empty(take, tmp_path):
    stocked("10", code="A1", name="红富士")
    path = tmp_path / "out.csv"
    call_command("sheet", "export", "stocktake", str(path), "--as", "boss")
    [header, row] = path.read_text(encoding="utf-8-sig").splitlines()
    assert header == "code,counted,reason,counted_at,name,unit,booked"
    assert row == "A1,,,,红富士,斤,10.000"


def test_only_who_may_count_hands_counts_in(take):
    stocked("10", code="A1")
    StaffFactory(username="clerk", permissions=["sheets.add_batch"])
    StaffFactory(username="keeper", permissions=["sheets.add_batch", stocktaking.COUNT])
    refused = take("stocktake", [["A1", "8", ""]], by="clerk")
    assert refused["status"] == 1
    assert take("stocktake", [["A1", "8", ""]], by="keeper")["status"] == 0
    assert suppliers.ORDER == "stock.order_goods"
