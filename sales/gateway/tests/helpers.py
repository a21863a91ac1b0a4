"""Requests as the shop would make them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sales.gateway import NewPayment, NewRefund

NOTIFY = "http://127.0.0.1:8000/api/v1/wechat/notify"


def new_payment(number: str = "P20261124-0001", **changes: Any) -> NewPayment:
    now = datetime.now(UTC).replace(microsecond=0)
    facts: dict[str, Any] = {
        "out_trade_no": number,
        "amount_fen": 6800,
        "description": "鲜果订单 苹果等 3 件",
        "openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o",
        "notify_url": f"{NOTIFY}/pay",
        "client_ip": "203.0.113.7",
        "start_at": now,
        "expire_at": now + timedelta(minutes=30),
        "attach": "shop",
    }
    return NewPayment(**{**facts, **changes})


def new_refund(number: str = "P20261124r1", **changes: Any) -> NewRefund:
    facts: dict[str, Any] = {
        "out_refund_no": number,
        "out_trade_no": "P20261124-0001",
        "refund_fen": 800,
        "total_fen": 6800,
        "reason": "少称 200 克",
        "notify_url": f"{NOTIFY}/refund",
    }
    return NewRefund(**{**facts, **changes})
