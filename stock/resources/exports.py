"""Balances, the ledger and write-offs as sheets to take away."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base.money import round_money
from backoffice.sheets.definitions import Column, SheetDefinition
from stock.enums import LossReason, MovementKind
from stock.models import StockBalance, StockMovement, WriteOff

CHUNK = 2000
SEE_COST = "catalog.view_cost"


def _column(name: str, label: Any, kind: str = "text", permission: str = "") -> Column:
    return Column(
        name, label, parse=str, kind=kind, read_only=True, permission=permission
    )


CODE = _column("code", gettext_lazy("code"))
NAME = _column("name", gettext_lazy("name"))
UNIT = _column("unit", gettext_lazy("unit"))


class StockSheet(SheetDefinition):
    """Rows of stock, exported with their goods."""

    related: tuple[str, ...] = ("goods", "goods__unit", "by")

    def everything(self) -> models.QuerySet:
        rows: models.QuerySet = self.model._default_manager.all()
        return rows.order_by(*self.order)

    def export(
        self, queryset: models.QuerySet, columns: Sequence[Column]
    ) -> Iterator[list[Any]]:
        names = [column.name for column in columns]
        rows = queryset.select_related(*self.related).iterator(chunk_size=CHUNK)
        while chunk := list(islice(rows, CHUNK)):
            for row in chunk:
                goods = row.goods
                values = {
                    "code": goods.code,
                    "name": goods.name,
                    "unit": goods.unit.name,
                    **self.told(row),
                }
                yield [values[name] for name in names]

    def told(self, row: Any) -> dict[str, Any]:
        """What the row says beside its goods."""
        raise TypeError("a sheet tells what it is about")


class BalanceSheet(StockSheet):
    """What there is of each goods."""

    id = "stock"
    label = gettext_lazy("stock balances")
    summary = gettext_lazy("How many there are of each goods, and what they had cost.")
    model = StockBalance
    export_permission = "stock.view_stockbalance"
    related = ("goods", "goods__unit")
    columns: Sequence[Column] = [
        CODE,
        NAME,
        UNIT,
        _column("on_hand", gettext_lazy("on hand"), "number"),
        _column("reserved", gettext_lazy("reserved"), "number"),
        _column("available", gettext_lazy("available"), "number"),
        _column("short", gettext_lazy("short"), "number"),
        _column("cost", gettext_lazy("cost"), "number", SEE_COST),
        _column("worth", gettext_lazy("worth"), "number", SEE_COST),
    ]

    def told(self, row: Any) -> dict[str, Any]:
        cost = row.goods.cost
        return {
            "on_hand": row.on_hand,
            "reserved": row.reserved,
            "available": row.available,
            "short": row.short,
            "cost": cost,
            "worth": None if cost is None else round_money(row.on_hand * cost),
        }


class LedgerSheet(StockSheet):
    """Every movement."""

    id = "stock_ledger"
    label = gettext_lazy("stock ledger")
    summary = gettext_lazy("Every change of every balance, with what was there after.")
    model = StockMovement
    order = ("-at", "-id")
    export_permission = "stock.view_stockmovement"
    columns: Sequence[Column] = [
        _column("time", gettext_lazy("time")),
        CODE,
        NAME,
        UNIT,
        _column("kind", gettext_lazy("kind")),
        _column("change", gettext_lazy("change"), "number"),
        _column("change_of_reserved", gettext_lazy("change of reserved"), "number"),
        _column("on_hand_after", gettext_lazy("on hand after"), "number"),
        _column("reserved_after", gettext_lazy("reserved after"), "number"),
        _column("reference", gettext_lazy("reference")),
        _column("held_for", gettext_lazy("held for")),
        _column("by", gettext_lazy("by")),
        _column("reason", gettext_lazy("reason")),
        _column("unit_cost", gettext_lazy("unit cost"), "number", SEE_COST),
    ]

    def told(self, row: Any) -> dict[str, Any]:
        return {
            "time": _clock(row.at),
            "kind": str(MovementKind(row.kind).label),
            "change": row.delta_on_hand,
            "change_of_reserved": row.delta_reserved,
            "on_hand_after": row.on_hand_after,
            "reserved_after": row.reserved_after,
            "reference": row.reference,
            "held_for": row.held_for,
            "by": str(row.by or _("The system")),
            "reason": row.reason,
            "unit_cost": row.unit_cost,
        }


class WriteOffSheet(StockSheet):
    """What was lost."""

    id = "spoilage"
    label = gettext_lazy("write-offs")
    summary = gettext_lazy("What was lost, when, why, and what it had cost.")
    model = WriteOff
    order = ("-at", "-id")
    export_permission = "stock.view_writeoff"
    columns: Sequence[Column] = [
        _column("time", gettext_lazy("time")),
        CODE,
        NAME,
        UNIT,
        _column("quantity", gettext_lazy("quantity"), "number"),
        _column("reason", gettext_lazy("reason")),
        _column("note", gettext_lazy("note")),
        _column("by", gettext_lazy("by")),
        _column("reference", gettext_lazy("reference")),
        _column("unit_cost", gettext_lazy("unit cost"), "number", SEE_COST),
        _column("loss", gettext_lazy("loss"), "number", SEE_COST),
    ]

    def told(self, row: Any) -> dict[str, Any]:
        return {
            "time": _clock(row.at),
            "quantity": row.quantity,
            "reason": str(LossReason(row.cause).label),
            "note": row.note,
            "by": str(row.by),
            "reference": row.reference,
            "unit_cost": row.unit_cost,
            "loss": row.loss,
        }


def _clock(at: Any) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S}"
