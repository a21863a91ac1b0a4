"""Where the files of the shop lie: on the local disk, or on a go-fastdfs server.

Chosen by FILE_SERVER_URL. What is stored in the database is a path below the store,
never a host. While files are moved from one to the other (`manage.py media move`), the
server's store also serves what still lies on the disk: a name tells where its file is.
"""

import logging
import tempfile
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, Storage
from django.db import transaction
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from backoffice.base.errors import DomainError
from backoffice.base.pictures import thumbnail_names
from backoffice.files import naming, references
from backoffice.files.models import FileState, StoredFile
from backoffice.files.places import is_ours, is_shared, place
from media_client import FileInfo, Health, MediaClient, MediaError, Reason, Stored

logger = logging.getLogger("backoffice.files")
#: larger files are read into a temporary file
IN_MEMORY = 2**20
#: uploads that meet a file which is being removed
ROUNDS = 20


class EmptyFile(ValueError):
    """A file without content; no store of ours keeps one."""


class StoreUnavailable(DomainError, OSError):
    """The file server cannot do it now: for people a sentence, the reason in the log."""

    slug = "unavailable"
    http_status = 503

    def __init__(self, reason: str) -> None:
        super().__init__(
            _("The file server does not take it now; try again in a while."),
            reason=reason,
        )


class StoreRefused(StoreUnavailable, PermissionError):
    """The file server wants a token, or does not list this machine in admin_ips."""


class LocalStorage(FileSystemStorage):
    """The local disk. A file that is not empty, under a name that nobody else has."""

    client: MediaClient | None = None
    is_signed = False

    def _save(self, name: str, content: Any) -> str:
        if not _has_content(content):
            raise EmptyFile(name)
        saved: str = super()._save(name, content)  # type: ignore[misc]
        return saved

    def delete(self, name: str) -> None:
        """Delete the file, and the thumbnails that lie beside it; one that several rows
        name goes with the last of them."""
        if name and is_shared(name) and naming.owned({name}):
            return
        super().delete(name)
        for small in thumbnail_names(name):
            super().delete(small)

    @property
    def disk(self) -> "LocalStorage":
        """Itself: where files of the local disk lie."""
        return self


