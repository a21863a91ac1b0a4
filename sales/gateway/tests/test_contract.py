"""What both adapters do alike, against the simulator: each test runs by v2 and by v3."""

import socket
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sales.gateway import (
    Bill,
    Gateway,
    GatewayError,
    LineKind,
    NewPayment,
    NewRefund,
    PaymentState,
    Reason,
    RefundState,
    open_gateway,
)
from sales.gateway.tests.helpers import NOTIFY, new_payment, new_refund
from sales.simulator import FaultKind, Simulator, Target
from sales.simulator.wiring import config_for

NUMBER = "P20261124-0001"
REFUND = "P20261124r1"
ORDER = new_payment()
CALLS = [
    (Target.CREATE, lambda gateway: gateway.create(ORDER)),
    (Target.QUERY, lambda gateway: gateway.query(NUMBER)),
    (Target.CLOSE, lambda gateway: gateway.close(NUMBER)),
    (Target.REFUND, lambda gateway: gateway.refund(new_refund())),
    (Target.QUERY_REFUND, lambda gateway: gateway.query_refund(REFUND)),
]
each_call = pytest.mark.parametrize(
    ("target", "call"), CALLS, ids=[target.value for target, _ in CALLS]
)


def today() -> date:
    return datetime.now(ZoneInfo("Asia/Shanghai")).date()


def prepare(gateway: Gateway, wechat: Simulator, target: Target) -> None:
    """Bring the books to where the call to `target` would succeed."""
    if target is Target.CREATE:
        return
    gateway.create(new_payment())
    if target in (Target.QUERY, Target.REFUND, Target.QUERY_REFUND):
        wechat.pay(NUMBER)
    if target is Target.QUERY_REFUND:
        gateway.refund(new_refund())


# --- paying --------------------------------------------------------------------


def test_a_payment_is_created_paid_notified_and_queried(gateway, wechat):
    prepay = gateway.create(new_payment())
    assert prepay.prepay_id == wechat.order(NUMBER).prepay_id
    assert gateway.query(NUMBER).state is PaymentState.NOT_PAID
    wechat.pay(NUMBER)
    [notice] = wechat.take_notices()
    assert notice.url == f"{NOTIFY}/pay"
    told = gateway.read_payment_notice(notice.body, notice.headers)
    asked = gateway.query(NUMBER)
    for facts in (told, asked):
        assert facts.out_trade_no == NUMBER
        assert facts.state is PaymentState.PAID
        assert facts.state.is_paid
        assert facts.amount_fen == facts.payer_fen == 6800
        assert facts.openid == "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
        assert facts.attach == "shop"
        assert facts.bank == "OTHERS"
        assert facts.transaction_id == wechat.order(NUMBER).transaction_id
        assert abs(facts.paid_at - datetime.now(UTC)) < timedelta(seconds=30)
        assert facts.raw["out_trade_no"] == NUMBER
        assert "sign" not in facts.raw


def test_the_same_request_again_gives_the_same_prepay_id(gateway, wechat):
    stored = new_payment().as_json()
    first = gateway.create(NewPayment.from_json(stored))
    assert gateway.create(NewPayment.from_json(stored)) == first
    assert len(wechat.orders()) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"amount_fen": 6801},
        {"description": "另一单"},
        {"openid": "oAnother"},
        {"expire_at": datetime.now(UTC) + timedelta(minutes=40)},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_changed_request_under_the_same_number_is_refused(gateway, wechat, changes):
    gateway.create(new_payment())
    with pytest.raises(GatewayError) as caught:
        gateway.create(new_payment(**changes))
    assert caught.value.reason is Reason.NUMBER_USED
    assert caught.value.is_refused


def test_times_are_sent_on_the_gateways_clock(gateway, wechat):
    order = new_payment()
    gateway.create(order)
    assert wechat.order(NUMBER).expire_at == order.expire_at.timestamp()


