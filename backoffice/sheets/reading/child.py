"""The process that opens a stranger's file; run as a script, imports nothing of ours.

A sheet can make its reader allocate without end (one cell in XFD1048576), loop or
crash, and the reader is compiled code that takes its process with it. So it runs here,
with limits of its own, and answers in lines of JSON:

    → one line with every sheet: name, visible, its first rows
    ← `{"rows": sheet}` or `{"column": sheet, "at": n}` on standard input
    → one line for every few hundred rows `{"rows": [[number, [cell, …]], …]}`
    → `{"end": rows}`

A refusal is `{"error": slug, …}`; its words are the other side's business. Cells are
JSON's own types; `{"d": iso}` is a date or time, `{"e": text}` an error value and
`{"f": 1}` a formula whose result was not stored.
"""

import csv
import io
import json
import re
import resource
import sys
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from xml.etree import ElementTree

HEAD_ROWS = 40
CHUNK = 400
MAX_COLUMNS = 500
MAX_SHEETS = 30
#: bytes that a workbook may unpack to, whatever its size
MAX_UNPACKED = 700 * 2**20
MAX_MEMORY = 3 * 2**30
MAX_SECONDS = 120

#: the way that JSON begins and no header does
_JSON = re.compile(rb'\[?\s*\{\s*"[^"]*"\s*:|\[\s*[\["]')

Row = tuple[int, list[Any]]


class Refused(Exception):
    """The file is not read; `slug` says why."""

    def __init__(self, slug: str, **details: Any) -> None:
        super().__init__(slug)
        self.answer = {"error": slug, **details}


def kind_of(path: str) -> str:
    """xlsx, xls, ods or text by the file's content; raises Refused."""
    with open(path, "rb") as file:
        start = file.read(4096)
        if start.startswith(b"PK\x03\x04"):
            return _kind_of_zip(path)
        if start.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
            # an encrypted workbook is an OLE file around the package; its directory
            # names the stream in UTF-16
            if "EncryptedPackage".encode("utf-16-le") in start + file.read():
                raise Refused("encrypted")
            return "xls"
    if not start:
        raise Refused("empty")
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "text"
    if start.startswith(b"PK\x05\x06") or b"\x00" in start or start[:5] == b"%PDF-":
        raise Refused("not_a_sheet")
    bare = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if bare.startswith((b"<html", b"<!doctype html", b"<table", b"<?xml", b"<meta")):
        raise Refused("web_page")
    if _JSON.match(bare):
        raise Refused("not_a_sheet")
    return "text"


def _kind_of_zip(path: str) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            names = {member.filename for member in members}
            if any(member.flag_bits & 1 for member in members):
                raise Refused("encrypted")
            if sum(member.file_size for member in members) > MAX_UNPACKED:
                raise Refused("bomb")
            # two entries over one piece of data unpack to more than is counted
            offsets = Counter(member.header_offset for member in members)
            if offsets and max(offsets.values()) > 1:
                raise Refused("bomb")
            if names & {"xl/workbook.xml", "xl/workbook.bin"}:
                return "xlsx"
            if "content.xml" in names:
                manifest = (
                    archive.read("META-INF/manifest.xml")
                    if "META-INF/manifest.xml" in names
                    else b""
                )
                if b"encryption-data" in manifest:
                    raise Refused("encrypted")
                return "ods"
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError):
        raise Refused("broken") from None
    raise Refused("not_a_sheet")


# --- text -------------------------------------------------------------------------


