"""WeChat's calls for mini-programs, over wechatpy where it can be trusted.

Its faults are kept away here: code2session is our own plain GET, because the library's
sends the access token along in the address; a token that stays invalid makes it ask
without end, so it never repeats by itself; what is no JSON object it hands out as it
is; its exceptions carry addresses with secrets, so none of them leaves this module.
"""

import logging
import re
import time
from dataclasses import dataclass
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import requests
from django.utils.translation import gettext as _
from wechatpy.client import WeChatClient
from wechatpy.exceptions import WeChatClientException

from backoffice.accounts.wechat.errors import (
    CodeRefused,
    NotSetUp,
    PersonRefused,
    TooOften,
    WechatError,
)

logger = logging.getLogger(__name__)

#: seconds to connect, seconds between two bytes
TIMEOUT = (3.05, 5)
OFFICIAL = "https://api.weixin.qq.com"
#: before its end a token is not used any more, in seconds
_MARGIN = 120
_OPENID = re.compile(r"[A-Za-z0-9_-]{6,64}")
_BUSY = (-1,)
_CODE_FAULTS = (40029, 40163)
_TOO_OFTEN = (45009, 45011)
_RISK = (40226,)
_TOKEN_FAULTS = (40001, 40014, 42001)


@dataclass(frozen=True)
class Account:
    """The mini-program, and where WeChat is."""

    appid: str
    secret: str
    base: str = OFFICIAL


class _Memory:
    """The access token of this process. stable_token gives every process the same."""

    def __init__(self) -> None:
        self._values: dict[str, tuple[Any, float]] = {}
        self.lock = Lock()

    def get(self, key: str, default: Any = None) -> Any:
        """What was set, until it ends."""
        value, until = self._values.get(key, (default, 0.0))
        return value if time.monotonic() < until else default

    def set(self, key: str, value: Any, ttl: float = 0) -> None:
        """Keep it for so many seconds."""
        self._values[key] = value, time.monotonic() + ttl

    def delete(self, key: str) -> None:
        """Forget it."""
        self._values.pop(key, None)


_memory = _Memory()


class _Client(WeChatClient):
    """wechatpy's client at our address, with the token of stable_token."""

    def __init__(self, account: Account) -> None:
        self.API_BASE_URL = f"{account.base}/cgi-bin/"
        super().__init__(
            account.appid,
            account.secret,
            session=_memory,
            timeout=TIMEOUT,
            auto_retry=False,
        )
        host = urlsplit(account.base).hostname
        # what stands on this machine is not asked for through a proxy
        self._http.trust_env = host not in ("127.0.0.1", "localhost", "::1")

    @property
    def access_token_key(self) -> str:
        # two addresses are two WeChats
        return f"{self.API_BASE_URL}{self.appid}"

    @property
    def access_token(self) -> str:
        """From memory, or asked for by one thread at a time."""
        with _memory.lock:
            if not _memory.get(self.access_token_key):
                self.fetch_access_token()
            return str(_memory.get(self.access_token_key))

    def fetch_access_token(self, *, is_refused: bool = False) -> None:
        """By stable_token; anew where the one it gave was refused."""
        answer = self._http.post(
            f"{self.API_BASE_URL}stable_token",
            json={
                "grant_type": "client_credential",
                "appid": self.appid,
                "secret": self.secret,
                "force_refresh": is_refused,
            },
            timeout=TIMEOUT,
            allow_redirects=False,
        )
        found = _dictionary(answer)
        token, seconds = found.get("access_token"), found.get("expires_in")
        if not isinstance(token, str) or not token or not isinstance(seconds, int):
            raise _fault(found.get("errcode"))
        _memory.set(self.access_token_key, token, max(1, seconds - _MARGIN))


def openid_of(account: Account, code: str) -> str:
    """Who has this code of `wx.login`. Raises WechatError.

    The session_key of the answer is dropped here; the shop has no use for it.
    """
    client = _client(account)
    parameters = {
        "appid": account.appid,
        "secret": account.secret,
        "js_code": code,
        "grant_type": "authorization_code",
    }
    found: dict[str, Any] = {}
    for _again in range(2):
        try:
            answer = client._http.get(
                f"{account.base}/sns/jscode2session",
                params=parameters,
                timeout=TIMEOUT,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise _away(error) from None
        found = _dictionary(answer)
        if found.get("errcode") not in _BUSY:
            break
    openid = found.get("openid")
    if found.get("errcode") or not isinstance(openid, str):
        raise _fault(found.get("errcode"))
    if not _OPENID.fullmatch(openid):
        raise _strange()
    return openid


def mobile_of(account: Account, code: str) -> str:
    """Which mobile WeChat vouches for with this code of `getPhoneNumber`; 11 digits.

    Raises WechatError.
    """
    client = _client(account)
    url = f"{account.base}/wxa/business/getuserphonenumber"
    try:
        try:
            found = client.post(url, data={"code": code}, allow_redirects=False)
        except WeChatClientException as error:
            if error.errcode not in _TOKEN_FAULTS:
                raise
            # once, not without end
            with _memory.lock:
                client.fetch_access_token(is_refused=True)
            found = client.post(url, data={"code": code}, allow_redirects=False)
    except WeChatClientException as error:
        raise _fault(error.errcode) from None
    except requests.RequestException as error:
        raise _away(error) from None
    except (ValueError, TypeError, RecursionError):
        raise _strange() from None
    return _vouched(account, found)


def _vouched(account: Account, found: Any) -> str:
    phone = found.get("phone_info") if isinstance(found, dict) else None
    mark = phone.get("watermark") if isinstance(phone, dict) else None
    if not isinstance(phone, dict) or not isinstance(mark, dict):
        raise _strange()
    if mark.get("appid") != account.appid:
        logger.error("WeChat vouched for a mobile of another mini-program")
        raise _strange()
    if str(phone.get("countryCode")) != "86":
        raise PersonRefused(_("Only mobile numbers of the mainland can be bound."))
    return str(phone.get("purePhoneNumber", ""))


def _client(account: Account) -> _Client:
    if not (account.appid and account.secret):
        raise NotSetUp(_("Signing in with WeChat is not set up."))
    return _Client(account)


def _dictionary(answer: requests.Response) -> dict[str, Any]:
    """The object that it holds, whatever its type says; only 200 counts."""
    if answer.status_code != 200 or len(answer.content) > 100_000:
        logger.error("WeChat answered %s", answer.status_code)
        raise _strange()
    try:
        found = answer.json()
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise _strange()
    return found


def _fault(code: Any) -> WechatError:
    """What an error code means for who asked."""
    if code in _CODE_FAULTS:
        return CodeRefused(_("The code is wrong, too old or used; ask WeChat anew."))
    if code in _RISK:
        return PersonRefused(_("WeChat refuses this account."))
    if code in _TOO_OFTEN:
        return TooOften(_("WeChat is asked too often; wait a minute."))
    logger.error("WeChat refused with errcode %s", code)
    return _strange()


def _strange() -> WechatError:
    return WechatError(_("WeChat does not answer as it should; try again."))


def _away(error: Exception) -> WechatError:
    # its text holds the address, and that the secret
    logger.error("WeChat cannot be reached: %s", type(error).__name__)
    return WechatError(_("WeChat cannot be reached; try again."))
