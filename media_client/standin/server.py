"""HTTP: requests become calls, replies go out as Go writes them."""

import contextlib
import secrets
import socket
import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

from media_client.standin import calls
from media_client.standin.calls import Call, Reply
from media_client.standin.config import Config, Fault
from media_client.standin.gostyle import http_date, unquoted_form
from media_client.standin.inquiries import ENDPOINTS
from media_client.standin.multipart import Unreadable, fields_of, parts_of
from media_client.standin.node import Node
from media_client.standin.reading import MEASURED, download
from media_client.standin.uploading import upload

PIECE = 256 * 1024
_ALLOWED = (
    "Authorization, Content-Type, Depth, User-Agent, X-File-Size, X-Requested-With, "
    "X-Requested-By, If-Modified-Since, X-File-Name, X-File-Type, Cache-Control, Origin"
)


class _BodyCut(Exception):
    """The body did not come whole; the text is what the server says, if anything."""


class StandIn:
    """A server in a thread of its own; a context manager.

    `config` may be changed while it runs, `config.faults` is what the next uploads
    suffer. Everything lies below `root`; a new stand-in on the same root knows it.
    """

    def __init__(
        self, root: Path, config: Config | None = None, *, port: int = 0
    ) -> None:
        self.config = config or Config()
        self.node = Node(root, self.config)
        self._http = _Server(("127.0.0.1", port), _Handler)
        self._http.node = self.node
        self.port: int = self._http.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.config.host = self.config.host or self.url
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)
        self.requests = self._http.requests
        self._stopped = self._http.stopped

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Close the port and every connection."""
        if self._thread.is_alive():
            self._http.shutdown()
        self._stopped.set()
        self._http.close_all()
        self._http.server_close()

    def wait(self) -> None:
        """Until it is stopped."""
        self._thread.join()

    def __enter__(self) -> "StandIn":
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128
    node: Node

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        #: "POST /group1/upload" of every request, for tests that count
        self.requests: list[str] = []
        self._open: set[socket.socket] = set()
        self.stopped = threading.Event()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def close_all(self) -> None:
        for request in list(self._open):
            with contextlib.suppress(OSError):
                request.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def _handle(self) -> None:
        node = self.server.node
        self.server.requests.append(f"{self.command} {self.path.partition('?')[0]}")
        if node.config.delay:
            time.sleep(node.config.delay)
        reply = self._answered(node, self._call())
        if reply.is_cut:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self._write(reply)

    # the names are http.server's
    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = do_PATCH = _handle  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: tests look at the answers."""

    def _call(self) -> Call:
        target = self.path.encode("latin-1").decode("utf-8", "replace")
        path, _mark, query = target.partition("?")
        return Call(
            method=self.command,
            target=target,
            path=unquote(path),
            query=unquoted_form(parse_qs(query, keep_blank_values=True)),
            headers={
                name.lower(): value.encode("latin-1", "replace").decode(
                    "utf-8", "replace"
                )
                for name, value in self.headers.items()
            },
            address=self.client_address[0],
        )

    # --- bodies

    def _pieces(self, fault: Fault | None) -> Any:
        """The body as it comes; raises _BodyCut."""
        config = self.server.node.config
        ends_at = time.monotonic() + config.read_timeout
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            yield from self._chunks()
            return
        left = length = int(self.headers.get("Content-Length") or 0)
        while left:
            most = min(PIECE, left)
            if fault is Fault.CUT:
                most = min(most, left - length // 2)
                if most <= 0:
                    raise _BodyCut
            wait = ends_at - time.monotonic()
            self.connection.settimeout(max(wait, 0.01))
            try:
                piece = self.rfile.read1(most)
            except TimeoutError:
                raise _BodyCut(
                    f"read tcp {self._host()}->client: i/o timeout"
                ) from None
            if not piece:
                raise _BodyCut("unexpected EOF")
            left -= len(piece)
            yield piece
        self.connection.settimeout(None)

    def _host(self) -> str:
        return self.server.node.config.host.partition("://")[2]

    def _chunks(self) -> Any:
        while size := int(self.rfile.readline().partition(b";")[0] or b"0", 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _spooled(self, node: Node, fault: Fault | None) -> Path:
        """The raw body, in a file that stays behind when the body is cut."""
        day = time.strftime("%Y%m%d", time.gmtime(node.config.clock()))
        folder = node.files / "_tmp" / day
        folder.mkdir(parents=True, exist_ok=True)
        word = secrets.token_hex(16)
        parts = (word[:8], word[8:12], word[12:16], word[16:20], word[20:])
        path = folder / "-".join(parts)
        with path.open("wb", buffering=0) as file:
            for piece in self._pieces(fault):
                file.write(piece)
        return path

    # --- answers

    def _answered(self, node: Node, call: Call) -> Reply:
        prefix = node.config.prefix
        below = call.path.removeprefix(f"{prefix}/") if prefix else call.path[1:]
        is_below = call.path.startswith(f"{prefix}/")
        try:
            if is_below and below == "upload":
                return self._uploaded(node, call)
            self._read_form(call)
        except _BodyCut as cut:
            self.close_connection = True
            return calls.text(str(cut)) if str(cut) else Reply(is_cut=True)
        if is_below and below in ENDPOINTS:
            return ENDPOINTS[below](node, call)
        if call.path in ("/", f"{prefix}/", f"{prefix}/upload.html"):
            return self._page(node)
        reply = download(node, call)
        has_passed = reply.status != 401 and (reply.status != 301 or not reply.body)
        return replace(reply, is_open=has_passed)

    def _uploaded(self, node: Node, call: Call) -> Reply:
        config = node.config
        if (
            config.auth_url
            and not config.is_v147
            and not node.is_authorised(call, with_form=False)
        ):
            # before the body is read: a large sender meets a closed door
            self._drop_body()
            refusal = calls.fail("auth fail", status="", code=401)
            return replace(refusal, is_open=call.method == "OPTIONS")
        is_multipart = call.header("Content-Type").startswith("multipart/form-data")
        fault = node.next_fault() if call.method == "POST" else None
        if fault is Fault.HANG:
            self.server.stopped.wait(config.hang_seconds)
            return Reply(is_cut=True)
        if is_multipart:
            call.body = self._spooled(node, fault)
        else:
            self._read_form(call)
        try:
            if call.method != "OPTIONS" and self._is_refused(node, call):
                return replace(calls.fail("auth fail", code=401), is_open=True)
            return replace(_faulty(fault) or upload(node, call, fault), is_open=True)
        finally:
            if call.body is not None:
                call.body.unlink(missing_ok=True)

    def _drop_body(self) -> None:
        """Read what is short, close the door on what is long."""
        if int(self.headers.get("Content-Length") or 0) > PIECE:
            self.close_connection = True
            return
        for _piece in self._pieces(None):
            pass

    def _is_refused(self, node: Node, call: Call) -> bool:
        """The released version asks after the whole body was read."""
        if not (node.config.auth_url and node.config.is_v147):
            return False
        if call.body is not None:
            with contextlib.suppress(Unreadable):
                parts = parts_of(call.body, call.header("Content-Type"))
                call.form |= fields_of(call.body, parts)
        return not node.is_authorised(call)

    def _read_form(self, call: Call) -> None:
        body = b"".join(self._pieces(None))
        kind = call.header("Content-Type")
        if kind.startswith("application/x-www-form-urlencoded"):
            call.form = unquoted_form(parse_qs(body.decode("utf-8", "replace")))

    def _page(self, node: Node) -> Reply:
        if not node.config.enable_web_upload:
            return calls.text("web upload deny")
        page = "<html><title>go-fastdfs</title><form></form></html>\n"
        return Reply(200, page.encode(), [("Content-Type", "text/html; charset=utf-8")])

    def _write(self, reply: Reply) -> None:
        self.send_response_only(reply.status)
        headers = self._cross_origin(is_open=reply.is_open) + reply.headers
        headers.append(("Date", http_date(self.server.node.config.clock())))
        body, is_head = reply.body, self.command == "HEAD"
        length = reply.length if reply.file else len(body)
        # beyond its buffer Go does not know the length of what it did not measure
        is_text = dict(reply.headers).get("Content-Type") == calls.TEXT
        is_chunked = reply.is_chunked or (
            is_text and not reply.file and length > MEASURED and reply.status == 200
        )
        if is_chunked:
            headers += [] if is_head else [("Transfer-Encoding", "chunked")]
        elif reply.status != 304 and (length or not is_head):
            headers.append(("Content-Length", str(length)))
        if self.close_connection:
            headers.append(("Connection", "close"))
        for name, value in headers:
            self.send_header(name, value.encode().decode("latin-1"))
        self.end_headers()
        if is_head or reply.status == 304:
            return
        if is_chunked:
            body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        self.wfile.write(body)
        if reply.file:
            self._send_file(reply)

    def _send_file(self, reply: Reply) -> None:
        pause, left = self.server.node.config.piece_delay, reply.length
        with reply.file.open("rb") as file:  # type: ignore[union-attr]
            file.seek(reply.start)
            while left and (piece := file.read(min(PIECE, left))):
                left -= len(piece)
                self.wfile.write(piece)
                if pause:
                    time.sleep(pause)

    def _cross_origin(self, *, is_open: bool) -> list[tuple[str, str]]:
        if not self.server.node.config.enable_cross_origin:
            return []
        origin = self.headers.get("Origin") or "*"
        credentials = [("Access-Control-Allow-Credentials", "true")] if is_open else []
        return [
            *credentials,
            ("Access-Control-Allow-Origin", origin),
            ("Access-Control-Allow-Headers", _ALLOWED),
            ("Access-Control-Allow-Methods", "GET, POST, OPTIONS, PUT, DELETE"),
            ("Access-Control-Expose-Headers", "Authorization"),
        ]


def _faulty(fault: Fault | None) -> Reply | None:
    if fault is Fault.BROKEN:
        return Reply(500, b"<html>oops</html>", [("Content-Type", "text/html")])
    if fault is Fault.GARBAGE:
        return calls.text('{"status": NaN')
    return None