def decode(data: bytes) -> str:
    """Text in UTF-8, UTF-16 with its mark, or GB18030; raises Refused."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        codings = ["utf-16"]
    else:
        codings = ["utf-8-sig", "gb18030"]
    for coding in codings:
        try:
            text = data.decode(coding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            raise Refused("not_a_sheet")
        return text
    raise Refused("encoding")


def delimiter_of(text: str) -> str:
    """The sign between cells: the one that cuts the first rows most evenly."""
    named = re.match(r"\ufeff?sep=([^\r\n])\r?\n", text)
    if named:
        return named[1]
    start = text[:65536]
    found = {sign: _evenness(start, sign) for sign in ",\t;|"}
    best = max(",\t;", key=lambda sign: found[sign][0])
    worth, share = found[best]
    # bars stand within cells as well (paths of pictures), so they come last
    if found["|"][0] > worth and (worth == 0 or share < 0.8):
        return "|"
    return best


def _evenness(text: str, sign: str) -> tuple[float, float]:
    """(how much is said for this sign, the share of rows that it cuts alike)."""
    widths: Counter[int] = Counter()
    for number, row in enumerate(_csv(text, sign)):
        if number >= HEAD_ROWS:
            break
        if any(cell.strip() for cell in row):
            widths[len(row)] += 1
    if not widths:
        return 0.0, 0.0
    width, rows = widths.most_common(1)[0]
    share = rows / widths.total()
    return (width - 1) * share, share


def _csv(text: str, sign: str) -> Iterator[list[str]]:
    # universal line ends: the csv module knows no lone carriage return
    return csv.reader(io.StringIO(text, newline=None), delimiter=sign, strict=False)


class _Lines:
    """The lines of a text; `taken` are those of the row that is being read."""

    def __init__(self, text: str) -> None:
        self._lines = io.StringIO(text, newline=None)
        self.taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.taken.append(line)
            yield line

    def is_open(self) -> bool:
        """Whether a quotation mark of the row is not closed."""
        return "".join(self.taken).count('"') % 2 == 1


def text_rows(path: str) -> Callable[[], Iterator[Row]]:
    """A way to go through the rows of a text file, as often as wanted."""
    with open(path, "rb") as file:
        text = decode(file.read())
    sign = delimiter_of(text)
    skipped = 1 if text[:4].lower() == "sep=" else 0
    csv.field_size_limit(2**20)

    def rows() -> Iterator[Row]:
        lines = _Lines(text)
        number = 0
        try:
            for row in csv.reader(lines, delimiter=sign, strict=False):
                number += 1
                if len(lines.taken) > 1 and lines.is_open():
                    # all the rest of the file is one cell
                    raise Refused("open_quote", row=number)
                lines.taken.clear()
                if number > skipped and any(row):
                    yield number, list(row[:MAX_COLUMNS])
        except csv.Error:
            raise Refused("open_quote", row=number + 1) from None

    return rows


# --- workbooks ----------------------------------------------------------------------


def _plain(cell: Any) -> Any:
    """What JSON cannot carry, in the form that the docstring above names."""
    if hasattr(cell, "isoformat"):
        return {"d": cell.isoformat()}
    return {"d": str(cell)}


_SPREADSHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_TIES = (
    "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id",
    "{http://purl.oclc.org/ooxml/officeDocument/relationships}id",
)


def _parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """{sheet's name: its part in the package}; what is not understood is left out."""
    try:
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314 - in a process with limits
        ties = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314 - as above
    except (KeyError, ElementTree.ParseError):
        return {}
    targets = {tie.get("Id"): tie.get("Target", "") for tie in ties}
    found = {}
    for sheet in book.iter():
        if sheet.tag.rpartition("}")[2] != "sheet":
            continue
        target = next(
            (targets.get(sheet.get(key)) for key in _TIES if sheet.get(key)), ""
        )
        if target:
            target = target.lstrip("/")
            part = target if target.startswith("xl/") else f"xl/{target}"
            found[sheet.get("name", "")] = part
    return found


_CELL = re.compile(rb"<c\b([^>]*)>(.*?)</c>", re.DOTALL)
_AT = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')
_VALUE = re.compile(rb"<v[^>]*>([^<]+)</v>|<is\b")


def scan(path: str, name: str, max_rows: int) -> dict[tuple[int, int], Any]:
    """Refuse too many rows before a workbook is read; find what its reader hides.

    The reader gives error values and formulas without a stored result as blanks. Gives
    {(row, column): cell} of those, rows and columns from 0.
    """
    hidden: dict[tuple[int, int], Any] = {}
    with zipfile.ZipFile(path) as archive:
        part = _parts(archive).get(name)
        if part is None or part not in archive.namelist():
            return hidden
        rows = 0
        with archive.open(part) as stream:
            rest = b""
            while chunk := stream.read(2**20):
                *whole, rest = (rest + chunk).split(b"</row>")
                if len(rest) > 2**25:
                    break  # not the XML that spreadsheets write; the reader decides
                for row in whole:
                    if b"<v" in row or b"<is" in row:
                        rows += 1
                        if b"<f" in row or b't="e"' in row:
                            _hidden_cells(row, hidden)
                if rows > max_rows + HEAD_ROWS:
                    raise Refused("too_many_rows", most=max_rows)
    return hidden


def _hidden_cells(row: bytes, hidden: dict[tuple[int, int], Any]) -> None:
    for head, body in _CELL.findall(row):
        at = _AT.search(head)
        if at is None or len(hidden) >= 100_000:
            continue
        value = _VALUE.search(body)
        cell: Any = None
        if b't="e"' in head:
            text = value[1] if value and value[1] else b"#ERROR"
            cell = {"e": text.decode("utf-8", "replace")}
        elif b"<f" in body and value is None and b't="str"' not in head:
            cell = {"f": 1}
        if cell is not None:
            hidden[int(at[2]) - 1, _column(at[1])] = cell


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


class Book:
    """The sheets of a workbook, one read at a time."""

    def __init__(self, path: str, kind: str, max_rows: int) -> None:
        # not needed for text files, and loading it takes a moment
        import python_calamine  # noqa: PLC0415

        self.path, self.kind, self.max_rows = path, kind, max_rows
        try:
            # as an open file: by its path it would trust the ending
            with open(path, "rb") as file:
                self.book = python_calamine.load_workbook(io.BytesIO(file.read()))
        except python_calamine.PasswordError:
            raise Refused("encrypted") from None
        except BaseException:
            raise Refused("broken") from None
        visible = python_calamine.SheetVisibleEnum.Visible
        self.sheets = [
            (sheet.name, sheet.visible == visible)
            for sheet in self.book.sheets_metadata
            if sheet.typ == python_calamine.SheetTypeEnum.WorkSheet
        ][:MAX_SHEETS]
        self._open: tuple[str, Any, dict] | None = None

    def _sheet(self, name: str) -> tuple[Any, dict]:
        if self._open is None or self._open[0] != name:
            hidden = scan(self.path, name, self.max_rows) if self.kind == "xlsx" else {}
            self._open = None
            try:
                sheet = self.book.get_sheet_by_name(name)
            except BaseException:
                raise Refused("broken") from None
            self._open = (name, sheet, hidden)
        return self._open[1], self._open[2]

    def rows(self, name: str) -> Iterator[Row]:
        sheet, hidden = self._sheet(name)
        if sheet.start is None:
            return
        first = sheet.start[1]
        by_row: dict[int, list[tuple[int, Any]]] = {}
        for (row, column), cell in hidden.items():
            by_row.setdefault(row, []).append((column, cell))
        for number, cells in enumerate(sheet.iter_rows()):
            row = [""] * first + cells[:MAX_COLUMNS]
            for column, cell in by_row.get(number, ()):
                row.extend([""] * (column + 1 - len(row)))
                row[column] = cell
            if any(cell != "" for cell in row):
                yield number + 1, row


# --- the conversation ----------------------------------------------------------------


def say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer, default=_plain, ensure_ascii=True) + "\n")
    sys.stdout.flush()


