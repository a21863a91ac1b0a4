"""The sales of two real shops, as their files write them.

`uci`: invoice lines (InvoiceNo, StockCode, Quantity, InvoiceDate, UnitPrice), counted in
pieces. `veg`: grams sold and taken back for each goods and day, or tickets.
"""

import csv
import gzip
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from python_calamine import CalamineError, CalamineWorkbook

from backoffice.base.errors import DomainError
from backoffice.base.moments import read_moment
from stock.enums import SoldKind

GRAMS = Decimal(1000)
_UCI_GOODS = re.compile(r"\d{5}[A-Z]*", re.ASCII)

Cells = dict[str, Any]


class UnreadableSet(DomainError):
    """The file is not what the rules expect."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One line sold or taken back, in base units (pieces, kilograms)."""

    code: str
    at: datetime
    kind: SoldKind
    quantity: Decimal
    unit_price: Decimal
    reference: str


@dataclass
class SalesSet:
    """What a file holds. `codes` are its goods, sold or not; `skipped` counts the rows
    that are no sale of goods, by why."""

    facts: list[Fact] = field(default_factory=list)
    codes: set[str] = field(default_factory=set)
    names: dict[str, str] = field(default_factory=dict)
    days: set[date] = field(default_factory=set)
    skipped: dict[str, int] = field(default_factory=dict)

    def skip(self, why: str) -> None:
        """Count a row that moves nothing."""
        self.skipped[why] = self.skipped.get(why, 0) + 1


def rows_of(path: Path) -> Iterator[Cells]:
    """The rows of a csv, csv.gz or xlsx file, by heading; raises UnreadableSet."""
    try:
        yield from _rows_of(path)
    except (gzip.BadGzipFile, EOFError, UnicodeError, csv.Error, CalamineError):
        raise UnreadableSet(
            _("%(file)s cannot be read as csv, csv.gz or xlsx.") % {"file": path.name}
        ) from None


def _rows_of(path: Path) -> Iterator[Cells]:
    if path.suffix.lower() in (".xlsx", ".xls", ".ods"):
        yield from _sheet_rows(path)
        return
    opened: Any = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def _sheet_rows(path: Path) -> Iterator[Cells]:
    book = CalamineWorkbook.from_path(path)
    rows = iter(book.get_sheet_by_index(0).to_python())
    headings = [str(cell).strip() for cell in next(rows, [])]
    for row in rows:
        yield dict(zip(headings, row, strict=False))


def _text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str("" if cell is None else cell).strip()


def _cell(row: Cells, name: str) -> Any:
    try:
        return row[name]
    except KeyError:
        raise UnreadableSet(
            _("The file has no column %(name)s.") % {"name": name}
        ) from None


def _number(row: Cells, name: str) -> Decimal:
    try:
        return Decimal(_text(_cell(row, name)))
    except InvalidOperation:
        raise UnreadableSet(
            _("%(text)s is not a number in column %(name)s.")
            % {"text": row[name], "name": name}
        ) from None


def _moment(row: Cells, name: str) -> datetime:
    value = _cell(row, name)
    text = value.isoformat() if isinstance(value, date) else _text(value)
    moment = read_moment(text)
    if moment is None:
        raise UnreadableSet(
            _("%(text)s is not a time in column %(name)s.")
            % {"text": text, "name": name}
        )
    return moment


# --- an online shop ---------------------------------------------------------------------


def read_uci(path: Path) -> SalesSet:
    """A sale has a quantity and a price above 0; a return an invoice that begins with C
    and a quantity below 0. All else is an adjustment, and codes that are no goods are
    services; neither touches anything."""
    found = SalesSet()
    for row in rows_of(path):
        at = _moment(row, "InvoiceDate")
        quantity, price = _number(row, "Quantity"), _number(row, "UnitPrice")
        code, invoice = (
            _text(_cell(row, "StockCode")).upper(),
            _text(_cell(row, "InvoiceNo")),
        )
        found.days.add(at.date())
        if not _UCI_GOODS.fullmatch(code):
            found.skip("service")
            continue
        found.codes.add(code)
        found.names.setdefault(code, _text(row.get("Description")))
        is_back = invoice.upper().startswith("C")
        if price <= 0 or quantity == 0 or is_back != (quantity < 0):
            found.skip("adjustment")
            continue
        kind = SoldKind.RETURN if is_back else SoldKind.SALE
        found.facts.append(Fact(code, at, kind, abs(quantity), price, invoice))
    return found


# --- a supermarket ----------------------------------------------------------------------


def read_veg(path: Path) -> SalesSet:
    """Grams sold and taken back for each goods and day, or the tickets of some days."""
    found, readers = SalesSet(), (_read_day, _read_ticket)
    reader: Callable[[Cells, SalesSet], None] | None = None
    for row in rows_of(path):
        if reader is None:
            reader = readers[0] if "sold_g" in row else readers[1]
        reader(row, found)
    return found


def _read_day(row: Cells, found: SalesSet) -> None:
    at, code = _moment(row, "date"), _text(_cell(row, "item_code"))
    found.days.add(at.date())
    found.codes.add(code)
    found.names.setdefault(code, _text(row.get("item_name")))
    price_of = "mean_ticket_price_yuan_per_kg"
    price = _number(row, price_of) if _text(row.get(price_of)) else Decimal(0)
    for kind, name, default in (
        (SoldKind.SALE, "sold_g", None),
        (SoldKind.RETURN, "returned_g", "0"),
    ):
        row.setdefault(name, default)
        if grams := _number(row, name):
            found.facts.append(
                Fact(code, at, kind, grams / GRAMS, price, f"{at:%Y-%m-%d} {code}")
            )


def _read_ticket(row: Cells, found: SalesSet) -> None:
    at, code = _moment(row, "销售日期"), _text(_cell(row, "单品编码"))
    found.days.add(at.date())
    found.codes.add(code)
    quantity = _number(row, "销量(千克)")
    is_back = _text(row.get("销售类型")) == "退货" or quantity < 0
    found.facts.append(
        Fact(
            code,
            at,
            SoldKind.RETURN if is_back else SoldKind.SALE,
            abs(quantity),
            _number(row, "销售单价(元/千克)"),
            f"{at:%Y-%m-%d} {_text(row.get('扫码销售时间'))}",
        )
    )


# --- the rules by which the shared answers were worked out -------------------------------


@dataclass(frozen=True)
class Rules:
    """How a set is read and replayed; quantities in base units, `scale` of the file's
    own unit in one.

    Every goods opens with `opening`. When less than `below` is left, `refill` comes in:
    on the days of `after_closing` (Monday is 0) when the day is over, or with None at
    the beginning of any day.
    """

    name: str
    read: Callable[[Path], SalesSet]
    unit: str
    scale: int
    opening: Decimal
    below: Decimal
    refill: Decimal
    after_closing: Sequence[int] | None


RULES = {
    "uci": Rules(
        *("uci", read_uci, "piece", 1),
        *(Decimal(500), Decimal(200), Decimal(500), (6,)),
    ),
    "veg": Rules(
        *("veg", read_veg, "g", 1000),
        *(Decimal(20), Decimal(10), Decimal(30), None),
    ),
}
