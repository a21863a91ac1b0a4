"""The operation log as people read it: looked at, searched, never changed."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, URLPattern, reverse
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base import ports
from backoffice.base.admin import (
    DayRangeFilter,
    EmptyState,
    ReadOnlyAdmin,
    Tool,
    column,
    home,
    link,
    two_lines,
    when,
)
from backoffice.base.admin.cells import NOTHING, joined
from backoffice.base.admin.changelist import WorkbenchList
from backoffice.base.text import labelled
from backoffice.oplog.actions import ACTIONS, MEANS, action_label, means_label
from backoffice.oplog.models import OperationLog
from backoffice.oplog.reading import (
    EMPTY,
    Detail,
    Reader,
    batch_of,
    hidden_from,
    kind_label,
    people,
    summary,
)

SYSTEM = "system"
#: what happens all day long and is no news
_ROUTINE = (
    "session.signed_in",
    "session.signed_out",
    "customer.registered",
    "customer.joined",
    "customer.linked",
)


class PersonFilter(admin.SimpleListFilter):
    """By member of staff, or what the system did by itself."""

    title = gettext_lazy("person")
    parameter_name = "person"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        staff = get_user_model().objects.filter(is_staff=True).order_by("-is_active")
        return [(SYSTEM, _("The system")), *((str(u.pk), str(u)) for u in staff)]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        value = self.value() or ""
        if value == SYSTEM:
            return queryset.filter(by=None)
        return (
            queryset.filter(by=value)
            if value.isascii() and value.isdigit()
            else queryset
        )


class ActionFilter(admin.SimpleListFilter):
    """By what was done."""

    title = gettext_lazy("action")
    parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(ACTIONS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(action=self.value()) if self.value() else queryset


class MeansFilter(admin.SimpleListFilter):
    """By the way in which it came."""

    title = gettext_lazy("means")
    parameter_name = "means"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(MEANS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(means=self.value()) if self.value() else queryset


class ObjectFilter(admin.SimpleListFilter):
    """By one object (`?object=catalog.goods:17`), from a link on its page."""

    title = gettext_lazy("object")
    parameter_name = "object"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        value = request.GET.get(self.parameter_name, "")
        kind, _colon, key = value.partition(":")
        return [(value, f"{kind_label(kind)} {key}")] if key else []

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        kind, _colon, key = (self.value() or "").partition(":")
        if not key:
            return queryset
        return queryset.filter(target_type=kind, target_id=key)


class LogList(WorkbenchList):
    """A page of the log, with the names of the people whom it is about."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        persons = people(self.result_list)
        batches = ports.batch_urls(
            request, filter(None, map(batch_of, self.result_list))
        )
        hidden = hidden_from(request.user)
        for entry in self.result_list:
            entry.hidden = hidden
            entry.person = persons.get(entry.pk)
            entry.target_url = _url(request, entry, entry.person)
            entry.batch_url = batches.get(batch_of(entry), "")


def _url(request: HttpRequest, entry: OperationLog, person: Any = None) -> str:
    """The page of the object, where there is one that this person may see."""
    owner = _page_of(entry.target_type, person)
    if owner is None or not owner.has_view_permission(request):
        return ""
    opts = owner.opts
    try:
        return reverse(
            f"admin:{opts.app_label}_{opts.model_name}_change", args=[entry.target_id]
        )
    except NoReverseMatch:
        return ""


def _page_of(kind: str, person: Any = None) -> Any:
    """The admin of this kind of object, or of a proxy of it: of staff or of customers,
    by what the person is now."""
    registered = admin.site._registry
    for model, owner in registered.items():
        if model._meta.label_lower == kind:
            return owner
    for model, owner in registered.items():
        concrete = model._meta.concrete_model
        if concrete is not None and concrete._meta.label_lower == kind:
            of_staff = getattr(owner, "of_staff", None)
            if person is None or of_staff in (None, person.is_staff):
                return owner
    return None


def _object(entry: Any) -> Any:
    label = str(getattr(entry, "person", None) or entry.target_label)
    if not label:
        return NOTHING
    return link(getattr(entry, "target_url", ""), label)


