"""System checks: a vendor is configured whole, or not at all."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Tags, register

from backoffice.sms.templates import TEMPLATES

_NEEDED = (
    *("TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY"),
    *("SMS_APP_ID", "SMS_SIGN_NAME"),
)


@register
def check_vendor(**kwargs: Any) -> list[CheckMessage]:
    """sms.E001: settings of the vendor are missing. sms.E002: a text has no number."""
    if settings.SMS_BACKEND != "tencent":
        return []
    errors: list[CheckMessage] = []
    missing = [name for name in _NEEDED if not getattr(settings, name)]
    if missing:
        errors.append(
            Error(
                f"SMS_BACKEND is tencent, but {', '.join(missing)} is not set.",
                id="sms.E001",
            )
        )
    without = [name for name in TEMPLATES if name not in settings.SMS_TEMPLATES]
    if without:
        errors.append(
            Error(
                f"SMS_TEMPLATES names no template of the vendor for {', '.join(without)}.",
                hint="`manage.py sms templates` prints the texts to hand in there.",
                id="sms.E002",
            )
        )
    return errors


@register(Tags.compatibility, deploy=True)
def check_backend(**kwargs: Any) -> list[CheckMessage]:
    """sms.I001: nothing is really sent."""
    if settings.SMS_BACKEND == "tencent" or settings.DEMO:
        return []
    return [
        Info(
            "SMS_BACKEND is not tencent: messages are written into the log only.",
            id="sms.I001",
        )
    ]
