"""A gateway that answers whatever a test wants, over http or https."""

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@dataclass
class Stub:
    """What it answers, and what it was asked."""

    base_url: str = ""
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    #: by path, where it is another
    status_of: dict[str, int] = field(default_factory=dict)
    #: announced instead of the true length
    length: int | None = None
    #: seconds between one byte and the next
    drip: float = 0
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    stub: Stub

    def handle_error(self, *about: Any) -> None:
        """Clients that give up are what the tests are about."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        stub = self.server.stub
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): text for name, text in self.headers.items()}
        stub.asked.append((self.command, self.path, headers, sent))
        length = len(stub.body) if stub.length is None else stub.length
        self.send_response(stub.status_of.get(self.path, stub.status))
        for name, text in {**stub.headers, "Content-Length": str(length)}.items():
            self.send_header(name, text)
        self.end_headers()
        step = 1 if stub.drip else len(stub.body) + 1
        for place in range(0, len(stub.body), step):
            self.wfile.write(stub.body[place : place + step])
            self.wfile.flush()
            time.sleep(stub.drip)

    def log_message(self, *words: Any) -> None:
        """The tests look at `asked`."""


@contextmanager
def answering(certificate: Path | None = None, **facts: Any) -> Iterator[Stub]:
    with Server(("127.0.0.1", 0), Handler) as server:
        scheme = "http"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
            scheme = "https"
        server.stub = Stub(**facts)
        server.stub.base_url = f"{scheme}://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.02}
        )
        thread.start()
        try:
            yield server.stub
        finally:
            server.shutdown()
            thread.join()