def test_pay_parameters_fit_the_mini_program(gateway, wechat):
    parameters = gateway.pay_parameters("wx201410272009395522657a690389285100")
    assert set(parameters) == {
        *("timeStamp", "nonceStr", "package", "signType", "paySign")
    }
    assert parameters["package"] == "prepay_id=wx201410272009395522657a690389285100"
    assert all(isinstance(text, str) for text in parameters.values())
    assert wechat.accepts_pay_parameters(parameters)
    forged = {**parameters, "package": "prepay_id=wx2"}
    assert not wechat.accepts_pay_parameters(forged)


def test_a_payment_of_nobody_is_not_found(gateway):
    with pytest.raises(GatewayError) as caught:
        gateway.query("nobody-0001")
    assert caught.value.reason is Reason.NOT_FOUND
    assert caught.value.is_refused


def test_a_payer_at_the_password_is_paying_and_may_fail(gateway, wechat):
    gateway.create(new_payment())
    wechat.begin_paying(NUMBER)
    assert gateway.query(NUMBER).state is PaymentState.PAYING
    wechat.fail(NUMBER)
    assert gateway.query(NUMBER).state is PaymentState.FAILED


def test_an_order_paid_already_is_not_created_again(gateway, wechat):
    gateway.create(new_payment())
    wechat.pay(NUMBER)
    with pytest.raises(GatewayError) as caught:
        gateway.create(new_payment())
    assert caught.value.reason is Reason.ALREADY_PAID


def test_an_order_expires_and_needs_a_new_number(gateway, wechat):
    gateway.create(new_payment())
    wechat.advance(31 * 60)
    try:
        assert gateway.query(NUMBER).state is PaymentState.CLOSED
        with pytest.raises(GatewayError) as caught:
            gateway.create(new_payment())
        assert caught.value.reason is Reason.CLOSED
    finally:
        wechat.advance(-31 * 60)


def test_numbers_with_every_allowed_sign_travel_whole(gateway, wechat):
    number = "Ab9_-|*Zz0"
    gateway.create(new_payment(number))
    assert gateway.query(number).out_trade_no == number
    wechat.pay(number)
    gateway.refund(new_refund("R_-|*@9", out_trade_no=number))
    assert gateway.query_refund("R_-|*@9").out_trade_no == number


@pytest.mark.parametrize(
    "description",
    ["]]>苹果<xml>", "苹果\x00\x08\n梨", "🍎" * 80, "果" * 200, "a&b\"c'd<e>\\"],
    ids=["cdata", "control", "emoji", "long", "quotes"],
)
def test_names_of_goods_break_nothing(gateway, wechat, description):
    gateway.create(new_payment(description=description, attach=description))
    sent = wechat.order(NUMBER).description
    assert sent
    assert len(sent.encode()) <= 127
    assert "]]>" not in sent
    assert sent.isprintable()


# --- closing -------------------------------------------------------------------


def test_a_payment_is_closed_and_closed_again(gateway, wechat):
    gateway.create(new_payment())
    gateway.close(NUMBER)
    gateway.close(NUMBER)
    assert gateway.query(NUMBER).state is PaymentState.CLOSED


def test_closed_already_counts_as_closed(gateway, wechat):
    gateway.create(new_payment())
    wechat.add_fault(FaultKind.REFUSE, Target.CLOSE, code="ORDER_CLOSED")
    gateway.close(NUMBER)


def test_closing_what_was_paid_says_so(gateway, wechat):
    gateway.create(new_payment())
    wechat.add_fault(FaultKind.ORDER_PAID, Target.CLOSE)
    with pytest.raises(GatewayError) as caught:
        gateway.close(NUMBER)
    assert caught.value.reason is Reason.ALREADY_PAID
    assert gateway.query(NUMBER).state is PaymentState.PAID


def test_closing_nothing_is_not_found(gateway):
    with pytest.raises(GatewayError) as caught:
        gateway.close("nobody-0001")
    assert caught.value.reason is Reason.NOT_FOUND


