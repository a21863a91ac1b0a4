"""Runs that the shop proposes: costs that have moved, and the markdown ladder (DOMAIN 3).

A proposal is a draft that nobody made; whoever submits it in the studio proposes it.
A new proposal of a kind closes the older ones that nobody took up.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base import ports
from backoffice.base.among import among
from backoffice.base.errors import FieldErrors
from backoffice.base.money import plain
from backoffice.base.text import one_line
from backoffice.oplog.record import record
from backoffice.shop import shop
from catalog import pricing, repricing, studio
from catalog.enums import (
    GoodsStatus,
    Means,
    RuleKind,
    RunKind,
    RunStatus,
)
from catalog.models import (
    Category,
    Goods,
    MarkdownRule,
    RepricingLine,
    RepricingRun,
)
from catalog.moves import permit
from catalog.rules import (
    TO_THE_FEN,
    Limits,
    Rounding,
    Rule,
    parse_rounding,
    rounded,
)
from catalog.studio import BOTH, Preview, Recipe, Typed

if TYPE_CHECKING:
    from backoffice.accounts.models import User

#: what a proposal is about: goods that are sold, or about to be
PRICED = (GoodsStatus.APPROVED, GoodsStatus.ON_SALE, GoodsStatus.OFF_SALE)
HUNDRED = Decimal(100)
CHANGE_RULES = "catalog.change_markdownrule"


@transaction.atomic
def propose_from_costs(*, by: "User | None" = None) -> RepricingRun | None:
    """A draft for goods whose cost has moved since their price was set, at the target
    margin and rounding of their category; None where there is nothing to propose.

    DAILY_MOVE_PERCENT is the run's largest change: what moves further is a guard hit.
    """
    if by is not None:
        permit(by, repricing.PROPOSE, gettext_lazy("Propose prices"))
    _close_older(RunKind.COSTS, by)
    recipe = Recipe(Rule(RuleKind.EACH), max_change=shop.DAILY_MOVE_PERCENT)
    lines, unchanged = [], 0
    aimed = Category.objects.filter(target_margin__isnull=False)
    for category in aimed.order_by("pk"):
        goods = moved_costs(Goods.objects.filter(category=category))
        if not goods.exists():
            continue
        found = studio.compute(goods, _recipe_of(category))
        lines += found.applicable
        unchanged += found.unchanged
    if not lines:
        return None
    return studio.draft(
        Preview(_as_given(lines), unchanged),
        recipe,
        by=by,
        selection=_("Goods whose cost has moved since they were priced"),
        reason=_("Costs have moved"),
        kind=RunKind.COSTS,
        origin=Means.SCHEDULE if by is None else Means.HAND,
    )


def _recipe_of(category: Category) -> Recipe:
    return Recipe(
        Rule(RuleKind.MARGIN, category.target_margin),
        rounding_of(category),
        BOTH,
        max_change=shop.DAILY_MOVE_PERCENT,
    )


def rounding_of(category: Category) -> Rounding:
    """The category's own rounding, to the fen without one."""
    try:
        return parse_rounding(category.rounding) if category.rounding else TO_THE_FEN
    except FieldErrors:
        # written past the verbs: a proposal is looked at before it counts
        return TO_THE_FEN


def moved_costs(goods: "QuerySet[Goods]") -> "QuerySet[Goods]":
    """Those that are sold, whose cost is known and not what it was when their price last
    changed (or when they were entered)."""
    history = Goods.history.model.objects.filter(id=OuterRef("pk"))
    priced = history.filter(Q(price_changed=True) | Q(history_type="+"))
    then = Subquery(priced.order_by("-history_id").values("cost")[:1])
    return (
        goods.filter(status__in=PRICED, cost__isnull=False)
        .alias(cost_then=then)
        .filter(Q(cost_then__isnull=True) | ~Q(cost_then=F("cost")))
    )


def _as_given(lines: Iterable[studio.Computed]) -> list[studio.Computed]:
    """Lines of several recipes in one run: each keeps its price when computed again."""
    lines = list(lines)
    for line in lines:
        line.is_typed = True
    return lines


# --- the markdown ladder ------------------------------------------------------------


@dataclass(frozen=True)
class _Rung:
    days: int
    percent: Decimal


@transaction.atomic
def propose_markdown(
    *, by: "User | None" = None, now: datetime | None = None
) -> RepricingRun | None:
    """A draft that brings goods down by the rung that their days since the last receipt
    have reached; None where nothing has.

    Only goods on sale that are there. The percentage counts from the price before the
    first markdown since the receipt, so that rungs do not add up; goods that somebody
    priced by hand after a markdown, or that stand on this rung already, are left alone.
    """
    if by is not None:
        permit(by, repricing.PROPOSE, gettext_lazy("Propose prices"))
    now = now or timezone.now()
    _close_older(RunKind.MARKDOWN, by)
    ladders = _ladders()
    if not ladders:
        return None
    prices = list(_marked_down(ladders, now))
    if not prices:
        return None
    preview = studio.compute_typed(prices)
    if not preview.applicable:
        return None
    return studio.draft(
        replace(preview, lines=_as_given(preview.applicable)),
        studio.BY_HAND,
        by=by,
        selection=_("Goods that lie since they were received"),
        reason=_("Markdown"),
        kind=RunKind.MARKDOWN,
        origin=Means.SCHEDULE if by is None else Means.HAND,
    )


