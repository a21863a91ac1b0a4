"""The price log and the shelf log as sheets to take away."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from django.contrib.auth import get_user_model
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.sheets.definitions import Column, SheetDefinition
from catalog.enums import SELF_APPROVED, GoodsStatus, Means
from catalog.logs import price_moves
from catalog.models import PriceLog, ShelfLog

CHUNK = 2000
#: what every row is told by
_READ = (
    *("pk", "history_date", "code", "name", "history_user_id"),
    *("history_change_reason", "means", "reference"),
)


def _column(name: str, label: Any, kind: str = "text") -> Column:
    return Column(name, label, parse=str, kind=kind, read_only=True)


TIME = _column("time", gettext_lazy("time"))
GOODS = [
    _column("code", gettext_lazy("code")),
    _column("name", gettext_lazy("name")),
]
WHO_AND_WHY = [
    _column("by", gettext_lazy("by")),
    _column("reason", gettext_lazy("reason")),
    _column("means", gettext_lazy("means")),
    _column("reference", gettext_lazy("reference")),
]


class LogSheet(SheetDefinition):
    """A log of goods: exported by who may see it, the newest row first."""

    export_permission = "catalog.view_historicalgoods"
    order = ("-history_date", "-history_id")
    #: what makes a row of history one of this log
    condition: dict[str, Any] = {}
    #: the fields of the history that are read
    fields: tuple[str, ...] = ()

    def everything(self) -> models.QuerySet:
        rows: models.QuerySet = self.model._default_manager.filter(**self.condition)
        return rows.order_by(*self.order)

    def export(
        self, queryset: models.QuerySet, columns: Sequence[Column]
    ) -> Iterator[list[Any]]:
        names = [column.name for column in columns]
        people = _People()
        read = queryset.values_list(*_READ, *self.fields, named=True)
        rows = read.iterator(chunk_size=CHUNK)
        while chunk := list(islice(rows, CHUNK)):
            people.meet({row.history_user_id for row in chunk})
            told = self.told(chunk)
            for row in chunk:
                values = {
                    "time": f"{timezone.localtime(row.history_date):%Y-%m-%d %H:%M:%S}",
                    "code": row.code,
                    "name": row.name,
                    "by": people.name(row.history_user_id),
                    "reason": row.history_change_reason or "",
                    "means": str(Means(row.means).label),
                    "reference": reference(row.means, row.reference),
                    **told[row.pk],
                }
                yield [values[name] for name in names]

    def told(self, rows: Sequence[Any]) -> dict[int, dict[str, Any]]:
        """{row: {column: value}} of what this log is about."""
        raise TypeError("a log tells what it is about")


class PriceLogSheet(LogSheet):
    """Every change of a price."""

    id = "price_log"
    label = gettext_lazy("price log")
    summary = gettext_lazy("Who changed which price from what to what, and why.")
    model = PriceLog
    condition = {"price_changed": True}
    fields = ("price", "case_price", "old_price", "old_case_price")
    columns: Sequence[Column] = [
        TIME,
        *GOODS,
        _column("price_before", gettext_lazy("retail price before"), "number"),
        _column("price_after", gettext_lazy("retail price after"), "number"),
        _column("case_price_before", gettext_lazy("case price before"), "number"),
        _column("case_price_after", gettext_lazy("case price after"), "number"),
        *WHO_AND_WHY,
    ]

    def told(self, rows: Sequence[Any]) -> dict[int, dict[str, Any]]:
        return {
            pk: {
                "price_before": retail.old if retail else None,
                "price_after": retail.new if retail else None,
                "case_price_before": case.old if case else None,
                "case_price_after": case.new if case else None,
            }
            for pk, (retail, case) in price_moves(rows).items()
        }


class ShelfLogSheet(LogSheet):
    """Every move of a status."""

    id = "shelf_log"
    label = gettext_lazy("shelf log")
    summary = gettext_lazy("Who moved which goods from which status to which, and why.")
    model = ShelfLog
    condition = {"status_changed": True}
    fields = ("status", "old_status")
    columns: Sequence[Column] = [
        TIME,
        *GOODS,
        _column("status_before", gettext_lazy("status before")),
        _column("status_after", gettext_lazy("status after")),
        *WHO_AND_WHY,
    ]

    def told(self, rows: Sequence[Any]) -> dict[int, dict[str, Any]]:
        return {
            row.pk: {
                "status_before": str(GoodsStatus(row.old_status).label),
                "status_after": str(GoodsStatus(row.status).label),
            }
            for row in rows
        }


def reference(means: str, number: str) -> str:
    """The run or batch that a row names, in words."""
    if number == SELF_APPROVED:
        return _("Self-approved")
    if means in (Means.SHEET, Means.ROLLBACK) and number.isdigit():
        return _("Batch %(number)s") % {"number": number}
    return number


class _People:
    """Names of staff, each asked for once."""

    def __init__(self) -> None:
        self._names: dict[int | None, str] = {None: _("The system")}

    def meet(self, ids: set[int | None]) -> None:
        unknown = [pk for pk in ids if pk not in self._names]
        if unknown:
            users = get_user_model()._base_manager.in_bulk(unknown)
            self._names |= {pk: str(user) for pk, user in users.items()}

    def name(self, pk: int | None) -> str:
        return self._names.get(pk, "")
