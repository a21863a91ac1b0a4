"""Reading one cell: what people and spreadsheets write, and what is refused."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from backoffice.sheets import cells
from backoffice.sheets.definitions import CLEAR
from backoffice.sheets.errors import CellError

price = cells.number(
    least=Decimal(0),
    most=Decimal("999999.99"),
    places=2,
    wrong=lambda cell: f"{cell} is not a price, for example 12.50",
)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("12.5", "12.50"),
        ("12.50", "12.50"),
        (12.5, "12.50"),
        (12, "12.00"),
        ("￥599.00", "599.00"),
        ("¥ 599", "599.00"),
        ("599元", "599.00"),
        ("１２．５", "12.50"),
        ("1,234.50", "1234.50"),
        ("1，234.50", "1234.50"),
        (" 12.5　", "12.50"),
        ("'12.5", "12.50"),
        (".5", "0.50"),
        (3 * 3.3, "9.90"),
        (0, "0.00"),
        ("+3", "3.00"),
    ],
)
def test_price_reads_what_people_write(raw, value):
    assert str(price(raw)) == value


@pytest.mark.parametrize(
    "raw",
    [
        *("12,5元", "12,5", "abc", "NaN", "1e3", "Infinity", "12.5.0", "--3", True),
        *(float("nan"), float("inf"), {"d": "2026-01-02"}),
    ],
)
def test_price_names_what_is_none(raw):
    with pytest.raises(CellError, match=r"is not a price, for example 12\.50"):
        price(raw)


def test_price_quotes_the_cell():
    with pytest.raises(CellError) as error:
        price("12,5元")
    assert str(error.value) == '"12,5元" is not a price, for example 12.50'


@pytest.mark.parametrize("raw", ["-1", -0.01, "1000000", 1e9, "9" * 400])
def test_price_out_of_range_is_refused(raw):
    with pytest.raises(CellError, match=r"999999\.99"):
        price(raw)


@pytest.mark.parametrize("raw", ["12.345", 0.6583505825868232])
def test_price_is_never_rounded_silently(raw):
    with pytest.raises(CellError, match="2"):
        price(raw)


def test_whole_numbers_are_whole():
    count = cells.whole(least=1, most=10)
    assert count("3.0") == 3
    for wrong in ("2.5", "0", "11", "x"):
        with pytest.raises(CellError):
            count(wrong)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("A-001", "A-001"),
        ("  A  001 ", "A 001"),
        (123456789012345.0, "123456789012345"),
        ("123456789012345", "123456789012345"),
        ("6901234567890123456", "6901234567890123456"),
        (7, "7"),
        ("12E3", "12E3"),
        ("'=1+1", "=1+1"),
        ("007", "007"),
    ],
)
def test_code_keeps_what_was_typed(raw, value):
    assert cells.code(raw) == value


@pytest.mark.parametrize(
    "raw",
    [
        *("1.23457E+14", "1.23457e+14", "1E+15", "6.9E15", "１.23457E+14"),
        *(1e15, 6901234567890123.0, 1.23e22, float("inf")),
    ],
)
def test_code_that_a_spreadsheet_rewrote_is_refused_with_a_hint(raw):
    with pytest.raises(CellError, match=r"rewritten|改写"):
        cells.code(raw)


@pytest.mark.parametrize("raw", [12.5, -3.0, True, {"d": "2026-03-01"}])
def test_code_is_no_fraction_date_or_flag(raw):
    with pytest.raises(CellError):
        cells.code(raw)


@pytest.mark.parametrize("raw", ["是", "yes", "Y", "TRUE", "1", 1.0, True, "√", "启用"])
def test_flag_knows_yes(raw):
    assert cells.flag(raw) is True


@pytest.mark.parametrize(
    "raw", ["否", "no", "N", "false", "0", 0.0, False, "×", "停用"]
)
def test_flag_knows_no(raw):
    assert cells.flag(raw) is False


@pytest.mark.parametrize("raw", ["maybe", "2", {"d": "2026-03-01"}])
def test_flag_refuses_the_rest(raw):
    with pytest.raises(CellError):
        cells.flag(raw)


def test_dates_in_text_columns_are_refused():
    with pytest.raises(CellError, match="2026-10-12"):
        cells.text({"d": "2026-10-12"})


@pytest.mark.parametrize("raw", ["", "   ", "\u3000", "\xa0", "\ufeff", None])
def test_a_blank_cell_says_nothing(raw):
    assert cells.read(raw, price, clearable=True) is None


@pytest.mark.parametrize("raw", ["清空", " 清空 ", "[clear]", "[CLEAR]", "［清空］"])
def test_a_cell_can_ask_for_emptiness(raw):
    assert cells.read(raw, cells.text, clearable=True) is CLEAR
    with pytest.raises(CellError):
        cells.read(raw, cells.text, clearable=False)


@pytest.mark.parametrize("raw", [{"e": "#DIV/0!"}, {"f": 1}])
def test_errors_and_formulas_without_a_result_are_refused(raw):
    with pytest.raises(CellError):
        cells.read(raw, cells.text, clearable=True)


def test_moments_are_exact_and_local_without_an_offset():
    assert cells.moment("2026-03-01T08:30:00.000001+08:00") == datetime(
        2026, 3, 1, 0, 30, 0, 1, tzinfo=UTC
    )
    assert cells.moment({"d": "2026-03-01T08:30:00"}) == datetime(
        2026, 3, 1, 0, 30, tzinfo=UTC
    )
    for wrong in ("yesterday", "2026-13-01T00:00:00", 46000.5):
        with pytest.raises(CellError):
            cells.moment(wrong)


def test_messages_show_neither_controls_nor_novels():
    assert cells.shown("a\x00b\u202ec") == '"a b c"'
    assert cells.shown("x" * 10_000) == '"' + "x" * 40 + '…"'
