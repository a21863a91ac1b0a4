"""The list of one's exports: those that a worker writes or has written."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from backoffice.base.admin import (
    EmptyState,
    ReadOnlyAdmin,
    Tab,
    column,
    link,
    tag,
    when,
)
from backoffice.base.admin.cells import NOTHING
from backoffice.sheets import definitions
from backoffice.sheets.admin.links import ADD
from backoffice.sheets.enums import ExportStatus
from backoffice.sheets.models import Export

_TONES = {
    ExportStatus.RUNNING: "blue",
    ExportStatus.DONE: "green",
    ExportStatus.FAILED: "red",
    ExportStatus.GONE: "hollow",
}


@admin.register(Export)
class ExportAdmin(ReadOnlyAdmin):
    """Everybody's own: a file may hold what another may not see."""

    list_display = ["title", "kind", "state", "rows", "asked_for", "download"]
    list_display_links = ["title"]
    ordering = ["-id"]
    tabs = [
        Tab("running", ExportStatus.RUNNING.label, {"status": ExportStatus.RUNNING}),
        Tab("done", ExportStatus.DONE.label, {"status": ExportStatus.DONE}),
    ]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(
        self, request: HttpRequest, obj: models.Model | None = None
    ) -> bool:
        """Whoever works with sheets or may export anything; of exports, one's own."""
        user: Any = request.user
        if isinstance(obj, Export) and obj.by_id != user.pk:
            return False
        return any(map(user.has_perm, (ADD, "sheets.view_batch"))) or any(
            sheet.may_export(user) for sheet in definitions.all_sheets()
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).filter(by=request.user.pk)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Its page, with bar and file."""
        if object_id.isascii() and object_id.isdigit():
            return HttpResponseRedirect(
                reverse("admin:sheets_export_page", args=[object_id])
            )
        return super().change_view(request, object_id, form_url, extra_context)

    def empty_state(self, request: HttpRequest) -> EmptyState:
        return EmptyState(
            _(
                "Nothing here. Large exports are written in the background and wait here "
                "for a week; press Export over any list."
            )
        )

    @column(_("file"), ordering="id", phone="title")
    def title(self, obj: Export) -> Any:
        return obj.file_name

    @column(_("sheet"), ordering="sheet")
    def kind(self, obj: Export) -> Any:
        return definitions.label(obj.sheet)

    @column(_("status"), ordering="status")
    def state(self, obj: Export) -> Any:
        status = ExportStatus(obj.status)
        return tag(obj.status, status.label, tone=_TONES[status])

    @column(_("rows"), numeric=True)
    def rows(self, obj: Export) -> Any:
        if obj.status == ExportStatus.RUNNING:
            return f"{obj.done} / {obj.rows_total}"
        return obj.done

    @column(_("asked for"), ordering="created_at")
    def asked_for(self, obj: Export) -> Any:
        return when(obj.created_at)

    @column(_("download"), phone="wide")
    def download(self, obj: Export) -> Any:
        if obj.status != ExportStatus.DONE:
            return obj.message or NOTHING
        address = reverse("admin:sheets_export_file", args=[obj.pk])
        return link(address, _("Download"))