@admin.register(OperationLog)
class OperationLogAdmin(ReadOnlyAdmin):
    """Who did what to what, when, from where."""

    list_display = ["at", "who", "act", "target", "words", "way"]
    list_filter = [
        *(("at", DayRangeFilter), PersonFilter, ActionFilter, MeansFilter),
        ObjectFilter,
    ]
    quick_filters = 5
    search_fields = ["target_label"]
    search_help_text = gettext_lazy("Code or name of the object")
    list_select_related = ["by"]
    sortable_by = ()
    phone_columns = {"at": ""}
    readonly_fields = [
        *("moment", "who", "act", "kind", "target", "story"),
        *("means_words", "ip", "request_id"),
    ]
    fieldsets = [
        (None, {"fields": ["moment", "who", "act", "kind", "target", "story"]}),
        (
            gettext_lazy("From where"),
            {"fields": ["means_words", "ip", "request_id"]},
        ),
    ]

    class Media:
        css = {"all": ["backoffice/css/log.css"]}

    def get_urls(self) -> list[URLPattern]:
        """Without a history: a row of the log has none."""
        return [u for u in super().get_urls() if not str(u.name).endswith("_history")]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        return LogList

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        entry = super().get_object(request, object_id, from_field)
        if entry is not None:
            person = people([entry]).get(entry.pk)
            entry.person = person  # type: ignore[attr-defined]
            entry.target_url = _url(request, entry, person)  # type: ignore[attr-defined]
            entry.hidden = hidden_from(request.user)  # type: ignore[attr-defined]
            number = batch_of(entry)
            urls = ports.batch_urls(request, [number] if number else [])
            entry.batch_url = urls.get(number, "")  # type: ignore[attr-defined]
        return entry

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        """By the beginning of the object's label, or the name of the person."""
        term = search_term.strip()
        if not term:
            return queryset, False
        user_model = get_user_model()
        named = user_model.objects.filter(
            Q(nickname__icontains=term) | Q(username__icontains=term)
        ).values_list("pk", flat=True)[:50]
        condition = Q(target_label__istartswith=term)
        if ids := [str(pk) for pk in named]:
            condition |= Q(target_type=user_model._meta.label_lower, target_id__in=ids)
        return queryset.filter(condition), False

    def list_tools(self, request: HttpRequest) -> Sequence[Tool]:
        """Export of what is shown."""
        return ports.sheet_tools(request, "operation_log")

    def empty_state(self, request: HttpRequest) -> EmptyState:
        return EmptyState(_("Every act of staff and every sign-in will stand here."))

    @column(gettext_lazy("by"))
    def who(self, obj: OperationLog) -> Any:
        return str(obj.by) if obj.by else _("The system")

    @column(gettext_lazy("action"), phone="title")
    def act(self, obj: OperationLog) -> Any:
        return action_label(obj.action)

    @column(gettext_lazy("object"))
    def target(self, obj: OperationLog) -> Any:
        return _object(obj)

    @column(gettext_lazy("details"), phone="wide")
    def words(self, obj: Any) -> Any:
        return summary(obj, hidden=obj.hidden) or NOTHING

    @column(gettext_lazy("means"))
    def way(self, obj: Any) -> Any:
        """With the batch that wrote it, or the address that it came from."""
        number = batch_of(obj)
        under = _batch(obj, number) if number else obj.ip or ""
        return two_lines(means_label(obj.means) or "—", under)

    @column(gettext_lazy("time"))
    def moment(self, obj: OperationLog) -> Any:
        return when(obj.at)

    @column(gettext_lazy("kind of object"))
    def kind(self, obj: OperationLog) -> Any:
        return kind_label(obj.target_type) or NOTHING

    @column(gettext_lazy("means"))
    def means_words(self, obj: Any) -> Any:
        label = means_label(obj.means) or NOTHING
        number = batch_of(obj)
        return joined([label, _batch(obj, number)]) if number else label

    @column(gettext_lazy("details"))
    def story(self, obj: Any) -> Any:
        found = Reader(obj, resolve=True, hidden=obj.hidden).details()
        if not found:
            return NOTHING
        return format_html(
            '<ul class="log-details">{}</ul>',
            format_html_join("", "<li>{}</li>", ((_line(d),) for d in found)),
        )


def _batch(entry: Any, number: str) -> Any:
    return link(entry.batch_url, _("Batch %(number)s") % {"number": number})


def _line(detail: Detail) -> Any:
    if detail.is_change:
        old, new = detail.old, detail.new
        change = format_html(
            "{} → {}",
            format_html("<del>{}</del>", old) if old != EMPTY else old,
            format_html("<ins>{}</ins>", new) if new != EMPTY else new,
        )
        # both halves are escaped, and the sentence between them is ours
        return mark_safe(labelled(conditional_escape(detail.label), change))
    return str(detail)


@home.acts
def latest_acts(request: HttpRequest) -> Iterator[home.Act]:
    """The latest acts, for who may read the log."""
    if not request.user.has_perm("oplog.view_operationlog"):
        return
    rows = OperationLog.objects.exclude(action__in=_ROUTINE).select_related("by")
    entries = list(rows[:8])
    persons = people(entries)
    for entry in entries:
        person = persons.get(entry.pk)
        yield home.Act(
            entry.at,
            str(entry.by) if entry.by else _("The system"),
            action_label(entry.action),
            str(person or entry.target_label),
            _url(request, entry, person),
        )
