"""The adapter for the JSON interface (v3), over wechatpayv3 in public-key mode."""

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from urllib.parse import quote

from sales.gateway import values
from sales.gateway.bill import Bill, parse_bill
from sales.gateway.boundary import calling, reading_notice
from sales.gateway.config import V3Config
from sales.gateway.errors import GatewayError, Reason
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
from sales.gateway.v3_client import SigningCore, open_client
from sales.gateway.values import Unreadable

#: bytes of a notice; the gateway's have about one thousand
MOST_NOTICE_BYTES = 64 * 1024
_RFC3339 = "%Y-%m-%dT%H:%M:%S+08:00"
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
    "CLOSED": RefundState.CLOSED,
    "ABNORMAL": RefundState.ABNORMAL,
}
_REFUND_EVENTS = ("REFUND.SUCCESS", "REFUND.ABNORMAL", "REFUND.CLOSED")

Fields = Mapping[str, Any]


class WeChatPayV3:
    """WeChat Pay v3; implements `port.Gateway`."""

    def __init__(self, config: V3Config, *, clock: Callable[[], float]) -> None:
        config.require()
        self._config = config
        self._clock = clock
        self._client = open_client(config, clock)
        self._core: SigningCore = self._client._core

    # --- calls -----------------------------------------------------------------

    def create(self, order: NewPayment) -> Prepay:
        with calling(Call.CREATE, order.out_trade_no):
            fields = self._told(
                Call.CREATE,
                self._client.pay(
                    values.fitted(order.description, 127),
                    order.out_trade_no,
                    {"total": order.amount_fen, "currency": values.CURRENCY},
                    payer={"openid": order.openid},
                    time_expire=values.in_beijing(order.expire_at, _RFC3339),
                    attach=values.fitted(order.attach, 127) or None,
                    scene_info={"payer_client_ip": order.client_ip},
                    notify_url=order.notify_url,
                ),
            )
            return Prepay(values.reference(fields.get("prepay_id"), "prepay_id"))

    def pay_parameters(self, prepay_id: str) -> dict[str, str]:
        timestamp = str(int(self._clock()))
        nonce = secrets.token_hex(16)
        package = f"prepay_id={prepay_id}"
        signed = [self._config.appid, timestamp, nonce, package]
        return {
            "timeStamp": timestamp,
            "nonceStr": nonce,
            "package": package,
            "signType": "RSA",
            "paySign": self._client.sign(signed),
        }

    def query(self, out_trade_no: str) -> PaymentFacts:
        values.check_payment_number(out_trade_no)
        with calling(Call.QUERY, out_trade_no):
            fields = self._told(
                Call.QUERY, self._client.query(out_trade_no=_in_path(out_trade_no))
            )
            _require_same(fields, "out_trade_no", out_trade_no)
            return self._payment_facts(fields)

    def close(self, out_trade_no: str) -> None:
        values.check_payment_number(out_trade_no)
        with calling(Call.CLOSE, out_trade_no):
            try:
                self._told(Call.CLOSE, self._client.close(_in_path(out_trade_no)))
            except GatewayError as error:
                if error.reason is not Reason.CLOSED:
                    raise

    def refund(self, refund: NewRefund) -> RefundFacts:
        with calling(Call.REFUND, refund.out_refund_no):
            fields = self._told(
                Call.REFUND,
                self._client.refund(
                    refund.out_refund_no,
                    {
                        "refund": refund.refund_fen,
                        "total": refund.total_fen,
                        "currency": values.CURRENCY,
                    },
                    out_trade_no=refund.out_trade_no,
                    reason=values.fitted(refund.reason, 80) or None,
                    notify_url=refund.notify_url or None,
                ),
            )
            _require_same(fields, "out_refund_no", refund.out_refund_no)
            _require_same(fields, "out_trade_no", refund.out_trade_no)
            _require_same(_amount(fields), "refund", refund.refund_fen)
            return _refund_facts(fields, fields.get("status"))

    def query_refund(self, out_refund_no: str) -> RefundFacts:
        values.check_refund_number(out_refund_no)
        with calling(Call.QUERY_REFUND, out_refund_no):
            fields = self._told(
                Call.QUERY_REFUND, self._client.query_refund(_in_path(out_refund_no))
            )
            _require_same(fields, "out_refund_no", out_refund_no)
            return _refund_facts(fields, fields.get("status"))

    def download_bill(self, day: date) -> Bill:
        with calling(Call.BILL, day.isoformat()):
            path = f"/v3/bill/tradebill?bill_date={day.isoformat()}&bill_type=ALL"
            try:
                fields = self._told(Call.BILL, self._core.request(path))
            except GatewayError as error:
                if error.code == "NO_STATEMENT_EXIST":
                    return Bill()
                raise
            return parse_bill(self._bill_file(fields))

    def _bill_file(self, fields: Fields) -> bytes:
        """The file itself is not signed; the signed reply before it holds its hash."""
        url, digest = fields.get("download_url"), fields.get("hash_value")
        if not isinstance(url, str) or not isinstance(digest, str):
            raise Unreadable("the reply names no bill")
        if not url.startswith(f"{self._config.base_url}/v3/billdownload/"):
            raise GatewayError(Reason.FOREIGN, "the bill lies elsewhere")
        if fields.get("hash_type") != "SHA1":
            raise Unreadable("the bill's hash is of another kind")
        status, content = self._client.download_bill(url)
        if status != 200:
            raise GatewayError(Reason.FAULT, f"HTTP {status}")
        # SHA1 is the gateway's choice; the reply that holds it is signed with RSA
        found = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        if not secrets.compare_digest(found, digest.lower()):
            raise GatewayError(
                Reason.UNPROVEN, "the bill is not the one that was named"
            )
        return bytes(content)

    # --- notices ---------------------------------------------------------------

    def read_payment_notice(
        self, body: bytes, headers: Mapping[str, str]
    ) -> PaymentFacts:
        with reading_notice():
            fields = self._disclosed(body, headers, ("TRANSACTION.SUCCESS",))
            facts = self._payment_facts(fields)
            if not facts.state.is_paid:
                raise Unreadable("the notice tells of no payment")
            return facts

    def read_refund_notice(
        self, body: bytes, headers: Mapping[str, str]
    ) -> RefundFacts:
        with reading_notice():
            fields = self._disclosed(body, headers, _REFUND_EVENTS)
            _require_same(fields, "mchid", self._config.mch_id)
            return _refund_facts(fields, fields.get("refund_status"))

    def accept_notice(self) -> NoticeAnswer:
        return NoticeAnswer(204, "application/json", b"")

    def refuse_notice(self, message: str = "") -> NoticeAnswer:
        answer = {"code": "FAIL", "message": values.fitted(message, 256)}
        text = json.dumps(answer, ensure_ascii=False)
        return NoticeAnswer(400, "application/json", text.encode())

    def _disclosed(
        self, body: bytes, headers: Mapping[str, str], events: tuple[str, ...]
    ) -> Fields:
        """What a notice holds, once the gateway is known to have sent it just now."""
        if len(body) > MOST_NOTICE_BYTES:
            raise Unreadable("the notice is too long")
        proof = self._core.prove(headers, body)
        notice = _object(body)
        if notice.get("event_type") not in events:
            raise Unreadable("the notice tells of something else")
        resource = self._core.decrypt_callback(proof, body)
        if resource is None:
            raise GatewayError(Reason.UNPROVEN, "the notice cannot be decrypted")
        return _object(resource.encode())

    # --- what is told ------------------------------------------------------------

    def _told(self, call: Call, reply: tuple[int, bytes]) -> Fields:
        """The fields of a reply that says yes; the errors of one that does not."""
        status, body = reply
        if status == 204:
            return {}
        if status == 200:
            return _object(body)
        fields: Fields = {}
        if 400 <= status < 600:
            try:
                fields = _object(body)
            except Unreadable:
                fields = {}
        code, message = str(fields.get("code", "")), str(fields.get("message", ""))
        if status >= 500:
            raise GatewayError(Reason.FAULT, message, code=code, raw=fields)
        if status == 429:
            raise GatewayError(Reason.RATE_LIMITED, message, code=code, raw=fields)
        if 400 <= status < 500 and code:
            raise refusal(call, code, message, fields)
        raise Unreadable(f"HTTP {status}")

    def _payment_facts(self, fields: Fields) -> PaymentFacts:
        _require_same(fields, "appid", self._config.appid)
        _require_same(fields, "mchid", self._config.mch_id)
        state = _STATES.get(str(fields.get("trade_state")))
        if state is None:
            raise Unreadable("the state of the payment is not known")
        number = values.payment_number(fields.get("out_trade_no"))
        if not state.is_paid:
            return PaymentFacts(out_trade_no=number, state=state, raw=fields)
        amount = _amount(fields)
        total = values.fen_from_json(amount.get("total"))
        paid = amount.get("payer_total", total)
        payer = fields.get("payer")
        return PaymentFacts(
            out_trade_no=number,
            state=state,
            transaction_id=values.reference(
                fields.get("transaction_id"), "transaction_id"
            ),
            amount_fen=total,
            # a coupon may pay all of it
            payer_fen=0 if paid == 0 else values.fen_from_json(paid),
            openid=str(payer.get("openid", "")) if isinstance(payer, dict) else "",
            paid_at=values.rfc3339_time(fields.get("success_time")),
            bank=str(fields.get("bank_type", "")),
            attach=str(fields.get("attach", "")),
            raw=fields,
        )


