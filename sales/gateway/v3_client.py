"""wechatpayv3's core with what it lacks: limits, a replay window, checked serials.

The library composes, signs and decrypts. It would follow a foreign serial number with a
request for certificates, believe a message of any age and errors without a signature,
and wait without end; so sending and the checks around its verification are here.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from wechatpayv3 import WeChatPay, WeChatPayType
from wechatpayv3.core import Core
from wechatpayv3.type import RequestType
from wechatpayv3.utils import build_authorization

from sales.gateway.config import V3Config
from sales.gateway.errors import GatewayError, Reason
from sales.gateway.transport import Transport

#: seconds that a signed message may be old, or ahead of our clock
REPLAY_SECONDS = 300
ALGORITHM = "WECHATPAY2-SHA256-RSA2048"
_PROBE = "WECHATPAY/SIGNTEST/"
_PARTS = ("Signature", "Timestamp", "Nonce", "Serial")


class SigningCore(Core):
    """One merchant's keys and the way to the gateway."""

    def __init__(self, config: V3Config, clock: Callable[[], float]) -> None:
        super().__init__(
            config.mch_id,
            config.serial_no,
            None,
            config.api_v3_key,
            public_key=_spki(config.public_key),
            public_key_id=config.public_key_id,
        )
        # the library reads one form of PEM only; that the key is sound is checked already
        self._private_key = load_pem_private_key(
            config.private_key.encode(), None, unsafe_skip_rsa_key_validation=True
        )
        self._gate_way = config.base_url
        self._clock = clock
        self._transport = Transport(config)
        self._is_encrypted = config.is_encrypted

    def request(
        self,
        path: str,
        method: RequestType = RequestType.GET,
        data: Any = None,
        skip_verify: bool = False,
        **unused: Any,
    ) -> tuple[int, bytes]:
        """Status and body of the reply, proven unless `skip_verify` says otherwise."""
        body = json.dumps(data) if data else ""
        response = self._transport.request(
            method.value,
            self._gate_way + path,
            data=body.encode() or None,
            headers={
                "Accept": "application/json",
                "Content-Type": "application/json",
                "User-Agent": "backoffice (wechatpayv3)",
                "Wechatpay-Serial": self._public_key_id,
                "Authorization": build_authorization(
                    path,
                    method.value,
                    self._mchid,
                    self._cert_serial_no,
                    self._private_key,
                    data=body,
                ),
            },
        )
        if not skip_verify:
            self._prove_reply(response.status_code, response.headers, response.content)
        return response.status_code, response.content

    def prove(self, headers: Mapping[str, str], body: bytes) -> dict[str, str]:
        """The signature's headers under the names that the library reads, once they are
        known to be the gateway's word of this moment. Raises `GatewayError`."""
        given = {name.lower(): text for name, text in headers.items()}
        proof = {
            f"Wechatpay-{part}": given.get(f"wechatpay-{part.lower()}", "")
            for part in _PARTS
        }
        kind = given.get("wechatpay-signature-type") or ALGORITHM
        proof["Wechatpay-Signature-Type"] = kind
        if not all(proof.values()):
            raise _unproven("the message is not signed")
        if kind != ALGORITHM:
            raise _unproven("the message is signed in another way")
        if proof["Wechatpay-Signature"].startswith(_PROBE):
            raise _unproven("the message is a probe")
        # before the library sees it: it would ask the gateway about a foreign one
        if proof["Wechatpay-Serial"] != self._public_key_id:
            raise _unproven("the message is signed with another key")
        timestamp = proof["Wechatpay-Timestamp"]
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12):
            raise _unproven("the message has no time")
        if abs(self._clock() - int(timestamp)) > REPLAY_SECONDS:
            raise _unproven("the message is too old")
        try:
            is_proven = self._verify_signature(proof, body.decode())
        except ValueError:
            is_proven = False
        if not is_proven:
            raise _unproven("the signature is wrong")
        return proof

    def _prove_reply(
        self, status: int, headers: Mapping[str, str], body: bytes
    ) -> None:
        if status >= 500:
            # the outcome is unknown whoever says so
            return
        is_signed = "Wechatpay-Signature" in headers
        if not is_signed and self._is_encrypted and not 200 <= status < 300:
            # a refusal at the door need not be signed; the connection vouches for it
            return
        self.prove(headers, body)

    def _update_certificates(self) -> None:
        """Never: there is one key, and it was handed in."""


def open_client(config: V3Config, clock: Callable[[], float]) -> WeChatPay:
    """The library's client for mini-programs around our core; calls nobody."""
    client = WeChatPay(
        WeChatPayType.MINIPROG,
        config.mch_id,
        None,
        config.serial_no,
        config.appid,
        config.api_v3_key,
        public_key=_spki(config.public_key),
        public_key_id=config.public_key_id,
    )
    client._core = SigningCore(config, clock)
    return client


def _unproven(sentence: str) -> GatewayError:
    return GatewayError(Reason.UNPROVEN, sentence)


def _spki(pem: str) -> str:
    """The key in the one form that the library reads."""
    key = load_pem_public_key(pem.encode())
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
