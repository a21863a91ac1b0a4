"""The simulator's file: one SQLite database that survives a kill at any moment."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (
    out_trade_no TEXT PRIMARY KEY, api TEXT NOT NULL, sign_type TEXT NOT NULL,
    request TEXT NOT NULL, prepay_id TEXT NOT NULL UNIQUE, prepay_at REAL NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0), description TEXT NOT NULL,
    openid TEXT NOT NULL, attach TEXT NOT NULL, notify_url TEXT NOT NULL,
    created_at REAL NOT NULL, expire_at REAL NOT NULL, state TEXT NOT NULL,
    transaction_id TEXT NOT NULL DEFAULT '', paid_at REAL
);
CREATE TABLE IF NOT EXISTS refunds (
    out_refund_no TEXT PRIMARY KEY, api TEXT NOT NULL,
    out_trade_no TEXT NOT NULL REFERENCES orders, refund_id TEXT NOT NULL UNIQUE,
    amount INTEGER NOT NULL CHECK (amount > 0), total INTEGER NOT NULL,
    reason TEXT NOT NULL, notify_url TEXT NOT NULL, state TEXT NOT NULL,
    will_be TEXT NOT NULL, created_at REAL NOT NULL, due_at REAL, done_at REAL
);
CREATE TABLE IF NOT EXISTS notices (
    id INTEGER PRIMARY KEY, api TEXT NOT NULL, kind TEXT NOT NULL,
    number TEXT NOT NULL, url TEXT NOT NULL, created_at REAL NOT NULL, due_at REAL, tries INTEGER NOT NULL,
    state TEXT NOT NULL, answer TEXT NOT NULL DEFAULT '', copies INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS faults (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, target TEXT NOT NULL,
    times INTEGER NOT NULL, code TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS calls (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, api TEXT NOT NULL, target TEXT NOT NULL,
    number TEXT NOT NULL, answer TEXT NOT NULL
);
"""
_TABLES = ("calls", "faults", "notices", "refunds", "orders")


class Clock:
    """The simulator's time, which a test may move on."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time() + self._ahead

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass at once."""
        self._ahead += seconds


class Store:
    """One connection for all threads, one act at a time."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False
        )
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode=WAL")
        # enough for a kill at any moment; a power cut may take the last acts
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.execute("PRAGMA foreign_keys=ON")
        self._connection.executescript(_SCHEMA)
        self._depth = 0

    @contextmanager
    def act(self) -> Iterator[None]:
        """All that is written inside stands together or not at all."""
        with self._lock:
            if self._depth == 0:
                self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._connection.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                self._connection.execute("COMMIT")

    def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """What a SELECT finds."""
        with self._lock:
            return [dict(row) for row in self._connection.execute(sql, values)]

    def row(self, sql: str, *values: Any) -> dict[str, Any] | None:
        """The first that a SELECT finds."""
        return next(iter(self.rows(sql, *values)), None)

    def write(self, sql: str, *values: Any) -> int:
        """How many rows were written."""
        with self._lock:
            return self._connection.execute(sql, values).rowcount

    def insert(self, table: str, **values: Any) -> int:
        """The id of the new row."""
        names = ", ".join(values)
        places = ", ".join("?" * len(values))
        with self._lock:
            cursor = self._connection.execute(
                f"INSERT INTO {table} ({names}) VALUES ({places})",  # noqa: S608 - our own words
                tuple(values.values()),
            )
            return cursor.lastrowid or 0

    def empty(self) -> None:
        """Forget everything but who the merchant is."""
        with self.act():
            for table in _TABLES:
                self.write(f"DELETE FROM {table}")  # noqa: S608 - our own words

    def close(self) -> None:
        """No act may follow."""
        with self._lock:
            self._connection.close()
