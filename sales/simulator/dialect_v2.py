"""The XML interface."""

import gzip
import json
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import xmltodict

from sales.simulator.bill import write_bill
from sales.simulator.faults import Fault, FaultKind, Target, refund_end
from sales.simulator.messages import Delivery, Desk, Reply, Request
from sales.simulator.refusals import No, Refusal, named, no
from sales.simulator.rows import BEIJING, Notice, Order, Refund, clock_time
from sales.simulator.signing import hide_req_info, v2_sign, xml
from sales.simulator.store import Store

PATHS = {
    "/pay/unifiedorder": Target.CREATE,
    "/pay/orderquery": Target.QUERY,
    "/pay/closeorder": Target.CLOSE,
    "/secapi/pay/refund": Target.REFUND,
    "/pay/refundquery": Target.QUERY_REFUND,
    "/pay/downloadbill": Target.BILL,
}
HOSTILE = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n'
    b'<!DOCTYPE xml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY file SYSTEM "file:///etc/passwd">]>\n'
    b"<xml><return_code>SUCCESS</return_code><result_code>SUCCESS</result_code>"
    b"<out_trade_no>&b;&file;</out_trade_no></xml>"
)
_REFUND_STATES = {"CLOSED": "REFUNDCLOSE", "ABNORMAL": "CHANGE"}
_AMOUNTS = ("total_fee", "refund_fee", "refund_fee_0")

Fields = dict[str, Any]


