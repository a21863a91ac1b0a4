"""What an adapter needs to know, handed in by whoever opens the gateway.

`problems()` lists in sentences what is wrong, for a check at the start of the shop; the
adapters refuse to open with any. Secrets print as `***`.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    load_pem_private_key,
    load_pem_public_key,
)

LIVE_URL = "https://api.mch.weixin.qq.com"
SIGN_TYPES = ("MD5", "HMAC-SHA256")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Misconfigured(ValueError):
    """A configuration that no gateway can be opened with; says all that is wrong."""


class Secret(str):
    """Text that shows itself nowhere by accident: not in a repr, log or traceback."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'" if self else "''"


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds for connecting, for each wait for data, and for a whole call; a bill may
    be long and has its own."""

    connect: float = 3.0
    read: float = 10.0
    total: float = 20.0
    bill: float = 120.0


@dataclass(frozen=True, kw_only=True)
class Config(ABC):
    """What both versions need."""

    appid: str
    mch_id: str
    base_url: str = LIVE_URL
    timeouts: Timeouts = Timeouts()
    #: certificates to trust instead of the public ones, for a gateway on loopback
    ca_file: Path | None = None

    def problems(self) -> list[str]:
        """What is wrong, in sentences; none of them holds a secret."""
        return [*self._common_problems(), *self._own_problems()]

    def require(self) -> None:
        """Raise `Misconfigured` where anything is wrong."""
        found = self.problems()
        if found:
            raise Misconfigured(" ".join(found))

    @property
    def is_encrypted(self) -> bool:
        """Whether the gateway proves itself by a certificate."""
        return self.base_url.startswith("https://")

    @abstractmethod
    def _own_problems(self) -> Iterator[str]: ...

    def _common_problems(self) -> Iterator[str]:
        if not re.fullmatch(r"wx[0-9a-zA-Z]{6,30}", self.appid):
            yield "The appid must begin with wx."
        if not re.fullmatch(r"[0-9]{6,32}", self.mch_id):
            yield "The merchant number must be digits."
        url = urlsplit(self.base_url)
        if url.scheme == "http" and url.hostname not in _LOOPBACK:
            yield "The gateway's address must be https (http only on this machine)."
        elif url.scheme not in ("http", "https") or not url.hostname:
            yield "The gateway's address must be https://host."
        if url.path or url.query or url.fragment:
            yield "The gateway's address must end after the host, without a slash."
        if self.ca_file is not None and not self.ca_file.is_file():
            yield "The file of trusted certificates is not there."


@dataclass(frozen=True, kw_only=True)
class V2Config(Config):
    """For the XML interface: a shared key, and a client certificate for refunds."""

    api_key: str
    cert_file: Path | None = None
    key_file: Path | None = None
    sign_type: str = "MD5"

    def __post_init__(self) -> None:
        object.__setattr__(self, "api_key", Secret(self.api_key))

    def _own_problems(self) -> Iterator[str]:
        if not re.fullmatch(r"[0-9a-zA-Z]{32}", self.api_key):
            yield "The v2 API key must be 32 letters and digits."
        if self.sign_type not in SIGN_TYPES:
            yield f"The sign type must be one of {', '.join(SIGN_TYPES)}."
        files = {"certificate": self.cert_file, "private key": self.key_file}
        for name, path in files.items():
            if path is None:
                if self.is_encrypted:
                    yield f"Refunds need the file of the merchant's {name}."
            elif not _is_pem(path):
                yield f"The file of the merchant's {name} cannot be read as PEM."


@dataclass(frozen=True, kw_only=True)
class V3Config(Config):
    """For the JSON interface, with the gateway's public key (not its certificates).

    Keys are PEM texts; `serial_no` is that of the merchant's certificate.
    """

    api_v3_key: str
    private_key: str
    serial_no: str
    public_key: str
    public_key_id: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "api_v3_key", Secret(self.api_v3_key))
        object.__setattr__(self, "private_key", Secret(self.private_key))

    def _own_problems(self) -> Iterator[str]:
        if len(self.api_v3_key.encode()) != 32:
            yield "The APIv3 key must be 32 bytes."
        if not re.fullmatch(r"[0-9A-Fa-f]{8,40}", self.serial_no):
            yield "The serial number of the merchant's certificate must be hexadecimal."
        if not re.fullmatch(r"PUB_KEY_ID_[0-9A-Za-z]+", self.public_key_id):
            yield "The id of WeChat Pay's public key must begin with PUB_KEY_ID_."
        if not _is_rsa_private(self.private_key):
            yield "The merchant's private key cannot be read as an RSA key in PEM."
        if not _is_rsa_public(self.public_key):
            yield "WeChat Pay's public key cannot be read as an RSA key in PEM."


def _is_pem(path: Path) -> bool:
    try:
        return b"-----BEGIN " in path.read_bytes()
    except OSError:
        return False


def _is_rsa_private(pem: str) -> bool:
    try:
        return isinstance(load_pem_private_key(pem.encode(), None), RSAPrivateKey)
    except (ValueError, TypeError):
        return False


def _is_rsa_public(pem: str) -> bool:
    try:
        return isinstance(load_pem_public_key(pem.encode()), RSAPublicKey)
    except ValueError:
        return False
