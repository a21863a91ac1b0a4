"""The daily bill, as the gateway writes it: see `sales.gateway.bill` for its reader."""

import codecs
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

from sales.simulator.identity import Identity
from sales.simulator.rows import BEIJING, Order, Refund, clock_time
from sales.simulator.store import Store

RATE = Decimal("0.006")
HEADER = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,"
    "交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,"
    "充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,"
    "费率备注"
)
TOTALS = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
_REFUND_WORDS = {
    "SUCCESS": "SUCCESS",
    "PROCESSING": "PROCESSING",
    "CLOSED": "FAIL",
    "ABNORMAL": "CHANGE",
}


def write_bill(store: Store, identity: Identity, day: str) -> bytes | None:
    """The bill of `day` (yyyyMMdd), None where nothing happened. Raises `ValueError`
    where that is no day."""
    begin = (
        datetime.strptime(day, "%Y%m%d")
        .replace(tzinfo=BEIJING)
        .astimezone(UTC)
        .timestamp()
    )
    paid = [
        Order(**row)
        for row in store.rows(
            "SELECT * FROM orders WHERE paid_at >= ? AND paid_at < ? ORDER BY paid_at",
            begin,
            begin + 86400,
        )
    ]
    refunded = [
        Refund(**row)
        for row in store.rows(
            "SELECT * FROM refunds WHERE created_at >= ? AND created_at < ?"
            " ORDER BY created_at",
            begin,
            begin + 86400,
        )
    ]
    if not paid and not refunded:
        return None
    lines = [_payment(order, identity) for order in paid]
    for refund in refunded:
        row = store.row(
            "SELECT * FROM orders WHERE out_trade_no = ?", refund.out_trade_no
        )
        lines.append(_refund(refund, Order(**(row or {})), identity))
    text = [HEADER, *map(_joined, lines), TOTALS, _joined(_totals(paid, refunded))]
    return codecs.BOM_UTF8 + "".join(f"{line}\r\n" for line in text).encode()


def _payment(order: Order, identity: Identity) -> list[str]:
    return [
        *_beginning(order, order.paid_at or 0, identity, "SUCCESS"),
        *(_yuan(order.amount), "0.00", "0", "0", "0.00", "0.00", "", ""),
        *(order.description, order.attach, f"{_fee(order.amount):.5f}", "0.60%"),
        *(_yuan(order.amount), "0.00", ""),
    ]


def _refund(refund: Refund, order: Order, identity: Identity) -> list[str]:
    return [
        *_beginning(order, refund.created_at, identity, "REFUND"),
        *("0.00", "0.00", refund.refund_id, refund.out_refund_no),
        *(_yuan(refund.amount), "0.00", "ORIGINAL", _REFUND_WORDS[refund.state]),
        *(order.description, order.attach, f"{-_fee(refund.amount):.5f}", "0.60%"),
        *("0.00", _yuan(refund.amount), ""),
    ]


def _beginning(order: Order, at: float, identity: Identity, word: str) -> list[str]:
    return [
        *(f"{clock_time(at):%Y-%m-%d %H:%M:%S}", identity.appid, identity.mch_id),
        *("0", "", order.transaction_id, order.out_trade_no, order.openid),
        *("JSAPI", word, "OTHERS", "CNY"),
    ]


def _totals(paid: Sequence[Order], refunded: Sequence[Refund]) -> list[str]:
    income = sum(order.amount for order in paid)
    returned = sum(refund.amount for refund in refunded)
    fees = sum((_fee(order.amount) for order in paid), Decimal(0))
    fees -= sum((_fee(refund.amount) for refund in refunded), Decimal(0))
    count = str(Decimal(len(paid) + len(refunded)).quantize(Decimal("0.0")))
    return [
        *(count, _yuan(income), _yuan(returned), "0.0", f"{fees:.2f}"),
        *(_yuan(income), _yuan(returned)),
    ]


def _fee(amount: int) -> Decimal:
    """Yuan, in whole fen."""
    return (Decimal(amount) / 100 * RATE).quantize(Decimal("0.01"), ROUND_HALF_UP)


def _yuan(fen: int) -> str:
    return f"{Decimal(fen) / 100:.2f}"


def _joined(cells: Sequence[str]) -> str:
    return ",".join(f"`{cell}" for cell in cells)
