"""Pages of the storefront that are kept, and whether they still hold.

Each process keeps the answers that it gave, together with the state of the shop that
they were read from. The state is a fingerprint of the notes which triggers write at
every change of what the pages show (`catalog.triggers`): the same notes, the same pages.
It is asked for at most twice a second, so a page that is kept costs a look into the
process's own memory, and a change is seen by every process within a second of its commit.

It cannot go wrong by a race: the state is read before the page, so a page is never older
than the state that it is kept under. Notes are committed and rolled back with the change,
whatever made it (a verb, a job, a statement by hand) and whether or not its process lived
on. Nothing on a page changes by the clock alone. Placing an order reads prices and stock
itself, under lock.
"""

import time
from collections.abc import Callable, Hashable
from threading import Lock

from django.db import connection, transaction

#: how long a process may rely on the state that it read
SECONDS = 0.5
#: how long a page is kept at most, whatever the notes say (a restored database)
LIFE_SECONDS = 60.0
#: how much a process keeps
MOST_BYTES = 8 * 2**20
#: so many notes are swept together by who reads them
MOST_NOTES = 500

_READ = {
    "postgresql": """SELECT count(*), md5(string_agg(id::text, ',' ORDER BY id))
        FROM catalog_storefrontchange""",
    "sqlite": "SELECT 0, COALESCE(SUM(times), 0) FROM catalog_storefrontchange",
}
_SWEEP = (
    """DELETE FROM catalog_storefrontchange WHERE id IN (
        SELECT id FROM catalog_storefrontchange ORDER BY id FOR UPDATE SKIP LOCKED)""",
    "INSERT INTO catalog_storefrontchange DEFAULT VALUES",
)


class _Memory:
    """The pages of one state of the shop, and when the state was read."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._state: str | None = None
        self._read_at = self._born_at = 0.0
        self._pages: dict[Hashable, bytes] = {}
        self._size = 0

    def state(self) -> str:
        """The state that pages must be of, read anew where it is too old."""
        with self._lock:
            began = time.monotonic()
            if self._state is not None and began - self._read_at < SECONDS:
                return self._state
        fresh = _read()
        with self._lock:
            if self._state is None or began >= self._read_at:
                if fresh != self._state or began - self._born_at > LIFE_SECONDS:
                    self._clear()
                    self._born_at = began
                self._state, self._read_at = fresh, began
        return fresh

    def find(self, state: str, key: Hashable) -> bytes | None:
        with self._lock:
            return self._pages.get(key) if state == self._state else None

    def keep(self, state: str, key: Hashable, page: bytes) -> None:
        """Unless the shop has moved on; the oldest pages make room."""
        with self._lock:
            if state != self._state or key in self._pages:
                return
            self._pages[key] = page
            self._size += len(page)
            while self._size > MOST_BYTES:
                self._size -= len(self._pages.pop(next(iter(self._pages))))

    def forget(self) -> None:
        with self._lock:
            self._state = None
            self._clear()

    def _clear(self) -> None:
        self._pages.clear()
        self._size = 0


_memory = _Memory()
#: let the next look read anew, in this process
forget = _memory.forget


def page(key: Hashable, build: Callable[[], bytes]) -> bytes:
    """What is kept under `key`, where the shop is still as it was; else what is built."""
    state = _memory.state()
    kept = _memory.find(state, key)
    if kept is None:
        kept = build()
        _memory.keep(state, key, kept)
    return kept


def _read() -> str:
    with connection.cursor() as cursor:
        cursor.execute(_READ[connection.vendor])
        count, state = cursor.fetchone()
    if count > MOST_NOTES:
        sweep()
    return str(state)


def sweep() -> None:
    """Let one note stand for all that are there.

    It is a new one, so no state ever comes back: whatever set of notes was read before,
    each later one holds a note that is younger. Nobody waits for anybody.
    """
    if connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            for sql in _SWEEP:
                cursor.execute(sql)
