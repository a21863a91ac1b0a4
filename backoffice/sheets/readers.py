"""Reading the cells of a column, many rows at a time.

Sheets repeat themselves, so each distinct cell is read once; and going through a column
at once costs a fraction of going through a row cell by cell.
"""

from collections.abc import Sequence
from typing import Any

from backoffice.sheets import cells
from backoffice.sheets.definitions import Column
from backoffice.sheets.errors import CellError

#: distinct cells of a column whose reading is remembered
REMEMBERED = 20_000
#: kinds of cells that are remembered: 1 and 1.0 mean the same, True does not
_PLAIN = {str, int, float}


class ColumnReader:
    """Reads the cells of one column, remembering what it has read."""

    def __init__(self, column: Column, index: int) -> None:
        self.column, self.name, self.index = column, column.name, index
        self._values: dict[Any, Any] = {}
        self._wrong: dict[Any, str] = {}

    def cells(self, rows: Sequence[Sequence[Any]]) -> list[Any]:
        """This column of some rows; short rows have blanks there."""
        at = self.index
        return [row[at] if at < len(row) else "" for row in rows]

    def read_all(self, raw: Sequence[Any]) -> tuple[list[Any], dict[int, str]]:
        """(values, None where there is none; {place: what is wrong with its cell})."""
        if not _PLAIN.issuperset(map(type, raw)):
            # dates, errors and the like come as dictionaries
            answers = [self._read(cell) for cell in raw]
            wrong = {at: word for at, (_value, word) in enumerate(answers) if word}
            return [value for value, _word in answers], wrong
        if len(self._values) > REMEMBERED:
            self._values.clear()
            self._wrong.clear()
        for cell in set(raw).difference(self._values):
            self._values[cell], word = self._read(cell)
            if word:
                self._wrong[cell] = word
        values = [self._values[cell] for cell in raw]
        if not self._wrong:
            return values, {}
        known = self._wrong
        return values, {at: known[cell] for at, cell in enumerate(raw) if cell in known}

    def _read(self, raw: Any) -> tuple[Any, str]:
        """(value or None, what is wrong or "")."""
        column = self.column
        try:
            return cells.read(raw, column.parse, clearable=column.clearable), ""
        except CellError as error:
            return None, str(error)
