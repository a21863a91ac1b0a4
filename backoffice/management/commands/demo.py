"""Start the demo shop: `make run`."""

import fcntl
import logging
import os
import signal
import sys
from pathlib import Path
from typing import IO, Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connections

from backoffice import settings as own
from backoffice.demo import address, customers, ground, passwords, wechat
from backoffice.demo.seed import NotTheDemo, seed, staff_names
from backoffice.demo.supervisor import Supervisor
from sales.management.commands import wechat_simulator
from sales.simulator.identity import Identity
from sales.simulator.wiring import settings_for

READY_SECONDS = 90


class Command(BaseCommand):
    help = (
        "Starts the demo shop: prepares var/ and the database, fills the shop in once, "
        "then runs web server and worker until Ctrl-C."
    )
    #: where WeChat Pay's stand-in is; "" where the shop has a merchant
    simulator = ""

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            _stop("This is not the demo shop (DEMO is off); see docs/operations.md.")
        # until the supervisor takes over: what is half done is rolled back
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)
        lock = _only_one(own.VAR_DIR / "run.lock")
        problem = address.problem_with(settings.HOST, settings.PORT)
        if problem:
            _stop(problem)
        try:
            sign_in = self._prepare()
            # nothing of this process's connections is left to the children
            connections.close_all()
            status = self._run(sign_in)
        except KeyboardInterrupt:
            self._say("Stopped.")
            status = 0
        finally:
            lock.close()
        sys.exit(status)

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def _prepare(self) -> passwords.SignIn:
        logging.getLogger("backoffice").setLevel(logging.WARNING)
        self._say("Preparing the database.")
        try:
            ground.prepare_database()
            if seed(self._say):
                self._say("The demo shop is filled in.")
        except ground.DatabaseAway as error:
            _stop(f"The database of DATABASE_URL does not let the shop in: {error}")
        except NotTheDemo as error:
            _stop(str(error))
        if ground.prepare_static_files():
            self._say("Static files are collected.")
        return passwords.settle(
            settings.DEMO_ADMIN_PASSWORD,
            own.VAR_DIR / "demo_admin_password",
            [*staff_names(), customers.MAIN],
        )

    def _run(self, sign_in: passwords.SignIn) -> int:
        with Supervisor(own.VAR_DIR / "logs", self._say, own.BASE_DIR) as supervisor:
            if not settings.WECHAT_APPID:
                supervisor.start("wechat", _stand_in())
            if not settings.WECHAT_PAY_MCH_ID:
                command, self.simulator = _simulator()
                supervisor.start("pay", command)
            supervisor.start("web", _web_command())
            supervisor.start("worker", [sys.executable, "manage.py", "qcluster"])
            is_ready = supervisor.wait_until(
                lambda: address.answers(settings.HOST, settings.PORT), READY_SECONDS
            )
            if is_ready:
                self._welcome(sign_in)
            elif not supervisor.was_asked:
                self._say("The web server does not answer; the shop stops.")
                return 1
            return supervisor.wait()

    def _paying(self) -> list[str]:
        if not self.simulator:
            return []
        return [f"  Pay there           {self.simulator}/ (WeChat Pay is simulated)"]

    def _welcome(self, sign_in: passwords.SignIn) -> None:
        url = address.url_of(settings.HOST, settings.PORT)
        names = ", ".join(staff_names())
        self._say(
            "\n".join(
                [
                    "",
                    f"  The shop is ready:  {url}admin/",
                    f"  Sign in as          {passwords.ADMIN}",
                    f"  with the password   {sign_in.told_as}",
                    f"  or, by role, as     {names} (same password)",
                    f"  For apps            {url}api/v1/docs",
                    f"  sign in there as    {customers.MAIN} (same password)",
                    *self._paying(),
                    "  Ctrl-C stops it; its data stays in var/.",
                    "",
                ]
            )
        )


def _simulator() -> tuple[list[str], str]:
    """WeChat Pay's stand-in and its address; the processes that are started afterwards
    are its merchant."""
    port = wechat_simulator.PORT
    if address.problem_with("127.0.0.1", port):
        port = address.free_port()
    base_url = f"http://127.0.0.1:{port}"
    directory = own.VAR_DIR / wechat_simulator.DIRECTORY
    os.environ |= settings_for(
        Identity.load_or_make(directory),
        base_url,
        address.url_of(settings.HOST, settings.PORT).rstrip("/"),
    )
    command = [sys.executable, "manage.py", "wechat_simulator", "--port", str(port)]
    return [*command, "--directory", str(directory)], base_url


def _stand_in() -> list[str]:
    """WeChat's stand-in; the processes that are started afterwards ask it."""
    port = address.free_port()
    os.environ |= {
        "WECHAT_APPID": wechat.APPID,
        "WECHAT_SECRET": wechat.SECRET,
        "WECHAT_API_BASE": f"http://127.0.0.1:{port}",
    }
    return [sys.executable, "-m", "backoffice.demo.wechat", str(port)]


def _web_command() -> list[str]:
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi"),
        *("--host", settings.HOST, "--port", str(settings.PORT)),
        *("--workers", str(settings.WEB_WORKERS)),
        *("--blocking-threads", str(settings.WEB_THREADS)),
        *("--no-ws", "--log-level", "warning", "--workers-kill-timeout", "10"),
        "backoffice.wsgi:application",
    ]


def _only_one(path: Path) -> IO[str]:
    """Hold `path` for as long as this shop runs; a second one stops here."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    file = path.open("a+", encoding="ascii")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        _stop(f"The demo shop runs already: {file.read().strip() or 'just starting'}.")
    file.truncate(0)
    url = address.url_of(settings.HOST, settings.PORT)
    file.write(f"process {os.getpid()}, {url}")
    file.flush()
    return file


def _stop(sentence: str) -> NoReturn:
    sys.exit(f"The shop cannot start. {sentence}")
