"""HTTP words shared by the doors: the client's address."""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest

Address = IPv4Address | IPv6Address

# 203.0.113.9:4711 and [2001:db8::1]:4711, as some proxies write them
_WITH_PORT = re.compile(r"^(?:\[([0-9A-Fa-f:.]+)\]|(\d+\.\d+\.\d+\.\d+))(?::\d+)?$")


def client_ip(request: HttpRequest) -> str:
    """The address the request comes from; "" where there is none (a local socket).

    `X-Forwarded-For` is read only when the direct peer is one of TRUSTED_PROXIES; then
    it is walked from the right, and the first address that is not a proxy of ours
    counts. What cannot be read ends the walk: everything left of it was made up or
    lies behind somebody whom we do not know.
    """
    peer = address_of(str(request.META.get("REMOTE_ADDR") or ""))
    if peer is None:
        return ""
    if not _is_trusted(peer):
        return str(peer)
    last = peer
    hops = str(request.META.get("HTTP_X_FORWARDED_FOR") or "").split(",")
    for hop in reversed([h.strip() for h in hops if h.strip()]):
        address = address_of(hop)
        if address is None:
            break
        last = address
        if not _is_trusted(address):
            break
    return str(last)


def address_of(text: str) -> Address | None:
    """The address in its plain form: without port, brackets, zone, or IPv4 in IPv6."""
    found = _WITH_PORT.match(text)
    plain = (found[1] or found[2]) if found else text
    try:
        address = ip_address(plain.split("%", 1)[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


def _is_trusted(address: Address) -> bool:
    return any(address in network for network in settings.TRUSTED_PROXIES)
