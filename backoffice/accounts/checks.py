"""System checks of sign-in with WeChat."""

from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register
def check_wechat(**kwargs: Any) -> list[CheckMessage]:
    """accounts.E001: a stand-in for WeChat in production. E002: half of an account."""
    errors: list[CheckMessage] = []
    if not (settings.DEMO or settings.DEBUG) and not _is_official_like():
        errors.append(
            Error(
                f"WECHAT_API_BASE is {settings.WECHAT_API_BASE}: outside the demo it "
                "must be https and another machine, or anybody signs in as anybody.",
                id="accounts.E001",
            )
        )
    if bool(settings.WECHAT_APPID) != bool(settings.WECHAT_SECRET):
        errors.append(
            Error(
                "Set both WECHAT_APPID and WECHAT_SECRET, or neither.",
                id="accounts.E002",
            )
        )
    return errors


def _is_official_like() -> bool:
    address = urlsplit(settings.WECHAT_API_BASE)
    host = address.hostname or ""
    if address.scheme != "https" or host == "localhost":
        return False
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return True
