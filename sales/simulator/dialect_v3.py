"""The JSON interface."""

import hashlib
import json
import re
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from sales.simulator.bill import write_bill
from sales.simulator.faults import Fault, FaultKind, Target, refund_end
from sales.simulator.keys import merchant_public_key, platform_key
from sales.simulator.messages import Delivery, Desk, Reply, Request
from sales.simulator.refusals import No, Refusal, named, no
from sales.simulator.rows import Notice, Order, Refund, clock_time
from sales.simulator.signing import (
    hide_resource,
    is_rsa_signed,
    read_authorization,
    request_message,
    signed_headers,
)
from sales.simulator.store import Store

_NUMBER = r"(?P<number>[^/]+)"
_ROUTES = (
    ("POST", r"/v3/pay/transactions/jsapi", Target.CREATE),
    ("GET", rf"/v3/pay/transactions/out-trade-no/{_NUMBER}", Target.QUERY),
    ("GET", r"/v3/pay/transactions/id/(?P<transaction>[^/]+)", Target.QUERY),
    ("POST", rf"/v3/pay/transactions/out-trade-no/{_NUMBER}/close", Target.CLOSE),
    ("POST", r"/v3/refund/domestic/refunds", Target.REFUND),
    ("GET", rf"/v3/refund/domestic/refunds/{_NUMBER}", Target.QUERY_REFUND),
    ("GET", r"/v3/bill/tradebill", Target.BILL),
    ("GET", r"/v3/billdownload/file", Target.BILL),
)
_SKEW = 300
HOSTILE = b"[" * 20_000
_FOREIGN = {
    "mchid": "1900000000",
    "out_trade_no": "of-somebody-else",
    "out_refund_no": "of-somebody-else",
}
_EVENTS = {
    "SUCCESS": "REFUND.SUCCESS",
    "CLOSED": "REFUND.CLOSED",
    "ABNORMAL": "REFUND.ABNORMAL",
}

Fields = dict[str, Any]


