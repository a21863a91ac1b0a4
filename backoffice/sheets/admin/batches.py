"""The list of batches, and the addresses of the pages around it."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base.admin import (
    DayRangeFilter,
    EmptyState,
    ReadOnlyAdmin,
    Tab,
    Tool,
    column,
    two_lines,
    when,
)
from backoffice.sheets import definitions
from backoffice.sheets.admin.downloads import DownloadPages
from backoffice.sheets.admin.links import ADD
from backoffice.sheets.admin.pages import BatchPages
from backoffice.sheets.admin.words import status_tag, tally
from backoffice.sheets.batches import VIEW_ALL
from backoffice.sheets.enums import BUSY, BatchStatus
from backoffice.sheets.models import Batch


@admin.register(Batch)
class BatchAdmin(BatchPages, DownloadPages, ReadOnlyAdmin):
    """One's own batches; everybody's with the permission for it."""

    list_display = ["title", "kind", "state", "counts", "who", "handed_in"]
    list_display_links = ["title"]
    list_filter = ["sheet", ("created_at", DayRangeFilter)]
    list_select_related = ["by"]
    ordering = ["-id"]
    search_fields = ["file_name"]
    search_help_text = gettext_lazy("File name")
    tabs = [
        Tab(
            "open",
            gettext_lazy("Unfinished"),
            {"status__in": [*BUSY, BatchStatus.MAPPING, BatchStatus.CHECKED]},
        ),
        Tab("applied", gettext_lazy("Imported"), {"status": BatchStatus.APPLIED}),
        Tab("undone", gettext_lazy("Undone"), {"status": BatchStatus.UNDONE}),
        Tab(
            "refused",
            gettext_lazy("Put away"),
            {"status__in": [BatchStatus.REFUSED, BatchStatus.CANCELLED]},
        ),
    ]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(
        self, request: HttpRequest, obj: models.Model | None = None
    ) -> bool:
        """Whoever hands sheets in, or looks at those of others."""
        user: Any = request.user
        if not (user.has_perm(ADD) or user.has_perm("sheets.view_batch")):
            return bool(user.has_perm(VIEW_ALL))
        return (
            not isinstance(obj, Batch)
            or obj.by_id == user.pk
            or user.has_perm(VIEW_ALL)
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        queryset = super().get_queryset(request)
        if request.user.has_perm(VIEW_ALL):
            return queryset
        return queryset.filter(by=request.user)

    def get_urls(self) -> list[URLPattern]:
        """The pages, each behind the admin's own sign-in."""
        view = self.admin_site.admin_view
        return [
            path("import/", view(self.import_view), name="sheets_import"),
            path("templates/", view(self.templates_view), name="sheets_templates"),
            path(
                "templates/<slug:sheet>.<slug:kind>",
                view(self.template_view),
                name="sheets_template",
            ),
            path("export/<slug:sheet>/", view(self.export_view), name="sheets_export"),
            path(
                "exports/<int:pk>/",
                view(self.export_page_view),
                name="sheets_export_page",
            ),
            path(
                "exports/<int:pk>/progress/",
                view(self.export_progress_view),
                name="sheets_export_progress",
            ),
            path(
                "exports/<int:pk>/file/",
                view(self.export_file_view),
                name="sheets_export_file",
            ),
            path("<int:pk>/columns/", view(self.columns_view), name="sheets_columns"),
            path("<int:pk>/apply/", view(self.apply_view), name="sheets_apply"),
            path("<int:pk>/cancel/", view(self.cancel_view), name="sheets_cancel"),
            path("<int:pk>/undo/", view(self.undo_view), name="sheets_undo"),
            path(
                "<int:pk>/progress/", view(self.progress_view), name="sheets_progress"
            ),
            path("<int:pk>/errors/", view(self.errors_view), name="sheets_errors"),
            path("<int:pk>/file/", view(self.file_view), name="sheets_file"),
            *super().get_urls(),
        ]

    def list_tools(self, request: HttpRequest) -> list[Tool]:
        """On to the next sheet."""
        if not request.user.has_perm(ADD):
            return []
        return [
            Tool(_("Templates"), reverse("admin:sheets_templates"), "fa-file-lines"),
            Tool(
                _("Import"), reverse("admin:sheets_import"), "fa-file-import", "primary"
            ),
        ]

    def empty_state(self, request: HttpRequest) -> EmptyState:
        text = _("No sheet was handed in yet. Each import and its undo stand here.")
        if not request.user.has_perm(ADD):
            return EmptyState(text)
        return EmptyState(text, _("Import a sheet"), reverse("admin:sheets_import"))

    @column(gettext_lazy("file"), ordering="id", phone="title")
    def title(self, obj: Batch) -> Any:
        return two_lines(obj.file_name, f"#{obj.pk}")

    @column(gettext_lazy("sheet"), ordering="sheet")
    def kind(self, obj: Batch) -> Any:
        return definitions.label(obj.sheet)

    @column(gettext_lazy("status"), ordering="status", phone="wide")
    def state(self, obj: Batch) -> Any:
        return status_tag(obj.status)

    @column(gettext_lazy("rows"), phone="wide")
    def counts(self, obj: Batch) -> Any:
        return tally(obj)

    @column(gettext_lazy("by"))
    def who(self, obj: Batch) -> Any:
        return str(obj.by)

    @column(gettext_lazy("handed in"), ordering="created_at")
    def handed_in(self, obj: Batch) -> Any:
        return when(obj.created_at)
