"""Where things are asked for: endpoints, files as we read them, files as all may."""

import hashlib
import time
from urllib.parse import quote, urlencode, urlsplit

from media_client import names
from media_client.errors import MediaError, Reason


class Addresses:
    """The addresses of one server; `prefix` is "/group1", or "" without groups."""

    def __init__(
        self, url: str, *, group: str, public_url: str, token: str, is_signed: bool
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise MediaError(
                Reason.BAD_NAME, "the file server's address must be http(s)://…"
            )
        path = parts.path.strip("/") or group.strip("/")
        self.prefix = f"/{path}" if path else ""
        self._public = _without_query(public_url or url, self.prefix)
        self._token, self._is_signed = token, is_signed

    def endpoint(
        self, name: str, query: dict[str, str], *, with_token: bool = True
    ) -> str:
        """What is asked of the server itself."""
        if self._token and with_token:
            query = query | {"auth_token": self._token}
        return f"{self.prefix}/{name}{_query(query)}"

    def file(self, path: str, md5: str) -> str:
        """What we read a file by; `md5` signs it where downloads are signed."""
        query = {"download": "0"}
        if self._token:
            query["auth_token"] = self._token
        if md5 and self._is_signed:
            query |= signature(md5)
        return f"{self.prefix}/{names.quoted(path)}{_query(query)}"

    def public(
        self, path: str, *, width: int, height: int, download_as: str, md5: str
    ) -> str:
        """What browsers are given; see MediaClient.url."""
        extension = names.extension(path)
        is_shown = extension in names.INLINE and not download_as
        query = {"download": "0" if is_shown else "1"}
        if download_as:
            query["name"] = download_as.replace("..", ".")
        if extension in names.RESIZABLE:
            sides = {"width": width, "height": height}
            query |= {side: str(n) for side, n in sides.items() if n > 0}
        if md5:
            query |= signature(md5)
        return f"{self._public}/{names.quoted(path)}{_query(query)}"


def signature(md5: str) -> dict[str, str]:
    """The token of a download: whoever knows the content's md5 can make it."""
    moment = str(int(time.time()))
    token = hashlib.md5(f"{md5}{moment}".encode(), usedforsecurity=False)
    return {"token": token.hexdigest(), "timestamp": moment}


def _query(query: dict[str, str]) -> str:
    return f"?{urlencode(query, quote_via=quote, safe='/')}" if query else ""


def _without_query(url: str, prefix: str) -> str:
    """An address with a path of its own stands as it is."""
    parts = urlsplit(url)
    if parts.path.strip("/"):
        return url.split("?")[0].rstrip("/")
    return f"{parts.scheme}://{parts.netloc}{prefix}"
