"""WeChat Pay behind one port: dataclasses in and out, integer fen, one error type.

`open_gateway(config)` gives the adapter that the configuration is for; what it can do
says `port.Gateway`, what can go wrong says `errors`. Nothing here knows Django, a table
or a setting: configuration is handed in.
"""

from sales.gateway.bill import Bill, BillLine, BillTotals, LineKind, parse_bill
from sales.gateway.config import Misconfigured, Secret, Timeouts, V2Config, V3Config
from sales.gateway.errors import GatewayError, Outcome, Reason
from sales.gateway.opening import open_gateway
from sales.gateway.port import (
    Gateway,
    NewPayment,
    NewRefund,
    NoticeAnswer,
    PaymentFacts,
    PaymentState,
    Prepay,
    RefundFacts,
    RefundState,
)

__all__ = [
    "Bill",
    "BillLine",
    "BillTotals",
    "Gateway",
    "GatewayError",
    "LineKind",
    "Misconfigured",
    "NewPayment",
    "NewRefund",
    "NoticeAnswer",
    "Outcome",
    "PaymentFacts",
    "PaymentState",
    "Prepay",
    "Reason",
    "RefundFacts",
    "RefundState",
    "Secret",
    "Timeouts",
    "V2Config",
    "V3Config",
    "open_gateway",
    "parse_bill",
]