def _ladders() -> dict[int | None, list[_Rung]]:
    """{category, or None for the others: rungs, the furthest first}."""
    ladders: dict[int | None, list[_Rung]] = {}
    rules = MarkdownRule.objects.filter(is_active=True).order_by("-days")
    for rule in rules:
        rung = _Rung(rule.days, rule.percent)
        ladders.setdefault(rule.category_id, []).append(rung)
    return ladders


def _marked_down(
    ladders: dict[int | None, list[_Rung]], now: datetime
) -> Iterable[Typed]:
    goods = Goods.objects.filter(status=GoodsStatus.ON_SALE)
    if None not in ladders:
        goods = goods.filter(category__in=[pk for pk in ladders if pk is not None])
    rows = list(
        goods.order_by("pk").values_list(
            *("pk", "category_id", "price", "case_price", "cost", "case_size"),
            *("retail_enabled", "case_enabled", "category__rounding"),
            named=True,
        )
    )
    received = ports.last_received([row.pk for row in rows])
    rows = [row for row in rows if row.pk in received]
    there = ports.available([row.pk for row in rows])
    earlier = _earlier_markdowns([row.pk for row in rows if there.get(row.pk, 0) > 0])
    today = timezone.localdate(now)
    allowed = pricing.limits()
    for row in rows:
        if there.get(row.pk, 0) <= 0:
            continue
        since = received[row.pk]
        days = (today - timezone.localdate(since)).days
        ladder = ladders.get(row.category_id, ladders.get(None, []))
        rung = next((rung for rung in ladder if rung.days <= days), None)
        if rung is None:
            continue
        lines = [line for line in earlier.get(row.pk, []) if line.at >= since]
        yield from _step_down(row, rung, lines, allowed)


@dataclass(frozen=True)
class _Earlier:
    at: datetime
    old: tuple[Decimal, Decimal | None]
    new: tuple[Decimal | None, Decimal | None]


def _earlier_markdowns(ids: Sequence[int]) -> dict[int, list[_Earlier]]:
    """{goods: the markdowns that stand, the oldest first}."""
    lines = RepricingLine.objects.filter(
        among("goods", ids),
        run__kind=RunKind.MARKDOWN,
        run__status=RunStatus.APPLIED,
        is_left_out=False,
        problem="",
    )
    found: dict[int, list[_Earlier]] = {}
    for line in lines.order_by("run__applied_at", "pk").values_list(
        *("goods_id", "run__applied_at", "old_price", "old_case_price"),
        *("new_price", "new_case_price"),
        named=True,
    ):
        found.setdefault(line.goods_id, []).append(
            _Earlier(
                line.run__applied_at,
                (line.old_price, line.old_case_price),
                (line.new_price, line.new_case_price),
            )
        )
    return found


def _step_down(
    row: Any, rung: _Rung, earlier: Sequence[_Earlier], allowed: Limits
) -> Iterable[Typed]:
    """The prices on the rung, where the goods is not there yet."""
    base, now = (row.price, row.case_price), (row.price, row.case_price)
    if earlier:
        last = earlier[-1]
        stands = [
            old if new is None else new
            for old, new in zip(last.old, last.new, strict=True)
        ]
        if list(now) != stands:
            # somebody has priced it since: their word counts
            return
        base = earlier[0].old
    rounding = TO_THE_FEN
    if row.category__rounding:
        try:
            rounding = parse_rounding(row.category__rounding)
        except FieldErrors:
            rounding = TO_THE_FEN
    share = 1 - rung.percent / HUNDRED
    prices = [
        rounded(old * share, rounding, allowed, at, cost) if old and enabled else None
        for old, at, cost, enabled in zip(
            base,
            now,
            (row.cost, pricing.case_cost(row)),
            (row.retail_enabled, row.case_enabled),
            strict=True,
        )
    ]
    lower = [
        new if new and at is not None and new < at else None
        for new, at in zip(prices, now, strict=True)
    ]
    if any(lower):
        yield Typed(row.pk, lower[0], lower[1])


def _close_older(kind: RunKind, by: "User | None") -> None:
    """Drafts of this kind that nobody took up make room for the new one."""
    open_ones = RepricingRun.objects.select_for_update().filter(
        kind=kind, status=RunStatus.DRAFT, created_by=None
    )
    for run in open_ones.order_by("pk"):
        run.status, run.decided_at = RunStatus.CANCELLED, timezone.now()
        run.save()
        record(by=by, action="repricing.cancelled", target=run)


@transaction.atomic
def save_rule(rule: MarkdownRule, *, by: "User") -> MarkdownRule:
    """Write a new or changed rung. Raises NotPermitted, FieldErrors."""
    permit(by, CHANGE_RULES, gettext_lazy("Change"))
    is_new = rule.pk is None
    rule.note = one_line(rule.note or "")
    try:
        rule.full_clean()
    except ValidationError as error:
        raise FieldErrors(
            {
                "days" if name == "__all__" else name: list(messages)
                for name, messages in error.message_dict.items()
            }
        ) from None
    rule.save()
    record(
        by=by,
        action="markdown.created" if is_new else "markdown.changed",
        target=rule,
        rule=describe(rule),
    )
    return rule


@transaction.atomic
def delete_rule(rule: MarkdownRule, *, by: "User") -> None:
    """Take a rung away. Raises NotPermitted."""
    permit(by, CHANGE_RULES, gettext_lazy("Delete"))
    record(by=by, action="markdown.deleted", target=rule, rule=describe(rule))
    rule.delete()


def describe(rule: MarkdownRule) -> str:
    """In words: after 2 days, 10% off."""
    return _("After %(days)s days %(percent)s%% off") % {
        "days": rule.days,
        "percent": plain(rule.percent),
    }
