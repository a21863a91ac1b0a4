"""Web server and worker as two processes that live and end together.

One Ctrl-C, a SIGTERM or a SIGHUP stops both in good order; one that dies takes the
other along. What they print is shown with its origin and kept in `var/logs`.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

#: how long a process may take to end what it has in hand
GRACE_SECONDS = 25.0
_LOG_BYTES = 5 * 2**20
_PR_SET_PDEATHSIG = 1

Say = Callable[[str], None]


class Child:
    """One process, in a process group of its own: a Ctrl-C at the terminal reaches only
    the supervisor, which then stops each in its own way."""

    def __init__(
        self, name: str, command: Sequence[str], log: Path, say: Say, cwd: Path
    ) -> None:
        self.name = name
        self._log = log
        self._say = say
        self._process = subprocess.Popen(  # noqa: S603 - our own programs
            command,
            cwd=cwd,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
        self._reader = threading.Thread(target=self._pass_on, daemon=True)
        self._reader.start()

    @property
    def exit_code(self) -> int | None:
        """None while it runs; as the shell says it afterwards."""
        return self._process.poll()

    def ask_to_stop(self) -> None:
        """SIGTERM: end what you have in hand, then go."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()

    def kill(self) -> None:
        """The whole group, at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def close(self) -> None:
        """After its end: whatever it left behind, and the rest of its output."""
        self.kill()
        self._reader.join(timeout=2)

    def _pass_on(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        with self._log.open("a", encoding="utf-8") as file:
            for line in self._process.stdout:
                self._say(f"{self.name:<6} | {line.rstrip()}")
                file.write(line)
                file.flush()


def _die_with_parent() -> None:
    """Linux sends the child a SIGTERM when the supervisor is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Supervisor:
    """Starts the processes, waits for a signal or a death, stops them all."""

    def __init__(self, logs: Path, say: Say, cwd: Path) -> None:
        self._logs = logs
        self._say = say
        self._cwd = cwd
        self._children: list[Child] = []
        self._asked = 0
        self._make = MakeWatch()

    def __enter__(self) -> "Supervisor":
        self._logs.mkdir(parents=True, exist_ok=True)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        return self

    def __exit__(self, *error: Any) -> None:
        self._stop_all()

    def start(self, name: str, command: Sequence[str]) -> None:
        """Start one process; its output goes to the terminal and to its log."""
        log = self._logs / f"{name}.log"
        _turn_over(log)
        self._children.append(Child(name, command, log, self._say, self._cwd))

    def wait_until(self, is_ready: Callable[[], bool], seconds: float) -> bool:
        """Whether it became ready, before anybody died or asked to stop."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and self._goes_on():
            if is_ready():
                return True
            time.sleep(0.1)
        return False

    def wait(self) -> int:
        """Until somebody asks to stop (0) or a process dies (1)."""
        while self._goes_on():
            time.sleep(0.2)
        return 0 if self.was_asked else 1

    @property
    def was_asked(self) -> bool:
        """Whether a signal asked to stop."""
        return self._asked > 0

    def _goes_on(self) -> bool:
        if self._make.has_ended():
            self._asked += 1
        if self._asked:
            return False
        for child in self._children:
            if child.exit_code is not None:
                self._say(
                    f"The {child.name} process has ended by itself "
                    f"({_in_words(child.exit_code)}); its last lines are above and in "
                    f"{self._logs / (child.name + '.log')}. The shop stops."
                )
                return False
        return True

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._asked += 1

    def _stop_all(self) -> None:
        if self._asked:
            self._say("Stopping.")
        already = self._asked
        for child in self._children:
            child.ask_to_stop()
        began, told = time.monotonic(), False
        while any(child.exit_code is None for child in self._children):
            waited = time.monotonic() - began
            if waited > GRACE_SECONDS or self._asked > already:
                break
            if waited > 3 and not told:
                self._say("Waiting for work in hand; Ctrl-C again cuts it short.")
                told = True
            time.sleep(0.05)
        for child in self._children:
            child.close()


class MakeWatch:
    """Whether the `make` that started us has been told to stop.

    `make` passes a SIGTERM on. A SIGINT it leaves to the terminal, which sends it to
    everybody; but where only `make` gets one, or it is killed, nobody would tell us.
    """

    def __init__(self) -> None:
        self._parent = os.getppid()
        self._is_make = _proc(self._parent).get("Name") == "make"
        self._caught = self._is_make and self._catches_interrupts()

    def has_ended(self) -> bool:
        """Whether it is gone, or has got a SIGINT and waits for us to end."""
        if not self._is_make:
            return False
        if os.getppid() != self._parent:
            return True
        return self._caught and not self._catches_interrupts()

    def _catches_interrupts(self) -> bool:
        # it resets the handler when the signal has come
        caught = int(_proc(self._parent).get("SigCgt", "0"), 16)
        return bool(caught & (1 << (signal.SIGINT - 1)))


def _proc(pid: int) -> Mapping[str, str]:
    """What Linux says of a process; empty elsewhere and where it is gone."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return {}
    pairs = (line.split(":", 1) for line in text.splitlines() if ":" in line)
    return {key: value.strip() for key, value in pairs}


def _in_words(code: int) -> str:
    if code >= 0:
        return f"exit status {code}"
    return f"killed by {signal.Signals(-code).name}"


def _turn_over(log: Path) -> None:
    """Keep one old log where it has grown large."""
    if log.is_file() and log.stat().st_size > _LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))
