"""The sheet of a count: how many there are of each goods."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base.errors import DomainError
from backoffice.base.money import ZERO as NO_MONEY
from backoffice.base.money import fixed, round_money
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
from backoffice.sheets.models import BatchRow
from catalog.enums import GoodsStatus
from catalog.models import Goods
from stock import stocktaking
from stock.enums import StocktakeStatus
from stock.errors import CountOutdated, OutOfStock, WrongQuantity
from stock.models import StockBalance, Stocktake
from stock.quantities import in_steps
from stock.resources import columns
from stock.resources.shelf import Shelf
from stock.stocktaking import COUNT, Counted, SheetCount

if TYPE_CHECKING:
    from backoffice.accounts.models import User

CHUNK = 2000


class CountChecker(Checker):
    """Plans counts: what is booked beside what was found."""

    def __init__(self, by: "User", options: Options) -> None:
        super().__init__(by, options)
        self._shelf = Shelf()
        self._now = timezone.now()
        self._may_see_cost = by.has_perm(columns.SEE_COST)
        self._different = 0
        self._worth = NO_MONEY
        self._unvalued = 0
        self._of_others: dict[str, int] = {}

    def plan(self, rows: Sequence[Row]) -> list[Planned]:
        """Each with what was booked at the moment of its count."""
        self._shelf.meet(row.values["code"] for row in rows if "code" in row.values)
        plans = [self._begun(row) for row in rows]
        whole = [
            (planned, goods)
            for planned, goods in plans
            if goods is not None
            and not planned.row.errors
            and "counted" in planned.row.values
        ]
        open_ones = stocktaking.being_counted([goods.pk for _p, goods in whole])
        expected = self._expected(whole)
        moments = {goods.pk: self._moment(planned) for planned, goods in whole}
        refusals = stocktaking.obstacles(
            {pk: at for pk, at in moments.items() if pk not in open_ones}
        )
        past = {
            goods.pk: moments[goods.pk]
            for planned, goods in whole
            if "counted_at" in planned.row.values
        }
        unclear = stocktaking.were_short(past) if past else set()
        for planned, goods in whole:
            if goods.pk in open_ones:
                self._joins(planned, open_ones[goods.pk])
            elif goods.pk in refusals:
                planned.conflicts = [("counted", refusals[goods.pk])]
            elif goods.pk in unclear:
                said = _("Orders held what was short of it then: leave the time away.")
                planned.conflicts = [("counted_at", said)]
            self._settle(planned, goods, expected[goods.pk])
        return [planned for planned, _goods in plans]

    def notes(self) -> list[str]:
        """What the sheet comes to, in goods and in yuan."""
        found = []
        if self._different:
            found.append(
                _("Goods that differ: %(count)s.") % {"count": self._different}
            )
            if self._may_see_cost:
                found.append(
                    _("The differences come to %(yuan)s yuan at cost.")
                    % {"yuan": fixed(self._worth, 2)}
                )
                if self._unvalued:
                    found.append(
                        _("Without those of unknown cost: %(count)s.")
                        % {"count": self._unvalued}
                    )
        found += [
            _("Counts that go into the open stocktake %(number)s: %(count)s.")
            % {"number": number, "count": count}
            for number, count in self._of_others.items()
        ]
        return found

    # --- within

    def _moment(self, planned: Planned) -> datetime:
        at: datetime = planned.row.values.get("counted_at", self._now)
        return at

    def _begun(self, row: Row) -> tuple[Planned, Goods | None]:
        values = row.values
        code = values.get("code", "")
        wrong = {column for column, _message in row.errors}
        if not code and "code" not in wrong:
            row.refuse("code", _("This is missing."))
        goods = self._shelf.get(code) if code else None
        if code and goods is None:
            row.refuse("code", _("There is no goods %(code)s.") % {"code": shown(code)})
        planned = Planned(
            row,
            Outcome.UNCHANGED,
            key=goods.code if goods else code,
            title=goods.name if goods else code,
            target=goods.pk if goods else None,
        )
        if goods is not None and goods.status == GoodsStatus.ARCHIVED:
            row.refuse("code", _("It is archived."))
        if goods is not None and "counted" in values:
            try:
                in_steps(goods, values["counted"], or_zero=True)
            except WrongQuantity as refusal:
                row.refuse("counted", str(refusal))
        return planned, goods

    def _expected(self, whole: Sequence[tuple[Planned, Goods]]) -> dict[int, Decimal]:
        """What was booked at the moment of each count."""
        given = sorted(
            (
                (planned.row.values.get("counted_at"), goods.pk)
                for planned, goods in whole
            ),
            key=lambda pair: (pair[0] is not None, pair[0] or self._now),
        )
        found: dict[int, Decimal] = {}
        for at, pairs in groupby(given, key=lambda pair: pair[0]):
            found |= stocktaking.expected([pk for _at, pk in pairs], at)
        return found

    def _joins(self, planned: Planned, number: str) -> None:
        """It goes into the stocktake that has its goods, and is posted there."""
        stocktake = Stocktake.objects.get(number=number)
        if stocktake.status != StocktakeStatus.COUNTING:
            said = _("%(number)s has counted it already: post it, or count on.")
            planned.conflicts = [("counted", said % {"number": number})]
            return
        if "counted_at" in planned.row.values:
            said = _("%(number)s counts it now: leave the time away.")
            planned.conflicts = [("counted_at", said % {"number": number})]
            return
        planned.reason = _("Goes into %(number)s") % {"number": number}
        self._of_others[number] = self._of_others.get(number, 0) + 1

    def _settle(self, planned: Planned, goods: Goods, booked: Decimal) -> None:
        values = planned.row.values
        counted = values["counted"]
        planned.seen_at = self._moment(planned)
        planned.changes = {"counted": (booked, counted)}
        if "reason" in values:
            planned.changes["reason"] = (None, values["reason"])
        if planned.conflicts:
            return
        if counted == booked and not planned.reason:
            return
        planned.outcome = Outcome.CHANGED
        if counted == booked:
            return
        self._different += 1
        if goods.cost is None:
            self._unvalued += 1
        else:
            self._worth += round_money((counted - booked) * goods.cost)


class CountSheet(SheetDefinition):
    """Counts; what differs is posted when the sheet is imported."""

    id = "stocktake"
    label = gettext_lazy("stocktake")
    summary = gettext_lazy(
        "How many there are of each goods: the check shows the differences, the import "
        "posts them."
    )
    model = StockBalance
    order = ("pk",)
    columns: Sequence[Column] = [
        columns.CODE,
        columns.COUNTED,
        columns.REASON,
        columns.COUNTED_AT,
        columns.read_only("name", gettext_lazy("name")),
        columns.read_only("unit", gettext_lazy("unit")),
        columns.read_only("booked", gettext_lazy("booked"), "number"),
    ]
    import_permissions: Sequence[str] = (COUNT,)
    export_permission = "stock.view_stockbalance"
    required_for_new = ("code",)

    def checker(self, by: "User", options: Options) -> Checker:
        return CountChecker(by, options)

    def abilities(self, by: "User") -> list[str]:
        return [COUNT] if by.has_perm(COUNT) else []

    def write(
        self,
        changed: Iterable[Sequence[Planned]],
        new: Iterable[Sequence[Planned]],
        *,
        by: "User",
        options: Options,
        reference: str,
    ) -> Written:
        plans = {
            planned.target: planned
            for some in changed
            for planned in some
            if planned.target is not None
        }
        open_ones = stocktaking.being_counted(list(plans))
        rows = {pk: planned.row.number for pk, planned in plans.items()}
        refused = self._join(
            {pk: planned for pk, planned in plans.items() if planned.reason},
            open_ones,
            by,
        )
        own = [
            SheetCount(
                goods_id=pk,
                expected=planned.changes["counted"][0],
                quantity=planned.changes["counted"][1],
                counted_at=planned.seen_at,
                reason=planned.changes.get("reason", (None, ""))[1] or "",
            )
            for pk, planned in plans.items()
            if not planned.reason
        ]
        refused |= self._post(own, by, options, reference)
        return Written(
            done=len(plans) - len(refused),
            refused=[(rows[pk], "counted", why) for pk, why in refused.items()],
        )

    def _join(
        self, plans: dict[int, Planned], open_ones: dict[int, str], by: "User"
    ) -> dict[int, str]:
        """Into the stocktakes that are open; gives {goods: why not}."""
        refused = {
            pk: _("Its stocktake is over; check the sheet again.")
            for pk in plans.keys() - open_ones.keys()
        }
        by_number: dict[str, list[Counted]] = {}
        for pk, planned in plans.items():
            if pk in open_ones:
                reason = planned.changes.get("reason", (None, ""))[1] or ""
                found = planned.changes["counted"][1]
                by_number.setdefault(open_ones[pk], []).append(
                    Counted(pk, found, reason)
                )
        stocktakes = Stocktake.objects.filter(number__in=by_number).order_by("pk")
        for stocktake in stocktakes:
            counts = by_number[stocktake.number]
            try:
                stocktaking.count(stocktake, counts, by=by)
            except DomainError as refusal:
                refused |= {one.goods_id: str(refusal) for one in counts}
        return refused

    def _post(
        self, counts: list[SheetCount], by: "User", options: Options, batch: str
    ) -> dict[int, str]:
        """As a stocktake of its own; gives {goods: why not}. With `only_good`, what is
        outdated is left out and the rest is posted."""
        refused: dict[int, str] = {}
        digest = _digest(batch)
        while counts:
            try:
                stocktaking.post_sheet(counts, by=by, batch=batch, digest=digest)
                return refused
            except CountOutdated as refusal:
                refused |= refusal.refusals
            except OutOfStock as refusal:
                # it was sold since it was counted
                refused |= {lack.goods_id: str(lack) for lack in refusal.lacks}
            counts = [one for one in counts if one.goods_id not in refused]
            if not options.only_good:
                return refused
        return refused

    def undo(
        self,
        changed: Iterable[Sequence[Planned]],
        new: Iterable[Sequence[Planned]],
        *,
        by: "User",
        reference: str,
        run: str,
    ) -> Undone:
        undone = Undone()
        stocktake = Stocktake.objects.filter(batch=reference).first()
        for plans in changed:
            for planned in plans:
                if planned.reason:
                    said = _("It stands in a stocktake: count it there again.")
                    undone.kept.append((planned.row.number, "counted", said))
                elif stocktake is not None:
                    undone.done += 1
        if stocktake is not None:
            stocktaking.undo(stocktake, by=by)
        return undone

    def everything(self) -> QuerySet:
        return StockBalance.objects.order_by(*self.order)

    def export(
        self, queryset: QuerySet, columns: Sequence[Column]
    ) -> Iterator[list[Any]]:
        """A sheet to count with: nothing is filled in but what is booked."""
        rows = queryset.select_related("goods", "goods__unit")
        for row in rows.iterator(chunk_size=CHUNK):
            value = {
                "code": row.goods.code,
                "name": row.goods.name,
                "unit": row.goods.unit.name,
                "booked": row.on_hand - row.short,
            }
            yield [value.get(column.name) for column in columns]


def _digest(batch: str) -> str:
    """What the sheet said, in short: the same counts give the same, whatever became of
    their rows."""
    rows = BatchRow.objects.filter(batch_id=int(batch)).order_by("key")
    said = hashlib.sha256()
    for key, changes in rows.values_list("key", "changes"):
        counted = changes.get("counted", [None, None])[1]
        if counted is not None:
            said.update(f"{key}={Decimal(counted).normalize()};".encode())
    return said.hexdigest()