class DialectV2:
    """v2: XML in and out, shared key, client certificate for refunds."""

    _acts: Mapping[Target, Callable[[Mapping[str, str], Fault | None], Fields]]

    def __init__(self, desk: Desk, store: Store) -> None:
        self._desk = desk
        self._identity = desk.identity
        self._books = desk.books
        self._store = store
        self._acts = {
            Target.CREATE: self._create,
            Target.QUERY: self._query,
            Target.CLOSE: self._close,
            Target.REFUND: self._refund,
            Target.QUERY_REFUND: self._query_refund,
        }

    def target_of(self, request: Request) -> Target | None:
        return PATHS.get(request.path)

    def number_in(self, target: Target, request: Request) -> str:
        fields = _read(request.body)
        names = ("out_refund_no", "out_trade_no", "bill_date")
        return next((fields[name] for name in names if name in fields), "")

    def answer(self, target: Target, request: Request, fault: Fault | None) -> Reply:
        if fault and fault.kind is FaultKind.HOSTILE:
            return Reply(200, HOSTILE, "text/xml")
        fields = _read(request.body)
        sign_type = fields.get("sign_type") or "MD5"
        refused = self._refused_at_the_door(request, fields, sign_type, target)
        if refused is not None:
            return refused
        try:
            if fault and fault.kind is FaultKind.REFUSE:
                raise named(fault.code)
            if fault and fault.kind is FaultKind.SYSTEM_ERROR:
                raise no(No.SYSTEM_ERROR)
            if target is Target.BILL:
                return self._bill(fields)
            result = {"result_code": "SUCCESS", **self._acts[target](fields, fault)}
        except Refusal as refusal:
            if target is Target.BILL:
                return _unsigned(refusal.sentence, error_code=refusal.words.v2)
            result = {
                "result_code": "FAIL",
                "err_code": refusal.words.v2,
                "err_code_des": refusal.sentence,
            }
        return self._signed(result, sign_type, fault)

    # --- around every call -------------------------------------------------------

    def _refused_at_the_door(
        self,
        request: Request,
        fields: Mapping[str, str],
        sign_type: str,
        target: Target,
    ) -> Reply | None:
        """Refusals that nothing signs."""
        if request.method != "POST":
            return _unsigned("请使用post方法")
        if not fields:
            return _unsigned("XML格式错误")
        key = self._identity.api_key
        if sign_type not in ("MD5", "HMAC-SHA256") or not secrets.compare_digest(
            v2_sign(fields, key, sign_type), fields.get("sign", "")
        ):
            return _unsigned("签名错误")
        if fields.get("appid") != self._identity.appid:
            return _unsigned("appid不存在")
        if fields.get("mch_id") != self._identity.mch_id:
            return _unsigned("mch_id不存在")
        needs_certificate = target is Target.REFUND and request.is_encrypted
        if needs_certificate and not request.has_certificate:
            return Reply(400, b"<html>No required SSL certificate was sent</html>")
        return None

    def _signed(self, result: Fields, sign_type: str, fault: Fault | None) -> Reply:
        fields = self._distorted(
            {
                "return_code": "SUCCESS",
                "return_msg": "OK",
                "appid": self._identity.appid,
                "mch_id": self._identity.mch_id,
                "nonce_str": secrets.token_hex(16),
                **result,
            },
            fault,
        )
        fields["sign"] = self._sign(fields, sign_type, fault)
        return Reply(200, xml(fields), "text/xml; charset=utf-8")

    def _distorted(self, fields: Fields, fault: Fault | None) -> Fields:
        kind = fault.kind if fault else None
        if kind is FaultKind.FOREIGN_APPID:
            return {**fields, "appid": "wx0000000000000000"}
        if kind is FaultKind.WRONG_AMOUNT:
            more = {name: fields[name] + 1 for name in _AMOUNTS if name in fields}
            return {**fields, **more}
        return fields

    def _sign(self, fields: Fields, sign_type: str, fault: Fault | None) -> str:
        is_wrong = fault is not None and fault.kind is FaultKind.WRONG_SIGNATURE
        key = "0" * 32 if is_wrong else self._identity.api_key
        return v2_sign(fields, key, sign_type)

    # --- the calls ---------------------------------------------------------------

    def _create(self, fields: Mapping[str, str], fault: Fault | None) -> Fields:
        if fault and fault.kind is FaultKind.NOT_ENOUGH:
            raise no(No.NOT_ENOUGH)
        needed = (
            *("body", "out_trade_no", "total_fee", "spbill_create_ip", "notify_url"),
            *("trade_type", "openid"),
        )
        missing = [name for name in needed if not fields.get(name)]
        if missing:
            raise no(No.BAD_FIELDS, f"缺少参数{missing[0]}")
        if len(fields["body"].encode()) > 128 or len(fields["out_trade_no"]) > 32:
            raise no(No.BAD_FIELDS, "参数长度超限")
        expire_at = self._expiry(fields.get("time_expire", ""))
        same = {
            name: text
            for name, text in fields.items()
            if name not in ("nonce_str", "sign", "sign_type")
        }
        order = self._books.create(
            out_trade_no=fields["out_trade_no"],
            api="v2",
            sign_type=fields.get("sign_type") or "MD5",
            request=json.dumps(same, sort_keys=True, ensure_ascii=False),
            amount=_fen(fields["total_fee"]),
            description=fields["body"],
            openid=fields["openid"],
            attach=fields.get("attach", ""),
            notify_url=fields["notify_url"],
            expire_at=expire_at,
        )
        return {"trade_type": "JSAPI", "prepay_id": order.prepay_id}

    def _expiry(self, text: str) -> float:
        if not text:
            return self._books.now() + 7 * 86400
        try:
            at = datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=BEIJING)
        except ValueError:
            raise no(No.BAD_FIELDS, "time_expire格式错误") from None
        return at.timestamp()

    def _order(self, fields: Mapping[str, str]) -> Order:
        if fields.get("transaction_id"):
            return self._books.order_of_transaction(fields["transaction_id"])
        return self._books.order(fields.get("out_trade_no", ""))

    def _query(self, fields: Mapping[str, str], fault: Fault | None) -> Fields:
        order = self._order(fields)
        told: Fields = {
            "out_trade_no": order.out_trade_no,
            "trade_state": order.state,
            "trade_state_desc": order.state,
        }
        if order.attach:
            told["attach"] = order.attach
        return {**told, **_paid(order)} if order.is_paid else told

    def _close(self, fields: Mapping[str, str], fault: Fault | None) -> Fields:
        number = fields.get("out_trade_no", "")
        if fault and fault.kind is FaultKind.ORDER_PAID:
            self._books.pay(number)
        self._books.close(number)
        return {"result_msg": "OK"}

    def _refund(self, fields: Mapping[str, str], fault: Fault | None) -> Fields:
        if fault and fault.kind is FaultKind.NOT_ENOUGH:
            raise no(No.NOT_ENOUGH)
        order = self._order(fields)
        refund = self._books.refund(
            order,
            out_refund_no=fields.get("out_refund_no", ""),
            amount=_fen(fields.get("refund_fee", "")),
            total=_fen(fields.get("total_fee", "")),
            reason=fields.get("refund_desc", ""),
            notify_url=fields.get("notify_url", ""),
            api="v2",
            will_be=refund_end(fault),
        )
        return {
            "out_trade_no": order.out_trade_no,
            "transaction_id": order.transaction_id,
            "out_refund_no": refund.out_refund_no,
            "refund_id": refund.refund_id,
            "refund_fee": refund.amount,
            "total_fee": refund.total,
            "cash_fee": refund.total,
            "cash_refund_fee": refund.amount,
        }

    def _query_refund(self, fields: Mapping[str, str], fault: Fault | None) -> Fields:
        if fields.get("out_refund_no"):
            refunds = [self._books.refund_of(fields["out_refund_no"])]
        else:
            refunds = self._books.refunds_of(self._order(fields).out_trade_no)[:10]
        if not refunds:
            raise no(No.NO_REFUND)
        order = self._books.order(refunds[0].out_trade_no)
        told: Fields = {
            "out_trade_no": order.out_trade_no,
            "transaction_id": order.transaction_id,
            "total_fee": order.amount,
            "cash_fee": order.amount,
            "refund_count": len(refunds),
        }
        for place, refund in enumerate(refunds):
            told |= _numbered(refund, place)
        return told

    def _bill(self, fields: Mapping[str, str]) -> Reply:
        try:
            bill = write_bill(self._store, self._identity, fields.get("bill_date", ""))
        except ValueError:
            raise no(No.BAD_FIELDS, "invalid bill_date") from None
        if bill is None:
            raise no(No.NO_BILL)
        if fields.get("tar_type") == "GZIP":
            return Reply(200, gzip.compress(bill), "application/x-gzip")
        return Reply(200, bill)

    # --- notices -------------------------------------------------------------------

    def write_notice(self, notice: Notice, fault: Fault | None) -> Delivery:
        is_payment = notice.target is Target.PAYMENT_NOTICE
        write = self._payment_notice if is_payment else self._refund_notice
        is_hostile = fault is not None and fault.kind is FaultKind.HOSTILE
        body = HOSTILE if is_hostile else write(notice, fault)
        headers = {"Content-Type": "text/xml"}
        return Delivery(notice.target, notice.number, notice.url, headers, body)

    def _payment_notice(self, notice: Notice, fault: Fault | None) -> bytes:
        order = self._books.order(notice.number)
        fields: Fields = {
            "appid": self._identity.appid,
            "mch_id": self._identity.mch_id,
            "nonce_str": secrets.token_hex(16),
            "return_code": "SUCCESS",
            "result_code": "SUCCESS",
            "out_trade_no": order.out_trade_no,
            **_paid(order),
        }
        if order.attach:
            fields["attach"] = order.attach
        fields = self._distorted(fields, fault)
        # an order made with HMAC is notified with it, and without saying so
        fields["sign"] = self._sign(fields, order.sign_type, fault)
        return xml(fields)

    def _refund_notice(self, notice: Notice, fault: Fault | None) -> bytes:
        refund = self._books.refund_of(notice.number)
        order = self._books.order(refund.out_trade_no)
        hidden: Fields = {
            "transaction_id": order.transaction_id,
            "out_trade_no": order.out_trade_no,
            "refund_id": refund.refund_id,
            "out_refund_no": refund.out_refund_no,
            "total_fee": refund.total,
            "settlement_total_fee": refund.total,
            "refund_fee": refund.amount,
            "settlement_refund_fee": refund.amount,
            "refund_status": _REFUND_STATES.get(refund.state, refund.state),
            "success_time": _succeeded(refund),
            "refund_recv_accout": "支付用户零钱",
            "refund_account": "REFUND_SOURCE_UNSETTLED_FUNDS",
            "refund_request_source": "API",
        }
        if not hidden["success_time"]:
            del hidden["success_time"]
        outer = {
            "return_code": "SUCCESS",
            "appid": self._identity.appid,
            "mch_id": self._identity.mch_id,
            "nonce_str": secrets.token_hex(16),
        }
        is_wrong = fault is not None and fault.kind is FaultKind.WRONG_SIGNATURE
        key = "0" * 32 if is_wrong else self._identity.api_key
        plain = xml(self._distorted(hidden, fault), "root")
        if fault and fault.kind is FaultKind.FOREIGN_APPID:
            outer["appid"] = "wx0000000000000000"
        return xml({**outer, "req_info": hide_req_info(plain, key)})

    def is_taken(self, status: int, body: bytes) -> bool:
        return status == 200 and _read(body).get("return_code") == "SUCCESS"


