"""A stand-in for WeChat's sign-in, for the demo and for tests; on loopback only.

    python -m backoffice.demo.wechat 8601

Any code `demo-…` belongs to somebody: the same code always to the same openid and, as a
phone code, to the same mobile. `fail-40163` is refused with that errcode, `fail-http`
with status 500. Every other code is wrong (40029). It keeps no secrets and knows nobody.
"""

import hashlib
import json
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

APPID = "wxdemo000000000000"
SECRET = "demo"  # noqa: S105 - of a stand-in that lets everybody in
_TOKEN = "demo-access-token"  # noqa: S105 - see SECRET
_KNOWN = re.compile(r"demo-[\w-]{1,60}")
_FAILING = re.compile(r"fail-(-?\d{1,6})")


def openid_of(code: str) -> str:
    """Whose code it is."""
    return f"o{hashlib.sha256(code.encode()).hexdigest()[:27]}"


def mobile_of(code: str) -> str:
    """Which mobile it vouches for; of a block that is not given out."""
    number = int(hashlib.sha256(code.encode()).hexdigest()[:12], 16) % 10**6
    return f"13001{number:06d}"


class Answers(BaseHTTPRequestHandler):
    """The three calls, as WeChat answers them: HTTP 200 with an errcode."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """jscode2session."""
        address = urlsplit(self.path)
        given = {name: values[0] for name, values in parse_qs(address.query).items()}
        if address.path != "/sns/jscode2session":
            self._answer({"errcode": 404, "errmsg": "no such call"}, 404)
        elif given.get("secret") != SECRET:
            self._answer({"errcode": 40125, "errmsg": "invalid appsecret"})
        else:
            code = given.get("js_code", "")
            self._by_code(
                code, {"openid": openid_of(code), "session_key": "c2Vzc2lvbg=="}
            )

    def do_POST(self) -> None:
        """stable_token and getuserphonenumber."""
        size = int(self.headers.get("Content-Length") or 0)
        try:
            given = json.loads(self.rfile.read(size) or b"{}")
        except ValueError:
            given = {}
        address = urlsplit(self.path)
        token = parse_qs(address.query).get("access_token", [""])[0]
        if address.path == "/cgi-bin/stable_token":
            self._answer({"access_token": _TOKEN, "expires_in": 7200})
        elif address.path != "/wxa/business/getuserphonenumber":
            self._answer({"errcode": 404, "errmsg": "no such call"}, 404)
        elif token != _TOKEN:
            self._answer({"errcode": 40001, "errmsg": "invalid credential"})
        else:
            code = str(given.get("code", ""))
            mobile = mobile_of(code)
            phone = {
                "phoneNumber": mobile,
                "purePhoneNumber": mobile,
                "countryCode": "86",
                "watermark": {"timestamp": 0, "appid": APPID},
            }
            self._by_code(code, {"errcode": 0, "errmsg": "ok", "phone_info": phone})

    def _by_code(self, code: str, success: dict[str, Any]) -> None:
        failing = _FAILING.fullmatch(code)
        if code == "fail-http":
            self._answer({}, 500)
        elif failing:
            self._answer({"errcode": int(failing[1]), "errmsg": "as asked for"})
        elif _KNOWN.fullmatch(code):
            self._answer(success)
        else:
            self._answer({"errcode": 40029, "errmsg": "invalid code"})

    def _answer(self, content: dict[str, Any], status: int = 200) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Addresses hold codes and secrets: nothing is printed."""


class StandIn(ThreadingHTTPServer):
    """It listens on this machine only."""

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Answers)

    @property
    def base(self) -> str:
        """What WECHAT_API_BASE is set to."""
        return f"http://127.0.0.1:{self.server_port}"


def main() -> None:
    """Answer until somebody stops it."""
    StandIn(int(sys.argv[1]) if len(sys.argv) > 1 else 0).serve_forever()


if __name__ == "__main__":
    main()