def _object(body: bytes) -> dict[str, Any]:
    """A JSON object; numbers that are no integers do not occur in it."""
    try:
        read = json.loads(
            body.decode(), parse_constant=_refuse, object_pairs_hook=_once
        )
    except Unreadable:
        raise
    except (ValueError, RecursionError):
        raise Unreadable("the message is not JSON") from None
    if not isinstance(read, dict):
        raise Unreadable("the message is no object")
    return read


def _refuse(constant: str) -> None:
    raise Unreadable("the message holds what is no number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) != len(pairs):
        raise Unreadable("a field stands twice")
    return read


def _amount(fields: Fields) -> Fields:
    amount = fields.get("amount")
    if not isinstance(amount, dict):
        raise Unreadable("the amount is missing")
    currency = amount.get("currency", values.CURRENCY)
    if currency != values.CURRENCY:
        raise GatewayError(Reason.FOREIGN, "the currency is another", raw=fields)
    return amount


def _refund_facts(fields: Fields, status: Any) -> RefundFacts:
    state = _REFUND_STATES.get(str(status))
    if state is None:
        raise Unreadable("the state of the refund is not known")
    amount = _amount(fields)
    done = fields.get("success_time")
    return RefundFacts(
        out_refund_no=values.refund_number(fields.get("out_refund_no")),
        out_trade_no=values.payment_number(fields.get("out_trade_no")),
        state=state,
        refund_id=values.reference(fields.get("refund_id"), "refund_id"),
        refund_fen=values.fen_from_json(amount.get("refund")),
        total_fen=values.fen_from_json(amount.get("total")),
        transaction_id=str(fields.get("transaction_id", "")),
        refunded_at=values.rfc3339_time(done) if done else None,
        recipient=str(fields.get("user_received_account", "")),
        raw=fields,
    )


def _require_same(fields: Fields, name: str, expected: Any) -> None:
    found = fields.get(name)
    if type(found) is not type(expected) or found != expected:
        raise GatewayError(Reason.FOREIGN, f"{name} is not ours", raw=fields)


def _in_path(number: str) -> str:
    """Escaped once and by us: the signature is over exactly what is sent."""
    return quote(number, safe="")
