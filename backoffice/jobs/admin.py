"""Jobs in the admin: what recurs, what waits, what failed. The queue's own pages, which
let anybody with Django's plain permissions edit code paths, are taken away."""

import contextlib
from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.exceptions import NotRegistered
from django.db import models
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django_q.models import Failure, OrmQ, Schedule, Success, Task

from backoffice.base.admin import (
    DayRangeFilter,
    EmptyState,
    Outcome,
    Tab,
    Tool,
    Verb,
    VerbAdmin,
    cells,
    column,
    home,
    link,
    tag,
    two_lines,
    when,
)
from backoffice.base.errors import DomainError
from backoffice.base.masking import mask_text
from backoffice.jobs import failures, queue, table
from backoffice.jobs.models import FailedTask, QueuedTask, ScheduledJob, TaskInHand

VIEW = "jobs.view_jobs"

for _model in (Schedule, Success, Failure, OrmQ, Task):
    with contextlib.suppress(NotRegistered):
        admin.site.unregister(_model)


class JobsAdmin(VerbAdmin):
    """Seen with `jobs.view_jobs`; changed by verbs only."""

    class Media:
        css = {"all": ["backoffice/css/jobs.css"]}

    def get_urls(self) -> Any:
        """Without the history, which jobs do not have: the operation log tells."""
        return [p for p in super().get_urls() if not str(p.name).endswith("_history")]

    def has_module_permission(self, request: HttpRequest) -> bool:
        """As for its pages."""
        return self.has_view_permission(request)

    def has_view_permission(
        self, request: HttpRequest, obj: models.Model | None = None
    ) -> bool:
        """One permission for all pages of jobs."""
        return bool(request.user.has_perm(VIEW))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: models.Model | None = None
    ) -> bool:
        """Nobody."""
        return False

    def get_fields(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        """What the page of one shows: nothing of the queue's own columns."""
        return self.readonly_fields

    def list_tools(self, request: HttpRequest) -> Sequence[Tool]:
        """The three pages of jobs lead to one another."""
        pages: list[tuple[Any, type[models.Model], str]] = [
            (_("Recurring jobs"), ScheduledJob, "fa-clock"),
            (_("Queue"), QueuedTask, "fa-list-ol"),
            (_("Failures"), FailedTask, "fa-triangle-exclamation"),
        ]
        return [
            Tool(label, _list_of(model), icon)
            for label, model, icon in pages
            if model is not self.model
        ]


def _list_of(model: type[models.Model], query: str = "") -> str:
    opts = model._meta
    url = reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist")
    return f"{url}?{query}" if query else url


@admin.register(ScheduledJob)
class ScheduledJobAdmin(JobsAdmin):
    """What recurs: when it ran, how it went, when it runs next."""

    list_display = ["title", "times", "last_run", "outcome", "runs_next", "failed"]
    ordering = ["next_run"]
    readonly_fields = ["times", "runs_next", "last_run", "outcome", "called", "recent"]
    verbs = [
        Verb(
            "run",
            _("Run now"),
            failures.MANAGE,
            icon="fa-play",
            tone="primary",
            help=_("Runs once, at once, beside its times."),
        )
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With the last run and the number of failures, in the same query."""
        runs = Task.objects.filter(group=OuterRef("name")).order_by("-stopped")
        failed = (
            FailedTask.objects.filter(group=OuterRef("name"))
            .order_by()
            .values("group")
            .annotate(count=Count("pk"))
            .values("count")
        )
        return (
            super()
            .get_queryset(request)
            .filter(name__in=table.jobs())
            .annotate(
                ran_at=Subquery(runs.values("stopped")[:1]),
                ran_well=Subquery(runs.values("success")[:1]),
                failures=Coalesce(Subquery(failed), 0),
                is_running=Exists(TaskInHand.objects.filter(pk=OuterRef("task"))),
            )
        )

    @column(_("job"), phone="title")
    def title(self, obj: Any) -> SafeString:
        return two_lines(table.label_of(obj.name), obj.name, _page_of(obj))

    @column(_("runs"))
    def times(self, obj: Any) -> SafeString:
        return format_html(
            '<span title="{}">{}</span>', obj.cron, table.in_words(obj.cron)
        )

    @column(_("next run"), ordering="next_run")
    def runs_next(self, obj: Any) -> SafeString:
        return when(obj.next_run)

    @column(_("task"))
    def called(self, obj: Any) -> str:
        return str(obj.func)

    @column(_("last run"), ordering="ran_at")
    def last_run(self, obj: Any) -> SafeString:
        return when(obj.ran_at)

    @column(_("how it went"))
    def outcome(self, obj: Any) -> SafeString:
        if obj.is_running:
            return tag("running", _("Running"))
        if obj.ran_at is None:
            return tag("", _("Not yet run"))
        return tag("done", _("Done")) if obj.ran_well else tag("failed", _("Failed"))

    @column(_("failures"), numeric=True)
    def failed(self, obj: Any) -> SafeString:
        if not obj.failures:
            return cells.NOTHING
        return link(_list_of(FailedTask, f"group={obj.name}"), obj.failures)

    @column(_("latest runs"))
    def recent(self, obj: Any) -> SafeString:
        runs = list(Task.objects.filter(group=obj.name).order_by("-stopped")[:10])
        if not runs:
            return cells.NOTHING
        return format_html(
            '<ul class="runs">{}</ul>',
            format_html_join("", "<li>{} {} {}</li>", map(_run_line, runs)),
        )

    def run_verb(
        self, request: HttpRequest, verb: Verb, objects: Sequence[Any], reason: str
    ) -> Sequence[Outcome]:
        """Enqueue each once."""

        def act(job: Any) -> None:
            failures.run_now(job.name, by=request.user)  # type: ignore[arg-type]

        return [_outcome(job, str(job), act) for job in objects]

    def empty_state(self, request: HttpRequest) -> EmptyState:
        """Only before `sync_schedules` has run."""
        return EmptyState(_("No recurring job yet: run manage.py sync_schedules."))


@admin.register(QueuedTask)
class QueuedTaskAdmin(JobsAdmin):
    """What waits for a worker, and what workers have in hand."""

    list_display = ["title", "standing", "time"]
    list_display_links = None
    ordering = ["lock"]
    readonly_fields = ["title", "standing", "time"]

    def get_tabs(self, request: HttpRequest) -> Sequence[Tab]:
        """As of now."""
        now = timezone.now()
        return [
            Tab("waiting", _("Waiting"), Q(lock__lte=now)),
            Tab("given_out", _("Given out"), Q(lock__gt=now)),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what is known of it in hand."""
        rows = TaskInHand.objects.filter(queue_id=OuterRef("pk"))
        return (
            super()
            .get_queryset(request)
            .annotate(begun_at=Subquery(rows.values("started_at")[:1]))
        )

    @column(_("task"), phone="title")
    def title(self, obj: Any) -> SafeString:
        group = obj.group()
        return two_lines(table.label_of(group) if group else obj.func(), obj.name())

    @column(_("status"))
    def standing(self, obj: Any) -> SafeString:
        if obj.begun_at:
            return tag("running", _("Running"))
        if obj.is_in_hand:
            return tag("warning", _("Retries later"))
        return tag("queued", _("Waiting"))

    @column(_("time"), ordering="lock")
    def time(self, obj: Any) -> SafeString:
        """Since when it waits or runs, or when it is tried again."""
        return when(obj.begun_at or obj.lock)

    def empty_state(self, request: HttpRequest) -> EmptyState:
        """Nothing to do is good."""
        return EmptyState(_("Nothing waits: all tasks are done."))


class FailedDay(DayRangeFilter):
    """The day of the last attempt."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = str(_("failed at"))


class JobFilter(admin.SimpleListFilter):
    """One recurring job, by its word."""

    title = _("job")
    parameter_name = "group"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The jobs of the table."""
        return [(name, str(job.label)) for name, job in table.jobs().items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """The failures of this job."""
        return queryset.filter(group=self.value()) if self.value() else queryset


@admin.register(FailedTask)
class FailedTaskAdmin(JobsAdmin):
    """What went wrong, and whether to try it again."""

    list_display = ["title", "error", "attempts", "failed_at"]
    list_filter = [("stopped", FailedDay), JobFilter]
    search_fields = ["name", "func"]
    readonly_fields = ["error", "failed_at", "attempts", "called", "given", "traceback"]
    row_verbs = 2
    verbs = [
        Verb(
            "retry",
            _("Try again"),
            failures.MANAGE,
            icon="fa-rotate-right",
            tone="primary",
            confirm=False,
            help=_("Tasks may run twice without harm. Success settles the failure."),
        ),
        Verb(
            "dismiss",
            _("Dismiss"),
            failures.MANAGE,
            icon="fa-xmark",
            help=_("Strikes it off the list. It will not be tried again."),
        ),
    ]

    @column(_("task"), phone="title")
    def title(self, obj: Any) -> SafeString:
        name = table.label_of(obj.group) if obj.group else obj.func
        return two_lines(name, obj.name, _page_of(obj))

    @column(_("what went wrong"))
    def error(self, obj: Any) -> str:
        return failures.headline(obj.result)

    @column(_("attempts"), ordering="attempt_count", numeric=True)
    def attempts(self, obj: Any) -> SafeString:
        return cells.number(obj.attempt_count)

    @column(_("failed at"), ordering="stopped")
    def failed_at(self, obj: Any) -> SafeString:
        return when(obj.stopped)

    @column(_("task"))
    def called(self, obj: Any) -> str:
        return f"{obj.func} ({obj.name})"

    @column(_("arguments"))
    def given(self, obj: Any) -> str:
        return mask_text(f"{obj.args or ()} {obj.kwargs or {}}")[:2000]

    @column(_("traceback"))
    def traceback(self, obj: Any) -> SafeString:
        return format_html('<pre class="traceback">{}</pre>', mask_text(obj.result))

    def run_verb(
        self, request: HttpRequest, verb: Verb, objects: Sequence[Any], reason: str
    ) -> Sequence[Outcome]:
        """Retry or dismiss each by itself."""
        verbs = {"retry": failures.retry, "dismiss": failures.dismiss}

        def act(task: Any) -> None:
            verbs[verb.name](task.pk, by=request.user)  # type: ignore[arg-type]

        return [_outcome(task, str(task), act) for task in objects]

    def empty_state(self, request: HttpRequest) -> EmptyState:
        """Nothing to do is good."""
        return EmptyState(_("No task has failed."))


def _run_line(run: Task) -> tuple[Any, Any, str]:
    if run.success:
        said = mask_text(run.result)[:200]
        return when(run.stopped), tag("done", _("Done")), said
    return when(run.stopped), tag("failed", _("Failed")), failures.headline(run.result)


def _page_of(obj: models.Model) -> str:
    opts = obj._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[obj.pk])


def _outcome(obj: Any, label: str, act: Any) -> Outcome:
    try:
        act(obj)
    except DomainError as error:
        return Outcome(obj.pk, label, error=str(error))
    return Outcome(obj.pk, label)


@home.cards
def jobs_cards(request: HttpRequest) -> Iterable[home.Card]:
    """Failures, and a worker that is not there; for those who look after jobs."""
    if not request.user.has_perm(VIEW):
        return
    state = queue.state()
    yield home.Card(
        _("Failed tasks"),
        state.failed,
        _list_of(FailedTask),
        icon="fa-triangle-exclamation",
        tone="warning" if state.failed else "",
        hide_empty=True,
    )
    if state.is_stuck:
        yield home.Card(
            _("Tasks that wait for a worker"),
            state.waiting,
            _list_of(QueuedTask),
            icon="fa-hourglass-half",
            tone="danger",
            hint=_("The worker does not run. Start it: manage.py qcluster"),
        )
