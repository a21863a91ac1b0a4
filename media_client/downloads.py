"""Reading a file that the server keeps."""

from collections.abc import Iterator
from types import TracebackType

from media_client.errors import MediaError, Reason
from media_client.transport import Answer

PIECE = 256 * 1024


class Download:
    """The bytes of a file, or of a part of it; a context manager, and iterable.

    `size` is how many bytes will come, None where the server does not say. Raises
    MediaError MISMATCH where fewer or more come than were said or expected.
    """

    def __init__(
        self, answer: Answer, *, skip: int = 0, most: int | None, expected: int | None
    ) -> None:
        self._answer = answer
        self._skip = skip
        self._length = answer.length
        self._expected = expected
        self._most = most
        self._arrived = 0
        self._given = 0
        whole = expected if expected is not None else self._length
        left = None if whole is None else max(whole - skip, 0)
        self.size = (
            left if most is None else (most if left is None else min(most, left))
        )

    def read(self, most: int = -1) -> bytes:
        """Up to `most` bytes, all that is left without it; b"" at the end."""
        if most < 0:
            return b"".join(self)
        while most:
            if self._most is not None and self._given >= self._most:
                self.close()
                return b""
            piece = self._next(most)
            if piece is None:
                return b""
            if piece:
                return piece
        return b""

    def _next(self, most: int) -> bytes | None:
        wanted = min(most, PIECE)
        self._answer.extend(60)
        if self._answer.is_closed:
            return None
        arrived = self._answer.read(PIECE if self._skip else wanted)
        if not arrived:
            self._ended()
            return None
        self._arrived += len(arrived)
        if self._expected is not None and self._arrived > self._expected:
            self.close()
            raise MediaError(Reason.MISMATCH, "the file is longer than it was")
        if self._skip:
            # the server ignored the range: what lies before it is dropped here
            dropped = min(self._skip, len(arrived))
            self._skip -= dropped
            arrived = arrived[dropped:]
        if self._most is not None:
            arrived = arrived[: self._most - self._given]
        self._given += len(arrived)
        return arrived

    def _ended(self) -> None:
        for wanted in (self._length, self._expected):
            if wanted is not None and wanted != self._arrived:
                raise MediaError(
                    Reason.MISMATCH,
                    f"the file broke off after {self._arrived} of {wanted} bytes",
                )

    def __iter__(self) -> Iterator[bytes]:
        while piece := self.read(PIECE):
            yield piece

    def close(self) -> None:
        """Let the connection go."""
        self._answer.close()

    def __enter__(self) -> "Download":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
