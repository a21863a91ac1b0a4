"""Whether the shop can listen where it is told to, and whether it answers there."""

import errno
import http.client
import os
import socket

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound


def problem_with(host: str, port: int) -> str:
    """Why nobody can listen there, in a sentence with a way out; "" where one can."""
    try:
        (family, kind, protocol, _name, address), *_rest = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )
    except OSError:
        return f"HOST is {host!r}, which is not an address of this machine."
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            return _sentence(error, host, port)
    return ""


def _sentence(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        other = port + 1 if port < 65535 else 8000
        return (
            f"Port {port} of {host} is in use by another program. Stop it, or choose "
            f"another port: make run PORT={other}"
        )
    if error.errno == errno.EACCES:
        return f"Port {port} may not be used by this user; choose one from 1024 up."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"HOST is {host!r}, which is not an address of this machine."
    return f"Nobody can listen on {host} port {port}: {os.strerror(error.errno or 0)}."


def free_port() -> int:
    """One of this machine's that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def url_of(host: str, port: int) -> str:
    """Where a browser on this machine finds it."""
    reachable = _EVERYWHERE.get(host, host)
    name = f"[{reachable}]" if ":" in reachable else reachable
    return f"http://{name}:{port}/"


def answers(host: str, port: int) -> bool:
    """Whether a web server there answers anything at all."""
    connection = http.client.HTTPConnection(
        _EVERYWHERE.get(host, host), port, timeout=5
    )
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