def stream(rows: Iterator[Row], max_rows: int, column: int | None = None) -> None:
    """All rows in lines of a few hundred; with `column`, only that cell of each."""
    lines: list[Any] = []
    count = 0
    for number, row in rows:
        count += 1
        if count > max_rows + HEAD_ROWS:
            raise Refused("too_many_rows", most=max_rows)
        if column is None:
            lines.append((number, row))
        else:
            lines.append((number, row[column] if column < len(row) else ""))
        if len(lines) >= CHUNK:
            say({"rows": lines})
            lines = []
    say({"rows": lines})
    say({"end": count})


def heads(
    sheets: list[tuple[str, bool]], rows: Callable[[str], Iterator[Row]]
) -> list[dict]:
    """Name, visibility and first rows of every sheet (hidden ones without rows)."""
    found = []
    for name, is_visible in sheets:
        head: list[Row] = []
        if is_visible:
            for row in rows(name):
                head.append(row)
                if len(head) >= HEAD_ROWS:
                    break
        found.append({"name": name, "visible": is_visible, "head": head})
    return found


def serve(path: str, max_rows: int) -> None:
    """Open the file and answer until the other side closes."""
    kind = kind_of(path)
    rows: Callable[[str], Iterator[Row]]
    if kind == "text":
        through = text_rows(path)
        sheets = [("", True)]

        def rows(name: str) -> Iterator[Row]:
            return through()
    else:
        book = Book(path, kind, max_rows)
        sheets, rows = book.sheets, book.rows
    say({"kind": kind, "sheets": heads(sheets, rows)})
    for line in sys.stdin:
        asked = json.loads(line)
        if "column" in asked:
            stream(rows(asked["column"]), max_rows, asked["at"])
        else:
            stream(rows(asked["rows"]), max_rows)


def main(path: str, max_rows: str) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_SECONDS, MAX_SECONDS + 5))
    try:
        serve(path, int(max_rows))
    except Refused as refusal:
        say(refusal.answer)
    except (MemoryError, RecursionError):
        say({"error": "beyond"})
    except BrokenPipeError:
        # the other side has seen enough; nothing is left to flush
        sys.stderr.close()


if __name__ == "__main__":
    main(*sys.argv[1:3])
