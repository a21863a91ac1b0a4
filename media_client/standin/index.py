"""The server's index: records under the content's sum and under the path's md5.

Written to a file line by line, so that what was answered survives a kill.
"""

import hashlib
import json
import threading
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Record:
    """One file. On the disk it has the name `rename`, or else `name`."""

    name: str = ""
    rename: str = ""
    path: str = ""
    md5: str = ""
    size: int = 0
    peers: list[str] | None = field(default=None)
    scene: str = ""
    timeStamp: int = 0  # noqa: N815 - as the server writes it
    offset: int = 0

    @property
    def place(self) -> str:
        """Where it lies, from the server's folder: files/a/b.png."""
        return f"{self.path}/{self.rename or self.name}"

    def as_dict(self) -> dict[str, Any]:
        """In the order in which the server writes it."""
        return asdict(self)


def key_of(place: str) -> str:
    """The md5 of a path."""
    return hashlib.md5(place.encode(), usedforsecurity=False).hexdigest()


class Index:
    """Records by key; safe between threads."""

    def __init__(self, file: Path) -> None:
        self._lock = threading.RLock()
        self._records: dict[str, Record] = {}
        #: content sums in the order in which they came, for the day's statistics
        self.added: list[tuple[str, Record]] = []
        self._file = file
        if file.exists():
            for line in file.read_text(encoding="utf-8").splitlines():
                key, found = json.loads(line)
                self._set(key, Record(**found) if found else None)

    def _set(self, key: str, record: Record | None) -> None:
        if record is None:
            self._records.pop(key, None)
        else:
            self._records[key] = record

    def _write(self, key: str, record: Record | None) -> None:
        with self._lock, self._file.open("a", encoding="utf-8") as file:
            self._set(key, record)
            found = record.as_dict() if record else None
            file.write(json.dumps([key, found], ensure_ascii=False) + "\n")

    def get(self, key: str) -> Record | None:
        """The record under a key; the disk is not looked at."""
        with self._lock:
            return self._records.get(key)

    def add(self, record: Record) -> None:
        """Under its sum and under its path."""
        self._write(record.md5, record)
        self._write(key_of(record.place), record)
        with self._lock:
            self.added.append((record.md5, record))

    def forget(self, record: Record) -> None:
        """Under its sum and under its path."""
        self._write(record.md5, None)
        self._write(key_of(record.place), None)

    def drop(self, key: str) -> None:
        """Under this key only."""
        self._write(key, None)

    def with_peers(self, record: Record, peers: list[str]) -> None:
        """Note who has it."""
        self.add(replace(record, peers=peers))
