"""Opening files: whatever they are called, however they are broken."""

import zipfile

import pytest

from backoffice.sheets.errors import SheetRefused
from backoffice.sheets.reading.workbook import Workbook
from backoffice.sheets.tests.files import (
    csv_bytes,
    rezip,
    write_csv,
    write_ods,
    write_xlsx,
)

ROWS = [["code", "name", "price"], ["A1", "苹果", "9.90"], ["A2", "香蕉", "3.50"]]


def rows_of(path, sheet=None, max_rows=1000):
    with Workbook(path, max_rows=max_rows) as book:
        name = book.sheets[0].name if sheet is None else sheet
        return [row for chunk in book.rows(name) for row in chunk]


def refused(path, max_rows=1000):
    with pytest.raises(SheetRefused) as refusal:
        rows_of(path, max_rows=max_rows)
    return refusal.value.data["reason"]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"encoding": "utf-8-sig"},
        {"encoding": "gb18030"},
        {"encoding": "utf-16"},
        {"delimiter": ";"},
        {"delimiter": "\t"},
        {"newline": "\r\n"},
        {"newline": "\r"},
        {"delimiter": "\t", "encoding": "utf-16", "newline": "\r\n"},
    ],
)
def test_text_is_read_in_every_dress(tmp_path, options):
    path = write_csv(tmp_path / "goods.csv", ROWS, **options)
    assert rows_of(path) == [[n, row] for n, row in enumerate(ROWS, 1)]


def test_text_keeps_row_numbers_over_blank_rows_and_line_breaks(tmp_path):
    path = tmp_path / "goods.csv"
    path.write_bytes(b'code,name\n\n,\nA1,"two\r\nlines"\nA2,x\n')
    assert rows_of(path) == [
        [1, ["code", "name"]],
        [4, ["A1", "two\nlines"]],
        [5, ["A2", "x"]],
    ]


def test_bars_within_cells_are_no_delimiter(tmp_path):
    rows = [["code", "images"], *([f"A{n}", "a|b|c|d"] for n in range(30))]
    assert rows_of(write_csv(tmp_path / "a.csv", rows))[1] == [2, ["A0", "a|b|c|d"]]
    path = write_csv(tmp_path / "b.csv", rows[:1] * 2, delimiter="|")
    assert rows_of(path)[1] == [2, ["code", "images"]]


def test_text_may_name_its_delimiter(tmp_path):
    path = tmp_path / "goods.csv"
    path.write_bytes(b"sep=|\r\ncode|name\r\nA1|x,y\r\n")
    assert rows_of(path) == [[2, ["code", "name"]], [3, ["A1", "x,y"]]]


@pytest.mark.parametrize("name", ["goods.xlsx", "goods.csv", "goods.xls", "goods"])
def test_the_content_decides_not_the_ending(tmp_path, name):
    path = write_xlsx(tmp_path / "made.xlsx", ROWS)
    assert rows_of(path.rename(tmp_path / name))[1] == [2, ["A1", "苹果", "9.90"]]


def test_a_csv_called_xlsx_is_read(tmp_path):
    path = write_csv(tmp_path / "goods.xlsx", ROWS)
    assert rows_of(path)[2] == [3, ["A2", "香蕉", "3.50"]]


def test_ods_is_read(tmp_path):
    path = write_ods(tmp_path / "goods.ods", [["code", "price"], ["A1", 9.9]])
    assert rows_of(path) == [[1, ["code", "price"]], [2, ["A1", 9.9]]]


def test_columns_and_rows_keep_their_places(tmp_path):
    def change(sheet, book):
        sheet["C4"] = "code"
        sheet["C6"] = 123456789012345

    path = write_xlsx(tmp_path / "a.xlsx", [], change=change)
    assert rows_of(path) == [
        [4, ["", "", "code"]],
        [6, ["", "", 123456789012345.0]],
    ]


def test_hidden_sheets_are_marked(tmp_path):
    def change(sheet, book):
        hidden = book.create_sheet("old", 0)
        hidden["A1"] = "code"
        hidden.sheet_state = "hidden"

    path = write_xlsx(tmp_path / "a.xlsx", ROWS, change=change)
    with Workbook(path, max_rows=10) as book:
        assert [(s.name, s.visible, len(s.rows)) for s in book.sheets] == [
            ("old", False, 0),
            ("Sheet", True, 3),
        ]


def test_error_values_and_formulas_without_a_result_are_seen(tmp_path):
    def change(sheet, book):
        sheet["A1"], sheet["B1"] = "code", "price"
        sheet["B2"] = "=1/0"
        sheet["A3"], sheet["B3"] = "A3", "#REF!"
        sheet["B3"].data_type = "e"

    path = write_xlsx(tmp_path / "a.xlsx", [], change=change)
    assert rows_of(path)[1:] == [
        [2, ["", {"f": 1}]],
        [3, ["A3", {"e": "#REF!"}]],
    ]


def test_formulas_give_their_stored_result(tmp_path):
    path = write_xlsx(tmp_path / "a.xlsx", [["code", "price"], ["A1", "=6*2"]])

    def result(name, data):
        return data.replace(b"<f>6*2</f><v></v>", b"<f>6*2</f><v>12</v>").replace(
            b"<f>6*2</f><v />", b"<f>6*2</f><v>12</v>"
        )

    assert rows_of(rezip(path, result))[1] == [2, ["A1", 12.0]]


