"""Stocktakes: started, counted, looked at, posted once (DOMAIN 4).

A count is compared with what is booked and there (`on_hand − short`) at the moment of
counting, under the lock of the balance. What is posted later is that difference, so what
was sold or received in between stays as it is. Every verb locks the stocktake's row first
(docs/locking.md, 5).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base.errors import FieldErrors
from backoffice.base.money import round_money, round_quantity
from backoffice.base.status import require
from backoffice.oplog.record import record
from catalog.enums import GoodsStatus
from catalog.models import Goods
from catalog.moves import clean_reason, permit
from stock import corrections, ledger
from stock.enums import BEING_COUNTED, MovementKind, StocktakeStatus
from stock.errors import CountOutdated
from stock.ledger import PART, Posted
from stock.models import (
    StockBalance,
    StockMovement,
    StockShortage,
    Stocktake,
    StocktakeLine,
)
from stock.quantities import ZERO, in_steps
from stock.references import new_reference

if TYPE_CHECKING:
    from backoffice.accounts.models import User

COUNT = "stock.count_goods"
#: what is appended to the number where a posted stocktake is taken back
UNDO = "-U"
#: movements by which somebody said how many there really are
_CORRECTIONS = (MovementKind.STOCKTAKE, MovementKind.ADJUSTMENT)


@dataclass(frozen=True)
class Counted:
    """So many base units of a goods were found; None: it is to be counted again."""

    goods_id: int
    quantity: Decimal | None
    reason: str = ""


@dataclass(frozen=True)
class SheetCount:
    """A count that a sheet brought, with what was booked at its moment."""

    goods_id: int
    expected: Decimal
    quantity: Decimal
    counted_at: datetime
    reason: str = ""


@dataclass(frozen=True)
class Result:
    """A posted stocktake, and what of it could not be posted, as orders hold it."""

    stocktake: Stocktake
    short: Sequence[Posted]


# --- what is there, and what stands in the way ------------------------------------------


def expected(
    goods_ids: Collection[int], at: datetime | None = None
) -> dict[int, Decimal]:
    """{goods: what is booked and there}, now or at a past moment, by the ledger."""
    if at is not None:
        rows = (
            StockMovement.objects.filter(goods__in=goods_ids, at__lte=at)
            .order_by()
            .values_list("goods")
            .annotate(there=Sum("delta_on_hand"))
        )
        found = {pk: round_quantity(Decimal(str(there))) for pk, there in rows}
    else:
        balances = StockBalance.objects.filter(pk__in=goods_ids)
        found = {
            pk: on_hand - short
            for pk, on_hand, short in balances.values_list("pk", "on_hand", "short")
        }
    return {pk: found.get(pk, ZERO) for pk in goods_ids}


def obstacles(
    moments: Mapping[int, datetime], *, own: Stocktake | None = None
) -> dict[int, str]:
    """{goods: why a count of that moment cannot be posted}; of those that can, nothing."""
    found: dict[int, str] = {}
    if not moments:
        return found
    ids = list(moments)
    for pk, number in being_counted(ids, own=own).items():
        found[pk] = _("It is being counted in %(number)s.") % {"number": number}
    first = min(moments.values())
    corrected = StockMovement.objects.filter(
        goods__in=ids, kind__in=_CORRECTIONS, at__gt=first
    ).exclude(reference__contains=PART)
    # a count of which orders hold everything leaves a shortage and moves nothing
    held = StockShortage.objects.filter(
        goods__in=ids, kind__in=_CORRECTIONS, opened_at__gt=first
    )
    for pk, at, number in (
        *corrected.values_list("goods", "at", "reference"),
        *held.values_list("goods", "opened_at", "reference"),
    ):
        if at > moments[pk]:
            found[pk] = _(
                "It was corrected by %(number)s since it was counted; count it again."
            ) % {"number": number}
    return found


def were_short(moments: Mapping[int, datetime]) -> set[int]:
    """The goods that orders held though they were lost, at that past moment: how much
    was really there then, nobody wrote down."""
    rows = StockShortage.objects.filter(goods__in=list(moments))
    return {
        pk
        for pk, opened, settled in rows.values_list("goods", "opened_at", "settled_at")
        if opened <= moments[pk] and (settled is None or settled > moments[pk])
    }


def being_counted(
    goods_ids: Collection[int], *, own: Stocktake | None = None
) -> dict[int, str]:
    """{goods: number of the open stocktake that has it}."""
    lines = StocktakeLine.objects.filter(goods__in=goods_ids, is_open=True)
    if own is not None:
        lines = lines.exclude(stocktake=own)
    return dict(lines.values_list("goods", "stocktake__number"))


def _name_all(refusals: Mapping[int, str]) -> CountOutdated:
    names = Goods.objects.in_bulk(list(refusals))
    return CountOutdated(
        {
            pk: _("%(goods)s: %(why)s") % {"goods": names[pk], "why": why}
            for pk, why in sorted(refusals.items())
        }
    )


# --- counting -----------------------------------------------------------------------------


@transaction.atomic
def start(
    goods_ids: Iterable[int], *, by: "User", is_blind: bool = False, note: str = ""
) -> Stocktake:
    """Begin to count these goods; selling goes on meanwhile.

    Raises NotPermitted, FieldErrors (no goods), CountOutdated (goods that another open
    stocktake has).
    """
    permit(by, COUNT, _("Start a stocktake"))
    stocktake = Stocktake.objects.create(
        number=new_reference("ST"),
        is_blind=is_blind,
        note=clean_reason(note),
        started_by=by,
    )
    count = _write_lines(stocktake, goods_ids)
    if not count:
        raise FieldErrors({"goods": [_("Choose goods to be counted.")]})
    record(by=by, action="stocktake.started", target=stocktake, lines=count)
    return stocktake


@transaction.atomic
def add(stocktake: Stocktake, goods_ids: Iterable[int], *, by: "User") -> Stocktake:
    """Count these goods as well; those that it has already stay as they are.

    Raises NotPermitted, WrongStatus, CountOutdated.
    """
    permit(by, COUNT, _("Start a stocktake"))
    stocktake = _locked(stocktake)
    require(stocktake, StocktakeStatus.COUNTING, verb=gettext_lazy("Count"))
    known = set(stocktake.lines.values_list("goods", flat=True))
    count = _write_lines(stocktake, set(goods_ids) - known)
    if count:
        record(by=by, action="stocktake.extended", target=stocktake, lines=count)
    return stocktake


@transaction.atomic
def count(stocktake: Stocktake, counts: Iterable[Counted], *, by: "User") -> int:
    """Enter what was found, and note what is booked at this moment; gives how many.

    A goods whose quantity was entered before is left alone, moment included; None takes
    its count away. Raises NotPermitted, WrongStatus, WrongQuantity, FieldErrors (goods
    that are not in it).
    """
    permit(by, COUNT, _("Count stock"))
    stocktake = _locked(stocktake)
    require(stocktake, StocktakeStatus.COUNTING, verb=gettext_lazy("Count"))
    wanted = {one.goods_id: one for one in counts}
    lines = list(stocktake.lines.filter(goods__in=wanted).select_related("goods__unit"))
    if len(lines) != len(wanted):
        message = _("%(stocktake)s has no such line.") % {"stocktake": stocktake}
        raise FieldErrors({"lines": [message]})
    ledger.lock(wanted)
    there, now = expected(wanted), timezone.now()
    changed = []
    for line in lines:
        one = wanted[line.goods_id]
        found = one.quantity
        if found is not None:
            found = in_steps(line.goods, found, or_zero=True)
        reason = clean_reason(one.reason)
        if (line.counted, line.reason) == (found, reason):
            continue
        changed.append(line)
        line.reason = reason
        if line.counted == found:
            continue
        line.counted = found
        line.expected = None if found is None else there[line.goods_id]
        line.counted_at = None if found is None else now
        line.counted_by = None if found is None else by
    StocktakeLine.objects.bulk_update(
        changed, ["counted", "expected", "counted_at", "counted_by", "reason"]
    )
    if changed:
        record(by=by, action="stocktake.counted", target=stocktake, lines=len(changed))
    return len(changed)


@transaction.atomic
def finish(stocktake: Stocktake, *, by: "User") -> Stocktake:
    """The count is over: the differences are looked at now.

    Raises NotPermitted, WrongStatus, FieldErrors (nothing was counted).
    """
    permit(by, COUNT, _("Finish a count"))
    stocktake = _locked(stocktake)
    require(stocktake, StocktakeStatus.COUNTING, verb=gettext_lazy("Finish the count"))
    if not stocktake.lines.filter(counted__isnull=False).exists():
        raise FieldErrors({"lines": [_("Nothing was counted yet.")]})
    return _moved(stocktake, StocktakeStatus.COUNTED, by, "stocktake.finished")


@transaction.atomic
def reopen(stocktake: Stocktake, *, by: "User") -> Stocktake:
    """Count on. Raises NotPermitted, WrongStatus."""
    permit(by, COUNT, _("Count on"))
    stocktake = _locked(stocktake)
    require(stocktake, StocktakeStatus.COUNTED, verb=gettext_lazy("Count on"))
    return _moved(stocktake, StocktakeStatus.COUNTING, by, "stocktake.reopened")


@transaction.atomic
def cancel(stocktake: Stocktake, *, by: "User", reason: str = "") -> Stocktake:
    """Nothing of it is posted. Raises NotPermitted, WrongStatus."""
    permit(by, COUNT, _("Cancel a stocktake"))
    stocktake = _locked(stocktake)
    require(stocktake, *BEING_COUNTED, verb=gettext_lazy("Cancel"))
    stocktake.lines.update(is_open=False)
    return _moved(
        stocktake,
        StocktakeStatus.CANCELLED,
        by,
        "stocktake.cancelled",
        clean_reason(reason),
    )


# --- posting ------------------------------------------------------------------------------


@transaction.atomic
def post(stocktake: Stocktake, *, by: "User") -> Result:
    """Book the differences; goods that nobody counted stay as they are.

    What orders hold of a difference is left as a shortage. Raises NotPermitted,
    WrongStatus (posted before), CountOutdated (goods that were corrected since they
    were counted), OutOfStock (less than nothing would be left: it was sold since).
    """
    permit(by, COUNT, _("Post a stocktake"))
    stocktake = _locked(stocktake)
    require(stocktake, StocktakeStatus.COUNTED, verb=gettext_lazy("Post"))
    return _post(stocktake, by)


@transaction.atomic
def post_sheet(
    counts: Sequence[SheetCount], *, by: "User", batch: str, digest: str
) -> Result:
    """Book the counts of a sheet at once, as a stocktake of its own.

    Raises NotPermitted, CountOutdated (also where the same sheet was posted that day),
    OutOfStock.
    """
    permit(by, COUNT, _("Post a stocktake"))
    before = posted_today(digest)
    if before is not None:
        said = _("The same counts were posted today as %(number)s.")
        why = said % {"number": before.number}
        raise CountOutdated({one.goods_id: why for one in counts})
    stocktake = Stocktake.objects.create(
        number=new_reference("ST"),
        status=StocktakeStatus.COUNTED,
        started_by=by,
        batch=batch,
        digest=digest,
    )
    StocktakeLine.objects.bulk_create(
        StocktakeLine(
            stocktake=stocktake,
            goods_id=one.goods_id,
            expected=one.expected,
            counted=one.quantity,
            counted_at=one.counted_at,
            counted_by=by,
            reason=one.reason,
            is_open=False,
        )
        for one in sorted(counts, key=lambda one: one.goods_id)
    )
    return _post(stocktake, by)


def posted_today(digest: str) -> Stocktake | None:
    """The stocktake of a sheet that said the same, posted this shop day."""
    rows = Stocktake.objects.filter(digest=digest, status=StocktakeStatus.POSTED)
    today = timezone.localdate()
    return next((r for r in rows if timezone.localdate(r.posted_at) == today), None)


@transaction.atomic
def undo(stocktake: Stocktake, *, by: "User") -> Result:
    """Post the opposite of every difference.

    Raises NotPermitted, WrongStatus (not posted, or taken back before), OutOfStock.
    """
    permit(by, COUNT, _("Take a stocktake back"))
    stocktake = _locked(stocktake)
    require(stocktake, StocktakeStatus.POSTED, verb=gettext_lazy("Take back"))
    lines = stocktake.lines.filter(counted__isnull=False)
    posted = corrections.post_differences(
        [(line.goods_id, -_difference(line)) for line in lines],
        reference=f"{stocktake.number}{UNDO}",
        by=by,
        reason=_("%(stocktake)s taken back") % {"stocktake": stocktake},
    )
    _moved(stocktake, StocktakeStatus.UNDONE, by, "stocktake.undone")
    return Result(stocktake, _short(posted))


def _post(stocktake: Stocktake, by: "User") -> Result:
    lines = list(stocktake.lines.filter(counted__isnull=False))
    different = {line.goods_id: line for line in lines if line.difference}
    # those that are missing are made by the posting, where there is something to add
    ledger.lock(different)
    moments = {pk: line.counted_at for pk, line in different.items() if line.counted_at}
    refusals = obstacles(moments, own=stocktake)
    if refusals:
        raise _name_all(refusals)
    posted = corrections.post_differences(
        [(pk, _difference(line)) for pk, line in different.items()],
        reference=stocktake.number,
        by=by,
        reason=stocktake.note,
        reasons={pk: line.reason for pk, line in different.items()},
    )
    costs = dict(Goods.objects.filter(pk__in=list(different)).values_list("pk", "cost"))
    for pk, line in different.items():
        line.unit_cost = costs[pk]
    StocktakeLine.objects.bulk_update(
        list(different.values()), ["unit_cost"], batch_size=1000
    )
    stocktake.lines.update(is_open=False)
    stocktake.status = StocktakeStatus.POSTED
    stocktake.posted_at, stocktake.posted_by = timezone.now(), by
    stocktake.save(update_fields=["status", "posted_at", "posted_by"])
    short = _short(posted)
    record(
        by=by,
        action="stocktake.posted",
        target=stocktake,
        lines=len(lines),
        different=len(different),
        **({"short_goods": len(short)} if short else {}),
    )
    return Result(stocktake, short)


# --- within -------------------------------------------------------------------------------


def _locked(stocktake: Stocktake) -> Stocktake:
    return Stocktake.objects.select_for_update(no_key=True).get(pk=stocktake.pk)


def _write_lines(stocktake: Stocktake, goods_ids: Iterable[int]) -> int:
    living = Goods.objects.filter(pk__in=list(goods_ids)).exclude(
        status=GoodsStatus.ARCHIVED
    )
    ids = sorted(living.values_list("pk", flat=True))
    taken = being_counted(ids)
    if taken:
        said = _("It is being counted in %(number)s.")
        raise _name_all({pk: said % {"number": n} for pk, n in taken.items()})
    try:
        with transaction.atomic():
            StocktakeLine.objects.bulk_create(
                StocktakeLine(stocktake=stocktake, goods_id=pk) for pk in ids
            )
    except IntegrityError:
        # somebody else began to count one of them at this very moment
        said = _("It is being counted in %(number)s.")
        taken = being_counted(ids)
        raise _name_all({pk: said % {"number": n} for pk, n in taken.items()}) from None
    return len(ids)


def _moved(
    stocktake: Stocktake,
    status: StocktakeStatus,
    by: "User",
    action: str,
    reason: str = "",
) -> Stocktake:
    stocktake.status = status
    stocktake.save(update_fields=["status"])
    more = {"reason": reason} if reason else {}
    record(by=by, action=action, target=stocktake, **more)
    return stocktake


def _difference(line: StocktakeLine) -> Decimal:
    return line.difference or ZERO


def _short(posted: Iterable[Posted]) -> list[Posted]:
    """What orders still hold of it."""
    return [one for one in posted if one.shortage and one.shortage.remaining]


def worth(line: StocktakeLine) -> Decimal | None:
    """The difference in yuan, at the cost of the posting or, before it, of now."""
    cost = line.goods.cost if line.unit_cost is None else line.unit_cost
    if line.difference is None or cost is None:
        return None
    return round_money(line.difference * cost)
