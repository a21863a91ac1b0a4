"""Repricing runs: proposed, decided by a second person, applied as a whole (DOMAIN 3)."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.accounts.holders import is_only_holder
from backoffice.base import context
from backoffice.base.errors import NotPermitted, ReasonMissing
from backoffice.base.money import plain
from backoffice.base.status import require
from backoffice.oplog.record import entry, record, record_all
from catalog import changes
from catalog.enums import GoodsStatus, Means, RunStatus
from catalog.lookup import locked_all
from catalog.models import Goods, RepricingLine, RepricingRun
from catalog.moves import clean_reason, permit

if TYPE_CHECKING:
    from backoffice.accounts.models import User
    from backoffice.oplog.record import Line

APPROVE = "catalog.approve_repricingrun"


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
    run = RepricingRun.objects.create(
        number=secrets.token_hex(8),
        status=RunStatus.AWAITING,
        origin=origin,
        reference=reference,
        reason=reason,
        created_by=by,
    )
    run.number = _number(run)
    run.save(update_fields=["number"])
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


def _number(run: RepricingRun) -> str:
    """`R` + local day + the row's id: unique without looking at other runs, whose
    locks come before those of goods (docs/locking.md)."""
    return f"R{timezone.localdate():%Y%m%d}-{run.pk}"


def _locked(run: RepricingRun) -> RepricingRun:
    return RepricingRun.objects.select_for_update().get(pk=run.pk)


@transaction.atomic
def approve(run: RepricingRun, *, by: "User", reason: str = "") -> RepricingRun:
    """Agree to a waiting run and apply it as a whole.

    Not by who proposed it, unless nobody else may approve; then a reason is asked for
    and the run is marked as self-approved. Where prices or costs moved since it was
    made, it becomes `stale` instead and nothing is applied: see the status of the
    run that is returned.
    """
    permit(by, APPROVE, gettext_lazy("Approve"))
    run = _locked(run)
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
    if _apply(run, by):
        run.status, run.applied_at = RunStatus.APPLIED, run.decided_at
        action = "repricing.applied"
    else:
        run.status = RunStatus.STALE
        action = "repricing.stale"
    run.save()
    record(by=by, action=action, target=run, self_approved=is_self, reason=run.decision)
    return run


@transaction.atomic
def reject(run: RepricingRun, *, by: "User", reason: str = "") -> RepricingRun:
    """Refuse a waiting run; nothing is applied. A reason is asked for."""
    permit(by, APPROVE, gettext_lazy("Reject"))
    run = _locked(run)
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
    """Take back a waiting run: by who proposed it, or who may approve."""
    run = _locked(run)
    require(run, RunStatus.AWAITING, verb=gettext_lazy("Cancel"))
    if not may_cancel(by, run):
        raise NotPermitted(_("Only who proposed the run may take it back."))
    run.status, run.decided_by, run.decided_at = RunStatus.CANCELLED, by, timezone.now()
    run.save()
    record(by=by, action="repricing.cancelled", target=run)
    return run


def may_cancel(by: "User", run: RepricingRun) -> bool:
    """Who proposed it, and whoever may approve."""
    return by.is_active and (run.created_by_id == by.pk or by.has_perm(APPROVE))


def needs_second_person(by: "User", run: RepricingRun) -> bool:
    """Whether this person may not decide alone: it is their own run, and others may."""
    return run.created_by_id == by.pk and not is_only_holder(by, APPROVE)


def _apply(run: RepricingRun, by: "User") -> bool:
    """Write all lines, or none when one no longer starts from what it was made for."""
    lines = list(run.lines.all())
    many = {goods.pk: goods for goods in locked_all(line.goods_id for line in lines)}
    if any(_is_stale(line, many[line.goods_id]) for line in lines):
        return False
    pairs = []
    for line in lines:
        goods = many[line.goods_id]
        before = changes.snapshot(goods)
        if line.new_price is not None:
            goods.price = line.new_price
        if line.new_case_price is not None:
            goods.case_price = line.new_case_price
        pairs.append((goods, before))
    log = [_line(goods, before, run, by) for goods, before in pairs]
    changes.save_all(
        pairs,
        changes.Origin(
            by=run.created_by,
            means=Means.RUN,
            reason=run.reason,
            reference=run.number,
        ),
    )
    record_all(line for line in log if line is not None)
    return True


def _line(
    goods: Goods, before: changes.Snapshot, run: RepricingRun, by: "User"
) -> "Line | None":
    """What the operation log says of one goods of a run; None where nothing moves."""
    touched = changes.changed(goods, before)
    if not touched:
        return None
    with context.using(means="run"):
        return entry(
            by=by,
            action="goods.repriced",
            target=goods,
            changes={
                name: [None if v is None else plain(v) for v in pair]
                for name, pair in touched.items()
            },
            run=run.number,
        )


def _is_stale(line: RepricingLine, goods: Goods) -> bool:
    """Whether the goods is no longer as it was, or could not take the new price."""
    if goods.status == GoodsStatus.ARCHIVED:
        return True
    on_sale = goods.status == GoodsStatus.ON_SALE
    if on_sale and goods.retail_enabled and line.new_price == 0:
        return True
    if on_sale and goods.case_enabled and line.new_case_price == 0:
        return True
    return (goods.price, goods.case_price, goods.cost) != (
        line.old_price,
        line.old_case_price,
        line.cost,
    )


def waiting_for(goods: Goods) -> "list[RepricingRun]":
    """Runs that wait for approval and would change this goods."""
    return list(
        RepricingRun.objects.filter(
            status=RunStatus.AWAITING, lines__goods=goods
        ).select_related("created_by")
    )
