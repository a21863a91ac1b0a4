"""What wechatpayv3 leaves open (PROTOCOL 4), each guarded by the v3 adapter."""

import hashlib
import json
import logging
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from sales.gateway import (
    GatewayError,
    Reason,
    Timeouts,
    V3Config,
    open_gateway,
)
from sales.gateway.tests.helpers import new_payment, new_refund
from sales.gateway.tests.stub import Stub, answering
from sales.gateway.wechat_v3 import WeChatPayV3
from sales.simulator import FaultKind, Simulator, Target
from sales.simulator.signing import hide_resource
from sales.simulator.wiring import config_for

NUMBER = "P20261124-0001"
SOON = Timeouts(connect=1, read=1, total=1.5)
JSON = {"Content-Type": "application/json"}


def config_at(wechat: Simulator, base_url: str, **changes: Any) -> V3Config:
    config = config_for(wechat.identity, base_url, "v3", timeouts=SOON)
    assert isinstance(config, V3Config)
    return replace(config, **changes)


def paid(wechat: Simulator, **changes: Any) -> dict[str, Any]:
    return {
        "appid": wechat.identity.appid,
        "mchid": wechat.identity.mch_id,
        "out_trade_no": NUMBER,
        "trade_state": "SUCCESS",
        "transaction_id": "4200000015201711256947025404",
        "success_time": "2026-11-24T09:08:07+08:00",
        "payer": {"openid": "oUser"},
        "amount": {"total": 6800, "payer_total": 6800, "currency": "CNY"},
        **changes,
    }


@pytest.fixture
def v3(wechat: Simulator) -> WeChatPayV3:
    gateway = open_gateway(wechat.config("v3", timeouts=SOON))
    assert isinstance(gateway, WeChatPayV3)
    return gateway


@pytest.fixture
def stub() -> Iterator[Stub]:
    with answering() as stub:
        yield stub


def answer(stub: Stub, wechat: Simulator, told: Any, *, status: int = 200) -> None:
    stub.status = status
    stub.body = told if isinstance(told, bytes) else json.dumps(told).encode()
    stub.headers = {**JSON, **wechat.signed_headers(stub.body)}


# --- replies --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"appid": "wx1111111111111111"}, Reason.FOREIGN),
        ({"mchid": "1"}, Reason.FOREIGN),
        ({"out_trade_no": "P20261124-0002"}, Reason.FOREIGN),
        ({"trade_state": None}, Reason.UNREADABLE),
        ({"transaction_id": ""}, Reason.UNREADABLE),
        ({"success_time": "2026-11-24T09:08:07"}, Reason.UNREADABLE),
        ({"success_time": 5}, Reason.UNREADABLE),
        ({"amount": None}, Reason.UNREADABLE),
        ({"amount": 6800}, Reason.UNREADABLE),
        ({"amount": {"total": 0}}, Reason.UNREADABLE),
        ({"amount": {"total": -1}}, Reason.UNREADABLE),
        ({"amount": {"total": 68.0}}, Reason.UNREADABLE),
        ({"amount": {"total": True}}, Reason.UNREADABLE),
        ({"amount": {"total": "6800"}}, Reason.UNREADABLE),
        ({"amount": {"total": 2**63}}, Reason.UNREADABLE),
        ({"amount": {"total": 6800, "payer_total": "x"}}, Reason.UNREADABLE),
        ({"amount": {"total": 6800, "currency": "USD"}}, Reason.FOREIGN),
    ],
    ids=str,
)
def test_replies_that_are_not_ours_are_unknown(wechat, stub, changes, reason):
    answer(stub, wechat, paid(wechat, **changes))
    with pytest.raises(GatewayError) as caught:
        open_gateway(config_at(wechat, stub.base_url)).query(NUMBER)
    assert caught.value.is_unknown
    assert caught.value.reason is reason


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b"<xml/>", b'{"a":1,"a":2}', b'{"a":NaN}', b"\xff"],
    ids=str,
)
def test_replies_that_are_no_object_are_unknown(wechat, stub, body):
    answer(stub, wechat, body)
    with pytest.raises(GatewayError) as caught:
        open_gateway(config_at(wechat, stub.base_url)).query(NUMBER)
    assert caught.value.is_unknown


