"""What wechatpy leaves open (PROTOCOL 1), each guarded by the v2 adapter."""

import logging
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from sales.gateway import (
    GatewayError,
    Misconfigured,
    PaymentState,
    Reason,
    Timeouts,
    V2Config,
    open_gateway,
)
from sales.gateway.flat_xml import parse_flat
from sales.gateway.tests.helpers import new_payment, new_refund
from sales.gateway.tests.stub import answering
from sales.gateway.wechat_v2 import WeChatPayV2
from sales.simulator import FaultKind, Simulator, Target
from sales.simulator.signing import hide_req_info, v2_sign, xml
from sales.simulator.wiring import config_for

NUMBER = "P20261124-0001"
SOON = Timeouts(connect=1, read=1, total=1.5)


def config_at(wechat: Simulator, base_url: str, **changes: Any) -> V2Config:
    config = config_for(wechat.identity, base_url, "v2", timeouts=SOON)
    assert isinstance(config, V2Config)
    return replace(config, **changes)


def signed(wechat: Simulator, sign_type: str = "MD5", **fields: Any) -> bytes:
    """A message as the gateway would sign it."""
    told = {
        "return_code": "SUCCESS",
        "result_code": "SUCCESS",
        "appid": wechat.identity.appid,
        "mch_id": wechat.identity.mch_id,
        "nonce_str": "n" * 32,
        **fields,
    }
    told = {name: value for name, value in told.items() if value is not None}
    return xml({**told, "sign": v2_sign(told, wechat.identity.api_key, sign_type)})


PAID = {
    "out_trade_no": NUMBER,
    "trade_state": "SUCCESS",
    "transaction_id": "4200000015201711256947025404",
    "total_fee": "6800",
    "fee_type": "CNY",
    "cash_fee": "6800",
    "time_end": "20261124090807",
    "openid": "oUser",
}


@pytest.fixture
def v2(wechat: Simulator) -> WeChatPayV2:
    gateway = open_gateway(wechat.config("v2", timeouts=SOON))
    assert isinstance(gateway, WeChatPayV2)
    return gateway


# --- replies are not authenticated by the library -------------------------------


def query_answered(wechat: Simulator, body: bytes, **more: Any) -> Any:
    with answering(body=body, **more) as stub:
        try:
            return open_gateway(config_at(wechat, stub.base_url)).query(NUMBER)
        finally:
            assert len(stub.asked) == 1


def test_a_proven_reply_is_believed(wechat):
    facts = query_answered(wechat, signed(wechat, **PAID))
    assert facts.amount_fen == 6800
    assert facts.paid_at.isoformat() == "2026-11-24T09:08:07+08:00"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"sign": ""}, Reason.UNPROVEN),
        ({"appid": "wx1111111111111111"}, Reason.FOREIGN),
        ({"mch_id": "1900000001"}, Reason.FOREIGN),
        ({"out_trade_no": "P20261124-0002"}, Reason.FOREIGN),
        ({"out_trade_no": None}, Reason.FOREIGN),
        ({"fee_type": "USD"}, Reason.FOREIGN),
        ({"trade_state": "PAID"}, Reason.UNREADABLE),
        ({"result_code": None}, Reason.UNREADABLE),
        ({"result_code": "YES"}, Reason.UNREADABLE),
        ({"transaction_id": None}, Reason.UNREADABLE),
        ({"time_end": "2026-11-24"}, Reason.UNREADABLE),
        ({"total_fee": None}, Reason.UNREADABLE),
        ({"total_fee": "0"}, Reason.UNREADABLE),
        ({"total_fee": "-1"}, Reason.UNREADABLE),
        ({"total_fee": "68.00"}, Reason.UNREADABLE),
        ({"total_fee": "6.8e3"}, Reason.UNREADABLE),
        ({"total_fee": "６８００"}, Reason.UNREADABLE),
        ({"total_fee": str(2**63)}, Reason.UNREADABLE),
        ({"total_fee": str(2**31)}, Reason.UNREADABLE),
        ({"cash_fee": "x"}, Reason.UNREADABLE),
    ],
)
def test_replies_that_are_not_ours_are_unknown(wechat, fields, reason):
    body = signed(wechat, **{**PAID, **fields})
    if fields == {"sign": ""}:
        body = re.sub(rb"<sign>.*</sign>", b"", body)
    with pytest.raises(GatewayError) as caught:
        query_answered(wechat, body)
    assert caught.value.is_unknown
    assert caught.value.reason is reason


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<xml/>",
        b"<html><body>502</body></html>",
        b"\xef\xbb\xbftext",
        b"<xml><return_code>SUCCESS</return_code></xml>",
        b"<xml>" + b" " * 70_000 + b"</xml>",
        b"a" * (2 * 2**20),
    ],
    ids=["empty", "root only", "html", "text", "no result", "long", "huge"],
)
def test_replies_that_are_no_xml_are_unknown(wechat, body):
    with pytest.raises(GatewayError) as caught:
        query_answered(wechat, body)
    assert caught.value.is_unknown


