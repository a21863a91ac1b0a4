"""The operation log as a sheet to take away: who did what to what, before and after."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base.text import labelled
from backoffice.oplog.actions import action_label, means_label
from backoffice.oplog.models import OperationLog
from backoffice.oplog.reading import (
    Names,
    Reader,
    hidden_from,
    kind_label,
    people,
)
from backoffice.sheets.definitions import Column, SheetDefinition

if TYPE_CHECKING:
    from backoffice.accounts.models import User

CHUNK = 1000


@dataclass(frozen=True)
class LogColumn(Column):
    """A column of a log, which keeps from whom it is written what they may not see."""

    hidden: frozenset[str] = frozenset()


def _column(name: str, label: Any) -> LogColumn:
    return LogColumn(name, label, parse=str, read_only=True)


class OperationLogSheet(SheetDefinition):
    """The newest row first, by who may see the log."""

    id = "operation_log"
    label = gettext_lazy("operation log")
    summary = gettext_lazy("Who did what to what, before and after.")
    model = OperationLog
    export_permission = "oplog.view_operationlog"
    order = ("-at", "-id")
    columns: Sequence[Column] = [
        _column("time", gettext_lazy("time")),
        _column("by", gettext_lazy("by")),
        _column("action", gettext_lazy("action")),
        _column("kind", gettext_lazy("kind of object")),
        _column("object", gettext_lazy("object")),
        _column("before", gettext_lazy("before")),
        _column("after", gettext_lazy("after")),
        _column("details", gettext_lazy("details")),
        _column("means", gettext_lazy("means")),
        _column("address", gettext_lazy("address")),
        _column("request", gettext_lazy("request")),
    ]

    def visible_columns(self, by: "User | None") -> list[Column]:
        """All of them; values that ask for a permission of their own stay hidden."""
        hidden = hidden_from(by)
        return [
            replace(column, hidden=hidden)
            for column in self.columns
            if isinstance(column, LogColumn)
        ]

    def everything(self) -> models.QuerySet:
        return OperationLog.objects.order_by(*self.order)

    def export(
        self, queryset: models.QuerySet, columns: Sequence[Column]
    ) -> Iterator[list[Any]]:
        wanted = [column.name for column in columns]
        hidden = frozenset[str]().union(*(getattr(c, "hidden", ()) for c in columns))
        names: Names = {}
        rows = queryset.select_related("by").iterator(chunk_size=CHUNK)
        while chunk := list(islice(rows, CHUNK)):
            about = people(chunk)
            for row in chunk:
                values = {
                    "time": f"{timezone.localtime(row.at):%Y-%m-%d %H:%M:%S}",
                    "by": str(row.by) if row.by else _("The system"),
                    "action": action_label(row.action),
                    "kind": kind_label(row.target_type),
                    "object": str(about.get(row.pk) or row.target_label),
                    **_story(row, names, hidden),
                    "means": means_label(row.means),
                    "address": row.ip or "",
                    "request": row.request_id,
                }
                yield [values[name] for name in wanted]


def _story(row: OperationLog, names: Names, hidden: frozenset[str]) -> dict[str, str]:
    """What was, what is, and the rest, a line for each."""
    found = Reader(row, resolve=True, names=names, hidden=hidden).details()
    changed = [detail for detail in found if detail.is_change]
    return {
        "before": "\n".join(labelled(d.label, d.old) for d in changed),
        "after": "\n".join(labelled(d.label, d.new) for d in changed),
        "details": "\n".join(str(d) for d in found if not d.is_change),
    }