def test_dates_are_told_from_numbers(tmp_path):
    import datetime

    path = write_xlsx(tmp_path / "a.xlsx", [["code"], [datetime.date(2026, 3, 1)]])
    assert rows_of(path)[1] == [2, [{"d": "2026-03-01"}]]


# --- what is refused ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"PK\x03\x04 nonsense", "broken"),
        (b"PK\x05\x06" + b"\x00" * 18, "not_a_sheet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "broken"),
        (b"%PDF-1.7 ...", "not_a_sheet"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "not_a_sheet"),
        (b"<html><table><tr><td>code</td></tr></table></html>", "web_page"),
        (b'\xef\xbb\xbf<?xml version="1.0"?><Workbook/>', "web_page"),
        (b"code,name\nA1,\xff\xff\xff\n", "encoding"),
        (b'[\t\r\n{"plu":"20099","nombre":"AJI"},', "not_a_sheet"),
        (b'{"goods": [', "not_a_sheet"),
    ],
)
def test_what_is_no_sheet_is_refused(tmp_path, content, reason):
    path = tmp_path / "goods.xlsx"
    path.write_bytes(content)
    assert refused(path) == reason


@pytest.mark.parametrize("first", ["[code],name", "{code},name", '"code",name', "[A]"])
def test_a_header_in_brackets_is_no_json(tmp_path, first):
    path = tmp_path / "a.csv"
    path.write_text(f"{first}\nA1,x\n")
    assert rows_of(path)[1] == [2, ["A1", "x"]]


def test_a_cut_off_workbook_is_refused(tmp_path):
    path = write_xlsx(tmp_path / "a.xlsx", ROWS)
    path.write_bytes(path.read_bytes()[:-200])
    assert refused(path) == "broken"


def test_a_package_that_is_no_workbook_is_refused(tmp_path):
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    assert refused(path) == "not_a_sheet"


def test_an_encrypted_workbook_is_refused(tmp_path):
    path = tmp_path / "a.xlsx"
    path.write_bytes(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + b"\x00" * 1000
        + "EncryptedPackage".encode("utf-16-le")
        + b"\x00" * 1000
    )
    assert refused(path) == "encrypted"


def test_a_zip_bomb_is_refused_by_its_directory(tmp_path):
    path = write_xlsx(tmp_path / "a.xlsx", ROWS)
    with (
        zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/media/zeros.bin", "w", force_zip64=True) as part,
    ):
        for _ in range(800):
            part.write(b"\x00" * 2**20)
    assert path.stat().st_size < 2**20
    assert refused(path) == "bomb"


def test_too_many_rows_are_refused(tmp_path):
    rows = [["code"], *([f"A{n}"] for n in range(200))]
    assert refused(write_xlsx(tmp_path / "a.xlsx", rows), 100) == "too_many_rows"
    assert refused(write_csv(tmp_path / "a.csv", rows), 100) == "too_many_rows"


def test_rows_that_are_only_formatted_do_not_count(tmp_path):
    from openpyxl.styles import Font

    def change(sheet, book):
        for number in range(1, 500):
            sheet.cell(number, 1).font = Font(bold=True)

    path = write_xlsx(tmp_path / "a.xlsx", ROWS, change=change)
    assert len(rows_of(path, max_rows=100)) == 3


def test_a_cell_in_the_last_corner_does_not_take_us_down(tmp_path):
    def change(sheet, book):
        sheet["XFD1048576"] = "x"

    path = write_xlsx(tmp_path / "a.xlsx", ROWS, change=change)
    assert refused(path) == "beyond"


def test_an_endless_row_is_cut(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"code,name\n" + b"A1" + b"," * 100_000 + b"\n")
    assert [len(row) for _n, row in rows_of(path)] == [2, 500]


def test_an_open_quote_over_everything_is_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b'code,name\n"A1,' + b"x" * (2**20 + 10))
    assert refused(path) == "open_quote"


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_a_quote_that_is_not_closed_is_named_by_its_row(tmp_path, newline):
    path = tmp_path / "a.csv"
    lines = ["code,name", '"A1","two', 'lines"', 'A2,"open', "A3,lost", ""]
    path.write_text(newline.join(lines), newline="")
    with pytest.raises(SheetRefused, match="3"), Workbook(path, max_rows=10) as book:
        list(book.rows(""))


def test_a_quote_inside_a_word_is_a_sign_like_others(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('code,name\nA1,5" pot\nA2,6\nA3,"two\nlines"\n')
    with Workbook(path, max_rows=10) as book:
        rows = [row for chunk in book.rows("") for row in chunk]
    assert rows[1:] == [
        [2, ["A1", '5" pot']],
        [3, ["A2", "6"]],
        [4, ["A3", "two\nlines"]],
    ]


def test_columns_are_given_alone(tmp_path):
    path = write_csv(tmp_path / "a.csv", [*ROWS, ["A3"]])
    with Workbook(path, max_rows=10) as book:
        assert [cell for chunk in book.column("", 1) for cell in chunk] == [
            [1, "name"],
            [2, "苹果"],
            [3, "香蕉"],
            [4, ""],
        ]


def test_leaving_early_ends_the_process(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(csv_bytes([["code"], *([f"A{n}"] for n in range(5000))]))
    with Workbook(path, max_rows=10_000) as book:
        next(book.rows(""))
    assert book._process.poll() is not None
