"""Small copies of pictures, made in the background.

On the local disk they lie beside the picture, found by their names alone; on the file
server each is a file of its own, found by a row, because the server names files itself.
"""

import io
import logging

from django.core.cache import cache
from django.core.files.base import ContentFile
from django.db import transaction
from django_q.tasks import async_task

from backoffice.base.pictures import (
    KINDS,
    THUMBNAILS,
    BadPicture,
    thumbnail,
    thumbnail_name,
)
from backoffice.files.models import FileState, StoredFile, Thumbnail
from backoffice.files.places import is_ours
from backoffice.files.stores import Store, default_store

logger = logging.getLogger("backoffice.files")
TASK = "backoffice.files.tasks.make_thumbnails"
#: one that is asked for again and again is made once in this time
AGAIN_SECONDS = 300


def request(path: str) -> None:
    """Have the thumbnails of a picture made; inside the transaction that keeps it."""
    async_task(TASK, path)


def request_missing(path: str) -> None:
    """The same for one whose absence was noticed; not again and again."""
    if cache.add(f"thumbnail:{path}", 1, AGAIN_SECONDS):
        request(path)


def make(path: str) -> int:
    """Make what is missing of a picture's thumbnails; gives how many were made.

    May run twice, also at once: a second copy is taken away again.
    """
    store = default_store()
    missing = _missing(store, path)
    if not missing:
        return 0
    try:
        with store.open(path) as file:
            content = io.BytesIO(file.read())
    except FileNotFoundError:
        logger.info("a picture went before its thumbnails were made")
        return 0
    try:
        for side, kind in missing:
            content.seek(0)
            _keep(store, path, side, kind, thumbnail(content, side, kind))
    except BadPicture:
        logger.warning("a stored picture cannot be read", extra={"file": path})
        return 0
    return len(missing)


def found(path: str, side: int, kinds: tuple[str, ...]) -> str | None:
    """The name of a thumbnail on the file server, in the first kind that is there."""
    names = dict(
        Thumbnail.objects.filter(source=path, side=side).values_list("kind", "name")
    )
    return next((names[kind] for kind in kinds if kind in names), None)


def kept(path: str) -> StoredFile | None:
    """What is known of a picture on the file server; None where it is not there."""
    return StoredFile.objects.filter(name=path, state=FileState.KEPT).first()


def _is_on_disk(store: Store, path: str) -> bool:
    return store.client is None or not is_ours(path)


def _missing(store: Store, path: str) -> list[tuple[int, str]]:
    wanted = [(side, kind) for side in THUMBNAILS for kind in KINDS]
    if _is_on_disk(store, path):
        disk = store.disk
        return [w for w in wanted if not disk.exists(thumbnail_name(path, *w))]
    made = set(Thumbnail.objects.filter(source=path).values_list("side", "kind"))
    return [w for w in wanted if w not in made]


def _keep(store: Store, path: str, side: int, kind: str, content: bytes) -> None:
    name = thumbnail_name(path, side, kind)
    if _is_on_disk(store, path):
        if store.disk.save(name, ContentFile(content)) != name:
            logger.info("a thumbnail was made twice")
        return
    saved = store.save(name, ContentFile(content))
    with transaction.atomic():
        # the picture may have gone meanwhile; with its row locked it cannot go now
        picture = StoredFile.objects.select_for_update().filter(
            name=path, state=FileState.KEPT
        )
        row = Thumbnail(source=path, side=side, kind=kind, name=saved)
        if picture.exists():
            Thumbnail.objects.bulk_create([row], ignore_conflicts=True)
        is_used = Thumbnail.objects.filter(
            source=path, side=side, kind=kind, name=saved
        ).exists()
        if not is_used:
            store.delete(saved)
