"""HTTP with the file server: kept connections, time limits, no silent repeats."""

import http.client
import os
import select
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from urllib.parse import urlsplit

from media_client.errors import MediaError, Reason

#: bytes a second that even a slow line manages; large bodies get their time by it
SLOWEST = 128 * 1024
KEPT = 8
STALE_AFTER = 60.0


class Answer:
    """A status line and headers, and the body while it is read."""

    def __init__(
        self,
        transport: "Transport",
        connection: "_Connection",
        response: http.client.HTTPResponse,
        ends_at: float,
    ) -> None:
        self._transport, self._connection = transport, connection
        self._ends_at = ends_at
        self._response = response
        self.status = self._response.status
        self.is_closed = False

    def header(self, name: str) -> str:
        """A header's text, "" where it is missing."""
        return self._response.getheader(name) or ""

    @property
    def length(self) -> int | None:
        """The Content-Length; None where the server does not know it."""
        text = self.header("Content-Length")
        return int(text) if text.isascii() and text.isdecimal() else None

    def read(self, most: int) -> bytes:
        """Up to `most` bytes, b"" at the end; raises MediaError CUT or TIMEOUT."""
        try:
            self._connection.wait_until(self._ends_at)
            # at the end read1 leaves the response open; read notices
            piece = self._response.read1(most) or self._response.read(0)
        except TimeoutError:
            self.close()
            raise MediaError(
                Reason.TIMEOUT, "the answer takes too long", status=self.status
            ) from None
        except (http.client.HTTPException, OSError, ValueError) as error:
            self.close()
            raise _cut(error) from error
        if not piece:
            self.close()
        return piece

    def extend(self, seconds: float) -> None:
        """Give whoever reads slowly, piece by piece, this long from now on."""
        self._ends_at = time.monotonic() + seconds

    def body(self, most: int) -> bytes:
        """The whole body; raises MediaError BAD_REPLY when it is longer than `most`."""
        found = bytearray()
        while piece := self.read(65536):
            found += piece
            if len(found) > most:
                self.close()
                raise MediaError(
                    Reason.BAD_REPLY, "the answer is too long", status=self.status
                )
        if self.length not in (None, len(found)):
            raise MediaError(Reason.CUT, "the answer broke off", status=self.status)
        return bytes(found)

    def skip(self) -> None:
        """There is no body: the answer is to a HEAD."""
        self.read(1)
        self.close()

    def close(self) -> None:
        """Give the connection back; one whose body was not read to its end is closed."""
        if self.is_closed:
            return
        self.is_closed = True
        is_whole = self._response.isclosed() and not self._response.will_close
        self._transport.give_back(self._connection, is_good=is_whole)


