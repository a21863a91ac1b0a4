"""Processes that live and end together."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings

from backoffice.demo import address

STEADY = "import time\nprint('working', flush=True)\nwhile True: time.sleep(0.05)"
STUBBORN = (
    "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "print('working', flush=True)\nwhile True: time.sleep(0.05)"
)
MORTAL = "import sys\nprint('I cannot go on', flush=True)\nsys.exit(3)"

PROGRAM = """
import sys
from pathlib import Path
from backoffice.demo import supervisor as module
module.GRACE_SECONDS = 1.0
said = lambda line: print(line, flush=True)
with module.Supervisor(Path(sys.argv[1]), said, Path.cwd()) as supervisor:
    for number, program in enumerate(sys.argv[2:]):
        supervisor.start(f"p{number}", [sys.executable, "-c", program])
    print("begun", flush=True)
    status = supervisor.wait()
sys.exit(status)
"""


@pytest.fixture
def supervise(tmp_path):
    """Start a supervisor over some programs, in a process of its own."""
    begun: list[subprocess.Popen] = []

    def start(*programs: str) -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(tmp_path), *programs],
            cwd=settings.BASE_DIR,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        begun.append(process)
        return process

    yield start
    for process in begun:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def read_until(process: subprocess.Popen, *wanted: str) -> str:
    """What it said, up to the line in which the last of the wanted words came."""
    missing, said = set(wanted), ""
    assert process.stdout is not None
    for line in process.stdout:
        said += line
        missing = {word for word in missing if word not in said}
        if not missing:
            return said
    raise AssertionError(f"{missing} not in:\n{said}")


def children_of(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()]


def is_gone(pid: int) -> bool:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if "Z (zombie)" in Path(f"/proc/{pid}/status").read_text():
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_one_signal_stops_all_in_good_order(supervise, tmp_path, number):
    process = supervise(STEADY, STEADY)
    said = read_until(process, "p0     | working", "p1     | working", "begun")
    children = children_of(process.pid)
    assert len(children) == 2
    process.send_signal(number)
    rest, _ = process.communicate(timeout=20)
    assert process.returncode == 0, said + rest
    assert all(is_gone(child) for child in children)
    assert (tmp_path / "p0.log").read_text() == "working\n"


def test_one_that_dies_takes_the_others_along_and_is_named(supervise):
    process = supervise(STEADY, MORTAL)
    said, _ = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "p1     | I cannot go on" in said
    assert "The p1 process has ended by itself (exit status 3)" in said


def test_one_that_does_not_listen_is_killed_after_a_while(supervise):
    process = supervise(STUBBORN)
    read_until(process, "working", "begun")
    (child,) = children_of(process.pid)
    process.terminate()
    process.communicate(timeout=20)
    assert process.returncode == 0
    assert is_gone(child)


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for it")
def test_nobody_outlives_a_supervisor_that_is_killed(supervise):
    process = supervise(STEADY)
    read_until(process, "working", "begun")
    (child,) = children_of(process.pid)
    process.kill()
    process.wait()
    assert is_gone(child)


# --- where it listens


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_free_port_is_no_problem():
    assert address.problem_with("127.0.0.1", free_port()) == ""


def test_a_port_in_use_is_named_with_a_way_out():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        problem = address.problem_with("127.0.0.1", port)
    assert f"Port {port} of 127.0.0.1 is in use" in problem
    assert f"PORT={port + 1}" in problem


@pytest.mark.parametrize("host", ["203.0.113.7", "256.1.1.1"])
def test_a_host_that_is_not_ours_is_named(host):
    assert f"HOST is '{host}'" in address.problem_with(host, free_port())


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:81/"),
        ("0.0.0.0", "http://127.0.0.1:81/"),  # noqa: S104 - compared, not bound
        ("::", "http://[::1]:81/"),
        ("shop.local", "http://shop.local:81/"),
    ],
)
def test_the_url_is_one_that_a_browser_here_can_open(host, url):
    assert address.url_of(host, 81) == url


def test_nothing_answers_where_nobody_listens():
    assert not address.answers("127.0.0.1", free_port())
