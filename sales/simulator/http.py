"""HTTP on loopback: reads requests, hands them on, writes what is answered."""

import select
import socket
import ssl
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sales.simulator.identity import Identity
from sales.simulator.messages import Reply, Request, Silence

HOST = "127.0.0.1"
MOST_BYTES = 1024 * 1024
#: seconds that a silent connection is kept before the simulator drops it
PATIENCE = 90.0

Answer = Callable[[Request], Reply]


class Server(ThreadingHTTPServer):
    """Listens on this machine only."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, port: int, answer: Answer, tls: Identity | None) -> None:
        self.answer = answer
        self.stopping = threading.Event()
        self.is_encrypted = tls is not None
        super().__init__((HOST, port), Handler)
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls.server_certificate)
            context.load_verify_locations(tls.ca)
            # asked for, and demanded only where the gateway demands one
            context.verify_mode = ssl.CERT_OPTIONAL
            self.socket = context.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )

    @property
    def base_url(self) -> str:
        """Without a slash at the end."""
        scheme = "https" if self.is_encrypted else "http"
        return f"{scheme}://{HOST}:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error of ours; anything else is."""
        kind = sys.exc_info()[0]
        if kind is None or not issubclass(kind, (ConnectionError, ssl.SSLError)):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "simulator"
    sys_version = ""
    timeout = 60

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        body = self._body()
        if body is None:
            return
        request = Request(
            method=self.command,
            target=self.path,
            headers={name.lower(): text for name, text in self.headers.items()},
            body=body,
            has_certificate=self._has_certificate(),
            is_encrypted=self.server.is_encrypted,
        )
        try:
            reply = self.server.answer(request)
        except Silence:
            self._wait_until_gone()
            return
        self._write(reply)

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > MOST_BYTES:
            self.close_connection = True
            self._write(Reply(413, b"too long"))
            return None
        return self.rfile.read(int(length))

    def _has_certificate(self) -> bool:
        connection = self.connection
        return isinstance(connection, ssl.SSLSocket) and bool(connection.getpeercert())

    def _write(self, reply: Reply) -> None:
        self.send_response(reply.status)
        if reply.status != 204:
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(len(reply.body)))
        for name, text in reply.headers.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(reply.body)

    def _wait_until_gone(self) -> None:
        """Until the client gives up, or the simulator stops."""
        self.close_connection = True
        waited = 0.0
        while waited < PATIENCE and not self.server.stopping.is_set():
            readable, _, _ = select.select([self.connection], [], [], 0.1)
            if readable and not self._is_there():
                return
            waited += 0.1

    def _is_there(self) -> bool:
        try:
            if isinstance(self.connection, ssl.SSLSocket):
                return bool(self.connection.recv(1))
            return bool(self.connection.recv(1, socket.MSG_PEEK))
        except OSError:
            return False

    def log_message(self, format: str, *args: Any) -> None:
        """The calls are kept in the books."""
