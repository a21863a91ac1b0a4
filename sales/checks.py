"""System checks: whether money can be taken is known at the start."""

from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Tags, register

from sales import merchant


@register
def check_merchant(**kwargs: Any) -> list[CheckMessage]:
    """sales.E001: a setting of WeChat Pay is missing or unreadable. E002: a simulator in
    production. E003: WeChat cannot reach the shop."""
    if not merchant.is_set_up():
        return []
    errors: list[CheckMessage] = []
    apis = [settings.WECHAT_PAY_API]
    apis += [api for api in merchant.APIS if api not in apis and merchant.has_keys(api)]
    for api in apis:
        errors += [
            Error(f"WeChat Pay {api}: {problem}", id="sales.E001")
            for problem in merchant.config(api).problems()
        ]
    is_real = not (settings.DEMO or settings.DEBUG)
    if is_real and _is_here(settings.WECHAT_PAY_BASE_URL):
        errors.append(
            Error(
                f"WECHAT_PAY_BASE_URL is {settings.WECHAT_PAY_BASE_URL}: outside the "
                "demo it must be another machine, or play money is taken for real.",
                id="sales.E002",
            )
        )
    base = urlsplit(settings.WECHAT_PAY_NOTIFY_BASE)
    if not base.hostname or base.query or base.fragment:
        errors.append(
            Error(
                "WECHAT_PAY_NOTIFY_BASE must say where WeChat reaches the shop: "
                "https://shop.example.com",
                id="sales.E003",
            )
        )
    elif is_real and base.scheme != "https":
        errors.append(
            Error("WECHAT_PAY_NOTIFY_BASE must begin with https://.", id="sales.E003")
        )
    return errors


@register(Tags.compatibility, deploy=True)
def check_absence(**kwargs: Any) -> list[CheckMessage]:
    """sales.I001: there is no merchant."""
    if merchant.is_set_up() or settings.DEMO:
        return []
    return [
        Info(
            "WECHAT_PAY_MCH_ID is not set: orders can be paid in cash only.",
            id="sales.I001",
        )
    ]


def _is_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
