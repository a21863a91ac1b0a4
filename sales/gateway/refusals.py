"""What the gateway's error codes mean for the shop, for both versions of it.

A code that is not listed means UNCLEAR, and so unknown: query before anything else.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from sales.gateway.errors import GatewayError, Reason


class Call(StrEnum):
    """What was asked of the gateway; some codes mean different things to each."""

    CREATE = "create"
    QUERY = "query"
    CLOSE = "close"
    REFUND = "refund"
    QUERY_REFUND = "query_refund"
    BILL = "bill"


_OURS = {
    # v2
    "SIGNERROR": Reason.CONFIGURATION,
    "XML_FORMAT_ERROR": Reason.CONFIGURATION,
    "LACK_PARAMS": Reason.CONFIGURATION,
    "PARAM_ERROR": Reason.CONFIGURATION,
    "NOAUTH": Reason.CONFIGURATION,
    "APPID_NOT_EXIST": Reason.CONFIGURATION,
    "MCHID_NOT_EXIST": Reason.CONFIGURATION,
    "APPID_MCHID_NOT_MATCH": Reason.CONFIGURATION,
    "NOT_UTF8": Reason.CONFIGURATION,
    "POST_DATA_EMPTY": Reason.CONFIGURATION,
    "CERT_ERROR": Reason.CONFIGURATION,
    "REQUIRE_POST_METHOD": Reason.CONFIGURATION,
    "INVALID_REQUEST": Reason.CONFIGURATION,
    # v3
    "SIGN_ERROR": Reason.CONFIGURATION,
    "NO_AUTH": Reason.CONFIGURATION,
    "MCH_NOT_EXISTS": Reason.CONFIGURATION,
    "ACCOUNT_ERROR": Reason.CONFIGURATION,
    "INVALID_PARAMETER": Reason.CONFIGURATION,
}
_CODES: Mapping[str, Reason] = {
    **_OURS,
    "SYSTEMERROR": Reason.FAULT,
    "SYSTEM_ERROR": Reason.FAULT,
    "BANKERROR": Reason.FAULT,
    "BANK_ERROR": Reason.FAULT,
    "BIZERR_NEED_RETRY": Reason.REPEAT,
    "ORDERPAID": Reason.ALREADY_PAID,
    "ORDER_PAID": Reason.ALREADY_PAID,
    "ORDERCLOSED": Reason.CLOSED,
    "ORDER_CLOSED": Reason.CLOSED,
    "OUT_TRADE_NO_USED": Reason.NUMBER_USED,
    "ORDERNOTEXIST": Reason.NOT_FOUND,
    "ORDER_NOT_EXIST": Reason.NOT_FOUND,
    "REFUNDNOTEXIST": Reason.NOT_FOUND,
    "RESOURCE_NOT_EXISTS": Reason.NOT_FOUND,
    "NOTENOUGH": Reason.NOT_ENOUGH,
    "NOT_ENOUGH": Reason.NOT_ENOUGH,
    "USERPAYING": Reason.TRY_LATER,
    "USER_PAYING": Reason.TRY_LATER,
    "TRADE_STATE_ERROR": Reason.TRY_LATER,
    "STATEMENT_CREATING": Reason.TRY_LATER,
    "FREQUENCY_LIMITED": Reason.RATE_LIMITED,
    "FREQUENCY_LIMIT_EXCEED": Reason.RATE_LIMITED,
    "RATELIMIT_EXCEEDED": Reason.RATE_LIMITED,
    "INVALID_REQ_TOO_MUCH": Reason.RATE_LIMITED,
    "TRADE_OVERDUE": Reason.IMPOSSIBLE,
    "USER_ACCOUNT_ABNORMAL": Reason.IMPOSSIBLE,
    "RULELIMIT": Reason.IMPOSSIBLE,
    "RULE_LIMIT": Reason.IMPOSSIBLE,
    "INVALID_TRANSACTIONID": Reason.IMPOSSIBLE,
    "REFUND_FEE_MISMATCH": Reason.MISMATCH,
}
_CODES_OF: Mapping[Call, Mapping[str, Reason]] = {
    Call.REFUND: {
        # a number that is not there, or was not paid
        "ORDERNOTEXIST": Reason.IMPOSSIBLE,
        "ORDER_NOT_EXIST": Reason.IMPOSSIBLE,
        "RESOURCE_NOT_EXISTS": Reason.IMPOSSIBLE,
        # well formed, but against the rules: refunded already, more than was paid
        "INVALID_REQUEST": Reason.IMPOSSIBLE,
    },
}
#: words of a description that make an unclear code clear
_WORDS_OF: Mapping[Call, Mapping[str, Reason]] = {
    Call.CREATE: {"订单号重复": Reason.NUMBER_USED},
    Call.REFUND: {
        "累计退款金额大于": Reason.IMPOSSIBLE,
        "已全额退款": Reason.IMPOSSIBLE,
        "金额或退款金额与之前请求不一致": Reason.MISMATCH,
    },
}


def refusal(
    call: Call, code: str, message: str, raw: Mapping[str, Any]
) -> GatewayError:
    """The error that stands for `code` in the reply to `call`."""
    reason = _CODES_OF.get(call, {}).get(code) or _CODES.get(code, Reason.UNCLEAR)
    for words, meaning in _WORDS_OF.get(call, {}).items():
        if words in message:
            reason = meaning
    return GatewayError(reason, message, code=code, raw=raw)
