"""Going through a sheet: every cell read, every row planned, nothing written.

The rows come in chunks and leave in chunks, so a sheet of 200,000 rows needs no more
memory than its codes.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.files import File
from django.utils.translation import gettext as _

from backoffice.sheets import cells, mappings
from backoffice.sheets.definitions import (
    Checker,
    Options,
    Planned,
    Row,
    SheetDefinition,
)
from backoffice.sheets.enums import Outcome
from backoffice.sheets.errors import SheetRefused
from backoffice.sheets.files import on_disk
from backoffice.sheets.readers import ColumnReader
from backoffice.sheets.reading.header import (
    Found,
    Layout,
    bare,
    find_header,
    read_layout,
    without_header,
    written,
)
from backoffice.sheets.reading.workbook import PATIENCE, Workbook

if TYPE_CHECKING:
    from backoffice.accounts.models import User

#: so many of the other rows with the same key are named in a message
SHOWN = 5

_HELP = re.compile(
    "必填|选填|不填|可填|填写|请|说明|示例|例如|例：|注意|不能|可选"
    r"|\brequired\b|\boptional\b|\bexample:|\be\.g\.|\bmust\b|\bplease\b",
    re.IGNORECASE,
)

#: what a row of kinds below the header says: 文本 | 文本 | 数字
_KINDS = {
    *("文本", "文字", "字符", "字符串", "数字", "数值", "整数", "小数", "金额", "日期"),
    *(
        "时间",
        "布尔",
        "是/否",
        "text",
        "string",
        "number",
        "decimal",
        "integer",
        "date",
    ),
    *("boolean", "yes/no", "*"),
}


@dataclass
class Totals:
    """How many rows would do what; `errors` counts messages, `wrong` their rows."""

    rows: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    conflicts: int = 0
    wrong: int = 0
    errors: int = 0
    waiting: int = 0

    _FIELDS = {
        Outcome.NEW: "new",
        Outcome.CHANGED: "changed",
        Outcome.UNCHANGED: "unchanged",
        Outcome.CONFLICT: "conflicts",
        Outcome.ERROR: "wrong",
    }

    def add(self, planned: Planned) -> None:
        self.rows += 1
        name = self._FIELDS[planned.outcome]
        setattr(self, name, getattr(self, name) + 1)
        self.errors += len(planned.row.errors)
        self.waiting += bool(planned.waiting)


@contextmanager
def opened(path: str | Path, definition: SheetDefinition) -> Iterator[Workbook]:
    """The file in its reader, after a look at its size."""
    if Path(path).stat().st_size > definition.max_mb * 2**20:
        raise SheetRefused(
            _("The file is larger than %(most)s MB; split it or leave out pictures.")
            % {"most": definition.max_mb}
        )
    own = definition.open(Path(path))
    if own is not None:
        with own as file:
            yield file
        return
    patience = PATIENCE * definition.size_factor
    with Workbook(path, max_rows=definition.max_rows, patience=patience) as book:
        yield book


def layout_of(
    book: Workbook,
    definition: SheetDefinition,
    *,
    sheet: str = "",
    mapping: Mapping[str, str] | None = None,
    has_header: bool = True,
) -> tuple[Found, Layout]:
    """The header and where the fields stand; raises SheetRefused and NeedsMapping.

    Without a mapping, the one that was remembered for such a header counts. Without a
    header, the mapping says which letter is which field.
    """
    columns = definition.columns
    if not has_header:
        found = find_header(book.sheets, columns, key=definition.key, sheet=sheet)
        found = without_header(found, book.sheets)
        return found, read_layout(found, columns, key=definition.key, mapping=mapping)
    found = find_header(
        book.sheets, columns, key=definition.key, sheet=sheet, mapping=mapping
    )
    mapping = mapping or mappings.remembered(definition, found)
    layout = read_layout(found, columns, key=definition.key, mapping=mapping)
    if definition.is_archive:
        layout.has_addresses = False
        layout.notes += book.notes
    return found, layout


class Check:
    """One pass over the rows of a sheet.

    `plans` gives the planned rows in chunks; `totals` and `notes` are complete when it
    has ended. `size` is the number of rows, known before the first is planned.
    """

    def __init__(
        self,
        book: Workbook,
        layout: Layout,
        definition: SheetDefinition,
        checker: Checker,
    ) -> None:
        self.book, self.layout = book, layout
        self.definition, self.checker = definition, checker
        checker.book = book
        self.totals = Totals()
        self.notes = list(layout.notes)
        self._readers = [
            ColumnReader(column, layout.at[column.name])
            for column in definition.columns
            if column.name in layout.at and not column.read_only
        ]
        self._columns = frozenset(reader.name for reader in self._readers)
        self._key = next(r for r in self._readers if r.name == definition.key)
        self._examples = {example.casefold() for example in definition.example_keys}
        self._begun = False
        self.size, self._doubles = self._count()

    def cell(self, column: str, row: int) -> str:
        """The address of a cell; of the row's key where the sheet lacks the column."""
        return self.layout.cell(column, row) or self.layout.cell(
            self.definition.key, row
        )

    def messages(self, planned: Planned) -> list[list[str]]:
        """[[cell, message], …] of everything that stops a row, from left to right."""
        if not planned.row.errors and not planned.conflicts:
            return []
        number = planned.row.number
        found = [*planned.row.errors, *planned.conflicts]
        if len(found) > 1:
            at = self.layout.at
            found.sort(key=lambda error: at.get(error[0], at[self.definition.key]))
        return [[self.cell(column, number), message] for column, message in found]

    def _count(self) -> tuple[int, dict[int, list[int]]]:
        """The number of rows, and the rows that share their key with others."""
        places: dict[str, int | list[int]] = {}
        doubles: dict[int, list[int]] = {}
        counts: dict[str, int] = {}
        size = 0
        for chunk in self.book.column(self.layout.sheet, self._key.index):
            rows = [pair for pair in chunk if pair[0] > self.layout.header_row]
            size += len(rows)
            values, _wrong = self._key.read_all([raw for _number, raw in rows])
            for (number, _raw), value in zip(rows, values, strict=True):
                if not isinstance(value, str):
                    continue
                key = value.casefold()
                if key in self._examples:
                    continue
                if self.definition.repeats:
                    counts[key] = counts.get(key, 0) + 1
                    continue
                earlier = places.get(key)
                if earlier is None:
                    places[key] = number
                    continue
                if isinstance(earlier, int):
                    first, earlier = earlier, [earlier]
                    places[key] = doubles[first] = earlier
                earlier.append(number)
                doubles[number] = earlier
        most = self.definition.max_rows
        if size > most:
            raise SheetRefused(
                _("The sheet has more than %(most)s rows; split it.") % {"most": most}
            )
        self.checker.counts = counts
        return size, doubles

    def plans(self) -> Iterator[list[Planned]]:
        """The rows in their order, planned, in chunks."""
        every = chain.from_iterable(self.book.rows(self.layout.sheet))
        while chunk := list(islice(every, self.definition.chunk)):
            if rows := self._rows(chunk):
                yield self._planned(rows)
        self.notes += self.checker.notes()
        if not self.totals.rows:
            self.notes.append(_("There are no rows below the header."))

    def _planned(self, rows: list[Row]) -> list[Planned]:
        plans = self.checker.plan(rows)
        for planned in plans:
            if planned.row.errors:
                planned.outcome = Outcome.ERROR
            elif planned.conflicts:
                planned.outcome = Outcome.CONFLICT
            self.totals.add(planned)
        return plans

    def _rows(self, chunk: Sequence[tuple[int, list[Any]]]) -> list[Row]:
        """The rows of a chunk that say something."""
        below = [pair for pair in chunk if pair[0] > self.layout.header_row]
        every = [raw for _number, raw in below]
        names, columns = [], []
        errors: dict[int, list[tuple[str, str]]] = {}
        for reader in self._readers:
            values, wrong = reader.read_all(reader.cells(every))
            names.append(reader.name)
            columns.append(values)
            for at, message in wrong.items():
                errors.setdefault(at, []).append((reader.name, message))
        found = []
        for at, across in enumerate(zip(*columns, strict=True)):
            pairs = zip(names, across, strict=True)
            row = Row(
                below[at][0],
                self._columns,
                {name: value for name, value in pairs if value is not None},
                errors.get(at, []),
            )
            # blank, or nothing but remarks in columns that are not taken
            is_blank = not row.values and not row.errors
            if is_blank or self._skipped(row, every[at]):
                continue
            self._begun = True
            self._check_key(row)
            found.append(row)
        return found

    def _skipped(self, row: Row, raw: list[Any]) -> bool:
        if self.definition.is_archive:
            return False
        key = row.values.get(self.definition.key)
        if isinstance(key, str) and key.casefold() in self._examples:
            self.notes.append(
                _("Row %(row)s is the template's example and is not taken.")
                % {"row": row.number}
            )
            return True
        if self._is_header(raw):
            # as at the top of each printed page
            return True
        if not self._begun and self._is_help(row, raw):
            self.notes.append(
                _("Row %(row)s is a hint below the header and is not taken.")
                % {"row": row.number}
            )
            return True
        return False

    def _is_header(self, raw: list[Any]) -> bool:
        """The header again: every column says what it is."""
        key = self._key.index
        headings = self.layout.headings
        if key >= len(raw) or written(raw[key]).strip() != headings[key]:
            return False
        indexes = [r.index for r in self._readers if r.index < len(raw)]
        return len(indexes) > 1 and all(
            bare(raw[index]) == bare(headings[index]) for index in indexes
        )

    def _is_help(self, row: Row, raw: list[Any]) -> bool:
        """A row of hints under the header: words that explain, no number anywhere."""
        words = [cell for cell in raw if isinstance(cell, str) and cell.strip()]
        if words and {word.strip().lower() for word in words} <= _KINDS:
            return True
        if not any(_HELP.search(word) for word in words):
            return False
        if any(
            reader.column.kind == "number" and reader.column.name in row.values
            for reader in self._readers
        ):
            return False
        key = raw[self._key.index] if self._key.index < len(raw) else ""
        return isinstance(key, str) and not re.fullmatch(r"[\w.-]+", key, re.ASCII)

    def _check_key(self, row: Row) -> None:
        key = self.definition.key
        if key not in row.values:
            if not any(column == key for column, _message in row.errors):
                column = self.definition.column(key)
                row.refuse(
                    key,
                    _("The code is missing.")
                    if key == "code"
                    else _("%(column)s is missing.") % {"column": column.label},
                )
            return
        if row.number in self._doubles:
            rows = self._doubles[row.number]
            others = [str(n) for n in rows[: SHOWN + 1] if n != row.number][:SHOWN]
            row.refuse(
                key,
                _("%(code)s stands in row %(rows)s as well; a sheet names it once.")
                % {
                    "code": cells.shown(row.values[key]),
                    "rows": _(", ").join(others)
                    + ("…" if len(rows) > SHOWN + 1 else ""),
                },
            )


def plans_of(
    definition: SheetDefinition, file: File, by: "User"
) -> tuple[list[Planned], list[list[str]]]:
    """(what each row of a file would do, [[cell, message], …] of what is wrong in it),
    for who wants to know it without a batch; writes nothing.

    Raises SheetRefused, and NeedsMapping for a foreign header.
    """
    with on_disk(file) as path, opened(path, definition) as book:
        _found, layout = layout_of(book, definition)
        check = Check(book, layout, definition, definition.checker(by, Options()))
        plans = [planned for chunk in check.plans() for planned in chunk]
        return plans, [said for planned in plans for said in check.messages(planned)]
