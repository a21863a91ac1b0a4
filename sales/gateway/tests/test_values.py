"""What may be sent, what may be configured, and that nothing here knows Django."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from sales.gateway import (
    GatewayError,
    Misconfigured,
    NewPayment,
    NewRefund,
    Outcome,
    Reason,
    Secret,
    V2Config,
    V3Config,
    open_gateway,
)
from sales.gateway.flat_xml import parse_flat
from sales.gateway.tests.helpers import new_payment, new_refund
from sales.gateway.values import Unreadable, fitted

NOW = datetime(2026, 11, 24, 1, 2, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    "changes",
    [
        *({"amount_fen": amount} for amount in (0, -1, 2**31, 2**63)),
        *({"amount_fen": amount} for amount in (68.0, Decimal(6800), "6800", True)),
        *(
            {"out_trade_no": text}
            for text in ("", "short", "x" * 33, "a b c d", "订单12345")
        ),
        {"out_trade_no": "123456\n"},
        *({"openid": text} for text in ("", "a b", "o" * 129, "<o>")),
        *({"client_ip": text} for text in ("", "localhost", "1.2.3", "1.2.3.4:5")),
        {"notify_url": "https://shop.example.com/notify?x=1"},
        {"notify_url": "https://shop.example.com/notify#x"},
        {"notify_url": "ftp://shop.example.com/notify"},
        {"notify_url": "/notify"},
        {"notify_url": "https://shop.example.com/通知"},
        {"notify_url": "https://shop.example.com/" + "x" * 255},
        {"notify_url": "https://[::1/notify"},
        {"description": ""},
        {"description": " \x00\n"},
        {"start_at": datetime(2026, 11, 24)},  # noqa: DTZ001 - what must be refused
        {"start_at": NOW, "expire_at": NOW + timedelta(seconds=59)},
        {"start_at": NOW, "expire_at": NOW - timedelta(days=1)},
    ],
    ids=str,
)
def test_what_must_not_be_sent_is_refused_before(changes):
    with pytest.raises(GatewayError) as caught:
        new_payment(**changes)
    assert caught.value.reason is Reason.INVALID
    assert caught.value.is_refused


@pytest.mark.parametrize(
    "changes",
    [
        *({"refund_fen": amount} for amount in (0, -1, 6801, 8.0, Decimal(8))),
        {"total_fen": 0},
        *({"out_refund_no": text} for text in ("", "x" * 65, "a/b", "r 1")),
        {"out_trade_no": ""},
        {"notify_url": "nowhere"},
    ],
    ids=str,
)
def test_what_must_not_be_refunded_is_refused_before(changes):
    with pytest.raises(GatewayError) as caught:
        new_refund(**changes)
    assert caught.value.reason is Reason.INVALID


@pytest.mark.parametrize("number", ["", "x", "../../v3/certificates", None, 5])
def test_numbers_are_checked_before_they_stand_in_a_path(gateway, wechat, number):
    for call in (gateway.query, gateway.close):
        with pytest.raises(GatewayError) as caught:
            call(number)
        assert caught.value.reason is Reason.INVALID
    assert wechat.calls() == []


def test_requests_are_stored_and_come_back_equal():
    import json

    order, refund = new_payment(), new_refund()
    assert NewPayment.from_json(json.loads(json.dumps(order.as_json()))) == order
    assert NewRefund.from_json(json.loads(json.dumps(refund.as_json()))) == refund


def test_texts_are_cut_between_characters():
    assert fitted("果" * 50, 127) == "果" * 42
    assert fitted("a]]]]>>b", 9) == "ab"
    assert fitted("\ud800x\u200b", 9) == "x"
    assert fitted("`a`\r\n\tb", 9) == "'a' b"


def test_errors_say_what_is_certain():
    unknown = GatewayError(Reason.FAULT, "busy", code="SYSTEMERROR")
    assert (unknown.is_unknown, unknown.is_refused) == (True, False)
    assert str(unknown) == "unknown, fault: SYSTEMERROR: busy"
    refused = GatewayError(Reason.FOREIGN, outcome=Outcome.REFUSED)
    assert (refused.is_unknown, refused.is_refused) == (False, True)


def test_secrets_do_not_show():
    secret = Secret("hush")
    assert secret == "hush"
    assert repr(secret) == "'***'"
    assert repr(Secret("")) == "''"


@pytest.mark.parametrize(
    ("api", "changes", "words"),
    [
        ("v2", {"appid": ""}, "appid"),
        ("v2", {"mch_id": "abc"}, "merchant number"),
        ("v2", {"api_key": "short"}, "v2 API key"),
        ("v2", {"sign_type": "SHA1"}, "sign type"),
        ("v2", {"base_url": "http://api.mch.weixin.qq.com"}, "https"),
        ("v2", {"base_url": "ftp://127.0.0.1"}, "https"),
        ("v2", {"base_url": "https://127.0.0.1/"}, "slash"),
        ("v2", {"key_file": None, "base_url": "https://127.0.0.1"}, "private key"),
        ("v2", {"key_file": Path("/nowhere")}, "PEM"),
        ("v2", {"ca_file": Path("/nowhere")}, "trusted"),
        ("v3", {"api_v3_key": "x" * 31}, "32 bytes"),
        ("v3", {"serial_no": "xyz"}, "hexadecimal"),
        ("v3", {"public_key_id": "5157F09E"}, "PUB_KEY_ID_"),
        ("v3", {"private_key": "x"}, "private key"),
        ("v3", {"public_key": "x"}, "public key"),
    ],
)
def test_a_wrong_configuration_says_what_is_wrong(wechat, api, changes, words):
    config = replace(wechat.config(api), **changes)
    [sentence] = config.problems()
    assert words in sentence
    with pytest.raises(Misconfigured, match=words):
        open_gateway(config)


def test_a_right_configuration_has_no_problems(wechat):
    for api in ("v2", "v3"):
        assert wechat.config(api).problems() == []


def test_configurations_show_no_secret(wechat):
    v2, v3 = wechat.config("v2"), wechat.config("v3")
    assert isinstance(v2, V2Config)
    assert isinstance(v3, V3Config)
    shown = repr(v2) + repr(v3)
    assert not any(
        secret in shown for secret in (v2.api_key, v3.api_v3_key, "PRIVATE KEY")
    )
    assert v2.appid in shown


@pytest.mark.parametrize(
    "body",
    [
        b"<xml a='1'><b>1</b></xml>",
        b"<xml><b c='1'>1</b></xml>",
        b"<xml>x<b>1</b></xml>",
        b"<xml><b>1</b>x</xml>",
        b"<xml><b>1</b><b>1</b></xml>",
        b"<xml><b><c>1</c></b></xml>",
        b"<root><b>1</b></root>",
        b"<?php x?><xml><b>1</b></xml>",
        b"<xml>" + b"".join(b"<f%d/>" % n for n in range(501)) + b"</xml>",
    ],
)
def test_xml_that_is_more_than_fields_is_refused(body):
    with pytest.raises(Unreadable):
        parse_flat(body)


def test_xml_of_the_gateway_is_read():
    body = "﻿<xml>\n<a><![CDATA[<果>]]></a>\n<b>1</b><c/></xml>"
    assert parse_flat(body.encode()) == {"a": "<果>", "b": "1", "c": ""}


def test_the_gateway_works_without_django():
    program = (
        "import sys; sys.modules['django'] = None\n"
        "import sales.gateway, sales.gateway.wechat_v2, sales.gateway.wechat_v3\n"
        "ours = {name.split('.')[0] for name in sys.modules}\n"
        "assert not ours & {'backoffice', 'catalog'}, ours\n"
        "assert 'sales.simulator' not in sys.modules\n"
    )
    root = Path(__file__).resolve().parents[3]
    subprocess.run([sys.executable, "-c", program], cwd=root, check=True)
