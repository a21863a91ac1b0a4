"""The body of an upload: a file is read piece by piece, never held whole."""

import hashlib
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from media_client.errors import MediaError, Reason

PIECE = 256 * 1024
#: what cannot be read twice is kept in memory up to this, beyond it on the disk
SPOOL = 2**20


class Readable(Protocol):
    """Anything with read(n), such as open files, BytesIO and Django's File."""

    def read(self, n: int, /) -> bytes: ...


class Source:
    """A file that can be sent more than once, with its size and, once sent, its md5."""

    def __init__(self, file: Readable) -> None:
        self._is_ours = not _can_rewind(file)
        self._file: Any = file
        if self._is_ours:
            self._file = _spooled(file)
        self._file.seek(0, 2)
        self.size: int = self._file.tell()
        self.md5 = ""

    def __enter__(self) -> "Source":
        return self

    def __exit__(self, *_error: object) -> None:
        if self._is_ours:
            self._file.close()

    def pieces(self) -> Iterator[bytes]:
        """The content from the beginning; raises MediaError if it grew or shrank."""
        self._file.seek(0)
        digest = hashlib.md5(usedforsecurity=False)
        left = self.size
        while left:
            piece = self._file.read(min(PIECE, left))
            if not piece:
                raise MediaError(Reason.MISMATCH, "the file shrank while it was sent")
            digest.update(piece)
            left -= len(piece)
            yield piece
        if self._file.read(1):
            raise MediaError(Reason.MISMATCH, "the file grew while it was sent")
        self.md5 = digest.hexdigest()


class Form:
    """multipart/form-data with one file, whose length is known before it is sent."""

    def __init__(self, fields: Mapping[str, str], filename: str, source: Source):
        boundary = f"----media{secrets.token_hex(16)}"
        lines = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
            f"{value}\r\n"
            for name, value in fields.items()
        ]
        lines.append(
            f"--{boundary}\r\nContent-Disposition: form-data; "
            f'name="file"; filename="{filename}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        self._head = "".join(lines).encode()
        self._tail = f"\r\n--{boundary}--\r\n".encode()
        self._source = source
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self.length = len(self._head) + source.size + len(self._tail)

    def pieces(self) -> Iterator[bytes]:
        """The body, in few pieces: each costs a wake-up on both sides."""
        held = self._head
        for piece in self._source.pieces():
            held += piece
            if len(held) >= PIECE:
                yield held
                held = b""
        yield held + self._tail


def _can_rewind(file: Any) -> bool:
    try:
        return bool(file.seekable())
    except AttributeError:
        return hasattr(file, "seek") and hasattr(file, "tell")


def _spooled(file: Readable) -> Any:
    copy: Any = tempfile.SpooledTemporaryFile(max_size=SPOOL)  # noqa: SIM115
    while piece := file.read(PIECE):
        copy.write(piece)
    return copy
