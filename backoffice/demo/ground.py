"""What has to be there before the shop can start: tables, roles, jobs, static files.

Everything here may run any number of times and does only what is missing.
"""

import hashlib
import json
import logging
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import OperationalError, connection

from backoffice import settings as own

logger = logging.getLogger("backoffice.demo")


class DatabaseAway(Exception):
    """The database does not let us in; the message says why, without a password."""


def prepare_database() -> None:
    """Tables, the cache's table, roles, recurring jobs."""
    try:
        connection.ensure_connection()
    except OperationalError as error:
        raise DatabaseAway(_why(error)) from None
    for command in ("migrate", "createcachetable", "sync_roles", "sync_schedules"):
        call_command(command, verbosity=0, stdout=_Nowhere())


def _why(error: OperationalError) -> str:
    reason = str(error).strip().splitlines()[0] if str(error).strip() else "no reason"
    secret = str(settings.DATABASES["default"].get("PASSWORD") or "")
    return reason.replace(secret, "•••") if secret else reason


class _Nowhere:
    """Takes what the commands would say."""

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        """Nothing is kept."""


def prepare_static_files() -> bool:
    """Collect static files where one has changed since; gives whether it did."""
    root = Path(settings.STATIC_ROOT)
    stamp = root / ".collected"
    fingerprint = _fingerprint()
    if stamp.is_file() and stamp.read_text(encoding="ascii") == fingerprint:
        return False
    call_command("collectstatic", verbosity=0, interactive=False)
    stamp.write_text(fingerprint, encoding="ascii")
    return True


def _fingerprint() -> str:
    """Of the names, sizes and times of all static files, and of how they are kept."""
    facts: list[Any] = [own.VERSION, settings.STORAGES["staticfiles"]]
    for finder in get_finders():
        for path, storage in finder.list([]):
            stat = Path(storage.path(path)).stat()
            facts.append((path, stat.st_size, stat.st_mtime_ns))
    text = json.dumps(sorted(map(str, facts)))
    return hashlib.sha256(text.encode()).hexdigest()
