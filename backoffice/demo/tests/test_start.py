"""`make run` on a copy of the checkout, as somebody does who has just cloned it."""

import contextlib
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.skipif(
    not settings.IS_SQLITE, reason="has a database of its own; once is enough"
)

PATIENCE = 120.0


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Path:
    copy = tmp_path_factory.mktemp("clone") / "shop"
    left_out = shutil.ignore_patterns(
        ".git", ".venv", "var", ".env", "*_cache", "__pycache__", "node_modules"
    )
    shutil.copytree(settings.BASE_DIR, copy, ignore=left_out)
    return copy


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def bare(**more: object) -> dict[str, str]:
    """An environment in which next to nothing is set."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        **{name: str(value) for name, value in more.items()},
    }


@contextlib.contextmanager
def started(checkout: Path, **environment: object) -> Iterator[tuple[str, int]]:
    """The shop while it runs: what it said until it was ready, and its port. It must
    end with status 0 when it is told to."""
    port = free_port()
    log = checkout / "said"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "backoffice.demo"],
            cwd=checkout,
            env=bare(PORT=port, **environment),
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        until = time.monotonic() + PATIENCE
        while "The shop is ready" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.1)
        yield log.read_text(), port
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0, log.read_text()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def get(port: int, path: str) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
        content: bytes = answer.read()
        return content


def password_in(said: str) -> str:
    found = re.search(r"with the password\s+(\S+)", said)
    assert found, said
    return found[1]


def can_sign_in(checkout: Path, password: str) -> bool:
    """Asked with plain `manage.py` and no environment: the demo's own database."""
    answer = subprocess.run(
        [
            *(sys.executable, "manage.py", "shell", "-v0", "-c"),
            "from backoffice.accounts.models import User\n"
            f"print(User.objects.get(username='admin').check_password({password!r}))",
        ],
        cwd=checkout,
        env=bare(),
        capture_output=True,
        text=True,
        check=True,
    )
    return answer.stdout.strip() == "True"


@pytest.mark.enable_socket
def test_the_shop_starts_stops_and_keeps_its_data(checkout: Path):
    with started(checkout) as (said, port):
        assert b'"code":0' in get(port, "/api/v1/goods?page_size=1")
        assert b"csrfmiddlewaretoken" in get(port, "/admin/login/")
        second = subprocess.run(
            [sys.executable, "-m", "backoffice.demo"],
            cwd=checkout,
            env=bare(PORT=free_port()),
            capture_output=True,
            text=True,
            check=False,
        )
        assert second.returncode == 1
        assert "runs already" in second.stderr
    password = password_in(said)
    assert can_sign_in(checkout, password)
    var = checkout / "var"
    for name in ("secret_key", "demo_admin_password"):
        assert stat.S_IMODE((var / name).stat().st_mode) == 0o600
    for name in ("shop.sqlite3", "media", "logs/web.log", "logs/worker.log"):
        assert (var / name).exists()
    for log in (var / "logs").iterdir():
        assert password not in log.read_text()
    key = (var / "secret_key").read_text()

    with started(checkout) as (again, port):
        assert "Filling in" not in again
        assert password_in(again) == password
    assert (var / "secret_key").read_text() == key

    with started(checkout, DEMO_ADMIN_PASSWORD="my own words") as (chosen, port):
        assert "my own words" not in chosen
    assert can_sign_in(checkout, "my own words")


def test_a_start_that_is_cut_off_ends_in_good_order_and_leaves_nothing(
    checkout: Path, tmp_path: Path
):
    database = f"sqlite:///{tmp_path / 'other.sqlite3'}"
    process = subprocess.Popen(
        [sys.executable, "-m", "backoffice.demo"],
        cwd=checkout,
        env=bare(PORT=free_port(), DATABASE_URL=database),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if "Filling in" in line:
            process.terminate()
    assert process.wait(timeout=60) == 0, said
    process.stdout.close()
    assert said.endswith("Stopped.\n")
    answer = subprocess.run(
        [
            *(sys.executable, "manage.py", "shell", "-v0", "-c"),
            "from catalog.models import Goods, Unit\n"
            "print(Goods.objects.count(), Unit.objects.count())",
        ],
        cwd=checkout,
        env=bare(DATABASE_URL=database),
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.split() == ["0", "0"]


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"SECRET_KEY": "a shop of somebody"}, "this is not the demo shop"),
        ({"PORT": "abc"}, "PORT is 'abc'"),
        ({"HOST": "203.0.113.7"}, "HOST is '203.0.113.7'"),
        ({"DATABASE_URL": "mysql://u:secret@h/d"}, "other databases are not supported"),
        (
            {"DATABASE_URL": "sqlite:////nowhere/shop.sqlite3"},
            "does not let the shop in",
        ),
        ({"SHOP_FREIGHT": "abc"}, "SHOP_FREIGHT is 'abc'"),
    ],
)
def test_a_start_that_cannot_be_ends_with_a_sentence(
    checkout: Path, environment: dict[str, str], sentence: str
):
    answer = subprocess.run(
        [sys.executable, "-m", "backoffice.demo"],
        cwd=checkout,
        env=bare(**{"PORT": free_port(), **environment}),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert answer.returncode == 1
    assert sentence in answer.stderr
    assert "Traceback" not in answer.stderr
    assert "secret@" not in answer.stderr
