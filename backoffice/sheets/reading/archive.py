"""A zip of files as rows: each file is a row whose one cell is its name.

What its end says is looked at before its list is read, and the list before any content:
a zip that lies, overlaps or unpacks to far more than it holds is not opened at all.
Content is read a file at a time, never more of it than asked for.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO

from django.utils.translation import gettext as _

from backoffice.sheets.errors import CellError, SheetRefused
from backoffice.sheets.reading.workbook import Head, Row, refusal

#: the name of the one column, and of the one sheet
FILE = "file"
#: so much of the list of files is read; a name takes some fifty bytes beside itself
MAX_LIST = 4 * 2**20
#: all files together unpack to no more than so many times the zip's own size …
MAX_RATIO = 20
#: … where that is more than this; pictures are packed already
FREE_BYTES = 64 * 2**20
CHUNK = 500
#: the record at the end, without the remark that may follow it
_END, _END_SIZE, _LONGEST_REMARK = b"PK\x05\x06", 22, 65_535
_END_64 = b"PK\x06\x07"
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DRIVE = re.compile(r"[A-Za-z]:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
#: what systems put into zips by themselves
_JUNK_FOLDERS = {"__macosx", ".git", ".svn", "@eadir"}
_JUNK = {"thumbs.db", "desktop.ini", ".ds_store"}
_LINK = 0o120000


class Archive:
    """An open zip: `sheets`, `rows` and `column` as of a workbook, and `read`.

    Raises SheetRefused for what is no zip, damaged, protected or hostile. `notes` says
    what was left out.
    """

    kind = "zip"

    def __init__(self, path: Path, *, max_files: int) -> None:
        self._file: IO[bytes] = path.open("rb")
        try:
            self._open(path.stat().st_size, max_files)
        except BaseException:
            self._file.close()
            raise

    def _open(self, size: int, max_files: int) -> None:
        _look_at_end(self._file, size, max_files)
        try:
            self._zip = zipfile.ZipFile(self._file)
            every = self._zip.infolist()
        except (zipfile.BadZipFile, OSError, ValueError, EOFError) as error:
            raise refusal({"error": "broken"}) from error
        files = [info for info in every if not info.is_dir()]
        if len(files) > max_files:
            raise _too_many(max_files)
        _refuse_hostile(files, size)
        self._infos: dict[int, zipfile.ZipInfo] = {}
        self.names: dict[int, str] = {}
        left_out = 0
        for info in files:
            parts = _parts(info)
            if _is_junk(parts):
                left_out += 1
                continue
            number = len(self._infos) + 1
            self._infos[number], self.names[number] = info, parts[-1]
        if not self._infos:
            raise SheetRefused(_("There are no pictures in the zip."))
        self.notes = (
            [
                _("%(count)s files that systems add by themselves are left out.")
                % {"count": left_out}
            ]
            if left_out
            else []
        )
        head: list[Row] = [(0, [FILE]), *self._rows(list(self.names)[:20])]
        self.sheets = [Head(FILE, True, head)]

    def __enter__(self) -> "Archive":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._zip.close()
        self._file.close()

    def rows(self, sheet: str) -> Iterator[list[Row]]:
        """All files, in the order of the zip, in chunks."""
        numbers = list(self.names)
        for start in range(0, len(numbers), CHUNK):
            yield self._rows(numbers[start : start + CHUNK])

    def column(self, sheet: str, at: int) -> Iterator[list[tuple[int, str]]]:
        """The names, as a workbook gives a column."""
        for chunk in self.rows(sheet):
            yield [(number, cells[0]) for number, cells in chunk]

    def _rows(self, numbers: list[int]) -> list[Row]:
        return [(number, [self.names[number]]) for number in numbers]

    def read(self, number: int, most: int) -> bytes:
        """The content of one file, at most so many bytes; raises CellError."""
        info = self._infos[number]
        if info.external_attr >> 16 & 0o170000 == _LINK:
            raise CellError(_("This is a link to a file, not a file."))
        if info.compress_type not in _METHODS:
            raise CellError(
                _("It is packed in a way that is not read; make an ordinary zip.")
            )
        if info.file_size > most:
            raise CellError(
                _("The picture is larger than %(most)s MB.") % {"most": most // 2**20}
            )
        try:
            with self._zip.open(info) as file:
                return file.read(most + 1)
        except (
            zipfile.BadZipFile,
            zlib.error,
            OSError,
            EOFError,
            ValueError,
            NotImplementedError,
            RuntimeError,
        ) as error:
            raise CellError(_("The file is damaged inside the zip.")) from error


def _look_at_end(file: IO[bytes], size: int, max_files: int) -> None:
    """What the end of the zip says of its list, before the list is read."""
    if not size:
        raise refusal({"error": "empty"})
    length = min(size, _LONGEST_REMARK + _END_SIZE)
    file.seek(size - length)
    tail = file.read(length)
    at = tail.rfind(_END)
    file.seek(0)
    begins = file.read(4)
    if at < 0 or len(tail) - at < _END_SIZE:
        if begins.startswith(b"PK\x03\x04"):
            raise refusal({"error": "broken"})
        raise SheetRefused(
            _("This is not a zip. Put the pictures into a zip and hand that in.")
        )
    if at >= 20 and tail[at - 20 : at - 16] == _END_64:
        raise _too_many(max_files)
    count = int.from_bytes(tail[at + 10 : at + 12], "little")
    listed = int.from_bytes(tail[at + 12 : at + 16], "little")
    # folders have a place in the list as well
    if count > 2 * max_files or listed > MAX_LIST:
        raise _too_many(max_files)


def _too_many(most: int) -> SheetRefused:
    return SheetRefused(
        _("The zip has more than %(most)s files; hand it in as several.")
        % {"most": most}
    )


def _refuse_hostile(files: list[zipfile.ZipInfo], size: int) -> None:
    if any(info.flag_bits & 0x1 for info in files):
        raise refusal({"error": "encrypted"})
    unpacked = sum(info.file_size for info in files)
    packed = sum(info.compress_size for info in files)
    # more packed bytes than there are: files that share their content, a known trap
    if packed > size or unpacked > max(size * MAX_RATIO, FREE_BYTES):
        raise SheetRefused(
            _("The zip unpacks to far more than pictures hold; it is not read.")
        )
    for info in files:
        _parts(info)


def _parts(info: zipfile.ZipInfo) -> list[str]:
    """Folders and name; raises SheetRefused where they lead out of the zip."""
    name = _name(info)
    parts = name.replace("\\", "/").split("/")
    if _CONTROL.search(name) or ".." in parts or not parts[0] or _DRIVE.match(name):
        raise SheetRefused(
            _(
                "The zip names a file outside of itself (%(name)s), which no honest "
                "program does; it is not read."
            )
            % {"name": _CONTROL.sub("?", name)[:80]}
        )
    return parts


def _name(info: zipfile.ZipInfo) -> str:
    """The name as whoever packed it saw it: old programs write it in their system's own
    letters, which the zip does not tell."""
    name = info.orig_filename
    if info.flag_bits & 0x800 or name.isascii():
        return name
    try:
        raw = name.encode("cp437")
    except UnicodeEncodeError:
        return name
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return name


def _is_junk(parts: list[str]) -> bool:
    *folders, name = (part.casefold() for part in parts)
    return (
        name in _JUNK or name.startswith("._") or not _JUNK_FOLDERS.isdisjoint(folders)
    )