def test_a_proven_reply_is_believed_whatever_the_case_of_its_headers(wechat, stub):
    answer(stub, wechat, paid(wechat))
    stub.headers = {name.upper(): text for name, text in stub.headers.items()}
    facts = open_gateway(config_at(wechat, stub.base_url)).query(NUMBER)
    assert facts.amount_fen == 6800


@pytest.mark.parametrize(
    "name",
    [
        "Wechatpay-Signature",
        "Wechatpay-Timestamp",
        "Wechatpay-Nonce",
        "Wechatpay-Serial",
    ],
)
def test_a_reply_with_a_part_of_its_proof_missing_is_unknown(wechat, stub, name):
    answer(stub, wechat, paid(wechat))
    del stub.headers[name]
    with pytest.raises(GatewayError) as caught:
        open_gateway(config_at(wechat, stub.base_url)).query(NUMBER)
    assert caught.value.is_unknown
    assert caught.value.reason is Reason.UNPROVEN


NOT_THERE = {"code": "ORDER_NOT_EXIST", "message": "订单不存在"}


def test_a_signed_refusal_is_one(wechat, stub):
    answer(stub, wechat, NOT_THERE, status=404)
    with pytest.raises(GatewayError) as caught:
        open_gateway(config_at(wechat, stub.base_url)).query(NUMBER)
    assert caught.value.is_refused
    assert caught.value.reason is Reason.NOT_FOUND


@pytest.mark.parametrize("has_forged", [True, False], ids=["forged", "unsigned"])
def test_a_refusal_that_nobody_proves_is_unknown(wechat, stub, has_forged):
    answer(stub, wechat, NOT_THERE, status=404)
    forged = {**JSON, **wechat.signed_headers(b"other")}
    stub.headers = forged if has_forged else JSON
    with pytest.raises(GatewayError) as caught:
        open_gateway(config_at(wechat, stub.base_url)).query(NUMBER)
    assert caught.value.is_unknown
    assert caught.value.reason is Reason.UNPROVEN


def test_a_certified_connection_vouches_for_an_unsigned_refusal(wechat):
    identity = wechat.identity
    body = json.dumps(NOT_THERE).encode()
    with answering(
        identity.server_certificate, status=404, body=body, headers=JSON
    ) as stub:
        gateway = open_gateway(config_at(wechat, stub.base_url))
        with pytest.raises(GatewayError) as caught:
            gateway.query(NUMBER)
        assert caught.value.reason is Reason.NOT_FOUND
        # but for nothing that says yes, and for no forged signature
        stub.status = 200
        with pytest.raises(GatewayError) as caught:
            gateway.query(NUMBER)
        assert caught.value.reason is Reason.UNPROVEN
        stub.status = 404
        stub.headers = {**JSON, **wechat.signed_headers(b"other")}
        with pytest.raises(GatewayError) as caught:
            gateway.query(NUMBER)
        assert caught.value.reason is Reason.UNPROVEN


@pytest.mark.parametrize("status", [301, 302, 307])
def test_redirects_are_not_followed(wechat, stub, status):
    with answering(body=b"{}") as other:
        answer(stub, wechat, b"", status=status)
        stub.headers["Location"] = f"{other.base_url}/v3/pay"
        with pytest.raises(GatewayError) as caught:
            open_gateway(config_at(wechat, stub.base_url)).create(new_payment())
        assert caught.value.is_unknown
        assert other.asked == []


def test_a_code_without_words_is_unknown(wechat, stub):
    answer(stub, wechat, b"{}", status=400)
    with pytest.raises(GatewayError) as caught:
        open_gateway(config_at(wechat, stub.base_url)).query(NUMBER)
    assert caught.value.is_unknown


def test_what_is_signed_is_what_is_sent(wechat, v3):
    """The simulator checks the signature over the very bytes; Chinese is among them."""
    v3.create(new_payment(description="鲜果「苹果」"))
    assert wechat.order(NUMBER).description == "鲜果「苹果」"


# --- notices --------------------------------------------------------------------


