"""How both adapters reach the gateway: within time and size, and nobody else.

Certificates are checked, redirects are not followed, proxies and .netrc of the
environment do not count (the latter would replace our Authorization), and each call has
a connection of its own: a kept one that went stale would make its outcome unknown.
"""

import time
from collections.abc import Mapping
from typing import Any

import requests
import urllib3

from sales.gateway.config import Config

#: bytes of a reply; a bill may be longer
MOST_BYTES = 1024 * 1024
MOST_BILL_BYTES = 128 * 1024 * 1024
_BILL_PATHS = ("/pay/downloadbill", "/v3/billdownload/")
_CHUNK = 64 * 1024


class Transport:
    """Looks to the libraries like the session that they would use."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._verify: bool | str = str(config.ca_file) if config.ca_file else True

    def request(
        self,
        method: str,
        url: str,
        *,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        cert: tuple[str, str] | None = None,
        timeout: Any = None,  # the library passes its own; ours count
    ) -> requests.Response:
        """The whole reply. Raises `requests.RequestException`, whose outcome is unknown
        whatever its kind."""
        path = url.removeprefix(self._config.base_url)
        is_bill = path.startswith(_BILL_PATHS)
        limits = self._config.timeouts
        until = time.monotonic() + (limits.bill if is_bill else limits.total)
        with requests.Session() as session:
            session.trust_env = False
            response = session.request(
                method,
                url,
                data=data,
                headers={
                    "Accept-Encoding": "identity",
                    "Connection": "close",
                    "Content-Type": "text/xml; charset=utf-8",
                    **(headers or {}),
                },
                cert=cert,
                verify=self._verify,
                timeout=(limits.connect, limits.read),
                allow_redirects=False,
                stream=True,
            )
            most = MOST_BILL_BYTES if is_bill else MOST_BYTES
            # read here, so that the library's `content` and `text` have it
            response._content = _read(response, most, until)
            response._content_consumed = True
        return response


def _read(response: requests.Response, most: int, until: float) -> bytes:
    """The body, as it comes; a sender that drips does not hold us longer than agreed."""
    chunks: list[bytes] = []
    length = 0
    try:
        while chunk := response.raw.read1(_CHUNK, decode_content=False):
            chunks.append(chunk)
            length += len(chunk)
            if length > most:
                raise requests.exceptions.ContentDecodingError("the reply is too long")
            if time.monotonic() > until:
                raise requests.exceptions.ReadTimeout("the reply takes too long")
    except (urllib3.exceptions.HTTPError, OSError) as error:
        if isinstance(error, requests.RequestException):
            raise
        raise requests.exceptions.ConnectionError("the reply broke off") from None
    finally:
        response.close()
    return b"".join(chunks)
