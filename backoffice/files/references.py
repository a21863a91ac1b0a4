"""Who uses a file on the file server: counted, so that it goes with the last of them.

The server keeps equal content once. Whoever uploads it again is given the first one's
name, and one delete would take it from all. Between "nobody uses it" and "it is gone"
lies a call over the network, which no transaction may hold; the row's state keeps
others away meanwhile: whoever is given the name of a file that is going uploads again.
"""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils import timezone

from backoffice.files.models import FileState, StoredFile, Thumbnail
from backoffice.files.places import is_ours
from media_client import MediaClient, MediaError, Stored

logger = logging.getLogger("backoffice.files")
#: a second server that was away has its deletions by then
ECHO = timedelta(minutes=10)
BATCH = 200


def take(stored: Stored) -> bool:
    """Note one more user of an upload.

    False when the name is that of a file which is being or was just removed: remove it
    and upload again. A file never comes back under its name, for whoever looked at it
    before it went cannot tell.
    """
    note_abandoned(name for name in stored.abandoned if name != stored.path)
    rows = StoredFile.objects.filter(name=stored.path)
    is_foreign = stored.is_shared and not is_ours(stored.path)
    while True:
        # others who upload the same may note it between any two of these steps
        kept = rows.filter(state=FileState.KEPT)
        if stored.is_shared and kept.update(references=F("references") + 1):
            return True
        try:
            with _unhurried():
                StoredFile.objects.create(**_facts(stored), is_foreign=is_foreign)
        except IntegrityError:
            if rows.exclude(state=FileState.KEPT).exists():
                return False
            stored = replace(stored, is_shared=True)
        else:
            return True


@contextmanager
def _unhurried() -> Iterator[None]:
    """A transaction that is not waited for until it is on the disk.

    Whoever saves a file names it in a row of theirs, and that commit takes all earlier
    ones to the disk along; a power cut between the two leaves an orphan, as it would
    have before the first.
    """
    if connection.in_atomic_block:
        with transaction.atomic():
            yield
        return
    is_sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        if is_sqlite:
            cursor.execute("PRAGMA synchronous=NORMAL")
        try:
            with transaction.atomic():
                if not is_sqlite:
                    cursor.execute("SET LOCAL synchronous_commit TO OFF")
                yield
        finally:
            if is_sqlite:
                cursor.execute("PRAGMA synchronous=FULL")


def _facts(stored: Stored) -> dict[str, object]:
    now = timezone.now()
    return {
        "name": stored.path,
        "size": stored.size,
        "md5": stored.md5,
        "stored_at": now,
        "changed_at": now,
    }


def note_abandoned(names: Iterable[str]) -> None:
    """Have names looked for under which a failed upload may have left something."""
    now = timezone.now()
    StoredFile.objects.bulk_create(
        [
            StoredFile(
                name=name,
                size=1,
                md5="",
                references=0,
                state=FileState.GOING,
                stored_at=now,
                changed_at=now,
            )
            for name in names
        ],
        ignore_conflicts=True,
    )


@transaction.atomic
def release(name: str) -> bool:
    """Note one user less; True when it was the last, and the file is to be removed."""
    row = StoredFile.objects.select_for_update().filter(name=name).first()
    if row is None or row.state != FileState.KEPT:
        return False
    row.references -= 1
    row.changed_at = timezone.now()
    if not row.references:
        if row.is_foreign:
            row.delete()
            return False
        row.state = FileState.GOING
    row.save(update_fields=["references", "state", "changed_at"])
    return not row.references


@transaction.atomic
def release_with_thumbnails(name: str) -> list[str]:
    """As `release`, with the thumbnails of a picture that goes: names to be removed."""
    if not release(name):
        return []
    gone = [name]
    for small in Thumbnail.objects.filter(source=name):
        small.delete()
        if release(small.name):
            gone.append(small.name)
    return gone


@transaction.atomic
def abandon(name: str) -> list[str]:
    """Give up every use of a file at once, with its thumbnails: names to be removed."""
    rows = StoredFile.objects.select_for_update().filter(name=name)
    row = rows.filter(state=FileState.KEPT).first()
    if row is not None:
        rows.update(references=1)
    return release_with_thumbnails(name)


def remove(client: MediaClient, name: str) -> bool:
    """Take a file away that is going; False where that has to wait.

    Called outside of transactions. What the server does not know counts as done.
    """
    if StoredFile.objects.filter(name=name, state=FileState.KEPT).exists():
        return False
    try:
        client.delete(name)
    except MediaError as error:
        logger.warning("a file could not be removed: %s", error, extra={"file": name})
        StoredFile.objects.filter(name=name, state=FileState.GOING).update(
            failures=F("failures") + 1, changed_at=timezone.now()
        )
        return False
    StoredFile.objects.filter(name=name, state=FileState.GOING).update(
        state=FileState.GONE, changed_at=timezone.now()
    )
    return True


def sweep(client: MediaClient, *, limit: int = BATCH) -> dict[str, int]:
    """Try again what could not be removed, and look once more for what was.

    In a pair the second server may have been away and brings a file back; then it is
    removed again.
    """
    counts = {"removed": 0, "failed": 0, "back": 0, "forgotten": 0}
    before = timezone.now() - ECHO
    leaving = StoredFile.objects.filter(changed_at__lt=before).exclude(
        state=FileState.KEPT
    )
    for row in leaving.order_by("changed_at")[:limit]:
        if row.state == FileState.GONE and not _is_back(client, row):
            row.delete()
            counts["forgotten"] += 1
            continue
        counts["back"] += row.state == FileState.GONE
        if row.state == FileState.GONE and not _claimed(row):
            continue
        counts["removed" if remove(client, row.name) else "failed"] += 1
    return counts


def _is_back(client: MediaClient, row: StoredFile) -> bool:
    try:
        return client.exists(row.name)
    except MediaError as error:
        logger.warning("a file could not be looked for: %s", error)
        return True


def _claimed(row: StoredFile) -> bool:
    gone = StoredFile.objects.filter(pk=row.pk, state=FileState.GONE)
    return bool(gone.update(state=FileState.GOING, changed_at=timezone.now()))
