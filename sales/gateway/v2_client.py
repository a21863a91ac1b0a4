"""wechatpy's client with what it lacks: proven replies, limits, a chosen sign type."""

import logging
import secrets
from typing import Any

import requests
from wechatpy.pay import WeChatPay

from sales.gateway.config import V2Config
from sales.gateway.errors import GatewayError, Reason
from sales.gateway.flat_xml import parse_flat
from sales.gateway.transport import Transport


def _is_fit_to_print(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.INFO


# below INFO the library prints the merchant's key; a level could be set anew, by anybody
for _name in ("wechatpy.pay", "wechatpy.pay.utils", "wechatpy.pay.api.jsapi"):
    logging.getLogger(_name).addFilter(_is_fit_to_print)


class Client(WeChatPay):
    """Sends what wechatpy composes; hands the reply over unjudged, see `wechat_v2`."""

    def __init__(self, config: V2Config) -> None:
        super().__init__(
            config.appid,
            config.api_key,
            config.mch_id,
            mch_cert=_path(config.cert_file),
            mch_key=_path(config.key_file),
            timeout=(config.timeouts.connect, config.timeouts.read),
        )
        self.API_BASE_URL = f"{config.base_url}/"
        self._http = Transport(config)
        self._sign_type = config.sign_type

    def _request(self, method: str, url_or_endpoint: str, **kwargs: Any) -> Any:
        fields = kwargs["data"]
        # the library's own comes from a predictable source
        fields["nonce_str"] = secrets.token_hex(16)
        if self._sign_type != "MD5":
            fields["sign_type"] = self._sign_type
        for path in filter(None, (self.mch_cert, self.mch_key)):
            _check_readable(path)
        return super()._request(method, url_or_endpoint, **kwargs)

    def _handle_result(self, res: requests.Response) -> dict[str, str] | bytes:
        body = bytes(res.content)
        is_bill = str(res.url).endswith("/pay/downloadbill")
        if is_bill and not body.lstrip().startswith(b"<"):
            return body
        return parse_flat(body)


def _path(path: Any) -> str | None:
    return None if path is None else str(path)


def _check_readable(path: str) -> None:
    """Before anything is sent; later it could not be told from a failed call."""
    try:
        with open(path, "rb"):
            return
    except OSError:
        raise GatewayError(
            Reason.CONFIGURATION, "a file of the merchant's certificate is unreadable"
        ) from None
