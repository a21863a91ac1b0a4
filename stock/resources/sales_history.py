"""The sheet of what was sold before the shop kept its own books."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import Max, QuerySet
from django.db.models.functions import Upper
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backoffice.base.money import plain
from backoffice.sheets.cells import shown
from backoffice.sheets.definitions import (
    Checker,
    Column,
    Options,
    Planned,
    Row,
    SheetDefinition,
    Undone,
    Written,
)
from backoffice.sheets.enums import Outcome
from catalog.models import Goods
from stock import sold
from stock.enums import SoldKind, SoldSource
from stock.models import SoldLine
from stock.resources.history_columns import COLUMNS, NEEDED, LineNumber
from stock.sold import Sold

if TYPE_CHECKING:
    from backoffice.accounts.models import User

CHUNK = 2000
#: so many codes that the shop lacks are named at the end of a check
NAMED = 200
#: what makes the content of a line
_CONTENT = ("goods_id", "sold_at", "quantity", "unit_price", "kind")

Place = tuple[str, int]


class _Shelf:
    """Goods by code, in any case, each asked for once."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[int, str, str] | None] = {}

    def meet(self, codes: Iterable[str]) -> None:
        unknown = {code.upper() for code in codes} - self._found.keys()
        if not unknown:
            return
        self._found |= dict.fromkeys(unknown)
        rows = Goods.objects.alias(key=Upper("code")).filter(key__in=unknown)
        for pk, code, name in rows.values_list("pk", "code", "name"):
            self._found[code.upper()] = (pk, code, name)

    def get(self, code: str) -> tuple[int, str, str] | None:
        """(id, code, name) as the shop writes them."""
        return self._found[code.upper()]


class HistoryChecker(Checker):
    """Plans lines: new ones, those that are there, and those that say otherwise."""

    def __init__(self, by: "User", options: Options) -> None:
        super().__init__(by, options)
        self._shelf = _Shelf()
        self._ordinals: Counter[str] = Counter()
        self._numbered: set[Place] = set()
        # reference → how many lines it had when it was imported (0: numbered ones);
        # None where it never was
        self._imported: dict[str, int | None] = {}
        self._lacking: Counter[str] = Counter()

    def plan(self, rows: Sequence[Row]) -> list[Planned]:
        """A line is its reference and number; its content decides what becomes of it."""
        places = [self._place(row) for row in rows]
        self._shelf.meet(row.values["code"] for row in rows if "code" in row.values)
        there = self._there([place for place in places if place])
        return [
            self._planned(row, place, there)
            for row, place in zip(rows, places, strict=True)
        ]

    def notes(self) -> list[str]:
        """Which goods the shop lacks, so that nobody has to count the errors."""
        if not self._lacking:
            return []
        many = len(self._lacking)
        codes = [
            f"{code} ({count})" for code, count in self._lacking.most_common(NAMED)
        ]
        return [
            ngettext(
                "%(count)s goods is not in the shop (code and rows): %(codes)s",
                "%(count)s goods are not in the shop (code and rows): %(codes)s",
                many,
            )
            % {"count": many, "codes": ", ".join(codes) + ("…" if many > NAMED else "")}
        ]

    # --- within

    def _place(self, row: Row) -> Place | None:
        """Where the line stands; each row of a reference counts, wrong ones too."""
        reference = row.values.get("reference")
        if reference is None:
            return None
        if any(column == "line" for column, _message in row.errors):
            return None
        number = row.values.get("line")
        if number is None:
            self._ordinals[reference] += 1
            return reference, self._ordinals[reference]
        place = (reference, number)
        if place in self._numbered:
            row.refuse(
                "line",
                _("Line %(line)s of %(reference)s stands in the sheet twice.")
                % {"line": number, "reference": shown(reference)},
            )
        self._numbered.add(place)
        return place

    def _there(self, places: Sequence[Place]) -> dict[Place, tuple[Any, ...]]:
        """The content of the lines that were imported before."""
        history = SoldLine.objects.filter(source=SoldSource.HISTORY)
        fresh = {reference for reference, _n in places} - self._imported.keys()
        if fresh:
            self._imported |= dict.fromkeys(fresh)
            known = (
                history.filter(reference__in=fresh)
                .order_by()
                .values("reference")
                .annotate(most=Max("lines"))
                .values_list("reference", "most")
            )
            self._imported |= {reference: most or 0 for reference, most in known}
        wanted = [p for p in places if self._imported[p[0]] is not None]
        if not wanted:
            return {}
        numbers = [number for _reference, number in wanted]
        rows = history.filter(
            reference__in={reference for reference, _number in wanted},
            line__range=(min(numbers), max(numbers)),
        )
        return {
            (reference, number): tuple(content)
            for reference, number, *content in rows.values_list(
                "reference", "line", *_CONTENT
            )
        }

    def _planned(
        self, row: Row, place: Place | None, there: dict[Place, tuple[Any, ...]]
    ) -> Planned:
        values = row.values
        wrong = {column for column, _message in row.errors}
        for name in NEEDED:
            if name not in values and name not in wrong:
                row.refuse(name, _("This is missing."))
        code = values.get("code", "")
        goods = self._shelf.get(code) if code else None
        if code and goods is None:
            self._lacking[code] += 1
            row.refuse("code", _("There is no goods %(code)s.") % {"code": shown(code)})
        planned = Planned(
            row,
            Outcome.NEW,
            key=values.get("reference", ""),
            title=f"{goods[1]} {goods[2]}" if goods else code,
        )
        if row.errors or place is None or goods is None:
            return planned
        number = self._number(row, place)
        content = {**values, "code": goods[1], "line": number}
        old = there.get(place)
        if old is not None:
            planned.conflicts = _differences(old, goods[0], values)
            planned.outcome = Outcome.UNCHANGED
        elif refusal := self._surplus(number, place[0]):
            planned.conflicts = [("reference", refusal)]
        else:
            planned.changes = {name: (None, value) for name, value in content.items()}
        return planned

    def _number(self, row: Row, place: Place) -> LineNumber:
        reference, number = place
        if "line" in row.values:
            return LineNumber(number)
        return LineNumber(number, self.counts.get(reference.casefold(), number))

    def _surplus(self, number: LineNumber, reference: str) -> str:
        """Why a line may not join those that its reference was imported with; one that
        was left out then, for what was wrong with it, may."""
        before = self._imported[reference]
        if before is None or number.of is None or number.of == before:
            return ""
        return _(
            "%(reference)s was imported with %(before)s lines; here it has %(now)s."
        ) % {
            "reference": shown(reference),
            "before": before or _("numbered"),
            "now": number.of,
        }


