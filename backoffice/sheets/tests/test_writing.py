"""Writing sheets: what they hold, and in how much memory."""

import io
import tracemalloc
from datetime import UTC, datetime
from decimal import Decimal

import openpyxl
import pytest

from backoffice.sheets import cells, writing
from backoffice.sheets.definitions import Column
from backoffice.sheets.errors import SheetRefused

COLUMNS = [
    Column("code", "code", cells.code),
    Column("price", "price", cells.text, kind="number"),
    Column("flag", "flag", cells.flag, kind="flag"),
    Column("at", "at", cells.moment, kind="time"),
]
ROW = ["A1", Decimal("9.90"), True, datetime(2026, 3, 1, 1, 2, 3, 4, tzinfo=UTC)]


def written(kind, rows, columns=COLUMNS):
    file = io.BytesIO()
    count = writing.write(file, kind, columns, rows, title="a/b: [x]", labels=False)
    return file.getvalue(), count


@pytest.mark.parametrize("kind", writing.FORMATS)
def test_many_rows_take_no_more_memory_than_few(kind):
    class Nowhere(io.RawIOBase):
        def writable(self):
            return True

        def write(self, data):
            return len(data)

    def peak(count):
        tracemalloc.start()
        writing.write(
            Nowhere(),
            kind,
            COLUMNS,
            (ROW for _ in range(count)),
            title="x",
            labels=False,
        )
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    few = peak(2_000)
    assert peak(20_000) < few * 1.3 + 100_000


def test_xlsx_is_what_other_programs_read():
    content, count = written("xlsx", [ROW, ["A2", None, False, None]])
    assert count == 2
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [
        ["code", "price", "flag", "at"],
        ["A1", 9.9, writing.yes_no(True), "2026-03-01T01:02:03.000004+00:00"],
        ["A2", None, writing.yes_no(False), None],
    ]
    assert sheet["B2"].number_format == "0.00"
    assert sheet["A2"].number_format == "@"


def test_what_xml_cannot_carry_is_left_out():
    content, _count = written("xlsx", [["a\x00b\ufffe<&>\ud800", None, True, None]])
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert sheet["A2"].value == "ab<&>"


def test_a_sheet_has_no_more_rows_than_a_spreadsheet_takes(monkeypatch):
    monkeypatch.setattr(writing, "MOST_ROWS", 3)
    assert written("xlsx", [ROW] * 2)[1] == 2
    with pytest.raises(SheetRefused):
        written("xlsx", [ROW] * 3)
    assert written("csv", [ROW] * 3)[1] == 3


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("=1", "'=1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@a", "'@a"),
        ("\ta", "'\ta"),
        ("\ra", "'\ra"),
        ("＝1", "'＝1"),
        ("'=1", "''=1"),
        ("清空", "'清空"),
        ("'x", "'x"),
        ("1-2", "1-2"),
        ("", ""),
    ],
)
def test_formulas_are_made_harmless_and_read_back(text, safe):
    assert cells.escaped(text) == safe
    assert cells.unescaped(safe) == text
