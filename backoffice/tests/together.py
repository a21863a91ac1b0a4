"""Many at once: threads that start together, each with a connection of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.conf import settings
from django.db import connections

from backoffice.base.errors import DomainError

#: for tests that take a lock away
row_locks_only = pytest.mark.skipif(
    settings.IS_SQLITE, reason="SQLite has one writer at a time"
)


def at_once(*acts: Callable[[], Any], patience: float = 60) -> list[Any | DomainError]:
    """What each act gave, or the refusal that it raised, in the order of the acts.
    Any other error is raised."""
    start = Barrier(len(acts), timeout=patience)

    def run(act: Callable[[], Any]) -> Any | DomainError:
        try:
            start.wait()
            return act()
        except DomainError as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [f.result() for f in [pool.submit(run, act) for act in acts]]
