"""A web server of its own for a test: processes that share the test's database."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

PATIENCE = 60.0


class Server:
    """Granian, asked over HTTP."""

    def __init__(self, port: int, pid: int = 0) -> None:
        self.port = port
        #: the leader of its process group
        self.pid = pid

    def ask(
        self, method: str, path: str, body: Any = None, token: str = "", key: str = ""
    ) -> Any:
        """(status, body of the answer) of a call of the storefront."""
        call = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"JWT-TOKEN {token}"
        if key:
            headers["Idempotency-Key"] = key
        text = None if body is None else json.dumps(body)
        try:
            call.request(method, f"/api/v1{path}", text, headers)
            answer = call.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            call.close()


@contextlib.contextmanager
def server(
    log: Path, *, workers: int = 1, threads: int = 2, **environment: str
) -> Iterator[Server]:
    """`workers` processes with `threads` each, on the database of the test."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws"),
        *("--host", "127.0.0.1", "--port", str(port), "--workers", str(workers)),
        *("--blocking-threads", str(threads), "backoffice.wsgi:application"),
    ]
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=settings.BASE_DIR,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "backoffice.tests.server_settings",
                "SERVER_DATABASE": str(connection.settings_dict["NAME"]),
                **environment,
            },
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait_for(port, log)
        yield Server(port, process.pid)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_for(port: int, log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"the server did not start:\n{log.read_text()}")
