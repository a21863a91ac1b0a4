"""Files to take away: templates, exports, the sheet as handed in, its wrong rows."""

import tempfile
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice.base.errors import DomainError
from backoffice.sheets import definitions, errorsheet, exports, templates, writing
from backoffice.sheets.admin.links import ADD
from backoffice.sheets.definitions import NoSuchSheet, SheetDefinition

#: an export stays in memory up to this size, then on the disk
IN_MEMORY = 4 * 2**20


def _definition(sheet_id: str) -> SheetDefinition:
    try:
        return definitions.get(sheet_id)
    except NoSuchSheet:
        raise Http404 from None


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
        kinds = [d for d in definitions.all_sheets() if d.may_import(user)]
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
        if kind not in writing.FORMATS:
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
            )
        request.GET = params  # type: ignore[assignment]
        file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - as above
        try:
            exports.export(
                definition,
                file,  # type: ignore[arg-type]
                kind,
                by=user,
                queryset=self._filtered(request, definition),
            )
        except DomainError:
            raise PermissionDenied from None
        return _download(file, f"{definition.id}-{timezone.localdate():%Y%m%d}.{kind}")

    def _filtered(self, request: HttpRequest, definition: SheetDefinition) -> Any:
        model_admin = self.admin_site.get_model_admin(definition.model)
        changelist = model_admin.get_changelist_instance(request)
        return changelist.get_queryset(request).order_by("pk")

    def errors_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The rows that were refused, as they were handed in, each with its reasons."""
        batch = self._batch(request, pk)
        kind = request.GET.get("format", "xlsx")
        if kind not in writing.FORMATS or not batch.layout:
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
