"""All files from the local disk to the file server, or back, while the shop runs.

Nothing is remembered of a move: a name tells where its file lies, so whoever begins
again goes on with what is left. Each file is copied and compared, then every row that
names it is given the new name in one transaction, and then the old one is taken away.
"""

import hashlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from django.db import transaction

from backoffice.files import naming, references, thumbnails
from backoffice.files.models import StoredFile
from backoffice.files.places import disk_name, is_ours, place
from backoffice.files.stores import Store
from media_client import MediaClient, MediaError

logger = logging.getLogger("backoffice.files")
PIECE = 256 * 1024


@dataclass
class Progress:
    """How far a move is."""

    total: int = 0
    moved: int = 0
    bytes: int = 0
    failed: int = 0
    missing: int = 0

    @property
    def done(self) -> int:
        """How many were looked at."""
        return self.moved + self.failed + self.missing

    def as_dict(self) -> dict[str, int]:
        """For machines."""
        return {
            "total": self.total,
            "moved": self.moved,
            "bytes": self.bytes,
            "failed": self.failed,
            "missing": self.missing,
        }


class Mismatch(Exception):
    """The copy is not what was copied."""


def left(*, to_server: bool) -> Iterator[str]:
    """The names whose files are still on the other side, each once."""
    seen: set[str] = set()
    for name in naming.all_names():
        if is_ours(name) != to_server and name not in seen:
            seen.add(name)
            yield name


def move(
    store: Store,
    client: MediaClient,
    *,
    to_server: bool,
    say: Callable[[Progress], None] = lambda progress: None,
) -> Progress:
    """Move all that is left; a file that cannot be moved stays where it is."""
    names = list(left(to_server=to_server))
    progress = Progress(total=len(names))
    one = _to_server if to_server else _to_disk
    for name in names:
        try:
            progress.bytes += one(store, client, name)
            progress.moved += 1
        except FileNotFoundError:
            progress.missing += 1
            logger.warning("a file is not where it should be", extra={"file": name})
        except (MediaError, OSError, Mismatch) as error:
            progress.failed += 1
            logger.warning("a file was not moved: %s", error, extra={"file": name})
        say(progress)
    return progress


def _to_server(store: Store, client: MediaClient, name: str) -> int:
    folder, extension = place(name)
    with store.disk.open(name) as file:
        for _round in range(20):
            # compared by the client: what is served is what was sent
            stored = client.upload(file, folder=folder, extension=extension)
            if references.take(stored):
                break
            references.remove(client, stored.path)
        else:
            raise Mismatch(f"{name}: the same file is being removed again and again")
    with transaction.atomic():
        is_used = naming.rename(name, stored.path)
        if is_used:
            thumbnails.request(stored.path)
    if not is_used:
        # whoever named it gave it up meanwhile
        _give_up(client, stored.path)
    store.disk.delete(name)
    return stored.size


def _give_up(client: MediaClient, name: str) -> None:
    for gone in references.release_with_thumbnails(name):
        references.remove(client, gone)


def _to_disk(store: Store, client: MediaClient, name: str) -> int:
    row = StoredFile.objects.filter(name=name).first()
    size, md5 = (row.size, row.md5) if row else (None, "")
    wanted = disk_name(name, shared=row is not None and row.references > 1)
    with client.open(name, size=size, md5=md5) as file:
        kept = store.disk.save(wanted, cast("Any", _Chunks(file)))
    try:
        with store.disk.open(kept) as copy:
            copied, sum_ = _sum(copy)
        if md5 and sum_ != md5:
            raise Mismatch(f"{name}: other bytes came")
    except BaseException:
        store.disk.delete(kept)
        raise
    with transaction.atomic():
        if naming.rename(name, kept):
            thumbnails.request(kept)
        gone = references.abandon(name)
    if not naming.used({kept}):
        store.disk.delete(kept)
    for leaving in gone:
        references.remove(client, leaving)
    return copied


class _Chunks:
    """A download, as Django's stores take files: by chunks."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.name = ""
        self.size = file.size or 1

    def chunks(self, _size: int | None = None) -> Iterator[bytes]:
        yield from self._file


def _sum(file: Any) -> tuple[int, str]:
    digest, size = hashlib.md5(usedforsecurity=False), 0
    while piece := file.read(PIECE):
        digest.update(piece)
        size += len(piece)
    return size, digest.hexdigest()