# --- refunding -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("end", "state"),
    [
        ("SUCCESS", RefundState.SUCCEEDED),
        ("CLOSED", RefundState.CLOSED),
        ("ABNORMAL", RefundState.ABNORMAL),
    ],
)
def test_a_refund_is_accepted_then_ends(gateway, wechat, end, state):
    prepare(gateway, wechat, Target.REFUND)
    wechat.take_notices()
    accepted = gateway.refund(new_refund())
    assert accepted.state is RefundState.PROCESSING
    assert accepted.refund_id == wechat.refund(REFUND).refund_id
    assert gateway.query_refund(REFUND).state is RefundState.PROCESSING
    wechat.finish_refund(REFUND, end)
    [notice] = wechat.take_notices()
    assert notice.url == f"{NOTIFY}/refund"
    told = gateway.read_refund_notice(notice.body, notice.headers)
    asked = gateway.query_refund(REFUND)
    for facts in (told, asked):
        assert facts.state is state
        assert facts.out_refund_no == REFUND
        assert facts.out_trade_no == NUMBER
        assert (facts.refund_fen, facts.total_fen) == (800, 6800)
        assert facts.refund_id == accepted.refund_id
        assert facts.recipient == "支付用户零钱"
        assert not facts.is_from_console
        assert (facts.refunded_at is not None) == (state is RefundState.SUCCEEDED)
    assert gateway.query(NUMBER).state is PaymentState.REFUNDED
    assert gateway.query(NUMBER).amount_fen == 6800


def test_the_same_refund_again_refunds_once(gateway, wechat):
    prepare(gateway, wechat, Target.REFUND)
    stored = new_refund().as_json()
    first = gateway.refund(NewRefund.from_json(stored))
    again = gateway.refund(NewRefund.from_json(stored))
    assert again.refund_id == first.refund_id
    assert len(wechat.refunds()) == 1


def test_a_refund_number_with_another_amount_is_our_mistake(gateway, wechat):
    prepare(gateway, wechat, Target.QUERY_REFUND)
    with pytest.raises(GatewayError) as caught:
        gateway.refund(new_refund(refund_fen=801))
    assert caught.value.reason is Reason.MISMATCH
    assert caught.value.is_refused


def test_parts_give_back_all_and_not_a_fen_more(gateway, wechat):
    prepare(gateway, wechat, Target.REFUND)
    for place, fen in enumerate((6000, 799, 1)):
        gateway.refund(new_refund(f"r{place}", refund_fen=fen))
    with pytest.raises(GatewayError) as caught:
        gateway.refund(new_refund("r9", refund_fen=1))
    assert caught.value.reason is Reason.IMPOSSIBLE
    assert sum(refund.amount for refund in wechat.refunds()) == 6800


def test_the_fifty_first_refund_is_refused(gateway, wechat):
    prepare(gateway, wechat, Target.REFUND)
    for place in range(50):
        gateway.refund(new_refund(f"r{place}", refund_fen=1))
    with pytest.raises(GatewayError) as caught:
        gateway.refund(new_refund("r50", refund_fen=1))
    assert caught.value.reason is Reason.IMPOSSIBLE


def test_after_a_year_nothing_is_refunded(gateway, wechat):
    prepare(gateway, wechat, Target.REFUND)
    wechat.advance(366 * 86400)
    try:
        with pytest.raises(GatewayError) as caught:
            gateway.refund(new_refund())
    finally:
        wechat.advance(-366 * 86400)
    assert caught.value.reason is Reason.IMPOSSIBLE


@pytest.mark.parametrize("is_created", [True, False], ids=["unpaid", "unknown"])
def test_what_was_not_paid_is_not_refunded(gateway, wechat, is_created):
    if is_created:
        gateway.create(new_payment())
    with pytest.raises(GatewayError) as caught:
        gateway.refund(new_refund())
    assert caught.value.reason is Reason.IMPOSSIBLE
    assert caught.value.is_refused


