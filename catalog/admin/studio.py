"""The repricing studio: a rule, a preview that can be mended, then it is let go."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backoffice.base.admin import VerbAdmin, money, percent, quantity
from backoffice.base.admin.cells import number
from backoffice.base.admin.changelist import PER_PAGE
from backoffice.base.errors import DomainError, FieldErrors
from backoffice.base.money import fixed, plain
from backoffice.base.text import half_width
from backoffice.sheets.admin.filtering import filtered, in_words
from backoffice.sheets.checking import plans_of
from backoffice.sheets.definitions import get as definition_of
from backoffice.shop import shop
from catalog import pricing, proposing, repricing, studio
from catalog.admin import cells
from catalog.admin.lines import shown
from catalog.enums import (
    Direction,
    LineProblem,
    Means,
    RuleKind,
    RunKind,
    RunStatus,
    SellingUnit,
)
from catalog.models import Category, Goods, MarkdownRule, RepricingRun
from catalog.rules import ENDINGS, STEPS, Limits, Rounding, Rule

LINES_PER_PAGE = 100
#: ids that an address carries; more are "all that match"
MOST_IDS = 500
#: goods that are named over the rule
NAMED = 12
#: messages about a sheet that the page shows
SHOWN_ERRORS = 20
NO_CHANGE = (None, None)
ACROSS = "across"
IDS = "ids"

#: what the preview may be sorted by → the order
ORDERS = {
    "": ("pk",),
    "name": ("goods__name", "pk"),
    "change": (F("change").asc(nulls_last=True), "pk"),
    "-change": (F("change").desc(nulls_last=True), "pk"),
    "yuan": (F("change_yuan").asc(nulls_last=True), "pk"),
    "-yuan": (F("change_yuan").desc(nulls_last=True), "pk"),
    "margin": (F("margin").asc(nulls_last=True), "pk"),
    "-margin": (F("margin").desc(nulls_last=True), "pk"),
    "-sold": ("-sold", "pk"),
    "sold": ("sold", "pk"),
    "-carts": ("-carts", "-unpaid", "pk"),
    "carts": ("carts", "unpaid", "pk"),
}
#: what the preview may be narrowed to
VIEWS: dict[str, tuple[Any, dict[str, Any]]] = {
    "": (gettext_lazy("All"), {}),
    "hits": (
        gettext_lazy("Guard hits"),
        {"has_hits": True, "is_left_out": False, "problem": ""},
    ),
    "out": (gettext_lazy("Left out"), {"is_left_out": True, "problem": ""}),
    "problems": (gettext_lazy("Problems"), {"problem__gt": ""}),
}


def _roundings() -> list[tuple[str, Any]]:
    return [
        *[(fixed(step, 2) or "", fixed(step, 2)) for step in STEPS],
        *[
            (end, _("ending %(ending)s") % {"ending": end})
            for end in (str(ending).removeprefix("0") for ending in ENDINGS)
        ],
    ]


class RuleForm(forms.Form):
    """A rule as a person fills it in; `recipe` is what it comes to."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Rule"),
        choices=[(k.value, k.label) for k in RuleKind if k != RuleKind.EACH],
        initial=RuleKind.PERCENT,
        widget=forms.RadioSelect,
    )
    value = forms.DecimalField(
        label=gettext_lazy("By or to"),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    rounding = forms.ChoiceField(label=gettext_lazy("Round to"), choices=_roundings)
    direction = forms.ChoiceField(
        label=gettext_lazy("Which way"), choices=Direction.choices
    )
    units = forms.MultipleChoiceField(
        label=gettext_lazy("Prices"),
        choices=SellingUnit.choices,
        initial=[unit.value for unit in SellingUnit],
        widget=forms.CheckboxSelectMultiple,
    )
    min_margin = forms.DecimalField(
        label=gettext_lazy("Smallest margin"),
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    max_change = forms.DecimalField(
        label=gettext_lazy("Largest change"),
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=500,
        help_text=gettext_lazy("The price log keeps it."),
    )

    def __init__(self, *args: Any, with_cost: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not with_cost:
            kind: Any = self.fields["kind"]
            kind.choices = [c for c in kind.choices if c[0] != RuleKind.MARGIN]

    def recipe(self) -> studio.Recipe:
        """Raises FieldErrors."""
        data = self.cleaned_data
        direction = Direction(data["direction"])
        text = data["rounding"]
        rounding = (
            Rounding(ending=Decimal(f"0{text}"), direction=direction)
            if text.startswith(".")
            else Rounding(step=Decimal(text), direction=direction)
        )
        return studio.Recipe(
            Rule(RuleKind(data["kind"]), data["value"]),
            rounding,
            [SellingUnit(unit) for unit in data["units"]],
            data["min_margin"],
            data["max_change"],
        ).check()

    def refuse(self, refusal: DomainError) -> None:
        """Put what a verb said beside the fields."""
        if not isinstance(refusal, FieldErrors):
            self.add_error(None, str(refusal))
            return
        for name, said in refusal.errors.items():
            for message in said:
                self.add_error(name if name in self.fields else None, message)


class StudioPages(VerbAdmin):
    """`…/studio/` asks for a rule, `…/<run>/studio/` shows what it makes of prices."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        name = "catalog_repricingrun"
        return [
            path("studio/", view(self.rule_view), name=f"{name}_studio"),
            path(
                "propose/<slug:kind>/",
                view(self.propose_view),
                name=f"{name}_propose",
            ),
            path("proposals/", view(self.proposals_view), name=f"{name}_proposals"),
            path("<int:pk>/studio/", view(self.preview_view), name=f"{name}_preview"),
            *super().get_urls(),
        ]

    # --- the rule

    def rule_view(self, request: HttpRequest) -> HttpResponse:
        """Which goods, and by which rule."""
        _permit(request)
        try:
            goods, words = _selection(request)
        except IncorrectLookupParameters:
            messages.error(request, _("This selection cannot be read; select anew."))
            return HttpResponseRedirect(reverse("admin:catalog_goods_changelist"))
        some = list(goods[: NAMED + 1])
        is_sheet = "_sheet" in request.POST
        form = RuleForm(
            request.POST if request.POST and not is_sheet else None,
            with_cost=request.user.has_perm(cells.SEE_COST),
        )
        sheet_errors: list[list[str]] = []
        answer = None
        if is_sheet:
            answer = self._from_sheet(request, sheet_errors)
        elif request.method == "POST" and form.is_valid():
            answer = self._drafted(request, form, goods, words)
        if answer is not None:
            return answer
        return TemplateResponse(
            request,
            "admin/catalog/repricingrun/rule.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": _("Reprice"),
                "form": form,
                "goods": some[:NAMED],
                "is_more": len(some) > NAMED,
                "selection": words,
                "sheet_errors": sheet_errors[:SHOWN_ERRORS],
                "more_errors": max(0, len(sheet_errors) - SHOWN_ERRORS),
                "count": _count(goods),
                "shop": _plain(pricing.limits()),
                "with_cost": request.user.has_perm(cells.SEE_COST),
                "goods_url": reverse("admin:catalog_goods_changelist"),
                "runs_url": reverse("admin:catalog_repricingrun_changelist"),
            },
        )

    def _drafted(
        self,
        request: HttpRequest,
        form: RuleForm,
        goods: "QuerySet[Goods]",
        words: str,
    ) -> HttpResponse | None:
        user: Any = request.user
        try:
            recipe = form.recipe()
            run = studio.draft(
                studio.compute(goods, recipe),
                recipe,
                by=user,
                selection=words,
                reason=form.cleaned_data["reason"],
            )
        except DomainError as refusal:
            form.refuse(refusal)
            return None
        return HttpResponseRedirect(preview_url(run.pk))

    def _from_sheet(
        self, request: HttpRequest, errors: list[list[str]]
    ) -> HttpResponse | None:
        """A run of the prices in a sheet; all of its rows have to be right."""
        user: Any = request.user
        file = request.FILES.get("file")
        if file is None:
            errors.append(["", _("Choose a file.")])
            return None
        try:
            plans, wrong = plans_of(definition_of("prices"), file, user)
            errors += wrong
            if errors:
                return None
            typed = [
                studio.Typed(
                    planned.target,
                    planned.changes.get("price", NO_CHANGE)[1],
                    planned.changes.get("case_price", NO_CHANGE)[1],
                )
                for planned in plans
                if planned.target is not None and planned.changes
            ]
            run = studio.draft(
                studio.compute_typed(typed),
                studio.BY_HAND,
                by=user,
                selection=_("Prices of the sheet %(name)s") % {"name": file.name},
                reason=_common_reason(plans),
                origin=Means.SHEET,
            )
        except DomainError as refusal:
            errors.append(["", str(refusal)])
            return None
        return HttpResponseRedirect(preview_url(run.pk))

    def proposals_view(self, request: HttpRequest) -> HttpResponse:
        """What the shop proposes, and how it comes to that."""
        _permit(request)
        drafts = RepricingRun.objects.filter(status=RunStatus.DRAFT, created_by=None)
        kinds = (RunKind.COSTS, RunKind.MARKDOWN)
        return TemplateResponse(
            request,
            "admin/catalog/repricingrun/proposals.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": _("Proposals"),
                "proposals": [
                    {
                        "run": run,
                        "url": preview_url(run.pk),
                        "totals": studio.totals(run),
                    }
                    for run in drafts.filter(kind__in=kinds).order_by("-pk")[:20]
                ],
                "categories": Category.objects.filter(target_margin__isnull=False),
                "rules": MarkdownRule.objects.select_related("category"),
                "may_change_rules": request.user.has_perm(proposing.CHANGE_RULES),
                "may_change_categories": request.user.has_perm(
                    "catalog.change_category"
                ),
                "daily_move": plain(shop.DAILY_MOVE_PERCENT),
            },
        )

    def propose_view(self, request: HttpRequest, kind: str) -> HttpResponse:
        """A proposal on demand."""
        verbs = {
            "costs": proposing.propose_from_costs,
            "markdown": proposing.propose_markdown,
        }
        if kind not in verbs:
            raise Http404
        _permit(request)
        listed = reverse("admin:catalog_repricingrun_proposals")
        if request.method != "POST":
            return HttpResponseRedirect(listed)
        user: Any = request.user
        try:
            run = verbs[kind](by=user)
        except DomainError as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(listed)
        if run is None:
            messages.info(request, _nothing_proposed(kind))
            return HttpResponseRedirect(listed)
        return HttpResponseRedirect(preview_url(run.pk))

    # --- the preview

    def preview_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The lines of a draft; what is pressed is done, and the page shown again."""
        _permit(request)
        run: Any = (
            RepricingRun.objects.select_related("created_by").filter(pk=pk).first()
        )
        if run is None:
            raise Http404
        if run.status != RunStatus.DRAFT:
            return HttpResponseRedirect(cells.run_url(pk))
        said: dict[str, Any] = {}
        if request.method == "POST":
            answer = self._act(request, run, said)
            if answer is not None:
                return answer
        return self._preview(request, run, said)

    def _act(
        self, request: HttpRequest, run: RepricingRun, said: dict[str, Any]
    ) -> HttpResponse | None:
        """Do what was pressed; None where the page is to say why not (`said`)."""
        user: Any = request.user
        pressed = request.POST.get("_act", "save")
        try:
            typed = self._save_typed(request, run, said)
            if said.get("errors"):
                return None
            if pressed in ("out", "in"):
                count = studio.leave_out(
                    run, _ticked(request), by=user, out=pressed == "out"
                )
                messages.success(request, _counted_lines(pressed, count))
            elif pressed == "hits":
                count = studio.leave_out_hits(run, by=user)
                messages.success(request, _counted_lines("out", count))
            elif pressed == "again":
                studio.recompute(run, by=user)
                messages.success(request, _("Computed again from what is now."))
            elif pressed == "go":
                return self._go(request, run, said)
            elif typed:
                messages.success(request, _counted_lines("typed", typed))
        except DomainError as refusal:
            said["error"] = str(refusal)
            return None
        return HttpResponseRedirect(request.get_full_path())

    def _save_typed(
        self, request: HttpRequest, run: RepricingRun, said: dict[str, Any]
    ) -> int:
        """Prices that were typed over; gives how many lines."""
        user: Any = request.user
        typed, errors = 0, {}
        for line in run.lines.filter(pk__in=_shown_ids(request)):
            wanted: dict[str, Decimal | None] = {}
            try:
                for name in ("price", "case_price"):
                    wanted[name] = _typed_price(request, line, name)
                if wanted == {
                    "price": line.new_price,
                    "case_price": line.new_case_price,
                }:
                    continue
                studio.overtype(
                    run,
                    line.pk,
                    by=user,
                    price=wanted["price"],
                    case_price=wanted["case_price"],
                )
            except FieldErrors as refusal:
                errors[line.pk] = str(refusal)
            else:
                typed += 1
        if errors:
            said["errors"] = errors
            said["error"] = _("Some prices are not right; see the lines.")
        return typed

    def _go(
        self, request: HttpRequest, run: RepricingRun, said: dict[str, Any]
    ) -> HttpResponse | None:
        user: Any = request.user
        try:
            starts_at = ends_at = None
            if request.POST.get("when", "now") != "now":
                starts_at = _moment(request.POST.get("starts_at", ""), "starts_at")
                if starts_at is None:
                    raise FieldErrors({"starts_at": [_("Say when it starts.")]})
                if starts_at <= timezone.now():
                    raise FieldErrors({"starts_at": [_("This time is over.")]})
            ends_at = _moment(request.POST.get("ends_at", ""), "ends_at")
            after = studio.submit(
                run,
                by=user,
                starts_at=starts_at,
                ends_at=ends_at,
                reason=request.POST.get("reason", ""),
            )
        except FieldErrors as refusal:
            said["when"] = {name: said_[0] for name, said_ in refusal.errors.items()}
            said["error"] = str(refusal)
            return None
        if after.moved:
            messages.warning(
                request,
                _(
                    "Prices or costs have moved since this was computed. It was computed "
                    "again; look at it once more. Nothing was applied."
                ),
            )
            return HttpResponseRedirect(preview_url(run.pk))
        _tell(request, after.run)
        return HttpResponseRedirect(cells.run_url(run.pk))

    def _preview(
        self, request: HttpRequest, run: Any, said: dict[str, Any]
    ) -> HttpResponse:
        with_cost = request.user.has_perm(cells.SEE_COST)
        view = request.GET.get("view", "")
        order = request.GET.get("order", "")
        if view not in VIEWS:
            view = ""
        if order not in ORDERS or (not with_cost and order.lstrip("-") == "margin"):
            order = ""
        lines = studio.sortable(
            run.lines.filter(**VIEWS[view][1]).select_related(
                "goods", "goods__unit", "goods__case_unit"
            )
        ).order_by(*ORDERS[order])
        page = Paginator(lines, LINES_PER_PAGE).get_page(request.GET.get("p"))
        totals = studio.totals(run)
        counts = {
            "": None,
            "hits": totals.hits,
            "out": totals.left_out,
            "problems": totals.problems,
        }
        errors = said.get("errors", {})
        recipe = studio.Recipe.of_run(run)
        limits = recipe.limits()
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": run.number,
            "run": run,
            "status_tag": cells.run_tag(run.status),
            "recipe": recipe,
            "rounding": recipe.rounding.as_text(),
            "limits": _plain(limits),
            "totals": totals,
            "change": percent(_decimal(totals.change)),
            "margin": money(_decimal(totals.margin)),
            "is_loss": totals.margin < 0,
            "with_cost": with_cost,
            "page_obj": page,
            "rows": [_row(line, errors, request, with_cost=with_cost) for line in page],
            "views": [
                {
                    "label": label,
                    "count": counts[key],
                    "url": _address(request, view=key, p=""),
                    "is_current": key == view,
                }
                for key, (label, _filters) in VIEWS.items()
                if not key or counts[key]
            ],
            "columns": _columns(request, order, with_cost=with_cost),
            "error": said.get("error", ""),
            "when": request.POST.get("when", "now"),
            "when_errors": said.get("when", {}),
            "starts_at": request.POST.get("starts_at", ""),
            "ends_at": request.POST.get("ends_at", _local(run.ends_at)),
            "reason": request.POST.get("reason", run.reason),
            "next_step": _next_step(request, totals),
            "overlaps": _overlaps(run),
            "is_proposal": run.created_by_id is None,
        }
        return TemplateResponse(
            request, "admin/catalog/repricingrun/preview.html", context
        )


def preview_url(pk: Any) -> str:
    """The page where a draft is looked at."""
    return reverse("admin:catalog_repricingrun_preview", args=[pk])


def start_url(request: HttpRequest, ids: list[str] | None) -> str:
    """The studio for the ticked goods, or (None) for all that the list shows."""
    base = reverse("admin:catalog_repricingrun_studio")
    if ids is not None:
        return f"{base}?{urlencode({IDS: ','.join(ids)})}"
    kept = request.GET.copy()
    kept.pop("p", None)
    kept[ACROSS] = "1"
    return f"{base}?{kept.urlencode()}"


def _permit(request: HttpRequest) -> None:
    if not request.user.has_perm(repricing.PROPOSE):
        raise PermissionDenied(repricing.PROPOSE)


def _selection(request: HttpRequest) -> "tuple[QuerySet[Goods], str]":
    """The goods of the address, and in words what they are."""
    user: Any = request.user
    if ACROSS in request.GET:
        query = request.GET.copy()
        for name in (ACROSS, PER_PAGE):
            query.pop(name, None)
        listed = (definition_of("goods"), user, query.urlencode())
        goods, words = filtered(*listed), in_words(*listed)
        if not words:
            return goods, _("Every goods")
        return goods, _("All that match in the list: %(filter)s") % {"filter": words}
    ids = [text for text in request.GET.get(IDS, "").split(",") if _is_id(text)]
    goods = Goods.objects.filter(pk__in=[int(i) for i in ids[:MOST_IDS]])
    count = len(ids)
    return goods, ngettext(
        "%(count)s ticked goods", "%(count)s ticked goods", count
    ) % {"count": count}


def _common_reason(plans: Sequence[Any]) -> str:
    """The reason that all rows give, where they give one."""
    reasons = {planned.reason for planned in plans}
    return reasons.pop() if len(reasons) == 1 else ""


def _count(goods: "QuerySet[Goods]") -> str:
    """How many, as far as one run reaches."""
    most = studio.MOST_LINES
    count = goods.order_by()[: most + 1].count()
    return f"{most}+" if count > most else str(number(count))


def _nothing_proposed(kind: str) -> str:
    if kind == "costs":
        return _(
            "Nothing to propose: no cost has moved since its price was set, in the "
            "categories that have a target margin."
        )
    return _("Nothing to propose: no goods has reached a rung of the markdown ladder.")


def _ticked(request: HttpRequest) -> list[int]:
    return [int(i) for i in request.POST.getlist("line") if _is_id(i)]


def _shown_ids(request: HttpRequest) -> list[int]:
    return [int(i) for i in request.POST.getlist("shown") if _is_id(i)][:LINES_PER_PAGE]


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def _typed_price(request: HttpRequest, line: Any, name: str) -> Decimal | None:
    """What stands in the input: the price before means that it stays."""
    key = f"{name}-{line.pk}"
    kept: Decimal | None = getattr(line, f"new_{name}")
    if key not in request.POST:
        return kept
    text = half_width(request.POST[key]).replace("¥", "").strip()
    if not text:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise FieldErrors({name: [_("Not a number.")]})
    if kept is None and value == getattr(line, f"old_{name}"):
        return None
    return value


def _counted_lines(what: str, count: int) -> str:
    words = {
        "out": ngettext("%(count)s line left out.", "%(count)s lines left out.", count),
        "in": ngettext(
            "%(count)s line taken in again.", "%(count)s lines taken in again.", count
        ),
        "typed": ngettext("%(count)s price typed.", "%(count)s prices typed.", count),
    }
    return words[what] % {"count": count}


def _plain(limits: Limits) -> dict[str, str]:
    return {"margin": plain(limits.margin), "change": plain(limits.change)}


def _moment(text: str, name: str) -> datetime | None:
    """A time of the shop as an input of the browser gives it."""
    if not text.strip():
        return None
    try:
        value = datetime.fromisoformat(text.strip())
    except ValueError:
        raise FieldErrors({name: [_("Not a time.")]}) from None
    return value if timezone.is_aware(value) else timezone.make_aware(value)


def _local(at: datetime | None) -> str:
    return f"{timezone.localtime(at):%Y-%m-%dT%H:%M}" if at else ""


def _decimal(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(repr(value)).quantize(Decimal("0.01"))


def _tell(request: HttpRequest, run: RepricingRun) -> None:
    """What became of a run that was let go."""
    if run.status == RunStatus.AWAITING:
        messages.warning(
            request,
            _("%(run)s runs into guards: it waits for a second person.")
            % {"run": run.number},
        )
    elif run.status == RunStatus.SCHEDULED:
        messages.success(
            request,
            _("%(run)s is scheduled for %(time)s.")
            % {"run": run.number, "time": _local(run.starts_at).replace("T", " ")},
        )
    else:
        messages.success(request, _("%(run)s is applied.") % {"run": run.number})


def _next_step(request: HttpRequest, totals: studio.Totals) -> str:
    """What pressing the button comes to."""
    if not totals.hits:
        return ""
    user: Any = request.user
    words = ngettext(
        "%(count)s line runs into a guard: the whole run waits for a second person.",
        "%(count)s lines run into a guard: the whole run waits for a second person.",
        totals.hits,
    ) % {"count": totals.hits}
    if user.has_perm(repricing.APPROVE):
        return words
    return words + " " + _("Leave them out to apply the rest at once.")


def _overlaps(run: RepricingRun) -> list[tuple[str, str]]:
    """(number, address) of runs that hold goods of this one: scheduled, or whose prices
    have to return."""
    lines = repricing.holders_of(run, timezone.now())
    return sorted({(line.run.number, cells.run_url(line.run_id)) for line in lines})


def _row(
    line: Any, errors: dict[int, str], request: HttpRequest, *, with_cost: bool
) -> dict[str, Any]:
    goods = line.goods
    inputs = []
    for name, enabled, label in (
        ("price", goods.retail_enabled, _("Retail")),
        ("case_price", goods.case_enabled, _("Case")),
    ):
        old, new = getattr(line, f"old_{name}"), getattr(line, f"new_{name}")
        if not enabled and new is None:
            continue
        key = f"{name}-{line.pk}"
        value = request.POST.get(key) if line.pk in errors else None
        inputs.append(
            {
                "key": key,
                "label": label,
                "old": fixed(old, 2) or "—",
                "value": fixed(old if new is None else new, 2) or ""
                if value is None
                else value,
                "is_moved": new is not None,
                "percent": f"{(new - old) / old * 100:+.1f}%"
                if new is not None and old
                else "",
                "yuan": f"{new - old:+.2f}" if new is not None and old else "",
            }
        )
    return {
        **shown(line, with_cost=with_cost),
        "pk": line.pk,
        "inputs": inputs,
        "is_out": line.is_left_out,
        "is_typed": line.is_typed,
        "problem": LineProblem(line.problem).label if line.problem else "",
        "sold": quantity(line.sold, goods.unit),
        "carts": line.carts,
        "unpaid": line.unpaid,
        "error": errors.get(line.pk, ""),
    }


def _address(request: HttpRequest, **changes: str) -> str:
    query = request.GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value:
            query[name] = value
    return f"?{query.urlencode()}"


def _columns(request: HttpRequest, order: str, *, with_cost: bool) -> dict[str, Any]:
    """Heads that sort: label, address, which way it is sorted now."""
    labels = {
        "name": _("Goods"),
        "change": _("Change"),
        "sold": _("Sold in 7 days"),
        "carts": _("Carts · unpaid"),
    }
    if with_cost:
        labels["margin"] = _("Margin")
    found = {}
    for name, label in labels.items():
        first = name if name in ("name", "margin") else f"-{name}"
        turned = name if first.startswith("-") else f"-{name}"
        wanted = turned if order == first and turned in ORDERS else first
        found[name] = {
            "label": label,
            "url": _address(request, order=wanted, p=""),
            "is_sorted": order.lstrip("-") == name,
            "direction": "descending" if order.startswith("-") else "ascending",
        }
    return found