class DialectV3:
    """v3: JSON in and out, RSA on both sides, AES-GCM in notices."""

    _acts: Mapping[Target, Callable[[Request, Fault | None], Fields | None]]

    def __init__(self, desk: Desk, store: Store) -> None:
        self._desk = desk
        self._identity = desk.identity
        self._books = desk.books
        self._store = store
        self._key = platform_key(desk.identity)
        self._merchant = merchant_public_key(desk.identity)
        self._acts = {
            Target.CREATE: self._create,
            Target.QUERY: self._query,
            Target.CLOSE: self._close,
            Target.REFUND: self._refund,
            Target.QUERY_REFUND: self._query_refund,
            Target.BILL: self._name_bill,
        }

    def target_of(self, request: Request) -> Target | None:
        return _route(request)[0]

    def number_in(self, target: Target, request: Request) -> str:
        _, found = _route(request)
        fields = {**request.query, **_read(request.body), **found}
        names = ("out_refund_no", "number", "transaction", "out_trade_no", "bill_date")
        return next((str(fields[name]) for name in names if name in fields), "")

    def answer(self, target: Target, request: Request, fault: Fault | None) -> Reply:
        try:
            self._check_signature(request)
            if request.path == "/v3/billdownload/file":
                return self._bill_file(request)
            if fault and fault.kind is FaultKind.REFUSE:
                raise named(fault.code)
            if fault and fault.kind is FaultKind.SYSTEM_ERROR:
                raise no(No.SYSTEM_ERROR)
            result = self._acts[target](request, fault)
        except Refusal as refusal:
            told = {"code": refusal.words.v3, "message": refusal.sentence}
            return self._signed(refusal.words.status, told, fault)
        if result is None:
            return self._signed(204, None, fault)
        return self._signed(200, _distorted(result, fault), fault)

    # --- around every call -------------------------------------------------------

    def _check_signature(self, request: Request) -> None:
        parts = read_authorization(request.headers.get("authorization", ""))
        message = request_message(
            request.method,
            request.target,
            parts.get("timestamp", ""),
            parts.get("nonce_str", ""),
            request.body.decode(errors="replace"),
        )
        timestamp = parts.get("timestamp", "")
        if (
            parts.get("mchid") != self._identity.mch_id
            or parts.get("serial_no") != self._identity.serial_no
            or not timestamp.isdigit()
            or abs(time.time() - int(timestamp)) > _SKEW
            or not is_rsa_signed(message, parts.get("signature", ""), self._merchant)
        ):
            raise no(No.BAD_SIGNATURE)
        serial = request.headers.get("wechatpay-serial", self._identity.public_key_id)
        if serial != self._identity.public_key_id:
            raise no(No.BAD_FIELDS, "Wechatpay-Serial不正确")

    def _signed(self, status: int, told: Fields | None, fault: Fault | None) -> Reply:
        body = b"" if told is None else _written(told)
        kind = fault.kind if fault else None
        if kind is FaultKind.HOSTILE:
            status, body = 200, HOSTILE
        headers = self._headers(body, fault)
        return Reply(status, body, "application/json; charset=utf-8", headers)

    def _headers(self, body: bytes, fault: Fault | None) -> dict[str, str]:
        is_wrong = fault is not None and fault.kind is FaultKind.WRONG_SIGNATURE
        signed = body + b" " if is_wrong else body
        return signed_headers(signed, self._key, self._identity.public_key_id)

    # --- the calls ---------------------------------------------------------------

    def _create(self, request: Request, fault: Fault | None) -> Fields:
        if fault and fault.kind is FaultKind.NOT_ENOUGH:
            raise no(No.NOT_ENOUGH)
        fields = _read(request.body)
        self._require_ours(fields)
        try:
            number, description = fields["out_trade_no"], fields["description"]
            amount, openid = fields["amount"], fields["payer"]["openid"]
            notify_url, total = fields["notify_url"], amount["total"]
            expire_at = datetime.fromisoformat(fields["time_expire"]).timestamp()
        except (KeyError, TypeError, ValueError):
            raise no(No.BAD_FIELDS) from None
        if (
            amount.get("currency", "CNY") != "CNY"
            or not 6 <= len(number) <= 32
            or len(description.encode()) > 127
        ):
            raise no(No.BAD_FIELDS)
        order = self._books.create(
            out_trade_no=number,
            api="v3",
            sign_type="RSA",
            request=json.dumps(fields, sort_keys=True, ensure_ascii=False),
            amount=_fen(total),
            description=description,
            openid=openid,
            attach=fields.get("attach", ""),
            notify_url=notify_url,
            expire_at=expire_at,
        )
        return {"prepay_id": order.prepay_id}

    def _require_ours(self, fields: Fields) -> None:
        ours = (self._identity.appid, self._identity.mch_id)
        if (fields.get("appid"), fields.get("mchid")) != ours:
            raise no(No.NOT_OURS)

    def _query(self, request: Request, fault: Fault | None) -> Fields:
        if request.query.get("mchid") != self._identity.mch_id:
            raise no(No.NOT_OURS)
        _, found = _route(request)
        if "transaction" in found:
            order = self._books.order_of_transaction(found["transaction"])
        else:
            order = self._books.order(found["number"])
        return self._told_of(order)

    def _told_of(self, order: Order) -> Fields:
        told: Fields = {
            "appid": self._identity.appid,
            "mchid": self._identity.mch_id,
            "out_trade_no": order.out_trade_no,
            "trade_state": order.state,
            "trade_state_desc": order.state,
            "attach": order.attach,
            "payer": {"openid": order.openid},
        }
        if not order.is_paid:
            return {**told, "amount": {"total": order.amount, "currency": "CNY"}}
        return {
            **told,
            "transaction_id": order.transaction_id,
            "trade_type": "JSAPI",
            "bank_type": "OTHERS",
            "success_time": _rfc3339(order.paid_at),
            "amount": {
                "total": order.amount,
                "payer_total": order.amount,
                "currency": "CNY",
                "payer_currency": "CNY",
            },
        }

    def _close(self, request: Request, fault: Fault | None) -> None:
        if _read(request.body).get("mchid") != self._identity.mch_id:
            raise no(No.NOT_OURS)
        number = _route(request)[1]["number"]
        if fault and fault.kind is FaultKind.ORDER_PAID:
            self._books.pay(number)
        self._books.close(number)

    def _refund(self, request: Request, fault: Fault | None) -> Fields:
        if fault and fault.kind is FaultKind.NOT_ENOUGH:
            raise no(No.NOT_ENOUGH)
        fields = _read(request.body)
        try:
            amount, number = fields["amount"], fields["out_refund_no"]
            if fields.get("transaction_id"):
                order = self._books.order_of_transaction(fields["transaction_id"])
            else:
                order = self._books.order(fields["out_trade_no"])
            refund = self._books.refund(
                order,
                out_refund_no=number,
                amount=_fen(amount["refund"]),
                total=_fen(amount["total"]),
                reason=fields.get("reason", ""),
                notify_url=fields.get("notify_url", ""),
                api="v3",
                will_be=refund_end(fault),
            )
        except (KeyError, TypeError):
            raise no(No.BAD_FIELDS) from None
        return self._told_of_refund(refund)

    def _query_refund(self, request: Request, fault: Fault | None) -> Fields:
        number = _route(request)[1]["number"]
        return self._told_of_refund(self._books.refund_of(number))

    def _told_of_refund(self, refund: Refund) -> Fields:
        order = self._books.order(refund.out_trade_no)
        told: Fields = {
            "refund_id": refund.refund_id,
            "out_refund_no": refund.out_refund_no,
            "transaction_id": order.transaction_id,
            "out_trade_no": refund.out_trade_no,
            "channel": "ORIGINAL",
            "user_received_account": "支付用户零钱",
            "create_time": _rfc3339(refund.created_at),
            "status": refund.state,
            "funds_account": "AVAILABLE",
            "amount": {
                "total": refund.total,
                "refund": refund.amount,
                "payer_total": refund.total,
                "payer_refund": refund.amount,
                "currency": "CNY",
            },
        }
        if refund.state == "SUCCESS":
            told["success_time"] = _rfc3339(refund.done_at)
        return told

    def _name_bill(self, request: Request, fault: Fault | None) -> Fields:
        day = request.query.get("bill_date", "")
        bill = self._written_bill(day)
        return {
            "download_url": (f"{self._desk.base_url}/v3/billdownload/file?token={day}"),
            "hash_type": "SHA1",
            "hash_value": hashlib.sha1(bill, usedforsecurity=False).hexdigest(),
        }

    def _bill_file(self, request: Request) -> Reply:
        bill = self._written_bill(request.query.get("token", ""))
        return Reply(200, bill, "text/plain")

    def _written_bill(self, day: str) -> bytes:
        try:
            bill = write_bill(self._store, self._identity, day.replace("-", ""))
        except ValueError:
            raise no(No.BAD_FIELDS) from None
        if bill is None:
            raise no(No.NO_BILL)
        return bill

    # --- notices -------------------------------------------------------------------

    def write_notice(self, notice: Notice, fault: Fault | None) -> Delivery:
        if notice.target is Target.PAYMENT_NOTICE:
            event, kind = "TRANSACTION.SUCCESS", "transaction"
            fields = self._told_of(self._books.order(notice.number))
        else:
            refund = self._books.refund_of(notice.number)
            event, kind = _EVENTS[refund.state], "refund"
            fields = self._told_of_refund(refund)
            fields["refund_status"] = fields.pop("status")
            fields["mchid"] = self._identity.mch_id
        body = _written(
            {
                "id": secrets.token_hex(16),
                "create_time": _rfc3339(time.time()),
                "resource_type": "encrypt-resource",
                "event_type": event,
                "summary": event,
                "resource": hide_resource(
                    _distorted(fields, fault), kind, self._identity.api_v3_key
                ),
            }
        )
        if fault and fault.kind is FaultKind.HOSTILE:
            body = HOSTILE
        headers = {
            "Content-Type": "application/json",
            **self._headers(body, fault),
        }
        return Delivery(notice.target, notice.number, notice.url, headers, body)

    def is_taken(self, status: int, body: bytes) -> bool:
        return status in (200, 204)


def _route(request: Request) -> tuple[Target | None, dict[str, str]]:
    for method, pattern, target in _ROUTES:
        found = re.fullmatch(pattern, request.path)
        if found and method == request.method:
            names = found.groupdict()
            return target, {name: unquote(text) for name, text in names.items()}
    return None, {}


def _read(body: bytes) -> Fields:
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _written(told: Fields) -> bytes:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def _distorted(fields: Fields, fault: Fault | None) -> Fields:
    kind = fault.kind if fault else None
    if kind is FaultKind.FOREIGN_APPID:
        if "appid" in fields:
            return {**fields, "appid": "wx0000000000000000"}
        # refunds name no appid; these are somebody else's
        return {**fields, **_FOREIGN}
    if kind is FaultKind.WRONG_AMOUNT and "amount" in fields:
        amount = dict(fields["amount"])
        name = "refund" if "refund" in amount else "total"
        amount[name] += 1
        return {**fields, "amount": amount}
    return fields


def _fen(number: Any) -> int:
    if type(number) is not int or number < 1:
        raise no(No.BAD_FIELDS, "金额必须为正整数")
    return number


def _rfc3339(at: float | None) -> str:
    return clock_time(at or 0).isoformat(timespec="seconds")
