"""Repricing runs: looked at line by line, decided by a second person."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backoffice.accounts.holders import is_only_holder
from backoffice.base.admin import (
    Change,
    EmptyState,
    Outcome,
    Planned,
    Tab,
    Tool,
    Verb,
    column,
    two_lines,
    when,
)
from backoffice.base.admin.cells import NOTHING, number
from backoffice.base.errors import DomainError
from backoffice.base.money import fixed
from catalog import repricing, reversal, studio
from catalog.admin import cells, filters
from catalog.admin.lines import shown
from catalog.admin.search import ids_of
from catalog.admin.studio import StudioPages, preview_url
from catalog.enums import Guard, RuleKind, RunKind, RunStatus
from catalog.models import Goods, RepricingLine, RepricingRun
from catalog.rules import TO_THE_FEN

LINES_PER_PAGE = 100
#: where a run stands that each verb is for
STATUSES_OF = {
    "approve": (RunStatus.AWAITING,),
    "reject": (RunStatus.AWAITING,),
    "cancel": repricing.CANCELLABLE,
    "roll_back": (RunStatus.APPLIED,),
    "again": (RunStatus.STALE,),
}
LINES_IN_PLAN = 20


class ProposerFilter(filters.PersonFilter):
    """By who proposed it."""

    title = gettext_lazy("proposed by")
    field = "created_by"


class KindFilter(admin.SimpleListFilter):
    """By what made it."""

    title = gettext_lazy("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(RunKind.choices)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        value = self.value()
        return queryset.filter(kind=value) if value in RunKind.values else queryset


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
class RepricingRunAdmin(StudioPages):
    """Nobody edits a run past the studio: it is approved, rejected, taken back."""

    list_display = [
        *("title", "goods_count", "why", "proposer", "created_at", "times", "where"),
    ]
    list_display_links = ["title"]
    list_filter = [
        ("created_at", filters.TimeFilter),
        ProposerFilter,
        KindFilter,
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
            RunStatus.DRAFT,
            RunStatus.AWAITING,
            RunStatus.SCHEDULED,
            RunStatus.STALE,
            RunStatus.APPLIED,
            RunStatus.ENDED,
            RunStatus.ROLLED_BACK,
            RunStatus.REJECTED,
            RunStatus.CANCELLED,
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
            "roll_back",
            gettext_lazy("Roll back"),
            repricing.PROPOSE,
            icon="fa-clock-rotate-left",
            tone="warning",
            reason="optional",
            help=gettext_lazy(
                "Prices that are still what the run made them return to what they were; "
                "the others stay and are listed."
            ),
            in_row=False,
            in_bulk=False,
        ),
        Verb(
            "again",
            gettext_lazy("Compute again"),
            repricing.PROPOSE,
            icon="fa-calculator",
            tone="primary",
            help=gettext_lazy(
                "A draft from the prices and costs of now; nothing is applied."
            ),
            in_bulk=False,
            confirm=False,
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
        if obj.status not in STATUSES_OF[verb.name]:
            return False
        if verb.name == "cancel":
            return repricing.may_cancel(user, obj)
        if verb.name == "approve":
            return not repricing.needs_second_person(user, obj)
        return True

    # --- the list

    def get_queryset(self, request: HttpRequest) -> Any:
        applied = Q(lines__is_left_out=False, lines__problem="")
        return (
            super()
            .get_queryset(request)
            .annotate(line_count=Count("lines", filter=applied))
        )

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
        return two_lines(obj.number, obj.get_kind_display())

    @column(gettext_lazy("goods"), numeric=True)
    def goods_count(self, obj: Any) -> Any:
        return number(obj.line_count)

    @column(gettext_lazy("reason"), phone="wide")
    def why(self, obj: RepricingRun) -> Any:
        what = said(obj)
        if not what:
            return obj.reason or NOTHING
        return two_lines(what, obj.reason) if obj.reason else what

    @column(gettext_lazy("proposed by"))
    def proposer(self, obj: RepricingRun) -> Any:
        return obj.created_by or _("The shop")

    @column(gettext_lazy("runs"))
    def times(self, obj: RepricingRun) -> Any:
        if obj.status == RunStatus.DRAFT:
            return NOTHING
        if obj.starts_at is None and obj.ends_at is None:
            return when(obj.applied_at) if obj.applied_at else NOTHING
        start = when(obj.applied_at or obj.starts_at)
        if obj.ends_at is None:
            return start
        return format_html("{} – {}", start, when(obj.ends_at))

    @column(gettext_lazy("status"))
    def where(self, obj: RepricingRun) -> Any:
        return cells.run_tag(obj.status)

    def empty_state(self, request: HttpRequest) -> EmptyState:
        return EmptyState(
            _(
                "No repricing yet. Tick goods in their list and press Reprice; price "
                "changes that run into a guard wait here too."
            ),
            _("Choose goods"),
            reverse("admin:catalog_goods_changelist"),
        )

    def list_tools(self, request: HttpRequest) -> list[Tool]:
        """What starts a run."""
        if not request.user.has_perm(repricing.PROPOSE):
            return []
        return [
            Tool(
                _("Reprice"),
                reverse("admin:catalog_repricingrun_studio") + "?across=1",
                "fa-tags",
                "primary",
            ),
            Tool(
                _("Proposals"),
                reverse("admin:catalog_repricingrun_proposals"),
                "fa-lightbulb",
            ),
        ]

    # --- one run

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """A draft is looked at in the studio."""
        run = self.get_object(request, object_id)
        if (
            run is not None
            and run.status == RunStatus.DRAFT
            and request.method == "GET"
            and request.user.has_perm(repricing.PROPOSE)
        ):
            return HttpResponseRedirect(preview_url(run.pk))
        return super().change_view(request, object_id, *args, **kwargs)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        run: Any = context["original"]
        with_cost = request.user.has_perm(cells.SEE_COST)
        lines = repricing.included(run).select_related(
            "goods", "goods__unit", "goods__case_unit"
        )
        page = Paginator(lines, LINES_PER_PAGE).get_page(request.GET.get("lines"))
        context.update(
            {
                "run": run,
                "status_tag": cells.run_tag(run.status),
                "page_obj": page,
                "lines": [shown(line, with_cost=with_cost) for line in page],
                "with_cost": with_cost,
                "rule": _second_person(request, run),
                "what": said(run),
                "starts": when(run.starts_at),
                "ends": when(run.ends_at),
                "returned": when(run.returned_at),
                "conflicts": run.lines.exclude(conflicts=[]).count(),
                "left_out": run.lines.filter(is_left_out=True).count(),
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
                changes=list(_planned(verb, run)),
                refusal=self._refusal(request, verb, run),
                warning=_warning(request, verb, run),
            )
            for run in objects
        ]

    def _refusal(self, request: HttpRequest, verb: Verb, run: Any) -> str:
        if self.verb_allowed(request, verb, run):
            return ""
        if run.status not in STATUSES_OF[verb.name]:
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
            elif verb.name == "roll_back":
                after = reversal.roll_back(run, by=user, reason=reason)
            elif verb.name == "again":
                after = studio.recompute(run, by=user)
                url = preview_url(run.pk)
            else:
                after = repricing.approve(run, by=user, reason=reason)
        except DomainError as refusal:
            return Outcome(run.pk, run.number, error=str(refusal), url=url)
        warning = ""
        conflicts = after.lines.exclude(conflicts=[]).count()
        if verb.name == "roll_back" and conflicts:
            warning = ngettext(
                "%(count)s price did not return: it has changed since.",
                "%(count)s prices did not return: they have changed since.",
                conflicts,
            ) % {"count": conflicts}
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


def said(run: Any) -> str:
    """The rule in words; blank where each price was its own."""
    if not run.rule or run.rule.get("kind") == RuleKind.EACH:
        return ""
    recipe = studio.Recipe.of_run(run)
    if recipe.rounding == TO_THE_FEN:
        return str(recipe.rule)
    return _("%(rule)s, rounded to %(rounding)s") % {
        "rule": recipe.rule,
        "rounding": recipe.rounding.as_text(),
    }


def _planned(verb: Verb, run: Any) -> Iterator[Change]:
    if verb.name == "approve":
        yield from _changes(run)
    elif verb.name == "roll_back":
        yield from _returns(reversal.foresee(run))


def _returns(many: Sequence[reversal.Return]) -> Iterator[Change]:
    """What a rollback does, the first lines of it; then what stays."""
    moving = [one for one in many if one.row.is_change]
    staying = [one for one in many if one.conflicts]
    ids = [
        one.row.goods_id for one in (*moving[:LINES_IN_PLAN], *staying[:LINES_IN_PLAN])
    ]
    names = {goods.pk: str(goods) for goods in Goods.objects.filter(pk__in=ids)}
    for one in moving[:LINES_IN_PLAN]:
        row, label = one.row, names[one.row.goods_id]
        if row.price != row.old_price:
            yield Change(label, fixed(row.old_price, 2), fixed(row.price, 2))
        if row.case_price != row.old_case_price:
            label = f"{label} ({_('Case')})"
            old, new = fixed(row.old_case_price, 2), fixed(row.case_price, 2)
            yield Change(label, old or "—", new or "—")
    if len(moving) > LINES_IN_PLAN:
        yield Change(_("and more"), "…", f"{len(moving) - LINES_IN_PLAN}")
    for one in staying[:LINES_IN_PLAN]:
        now = fixed(one.row.old_price, 2)
        yield Change(names[one.row.goods_id], now, _("stays: it has changed since"))
    if len(staying) > LINES_IN_PLAN:
        yield Change(_("and more that stay"), "…", f"{len(staying) - LINES_IN_PLAN}")


def _warning(request: HttpRequest, verb: Verb, run: Any) -> str:
    if verb.name == "approve":
        return _alone(request, run)
    if verb.name == "roll_back" and any(one.hits for one in reversal.foresee(run)):
        return _("Some of the old prices leave less than the smallest margin.")
    return ""


def _changes(run: Any) -> Iterator[Change]:
    """The first lines of a run for the confirm page, then how many more."""
    kept = repricing.included(run).select_related("goods")
    lines = list(kept[: LINES_IN_PLAN + 1])
    for line in lines[:LINES_IN_PLAN]:
        if line.new_price is not None:
            yield Change(
                str(line.goods), fixed(line.old_price, 2), fixed(line.new_price, 2)
            )
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