@pytest.mark.parametrize("status", [400, 403, 404, 429, 500, 502, 503])
def test_every_status_of_http_is_unknown(wechat, status):
    body = signed(wechat, **PAID)
    with pytest.raises(GatewayError) as caught:
        query_answered(wechat, body, status=status)
    assert caught.value.is_unknown
    assert caught.value.reason is Reason.FAULT


def test_redirects_are_not_followed(wechat):
    with answering(body=signed(wechat, **PAID)) as other:
        location = {"Location": f"{other.base_url}/pay/orderquery"}
        for status in (301, 302, 307, 308):
            with pytest.raises(GatewayError) as caught:
                query_answered(wechat, b"", status=status, headers=location)
            assert caught.value.is_unknown
        assert other.asked == []


def test_a_reply_that_breaks_off_is_unknown(wechat):
    with pytest.raises(GatewayError) as caught:
        query_answered(wechat, signed(wechat, **PAID), length=9000)
    assert caught.value.reason is Reason.UNREACHABLE


def test_a_reply_that_drips_does_not_hold_us(wechat):
    began = datetime.now(UTC)
    with pytest.raises(GatewayError) as caught:
        query_answered(wechat, signed(wechat, **PAID), drip=0.05)
    assert caught.value.reason is Reason.UNREACHABLE
    assert datetime.now(UTC) - began < timedelta(seconds=3)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("签名错误", Reason.CONFIGURATION),
        ("appid不存在", Reason.CONFIGURATION),
        ("系统繁忙", Reason.UNCLEAR),
        ("", Reason.UNCLEAR),
    ],
)
def test_refusals_that_nothing_signs(wechat, message, reason):
    body = xml({"return_code": "FAIL", "return_msg": message})
    with pytest.raises(GatewayError) as caught:
        query_answered(wechat, body)
    assert caught.value.reason is reason


def test_a_coupon_lowers_what_the_payer_gave(wechat):
    facts = query_answered(wechat, signed(wechat, **{**PAID, "cash_fee": "6300"}))
    assert (facts.amount_fen, facts.payer_fen) == (6800, 6300)
    facts = query_answered(wechat, signed(wechat, **{**PAID, "cash_fee": "0"}))
    assert (facts.amount_fen, facts.payer_fen) == (6800, 0)


def test_the_reply_about_a_refund_must_hold_it(wechat):
    told = {
        "out_trade_no": NUMBER,
        "total_fee": "6800",
        "refund_count": "1",
        "out_refund_no_0": "another",
        "refund_id_0": "1",
        "refund_fee_0": "800",
        "refund_status_0": "SUCCESS",
    }
    with answering(body=signed(wechat, **told)) as stub:
        gateway = open_gateway(config_at(wechat, stub.base_url))
        with pytest.raises(GatewayError) as caught:
            gateway.query_refund("P20261124r1")
        assert caught.value.reason is Reason.FOREIGN
        assert gateway.query_refund("another").refund_fen == 800


# --- what is sent ---------------------------------------------------------------


def sent_by(wechat: Simulator, call: Any) -> tuple[str, dict[str, str]]:
    """Path and fields of the request that `call` makes."""
    with answering(body=b"") as stub, pytest.raises(GatewayError):
        call(open_gateway(config_at(wechat, stub.base_url)))
    [(method, path, _, body)] = stub.asked
    assert method == "POST"
    return path, parse_flat(body)


def test_a_create_sends_what_was_agreed_and_no_more(wechat):
    order = new_payment()
    path, fields = sent_by(wechat, lambda gateway: gateway.create(order))
    assert path == "/pay/unifiedorder"
    beijing = order.expire_at + timedelta(hours=8)
    assert fields["time_expire"] == f"{beijing:%Y%m%d%H%M%S}"
    assert fields["spbill_create_ip"] == "203.0.113.7"
    assert fields["total_fee"] == "6800"
    assert re.fullmatch("[0-9a-f]{32}", fields["nonce_str"])
    assert set(fields) == {
        *("appid", "mch_id", "nonce_str", "sign", "body", "attach", "out_trade_no"),
        *("fee_type", "total_fee", "spbill_create_ip", "time_start", "time_expire"),
        *("notify_url", "trade_type", "openid"),
    }