def notice(wechat: Simulator, resource: Any = None, **changes: Any) -> bytes:
    hidden = hide_resource(
        paid(wechat) if resource is None else resource,
        "transaction",
        wechat.identity.api_v3_key,
    )
    told = {
        "id": "EV-1",
        "create_time": "2026-11-24T09:08:08+08:00",
        "resource_type": "encrypt-resource",
        "event_type": "TRANSACTION.SUCCESS",
        "resource": hidden,
        **changes,
    }
    return json.dumps(told).encode()


def test_a_notice_of_this_moment_is_believed(wechat, v3):
    body = notice(wechat)
    headers = wechat.signed_headers(body)
    assert v3.read_payment_notice(body, headers).amount_fen == 6800
    # the header that names the kind of signature came with the years
    del headers["Wechatpay-Signature-Type"]
    assert v3.read_payment_notice(body, headers).amount_fen == 6800


@pytest.mark.parametrize(
    ("seconds", "is_good"), [(-303, False), (-297, True), (297, True), (303, False)]
)
def test_a_notice_of_another_time_is_refused(wechat, seconds, is_good):
    """A replay, as soon as five minutes have passed."""
    body = notice(wechat)
    headers = wechat.signed_headers(body)
    gateway = open_gateway(wechat.config("v3"), clock=lambda: time.time() + seconds)
    if is_good:
        assert gateway.read_payment_notice(body, headers)
    else:
        with pytest.raises(GatewayError, match="too old") as caught:
            gateway.read_payment_notice(body, headers)
        assert caught.value.reason is Reason.UNPROVEN


@pytest.mark.parametrize(
    "time_of", ["", "soon", "-5", "1" * 400, "１７００００００００"]
)
def test_a_notice_needs_a_time(wechat, v3, time_of):
    body = notice(wechat)
    headers = {**wechat.signed_headers(body), "Wechatpay-Timestamp": time_of}
    with pytest.raises(GatewayError):
        v3.read_payment_notice(body, headers)


@pytest.mark.parametrize(
    "serial", ["PUB_KEY_ID_0", "5157F09EFDC096DE15EBE81A47057A7232F1B8E1", "xyz", "-"]
)
def test_a_forged_serial_makes_us_call_nobody(wechat, stub, serial):
    gateway = open_gateway(config_at(wechat, stub.base_url))
    body = notice(wechat)
    headers = {**wechat.signed_headers(body), "Wechatpay-Serial": serial}
    with pytest.raises(GatewayError) as caught:
        gateway.read_payment_notice(body, headers)
    assert caught.value.reason is Reason.UNPROVEN
    assert stub.asked == []


@pytest.mark.parametrize(
    "changes",
    [
        {"Wechatpay-Signature": "WECHATPAY/SIGNTEST/abc"},
        {"Wechatpay-Signature": "!!!"},
        {"Wechatpay-Signature": ""},
        {"Wechatpay-Nonce": "another"},
        {"Wechatpay-Signature-Type": "WECHATPAY2-SM2-WITH-SM3"},
    ],
    ids=str,
)
def test_a_notice_with_another_proof_is_refused(wechat, v3, changes):
    body = notice(wechat)
    with pytest.raises(GatewayError) as caught:
        v3.read_payment_notice(body, {**wechat.signed_headers(body), **changes})
    assert caught.value.reason is Reason.UNPROVEN
    assert caught.value.is_refused


@pytest.mark.parametrize(
    "changes",
    [
        {"event_type": "REFUND.SUCCESS"},
        {"event_type": None},
        {"resource_type": "plain"},
        {"resource": []},
        {"resource": "x"},
        {"resource": {}},
        {"resource": {"algorithm": "NONE", "ciphertext": "e30=", "nonce": "n"}},
    ],
    ids=str,
)
def test_a_signed_notice_of_something_else_is_refused(wechat, v3, changes):
    body = notice(wechat, **changes)
    with pytest.raises(GatewayError) as caught:
        v3.read_payment_notice(body, wechat.signed_headers(body))
    assert caught.value.is_refused


@pytest.mark.parametrize("field", ["ciphertext", "nonce", "associated_data"])
def test_a_changed_cipher_is_refused_even_when_signed(wechat, v3, field):
    told = json.loads(notice(wechat))
    text = told["resource"][field]
    told["resource"][field] = ("A" if text[0] != "A" else "B") + text[1:]
    body = json.dumps(told).encode()
    with pytest.raises(GatewayError) as caught:
        v3.read_payment_notice(body, wechat.signed_headers(body))
    assert caught.value.is_refused


