"""Messages in the admin: looked at, tried again, never written by hand."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from backoffice.base.admin import (
    DayRangeFilter,
    EmptyState,
    Outcome,
    Planned,
    Tab,
    Verb,
    VerbAdmin,
    cells,
    column,
    home,
    tag,
    two_lines,
    when,
)
from backoffice.base.errors import DomainError
from backoffice.sms import enums, sending
from backoffice.sms.codes import in_words
from backoffice.sms.enums import SmsStatus
from backoffice.sms.models import SmsAttempt, SmsMessage
from backoffice.sms.templates import TEMPLATES

VIEW = "sms.view_smsmessage"

_OUTCOME_TONES = {
    enums.Outcome.SENT: "green",
    enums.Outcome.LATER: "amber",
    enums.Outcome.REFUSED: "red",
    enums.Outcome.UNKNOWN: "amber",
}


class KindFilter(admin.SimpleListFilter):
    """By what the message tells."""

    title = _("kind of message")
    parameter_name = "template"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The texts of the shop."""
        return [(t.name, t.label) for t in TEMPLATES.values()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Messages with this text."""
        return queryset.filter(template=self.value()) if self.value() else queryset


class RecipientFilter(admin.SimpleListFilter):
    """By who gets it."""

    title = _("recipient")
    parameter_name = "recipient"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Staff with a mobile number."""
        people = get_user_model().objects
        staff = people.filter(is_staff=True, mobile__isnull=False)
        return [(str(user.pk), str(user)) for user in staff.order_by("-is_active")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Messages to this person."""
        value = self.value() or ""
        is_id = value.isascii() and value.isdigit()
        return queryset.filter(recipient=value) if is_id else queryset


@admin.register(SmsMessage)
class SmsMessageAdmin(VerbAdmin):
    """What was sent to whom, how it went, and what is tried again."""

    list_display = ["text_and_kind", "to", "standing", "tried", "wrong", "moment"]
    list_filter = [("created_at", DayRangeFilter), KindFilter, RecipientFilter]
    list_select_related = ["recipient"]
    sortable_by = ()
    search_fields = ["mobile"]
    search_help_text = _("The whole mobile number")
    readonly_fields = [
        *("text", "kind", "to", "standing", "quiet"),
        *("created_at", "created_by", "due", "sent_at", "attempts_made"),
    ]
    fieldsets = [
        (None, {"fields": ["text", "kind", "to", "standing", "quiet"]}),
        (_("Course"), {"fields": ["created_at", "created_by", "due", "sent_at"]}),
        (_("Attempts"), {"fields": ["attempts_made"]}),
    ]
    tabs = [
        Tab("waiting", _("Waiting"), {"status__in": ["queued", "sending"]}),
        Tab("sent", _("Sent"), {"status": SmsStatus.SENT}),
        Tab("failed", _("Failed"), {"status": SmsStatus.FAILED}),
    ]
    verbs = [
        Verb(
            "retry",
            _("Try again"),
            sending.MANAGE,
            icon="fa-rotate-right",
            tone="primary",
            confirm=False,
            help=_("Sends as soon as the quiet hours allow."),
        )
    ]

    class Media:
        css = {"all": ["backoffice/css/jobs.css", "backoffice/css/sms.css"]}

    def get_urls(self) -> list[URLPattern]:
        """Without a history: the attempts tell."""
        return [p for p in super().get_urls() if not str(p.name).endswith("_history")]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: models.Model | None = None
    ) -> bool:
        """Nobody."""
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        """By the whole number only: parts would find out masked digits."""
        term = search_term.strip()
        return (queryset.filter(mobile=term) if term else queryset), False

    @column(_("message"), phone="title")
    def text_and_kind(self, obj: SmsMessage) -> SafeString:
        return two_lines(obj.text, obj.label, self.object_url(obj))

    @column(_("kind of message"))
    def kind(self, obj: SmsMessage) -> str:
        return obj.label

    @column(_("to"))
    def to(self, obj: SmsMessage) -> SafeString:
        return two_lines(obj.recipient or obj.shown_mobile, obj.shown_mobile)

    @column(_("status"))
    def standing(self, obj: SmsMessage) -> SafeString:
        return tag(obj.status, obj.get_status_display())

    @column(_("attempts"), numeric=True)
    def tried(self, obj: SmsMessage) -> SafeString:
        return cells.number(obj.attempts)

    @column(_("what went wrong"), phone="wide")
    def wrong(self, obj: SmsMessage) -> SafeString:
        code, _blank, detail = obj.error.partition(" ")
        if not code:
            return cells.NOTHING
        return format_html(
            '<span class="clamp" title="{} {}">{}</span>', code, detail, in_words(code)
        )

    @column(_("time"))
    def moment(self, obj: SmsMessage) -> SafeString:
        """When it was sent, when it is tried next, else when it was made."""
        if obj.status == SmsStatus.QUEUED:
            return when(obj.due_at)
        return when(obj.sent_at or obj.created_at)

    @column(_("next attempt"))
    def due(self, obj: SmsMessage) -> SafeString:
        return when(obj.due_at if obj.status == SmsStatus.QUEUED else None)

    @column(_("also in quiet hours"))
    def quiet(self, obj: SmsMessage) -> SafeString:
        return cells.yes_no(obj.is_urgent)

    @column(_("attempts"))
    def attempts_made(self, obj: SmsMessage) -> SafeString:
        made = list(obj.tries.order_by("-number"))
        if not made:
            return cells.NOTHING
        return format_html(
            '<ul class="runs">{}</ul>',
            format_html_join("", "<li>{} {} {} {}</li>", map(_attempt_line, made)),
        )

    def verb_allowed(self, request: HttpRequest, verb: Verb, obj: Any) -> bool:
        """Not what is sent or being sent, nor what has not been tried yet."""
        return obj.status == SmsStatus.FAILED or (
            obj.status == SmsStatus.QUEUED and obj.attempts > 0
        )

    def plan_verb(
        self, request: HttpRequest, verb: Verb, objects: Sequence[Any]
    ) -> Sequence[Planned]:
        """Which of them are tried again."""
        return [
            Planned(
                message.pk,
                message.text,
                message.shown_mobile,
                refusal=""
                if self.verb_allowed(request, verb, message)
                else message.get_status_display(),
            )
            for message in objects
        ]

    def run_verb(
        self, request: HttpRequest, verb: Verb, objects: Sequence[Any], reason: str
    ) -> Sequence[Outcome]:
        """Each by itself."""
        return [_retried(message, request.user) for message in objects]

    def empty_state(self, request: HttpRequest) -> EmptyState:
        """Where messages come from."""
        return EmptyState(_("Every SMS that the shop sends will stand here."))


def _attempt_line(attempt: SmsAttempt) -> tuple[Any, Any, Any, Any]:
    if not attempt.outcome:
        shown = tag("running", _("Being sent"))
    else:
        tone = _OUTCOME_TONES[enums.Outcome(attempt.outcome)]
        shown = tag(attempt.outcome, attempt.get_outcome_display(), tone=tone)
    said = [in_words(attempt.code), attempt.code, attempt.detail]
    words = " · ".join(dict.fromkeys(filter(None, said)))
    return attempt.number, when(attempt.started_at), shown, words


def _retried(message: SmsMessage, by: Any) -> Outcome:
    try:
        done = sending.retry(message, by=by)
    except DomainError as error:
        return Outcome(message.pk, message.text, message.shown_mobile, error=str(error))
    return Outcome(
        message.pk,
        message.text,
        message.shown_mobile,
        status=tag(done.status, done.get_status_display()),
    )


@home.cards
def sms_cards(request: HttpRequest) -> Iterable[home.Card]:
    """Messages that reached nobody."""
    if not request.user.has_perm(VIEW):
        return
    yield home.Card(
        _("SMS that failed"),
        SmsMessage.objects.filter(status=SmsStatus.FAILED).count(),
        reverse("admin:sms_smsmessage_changelist") + "?tab=failed",
        icon="fa-comment-slash",
        tone="warning",
        hide_empty=True,
    )
