"""Files that nothing names: found, and removed after ORPHAN_FILE_DAYS.

They are left by uploads that were never saved, by a process that died between file and
row, by a rollback. Young ones are left alone: their row may be on its way.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path, PurePosixPath

from django.utils import timezone

from backoffice.base.pictures import KINDS, THUMBNAILS
from backoffice.files import naming, references
from backoffice.files.models import FileState, StoredFile
from backoffice.files.places import is_ours
from backoffice.files.stores import Store, default_store
from backoffice.shop import shop
from media_client import MediaClient, MediaError

BATCH = 500
_ENDS = tuple(f"_{side}.{kind}" for side in THUMBNAILS for kind in KINDS)


@dataclass
class Found:
    """What was found, and whether it was removed."""

    files: int = 0
    bytes: int = 0
    failed: int = 0
    names: list[str] = field(default_factory=list)
    #: what lies on the local disk at all
    disk_files: int = 0
    disk_bytes: int = 0

    def add(self, name: str, size: int) -> None:
        """One more; the first names are kept to be shown."""
        self.files += 1
        self.bytes += size
        if len(self.names) < 100:
            self.names.append(name)


def long_ago() -> datetime:
    """Files older than this are cleaned up where nothing names them."""
    return timezone.now() - timedelta(days=shop.ORPHAN_FILE_DAYS)


def clean(*, dry_run: bool, before: datetime | None = None) -> Found:
    """Find what nothing names and is old enough, on disk and server; remove it."""
    store = default_store()
    before = before or long_ago()
    found = Found()
    _of_disk(store, before, found, dry_run=dry_run)
    if store.client is not None:
        _of_rows(store.client, before, found, dry_run=dry_run)
        _of_server(store.client, before, found, dry_run=dry_run)
    return found


def _of_disk(store: Store, before: datetime, found: Found, *, dry_run: bool) -> None:
    root = Path(store.disk.location)
    for batch in _batches(_old_files(root, before.timestamp(), found)):
        used = naming.used(_source(name) for name, _size in batch)
        for name, size in batch:
            if used.isdisjoint(_sources(name)):
                found.add(name, size)
                if not dry_run:
                    (root / name).unlink(missing_ok=True)


def _old_files(root: Path, before: float, found: Found) -> Iterator[tuple[str, int]]:
    for folder, folders, files in os.walk(root):
        folders[:] = [f for f in folders if not f.startswith(".")]
        for file in files:
            path = Path(folder, file)
            try:
                facts = path.stat(follow_symlinks=False)
            except FileNotFoundError:
                # it was deleted meanwhile
                continue
            found.disk_files += 1
            found.disk_bytes += facts.st_size
            if facts.st_mtime < before and not file.startswith("."):
                yield path.relative_to(root).as_posix(), facts.st_size


def _source(name: str) -> str:
    """The picture that a thumbnail belongs to, else the file itself."""
    for end in _ENDS:
        if name.endswith(end):
            return f"{name[: -len(end)]}.jpg"
    return name


def _sources(name: str) -> set[str]:
    return {name, _source(name)}


def _of_rows(
    client: MediaClient, before: datetime, found: Found, *, dry_run: bool
) -> None:
    """Files that we keep on the server and that no row of the house names."""
    kept = StoredFile.objects.filter(state=FileState.KEPT, stored_at__lt=before)
    rows = kept.order_by("pk").values_list("name", "size").iterator(BATCH)
    for batch in _batches(rows):
        used = naming.used(name for name, _size in batch)
        for name, size in batch:
            if name in used:
                continue
            found.add(name, size)
            if not dry_run:
                for gone in references.abandon(name):
                    found.failed += not references.remove(client, gone)


def _of_server(
    client: MediaClient, before: datetime, found: Found, *, dry_run: bool
) -> None:
    """Files of ours on the server that have no row; what others put there is left."""
    entries = (
        (entry.path, entry.size)
        for entry in client.walk()
        if is_ours(entry.path) and 0 < entry.modified < before.timestamp()
    )
    for batch in _batches(entries):
        names = [name for name, _size in batch]
        known = set(
            StoredFile.objects.filter(name__in=names).values_list("name", flat=True)
        )
        known |= naming.used(names)
        for name, size in batch:
            if name in known or PurePosixPath(name).parts[0] == "haystack":
                continue
            found.add(name, size)
            if not dry_run:
                found.failed += not _removed(client, name)


def _removed(client: MediaClient, name: str) -> bool:
    try:
        client.delete(name)
    except MediaError:
        return False
    return True


def _batches(
    lines: Iterable[tuple[str, int]],
) -> Iterator[list[tuple[str, int]]]:
    several = iter(lines)
    while batch := list(islice(several, BATCH)):
        yield batch
