"""Who the simulated merchant is: numbers, keys and certificates, made once and kept.

They protect nothing but play money; the files are readable by this user only.
"""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID

_LIFE = timedelta(days=3650)


@dataclass(frozen=True, kw_only=True)
class Identity:
    """The merchant's side and the gateway's side, and where the files lie."""

    directory: Path
    appid: str
    mch_id: str
    api_key: str = field(repr=False)
    api_v3_key: str = field(repr=False)
    serial_no: str
    public_key_id: str

    @property
    def merchant_certificate(self) -> Path:
        """Signed by `ca`; v2 shows it when it refunds."""
        return self.directory / "merchant_cert.pem"

    @property
    def merchant_key(self) -> Path:
        """Of the certificate; v3 signs with it."""
        return self.directory / "merchant_key.pem"

    @property
    def platform_key(self) -> Path:
        """What the simulator signs v3 with."""
        return self.directory / "platform_key.pem"

    @property
    def platform_public_key(self) -> Path:
        """What the merchant knows of it."""
        return self.directory / "platform_public_key.pem"

    @property
    def ca(self) -> Path:
        """Whom to trust where the simulator speaks https."""
        return self.directory / "ca.pem"

    @property
    def server_certificate(self) -> Path:
        """Certificate and key of the https server, in one file."""
        return self.directory / "server.pem"

    @classmethod
    def load_or_make(cls, directory: Path) -> "Identity":
        """The identity that lies in `directory`; two processes make one between them."""
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(directory / "identity.lock"):
            path = directory / "identity.json"
            if not path.is_file():
                _make(directory, path)
            told = json.loads(path.read_text(encoding="ascii"))
        return cls(directory=directory, **told)


@dataclass(frozen=True)
class _Told:
    appid: str
    mch_id: str
    api_key: str
    api_v3_key: str
    serial_no: str
    public_key_id: str


def _make(directory: Path, path: Path) -> None:
    ca_key, ca = _certificate_authority()
    merchant_key, merchant = _signed("Simulated merchant", ca_key, ca)
    server_key, server = _signed("localhost", ca_key, ca, is_server=True)
    platform_key = _key()
    files = {
        "ca.pem": _pem(ca),
        "merchant_cert.pem": _pem(merchant),
        "merchant_key.pem": _private(merchant_key),
        "server.pem": _pem(server) + _private(server_key),
        "platform_key.pem": _private(platform_key),
        "platform_public_key.pem": platform_key.public_key().public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        ),
    }
    told = _Told(
        appid=f"wx{secrets.token_hex(8)}",
        mch_id=f"19{secrets.randbelow(10**8):08d}",
        api_key=secrets.token_hex(16),
        api_v3_key=secrets.token_hex(16),
        serial_no=f"{merchant.serial_number:040X}",
        public_key_id=f"PUB_KEY_ID_{secrets.randbelow(10**32):032d}",
    )
    for name, content in files.items():
        _write(directory / name, content)
    # last: with it the identity is complete
    _write(path, json.dumps(asdict(told)).encode("ascii"))


def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _builder(subject: x509.Name, issuer: x509.Name) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _LIFE)
    )


def _certificate_authority() -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    key, name = _key(), _named("WeChat Pay simulator")
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        _builder(name, name)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    return key, certificate


def _signed(
    name: str,
    ca_key: rsa.RSAPrivateKey,
    ca: x509.Certificate,
    *,
    is_server: bool = False,
) -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    key = _key()
    builder = _builder(_named(name), ca.subject).public_key(key.public_key())
    builder = builder.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()),
        critical=False,
    )
    if is_server:
        loopback = [
            x509.DNSName("localhost"),
            x509.IPAddress(ip_address("127.0.0.1")),
        ]
        builder = builder.add_extension(
            x509.SubjectAlternativeName(loopback), critical=False
        )
    return key, builder.sign(ca_key, hashes.SHA256())


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)


def _private(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(path: Path, content: bytes) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    draft.replace(path)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