class FileServerStorage(Storage):
    """A go-fastdfs server. `url` asks nobody; everything else but size and times does."""

    @cached_property
    def client(self) -> MediaClient:
        """One for the process; it is safe between threads and after a fork."""
        return client_for(settings.FILE_SERVER_URL)

    @cached_property
    def disk(self) -> LocalStorage:
        """Where files lie that have not been moved yet."""
        return LocalStorage()

    @property
    def is_signed(self) -> bool:
        """Whether addresses are signed, and good for minutes only."""
        return bool(settings.FILE_SERVER_SIGN)

    def health(self) -> Health:
        """What the server says of itself, within seconds; raises MediaError."""
        client = client_for(settings.FILE_SERVER_URL, timeout=3, connect_timeout=2)
        try:
            return client.health()
        finally:
            client.close()

    # --- Django's store

    def _open(self, name: str, mode: str = "rb") -> File:
        if mode not in ("r", "rb"):
            raise ValueError("files on the file server can be read, not written into")
        if not is_ours(name) and self.disk.exists(name):
            return self.disk.open(name, mode)
        row = self._row(name)
        copy: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the caller closes it
        try:
            self._read_into(copy, name, row)
        except BaseException:
            copy.close()
            raise
        copy.seek(0)
        return File(copy, name=name)

    def _read_into(self, copy: IO[bytes], name: str, row: StoredFile | None) -> None:
        size, md5 = (row.size, row.md5) if row else (None, "")

        def _copy() -> None:
            with self.client.open(name, size=size, md5=md5) as file:
                for piece in file:
                    copy.write(piece)

        self._asked(_copy, name)

    def _save(self, name: str, content: Any) -> str:
        if not settings.FILE_SERVER_UPLOADS:
            return self.disk.save(name, content)
        if not _has_content(content):
            raise EmptyFile(name)
        folder, extension = place(name)
        for _round in range(ROUNDS):
            stored = self._uploaded(content, folder, extension)
            if references.take(stored):
                return stored.path
            references.remove(self.client, stored.path)
        raise StoreUnavailable(
            f"{name}: the same file is being removed again and again"
        )

    def _uploaded(self, content: Any, folder: str, extension: str) -> Stored:
        try:
            return self.client.upload(content, folder=folder, extension=extension)
        except MediaError as error:
            references.note_abandoned(error.abandoned)
            raise _translated(error, f"{folder}/*.{extension}") from error

    def delete(self, name: str) -> None:
        """Give up one use; the file itself goes with the last, once that is committed.

        Nothing is raised where the server cannot be reached: it is tried again later.
        """
        if not name:
            raise ValueError("a file without a name cannot be deleted")
        if not is_ours(name) and self.disk.exists(name):
            self.disk.delete(name)
            return
        with transaction.atomic():
            for gone in references.release_with_thumbnails(name):
                transaction.on_commit(partial(references.remove, self.client, gone))

    def exists(self, name: str) -> bool:
        """Whether the file is there, in the size it had."""
        if not is_ours(name) and self.disk.exists(name):
            return True
        row = self._row(name)
        if row is not None and row.state != FileState.KEPT:
            return False
        size = row.size if row else None
        try:
            return self.client.exists(name, size=size)
        except MediaError as error:
            if error.reason is Reason.BAD_NAME:
                return False
            raise _translated(error, name) from error

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        """Folders and files; needs this machine in the server's admin_ips."""
        folder = path.strip("/")
        entries = self._asked(lambda: list(self.client.list(folder)), path)
        names = [(e.path.rsplit("/", 1)[-1], e.is_folder) for e in entries]
        return [n for n, is_in in names if is_in], [
            n for n, is_in in names if not is_in
        ]

    def size(self, name: str) -> int:
        """In bytes."""
        if not is_ours(name) and self.disk.exists(name):
            return self.disk.size(name)
        row = self._row(name)
        if row is not None:
            return row.size
        return self._asked(lambda: self.client.size(name), name)

    def url(self, name: str | None) -> str:
        """The public address, without asking anybody.

        Of a file on the disk, or where addresses are signed for minutes only, it leads to
        the shop's own `media/`, which knows more.
        """
        if not name:
            raise ValueError("a file without a name has no address")
        if not is_ours(name) or settings.FILE_SERVER_SIGN:
            return self.disk.url(name)
        return self.client.url(name)

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """A random name in the same folder; the server is not asked."""
        folder, extension = place(name)
        free = f"{folder}/{'0' * 32}.{extension}"
        if max_length is not None and len(free) > max_length:
            raise SuspiciousFileOperation(f"{name[:80]}: the name is too long")
        return name

    def get_created_time(self, name: str) -> datetime:
        """When it was stored."""
        if not is_ours(name) and self.disk.exists(name):
            return self.disk.get_created_time(name)
        row = self._row(name)
        moment = row.stored_at if row else self._known(name).stored_at
        return moment if settings.USE_TZ else timezone.make_naive(moment)

    def get_modified_time(self, name: str) -> datetime:
        """When it was stored: a file is never changed."""
        return self.get_created_time(name)

    def get_accessed_time(self, name: str) -> datetime:
        """When it was stored: nobody counts who reads it."""
        return self.get_created_time(name)

    # ---

    def _row(self, name: str) -> StoredFile | None:
        return StoredFile.objects.filter(name=name).first()

    def _known(self, name: str) -> FileInfo:
        info = self._asked(lambda: self.client.info(name), name)
        if info is None:
            raise FileNotFoundError(name)
        return info

    def _asked(self, act: Callable[[], Any], name: str) -> Any:
        try:
            return act()
        except MediaError as error:
            raise _translated(error, name) from error


def client_for(
    url: str, *, timeout: float | None = None, connect_timeout: float = 4
) -> MediaClient:
    """A client of this server, with the shop's settings for the rest."""
    return MediaClient(
        url,
        group=settings.FILE_SERVER_GROUP,
        public_url=settings.FILE_SERVER_PUBLIC_URL,
        token=settings.FILE_SERVER_TOKEN,
        scene=settings.FILE_SERVER_SCENE,
        sign_downloads=settings.FILE_SERVER_SIGN,
        connect_timeout=connect_timeout,
        timeout=timeout or settings.FILE_SERVER_TIMEOUT,
    )


def _has_content(content: Any) -> bool:
    size = getattr(content, "size", None)
    return size is None or size > 0


def _translated(error: MediaError, name: str) -> OSError:
    """As Django's callers expect it."""
    if error.reason is Reason.MISSING:
        return FileNotFoundError(f"{name}: {error}")
    logger.error("the file server: %s", error, extra={"reason": error.reason.value})
    if error.reason in (Reason.UNAUTHORISED, Reason.FORBIDDEN):
        return StoreRefused(f"{name}: {error}")
    return StoreUnavailable(f"{name}: {error}")
