"""Bills as they come, as people save them, and as nobody should believe them."""

import codecs
import gzip

import pytest

from sales.gateway import GatewayError, LineKind, Reason, parse_bill
from sales.simulator.bill import HEADER, TOTALS

PAID = (
    "`2026-11-24 09:08:07,`wx1234567890,`1900000109,`0,`,`420000001,`P20261124-0001,"
    "`oUser,`JSAPI,`SUCCESS,`OTHERS,`CNY,`68.00,`0.00,`0,`0,`0.00,`0.00,`,`,"
    "`苹果,梨 5 斤,`shop,`0.41000,`0.60%,`68.00,`0.00,`"
)
BACK = (
    "`2026-11-24 10:00:00,`wx1234567890,`1900000109,`0,`,`420000001,`P20261124-0001,"
    "`oUser,`JSAPI,`REFUND,`OTHERS,`CNY,`0.00,`0.00,`503000001,`P20261124r1,`8.00,"
    "`0.00,`ORIGINAL,`PROCESSING,`苹果,梨 5 斤,`shop,`-0.05000,`0.60%,`0.00,`8.00,`"
)
SUMS = "`2.0,`68.00,`8.00,`0.0,`0.36,`68.00,`8.00"


def bill(*lines: str, end: str = "\r\n", encoding: str = "utf-8-sig") -> bytes:
    return "".join(line + end for line in lines).encode(encoding)


WHOLE = bill(HEADER, PAID, BACK, TOTALS, SUMS)


def test_a_bill_is_read_by_the_names_of_its_columns():
    first, second = parse_bill(WHOLE).lines
    assert first.kind is LineKind.PAYMENT
    assert first.at.isoformat() == "2026-11-24T09:08:07+08:00"
    assert first.description == "苹果,梨 5 斤"
    assert (first.amount_fen, first.refund_fen, first.out_refund_no) == (6800, 0, "")
    assert second.kind is LineKind.REFUND
    assert (second.amount_fen, second.refund_fen) == (0, 800)
    assert second.refund_status == "PROCESSING"
    assert str(second.fee) == "-0.05000"


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(WHOLE),
        WHOLE.removeprefix(codecs.BOM_UTF8),
        WHOLE.replace(b"\r\n", b"\n"),
        WHOLE + b"\r\n\r\n",
        bill(HEADER, PAID, BACK, TOTALS, SUMS, encoding="gb18030"),
        bill("#微信支付业务明细列表", "起始时间：[2026-11-24 00：00：00]", "")
        + WHOLE[3:],
        WHOLE.replace(b"09:08:07", "09：08：07".encode()),
    ],
    ids=["gzip", "no bom", "lf", "blank end", "gbk", "preamble", "wide colons"],
)
def test_other_shapes_of_the_same_bill(content):
    assert parse_bill(content) == parse_bill(WHOLE)


def test_a_bill_saved_by_a_spreadsheet_program_has_lost_its_back_ticks():
    def plain(line: str) -> str:
        cells = line[1:].split(",`")
        return ",".join(f'"{cell}"' if "," in cell else cell for cell in cells)

    saved = bill(HEADER, plain(PAID), plain(BACK), TOTALS, plain(SUMS))
    assert parse_bill(saved) == parse_bill(WHOLE)


def test_names_may_hold_what_ends_a_line_elsewhere():
    name = "苹果\x0b\x1c\u2028梨"
    read = parse_bill(WHOLE.replace("苹果,梨 5 斤".encode(), name.encode()))
    assert read.lines[0].description == name


def test_columns_may_come_in_another_order_and_number():
    header = f"新栏目,{HEADER}"
    lines = [f"`x,{PAID}", f"`x,{BACK}"]
    moved = bill(header, *lines, TOTALS, SUMS)
    with pytest.raises(GatewayError, match="no header"):
        parse_bill(moved)
    header, lines = f"{HEADER},新栏目", [f"{PAID},`x", f"{BACK},`x"]
    assert parse_bill(bill(header, *lines, TOTALS, SUMS)) == parse_bill(WHOLE)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no header"),
        (b"<xml><return_code>FAIL</return_code></xml>", "no header"),
        (b"\x1f\x8bnot packed", "unpacked"),
        (gzip.compress(WHOLE)[:-9], "unpacked"),
        (b"\xff\xff\xff", "garbled"),
        (bill(HEADER, PAID, BACK), "breaks off"),
        (bill(HEADER, PAID, BACK, TOTALS), "garbled"),
        (bill(HEADER, PAID, TOTALS, SUMS), "sums"),
        (bill(HEADER, PAID, PAID, BACK, TOTALS, SUMS), "sums"),
        (bill(HEADER, PAID, BACK, TOTALS, SUMS, PAID), "goes on"),
        (WHOLE.replace(b"`68.00,`0.00,`\r", b"`68.01,`0.00,`\r"), "sums"),
        (WHOLE.replace(b"`0.36", b"`0.37"), "sums"),
        (WHOLE.replace(b"`2.0,", b"`3.0,"), "sums"),
        (WHOLE.replace(b"`2.0,", b"`2.5,"), "sums"),
        (WHOLE.replace(b"68.00", b"68.001"), "part of a fen"),
        (WHOLE.replace(b"68.00", b"6800000000000"), "out of bounds"),
        (WHOLE.replace(b"68.00", b"NaN"), "out of bounds"),
        (WHOLE.replace(b"68.00", b"x"), "garbled"),
        (WHOLE.replace(b"`SUCCESS", b"`REVERSED"), "status"),
        (WHOLE.replace(b"2026-11-24 09", b"24.11.2026 09"), "garbled"),
        (WHOLE.replace("微信订单号".encode(), b"other"), "微信订单号"),
        (WHOLE.replace(b"`oUser,", b""), "another number of cells"),
    ],
)
def test_what_is_no_bill_is_refused_with_a_reason(content, words):
    with pytest.raises(GatewayError, match=words) as caught:
        parse_bill(content)
    assert caught.value.reason is Reason.UNREADABLE


def test_a_bomb_is_not_unpacked(monkeypatch):
    from sales.gateway import bill as module

    monkeypatch.setattr(module, "MOST_BYTES", 100_000)
    with pytest.raises(GatewayError, match="too long"):
        parse_bill(gzip.compress(b"0" * 10_000_000))
