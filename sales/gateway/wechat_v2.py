"""The adapter for the XML interface (v2), over wechatpy.

wechatpy composes and sends the requests. What it would believe of the replies and
notices is not believed here before the signature, the appid, the merchant and the
number are ours: it checks none of that.
"""

import secrets
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from wechatpy.exceptions import WeChatPayException

from sales.gateway import values
from sales.gateway.bill import Bill, parse_bill
from sales.gateway.boundary import calling, reading_notice
from sales.gateway.config import V2Config
from sales.gateway.errors import GatewayError, Reason
from sales.gateway.flat_xml import parse_flat
from sales.gateway.port import (
    NewPayment,
    NewRefund,
    NoticeAnswer,
    PaymentFacts,
    PaymentState,
    Prepay,
    RefundFacts,
    RefundState,
)
from sales.gateway.refusals import Call, refusal
from sales.gateway.v2_client import Client
from sales.gateway.v2_signing import decrypt_req_info, is_signed, sign
from sales.gateway.values import Unreadable

_COMPACT = "%Y%m%d%H%M%S"
_STATES = {
    "SUCCESS": PaymentState.PAID,
    "REFUND": PaymentState.REFUNDED,
    "NOTPAY": PaymentState.NOT_PAID,
    "ACCEPT": PaymentState.NOT_PAID,
    "USERPAYING": PaymentState.PAYING,
    "PAYERROR": PaymentState.FAILED,
    "CLOSED": PaymentState.CLOSED,
    "REVOKED": PaymentState.REVOKED,
}
_REFUND_STATES = {
    "PROCESSING": RefundState.PROCESSING,
    "SUCCESS": RefundState.SUCCEEDED,
    "REFUNDCLOSE": RefundState.CLOSED,
    "CHANGE": RefundState.ABNORMAL,
}
#: words of an unsigned refusal that mean it is ours to mend
_OUR_FAULTS = ("签名", "参数", "appid", "mch_id", "商户号", "xml", "证书", "utf8")
_NO_BILL = ("20002", "No Bill Exist")
_BILL_IN_MAKING = ("20003", "Bill Creating")

Fields = Mapping[str, str]


