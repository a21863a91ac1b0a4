"""What the measurements share: a scratch database, a server, somebody who asks it.

Ours and the limit alternate within one run, because machines differ and drift; only
their ratio counts. A measurement refuses to begin on a busy machine.
"""

import json
import os
import platform
import re
import secrets
import selectors
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice, repeat
from pathlib import Path

import psycopg

ROOT = Path(__file__).resolve().parent.parent
POSTGRES = "postgres://postgres@127.0.0.1:5432/test"
#: a busier machine measures itself
MOST_LOAD = 1.0
_TICKS = os.sysconf("SC_CLK_TCK")


def require_quiet() -> None:
    """End with a sentence where others use the machine (`--anyway` goes on)."""
    load = os.getloadavg()[0]
    if load > MOST_LOAD and "--anyway" not in sys.argv:
        sys.exit(
            f"The load is {load:.2f}, above {MOST_LOAD}: figures would say more about "
            "the others. Wait, or pass --anyway."
        )


def emit(**facts: object) -> None:
    """One JSON line."""
    facts |= {
        "load1": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
    }
    print(json.dumps(facts, ensure_ascii=False), flush=True)


def judged(ours: Sequence[float], limit: Sequence[float]) -> dict[str, object]:
    """The median of the rounds' ratios, and how far they lie apart."""
    ratios = [one / other for one, other in zip(ours, limit, strict=True)]
    return {
        "ratio": round(statistics.median(ratios), 3),
        "spread": [round(min(ratios), 3), round(max(ratios), 3)],
        "rounds": len(ratios),
    }


@contextmanager
def scratch_database() -> Iterator[str]:
    """The address of an empty PostgreSQL database that is dropped afterwards."""
    url = os.environ.get("TEST_POSTGRES_URL", POSTGRES)
    server = re.sub(r"/[^/?]*(\?.*)?$", "/postgres", url)
    name = f"bench_{secrets.token_hex(4)}"
    try:
        connection = psycopg.connect(
            server.replace("postgres://", "postgresql://"),
            autocommit=True,
            connect_timeout=2,
        )
    except psycopg.OperationalError:
        sys.exit("No PostgreSQL answers; name one by TEST_POSTGRES_URL.")
    with connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield re.sub(r"/postgres$", f"/{name}", server)
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def environment(url: str) -> dict[str, str]:
    """A production on this database, quiet and without https."""
    return {
        **os.environ,
        "PYTHONPATH": f"{ROOT}:{ROOT / 'bench'}",
        "SECRET_KEY": "only-for-measuring-" + "x" * 50,
        "DATABASE_URL": url,
        "DEMO": "off",
        "HTTPS": "off",
        "ALLOWED_HOSTS": "127.0.0.1",
        "LOG_LEVEL": "WARNING",
        "PYTHONWARNINGS": "ignore",
    }


def manage(url: str, *arguments: str) -> None:
    """`manage.py` on this database."""
    subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment(url),
        check=True,
        stdout=subprocess.DEVNULL,
    )


# --- a web server -----------------------------------------------------------------------


@dataclass(frozen=True)
class Server:
    """A server that runs: its port, and what it has cost so far."""

    port: int
    pid: int

    def cpu_seconds(self) -> float:
        """Of all its processes."""
        return sum(_cpu_seconds(pid) for pid in _family(self.pid))


@contextmanager
def served(
    application: str, url: str, *, workers: int = 2, threads: int = 1, **more: str
) -> Iterator[Server]:
    """A WSGI application under granian, by default two processes with one thread each;
    `more` goes to its environment."""
    port = _free_port()
    command = [
        *(sys.executable, "-m", "granian", "--interface", "wsgi"),
        *("--host", "127.0.0.1", "--port", str(port), "--workers", str(workers)),
        *("--blocking-threads", str(threads), "--no-ws", "--log-level", "error"),
        *("--workers-kill-timeout", "3", application),
    ]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment(url) | more, start_new_session=True
    )
    try:
        _wait_for(port)
        yield Server(port, process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    sys.exit("The server did not start.")


def _family(pid: int) -> list[int]:
    found = [pid]
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in path.read_text().split():
            found += _family(int(child))
    return found


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


# --- somebody who asks ------------------------------------------------------------------


@dataclass(frozen=True)
class Load:
    """What came of asking for a while. `answers` counts them by status."""

    per_second: float
    cpu_ms: float
    answers: Mapping[int, int]


def ask(
    server: Server,
    path: str,
    *,
    seconds: float,
    connections: int = 16,
    headers: Mapping[str, str] | None = None,
) -> Load:
    """Ask for `path` on so many kept-open connections, one request each at a time."""
    request = written("GET", path, headers or {})
    return send(server, repeat(request), seconds=seconds, connections=connections)


def written(
    method: str, path: str, headers: Mapping[str, str], body: bytes = b""
) -> bytes:
    """A request as it goes over the wire."""
    given = {"Host": "127.0.0.1", "Accept": "application/json", **headers}
    if body:
        given |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body


def send(
    server: Server,
    requests: Iterator[bytes],
    *,
    seconds: float,
    connections: int,
    expected: Sequence[int] = (200,),
) -> Load:
    """Send requests on so many kept-open connections, one each at a time, until the
    time is over or there are no more. Ends with a sentence at an unexpected answer."""
    selector = selectors.DefaultSelector()
    began, cost = time.perf_counter(), server.cpu_seconds()
    until, open_ones, answers = began + seconds, 0, Counter[int]()
    for request in islice(requests, connections):
        sock = socket.create_connection(("127.0.0.1", server.port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.sendall(request)
        selector.register(sock, selectors.EVENT_READ, bytearray())
        open_ones += 1
    while open_ones and time.perf_counter() < until:
        for key, _events in selector.select(timeout=1):
            held: bytearray = key.data
            held += key.fileobj.recv(65536)  # type: ignore[union-attr]
            if not _is_whole(held):
                continue
            status = int(held[9:12])
            if status not in expected:
                sys.exit(f"The server answered {bytes(held[-300:])!r}")
            held.clear()
            answers[status] += 1
            request = next(requests, b"")
            if request:
                key.fileobj.sendall(request)  # type: ignore[union-attr]
            else:
                selector.unregister(key.fileobj)
                key.fileobj.close()  # type: ignore[union-attr]
                open_ones -= 1
    took, cost = time.perf_counter() - began, server.cpu_seconds() - cost
    for key in list(selector.get_map().values()):
        key.fileobj.close()  # type: ignore[union-attr]
    selector.close()
    count = answers.total()
    return Load(count / took, 1000 * cost / max(count, 1), answers)


def _is_whole(answer: bytearray) -> bool:
    head, found, body = answer.partition(b"\r\n\r\n")
    if not found:
        return False
    length = re.search(rb"(?i)content-length: (\d+)", head)
    if length:
        return len(body) >= int(length[1])
    return body.endswith(b"0\r\n\r\n")
