"""A sheet file, opened in a process of its own (see `child`)."""

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson
from django.utils.translation import gettext as _

from backoffice.sheets.errors import SheetRefused

CHILD = Path(__file__).with_name("child.py")
#: seconds; reading 200,000 rows takes about ten
PATIENCE = 150

Row = tuple[int, list[Any]]


@dataclass(frozen=True)
class Head:
    """A sheet of the file and its first rows, as (row number, cells)."""

    name: str
    visible: bool
    rows: list[Row] = field(default_factory=list)


def refusal(answer: dict[str, Any]) -> SheetRefused:
    """The words for what the reading process said."""
    words = {
        "encrypted": _(
            "The file is protected by a password. Save it without one and hand it in again."
        ),
        "empty": _("The file is empty."),
        "bomb": _("The file unpacks to far more than a sheet holds; it is not read."),
        "broken": _(
            "The file is broken or cut off. Open it in your spreadsheet program, save it "
            "anew and hand that in."
        ),
        "web_page": _(
            "The file is a web page or XML under the name of a sheet. Open it in your "
            "spreadsheet program and save it as xlsx."
        ),
        "encoding": _(
            "The text is neither UTF-8 nor GB18030. Save the file as xlsx or as CSV UTF-8."
        ),
        "beyond": _(
            "The file could not be read within our limits: it is damaged, or its cells "
            "reach too far. Copy the rows into a new file and hand that in."
        ),
        "not_a_sheet": _("This is not a spreadsheet. Take xlsx, xls, ods or csv."),
        "open_quote": _(
            "A quotation mark in row %(row)s is not closed, so that the rows below it "
            "would be one cell. Close it, or save the file as xlsx."
        )
        % {"row": answer.get("row")},
        "too_many_rows": _("The sheet has more than %(most)s rows; split it.")
        % {"most": answer.get("most")},
    }
    slug = answer["error"]
    return SheetRefused(words.get(slug, words["broken"]), reason=slug)


def _understood(line: bytes) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = orjson.loads(line)
    except orjson.JSONDecodeError:
        # a cell that is no number to strict readers: NaN, Infinity
        answer = json.loads(line)
    return answer


class Workbook:
    """An open file: `sheets` with their first rows, and `rows` of one of them.

    Use it as a context; leaving it ends the reading process. Raises SheetRefused.
    """

    #: what is to be said of the file as a whole
    notes: Sequence[str] = ()

    def __init__(
        self, path: str | Path, *, max_rows: int, patience: float = PATIENCE
    ) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own file, no shell
            [sys.executable, "-I", str(CHILD), str(path), str(max_rows)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._patience = threading.Timer(patience, self._process.kill)
        self._patience.daemon = True
        self._patience.start()
        try:
            opening = self._hear()
        except SheetRefused:
            self.close()
            raise
        self.kind: str = opening["kind"]
        self.sheets = [
            Head(
                sheet["name"],
                sheet["visible"],
                [(number, cells) for number, cells in sheet["head"]],
            )
            for sheet in opening["sheets"]
        ]

    def __enter__(self) -> "Workbook":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the reading process."""
        self._patience.cancel()
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        self._process.wait()

    def rows(self, sheet: str) -> Iterator[list[Row]]:
        """All rows that are not blank, in chunks of some hundred."""
        return self._stream({"rows": sheet})

    def column(self, sheet: str, at: int) -> Iterator[list[tuple[int, Any]]]:
        """The cells of one column (from 0) with their row numbers, in chunks."""
        return self._stream({"column": sheet, "at": at})

    def _stream(self, request: dict[str, Any]) -> Iterator[list[Any]]:
        pipe = self._process.stdin
        assert pipe is not None  # noqa: S101 - opened above
        try:
            pipe.write(json.dumps(request).encode() + b"\n")
            pipe.flush()
        except BrokenPipeError:
            raise refusal({"error": "beyond"}) from None
        while True:
            answer = self._hear()
            if "end" in answer:
                return
            if answer["rows"]:
                yield answer["rows"]

    def _hear(self) -> dict[str, Any]:
        pipe = self._process.stdout
        assert pipe is not None  # noqa: S101 - opened above
        line = pipe.readline()
        if not line.endswith(b"\n"):
            # it died: out of memory, out of time, or the reader crashed
            raise refusal({"error": "beyond"})
        answer = _understood(line)
        if "error" in answer:
            raise refusal(answer)
        return answer