def test_a_refund_leaves_the_source_of_the_money_to_the_gateway(wechat):
    path, fields = sent_by(wechat, lambda gateway: gateway.refund(new_refund()))
    assert path == "/secapi/pay/refund"
    assert "refund_account" not in fields
    assert (fields["refund_fee"], fields["total_fee"]) == ("800", "6800")


def test_a_repeated_create_differs_in_nonce_and_sign_only(wechat):
    order = new_payment()
    _, first = sent_by(wechat, lambda gateway: gateway.create(order))
    _, second = sent_by(wechat, lambda gateway: gateway.create(order))
    assert {name for name in first if first[name] != second[name]} == {
        *("nonce_str", "sign")
    }


def test_there_is_no_sandbox(v2, wechat):
    assert v2._client.sandbox is False
    path, _ = sent_by(wechat, lambda gateway: gateway.download_bill(date(2026, 11, 1)))
    assert path == "/pay/downloadbill"


# --- sign types -----------------------------------------------------------------


def test_hmac_is_used_throughout_and_alone(wechat, v2):
    hmac = open_gateway(wechat.config("v2", timeouts=SOON, sign_type="HMAC-SHA256"))
    prepay = hmac.create(new_payment())
    parameters = hmac.pay_parameters(prepay.prepay_id)
    assert parameters["signType"] == "HMAC-SHA256"
    assert wechat.accepts_pay_parameters(parameters)
    wechat.pay(NUMBER)
    [notice] = wechat.take_notices()
    assert b"sign_type" not in notice.body
    assert hmac.read_payment_notice(notice.body, {}).state is PaymentState.PAID
    assert hmac.query(NUMBER).state is PaymentState.PAID
    hmac.refund(new_refund())
    assert hmac.query_refund("P20261124r1").refund_fen == 800
    assert hmac.download_bill(date(2000, 1, 1)).lines == ()
    with pytest.raises(GatewayError) as caught:
        v2.read_payment_notice(notice.body, {})
    assert caught.value.reason is Reason.UNPROVEN
    for sign_type, own in (("MD5", hmac), ("HMAC-SHA256", v2)):
        with pytest.raises(GatewayError):
            own.read_payment_notice(signed(wechat, sign_type, **PAID), {})


def test_a_named_sign_type_must_be_the_configured_one(wechat, v2):
    assert v2.read_payment_notice(signed(wechat, **PAID, sign_type="MD5"), {})
    for other in ("HMAC-SHA256", "md5", "none"):
        with pytest.raises(GatewayError):
            v2.read_payment_notice(signed(wechat, **PAID, sign_type=other), {})


@pytest.mark.parametrize("change", [str.lower, lambda text: text[:-1], lambda _: ""])
def test_only_the_very_signature_counts(wechat, v2, change):
    body = signed(wechat, **PAID).decode()
    right = parse_flat(body.encode())["sign"]
    with pytest.raises(GatewayError):
        v2.read_payment_notice(body.replace(right, change(right)).encode(), {})


# --- notices --------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"result_code": "FAIL"},
        {"return_code": "FAIL"},
        {"result_code": None},
        {"appid": "wx1111111111111111"},
        {"mch_id": "1900000001"},
        {"fee_type": "HKD"},
        {"total_fee": "0"},
        {"total_fee": str(2**63)},
        {"total_fee": "68.0"},
        {"out_trade_no": "../../etc"},
        {"out_trade_no": None},
        {"transaction_id": ""},
        {"time_end": "99999999999999"},
        {"time_end": None},
    ],
    ids=str,
)
def test_a_well_signed_notice_of_no_payment_of_ours_is_refused(wechat, v2, fields):
    with pytest.raises(GatewayError) as caught:
        v2.read_payment_notice(signed(wechat, **{**PAID, **fields}), {})
    assert caught.value.is_refused


def test_a_field_that_stands_twice_is_refused(wechat, v2):
    body = signed(wechat, **PAID)
    twice = body.replace(b"</xml>", b"<total_fee>1</total_fee></xml>")
    with pytest.raises(GatewayError, match="twice"):
        v2.read_payment_notice(twice, {})


def test_fields_that_nobody_knows_are_signed_too(wechat, v2):
    facts = v2.read_payment_notice(signed(wechat, **PAID, brand_new="1"), {})
    assert facts.raw["brand_new"] == "1"
    assert "sign" not in facts.raw


