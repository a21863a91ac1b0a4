"""The repricing studio: a run is computed, looked at, mended and let go (DOMAIN 3).

A draft holds one line for each goods whose price would change. What was seen is what is
applied: where a price or a cost has moved since, the draft is computed again and
returned, to be looked at once more.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import (
    Case,
    Count,
    ExpressionWrapper,
    F,
    FloatField,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backoffice.base import ports
from backoffice.base.among import among
from backoffice.base.bulk import insert_rows, update_rows
from backoffice.base.errors import DomainError, FieldErrors
from backoffice.base.money import MAX_PRICE
from backoffice.base.status import require
from backoffice.oplog.record import record
from catalog import pricing, repricing
from catalog.enums import (
    EDITABLE,
    GoodsStatus,
    LineProblem,
    Means,
    RuleKind,
    RunKind,
    RunStatus,
    SellingUnit,
)
from catalog.lookup import locked_values
from catalog.models import Goods, RepricingLine, RepricingRun
from catalog.moves import clean_reason, permit
from catalog.rules import (
    TO_THE_FEN,
    Limits,
    Rounding,
    Rule,
    new_price,
    parse_rounding,
)

if TYPE_CHECKING:
    from backoffice.accounts.models import User

#: one run; more are several
MOST_LINES = 30_000
#: days whose sales are shown beside a line
SOLD_DAYS = 7
BOTH = (SellingUnit.RETAIL, SellingUnit.CASE)
SEE_COST = "catalog.view_cost"

_READ = (
    *("status", "price", "case_price", "cost", "case_size"),
    *("retail_enabled", "case_enabled"),
)
_COMPUTED = (
    *("cost", "old_price", "old_case_price", "new_price", "new_case_price"),
    *("guards", "has_hits", "problem", "sold", "carts", "unpaid"),
)


class NothingToReprice(DomainError):
    """No goods is selected, or no price would change."""


@dataclass(frozen=True)
class Recipe:
    """How prices are found: a rule, a rounding, the selling units it is for, and guards
    of the run's own in percent (None: the shop's alone)."""

    rule: Rule
    rounding: Rounding = TO_THE_FEN
    units: Sequence[SellingUnit] = BOTH
    min_margin: Decimal | None = None
    max_change: Decimal | None = None

    def check(self) -> "Recipe":
        """Raises FieldErrors for what no shop means."""
        errors: dict[str, list[str]] = {}
        try:
            self.rule.check()
        except FieldErrors as refusal:
            errors |= refusal.errors
        if not self.units:
            errors["units"] = [_("Choose a selling unit.")]
        if self.min_margin is not None and not -100 <= self.min_margin < 100:
            errors["min_margin"] = [_("A margin is above -100 and below 100 percent.")]
        if self.max_change is not None and not 0 <= self.max_change <= 1000:
            errors["max_change"] = [_("From 0 to 1000 percent.")]
        if errors:
            raise FieldErrors(errors)
        return self

    def limits(self) -> Limits:
        """The shop's guards, and the run's own where they are stricter."""
        shop = pricing.limits()
        return shop.stricter(
            Limits(
                shop.margin if self.min_margin is None else self.min_margin,
                shop.change if self.max_change is None else self.max_change,
            )
        )

    def fields(self) -> dict[str, Any]:
        """For the row of a run; `of_run` reads it back."""
        return {
            "rule": self.rule.as_json(),
            "rounding": self.rounding.as_text(),
            "units": [str(unit) for unit in self.units],
            "min_margin": self.min_margin,
            "max_change": self.max_change,
        }

    @classmethod
    def of_run(cls, run: RepricingRun) -> "Recipe":
        """What `fields` wrote."""
        return cls(
            Rule.of_json(run.rule),
            parse_rounding(run.rounding) if run.rounding else TO_THE_FEN,
            [SellingUnit(unit) for unit in run.units],
            run.min_margin,
            run.max_change,
        )


#: of a run whose lines were all typed, or came from a sheet
BY_HAND = Recipe(Rule(RuleKind.EACH))


@dataclass(slots=True)
class Computed:
    """One line before it is written, by the names of its columns."""

    goods_id: int
    cost: Decimal | None
    old_price: Decimal
    old_case_price: Decimal | None
    new_price: Decimal | None = None
    new_case_price: Decimal | None = None
    guards: list[Any] = field(default_factory=list)
    has_hits: bool = False
    problem: str = ""
    sold: Decimal = Decimal("0.000")
    carts: int = 0
    unpaid: int = 0
    is_left_out: bool = False
    is_typed: bool = False
    conflicts: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Typed:
    """Prices of one goods from a sheet, or from whoever knows better; None keeps."""

    goods_id: int
    price: Decimal | None = None
    case_price: Decimal | None = None


@dataclass(frozen=True)
class Preview:
    """What a selection comes to without a run being made: the lines, those that run into
    a guard, those with a problem, and how many goods would not change."""

    lines: list[Computed]
    unchanged: int

    @property
    def applicable(self) -> list[Computed]:
        return [line for line in self.lines if not line.problem]

    @property
    def hits(self) -> int:
        return sum(line.has_hits for line in self.applicable)


@dataclass(frozen=True)
class Totals:
    """Of the lines that will be applied. `change` is the mean change of the retail price
    in percent, `margin` what a day's margin is expected to grow by in yuan (the average
    sales of the last days at the new price less the old one)."""

    goods: int
    hits: int
    left_out: int
    problems: int
    change: float | None
    margin: float


# --- computing ----------------------------------------------------------------------


def compute(goods: "QuerySet[Goods]", recipe: Recipe) -> Preview:
    """What the recipe makes of these goods; archived ones are left aside.

    Raises NothingToReprice where none is selected or there are too many, FieldErrors for
    a recipe that means nothing.
    """
    recipe.check()
    rows = _rows(goods)
    if not rows:
        raise NothingToReprice(_("No goods are selected."))
    return _preview(rows, recipe, recipe.limits())


def compute_typed(prices: Iterable[Typed], recipe: Recipe = BY_HAND) -> Preview:
    """The same for prices that are given for each goods. Raises FieldErrors."""
    wanted = {one.goods_id: one for one in prices}
    rows = _rows(Goods.objects.filter(among("pk", wanted)))
    if not rows:
        raise NothingToReprice(_("No goods are selected."))
    return _preview(rows, recipe, recipe.limits(), wanted)


def permit_rule(by: "User", rule: Rule) -> None:
    """A margin on cost tells the cost by the price that it makes: for who may see it."""
    if rule.kind == RuleKind.MARGIN:
        permit(by, SEE_COST, gettext_lazy("Reprice by cost"))


def _rows(goods: "QuerySet[Goods]") -> list[Any]:
    there = goods.exclude(status=GoodsStatus.ARCHIVED).order_by("pk")
    rows = list(there.values_list("pk", *_READ, named=True)[: MOST_LINES + 1])
    if len(rows) > MOST_LINES:
        raise NothingToReprice(
            _("More than %(most)s goods: make several runs.") % {"most": MOST_LINES}
        )
    return rows


def _preview(
    rows: Sequence[Any],
    recipe: Recipe,
    limits: Limits,
    typed: Mapping[int, Typed] | None = None,
) -> Preview:
    lines = []
    for row in rows:
        line = _computed(row, recipe, limits, (typed or {}).get(row.pk))
        if line.problem != LineProblem.SAME:
            lines.append(line)
    _add_figures(lines)
    return Preview(lines, len(rows) - len(lines))


def _computed(
    goods: Any, recipe: Recipe, limits: Limits, typed: Typed | None = None
) -> Computed:
    """What becomes of one goods (a row of `_READ`, or an instance)."""
    line = Computed(goods.pk, goods.cost, goods.price, goods.case_price)
    if typed is not None:
        line.is_typed = True
        line.new_price = pricing.checked(typed.price, "price")
        line.new_case_price = pricing.checked(typed.case_price, "case_price")
        _judge(line, goods, limits)
        return line
    if goods.retail_enabled and SellingUnit.RETAIL in recipe.units:
        line.new_price = new_price(
            recipe.rule, recipe.rounding, limits, goods.price, goods.cost
        )
    # a case that is sold but has no price yet can still be given one
    if goods.case_enabled and SellingUnit.CASE in recipe.units:
        line.new_case_price = new_price(
            recipe.rule,
            recipe.rounding,
            limits,
            goods.case_price,
            pricing.case_cost(goods),
        )
    if line.new_price is None and line.new_case_price is None:
        line.problem = _missing(recipe.rule, goods, recipe.units)
        return line
    _judge(line, goods, limits)
    return line


def _missing(rule: Rule, goods: Any, units: Sequence[SellingUnit]) -> str:
    """Why the rule gave no price."""
    sold_so = (goods.retail_enabled and SellingUnit.RETAIL in units) or (
        goods.case_enabled and SellingUnit.CASE in units
    )
    if not sold_so:
        return LineProblem.SAME
    return LineProblem.NO_COST if rule.kind == RuleKind.MARGIN else LineProblem.NO_PRICE


def _judge(line: Computed, goods: Any, limits: Limits) -> None:
    """Set the problem and the guards of a line by its prices."""
    line.problem, line.guards, line.has_hits = "", [], False
    if goods.status == GoodsStatus.ARCHIVED:
        line.problem = LineProblem.ARCHIVED
        return
    for name in ("price", "case_price"):
        if getattr(line, f"new_{name}") == getattr(line, f"old_{name}"):
            setattr(line, f"new_{name}", None)
    new = (line.new_price, line.new_case_price)
    if new == (None, None):
        line.problem = LineProblem.SAME
    elif 0 in new:
        line.problem = LineProblem.ZERO
    elif any(price is not None and price > MAX_PRICE for price in new):
        line.problem = LineProblem.TOO_HIGH
        line.new_price = line.new_case_price = None
    elif goods.status not in EDITABLE:
        hits = [
            *pricing.hits_of(
                SellingUnit.RETAIL, goods.price, line.new_price, goods.cost, limits
            ),
            *pricing.hits_of(
                SellingUnit.CASE,
                goods.case_price,
                line.new_case_price,
                pricing.case_cost(goods),
                limits,
            ),
        ]
        line.guards = [hit.as_json() for hit in hits]
        line.has_hits = bool(hits)


def _add_figures(lines: Sequence[Computed]) -> None:
    """What was sold, and in how many carts and unpaid orders each goods lies."""
    ids = [line.goods_id for line in lines]
    sold = ports.sold_lately(ids, SOLD_DAYS)
    demand = ports.open_demand(ids)
    for line in lines:
        line.sold = sold.get(line.goods_id, Decimal("0.000"))
        line.carts, line.unpaid = demand.get(line.goods_id, (0, 0))


# --- a draft ------------------------------------------------------------------------


@transaction.atomic
def draft(
    preview: Preview,
    recipe: Recipe,
    *,
    by: "User | None",
    selection: str = "",
    reason: str = "",
    kind: RunKind = RunKind.STUDIO,
    origin: Means = Means.HAND,
    reference: str = "",
) -> RepricingRun:
    """Keep a preview as a run to be looked at; `by` is None for a schedule's proposal.

    Raises NotPermitted, NothingToReprice where no line could be applied.
    """
    if by is not None:
        permit(by, repricing.PROPOSE, gettext_lazy("Reprice"))
        permit_rule(by, recipe.rule)
    if not preview.applicable:
        raise NothingToReprice(_nothing(preview))
    run = repricing.new_run(
        status=RunStatus.DRAFT,
        kind=kind,
        origin=origin,
        selection=selection[:500],
        reference=reference,
        reason=clean_reason(reason),
        created_by=by,
        **recipe.fields(),
    )
    _insert(run, preview.lines)
    record(
        by=by,
        action="repricing.drafted",
        target=run,
        lines=len(preview.applicable),
        hits=preview.hits,
    )
    return run


def _nothing(preview: Preview) -> str:
    if not preview.lines:
        return ngettext(
            "The price of %(count)s goods would stay as it is.",
            "The prices of %(count)s goods would stay as they are.",
            preview.unchanged,
        ) % {"count": preview.unchanged}
    named = {str(LineProblem(line.problem).label) for line in preview.lines}
    return _("No price can be changed: %(why)s.") % {"why": _(", ").join(sorted(named))}


def _insert(run: RepricingRun, lines: Sequence[Computed]) -> None:
    names = ["run_id", "goods_id", *_COMPUTED, "is_left_out", "is_typed", "conflicts"]
    insert_rows(
        RepricingLine,
        names,
        [(run.pk, *(getattr(line, name) for name in names[1:])) for line in lines],
    )


def _editable(run: RepricingRun, by: "User") -> RepricingRun:
    """The locked draft, for whoever may make runs."""
    permit(by, repricing.PROPOSE, gettext_lazy("Reprice"))
    run = repricing.locked(run)
    require(run, RunStatus.DRAFT, verb=gettext_lazy("Change"))
    return run


@transaction.atomic
def leave_out(
    run: RepricingRun, ids: Iterable[int], *, by: "User", out: bool = True
) -> int:
    """Leave lines (by id) out of a draft, or take them in again; gives how many."""
    run = _editable(run, by)
    return int(run.lines.filter(among("pk", ids)).update(is_left_out=out))


@transaction.atomic
def leave_out_hits(run: RepricingRun, *, by: "User") -> int:
    """Leave out whatever runs into a guard, so that nobody has to approve the rest."""
    run = _editable(run, by)
    return int(repricing.included(run).filter(has_hits=True).update(is_left_out=True))


@transaction.atomic
def overtype(
    run: RepricingRun,
    line_id: int,
    *,
    by: "User",
    price: Decimal | None,
    case_price: Decimal | None,
) -> RepricingLine:
    """Type the prices of one line of a draft; None keeps that price as it is.

    The guards look at what was typed. Raises FieldErrors (not a price),
    NothingToReprice (no such line).
    """
    run = _editable(run, by)
    kept = run.lines.select_related("goods").filter(pk=line_id).first()
    if kept is None:
        raise NothingToReprice(_("This line is not there any more."))
    line = _computed(
        kept.goods,
        BY_HAND,
        Recipe.of_run(run).limits(),
        Typed(kept.goods_id, price, case_price),
    )
    if line.problem == LineProblem.ZERO:
        raise FieldErrors(
            {
                "price" if line.new_price == 0 else "case_price": [
                    str(LineProblem.ZERO.label)
                ]
            }
        )
    for name in ("new_price", "new_case_price", "guards", "has_hits", "problem"):
        setattr(kept, name, getattr(line, name))
    kept.is_typed, kept.is_left_out = True, False
    # what it starts from stays what was seen: a move in between is still noticed
    kept.save()
    return kept


@transaction.atomic
def recompute(run: RepricingRun, *, by: "User") -> RepricingRun:
    """Compute a draft or stale run again from the prices and costs of now.

    Typed prices and lines that were left out stay so. A stale run becomes a draft.
    """
    permit(by, repricing.PROPOSE, gettext_lazy("Compute again"))
    run = repricing.locked(run)
    require(run, RunStatus.DRAFT, RunStatus.STALE, verb=gettext_lazy("Compute again"))
    _recompute(run)
    if run.status == RunStatus.STALE:
        run.status, run.starts_at = RunStatus.DRAFT, None
        run.decided_by = run.decided_at = None
        run.decision, run.is_self_approved = "", False
        if run.ends_at is not None and run.ends_at <= timezone.now():
            run.ends_at = None
        run.save()
        record(by=by, action="repricing.drafted", target=run)
    return run


def _recompute(run: RepricingRun) -> None:
    recipe = Recipe.of_run(run)
    limits = recipe.limits()
    kept = list(run.lines.all())
    rows = Goods.objects.filter(among("pk", (line.goods_id for line in kept)))
    goods = {row.pk: row for row in rows.values_list("pk", *_READ, named=True)}
    lines = []
    for line in kept:
        typed = None
        if line.is_typed or recipe.rule.kind == RuleKind.EACH:
            typed = Typed(line.goods_id, line.new_price, line.new_case_price)
        lines.append(_computed(goods[line.goods_id], recipe, limits, typed))
    _add_figures(lines)
    update_rows(
        RepricingLine,
        _COMPUTED,
        [
            (old.pk, *(getattr(line, name) for name in _COMPUTED))
            for old, line in zip(kept, lines, strict=True)
        ],
    )


# --- letting it go ------------------------------------------------------------------


@dataclass(frozen=True)
class Submitted:
    """The run as it is now. `moved`: prices or costs had moved, so it was computed again
    and is still a draft."""

    run: RepricingRun
    moved: bool = False


@transaction.atomic
def submit(
    run: RepricingRun,
    *,
    by: "User",
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    reason: str = "",
    now: datetime | None = None,
) -> Submitted:
    """Apply a draft now, at a time, or from then to `ends_at`; who submits it proposes it.

    With a guard hit it waits for a second person instead. Where a price or cost has
    moved since it was computed nothing is applied: see `moved`. Raises NotPermitted,
    WrongStatus, FieldErrors (times), NothingToReprice, Overlap.
    """
    now = now or timezone.now()
    run = _editable(run, by)
    if starts_at is not None and starts_at <= now:
        starts_at = None
    if ends_at is not None and ends_at <= (starts_at or now):
        raise FieldErrors({"ends_at": [_("It has to end after it starts.")]})
    lines = repricing.line_values(run)
    if not lines:
        raise NothingToReprice(_("Every line is left out."))
    standing = locked_values((one.goods_id for one in lines), *repricing.STANDING)
    if repricing.has_moved(run, lines, standing):
        _recompute(run)
        record(by=by, action="repricing.moved", target=run)
        return Submitted(run, moved=True)
    run.created_by, run.created_at = by, now
    run.starts_at, run.ends_at = starts_at, ends_at
    run.reason = clean_reason(reason) or run.reason
    if repricing.included(run).filter(has_hits=True).exists():
        run.status = RunStatus.AWAITING
        run.save()
        record(by=by, action="repricing.proposed", target=run, lines=len(lines))
        return Submitted(run)
    act = repricing.carry_out(run, by=by, at=now)
    record(by=by, action=act, target=run, lines=len(lines))
    return Submitted(run)


# --- looking ------------------------------------------------------------------------


def sortable(lines: "QuerySet[RepricingLine]") -> "QuerySet[RepricingLine]":
    """The lines with what a preview sorts by: `change` in percent, `change_yuan` and
    `margin` after in percent, of the retail price, of the case price where only that
    changes. Floats, for the order and the eye."""
    old = Case(
        When(new_price__isnull=False, then=F("old_price")), default=F("old_case_price")
    )
    new = Case(
        When(new_price__isnull=False, then=F("new_price")), default=F("new_case_price")
    )
    cost = Case(
        When(new_price__isnull=False, then=F("cost")),
        default=F("cost") * F("goods__case_size"),
    )
    before, after = Cast(old, FloatField()), Cast(new, FloatField())
    number = FloatField()
    return lines.annotate(
        change_yuan=ExpressionWrapper(after - before, output_field=number),
        change=Case(
            When(
                Q(new_price__isnull=False, old_price__gt=0)
                | Q(new_price__isnull=True, old_case_price__gt=0),
                then=ExpressionWrapper(
                    (after - before) / before * Value(100.0), output_field=number
                ),
            ),
            default=None,
            output_field=number,
        ),
        margin=Case(
            When(
                Q(cost__isnull=False)
                & (
                    Q(new_price__gt=0) | Q(new_price__isnull=True, new_case_price__gt=0)
                ),
                then=ExpressionWrapper(
                    (after - Cast(cost, FloatField())) / after * Value(100.0),
                    output_field=number,
                ),
            ),
            default=None,
            output_field=number,
        ),
    )


def totals(run: RepricingRun) -> Totals:
    """Of a run, in one query."""
    applied = Q(is_left_out=False, problem="")
    retail = applied & Q(new_price__isnull=False)
    moved = Cast(F("new_price"), FloatField()) - Cast(F("old_price"), FloatField())
    number = FloatField()
    found = run.lines.aggregate(
        goods=Count("pk", filter=applied),
        hits=Count("pk", filter=applied & Q(has_hits=True)),
        left_out=Count("pk", filter=Q(is_left_out=True, problem="")),
        problems=Count("pk", filter=~Q(problem="")),
        priced=Count("pk", filter=retail & Q(old_price__gt=0)),
        moves=Sum(
            ExpressionWrapper(
                moved / Cast(F("old_price"), FloatField()), output_field=number
            ),
            filter=retail & Q(old_price__gt=0),
        ),
        margin=Sum(
            ExpressionWrapper(
                moved * Cast(F("sold"), FloatField()) / Value(float(SOLD_DAYS)),
                output_field=number,
            ),
            filter=retail & Q(sold__gt=0),
        ),
    )
    return Totals(
        found["goods"],
        found["hits"],
        found["left_out"],
        found["problems"],
        found["moves"] / found["priced"] * 100 if found["priced"] else None,
        found["margin"] or 0.0,
    )
