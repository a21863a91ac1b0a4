"""The daily bill: one text for both versions of the interface.

UTF-8 with a BOM, CRLF lines; a header, rows whose cells each begin with a back-tick,
then a header and a row of totals. Amounts are decimal yuan. Columns differ between
kinds of bill and grow over the years, so they are found by name. A file that a person
downloaded in the console, or saved again in a spreadsheet program, is read as well.
"""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from enum import StrEnum

from sales.gateway import values
from sales.gateway.errors import GatewayError, Reason
from sales.gateway.values import Unreadable

#: bytes after unpacking
MOST_BYTES = 128 * 1024 * 1024
_FEN = Decimal(100)
_HEADER_BEGINS = "交易时间"
_TOTALS_BEGIN = "总交易单数"


class LineKind(StrEnum):
    """What a line tells of."""

    PAYMENT = "payment"
    REFUND = "refund"
    REVOKED = "revoked"


_KINDS = {
    "SUCCESS": LineKind.PAYMENT,
    "REFUND": LineKind.REFUND,
    "REVOKED": LineKind.REVOKED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BillLine:
    """One payment or refund. Of a refund `amount_fen` is 0 and `refund_fen` counts;
    `refund_status` is SUCCESS, PROCESSING or FAIL. `fee` is yuan, to parts of a fen,
    and negative where it is given back."""

    kind: LineKind
    at: datetime
    appid: str
    mch_id: str
    transaction_id: str
    out_trade_no: str
    openid: str = ""
    currency: str = ""
    amount_fen: int = 0
    settled_fen: int = 0
    coupon_fen: int = 0
    refund_id: str = ""
    out_refund_no: str = ""
    refund_fen: int = 0
    refund_coupon_fen: int = 0
    requested_refund_fen: int = 0
    refund_status: str = ""
    description: str = ""
    attach: str = ""
    fee: Decimal = Decimal(0)
    rate: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BillTotals:
    """The bill's own sums, which are those of its lines."""

    count: int = 0
    settled_fen: int = 0
    refund_fen: int = 0
    refund_coupon_fen: int = 0
    fee_fen: int = 0
    amount_fen: int = 0
    requested_refund_fen: int = 0


@dataclass(frozen=True, slots=True)
class Bill:
    """One day's payments and refunds in the order of the file."""

    lines: tuple[BillLine, ...] = ()
    totals: BillTotals = BillTotals()


def parse_bill(content: bytes) -> Bill:
    """Read a bill, packed with gzip or not. Raises `GatewayError` (UNREADABLE) where it
    is no bill, breaks off, or its totals are not the sums of its lines."""
    try:
        return _parse(_decoded(content))
    except Unreadable as error:
        raise GatewayError(Reason.UNREADABLE, str(error)) from None
    except KeyError as error:
        sentence = f"the bill lacks the column {error.args[0]}"
        raise GatewayError(Reason.UNREADABLE, sentence) from None
    except (ValueError, InvalidOperation, csv.Error):
        raise GatewayError(Reason.UNREADABLE, "the bill is garbled") from None


def _decoded(content: bytes) -> str:
    if content[:2] == b"\x1f\x8b":
        try:
            with gzip.open(io.BytesIO(content)) as file:
                content = file.read(MOST_BYTES + 1)
        except (OSError, EOFError, zlib.error):
            raise Unreadable("the bill cannot be unpacked") from None
    if len(content) > MOST_BYTES:
        raise Unreadable("the bill is too long")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # what a spreadsheet program in China saves
        return content.decode("gb18030")


def _parse(text: str) -> Bill:
    rows = _rows(text)
    header = next((row for row in rows if row[0] == _HEADER_BEGINS), None)
    if header is None:
        raise Unreadable("the bill has no header")
    lines: list[BillLine] = []
    for number, row in enumerate(rows, start=1):
        if row[0] == _TOTALS_BEGIN:
            cells = dict(zip(row, next(rows, ()), strict=True))
            break
        if len(row) != len(header):
            raise Unreadable(f"line {number} of the bill has another number of cells")
        lines.append(_line(dict(zip(header, row, strict=True))))
    else:
        raise Unreadable("the bill breaks off before its totals")
    if any(rows):
        raise Unreadable("the bill goes on after its totals")
    return Bill(tuple(lines), _totals(cells, lines))


def _rows(text: str) -> Iterator[Sequence[str]]:
    # not splitlines: names of goods may hold what it takes for the end of a line
    for line in text.split("\n"):
        bare = line.strip("\r\t \x00")
        if not bare.strip(","):
            continue
        if bare.startswith("`"):
            # names of goods hold commas, but not a comma before a back-tick
            yield [cell.strip() for cell in bare[1:].split(",`")]
        else:
            yield [cell.strip().lstrip("`") for cell in next(csv.reader([bare]))]


def _line(cells: Mapping[str, str]) -> BillLine:
    kind = _KINDS.get(cells["交易状态"])
    if kind is None:
        raise Unreadable("the bill holds a status that is not known")
    return BillLine(
        kind=kind,
        at=values.spaced_time(cells["交易时间"]),
        appid=cells["公众账号ID"],
        mch_id=cells["商户号"],
        transaction_id=cells["微信订单号"],
        out_trade_no=cells["商户订单号"],
        openid=cells.get("用户标识", ""),
        currency=cells.get("货币种类", ""),
        amount_fen=_fen(cells["订单金额"]),
        settled_fen=_fen(cells["应结订单金额"]),
        coupon_fen=_fen(cells.get("代金券金额", "")),
        refund_id=_reference(cells.get("微信退款单号", "")),
        out_refund_no=_reference(cells.get("商户退款单号", "")),
        refund_fen=_fen(cells.get("退款金额", "")),
        refund_coupon_fen=_fen(cells.get("充值券退款金额", "")),
        requested_refund_fen=_fen(cells.get("申请退款金额", "")),
        refund_status=cells.get("退款状态", ""),
        description=cells.get("商品名称", ""),
        attach=cells.get("商户数据包", ""),
        fee=_yuan(cells["手续费"]),
        rate=cells.get("费率", ""),
    )


def _totals(cells: Mapping[str, str], lines: Sequence[BillLine]) -> BillTotals:
    """The sums of the lines, where they are those that the bill states."""
    fees = sum((line.fee for line in lines), Decimal(0))
    sums = BillTotals(
        count=len(lines),
        settled_fen=sum(line.settled_fen for line in lines),
        refund_fen=sum(line.refund_fen for line in lines),
        refund_coupon_fen=sum(line.refund_coupon_fen for line in lines),
        fee_fen=int((fees * _FEN).quantize(Decimal(1), ROUND_HALF_UP)),
        amount_fen=sum(line.amount_fen for line in lines),
        requested_refund_fen=sum(line.requested_refund_fen for line in lines),
    )
    stated = {
        _TOTALS_BEGIN: Decimal(sums.count),
        "应结订单总金额": sums.settled_fen / _FEN,
        "手续费总金额": sums.fee_fen / _FEN,
        "退款总金额": sums.refund_fen / _FEN,
        "充值券退款总金额": sums.refund_coupon_fen / _FEN,
        "订单总金额": sums.amount_fen / _FEN,
        "申请退款总金额": sums.requested_refund_fen / _FEN,
    }
    always = list(stated)[:3]
    for name, amount in stated.items():
        # the others stand in the bill of all orders, not in every kind
        if (name in always or name in cells) and _yuan(cells[name]) != amount:
            raise Unreadable("the bill's totals are not the sums of its lines")
    return sums


def _fen(yuan: str) -> int:
    amount = _yuan(yuan) * _FEN
    if amount != int(amount):
        raise Unreadable("the bill holds a part of a fen")
    return int(amount)


def _yuan(text: str) -> Decimal:
    amount = Decimal(text or "0")
    if not amount.is_finite() or abs(amount) > values.MAX_FEN * 1000:
        raise Unreadable("the bill holds an amount out of bounds")
    return amount


def _reference(text: str) -> str:
    """Payments have 0 where a refund would have its number."""
    return "" if text == "0" else text
