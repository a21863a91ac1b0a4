"""The history of one object: who changed what, old → new, in people's words."""

from collections.abc import Collection, Sequence
from typing import Any

from django.contrib.admin.utils import display_for_field, flatten_fieldsets
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from simple_history.admin import SimpleHistoryAdmin
from simple_history.template_utils import HistoricalRecordContextHelper

from backoffice.base.admin.options import BaseModelAdmin

_PAST = "_looks_at_the_past"


class ReadableChanges(HistoricalRecordContextHelper):  # type: ignore[misc]
    """Choices by their words, yes and no in words, — where there is nothing."""

    def prepare_delta_change_value(self, change: Any, value: Any) -> Any:
        """The value as people read it."""
        prepared = super().prepare_delta_change_value(change, value)
        return readable(self.model._meta.get_field(change.field), prepared)


def readable(field: Any, value: Any) -> str:
    """A field's value in words."""
    if value is None or value in ("", []):
        return "—"
    if isinstance(field, models.BooleanField):
        return _("Yes") if value else _("No")
    if isinstance(field, models.ForeignKey | models.ManyToManyField):
        many = value if isinstance(value, list) else [value]
        return _(", ").join(str(one) for one in many)
    return str(display_for_field(value, field, "—", avoid_link=True))


class HistoryAdmin(SimpleHistoryAdmin, BaseModelAdmin):  # type: ignore[misc]
    """simple-history's pages, without its back door.

    The library saves whatever is posted to the page of an old version, even where
    reverting is disabled; here the past can be looked at only. Every entry of a page
    says what it changed, the last one too.
    """

    #: fields of the model that the history never shows
    history_hidden: Collection[str] = ()

    def get_history_hidden(self, request: HttpRequest) -> Collection[str]:
        """Fields that this person may not see in the history (costs, say)."""
        return self.history_hidden

    def get_historical_record_context_helper(
        self, request: HttpRequest, historical_record: Any
    ) -> ReadableChanges:
        """Ours."""
        return ReadableChanges(self.model, historical_record)

    def set_history_delta_changes(
        self,
        request: HttpRequest,
        historical_records: Sequence[Any],
        foreign_keys_are_objs: bool = True,
    ) -> None:
        """Each record's changes against the one before it, in the order of the model."""
        records = list(historical_records)
        if not records:
            return
        older = [*records[1:], records[-1].prev_record]
        hidden = set(self.get_history_hidden(request))
        order = {f.name: i for i, f in enumerate(self.opts.get_fields())}
        for record, before in zip(records, older, strict=True):
            if before is None:
                continue
            delta = record.diff_against(
                before,
                excluded_fields=hidden,
                foreign_keys_are_objs=foreign_keys_are_objs,
            )
            delta.changes.sort(key=lambda change: order.get(change.field, 999))
            helper = self.get_historical_record_context_helper(request, record)
            record.history_delta_changes = helper.context_for_delta_changes(delta)

    def history_form_view(
        self,
        request: HttpRequest,
        object_id: str,
        version_id: str,
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The object as it was then, to read."""
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        setattr(request, _PAST, True)
        answer: HttpResponse = super().history_form_view(
            request, object_id, version_id, {"is_past": True, **(extra_context or {})}
        )
        return answer

    def get_readonly_fields(
        self, request: HttpRequest, obj: models.Model | None = None
    ) -> Any:
        """All of them while looking at the past."""
        if getattr(request, _PAST, False):
            return flatten_fieldsets(self.get_fieldsets(request, obj))
        return super().get_readonly_fields(request, obj)