def refund_notice(wechat: Simulator, outer: dict[str, Any], **hidden: Any) -> bytes:
    told = {
        "out_refund_no": "P20261124r1",
        "out_trade_no": NUMBER,
        "refund_id": "50300103182020010413419046597",
        "refund_fee": "800",
        "total_fee": "6800",
        "refund_status": "SUCCESS",
        "success_time": "2026-11-24 18:34:24",
        "refund_request_source": "VENDOR_PLATFORM",
        **hidden,
    }
    fields = {
        "return_code": "SUCCESS",
        "appid": wechat.identity.appid,
        "mch_id": wechat.identity.mch_id,
        "nonce_str": "n",
        "req_info": hide_req_info(xml(told, "root"), wechat.identity.api_key),
        **outer,
    }
    return xml(fields)


def test_a_refund_made_in_the_console_says_so(wechat, v2):
    facts = v2.read_refund_notice(refund_notice(wechat, {}), {})
    assert facts.is_from_console
    assert facts.refunded_at.isoformat() == "2026-11-24T18:34:24+08:00"


@pytest.mark.parametrize(
    ("outer", "hidden"),
    [
        ({"appid": "wx1111111111111111"}, {}),
        ({"mch_id": "1"}, {}),
        ({"return_code": "FAIL"}, {}),
        ({"req_info": ""}, {}),
        ({"req_info": "!!!"}, {}),
        ({"req_info": "AAAA"}, {}),
        ({"req_info": "A" * 64}, {}),
        ({}, {"refund_status": "DONE"}),
        ({}, {"refund_fee": "0"}),
        ({}, {"refund_fee": "8.00"}),
        ({}, {"out_refund_no": ""}),
        ({}, {"out_trade_no": "x"}),
        ({}, {"success_time": "yesterday"}),
    ],
    ids=str,
)
def test_refund_notices_that_are_not_ours_are_refused(wechat, v2, outer, hidden):
    with pytest.raises(GatewayError) as caught:
        v2.read_refund_notice(refund_notice(wechat, outer, **hidden), {})
    assert caught.value.is_refused


def test_answers_to_notices_are_as_the_gateway_reads_them(v2):
    accepted = v2.accept_notice()
    assert accepted.status == 200
    assert accepted.body == (
        b"<xml><return_code><![CDATA[SUCCESS]]></return_code>"
        b"<return_msg><![CDATA[OK]]></return_msg></xml>"
    )
    refused = v2.refuse_notice("bad ]]> sign")
    assert refused.status == 200
    assert parse_flat(refused.body) == {
        "return_code": "FAIL",
        "return_msg": "bad sign",
    }


# --- secrets and files ------------------------------------------------------------


def test_nothing_secret_is_logged(wechat, caplog):
    caplog.set_level(logging.DEBUG)
    v2 = open_gateway(wechat.config("v2", timeouts=SOON))
    for name in ("wechatpy", "wechatpy.pay", "wechatpy.pay.utils"):
        caplog.set_level(logging.DEBUG, logger=name)
    v2.create(new_payment())
    v2.pay_parameters("wx1")
    wechat.pay(NUMBER)
    v2.refund(new_refund())
    wechat.add_fault(FaultKind.SERVER_ERROR, Target.QUERY)
    with pytest.raises(GatewayError) as caught:
        v2.query(NUMBER)
    key = wechat.identity.api_key
    assert caplog.text
    for text in (
        caplog.text,
        str(caught.value),
        repr(caught.value),
        repr(v2._config),
        str(v2._config),
    ):
        assert key not in text
    assert caught.value.__suppress_context__


def test_a_certificate_that_is_gone_is_told_before_anything_is_sent(wechat, tmp_path):
    with answering(body=b"") as stub:
        config = config_at(wechat, stub.base_url)
        gateway = open_gateway(config)
        gateway._client.mch_key = str(tmp_path / "gone.pem")
        with pytest.raises(GatewayError) as caught:
            gateway.refund(new_refund())
        assert caught.value.reason is Reason.CONFIGURATION
        assert caught.value.is_refused
        assert stub.asked == []


def test_a_missing_certificate_stops_the_opening(wechat, tmp_path):
    config = config_at(wechat, wechat.base_url, cert_file=tmp_path / "gone.pem")
    with pytest.raises(Misconfigured, match="certificate"):
        open_gateway(config)


def test_the_environment_does_not_lead_elsewhere(wechat, v2, monkeypatch, tmp_path):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    v2.create(new_payment())
