"""Public test vectors: the gateway, its libraries and the simulator all agree with them.

The files in `vectors.json` name where each comes from.
"""

import base64
import codecs
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from wechatpayv3.utils import aes_decrypt

from sales.gateway import GatewayError, V3Config, parse_bill
from sales.gateway.flat_xml import parse_flat
from sales.gateway.v2_signing import decrypt_req_info, is_signed, sign
from sales.gateway.v3_client import SigningCore
from sales.gateway.values import Unreadable
from sales.simulator import signing

_FILE = Path(__file__).with_name("vectors.json")
VECTORS = json.loads(_FILE.read_text(encoding="utf-8"))["vectors"]


def of(*kinds: str) -> pytest.MarkDecorator:
    found = [vector for vector in VECTORS if vector["kind"] in kinds]
    assert found
    return pytest.mark.parametrize(
        "vector", found, ids=[vector["id"] for vector in found]
    )


def test_every_kind_of_vector_is_used():
    text = Path(__file__).read_text(encoding="utf-8")
    assert all(f'"{vector["kind"]}"' in text for vector in VECTORS)


@of("v2_sign")
def test_v2_signatures(vector):
    given = vector["input"]
    for name in (sign, signing.v2_sign):
        found = name(given["params"], given["key"], given["sign_type"])
        assert found == vector["expected"]


@of("v2_notify_xml")
def test_v2_notices(vector):
    given, expected = vector["input"], vector["expected"]
    fields = parse_flat(given["xml"].encode())
    assert is_signed(fields, given["key"], given["sign_type"]) is expected["valid"]
    assert not is_signed(fields, given["key"], "HMAC-SHA256")
    assert not is_signed({**fields, "more": "1"}, given["key"], given["sign_type"])
    del fields["sign"]
    assert fields == expected["fields"]
    assert not is_signed(fields, given["key"], given["sign_type"])


@of("hostile_xml")
def test_hostile_bodies_are_refused_by_every_door(vector, gateway, wechat):
    body = vector["input"]["body"].encode()
    for headers in ({}, wechat.signed_headers(body)):
        for read in (gateway.read_payment_notice, gateway.read_refund_notice):
            with pytest.raises(GatewayError) as caught:
                read(body, headers)
            assert caught.value.is_refused
    with pytest.raises(Unreadable):
        parse_flat(body)


@of("v2_refund_req_info")
def test_what_refund_notices_hide(vector):
    given, expected = vector["input"], vector["expected"]
    hidden = decrypt_req_info(given["req_info"], given["key"])
    assert hidden.decode() == expected["plaintext"]
    root = "foo" if hidden.startswith(b"<foo>") else "root"
    assert parse_flat(hidden, root) == expected["fields"]
    again = signing.hide_req_info(hidden, given["key"])
    assert again == given["req_info"]
    with pytest.raises(Unreadable):
        decrypt_req_info(given["req_info"][4:], given["key"])


@of("aes_256_ecb_raw")
def test_the_cipher_under_refund_notices(vector, monkeypatch):
    given = vector["input"]
    # the step from key to md5 is another vector's
    key = bytes.fromhex(given["key"].encode().hex())

    class Digest:
        def hexdigest(self) -> str:
            return key.decode()

    monkeypatch.setattr(hashlib, "md5", lambda *text, **more: Digest())
    found = decrypt_req_info(given["ciphertext"], "unused")
    assert found.decode() == vector["expected"]


@of("md5_hex")
def test_the_key_of_refund_notices(vector):
    text = vector["input"]["text"].encode()
    assert hashlib.md5(text, usedforsecurity=False).hexdigest() == vector["expected"]


@of("v3_aes_gcm")
def test_v3_ciphers(vector):
    given = vector["input"]
    found = aes_decrypt(
        given["nonce"],
        given["ciphertext"],
        given["associated_data"],
        given["apiv3_key"],
    )
    assert found == vector["expected"]
    broken = base64.b64decode(given["ciphertext"])
    broken = bytes([broken[0] ^ 1]) + broken[1:]
    assert (
        aes_decrypt(
            given["nonce"],
            base64.b64encode(broken).decode(),
            given["associated_data"],
            given["apiv3_key"],
        )
        is None
    )


def core_of(given: dict[str, Any], wechat: Any, seconds_later: float) -> SigningCore:
    config = V3Config(
        appid=wechat.identity.appid,
        mch_id=wechat.identity.mch_id,
        api_v3_key=wechat.identity.api_v3_key,
        private_key=wechat.identity.merchant_key.read_text(),
        serial_no=wechat.identity.serial_no,
        public_key=given["platform_public_key"],
        public_key_id=given["headers"]["Wechatpay-Serial"],
    )
    sent = int(given["headers"]["Wechatpay-Timestamp"])
    return SigningCore(config, lambda: sent + seconds_later)


@of("v3_callback_signature")
def test_v3_callback_signatures(vector, wechat):
    given = vector["input"]
    body = given["body"].encode()
    for seconds_later in (-299, 0, 299):
        core = core_of(given, wechat, seconds_later)
        if vector["expected"]["valid"]:
            proof = core.prove(given["headers"], body)
            assert given["headers"].items() <= proof.items()
        else:
            with pytest.raises(GatewayError):
                core.prove(given["headers"], body)
    for seconds_later in (-301, 301):
        core = core_of(given, wechat, seconds_later)
        with pytest.raises(GatewayError, match="too old"):
            core.prove(given["headers"], body)


@of("v3_request_signature")
def test_v3_signatures(vector):
    given = vector["input"]
    key = load_pem_public_key(given["public_key"].encode())
    assert signing.is_rsa_signed(given["message"], vector["expected"], key)
    assert not signing.is_rsa_signed(given["message"] + " ", vector["expected"], key)


@of("v3_message_format")
def test_v3_messages(vector):
    given = vector["input"]
    if "method" in given:
        message = signing.request_message(
            given["method"],
            given["path_and_query"],
            given["timestamp"],
            given["nonce"],
            given["body"],
        )
        assert message == vector["expected"]
    else:
        assert signing.read_authorization(vector["expected"]) == given


@of("v2_bill_all")
def test_a_whole_bill(vector):
    given, expected = vector["input"], vector["expected"]
    lines = [
        given["header"],
        *given["all_rows"],
        given["summary_header"],
        given["summary"],
        "",
    ]
    bill = parse_bill(codecs.BOM_UTF8 + "\r\n".join(lines).encode())
    assert len(bill.lines) == expected["detail_rows"] == bill.totals.count
    assert bill.totals.amount_fen == 47
    assert bill.totals.refund_fen == 14
    assert bill.totals.fee_fen == 8