class WeChatPayV2:
    """WeChat Pay v2; implements `port.Gateway`."""

    def __init__(self, config: V2Config, *, clock: Callable[[], float]) -> None:
        config.require()
        self._config = config
        self._clock = clock
        self._client = Client(config)

    # --- calls -----------------------------------------------------------------

    def create(self, order: NewPayment) -> Prepay:
        with calling(Call.CREATE, order.out_trade_no):
            fields = self._proven(
                Call.CREATE,
                lambda: self._client.order.create(
                    "JSAPI",
                    values.fitted(order.description, 127),
                    order.amount_fen,
                    order.notify_url,
                    client_ip=order.client_ip,
                    user_id=order.openid,
                    out_trade_no=order.out_trade_no,
                    attach=values.fitted(order.attach, 127) or None,
                    # the library writes times as they stand
                    time_start=order.start_at.astimezone(values.BEIJING),
                    time_expire=order.expire_at.astimezone(values.BEIJING),
                ),
            )
            return Prepay(values.reference(fields.get("prepay_id"), "prepay_id"))

    def pay_parameters(self, prepay_id: str) -> dict[str, str]:
        signed = {
            "appId": self._config.appid,
            "timeStamp": str(int(self._clock())),
            "nonceStr": secrets.token_hex(16),
            "package": f"prepay_id={prepay_id}",
            "signType": self._config.sign_type,
        }
        pay_sign = sign(signed, self._config.api_key, self._config.sign_type)
        del signed["appId"]
        return {**signed, "paySign": pay_sign}

    def query(self, out_trade_no: str) -> PaymentFacts:
        values.check_payment_number(out_trade_no)
        with calling(Call.QUERY, out_trade_no):
            fields = self._proven(
                Call.QUERY, lambda: self._client.order.query(out_trade_no=out_trade_no)
            )
            self._require_same(fields, "out_trade_no", out_trade_no)
            state = _STATES.get(fields.get("trade_state", ""))
            if state is None:
                raise Unreadable("the state of the payment is not known")
            return _payment_facts(fields, state)

    def close(self, out_trade_no: str) -> None:
        values.check_payment_number(out_trade_no)
        with calling(Call.CLOSE, out_trade_no):
            try:
                self._proven(Call.CLOSE, lambda: self._client.order.close(out_trade_no))
            except GatewayError as error:
                if error.reason is not Reason.CLOSED:
                    raise

    def refund(self, refund: NewRefund) -> RefundFacts:
        with calling(Call.REFUND, refund.out_refund_no):
            fields = self._proven(
                Call.REFUND,
                lambda: self._client.refund.apply(
                    refund.total_fen,
                    refund.refund_fen,
                    refund.out_refund_no,
                    out_trade_no=refund.out_trade_no,
                    # the library's default fits old accounts only
                    refund_account=None,
                    refund_desc=values.fitted(refund.reason, 80) or None,
                    notify_url=refund.notify_url or None,
                ),
            )
            self._require_same(fields, "out_refund_no", refund.out_refund_no)
            self._require_same(fields, "out_trade_no", refund.out_trade_no)
            self._require_same(fields, "refund_fee", str(refund.refund_fen))
            return RefundFacts(
                out_refund_no=refund.out_refund_no,
                out_trade_no=refund.out_trade_no,
                state=RefundState.PROCESSING,
                refund_id=values.reference(fields.get("refund_id"), "refund_id"),
                refund_fen=refund.refund_fen,
                total_fen=refund.total_fen,
                transaction_id=fields.get("transaction_id", ""),
                raw=_shown(fields),
            )

    def query_refund(self, out_refund_no: str) -> RefundFacts:
        values.check_refund_number(out_refund_no)
        with calling(Call.QUERY_REFUND, out_refund_no):
            fields = self._proven(
                Call.QUERY_REFUND,
                lambda: self._client.refund.query(out_refund_no=out_refund_no),
            )
            return _refund_facts(_the_refund(fields, out_refund_no), _shown(fields))

    def download_bill(self, day: date) -> Bill:
        with calling(Call.BILL, day.isoformat()):
            reply = self._sent(
                lambda: self._client.tools.download_bill(day.strftime("%Y%m%d"))
            )
            if isinstance(reply, bytes):
                return parse_bill(reply)
            words = {reply.get("error_code", ""), reply.get("return_msg", "")}
            if words.intersection(_NO_BILL):
                return Bill()
            if words.intersection(_BILL_IN_MAKING):
                raise GatewayError(
                    Reason.TRY_LATER,
                    reply.get("return_msg", ""),
                    code=reply.get("error_code", ""),
                )
            raise _transport_refusal(reply)

    # --- notices ---------------------------------------------------------------

    def read_payment_notice(
        self, body: bytes, headers: Mapping[str, str]
    ) -> PaymentFacts:
        with reading_notice():
            fields = parse_flat(body)
            self._prove(fields)
            if (fields.get("return_code"), fields.get("result_code")) != (
                "SUCCESS",
                "SUCCESS",
            ):
                raise Unreadable("the notice tells of no payment")
            return _payment_facts(fields, PaymentState.PAID)

    def read_refund_notice(
        self, body: bytes, headers: Mapping[str, str]
    ) -> RefundFacts:
        with reading_notice():
            outer = parse_flat(body)
            if outer.get("return_code") != "SUCCESS":
                raise Unreadable("the notice tells of no refund")
            # nothing signs this notice; that the key opens it is all its proof
            self._require_ours(outer)
            hidden = decrypt_req_info(outer.get("req_info", ""), self._config.api_key)
            fields = parse_flat(hidden, "root")
            return _refund_facts(fields, _shown(fields))

    def accept_notice(self) -> NoticeAnswer:
        return _answer("SUCCESS", "OK")

    def refuse_notice(self, message: str = "") -> NoticeAnswer:
        return _answer("FAIL", message)

    # --- proof -----------------------------------------------------------------

    def _sent(self, send: Callable[[], Any]) -> Any:
        try:
            return send()
        except WeChatPayException as error:
            # only a status of HTTP ends here; it holds the request, so it goes no further
            status = getattr(error.response, "status_code", 0)
            raise GatewayError(Reason.FAULT, f"HTTP {status}") from None

    def _proven(self, call: Call, send: Callable[[], Any]) -> Fields:
        """The reply's fields, once they are known to be the gateway's word to us."""
        fields = self._sent(send)
        if not isinstance(fields, dict):
            raise Unreadable("the reply is not XML")
        if fields.get("return_code") != "SUCCESS":
            raise _transport_refusal(fields)
        self._prove(fields)
        result = fields.get("result_code")
        if result == "FAIL":
            raise refusal(
                call,
                fields.get("err_code", ""),
                fields.get("err_code_des", ""),
                _shown(fields),
            )
        if result != "SUCCESS":
            raise Unreadable("the reply has no result")
        return fields

    def _prove(self, fields: Fields) -> None:
        if not is_signed(fields, self._config.api_key, self._config.sign_type):
            raise GatewayError(Reason.UNPROVEN, "the signature is missing or wrong")
        self._require_ours(fields)

    def _require_ours(self, fields: Fields) -> None:
        self._require_same(fields, "appid", self._config.appid)
        self._require_same(fields, "mch_id", self._config.mch_id)

    def _require_same(self, fields: Fields, name: str, expected: str) -> None:
        if fields.get(name) != expected:
            raise GatewayError(
                Reason.FOREIGN, f"{name} is not ours", raw=_shown(fields)
            )


