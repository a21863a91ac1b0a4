"""The columns of the sales history: how a cell is read."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base.moments import read_moment
from backoffice.base.money import MAX_PRICE, MAX_QUANTITY
from backoffice.base.text import half_width
from backoffice.sheets import cells
from backoffice.sheets.definitions import Column
from backoffice.sheets.errors import CellError
from backoffice.sheets.reading.header import written
from stock.enums import SoldKind

REFERENCE_LENGTH = 64
#: how a kind is written in other programs
_KINDS = {
    **dict.fromkeys(("sale", "sold", "sales", "销售", "售出", "卖出"), SoldKind.SALE),
    **dict.fromkeys(
        ("return", "returned", "refund", "taken back", "退货", "退款", "销售退货"),
        SoldKind.RETURN,
    ),
}


@dataclass(frozen=True, slots=True)
class LineNumber:
    """The number of a line within its reference; `of` is how many the reference has in
    a sheet that does not number them, so that the row's place is its number."""

    number: int
    of: int | None = None

    def __str__(self) -> str:
        return f"{self.number}/{self.of}" if self.of else str(self.number)

    @classmethod
    def read(cls, text: str) -> "LineNumber":
        """What `str` wrote."""
        number, _slash, of = text.partition("/")
        return cls(int(number), int(of) if of else None)


def _sold_at(cell: Any) -> datetime:
    text = cell.get("d", "") if isinstance(cell, dict) else written(cell)
    value = read_moment(text)
    if value is None:
        raise CellError(
            _("%(cell)s is not a time, for example 2026-03-01 08:30.")
            % {"cell": cells.shown(cell)}
        )
    if value > timezone.now():
        raise CellError(_("%(cell)s lies in the future.") % {"cell": cells.shown(cell)})
    return value


def _kind(cell: Any) -> SoldKind:
    word = "" if isinstance(cell, dict) else half_width(written(cell)).lower()
    kind = _KINDS.get(word)
    if kind is None:
        raise CellError(
            _("%(cell)s is neither sale nor return.") % {"cell": cells.shown(cell)}
        )
    return kind


def _reference(cell: Any) -> str:
    text = cells.code(cell)
    if len(text) > REFERENCE_LENGTH:
        raise CellError(
            _("%(cell)s is longer than %(most)s characters.")
            % {"cell": cells.shown(cell), "most": REFERENCE_LENGTH}
        )
    return text


_line = cells.whole(least=1, most=1_000_000)

COLUMNS = [
    Column(
        "sold_at",
        gettext_lazy("sold at"),
        _sold_at,
        ("time", "date", "sold on", "invoice date", "销售时间", "销售日期", "日期"),
        dump=datetime.isoformat,
        load=datetime.fromisoformat,
        example="2026-03-01 08:30",
        help=gettext_lazy("A day or a time; without an offset it is local."),
    ),
    Column(
        "code",
        gettext_lazy("code"),
        cells.code,
        ("商品编码", "编码", "商品编号", "单品编码", "货号", "sku", "stock code"),
        example="RX001",
        help=gettext_lazy(
            "The goods' code. Format the column as text, or long codes are damaged."
        ),
    ),
    Column(
        "quantity",
        gettext_lazy("quantity"),
        cells.number(
            least=Decimal(0),
            most=MAX_QUANTITY,
            places=3,
            above=True,
            wrong=lambda cell: (
                _("%(cell)s is not a quantity, for example 0.5") % {"cell": cell}
            ),
        ),
        ("数量", "销量", "销售数量", "qty"),
        kind="number",
        load=Decimal,
        example=Decimal("2.5"),
        help=gettext_lazy("In base units, above 0, for returns too."),
    ),
    Column(
        "unit_price",
        gettext_lazy("unit price"),
        cells.number(
            least=Decimal(0),
            most=MAX_PRICE,
            places=4,
            wrong=lambda cell: (
                _("%(cell)s is not a price, for example 12.50") % {"cell": cell}
            ),
        ),
        ("单价", "销售单价", "价格", "price"),
        kind="number",
        load=Decimal,
        example=Decimal("12.80"),
        help=gettext_lazy("Yuan for one base unit, up to four decimal places."),
    ),
    Column(
        "kind",
        gettext_lazy("kind"),
        _kind,
        ("类型", "销售类型", "type"),
        load=SoldKind,
        example="sale",
        help=gettext_lazy("sale or return (销售, 退货)."),
        choices=lambda: [kind.value for kind in SoldKind],
    ),
    Column(
        "reference",
        gettext_lazy("reference"),
        _reference,
        ("单号", "订单号", "小票号", "流水号", "invoice", "invoice no", "order no"),
        help=gettext_lazy(
            "The number of the receipt or order. What was imported under it once is "
            "not imported again."
        ),
    ),
    Column(
        "line",
        gettext_lazy("line"),
        _line,
        ("行号", "明细行", "line no"),
        kind="number",
        load=LineNumber.read,
        example="",
        help=gettext_lazy(
            "Which line of the reference; without it, its rows count from 1 in their "
            "order."
        ),
    ),
]
NEEDED = ("sold_at", "code", "quantity", "unit_price", "kind", "reference")
