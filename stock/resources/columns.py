"""The columns of receipts and counts: how a cell is read."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base.moments import read_moment
from backoffice.base.money import MAX_PRICE, MAX_QUANTITY
from backoffice.sheets import cells
from backoffice.sheets.definitions import Column
from backoffice.sheets.errors import CellError
from backoffice.sheets.reading.header import written
from stock.references import LENGTH

SEE_COST = "catalog.view_cost"


def quantity(*, or_zero: bool) -> Callable[[Any], Any]:
    """A parser of base units, above 0 or from 0."""
    return cells.number(
        least=Decimal(0),
        most=MAX_QUANTITY,
        places=3,
        above=not or_zero,
        wrong=lambda cell: (
            _("%(cell)s is not a quantity, for example 0.5") % {"cell": cell}
        ),
    )


def short_text(most: int) -> Callable[[Any], str]:
    """A parser of texts up to a length."""

    def parse(cell: Any) -> str:
        text = cells.text(cell)
        if len(text) > most:
            raise CellError(
                _("%(cell)s is longer than %(most)s characters.")
                % {"cell": cells.shown(cell), "most": most}
            )
        return text

    return parse


def reference(cell: Any) -> str:
    """The number of a paper; long numbers that a program damaged are refused."""
    text = cells.code(cell)
    if len(text) > LENGTH:
        raise CellError(
            _("%(cell)s is longer than %(most)s characters.")
            % {"cell": cells.shown(cell), "most": LENGTH}
        )
    return text


def past(cell: Any) -> datetime:
    """A moment that is over."""
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


def read_only(name: str, label: Any, kind: str = "text") -> Column:
    """A column that is taken away only."""
    return Column(name, label, parse=str, kind=kind, read_only=True)


CODE = Column(
    "code",
    gettext_lazy("code"),
    cells.code,
    ("商品编码", "编码", "商品编号", "单品编码", "货号", "sku"),
    example="RX001",
    help=gettext_lazy(
        "The goods' code. Format the column as text, or long codes are damaged."
    ),
)
SUPPLIER = Column(
    "supplier",
    gettext_lazy("supplier"),
    short_text(60),
    ("供应商", "供货商", "供应商名称", "vendor"),
    example="新发地老王果行",
    help=gettext_lazy("The supplier's name as the shop knows it."),
)
QUANTITY = Column(
    "quantity",
    gettext_lazy("quantity"),
    quantity(or_zero=False),
    ("数量", "到货数量", "入库数量", "qty"),
    kind="number",
    load=Decimal,
    example=Decimal(20),
    help=gettext_lazy("What is kept, in base units, above 0."),
)
UNIT_COST = Column(
    "unit_cost",
    gettext_lazy("unit cost"),
    cells.number(
        least=Decimal(0),
        most=MAX_PRICE,
        places=4,
        wrong=lambda cell: (
            _("%(cell)s is not a price, for example 12.50") % {"cell": cell}
        ),
    ),
    ("单位成本", "成本", "成本价", "进价", "进货价", "单价", "cost"),
    kind="number",
    load=Decimal,
    permission=SEE_COST,
    example=Decimal("5.20"),
    help=gettext_lazy(
        "Yuan for one base unit, up to four decimal places; blank: as ordered."
    ),
)
REFERENCE = Column(
    "reference",
    gettext_lazy("reference"),
    reference,
    ("单号", "单据", "送货单号", "入库单号", "到货单号", "delivery note"),
    help=gettext_lazy(
        "The number of the delivery note, or of the order. What was received under it "
        "once is not received again."
    ),
)
COUNTED = Column(
    "counted",
    gettext_lazy("counted"),
    quantity(or_zero=True),
    ("盘点数量", "盘点库存", "实盘", "实盘数量", "盘点数", "实际数量", "count"),
    kind="number",
    load=Decimal,
    example=Decimal("12.5"),
    help=gettext_lazy(
        "What is there, in base units; 0 where nothing is. Blank: it was not counted."
    ),
)
REASON = Column(
    "reason",
    gettext_lazy("reason"),
    short_text(500),
    ("原因", "差异原因", "备注", "note"),
    example="",
    help=gettext_lazy("Why it differs, as far as it is known."),
)
COUNTED_AT = Column(
    "counted_at",
    gettext_lazy("counted at"),
    past,
    ("盘点时间", "time"),
    dump=datetime.isoformat,
    load=datetime.fromisoformat,
    example="",
    help=gettext_lazy(
        "When it was counted, if sales went on since; blank: just now, when the sheet is "
        "handed in."
    ),
)