def _differences(
    old: tuple[Any, ...], goods_id: int, values: dict[str, Any]
) -> list[tuple[str, str]]:
    """The cells that say otherwise than what was imported under this line."""
    goods, *rest = old
    found = []
    if goods != goods_id:
        found.append(("code", _("This line was imported for another goods.")))
    for name, before in zip(_CONTENT[1:], rest, strict=True):
        if before != values[name]:
            words = _("This line was imported with %(before)s.")
            found.append((name, words % {"before": _written(before)}))
    return found


def _written(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M:%S}"
    return plain(value) if isinstance(value, Decimal) else str(value)


class SalesHistorySheet(SheetDefinition):
    """Lines sold and taken back; they move no balance."""

    id = "sales-history"
    label = gettext_lazy("sales history")
    summary = gettext_lazy(
        "What was sold before: for averages and reports; it moves no stock."
    )
    model = SoldLine
    order = ("-sold_at", "-id")
    key = "reference"
    repeats = True
    # years of receipts, not a list that somebody keeps by hand
    size_factor = 10
    columns: Sequence[Column] = COLUMNS
    import_permissions: Sequence[str] = ("stock.import_history",)
    export_permission = "stock.view_soldline"
    required_for_new = NEEDED

    def checker(self, by: "User", options: Options) -> Checker:
        return HistoryChecker(by, options)

    def write(
        self,
        changed: Iterable[Sequence[Planned]],
        new: Iterable[Sequence[Planned]],
        *,
        by: "User",
        options: Options,
        reference: str,
    ) -> Written:
        written, shelf = Written(), _Shelf()
        for plans in new:
            shelf.meet(planned.changes["code"][1] for planned in plans)
            sold.enter([_line(planned, shelf) for planned in plans], batch=reference)
            written.done += len(plans)
        return written

    def undo(
        self,
        changed: Iterable[Sequence[Planned]],
        new: Iterable[Sequence[Planned]],
        *,
        by: "User",
        reference: str,
        run: str,
    ) -> Undone:
        return Undone(done=sold.take_back(reference))

    def everything(self) -> QuerySet:
        return SoldLine.objects.order_by(*self.order)

    def export(
        self, queryset: QuerySet, columns: Sequence[Column]
    ) -> Iterator[list[Any]]:
        fields = ["goods__code" if c.name == "code" else c.name for c in columns]
        for values in queryset.values_list(*fields).iterator(chunk_size=CHUNK):
            yield list(values)


def _line(planned: Planned, shelf: _Shelf) -> Sold:
    value = {name: new for name, (_old, new) in planned.changes.items()}
    goods = shelf.get(value["code"])
    if goods is None:
        raise LookupError(value["code"])
    number: LineNumber = value["line"]
    return Sold(
        goods_id=goods[0],
        kind=SoldKind(value["kind"]),
        sold_at=value["sold_at"],
        quantity=value["quantity"],
        unit_price=value["unit_price"],
        reference=value["reference"],
        line=number.number,
        lines=number.of,
    )
