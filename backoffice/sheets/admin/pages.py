"""Handing in, naming columns, preview, import, undo: each page calls one verb."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
)
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from backoffice.base.errors import DomainError
from backoffice.sheets import batches, definitions, importing, progress, undoing
from backoffice.sheets.admin import preview, words
from backoffice.sheets.admin.links import ADD
from backoffice.sheets.admin.naming import Naming
from backoffice.sheets.definitions import Options
from backoffice.sheets.enums import BUSY, BatchStatus
from backoffice.sheets.models import Batch

RECENT = 5


class BatchPages:
    """The pages of one batch, and the one that begins it; mixed into its admin."""

    admin_site: Any
    opts: Any

    def _page(
        self, request: HttpRequest, template: str, title: str, **context: Any
    ) -> TemplateResponse:
        return TemplateResponse(
            request,
            f"admin/sheets/{template}.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": title,
                **context,
            },
        )

    def _batch(self, request: HttpRequest, pk: int) -> Batch:
        """The batch, for whoever may see it; a stranger's is not told from none."""
        batch = Batch.objects.select_related("by", "undone_by").filter(pk=pk).first()
        if batch is None or not batches.may_see(request.user, batch):  # type: ignore[arg-type]
            raise Http404
        return batch

    def _to(self, batch: Batch) -> HttpResponseRedirect:
        return HttpResponseRedirect(
            reverse("admin:sheets_batch_change", args=[batch.pk])
        )

    # --- handing in

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Choose what it is, drop the file."""
        user: Any = request.user
        kinds = [d for d in definitions.all_sheets() if d.may_import(user)]
        if not user.has_perm(ADD) or not kinds:
            raise PermissionDenied
        chosen = request.POST.get("sheet") or request.GET.get("sheet") or kinds[0].id
        error = ""
        if request.method == "POST":
            try:
                return self._to(self._receive(request, chosen))
            except DomainError as refusal:
                error = str(refusal)
        return self._page(
            request,
            "import",
            _("Import"),
            kinds=kinds,
            chosen=chosen,
            error=error,
            may_create=any(kind.may_create_missing(user) for kind in kinds),
            create_missing="create_missing" in request.POST,
            kind=next((kind for kind in kinds if kind.id == chosen), kinds[0]),
            recent=[
                {"batch": batch, "status": words.status_tag(batch.status)}
                for batch in Batch.objects.filter(by=user)[:RECENT]
            ],
        )

    def _receive(self, request: HttpRequest, sheet_id: str) -> Batch:
        file: Any = request.FILES.get("file")
        if file is None:
            raise DomainError(_("Choose a file first."))
        batch = batches.receive(
            sheet_id,
            file,
            by=request.user,  # type: ignore[arg-type]
            options=Options(create_missing="create_missing" in request.POST),
            ask=True,
        )
        if batch.status == BatchStatus.CHECKING:
            batches.start_check(batch)
        return batch

    def columns_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say which column is which field."""
        batch = self._batch(request, pk)
        if batch.by_id != request.user.pk:
            raise PermissionDenied
        is_open = batch.status in (BatchStatus.MAPPING, BatchStatus.CHECKED)
        if not is_open or definitions.get(batch.sheet).is_archive:
            return self._to(batch)
        error = ""
        with batches.opened_file(batch) as book:
            naming = Naming.of(book, batch, request)
        if request.method == "POST" and "look" not in request.POST:
            try:
                batch = batches.name_columns(
                    batch,
                    by=request.user,  # type: ignore[arg-type]
                    mapping=naming.mapping,
                    sheet=naming.sheet,
                    has_header=naming.has_header,
                )
                batches.start_check(batch)
                return self._to(batch)
            except DomainError as refusal:
                error = str(refusal)
        return self._page(
            request,
            "columns",
            _("Name the columns"),
            batch=batch,
            naming=naming,
            error=error,
        )

    # --- one batch

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The page of a batch: what waits, its preview, or its result."""
        if not object_id.isascii() or not object_id.isdigit():
            raise Http404
        batch = self._batch(request, int(object_id))
        user: Any = request.user
        is_mine = batch.by_id == user.pk
        if batch.status == BatchStatus.MAPPING and is_mine:
            return HttpResponseRedirect(
                reverse("admin:sheets_columns", args=[batch.pk])
            )
        is_busy = batch.status in BUSY
        return self._page(
            request,
            "batch",
            batch.file_name or str(batch),
            batch=batch,
            sheet=definitions.label(batch.sheet),
            is_archive=definitions.is_archive(batch.sheet),
            status=words.status_tag(batch.status),
            is_busy=is_busy,
            done=progress.done(batch) if is_busy else 0,
            is_mine=is_mine,
            grid=None
            if is_busy or not batch.layout
            else preview.grid(batch, request.GET, user),
            good=words.good_rows(batch),
            may_import=is_mine and batch.status == BatchStatus.CHECKED,
            may_undo=batch.status == BatchStatus.APPLIED
            and batch.done > 0
            and undoing.may_undo(user, batch),
            missing=self._missing(batch),
            onward=definitions.get(batch.sheet).onward(batch, user)
            if batch.status == BatchStatus.APPLIED
            else [],
        )

    def _missing(self, batch: Batch) -> list[tuple[str, list[str]]]:
        titles = {
            "category": _("categories"),
            "brand": _("brands"),
            "unit": _("units"),
        }
        kept = batch.options.get("missing", {})
        return [(titles.get(word, word), names) for word, names in kept.items()]

    def progress_view(self, request: HttpRequest, pk: int) -> JsonResponse:
        """How far the work in hand is."""
        batch = self._batch(request, pk)
        return JsonResponse(
            {
                "busy": batch.status in BUSY,
                "done": progress.done(batch),
                "total": batch.rows_total,
                "errors": batch.errors,
            }
        )

    # --- acts

    def apply_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Import, all of it or the good rows."""
        return self._act(
            request,
            pk,
            lambda batch: importing.start_apply(
                batch,
                by=request.user,  # type: ignore[arg-type]
                only_good="only_good" in request.POST,
            ),
        )

    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Put the sheet away."""
        return self._act(
            request,
            pk,
            lambda batch: batches.cancel(batch, by=request.user),  # type: ignore[arg-type]
        )

    def undo_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take the import back, after a page that says what that means."""
        batch = self._batch(request, pk)
        user: Any = request.user
        if not undoing.may_undo(user, batch):
            raise PermissionDenied
        if request.method != "POST":
            return self._page(request, "undo", _("Take the import back"), batch=batch)
        return self._act(request, pk, lambda b: undoing.start_undo(b, by=user))

    def _act(self, request: HttpRequest, pk: int, verb: Any) -> HttpResponse:
        if request.method != "POST":
            return require_POST(lambda request: HttpResponse())(request)
        batch = self._batch(request, pk)
        try:
            verb(batch)
        except DomainError as refusal:
            messages.error(request, str(refusal))
        return self._to(batch)
