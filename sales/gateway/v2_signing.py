"""Signatures and ciphers of the v2 interface."""

import base64
import hashlib
import hmac
from collections.abc import Mapping

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from sales.gateway.values import Unreadable

_LENGTH_OF = {"MD5": 32, "HMAC-SHA256": 64}


def sign(fields: Mapping[str, str], key: str, sign_type: str) -> str:
    """Upper-case hex over the non-empty fields, by name, and the key."""
    words = [
        f"{name}={value}"
        for name, value in sorted(fields.items())
        if value != "" and name != "sign"
    ]
    text = "&".join([*words, f"key={key}"]).encode()
    if sign_type == "HMAC-SHA256":
        return hmac.new(key.encode(), text, hashlib.sha256).hexdigest().upper()
    # MD5 is what the interface asks for; the key at the end is what protects it
    return hashlib.md5(text, usedforsecurity=False).hexdigest().upper()


def is_signed(fields: Mapping[str, str], key: str, sign_type: str) -> bool:
    """Whether `sign` is right, by the configured type only.

    A message need not name its type; the length of its signature does.
    """
    given = fields.get("sign", "")
    named = fields.get("sign_type") or sign_type
    if len(given) != _LENGTH_OF[sign_type] or named != sign_type:
        return False
    expected = sign(fields, key, sign_type)
    return hmac.compare_digest(expected.encode(), given.encode())


def decrypt_req_info(text: str, key: str) -> bytes:
    """What a refund notice hides: AES-256-ECB under md5(key), padding checked."""
    secret = hashlib.md5(key.encode(), usedforsecurity=False).hexdigest().encode()
    try:
        hidden = base64.b64decode(text, validate=True)
        # ECB is the gateway's choice; nothing but this message is under the key
        decryptor = Cipher(algorithms.AES(secret), modes.ECB()).decryptor()  # noqa: S305
        padded = decryptor.update(hidden) + decryptor.finalize()
        unpadder = padding.PKCS7(128).unpadder()
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError:
        raise Unreadable("req_info cannot be decrypted") from None
