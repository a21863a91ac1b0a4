"""A server on the loopback that answers SendSms as Tencent Cloud does, and checks
signatures as it does (TC3-HMAC-SHA256)."""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET_ID = "AKIDtest"
SECRET_KEY = "not-a-real-key"


class Vendor(ThreadingHTTPServer):
    """`requests` holds the bodies that came in; `answers` what to say, first first:
    a code of a message's status, "error:<code>" for the whole request, "status:500",
    "garbage", "empty", "silence" (no answer within two seconds)."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.answers: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Vendor

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.headers.append(dict(self.headers.items()))
        self.server.requests.append(json.loads(body))
        said = self.server.answers.pop(0) if self.server.answers else "Ok"
        if not self._is_signed(body):
            said = "error:AuthFailure.SignatureFailure"
        if said == "silence":
            time.sleep(2)
            self.close_connection = True
            return
        if said.startswith("status:"):
            self._send(int(said.removeprefix("status:")), b"bad gateway", "text/html")
        elif said == "garbage":
            self._send(200, b"{not json", "application/json")
        else:
            answer = {"Response": self._response(said)}
            self._send(200, json.dumps(answer).encode(), "application/json")

    def _response(self, said: str) -> dict[str, Any]:
        request_id = {"RequestId": "a0aabda6-cf91-4f3e-a81f-9198114a2279"}
        if said.startswith("error:"):
            code = said.removeprefix("error:")
            return {"Error": {"Code": code, "Message": f"about {code}"}} | request_id
        if said == "empty":
            return {"SendStatusSet": []} | request_id
        number = self.server.requests[-1]["PhoneNumberSet"][0]
        is_ok = said == "Ok"
        status = {
            "SerialNo": "5000:1045710669157053657849499619" if is_ok else "",
            "PhoneNumber": number,
            "Fee": int(is_ok),
            "SessionContext": "",
            "Code": said,
            "Message": "send success" if is_ok else f"about {number}",
            "IsoCode": "CN",
        }
        return {"SendStatusSet": [status]} | request_id

    def _is_signed(self, body: bytes) -> bool:
        """As the vendor works it out (API signature v3)."""
        stamp = self.headers["X-TC-Timestamp"]
        day = datetime.fromtimestamp(int(stamp), UTC).strftime("%Y-%m-%d")
        canonical = "\n".join(
            [
                "POST",
                "/",
                "",
                f"content-type:{self.headers['Content-Type']}",
                f"host:{self.headers['Host']}",
                "",
                "content-type;host",
                hashlib.sha256(body).hexdigest(),
            ]
        )
        scope = f"{day}/sms/tc3_request"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        text = f"TC3-HMAC-SHA256\n{stamp}\n{scope}\n{digest}"
        key = f"TC3{SECRET_KEY}".encode()
        for part in (day, "sms", "tc3_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        signature = hmac.new(key, text.encode(), "sha256").hexdigest()
        wanted = (
            f"TC3-HMAC-SHA256 Credential={SECRET_ID}/{scope}, "
            f"SignedHeaders=content-type;host, Signature={signature}"
        )
        return self.headers["Authorization"] == wanted

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quietly."""


@contextmanager
def vendor_at_work() -> Iterator[Vendor]:
    """The server, in a thread of its own."""
    server = Vendor()
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.05}
    )
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


SETTINGS = {
    "SMS_BACKEND": "tencent",
    "TENCENTCLOUD_SECRET_ID": SECRET_ID,
    "TENCENTCLOUD_SECRET_KEY": SECRET_KEY,
    "SMS_APP_ID": "1400006666",
    "SMS_SIGN_NAME": "鲜果店",
    "SMS_TEMPLATES": {"low_stock": "449739"},
    "SMS_TIMEOUT": 1,
}