def _transport_refusal(fields: Fields) -> GatewayError:
    """A refusal at the door. Nothing signs it, so only what it could not have done
    without (a bad signature, missing fields) counts as one."""
    message = fields.get("return_msg", "")
    code = fields.get("error_code", "")
    words = message.lower().replace("-", "")
    is_ours = fields.get("return_code") == "FAIL" and any(
        fault in words for fault in _OUR_FAULTS
    )
    reason = Reason.CONFIGURATION if is_ours else Reason.UNCLEAR
    return GatewayError(reason, message, code=code, raw=_shown(fields))


def _payment_facts(fields: Fields, state: PaymentState) -> PaymentFacts:
    number = values.payment_number(fields.get("out_trade_no"))
    raw = _shown(fields)
    if not state.is_paid:
        return PaymentFacts(out_trade_no=number, state=state, raw=raw)
    if fields.get("fee_type", "") not in ("", values.CURRENCY):
        raise GatewayError(Reason.FOREIGN, "the currency is another", raw=raw)
    total = values.fen_from_text(fields.get("total_fee"))
    paid = fields.get("cash_fee")
    return PaymentFacts(
        out_trade_no=number,
        state=state,
        transaction_id=values.reference(fields.get("transaction_id"), "transaction_id"),
        amount_fen=total,
        # a coupon may pay all of it
        payer_fen=0 if paid == "0" else values.fen_from_text(paid or str(total)),
        openid=fields.get("openid", ""),
        paid_at=values.compact_time(fields.get("time_end")),
        bank=fields.get("bank_type", ""),
        attach=fields.get("attach", ""),
        raw=raw,
    )


def _the_refund(fields: Fields, out_refund_no: str) -> Fields:
    """The fields of one refund of a reply that numbers them, as a notice has them."""
    for place in range(50):
        if fields.get(f"out_refund_no_{place}") == out_refund_no:
            break
    else:
        raise GatewayError(
            Reason.FOREIGN, "the refund is not in the reply", raw=_shown(fields)
        )
    ending = f"_{place}"
    own = {
        name.removesuffix(ending): text
        for name, text in fields.items()
        if name.endswith(ending)
    }
    shared = ("out_trade_no", "transaction_id", "total_fee", "fee_type")
    return {
        **{name: fields[name] for name in shared if name in fields},
        **own,
        "success_time": own.get("refund_success_time", ""),
    }


def _refund_facts(fields: Fields, raw: Fields) -> RefundFacts:
    state = _REFUND_STATES.get(fields.get("refund_status", ""))
    if state is None:
        raise Unreadable("the state of the refund is not known")
    if fields.get("fee_type", "") not in ("", values.CURRENCY):
        raise GatewayError(Reason.FOREIGN, "the currency is another", raw=raw)
    done = fields.get("success_time", "")
    return RefundFacts(
        out_refund_no=values.refund_number(fields.get("out_refund_no")),
        out_trade_no=values.payment_number(fields.get("out_trade_no")),
        state=state,
        refund_id=values.reference(fields.get("refund_id"), "refund_id"),
        refund_fen=values.fen_from_text(fields.get("refund_fee")),
        total_fen=values.fen_from_text(fields.get("total_fee")),
        transaction_id=fields.get("transaction_id", ""),
        refunded_at=values.spaced_time(done) if done else None,
        recipient=fields.get("refund_recv_accout", ""),
        is_from_console=fields.get("refund_request_source") == "VENDOR_PLATFORM",
        raw=raw,
    )


def _shown(fields: Fields) -> dict[str, str]:
    """What may be kept and shown: without what only proves."""
    hidden = ("sign", "nonce_str", "req_info")
    return {name: text for name, text in fields.items() if name not in hidden}


def _answer(code: str, message: str) -> NoticeAnswer:
    body = (
        f"<xml><return_code><![CDATA[{code}]]></return_code>"
        f"<return_msg><![CDATA[{values.fitted(message, 128)}]]></return_msg></xml>"
    )
    return NoticeAnswer(200, "text/xml; charset=utf-8", body.encode())
