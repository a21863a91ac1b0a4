"""Repricing runs: proposed, decided by a second person, applied as a whole (DOMAIN 3).

Runs are made in `catalog.studio` and here, by guarded changes; their prices return by
`catalog.reversal`. All three write prices through `write`.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.accounts.holders import is_only_holder
from backoffice.base import context
from backoffice.base.errors import DomainError, NotPermitted, ReasonMissing
from backoffice.base.money import plain
from backoffice.base.status import require
from backoffice.oplog.record import entry, record, record_all
from backoffice.shop import shop
from catalog import changes
from catalog.enums import EDITABLE, GoodsStatus, Means, RunStatus
from catalog.lookup import locked_values
from catalog.models import Goods, RepricingLine, RepricingRun
from catalog.moves import clean_reason, permit
from catalog.rules import Limits

if TYPE_CHECKING:
    from backoffice.accounts.models import User

#: who makes runs, applies those without guard hits, and takes them back
PROPOSE = "catalog.add_repricingrun"
APPROVE = "catalog.approve_repricingrun"
#: what is looked at of each goods when a run is applied
STANDING = (
    *("code", "name", "status", "price", "case_price", "cost"),
    *("retail_enabled", "case_enabled", "case_size"),
)
#: goods that are named in a refusal
NAMED = 5


#: a run that may be closed without having been applied
CANCELLABLE = (
    RunStatus.DRAFT,
    RunStatus.AWAITING,
    RunStatus.SCHEDULED,
    RunStatus.STALE,
)


class Overlap(DomainError):
    """Another run has the same goods at the same time."""

    slug = "wrong_status"
    http_status = 409


@dataclass(frozen=True)
class Proposal:
    """New prices for one locked goods; None keeps. `hits` are `pricing.Hit`s."""

    goods: Goods
    price: Decimal | None
    case_price: Decimal | None
    hits: Sequence[Any] = ()


@transaction.atomic
def propose(
    proposals: Sequence[Proposal],
    *,
    by: "User",
    origin: Means,
    reason: str = "",
    reference: str = "",
) -> RepricingRun:
    """Make a run of the proposals that waits for approval."""
    reason = clean_reason(reason)
    run = new_run(
        status=RunStatus.AWAITING,
        origin=origin,
        reference=reference,
        reason=reason,
        created_by=by,
    )
    RepricingLine.objects.bulk_create(
        [
            RepricingLine(
                run=run,
                goods_id=p.goods.pk,
                cost=p.goods.cost,
                old_price=p.goods.price,
                old_case_price=p.goods.case_price,
                new_price=p.price,
                new_case_price=p.case_price,
                guards=[hit.as_json() for hit in p.hits],
                has_hits=bool(p.hits),
            )
            for p in proposals
        ],
        batch_size=1000,
    )
    record(
        by=by,
        action="repricing.proposed",
        target=run,
        lines=len(proposals),
        **({"reason": reason} if reason else {}),
    )
    return run


def new_run(**fields: Any) -> RepricingRun:
    """A row with a number of its own."""
    run = RepricingRun.objects.create(number=secrets.token_hex(8), **fields)
    run.number = _number(run)
    run.save(update_fields=["number"])
    return run


def _number(run: RepricingRun) -> str:
    """`R` + local day + the row's id: unique without looking at other runs, whose
    locks come before those of goods (docs/locking.md)."""
    return f"R{timezone.localdate():%Y%m%d}-{run.pk}"


def locked(run: RepricingRun) -> RepricingRun:
    """The row as it stands now, locked; before the goods (docs/locking.md)."""
    return RepricingRun.objects.select_for_update().get(pk=run.pk)


def included(run: RepricingRun) -> "QuerySet[RepricingLine]":
    """The lines that are applied."""
    return run.lines.filter(is_left_out=False, problem="")


@transaction.atomic
def approve(run: RepricingRun, *, by: "User", reason: str = "") -> RepricingRun:
    """Agree to a waiting run and apply it as a whole.

    Not by who proposed it, unless nobody else may approve; then a reason is asked for
    and the run is marked as self-approved. Where prices or costs moved since it was
    made, it becomes `stale` instead and nothing is applied: see the status of the
    run that is returned.
    """
    permit(by, APPROVE, gettext_lazy("Approve"))
    run = locked(run)
    require(run, RunStatus.AWAITING, verb=gettext_lazy("Approve"))
    if needs_second_person(by, run):
        raise NotPermitted(_("A second person has to approve this run."))
    is_self = run.created_by_id == by.pk
    if is_self and not clean_reason(reason):
        raise ReasonMissing(
            _("You are the only one who may approve; to approve your own run, say why.")
        )
    run.decided_by, run.decided_at = by, timezone.now()
    run.decision, run.is_self_approved = clean_reason(reason), is_self
    act = carry_out(run, by=by, at=run.decided_at)
    record(by=by, action=act, target=run, self_approved=is_self, reason=run.decision)
    return run


def carry_out(run: RepricingRun, *, by: "User | None", at: datetime) -> str:
    """Schedule a locked run that starts later, or apply it; gives the act for the log.

    Where a price or cost has moved since it was computed, or the time is over at which
    prices return, it becomes `stale` and nothing is applied. Raises Overlap.
    """
    lines = line_values(run)
    standing = locked_values((line.goods_id for line in lines), *STANDING)
    is_over = run.ends_at is not None and run.ends_at <= at
    if is_over or has_moved(run, lines, standing):
        run.status = RunStatus.STALE
        run.save()
        return "repricing.stale"
    is_later = run.starts_at is not None and run.starts_at > at
    if is_later or run.ends_at is not None:
        refuse_overlaps(run, at)
    if is_later:
        run.status = RunStatus.SCHEDULED
        run.save()
        act = "repricing.scheduled"
        return act  # noqa: RET504 - named as the log's callers name it
    _apply(run, lines, standing, by=by, means=Means.RUN, at=at)
    return "repricing.applied"


def refuse_overlaps(run: RepricingRun, at: datetime) -> None:
    """Refuse a start later, or an end, while another run holds one of the goods: one that
    is scheduled too, or whose prices have still to return by then.

    The caller holds the goods' locks, so that two that schedule at once see each other.
    """
    found = holders_of(run, run.starts_at or at)
    if not found:
        return
    named = _("; ").join(
        _("%(goods)s in %(run)s") % {"goods": line.goods, "run": line.run.number}
        for line in found[:NAMED]
    )
    raise Overlap(
        _("Other runs have the same goods: %(named)s%(more)s. Cancel one of them.")
        % {"named": named, "more": " …" if len(found) > NAMED else ""},
        runs=sorted({line.run.number for line in found}),
    )


def holders_of(run: RepricingRun, begin: datetime) -> list[RepricingLine]:
    """The first lines of other runs that hold goods of this one from `begin` on, one
    more than are named."""
    others = RepricingLine.objects.filter(
        _holding(begin), goods__in=included(run).values("goods")
    )
    others = others.filter(is_left_out=False, problem="").exclude(run=run)
    return list(others.select_related("run", "goods").order_by("pk")[: NAMED + 1])


def _holding(begin: datetime) -> Q:
    return Q(run__status=RunStatus.SCHEDULED) | Q(
        run__status=RunStatus.APPLIED, run__ends_at__gt=begin
    )


@transaction.atomic
def apply_scheduled(run: RepricingRun, *, now: datetime | None = None) -> RepricingRun:
    """Apply a run whose time has come, exactly once however many workers try.

    A run whose prices should have returned already is not applied any more; it becomes
    `stale` like one whose prices or costs have moved.
    """
    now = now or timezone.now()
    run = locked(run)
    if (
        run.status != RunStatus.SCHEDULED
        or run.starts_at is None
        or run.starts_at > now
    ):
        return run
    lines = line_values(run)
    standing = locked_values((line.goods_id for line in lines), *STANDING)
    is_over = run.ends_at is not None and run.ends_at <= now
    if is_over or has_moved(run, lines, standing):
        run.status = RunStatus.STALE
        run.save()
        record(by=None, action="repricing.stale", target=run)
        return run
    _apply(run, lines, standing, by=None, means=Means.SCHEDULE, at=now)
    record(by=None, action="repricing.applied", target=run, lines=len(lines))
    return run


@transaction.atomic
def reject(run: RepricingRun, *, by: "User", reason: str = "") -> RepricingRun:
    """Refuse a waiting run; nothing is applied. A reason is asked for."""
    permit(by, APPROVE, gettext_lazy("Reject"))
    run = locked(run)
    require(run, RunStatus.AWAITING, verb=gettext_lazy("Reject"))
    text = clean_reason(reason)
    if not text:
        raise ReasonMissing(_("Say why the run is rejected."))
    run.status, run.decision = RunStatus.REJECTED, text
    run.decided_by, run.decided_at = by, timezone.now()
    run.save()
    record(by=by, action="repricing.rejected", target=run, reason=text)
    return run


@transaction.atomic
def cancel(run: RepricingRun, *, by: "User") -> RepricingRun:
    """Close a run that is not applied: by who proposed it, or who may approve; one that
    a schedule proposed, by whoever makes runs."""
    run = locked(run)
    require(run, *CANCELLABLE, verb=gettext_lazy("Cancel"))
    if not may_cancel(by, run):
        raise NotPermitted(_("Only who proposed the run may take it back."))
    run.status, run.decided_by, run.decided_at = RunStatus.CANCELLED, by, timezone.now()
    run.save()
    record(by=by, action="repricing.cancelled", target=run)
    return run


def may_cancel(by: "User", run: RepricingRun) -> bool:
    """Who proposed it, and whoever may approve."""
    if not by.is_active:
        return False
    if run.created_by_id is None and by.has_perm(PROPOSE):
        return True
    return run.created_by_id == by.pk or by.has_perm(APPROVE)


def needs_second_person(by: "User", run: RepricingRun) -> bool:
    """Whether this person may not decide alone: it is their own run, and others may."""
    return run.created_by_id == by.pk and not is_only_holder(by, APPROVE)


def line_values(run: RepricingRun) -> list[Any]:
    """What is applied, without instances: there may be many."""
    return list(
        included(run).values_list(
            *("goods_id", "cost", "old_price", "old_case_price"),
            *("new_price", "new_case_price", "has_hits"),
            named=True,
        )
    )


def _apply(
    run: RepricingRun,
    lines: Sequence[Any],
    standing: Mapping[int, Any],
    *,
    by: "User | None",
    means: Means,
    at: datetime,
) -> None:
    """Write all lines of a locked run that is not stale."""
    rows = [
        changes.NewPrices(
            line.goods_id,
            line.old_price,
            line.old_case_price,
            line.old_price if line.new_price is None else line.new_price,
            line.old_case_price if line.new_case_price is None else line.new_case_price,
        )
        for line in lines
    ]
    write(run, rows, standing, by=by, means=means, reason=run.reason, at=at)
    run.status, run.applied_at = RunStatus.APPLIED, at
    run.save()


def write(
    run: RepricingRun,
    rows: Iterable[changes.NewPrices],
    standing: Mapping[int, Any],
    *,
    by: "User | None",
    means: Means,
    reason: str,
    at: datetime,
) -> int:
    """Prices, history and operation log of locked goods, naming the run; gives how many
    goods changed. The history names who proposed the run, the log who carried it out."""
    many = [row for row in rows if row.is_change]
    author = run.created_by if means != Means.ROLLBACK else by
    origin = changes.Origin(author, means, reason, run.number)
    count = changes.reprice_all(many, origin, at)
    with context.using(means=str(means)):
        blank = entry(by=by, action="goods.repriced", target=Goods(pk=0))
    record_all(
        blank._replace(
            target_id=str(row.goods_id),
            target_label=_label(standing[row.goods_id]),
            data={"changes": _differences(row), "run": run.number},
        )
        for row in many
    )
    return count


def _label(goods: Any) -> str:
    """As `str()` of the goods."""
    return f"{goods.code} {goods.name}"[:200]


def _differences(row: changes.NewPrices) -> dict[str, list[str | None]]:
    found: dict[str, list[str | None]] = {}
    for name in changes.PRICE_FIELDS:
        old, new = getattr(row, f"old_{name}"), getattr(row, name)
        if old != new:
            found[name] = [None if v is None else plain(v) for v in (old, new)]
    return found


def limits_of(run: RepricingRun) -> Limits:
    """The shop's guards as they stand, and the run's own where they are stricter."""
    allowed = Limits(shop.MIN_MARGIN_PERCENT, shop.MAX_CHANGE_PERCENT)
    return allowed.stricter(
        Limits(
            allowed.margin if run.min_margin is None else run.min_margin,
            allowed.change if run.max_change is None else run.max_change,
        )
    )


def has_moved(
    run: RepricingRun, lines: Iterable[Any], standing: Mapping[int, Any]
) -> bool:
    """Whether a line is not what was seen any more: its goods has moved, or a guard that
    let it pass would not do so now."""
    allowed = limits_of(run)
    for line in lines:
        goods = standing.get(line.goods_id)
        if is_stale(line, goods) or hits_unseen(line, goods, allowed):
            return True
    return False


def hits_unseen(line: Any, goods: Any, allowed: Limits) -> bool:
    """Whether a line that nobody has to approve would now run into a guard: the goods
    was a draft, which no guard looks at, or a limit was looser."""
    if line.has_hits or goods.status in EDITABLE:
        return False
    case_cost = None
    if goods.cost is not None and goods.case_size is not None:
        case_cost = goods.cost * goods.case_size
    return any(
        new is not None and new != old and not allowed.allow(old, new, cost)
        for old, new, cost in (
            (goods.price, line.new_price, goods.cost),
            (goods.case_price, line.new_case_price, case_cost),
        )
    )


def is_stale(line: Any, goods: Any) -> bool:
    """Whether the goods is no longer as it was, or could not take the new price."""
    if goods is None or goods.status == GoodsStatus.ARCHIVED:
        return True
    on_sale = goods.status == GoodsStatus.ON_SALE
    if on_sale and goods.retail_enabled and line.new_price == 0:
        return True
    if on_sale and goods.case_enabled and line.new_case_price == 0:
        return True
    return bool(
        (goods.price, goods.case_price, goods.cost)
        != (line.old_price, line.old_case_price, line.cost)
    )


def waiting_for(goods: Goods) -> "list[RepricingRun]":
    """Runs that wait for approval and would change this goods."""
    return list(
        RepricingRun.objects.filter(
            status=RunStatus.AWAITING, lines__goods=goods
        ).select_related("created_by")
    )
