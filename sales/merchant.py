"""Which merchant the shop is at WeChat Pay: from the settings to an open gateway.

Both interfaces may be set up at once: new payments go by WECHAT_PAY_API, what was begun
by the other one is finished by it.
"""

from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from backoffice.base.errors import DomainError
from sales.gateway import (
    Gateway,
    GatewayError,
    Misconfigured,
    Reason,
    Timeouts,
    V2Config,
    V3Config,
    open_gateway,
)

APIS = ("v2", "v3")
PAY_PATH = "/api/v1/wechat/notify/pay"
REFUND_PATH = "/api/v1/wechat/notify/refund"
#: seconds that a call may take
TIMEOUTS = Timeouts()


class NotSetUp(DomainError):
    """There is no merchant, so nobody can pay by WeChat."""

    slug = "unavailable"
    http_status = 503


def is_set_up() -> bool:
    """Whether orders can be paid by WeChat."""
    return bool(settings.WECHAT_PAY_MCH_ID)


def mch_id() -> str:
    """The merchant's number."""
    return str(settings.WECHAT_PAY_MCH_ID)


def is_simulated() -> bool:
    """Whether it is the demo's stand-in, whose bill of today is there today."""
    return bool(settings.WECHAT_PAY_BASE_URL.startswith("http://"))


def require() -> None:
    """Raise NotSetUp where there is no merchant."""
    if not is_set_up():
        raise NotSetUp(_("Paying by WeChat is not set up."))


def has_keys(api: str) -> bool:
    """Whether anything of this interface is set."""
    key = settings.WECHAT_PAY_V2_KEY if api == "v2" else settings.WECHAT_PAY_V3_KEY
    return is_set_up() and bool(key)


def config(api: str) -> V2Config | V3Config:
    """What the settings say of one interface; `problems()` may find it wrong."""
    if api == "v2":
        return V2Config(
            appid=settings.WECHAT_PAY_APPID,
            mch_id=settings.WECHAT_PAY_MCH_ID,
            base_url=settings.WECHAT_PAY_BASE_URL,
            timeouts=TIMEOUTS,
            api_key=settings.WECHAT_PAY_V2_KEY,
            cert_file=_path(settings.WECHAT_PAY_CERTIFICATE_PATH),
            key_file=_path(settings.WECHAT_PAY_PRIVATE_KEY_PATH),
            sign_type=settings.WECHAT_PAY_V2_SIGN_TYPE,
        )
    return V3Config(
        appid=settings.WECHAT_PAY_APPID,
        mch_id=settings.WECHAT_PAY_MCH_ID,
        base_url=settings.WECHAT_PAY_BASE_URL,
        timeouts=TIMEOUTS,
        api_v3_key=settings.WECHAT_PAY_V3_KEY,
        private_key=_text(settings.WECHAT_PAY_PRIVATE_KEY_PATH),
        serial_no=settings.WECHAT_PAY_SERIAL_NO,
        public_key=_text(settings.WECHAT_PAY_PUBLIC_KEY_PATH),
        public_key_id=settings.WECHAT_PAY_PUBLIC_KEY_ID,
    )


def gateway(api: str = "") -> Gateway:
    """The open gateway of one interface, by default of the one in use.

    Raises GatewayError (CONFIGURATION) where the settings do not open it: nothing was
    sent then.
    """
    try:
        return _open(config(api or settings.WECHAT_PAY_API))
    except Misconfigured as error:
        raise GatewayError(Reason.CONFIGURATION, str(error)) from None


@lru_cache(maxsize=4)
def _open(chosen: V2Config | V3Config) -> Gateway:
    return open_gateway(chosen)


def notify_url(path: str) -> str:
    """Where the gateway is to send its notices."""
    return f"{settings.WECHAT_PAY_NOTIFY_BASE}{path}"


def _path(name: str) -> Path | None:
    return Path(name) if name else None


@lru_cache(maxsize=8)
def _text(name: str) -> str:
    """What stands in a file; "" where it cannot be read, which is a problem found."""
    try:
        return Path(name).read_text(encoding="ascii") if name else ""
    except (OSError, UnicodeDecodeError):
        return ""