def test_a_refund_of_nobody_is_not_found(gateway):
    with pytest.raises(GatewayError) as caught:
        gateway.query_refund("nobody")
    assert caught.value.reason is Reason.NOT_FOUND


# --- what goes wrong ------------------------------------------------------------


@each_call
@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (FaultKind.TIMEOUT_BEFORE, Reason.UNREACHABLE),
        (FaultKind.TIMEOUT_AFTER, Reason.UNREACHABLE),
        (FaultKind.SERVER_ERROR, Reason.FAULT),
        (FaultKind.SYSTEM_ERROR, Reason.FAULT),
        (FaultKind.WRONG_SIGNATURE, Reason.UNPROVEN),
        (FaultKind.HOSTILE, Reason.UNREADABLE),
    ],
)
def test_what_is_not_known_is_unknown(gateway, wechat, target, call, kind, reason):
    prepare(gateway, wechat, target)
    before = len(wechat.calls(target))
    wechat.add_fault(kind, target)
    with pytest.raises(GatewayError) as caught:
        call(gateway)
    assert caught.value.is_unknown
    assert caught.value.reason is reason
    # nothing is tried again behind the caller's back
    assert len(wechat.calls(target)) == before + 1
    call(gateway)


def test_a_refund_that_was_done_unheard_is_not_done_twice(gateway, wechat):
    prepare(gateway, wechat, Target.REFUND)
    wechat.add_fault(FaultKind.TIMEOUT_AFTER, Target.REFUND)
    with pytest.raises(GatewayError):
        gateway.refund(new_refund())
    assert gateway.query_refund(REFUND).state is RefundState.PROCESSING
    gateway.refund(new_refund())
    assert len(wechat.refunds()) == 1


@pytest.mark.parametrize("target", [Target.QUERY, Target.QUERY_REFUND, Target.REFUND])
def test_anothers_reply_is_not_believed(gateway, wechat, target):
    prepare(gateway, wechat, target)
    wechat.add_fault(FaultKind.FOREIGN_APPID, target)
    with pytest.raises(GatewayError) as caught:
        dict(CALLS)[target](gateway)
    assert caught.value.is_unknown
    assert caught.value.reason is Reason.FOREIGN


def test_another_amount_refunded_than_asked_is_not_believed(gateway, wechat):
    prepare(gateway, wechat, Target.REFUND)
    wechat.add_fault(FaultKind.WRONG_AMOUNT, Target.REFUND)
    with pytest.raises(GatewayError) as caught:
        gateway.refund(new_refund())
    assert caught.value.reason is Reason.FOREIGN


def test_another_amount_paid_is_told_as_it_is(gateway, wechat):
    prepare(gateway, wechat, Target.QUERY)
    wechat.add_fault(FaultKind.WRONG_AMOUNT, Target.QUERY)
    assert gateway.query(NUMBER).amount_fen == 6801


@pytest.mark.parametrize("target", [Target.CREATE, Target.REFUND])
def test_not_enough_money_is_refused(gateway, wechat, target):
    prepare(gateway, wechat, target)
    wechat.add_fault(FaultKind.NOT_ENOUGH, target)
    with pytest.raises(GatewayError) as caught:
        dict(CALLS)[target](gateway)
    assert caught.value.reason is Reason.NOT_ENOUGH
    assert caught.value.is_refused
    dict(CALLS)[target](gateway)


@pytest.mark.parametrize(
    ("target", "code", "reason"),
    [
        (Target.REFUND, "FREQUENCY_LIMITED", Reason.RATE_LIMITED),
        (Target.REFUND, "TRADE_OVERDUE", Reason.IMPOSSIBLE),
        (Target.REFUND, "USER_ACCOUNT_ABNORMAL", Reason.IMPOSSIBLE),
        (Target.CLOSE, "TRADE_STATE_ERROR", Reason.TRY_LATER),
        (Target.CREATE, "PARAM_ERROR", Reason.CONFIGURATION),
        (Target.CREATE, "APPID_MCHID_NOT_MATCH", Reason.CONFIGURATION),
    ],
)
def test_codes_mean_what_the_table_says(gateway, wechat, target, code, reason):
    prepare(gateway, wechat, target)
    wechat.add_fault(FaultKind.REFUSE, target, code=code)
    with pytest.raises(GatewayError) as caught:
        dict(CALLS)[target](gateway)
    assert caught.value.reason is reason
    assert caught.value.code == code
    assert caught.value.is_refused


