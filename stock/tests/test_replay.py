"""The replay on files made here: what is a sale, what is refused, what is printed."""

import gzip
from datetime import datetime
from decimal import Decimal

import openpyxl
import pytest

from stock.enums import SoldKind
from stock.replay.sets import UnreadableSet, read_uci, read_veg
from stock.tests.replays import replayed, run

UCI_HEADER = (
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
)
VEG_HEADER = (
    "date,item_code,item_name,category_code,category,sold_g,"
    "mean_ticket_price_yuan_per_kg,discounted_ticket_share,tickets,"
    "wholesale_yuan_per_kg,loss_rate_pct,returned_g"
)


def uci(path, *rows):
    """(invoice, code, quantity, time, price), as the shop's file has them."""
    lines = [f"{i},{c},A THING,{q},{t},{p},,France" for i, c, q, t, p in rows]
    path.write_text("\n".join([UCI_HEADER, *lines]), encoding="utf-8")
    return path


def veg(path, *rows):
    """(day, code, sold, returned)"""
    lines = [f"{d},{c},苋菜,1,花叶类,{s},6.0,0.0,1,3.88,1,{r}" for d, c, s, r in rows]
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write("\n".join([VEG_HEADER, *lines]))
    return path


# --- what is a sale


def test_sales_returns_and_what_is_neither(tmp_path):
    found = read_uci(
        uci(
            tmp_path / "u.csv",
            ("536365", "85123a ", 6, "2010-12-01 08:26:00", "2.55"),
            ("C536379", "85123A", -1, "2010-12-02 08:26:00", "2.55"),
            ("536380", "22139", 10, "2010-12-02 09:00:00", "0"),
            ("536381", "22140", -10, "2010-12-02 09:00:00", "1.5"),
            ("536382", "POST", 1, "2010-12-02 09:00:00", "18"),
        )
    )
    assert [(f.code, f.kind, f.quantity) for f in found.facts] == [
        ("85123A", SoldKind.SALE, 6),
        ("85123A", SoldKind.RETURN, 1),
    ]
    assert found.codes == {"85123A", "22139", "22140"}
    assert found.skipped == {"adjustment": 2, "service": 1}


def test_a_workbook_is_read_as_well(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(UCI_HEADER.split(","))
    moment = datetime(2010, 12, 1, 8, 26)  # noqa: DTZ001 - as a spreadsheet has it
    book.active.append([536365, 22139, "A THING", 6, moment, 2.55, None, "France"])
    book.save(tmp_path / "u.xlsx")
    (fact,) = read_uci(tmp_path / "u.xlsx").facts
    assert (fact.code, fact.reference, fact.quantity) == ("22139", "536365", 6)


def test_grams_of_days_and_tickets(tmp_path):
    found = read_veg(
        veg(tmp_path / "v.csv.gz", ("2020-07-01", "102900005115762", 6841, 3))
    )
    assert [(f.kind, f.quantity) for f in found.facts] == [
        (SoldKind.SALE, Decimal("6.841")),
        (SoldKind.RETURN, Decimal("0.003")),
    ]
    tickets = tmp_path / "tickets.csv"
    tickets.write_text(
        "\ufeff销售日期,扫码销售时间,单品编码,销量(千克),销售单价(元/千克),销售类型,是否打折销售\r\n"
        "2023-06-16,09:14:23.342,102900011008164,0.328,4.00,销售,否\r\n"
        "2023-06-16,09:15:23.342,102900011008164,-0.328,4.00,退货,否\r\n",
        encoding="utf-8",
    )
    assert [f.kind for f in read_veg(tickets).facts] == ["sale", "return"]


@pytest.mark.parametrize(
    "line",
    [
        "536365,85123A,X,six,2010-12-01 08:26:00,2.55,,France",
        "536365,85123A,X,6,someday,2.55,,France",
    ],
)
def test_what_cannot_be_read_is_told(tmp_path, line):
    path = tmp_path / "u.csv"
    path.write_text(f"{UCI_HEADER}\n{line}\n", encoding="utf-8")
    with pytest.raises(UnreadableSet):
        read_uci(path)


@pytest.mark.parametrize(
    ("read", "text", "missing"),
    [
        (read_uci, "code,quantity\n1,2\n", "InvoiceDate"),
        (read_uci, "InvoiceDate,Quantity,UnitPrice\n2010-12-01,1,2\n", "StockCode"),
        (read_veg, "code,quantity\n1,2\n", "销售日期"),
        (read_veg, "date,sold_g\n2020-07-01,5\n", "item_code"),
        (read_veg, "销售日期,销量(千克)\n2023-06-16,1\n", "单品编码"),
    ],
)
def test_a_column_that_is_not_there_is_named(tmp_path, read, text, missing):
    path = tmp_path / "u.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UnreadableSet, match=missing):
        read(path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("broken.csv.gz", b"no gzip at all"),
        ("cut.csv.gz", gzip.compress(b"date,item_code,sold_g\n")[:-12]),
        ("gbk.csv", "销售日期,单品编码\n".encode("gb18030")),
        ("broken.xlsx", b"no workbook"),
    ],
)
def test_a_file_of_another_kind_is_named(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnreadableSet, match=name):
        read_veg(path)


