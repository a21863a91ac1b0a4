"""Files to take away: templates, exports, the sheet as handed in, its wrong rows."""

import tempfile
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponseRedirect,
    JsonResponse,
)
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice.sheets import definitions, errorsheet, exports, templates, writing
from backoffice.sheets.admin.filtering import filtered
from backoffice.sheets.admin.links import ADD
from backoffice.sheets.definitions import NoSuchSheet, SheetDefinition
from backoffice.sheets.enums import ExportStatus
from backoffice.sheets.models import Export

#: an export stays in memory up to this size, then on the disk
IN_MEMORY = 4 * 2**20


def _definition(sheet_id: str) -> SheetDefinition:
    try:
        return definitions.get(sheet_id)
    except NoSuchSheet:
        raise Http404 from None


def _list_of(definition: SheetDefinition, query: str) -> str:
    """The list whose rows are exported, as it was filtered."""
    opts = definition.model._meta
    address = reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist")
    return f"{address}?{query}" if query else address


def _download(file: Any, name: str) -> HttpResponseBase:
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=name)


class DownloadPages:
    """Mixed into the admin of batches."""

    admin_site: Any
    _batch: Any
    _page: Any

    def templates_view(self, request: HttpRequest) -> HttpResponseBase:
        """A template of every sheet that the person may import."""
        user: Any = request.user
        kinds = [
            d
            for d in definitions.all_sheets()
            if d.may_import(user) and not d.is_archive
        ]
        if not user.has_perm(ADD) or not kinds:
            raise PermissionDenied
        return self._page(
            request,
            "templates",
            _("Templates"),
            kinds=[(d, templates.columns_of(d, user)) for d in kinds],
        )

    def template_view(
        self, request: HttpRequest, sheet: str, kind: str
    ) -> HttpResponseBase:
        """One template; columns that the person may not see are left out."""
        definition = _definition(sheet)
        user: Any = request.user
        if not definition.may_import(user):
            raise PermissionDenied
        if kind not in writing.FORMATS or definition.is_archive:
            raise Http404
        file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the response closes it
        templates.write_template(definition, file, kind, by=user)  # type: ignore[arg-type]
        return _download(file, f"{definition.id}-template.{kind}")

    def export_view(self, request: HttpRequest, sheet: str) -> HttpResponseBase:
        """The rows that the list shows, by the list's own filters."""
        definition = _definition(sheet)
        user: Any = request.user
        if not definition.may_export(user):
            raise PermissionDenied
        params = request.GET.copy()
        kind = params.pop("format", [""])[-1]
        if kind not in writing.FORMATS:
            return self._page(
                request,
                "export",
                _("Export"),
                definition=definition,
                columns=definition.visible_columns(user),
                query=params.urlencode(),
                back_url=_list_of(definition, params.urlencode()),
            )
        query = params.urlencode()
        rows = filtered(definition, user, query)
        if exports.is_big(rows):
            asked = exports.start_export(
                definition, kind, query=query, by=user, rows=definition.count(rows)
            )
            return HttpResponseRedirect(
                reverse("admin:sheets_export_page", args=[asked.pk])
            )
        file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - as above
        exports.export(definition, file, kind, by=user, queryset=rows)  # type: ignore[arg-type]
        return _download(file, f"{definition.id}-{timezone.localdate():%Y%m%d}.{kind}")

    def _asked(self, request: HttpRequest, pk: int) -> Export:
        asked = Export.objects.filter(pk=pk, by=request.user.pk).first()
        if asked is None:
            raise Http404
        return asked

    def export_page_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """How far an export is, and its file."""
        asked = self._asked(request, pk)
        return self._page(
            request,
            "export_page",
            _("Export"),
            asked=asked,
            sheet=definitions.label(asked.sheet),
        )

    def export_progress_view(self, request: HttpRequest, pk: int) -> JsonResponse:
        """The same for the page's script."""
        asked = self._asked(request, pk)
        return JsonResponse(
            {
                "busy": asked.status == ExportStatus.RUNNING,
                "done": asked.done,
                "total": asked.rows_total,
                "errors": 0,
            }
        )

    def export_file_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The file, while it is there."""
        asked = self._asked(request, pk)
        if asked.status != ExportStatus.DONE:
            raise Http404
        return FileResponse(
            asked.file.open("rb"), as_attachment=True, filename=asked.file_name
        )

    def errors_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The rows that were refused, as they were handed in, each with its reasons."""
        batch = self._batch(request, pk)
        kind = request.GET.get("format", "xlsx")
        is_sheet = bool(batch.layout) and not definitions.is_archive(batch.sheet)
        if kind not in writing.FORMATS or not is_sheet:
            raise Http404
        file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - as above
        errorsheet.write(batch, file, kind)  # type: ignore[arg-type]
        return _download(file, f"errors-{batch.pk}.{kind}")

    def file_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The sheet as it was handed in."""
        batch = self._batch(request, pk)
        if not batch.file or not batch.file.storage.exists(batch.file.name):
            raise Http404
        return FileResponse(
            batch.file.open("rb"),
            as_attachment=True,
            filename=batch.file_name or f"sheet-{batch.pk}",
            content_type="application/octet-stream",
        )
