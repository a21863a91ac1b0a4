"""What the simulator says no with, in the words of both versions."""

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Words:
    """`v2` err_code, `v3` code with its HTTP status, and the sentence of both."""

    v2: str
    v3: str
    status: int
    sentence: str


class No(Enum):
    """The reasons."""

    ORDER_PAID = Words("ORDERPAID", "ORDERPAID", 400, "该订单已支付")
    ORDER_CLOSED = Words("ORDERCLOSED", "ORDER_CLOSED", 400, "该订单已关闭")
    NUMBER_USED = Words("OUT_TRADE_NO_USED", "OUT_TRADE_NO_USED", 403, "商户订单号重复")
    NO_ORDER = Words("ORDERNOTEXIST", "ORDER_NOT_EXIST", 404, "此交易订单号不存在")
    NO_REFUND = Words("REFUNDNOTEXIST", "RESOURCE_NOT_EXISTS", 404, "退款单不存在")
    NOT_ENOUGH = Words("NOTENOUGH", "NOT_ENOUGH", 403, "余额不足")
    OTHER_REFUND = Words(
        "REFUND_FEE_MISMATCH",
        "INVALID_REQUEST",
        400,
        "订单金额或退款金额与之前请求不一致，请核实后再试",
    )
    TOO_MUCH = Words("ERROR", "INVALID_REQUEST", 400, "累计退款金额大于支付金额")
    TOO_MANY = Words("ERROR", "INVALID_REQUEST", 400, "已全额退款或退款次数超过限制")
    NOT_PAID = Words("ORDERNOTEXIST", "RESOURCE_NOT_EXISTS", 404, "订单未支付")
    OVERDUE = Words(
        "TRADE_OVERDUE", "INVALID_REQUEST", 400, "订单已经超过可退款的最大期限"
    )
    SYSTEM_ERROR = Words("SYSTEMERROR", "SYSTEM_ERROR", 500, "系统繁忙，请稍后再试")
    BAD_FIELDS = Words("PARAM_ERROR", "PARAM_ERROR", 400, "参数错误")
    BAD_SIGNATURE = Words("SIGNERROR", "SIGN_ERROR", 401, "签名错误")
    NOT_OURS = Words(
        "APPID_MCHID_NOT_MATCH", "APPID_MCHID_NOT_MATCH", 400, "appid和mch_id不匹配"
    )
    NO_BILL = Words("20002", "NO_STATEMENT_EXIST", 400, "No Bill Exist")


class Refusal(Exception):
    """An act that the simulator does not do."""

    def __init__(self, words: Words, detail: str = "") -> None:
        super().__init__(words.v2)
        self.words = words
        self.sentence = detail or words.sentence


def no(reason: No, detail: str = "") -> Refusal:
    """The refusal for `reason`."""
    return Refusal(reason.value, detail)


_STATUS_OF = {
    "FREQUENCY_LIMITED": 429,
    "RATELIMIT_EXCEEDED": 429,
    "SIGN_ERROR": 401,
    "NO_AUTH": 403,
    "RULE_LIMIT": 403,
    "TRADE_ERROR": 403,
    "USER_ACCOUNT_ABNORMAL": 403,
    "SYSTEM_ERROR": 500,
    "BIZERR_NEED_RETRY": 500,
}


def named(code: str) -> Refusal:
    """The refusal with any code, for a fault that names it."""
    known = {
        name: reason.value
        for reason in No
        for name in (reason.value.v2, reason.value.v3)
    }
    words = known.get(code)
    status = _STATUS_OF.get(code, words.status if words else 400)
    return Refusal(Words(code, code, status, words.sentence if words else code))