def test_a_price_that_is_no_number_is_told(tmp_path):
    path = tmp_path / "v.csv"
    heading = "date,item_code,sold_g,mean_ticket_price_yuan_per_kg"
    path.write_text(f"{heading}\n2020-07-01,7,5,dear\n", encoding="utf-8")
    with pytest.raises(UnreadableSet, match="dear"):
        read_veg(path)


# --- the replay


def test_an_online_shop_refills_on_sundays_after_closing(tmp_path):
    report = replayed(
        uci(
            tmp_path / "u.csv",
            # a Thursday; 150 are left and refilled on Sunday the 5th
            ("1", "10001", 350, "2010-12-02 10:00:00", "1"),
            ("2", "10001", 600, "2010-12-06 10:00:00", "1"),
            # a return in the morning of the day makes room
            ("3", "10002", 510, "2010-12-03 10:00:00", "1"),
            ("C4", "10002", -10, "2010-12-03 15:00:00", "1"),
            # one too many
            ("5", "10003", 501, "2010-12-03 10:00:00", "1"),
            ("6", "10003", 1, "2010-12-04 10:00:00", "1"),
        ),
        "uci",
        tmp_path,
    )
    ours = {row["item"]: row for row in report["items"]}
    assert ours["10001"]["closing"] == 50
    assert (ours["10001"]["replenishments"], ours["10001"]["lowest"]) == (1, 50)
    assert (ours["10002"]["closing"], ours["10002"]["returned"]) == (500, 10)
    assert ours["10003"]["first_refused_day"] == "2010-12-03"
    assert ours["10003"]["closing"] == 500
    assert report["refused"] == [
        {"item": "10003", "day": "2010-12-03", "asked": 501, "available": 500}
    ]
    assert report["never_refused"] == 2
    assert report["books"]["differences"] == []
    low = {row["item"]: row for row in report["alerts"]}
    # 950 in 5 complete days, 50 left: below 20 % of what is sold a day only by the
    # week's average, and not by the shop's own rule
    assert low == {} or "10003" not in low


def test_a_supermarket_refills_before_opening(tmp_path):
    report = replayed(
        veg(
            tmp_path / "v.csv.gz",
            ("2020-07-30", "102900005115762", 19000, 0),
            ("2020-07-31", "102900005115762", 30500, 0),
            ("2020-07-31", "102900005115779", 20001, 0),
        ),
        "veg",
        tmp_path,
    )
    first, second = report["items"]
    assert (first["closing"], first["replenishments"]) == (500, 1)
    assert second["first_refused_day"] == "2020-07-31"
    (alert,) = report["alerts"]
    assert (alert["date"], alert["item"]) == ("2020-07-31", "102900005115762")
    assert (alert["sold7"], alert["stock"]) == (49500, 500)
    assert (alert["alert7"], alert["alert30"], alert["low"]) == (True, False, True)


def test_a_file_that_is_not_there(tmp_path):
    done = run("replay", str(tmp_path / "no.csv"), "--rules", "uci", folder=tmp_path)
    assert done.returncode != 0
    assert "no.csv" in done.stderr
