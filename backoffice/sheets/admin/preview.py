"""The grid of a batch's rows: one page of them, cell by cell, old and new."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from backoffice.base.admin import two_lines
from backoffice.sheets import definitions
from backoffice.sheets.admin import words
from backoffice.sheets.checking import Layout
from backoffice.sheets.enums import BatchStatus, Outcome
from backoffice.sheets.models import Batch, BatchRow

if TYPE_CHECKING:
    from backoffice.accounts.models import User

PER_PAGE = 50
#: what a person looks at first: everything but unchanged rows
TODO = "todo"


@dataclass(frozen=True)
class Cell:
    """One cell of a row: its address, its column's word, old and new."""

    address: str
    label: str
    old: str
    new: str
    waits: str = ""


@dataclass(frozen=True)
class Line:
    """One row of the grid."""

    number: int
    name: SafeString
    outcome: SafeString
    result: SafeString | str
    cells: list[Cell] = field(default_factory=list)
    errors: list[list[str]] = field(default_factory=list)
    reason: str = ""
    is_new: bool = False
    thumbnail: str = ""


@dataclass(frozen=True)
class Shelf:
    """A tab over the grid."""

    key: str
    label: str
    count: int
    url: str
    is_current: bool


@dataclass
class Grid:
    """A page of rows with its tabs; `page` of `pages`."""

    shelves: list[Shelf]
    lines: list[Line]
    page: int
    pages: int
    previous: str = ""
    next: str = ""


def grid(batch: Batch, params: Any, by: "User") -> Grid:
    """The page of the grid that the address asks for."""
    counts = {
        Outcome.ERROR: batch.wrong,
        Outcome.CONFLICT: batch.conflicts,
        Outcome.NEW: batch.new,
        Outcome.CHANGED: batch.changed,
        Outcome.UNCHANGED: batch.unchanged,
    }
    current = params.get("rows", "")
    if current not in {outcome.value for outcome in counts if counts[outcome]}:
        current = TODO
    rows = batch.rows.order_by("number")
    if current == TODO:
        rows = rows.exclude(outcome=Outcome.UNCHANGED)
        total = sum(counts.values()) - batch.unchanged
    else:
        rows = rows.filter(outcome=current)
        total = counts[Outcome(current)]
    pages = max(1, -(-total // PER_PAGE))
    page = _page(params.get("p", ""), pages)
    some = rows[(page - 1) * PER_PAGE : page * PER_PAGE]
    return Grid(
        shelves=_shelves(counts, current, batch),
        lines=lines(batch, some, by),
        page=page,
        pages=pages,
        previous=_address(current, page - 1) if page > 1 else "",
        next=_address(current, page + 1) if page < pages else "",
    )


def _page(text: str, pages: int) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 1
    return min(max(number, 1), pages)


def _address(current: str, page: int = 1) -> str:
    params: dict[str, Any] = {} if current == TODO else {"rows": current}
    if page > 1:
        params["p"] = page
    return f"?{urlencode(params)}#rows"


def _shelves(counts: dict[Outcome, int], current: str, batch: Batch) -> list[Shelf]:
    todo = sum(counts.values()) - batch.unchanged
    shelves = [Shelf(TODO, _("To do"), todo, _address(TODO), current == TODO)]
    if batch.status in (BatchStatus.APPLIED, BatchStatus.UNDONE):
        shelves = [
            Shelf(TODO, _("All but unchanged"), todo, _address(TODO), current == TODO)
        ]
    return shelves + [
        Shelf(o.value, str(o.label), count, _address(o.value), current == o.value)
        for o, count in counts.items()
        if count
    ]


def _url(definition: Any, target: int | None) -> str:
    """The page of what a row means, where there is one."""
    if target is None:
        return ""
    opts = definition.model._meta
    name = f"admin:{opts.app_label}_{opts.model_name}_change"
    try:
        return reverse(name, args=[target])
    except NoReverseMatch:
        return ""


def lines(batch: Batch, rows: Iterable[BatchRow], by: "User") -> list[Line]:
    """Rows in words; columns that the person may not see are left out."""
    definition = definitions.get(batch.sheet)
    layout = Layout.from_json(batch.layout)
    visible = {column.name for column in definition.visible_columns(by)}
    found = []
    rows = list(rows)
    entered: dict[str, int] = {}
    if batch.status in (BatchStatus.APPLIED, BatchStatus.UNDONE):
        fresh = [row.key for row in rows if row.target is None and row.key]
        entered = definition.targets(fresh) if fresh else {}
    small = definition.thumbnails(batch.pk, [row.number for row in rows])
    for row in rows:
        waits = dict(row.waiting)
        is_new = row.outcome == Outcome.NEW
        cells = [
            Cell(
                layout.cell(name, row.number),
                str(definition.column(name).label),
                words.value(definition.column(name), old),
                words.value(definition.column(name), new),
                waits.get(name)
                or (_("waits with the other price") if name in waits else ""),
            )
            for name, (old, new) in row.changes.items()
            # the name of a new row stands beside its code already
            if name in visible and not (is_new and new == row.title)
        ]
        found.append(
            Line(
                number=row.number,
                name=two_lines(
                    row.title or "—",
                    row.key,
                    _url(definition, row.target or entered.get(row.key)),
                ),
                outcome=words.outcome_tag(row.outcome),
                result=words.result_tag(row.became(batch)),
                cells=cells,
                errors=row.errors,
                reason=row.reason,
                is_new=is_new,
                thumbnail=small.get(row.number, ""),
            )
        )
    return found
