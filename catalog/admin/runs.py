"""Repricing runs: looked at line by line, decided by a second person."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.accounts.holders import is_only_holder
from backoffice.base.admin import (
    Change,
    EmptyState,
    Outcome,
    Planned,
    Tab,
    Verb,
    VerbAdmin,
    column,
    thumb,
    two_lines,
    when,
)
from backoffice.base.admin.cells import NOTHING, number
from backoffice.base.errors import DomainError
from backoffice.base.money import fixed
from catalog import pricing, repricing
from catalog.admin import cells, filters
from catalog.admin.search import ids_of
from catalog.enums import Guard, RunStatus
from catalog.models import RepricingLine, RepricingRun

LINES_PER_PAGE = 100
LINES_IN_PLAN = 20


class ProposerFilter(filters.PersonFilter):
    """By who proposed it."""

    title = gettext_lazy("proposed by")
    field = "created_by"


class GuardFilter(admin.SimpleListFilter):
    """By the guard that it ran into."""

    title = gettext_lazy("guard")
    parameter_name = "guard"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(Guard.choices)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        value = self.value()
        if value not in Guard.values:
            return queryset
        lines = RepricingLine.objects.filter(guards__icontains=f'"{value}"')
        return queryset.filter(pk__in=lines.values("run"))


@admin.register(RepricingRun)
class RepricingRunAdmin(VerbAdmin):
    """Nobody edits a run: it is approved, rejected or taken back."""

    list_display = ["title", "goods_count", "why", "proposer", "created_at", "where"]
    list_display_links = ["title"]
    list_filter = [
        ("created_at", filters.TimeFilter),
        ProposerFilter,
        GuardFilter,
    ]
    list_select_related = ["created_by"]
    ordering = ["-id"]
    sortable_by = ()
    search_fields = ["number"]
    search_help_text = gettext_lazy("Number of the run, or name or code of a goods")
    change_form_template = "admin/catalog/repricingrun/change_form.html"
    fields = ()
    default_tab = ""
    tabs = [
        Tab(status.value, status.label, {"status": status.value})
        for status in (
            RunStatus.AWAITING,
            RunStatus.APPLIED,
            RunStatus.REJECTED,
            RunStatus.CANCELLED,
            RunStatus.STALE,
        )
    ]
    verbs = [
        Verb(
            "approve",
            gettext_lazy("Approve"),
            repricing.APPROVE,
            icon="fa-check",
            tone="success",
            reason="optional",
            help=gettext_lazy("All prices of the run are changed at once."),
            in_row=False,
        ),
        Verb(
            "reject",
            gettext_lazy("Reject"),
            repricing.APPROVE,
            icon="fa-xmark",
            tone="danger",
            reason="required",
            help=gettext_lazy("No price changes; the reason is kept with the run."),
            in_row=False,
        ),
        Verb(
            "cancel",
            gettext_lazy("Take back"),
            "catalog.view_repricingrun",
            icon="fa-rotate-left",
            help=gettext_lazy("No price changes; the run is closed."),
            in_row=False,
        ),
    ]

    class Media:
        css = {"all": ["backoffice/css/catalog.css"]}

    # --- who may

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Also whoever proposed it, to see what became of it."""
        user: Any = request.user
        if user.has_perm("catalog.view_repricingrun") or user.has_perm(
            repricing.APPROVE
        ):
            return True
        return obj is not None and obj.created_by_id == user.pk

    def has_verb_permission(self, request: HttpRequest, verb: Verb) -> bool:
        """Taking back is decided run by run."""
        return verb.name == "cancel" or super().has_verb_permission(request, verb)

    def verb_allowed(self, request: HttpRequest, verb: Verb, obj: Any) -> bool:
        user: Any = request.user
        if obj.status != RunStatus.AWAITING:
            return False
        if verb.name == "cancel":
            return repricing.may_cancel(user, obj)
        if verb.name == "approve":
            return not repricing.needs_second_person(user, obj)
        return True

    # --- the list

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(line_count=Count("lines"))

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        text = search_term.strip()
        if not text:
            return queryset, False
        lines = RepricingLine.objects.filter(goods__in=ids_of(text))
        return queryset.filter(
            Q(number__iexact=text) | Q(pk__in=lines.values("run"))
        ), False

    def tab_counts(self, request: HttpRequest, queryset: Any, tabs: Any) -> Any:
        """Counted without the lines."""
        return super().tab_counts(request, RepricingRun.objects.all(), tabs)

    @column(gettext_lazy("run"), phone="title")
    def title(self, obj: RepricingRun) -> Any:
        return two_lines(obj.number, obj.get_origin_display())

    @column(gettext_lazy("goods"), numeric=True)
    def goods_count(self, obj: Any) -> Any:
        return number(obj.line_count)

    @column(gettext_lazy("reason"), phone="wide")
    def why(self, obj: RepricingRun) -> Any:
        return obj.reason or NOTHING

    @column(gettext_lazy("proposed by"))
    def proposer(self, obj: RepricingRun) -> Any:
        return obj.created_by

    @column(gettext_lazy("status"))
    def where(self, obj: RepricingRun) -> Any:
        return cells.run_tag(obj.status)

    def empty_state(self, request: HttpRequest) -> EmptyState:
        return EmptyState(
            _("No repricing yet. Price changes that run into a guard wait here.")
        )

    # --- one run

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        run: Any = context["original"]
        with_cost = request.user.has_perm(cells.SEE_COST)
        lines = run.lines.select_related("goods", "goods__unit", "goods__case_unit")
        page = Paginator(lines, LINES_PER_PAGE).get_page(request.GET.get("lines"))
        context.update(
            {
                "run": run,
                "status_tag": cells.run_tag(run.status),
                "page_obj": page,
                "lines": [shown(line, with_cost=with_cost) for line in page],
                "with_cost": with_cost,
                "rule": _second_person(request, run),
                "proposed": when(run.created_at),
                "decided": when(run.decided_at),
                "applied": when(run.applied_at),
            }
        )
        return super().render_change_form(request, context, *args, **kwargs)

    # --- the verbs

    def plan_verb(
        self, request: HttpRequest, verb: Verb, objects: Sequence[Any]
    ) -> Sequence[Planned]:
        return [
            Planned(
                run.pk,
                run.number,
                changes=list(_changes(run)) if verb.name == "approve" else (),
                refusal=self._refusal(request, verb, run),
                warning=_alone(request, run) if verb.name == "approve" else "",
            )
            for run in objects
        ]

    def _refusal(self, request: HttpRequest, verb: Verb, run: Any) -> str:
        if self.verb_allowed(request, verb, run):
            return ""
        if run.status != RunStatus.AWAITING:
            return _('It is "%(status)s" already.') % {
                "status": run.get_status_display()
            }
        if verb.name == "cancel":
            return _("Only who proposed the run may take it back.")
        return _("A second person has to approve this run.")

    def run_verb(
        self, request: HttpRequest, verb: Verb, objects: Sequence[Any], reason: str
    ) -> Sequence[Outcome]:
        return [self._one(request, verb, run, reason) for run in objects]

    def _one(self, request: HttpRequest, verb: Verb, run: Any, reason: str) -> Outcome:
        user: Any = request.user
        url = cells.run_url(run.pk)
        try:
            if verb.name == "cancel":
                after = repricing.cancel(run, by=user)
            elif verb.name == "reject":
                after = repricing.reject(run, by=user, reason=reason)
            else:
                after = repricing.approve(run, by=user, reason=reason)
        except DomainError as refusal:
            return Outcome(run.pk, run.number, error=str(refusal), url=url)
        warning = ""
        if verb.name == "approve" and after.status == RunStatus.STALE:
            warning = _(
                "A price or cost has moved since it was proposed: nothing was applied."
            )
        return Outcome(
            run.pk,
            run.number,
            status=cells.run_tag(after.status),
            warning=warning,
            url=url,
        )