def _read(body: bytes) -> dict[str, str]:
    """The fields of a message; empty where it is none."""
    try:
        found = xmltodict.parse(body)["xml"]
    except Exception:  # whatever a shop may send
        return {}
    if not isinstance(found, dict):
        return {}
    return {
        name: text or ""
        for name, text in found.items()
        if text is None or isinstance(text, str)
    }


def _unsigned(sentence: str, **more: str) -> Reply:
    body = xml({"return_code": "FAIL", "return_msg": sentence, **more})
    return Reply(200, body, "text/xml; charset=utf-8")


def _fen(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise no(No.BAD_FIELDS, "金额必须为正整数")
    return int(text)


def _paid(order: Order) -> Fields:
    return {
        "openid": order.openid,
        "is_subscribe": "N",
        "trade_type": "JSAPI",
        "bank_type": "OTHERS",
        "total_fee": order.amount,
        "fee_type": "CNY",
        "cash_fee": order.amount,
        "transaction_id": order.transaction_id,
        "time_end": f"{clock_time(order.paid_at or 0):%Y%m%d%H%M%S}",
    }


def _numbered(refund: Refund, place: int) -> Fields:
    told: Fields = {
        "out_refund_no": refund.out_refund_no,
        "refund_id": refund.refund_id,
        "refund_channel": "ORIGINAL",
        "refund_fee": refund.amount,
        "refund_status": _REFUND_STATES.get(refund.state, refund.state),
        "refund_recv_accout": "支付用户零钱",
        "refund_success_time": _succeeded(refund),
    }
    if not told["refund_success_time"]:
        del told["refund_success_time"]
    return {f"{name}_{place}": value for name, value in told.items()}


def _succeeded(refund: Refund) -> str:
    if refund.state != "SUCCESS" or refund.done_at is None:
        return ""
    return f"{clock_time(refund.done_at):%Y-%m-%d %H:%M:%S}"