class Transport:
    """Requests to one server, over at most KEPT idle connections.

    Safe between threads and after a fork. Raises MediaError UNREACHABLE, TIMEOUT or CUT.
    """

    def __init__(self, url: str, *, connect_timeout: float, timeout: float) -> None:
        self._lock = threading.Lock()
        self._idle: list[_Connection] = []
        parts = urlsplit(url)
        self._is_tls = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if self._is_tls else 80)
        self._connect_timeout, self.timeout = connect_timeout, timeout
        self._process = os.getpid()

    def request(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: Iterable[bytes] = (),
        length: int = 0,
    ) -> Answer:
        """Send a request once and wait for its status line.

        A request without a body that meets a kept connection which the server has just
        closed is sent anew over a fresh one: nothing of it was read there.
        """
        seconds = self.timeout + length / SLOWEST
        ends_at = time.monotonic() + seconds
        connection = self._taken()
        was_kept = connection.is_used
        try:
            return self._asked(connection, method, target, headers, body, ends_at)
        except MediaError as error:
            is_safe = was_kept and method in ("GET", "HEAD") and not length
            if error.reason is not Reason.CUT or not is_safe:
                raise
        fresh = self._opened()
        return self._asked(fresh, method, target, headers, body, ends_at)

    def _asked(
        self,
        connection: "_Connection",
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: Iterable[bytes],
        ends_at: float,
    ) -> Answer:
        try:
            response = connection.ask(method, target, headers, body, ends_at)
        except TimeoutError:
            connection.close()
            raise MediaError(Reason.TIMEOUT, "the server takes too long") from None
        except (http.client.HTTPException, OSError, ValueError) as error:
            connection.close()
            raise _cut(error) from error
        except BaseException:
            # the body could not be read to its end: the request is half sent
            connection.close()
            raise
        return Answer(self, connection, response, ends_at)

    def _taken(self) -> "_Connection":
        with self._lock:
            if self._process != os.getpid():
                # the parent's connections are the parent's
                self._idle, self._process = [], os.getpid()
            while self._idle:
                connection = self._idle.pop()
                if connection.is_alive():
                    return connection
                connection.close()
        return self._opened()

    def _opened(self) -> "_Connection":
        connection = _Connection(
            self._host, self._port, self._connect_timeout, self._is_tls
        )
        try:
            connection.open()
        except TimeoutError:
            connection.close()
            raise MediaError(
                Reason.UNREACHABLE, f"{self._host}:{self._port} does not answer"
            ) from None
        except (OSError, UnicodeError, ssl.SSLError) as error:
            connection.close()
            raise MediaError(
                Reason.UNREACHABLE, f"{self._host}:{self._port}: {error}"
            ) from error
        return connection

    def give_back(self, connection: "_Connection", *, is_good: bool) -> None:
        """Keep a connection for the next request, or close it."""
        with self._lock:
            if is_good and len(self._idle) < KEPT and self._process == os.getpid():
                connection.kept_at = time.monotonic()
                self._idle.append(connection)
                return
        connection.close()

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Close what is kept; the transport can be used again."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()


class _Connection:
    """One connection, one request at a time."""

    response: http.client.HTTPResponse | None = None

    def __init__(self, host: str, port: int, timeout: float, is_tls: bool) -> None:
        kind = http.client.HTTPSConnection if is_tls else http.client.HTTPConnection
        self._http = kind(host, port, timeout=timeout)
        self.is_used = False
        self.kept_at = 0.0

    def open(self) -> None:
        self._http.connect()
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def _socket(self) -> socket.socket:
        found: socket.socket | None = self._http.sock
        if found is None:
            raise ConnectionError("the connection is closed")
        return found

    def is_alive(self) -> bool:
        """Nothing waits to be read: neither an end nor an answer to nothing."""
        if self._http.sock is None or time.monotonic() - self.kept_at > STALE_AFTER:
            return False
        try:
            return not select.select([self._http.sock], [], [], 0)[0]
        except (OSError, ValueError):
            return False

    def wait_until(self, ends_at: float) -> None:
        """Let the next step on the socket take until then."""
        left = ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError
        if self._http.sock is not None:
            self._http.sock.settimeout(left)

    def ask(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: Iterable[bytes],
        ends_at: float,
    ) -> http.client.HTTPResponse:
        """Send it; where sending fails, the answer may be there all the same."""
        self.is_used = True
        self.wait_until(ends_at)
        self._http.putrequest(method, target, skip_accept_encoding=True)
        for name, value in headers.items():
            self._http.putheader(name, value)
        self._http.endheaders()
        failed: OSError | None = None
        try:
            for piece in body:
                self.wait_until(ends_at)
                self._http.send(piece)
        except (BrokenPipeError, ConnectionResetError) as error:
            # a server that refuses answers 401 before it has read the body
            failed = error
        self.wait_until(ends_at)
        try:
            self.response = self._http.getresponse()
            return self.response
        except (http.client.HTTPException, OSError):
            if failed is not None:
                raise failed from None
            raise

    def close(self) -> None:
        with suppress(OSError):
            # one that ends with its connection is not the connection's to close
            if self.response is not None:
                self.response.close()
            self._http.close()


def _cut(error: Exception) -> MediaError:
    return MediaError(Reason.CUT, f"the connection broke off: {error}")