def shown(line: RepricingLine, *, with_cost: bool) -> dict[str, Any]:
    """A line as its page shows it; nothing of the cost without the permission."""
    goods: Any = line.goods
    case_cost = (
        line.cost * goods.case_size
        if line.cost is not None and goods.case_size is not None
        else None
    )
    return {
        "goods": goods,
        "url": cells.goods_url(goods.pk),
        "thumb": thumb(cells.thumb_url(goods.image), goods.name),
        "cost": cells.cost_cell(line) if with_cost else "",
        "prices": [
            _price(_("Retail"), line.old_price, line.new_price, line.cost, with_cost),
            _price(
                _("Case"),
                line.old_case_price,
                line.new_case_price,
                case_cost,
                with_cost,
            ),
        ],
        "guards": [pricing.Hit.of_json(kept).message for kept in line.guards],
    }


def _price(
    label: str,
    old: Decimal | None,
    new: Decimal | None,
    cost: Decimal | None,
    with_cost: bool,
) -> dict[str, Any] | None:
    """Old and new of one selling unit; None where it stays."""
    if new is None:
        return None
    return {
        "label": label,
        "old": fixed(old, 2) or "—",
        "new": fixed(new, 2),
        "percent": f"{(new - old) / old * 100:+.1f}%" if old else "",
        "margin_before": cells.margin_figure(pricing.margin_percent(old, cost))
        if with_cost
        else "",
        "margin_after": cells.margin_figure(pricing.margin_percent(new, cost))
        if with_cost
        else "",
    }


def _changes(run: Any) -> Iterator[Change]:
    """The first lines of a run for the confirm page, then how many more."""
    lines = list(run.lines.select_related("goods")[: LINES_IN_PLAN + 1])
    for line in lines[:LINES_IN_PLAN]:
        if line.new_price is not None:
            yield Change(line.goods, fixed(line.old_price, 2), fixed(line.new_price, 2))
        if line.new_case_price is not None:
            label = f"{line.goods} ({_('Case')})"
            old = fixed(line.old_case_price, 2) or "—"
            yield Change(label, old, fixed(line.new_case_price, 2))
    if len(lines) > LINES_IN_PLAN:
        yield Change(_("and more"), "…", "…")


def _alone(request: HttpRequest, run: RepricingRun) -> str:
    user: Any = request.user
    if run.created_by_id == user.pk and is_only_holder(user, repricing.APPROVE):
        return _(
            "You are the only one who may approve; to approve your own run, say why."
        )
    return ""


def _second_person(request: HttpRequest, run: RepricingRun) -> str:
    """What the rule of the second person says to whoever looks at a waiting run."""
    user: Any = request.user
    if run.status != RunStatus.AWAITING:
        return ""
    if not user.has_perm(repricing.APPROVE):
        return _("It waits for somebody who may approve repricing runs.")
    if repricing.needs_second_person(user, run):
        return _("You proposed it: a second person has to approve it.")
    return _alone(request, run)