@each_call
def test_a_code_that_nobody_knows_is_unknown(gateway, wechat, target, call):
    prepare(gateway, wechat, target)
    wechat.add_fault(FaultKind.REFUSE, target, code="BRAND_NEW_CODE")
    with pytest.raises(GatewayError) as caught:
        call(gateway)
    assert caught.value.is_unknown
    assert caught.value.reason is Reason.UNCLEAR


def test_a_gateway_that_is_not_there_is_unreachable(wechat):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        for api in ("v2", "v3"):
            config = config_for(wechat.identity, f"http://127.0.0.1:{port}", api)
            with pytest.raises(GatewayError) as caught:
                open_gateway(config).query(NUMBER)
            assert caught.value.is_unknown
            assert caught.value.reason is Reason.UNREACHABLE


# --- notices -------------------------------------------------------------------


@pytest.mark.parametrize("target", [Target.PAYMENT_NOTICE, Target.REFUND_NOTICE])
@pytest.mark.parametrize(
    "kind", [FaultKind.WRONG_SIGNATURE, FaultKind.FOREIGN_APPID, FaultKind.HOSTILE]
)
def test_a_notice_that_is_not_proven_is_refused(gateway, wechat, target, kind):
    body, headers = noticed(gateway, wechat, target, kind)
    with pytest.raises(GatewayError) as caught:
        read(gateway, target, body, headers)
    assert caught.value.is_refused


def test_a_notice_of_another_amount_says_so(gateway, wechat):
    body, headers = noticed(
        gateway, wechat, Target.PAYMENT_NOTICE, FaultKind.WRONG_AMOUNT
    )
    assert gateway.read_payment_notice(body, headers).amount_fen == 6801


@pytest.mark.parametrize("target", [Target.PAYMENT_NOTICE, Target.REFUND_NOTICE])
@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
def test_a_notice_with_one_byte_changed_is_refused(gateway, wechat, target, place):
    body, headers = noticed(gateway, wechat, target)
    at = int(len(body) * place)
    body = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
    with pytest.raises(GatewayError) as caught:
        read(gateway, target, body, headers)
    assert caught.value.is_refused


@pytest.mark.parametrize("target", [Target.PAYMENT_NOTICE, Target.REFUND_NOTICE])
def test_a_notice_at_the_wrong_door_is_refused(gateway, wechat, target):
    body, headers = noticed(gateway, wechat, target)
    other = {
        Target.PAYMENT_NOTICE: Target.REFUND_NOTICE,
        Target.REFUND_NOTICE: Target.PAYMENT_NOTICE,
    }[target]
    with pytest.raises(GatewayError) as caught:
        read(gateway, other, body, headers)
    assert caught.value.is_refused


HOSTILE_BODIES = {
    "empty": b"",
    "spaces": b"   ",
    "null byte": b"\x00",
    "not utf-8": b"\xff\xfe<xml/>",
    "empty root": b"<xml/>",
    "text child": b"<xml>text</xml>",
    "open": b"<xml><sign>",
    "two roots": b"<xml/><xml/>",
    "html": b"<html><body>404 Not Found</body></html>",
    "array": b"[]",
    "string": b'"x"',
    "number": b"1",
    "null": b"null",
    "deep json": b"[" * 60_000,
    "deep xml": b"<a>" * 20_000,
    "five megabytes": b"<xml>" + b"a" * 5 * 2**20 + b"</xml>",
    "form": b"a=1&b=2",
    "laughs": b'<!DOCTYPE xml [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><xml><s>&b;</s></xml>',
    "external": b'<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><s>&a;</s></xml>',
    "utf-7": b'<?xml version="1.0" encoding="UTF-7"?><xml><s>+ADw-</s></xml>',
    "surrogate": b'{"a": "\\ud800"}',
    "not a number": b'{"resource": NaN}',
    "huge number": b'{"resource": ' + b"9" * 5000 + b"}",
}


