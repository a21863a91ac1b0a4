"""HTTP words shared by the doors: the client's address."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def client_ip(request: HttpRequest, credentials: object = None) -> str:
    """The address the request comes from.

    `X-Forwarded-For` is read only when the direct peer is one of TRUSTED_PROXIES; then
    it is walked from the right, and the first address that is not a proxy of ours
    counts. `credentials` is there for django-axes, which calls with both.
    """
    peer = str(request.META.get("REMOTE_ADDR") or "")
    trusted = settings.TRUSTED_PROXIES
    if not trusted or not _is_within(peer, trusted):
        return peer
    hops = str(request.META.get("HTTP_X_FORWARDED_FOR") or "").split(",")
    for hop in reversed([h.strip() for h in hops if h.strip()]):
        if not _is_address(hop):
            break
        if not _is_within(hop, trusted):
            return hop
    return peer


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_within(text: str, networks: list) -> bool:
    if not _is_address(text):
        return False
    address = ip_address(text)
    return any(address in network for network in networks)
