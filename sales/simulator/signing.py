"""The simulator's own signatures and ciphers, written apart from the gateway's."""

import base64
import hashlib
import hmac
import json
import re
import secrets
import time
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

SCHEME = "WECHATPAY2-SHA256-RSA2048"
_PAIR = re.compile(r'([a-z_]+)="([^"]*)"')


# --- v2 ------------------------------------------------------------------------


def v2_sign(fields: Mapping[str, Any], key: str, sign_type: str = "MD5") -> str:
    """The sign over all fields but `sign` and empty ones."""
    text = ""
    for name in sorted(fields):
        if name != "sign" and str(fields[name]):
            text += f"{name}={fields[name]}&"
    text += f"key={key}"
    if sign_type == "MD5":
        digest = hashlib.md5(text.encode(), usedforsecurity=False)
        return digest.hexdigest().upper()
    return hmac.digest(key.encode(), text.encode(), "sha256").hex().upper()


def xml(fields: Mapping[str, Any], root: str = "xml") -> bytes:
    """The fields as the gateway writes them: texts in CDATA, numbers bare."""
    lines = [f"<{root}>"]
    for name, value in fields.items():
        text = str(value) if isinstance(value, int) else f"<![CDATA[{value}]]>"
        lines.append(f"<{name}>{text}</{name}>")
    return "\n".join([*lines, f"</{root}>"]).encode()


def hide_req_info(plain: bytes, key: str) -> str:
    """AES-256-ECB under the lower hex of md5(key), PKCS7, base64."""
    padder = padding.PKCS7(128).padder()
    padded = padder.update(plain) + padder.finalize()
    secret = hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()
    # ECB because the gateway does
    cipher = Cipher(algorithms.AES(secret.encode()), modes.ECB()).encryptor()  # noqa: S305
    return base64.b64encode(cipher.update(padded) + cipher.finalize()).decode()


# --- v3 ------------------------------------------------------------------------


def rsa_sign(message: str, key: RSAPrivateKey) -> str:
    """base64 of SHA256 with RSA, PKCS1 v1.5."""
    return base64.b64encode(key.sign(message.encode(), PKCS1v15(), SHA256())).decode()


def is_rsa_signed(message: str, signature: str, key: RSAPublicKey) -> bool:
    """Whether `signature` is one over `message`."""
    try:
        key.verify(
            base64.b64decode(signature, validate=True),
            message.encode(),
            PKCS1v15(),
            SHA256(),
        )
    except (InvalidSignature, ValueError):
        return False
    return True


def read_authorization(header: str) -> dict[str, str]:
    """The parts of an Authorization header; empty where it is of another scheme."""
    scheme, _, rest = header.partition(" ")
    return dict(_PAIR.findall(rest)) if scheme == SCHEME else {}


def request_message(
    method: str, path: str, timestamp: str, nonce: str, body: str
) -> str:
    """What a request's signature is over."""
    return f"{method}\n{path}\n{timestamp}\n{nonce}\n{body}\n"


def signed_headers(body: bytes, key: RSAPrivateKey, key_id: str) -> dict[str, str]:
    """The headers of a reply or notice."""
    timestamp, nonce = str(int(time.time())), secrets.token_hex(16)
    return {
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": key_id,
        "Wechatpay-Signature-Type": SCHEME,
        "Wechatpay-Signature": rsa_sign(
            f"{timestamp}\n{nonce}\n{body.decode(errors='replace')}\n", key
        ),
    }


def hide_resource(
    fields: Mapping[str, Any], original_type: str, key: str
) -> dict[str, str]:
    """The `resource` of a notice: AES-256-GCM, the tag at the end."""
    nonce = secrets.token_hex(6)
    hidden = AESGCM(key.encode()).encrypt(
        nonce.encode(),
        json.dumps(fields, ensure_ascii=False).encode(),
        original_type.encode(),
    )
    return {
        "original_type": original_type,
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": base64.b64encode(hidden).decode(),
        "associated_data": original_type,
        "nonce": nonce,
    }