@pytest.mark.parametrize("target", [Target.PAYMENT_NOTICE, Target.REFUND_NOTICE])
@pytest.mark.parametrize("body", HOSTILE_BODIES.values(), ids=HOSTILE_BODIES)
@pytest.mark.parametrize("is_signed", [False, True], ids=["unsigned", "headers"])
def test_whatever_is_sent_as_a_notice_is_refused(
    gateway, wechat, target, body, is_signed
):
    headers = wechat.signed_headers(body) if is_signed else {}
    with pytest.raises(GatewayError) as caught:
        read(gateway, target, body, headers)
    assert caught.value.is_refused


def noticed(
    gateway: Gateway, wechat: Simulator, target: Target, kind: FaultKind | None = None
) -> tuple[bytes, Any]:
    """The notice that `target` names, with a fault or without."""
    prepare(gateway, wechat, Target.QUERY_REFUND)
    if target is Target.REFUND_NOTICE:
        wechat.take_notices()
        wechat.finish_refund(REFUND)
    if kind is not None:
        wechat.add_fault(kind, target)
    [notice] = wechat.take_notices()
    return notice.body, notice.headers


def read(gateway: Gateway, target: Target, body: bytes, headers: Any) -> Any:
    if target is Target.PAYMENT_NOTICE:
        return gateway.read_payment_notice(body, headers)
    return gateway.read_refund_notice(body, headers)


# --- the bill ------------------------------------------------------------------


def test_the_bill_holds_the_day(gateway, wechat):
    gateway.create(new_payment(description="苹果,梨,`桃"))
    gateway.create(new_payment("P20261124-0002", amount_fen=1))
    gateway.create(new_payment("P20261124-0003"))
    wechat.pay(NUMBER)
    wechat.pay("P20261124-0002")
    gateway.refund(new_refund())
    wechat.finish_refund(REFUND)
    bill = gateway.download_bill(today())
    first, second, back = bill.lines
    assert first.kind is second.kind is LineKind.PAYMENT
    assert (first.out_trade_no, first.amount_fen) == (NUMBER, 6800)
    assert first.transaction_id == wechat.order(NUMBER).transaction_id
    assert first.fee == Decimal("0.41000")
    assert second.amount_fen == 1
    assert back.kind is LineKind.REFUND
    assert (back.out_refund_no, back.refund_fen, back.amount_fen) == (REFUND, 800, 0)
    assert back.refund_status == "SUCCESS"
    assert back.refund_id == wechat.refund(REFUND).refund_id
    assert bill.totals.count == 3
    assert (bill.totals.amount_fen, bill.totals.refund_fen) == (6801, 800)


def test_a_day_without_trade_has_an_empty_bill(gateway):
    assert gateway.download_bill(today()) == Bill()


def test_a_bill_in_the_making_is_for_later(gateway, wechat, request):
    code = "20003" if "v2" in request.node.name else "STATEMENT_CREATING"
    wechat.add_fault(FaultKind.REFUSE, Target.BILL, code=code)
    with pytest.raises(GatewayError) as caught:
        gateway.download_bill(today())
    assert caught.value.reason is Reason.TRY_LATER


@pytest.mark.parametrize(
    "kind", [FaultKind.TIMEOUT_BEFORE, FaultKind.SERVER_ERROR, FaultKind.SYSTEM_ERROR]
)
def test_a_bill_that_does_not_come_is_unknown(gateway, wechat, kind):
    wechat.add_fault(kind, Target.BILL)
    with pytest.raises(GatewayError) as caught:
        gateway.download_bill(today())
    assert caught.value.is_unknown
