"""What the client tells of files and of the server."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Stored:
    """An upload that is kept, and was looked at after it.

    `path` is below the group and the only name of the file. `is_shared` says that the
    server gave a path that was not asked for: it may already be somebody's, and deleting
    it takes it from both. `abandoned` are paths under which earlier tries may have left
    something.
    """

    path: str
    size: int
    md5: str
    is_shared: bool = False
    abandoned: tuple[str, ...] = ()


@dataclass(frozen=True)
class FileInfo:
    """What the server's index says of a file; `md5` is "" where it does not know it."""

    path: str
    size: int
    md5: str
    stored_at: datetime


@dataclass(frozen=True)
class Health:
    """What the server says of itself; counts are -1 where it does not say."""

    files: int
    bytes: int
    free_bytes: int
    peers: tuple[str, ...]


@dataclass(frozen=True)
class Entry:
    """A line of a folder on the server; `path` is below the group."""

    path: str
    is_folder: bool
    size: int
    modified: int
