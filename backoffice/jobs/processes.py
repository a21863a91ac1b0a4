"""Which process this is, so that another on the same machine can tell when it is gone."""

import contextlib
import hashlib
import os
import socket
from functools import lru_cache
from pathlib import Path

_PROC = Path("/proc")


def mark() -> str:
    """This process, by the machine that it runs on, its number and when it began."""
    return _mark(os.getpid())


def is_gone(mark: str) -> bool:
    """Whether the process of this mark has ended; False as well where nobody here can
    say, as of another machine's."""
    place, _, rest = mark.partition("/")
    pid, _, began = rest.partition("/")
    if place != _place() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        pass
    state, since = _looked_at(int(pid))
    return state == "Z" or bool(began and since and since != began)


@lru_cache(maxsize=4)
def _mark(pid: int) -> str:
    return f"{_place()}/{pid}/{_looked_at(pid)[1]}"


@lru_cache(maxsize=1)
def _place() -> str:
    """Where numbers of processes mean the same: a machine, or a container of it."""
    within = ""
    with contextlib.suppress(OSError):
        within = os.readlink(_PROC / "self/ns/pid")
    place = f"{socket.gethostname()} {within}"
    return hashlib.sha256(place.encode()).hexdigest()[:16]


def _looked_at(pid: int) -> tuple[str, str]:
    """(state, when it began) as Linux tells; blanks elsewhere."""
    try:
        told = (_PROC / str(pid) / "stat").read_text()
    except OSError:
        return "", ""
    # the name, in brackets before them, may hold anything
    fields = told.rpartition(")")[2].split()
    return fields[0], fields[19]