@pytest.mark.parametrize(
    "changes",
    [
        {"appid": "wx1111111111111111"},
        {"mchid": "1"},
        {"trade_state": "NOTPAY"},
        {"amount": {"total": 0, "currency": "CNY"}},
        {"amount": {"total": 2**63, "currency": "CNY"}},
        {"amount": {"total": 6800, "currency": "HKD"}},
        {"out_trade_no": None},
    ],
    ids=str,
)
def test_a_notice_of_no_payment_of_ours_is_refused(wechat, v3, changes):
    body = notice(wechat, paid(wechat, **changes))
    with pytest.raises(GatewayError) as caught:
        v3.read_payment_notice(body, wechat.signed_headers(body))
    assert caught.value.is_refused


def test_answers_to_notices_are_as_the_gateway_reads_them(v3):
    accepted = v3.accept_notice()
    assert (accepted.status, accepted.body) == (204, b"")
    refused = v3.refuse_notice("签名")
    assert refused.status == 400
    assert json.loads(refused.body) == {"code": "FAIL", "message": "签名"}


# --- the bill -------------------------------------------------------------------


def test_a_bill_that_is_not_the_named_one_is_not_believed(wechat, stub):
    answer(
        stub,
        wechat,
        {
            "download_url": f"{stub.base_url}/v3/billdownload/file?token=1",
            "hash_type": "SHA1",
            "hash_value": hashlib.sha1(b"another", usedforsecurity=False).hexdigest(),
        },
    )
    with pytest.raises(GatewayError) as caught:
        open_gateway(config_at(wechat, stub.base_url)).download_bill(date(2026, 11, 1))
    assert caught.value.reason is Reason.UNPROVEN
    assert len(stub.asked) == 2


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/v3/billdownload/file?token=1",
        "https://evil.example/v3/billdownload/file",
        "{base}.evil.example/v3/billdownload/file",
        "{base}@evil.example/v3/billdownload/file",
        "{base}/v3/other",
        None,
        5,
    ],
)
def test_a_bill_is_fetched_from_the_gateway_alone(wechat, stub, url):
    if isinstance(url, str):
        url = url.replace("{base}", stub.base_url)
    told = {"download_url": url, "hash_type": "SHA1", "hash_value": "0" * 40}
    answer(stub, wechat, told)
    with pytest.raises(GatewayError) as caught:
        open_gateway(config_at(wechat, stub.base_url)).download_bill(date(2026, 11, 1))
    assert caught.value.is_unknown
    assert len(stub.asked) == 1


# --- secrets, keys, surroundings ----------------------------------------------------


def test_nothing_secret_is_logged(wechat, v3, caplog):
    caplog.set_level(logging.DEBUG)
    v3.create(new_payment())
    v3.pay_parameters("wx1")
    wechat.pay(NUMBER)
    v3.refund(new_refund())
    wechat.add_fault(FaultKind.WRONG_SIGNATURE, Target.QUERY)
    with pytest.raises(GatewayError) as caught:
        v3.query(NUMBER)
    assert caplog.text
    secrets = (wechat.identity.api_v3_key, "PRIVATE KEY", "signature=")
    texts = (caplog.text, repr(caught.value), repr(v3._config), str(v3._config))
    assert not any(secret in text for secret in secrets for text in texts)


def test_a_private_key_in_the_older_form_will_do(wechat):
    key = load_pem_private_key(wechat.identity.merchant_key.read_bytes(), None)
    older = key.private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    ).decode()
    assert "BEGIN RSA PRIVATE KEY" in older
    config = config_at(wechat, wechat.base_url, private_key=older)
    assert open_gateway(config).create(new_payment()).prepay_id


def test_the_environment_does_not_lead_elsewhere(
    wechat, v3, monkeypatch, tmp_path: Path
):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    v3.create(new_payment())


def test_no_certificate_is_ever_asked_for(v3):
    v3._core._update_certificates()
    assert v3._core._certificates == []
