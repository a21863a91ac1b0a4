"""The prices sheet: code, price, case price, reason."""

import csv
import io
from decimal import Decimal

from django.core.management import call_command

from backoffice.accounts.tests.factories import StaffFactory
from backoffice.oplog.models import OperationLog
from backoffice.sheets import undoing
from backoffice.sheets.models import Batch
from catalog import changes
from catalog.models import Goods, RepricingRun
from catalog.tests.factories import GoodsFactory, OnSaleGoodsFactory

HEADER = ["code", "price", "case_price", "reason"]


def test_prices_come_in_with_their_reasons(sheet, shop):
    OnSaleGoodsFactory(code="A1", name="苹果", price=Decimal("10.00"))
    OnSaleGoodsFactory(code="A2", price=Decimal("10.00"))
    answer = sheet(
        [HEADER, ["A1", "11", "", "进价上涨"], ["A2", "", "88", ""]], kind="prices"
    )
    assert answer.status == 0
    assert answer.counts["changed"] == 2
    rows = changes.HISTORY.objects.filter(price_changed=True).order_by("code")
    assert [
        (r.code, r.old_price, r.price, r.case_price, r.history_change_reason)
        for r in rows
    ] == [
        ("A1", Decimal(10), Decimal(11), None, "进价上涨"),
        ("A2", None, Decimal(10), Decimal(88), None),
    ]
    logs = OperationLog.objects.filter(
        action="goods.repriced", target_label__startswith="A1"
    )
    assert logs.get().data["reason"] == "进价上涨"


def test_a_reason_alone_changes_nothing(sheet):
    GoodsFactory(code="A1", price=Decimal("10.00"))
    answer = sheet([HEADER, ["A1", "10", "", "x"]], kind="prices")
    assert answer.counts == {"new": 0, "changed": 0, "unchanged": 1, "conflicts": 0}


def test_an_unknown_code_is_an_error(sheet):
    answer = sheet([HEADER, ["A1", "10", "", ""]], kind="prices")
    assert (answer.status, answer.cells) == (1, ["A2"])
    assert not Goods.objects.exists()


def test_only_prices_are_taken(sheet):
    goods = GoodsFactory(code="A1", name="旧", price=Decimal("10.00"))
    sheet([["code", "name", "price", "spec"], ["A1", "新", "9", "x"]], kind="prices")
    goods.refresh_from_db()
    assert (goods.name, goods.spec, goods.price) == ("旧", "", Decimal("9.00"))


def test_guarded_prices_of_one_reason_wait_under_it(sheet):
    for n in range(2):
        OnSaleGoodsFactory(code=f"A{n}", price=Decimal("10.00"))
    sheet([HEADER, ["A0", "5", "", "清仓"], ["A1", "4", "", "清仓"]], kind="prices")
    run = RepricingRun.objects.get()
    assert (run.reason, run.lines.count()) == ("清仓", 2)


def test_a_long_reason_is_refused(sheet):
    GoodsFactory(code="A1", price=Decimal("10.00"))
    answer = sheet([HEADER, ["A1", "9", "", "长" * 501]], kind="prices")
    assert answer.cells == ["D2"]


def test_prices_need_a_permission(sheet):
    OnSaleGoodsFactory(code="A1", price=Decimal("10.00"))
    reviewer = StaffFactory(permissions=["sheets.add_batch", "catalog.review_goods"])
    assert sheet([HEADER, ["A1", "9", "", ""]], kind="prices", by=reviewer).cells == [
        ""
    ]
    buyer = StaffFactory(permissions=["sheets.add_batch", "catalog.change_goods"])
    assert sheet([HEADER, ["A1", "9", "", ""]], kind="prices", by=buyer).cells == ["B2"]


def test_prices_are_taken_back(sheet, shop):
    goods = OnSaleGoodsFactory(code="A1", price=Decimal("10.00"))
    sheet([HEADER, ["A1", "11", "", "x"]], kind="prices")
    undoing.start_undo(Batch.objects.get(), by=shop)
    goods.refresh_from_db()
    assert goods.price == Decimal("10.00")


def test_exported_prices_come_back_unchanged(sheet, tmp_path):
    GoodsFactory(code="A1", case_price=Decimal("8.80"))
    GoodsFactory(code="A2", price=Decimal("0.50"))
    for name in ("p.csv", "p.xlsx"):
        path = tmp_path / name
        call_command("sheet", "export", "prices", str(path), stdout=io.StringIO())
        answer = sheet(path, kind="prices")
        assert (answer.status, answer.counts["unchanged"]) == (0, 2)
    text = (tmp_path / "p.csv").read_bytes().decode("utf-8-sig")
    header, *_rows = csv.reader(io.StringIO(text))
    assert header == [
        *("code", "name", "price", "case_price", "reason", "status", "updated_at")
    ]
