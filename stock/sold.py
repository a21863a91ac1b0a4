"""Writing down what was sold and taken back: the only writer of `SoldLine`."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from decimal import Decimal
from operator import attrgetter

from backoffice.base.bulk import insert_rows
from stock.enums import SoldKind, SoldSource
from stock.models import SoldLine


@dataclass(frozen=True, slots=True)
class Sold:
    """One line, as `SoldLine` keeps it."""

    goods_id: int
    kind: SoldKind
    sold_at: datetime
    quantity: Decimal
    unit_price: Decimal
    reference: str
    line: int
    lines: int | None = None


_NAMES = tuple(field.name for field in fields(Sold))
_values = attrgetter(*_NAMES)


def note(lines: Iterable[Sold]) -> None:
    """Write down lines of orders that were paid, or whose refund succeeded.

    Called inside the transaction of the payment or refund, with the order's or refund's
    number as reference; lines that are there already are left alone.
    """
    SoldLine.objects.bulk_create(
        [SoldLine(**asdict(line), source=SoldSource.ORDER) for line in lines],
        ignore_conflicts=True,
    )


def enter(lines: Sequence[Sold], *, batch: str) -> None:
    """Write imported history down; raises IntegrityError where a line is there."""
    source = SoldSource.HISTORY.value
    insert_rows(
        SoldLine,
        [*_NAMES, "source", "batch"],
        [(*_values(line), source, batch) for line in lines],
    )


def take_back(batch: str) -> int:
    """Delete the history that a batch entered; gives the number of lines."""
    lines = SoldLine.objects.filter(source=SoldSource.HISTORY, batch=batch)
    return lines.delete()[0]
