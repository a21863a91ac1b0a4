"""The keys of an identity, read."""

from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate

from sales.simulator.identity import Identity
from sales.simulator.signing import is_rsa_signed, v2_sign

_PAY_PARAMETERS = ("timeStamp", "nonceStr", "package", "signType")


def platform_key(identity: Identity) -> RSAPrivateKey:
    """What the simulator signs with."""
    key = load_pem_private_key(identity.platform_key.read_bytes(), None)
    assert isinstance(key, RSAPrivateKey)  # noqa: S101 - it was made as one
    return key


def merchant_public_key(identity: Identity) -> RSAPublicKey:
    """What the merchant's signatures are checked with."""
    certificate = load_pem_x509_certificate(identity.merchant_certificate.read_bytes())
    key = certificate.public_key()
    assert isinstance(key, RSAPublicKey)  # noqa: S101 - it was made as one
    return key


def is_pay_signed(parameters: Mapping[str, str], identity: Identity) -> bool:
    """Whether the arguments of `wx.requestPayment` carry the merchant's signature."""
    given = parameters.get("paySign", "")
    if parameters.get("signType") == "RSA":
        lines = [parameters.get(name, "") for name in _PAY_PARAMETERS[:3]]
        message = "\n".join([identity.appid, *lines, ""])
        return is_rsa_signed(message, given, merchant_public_key(identity))
    signed = {name: parameters.get(name, "") for name in _PAY_PARAMETERS}
    signed["appId"] = identity.appid
    return given == v2_sign(signed, identity.api_key, parameters.get("signType", ""))
