"""The page of files: where they lie, what waits to be removed, what nothing uses."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _

from backoffice.base.admin import ReadOnlyAdmin, cells, tag
from backoffice.base.errors import DomainError
from backoffice.files import searching, summary
from backoffice.files.models import FileState, OrphanSearch, StoredFile
from backoffice.shop import shop

#: so many rows of files that wait to be removed are shown
SHOWN = 20


@admin.register(OrphanSearch)
class FilesAdmin(ReadOnlyAdmin):
    """One page in the place of the list; looking and deleting are verbs."""

    def get_urls(self) -> Any:
        """The page and its two acts, nothing else."""
        view = self.admin_site.admin_view
        return [
            path("", view(self.changelist_view), name="files_orphansearch_changelist"),
            path("look/", view(self.look_view), name="files_look"),
            path("<int:pk>/remove/", view(self.remove_view), name="files_remove"),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Counts, failures, and the latest look."""
        if not self.has_view_permission(request):
            raise PermissionDenied("files.view_orphansearch")
        latest = OrphanSearch.objects.select_related("by").first()
        nightly = OrphanSearch.objects.filter(by=None, finished_at__isnull=False)
        leaving = StoredFile.objects.filter(state=FileState.GOING)
        facts = summary.of_files()
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Files"),
            "facts": facts,
            "server": _server_tag(facts),
            "media_root": settings.MEDIA_ROOT,
            "leaving": leaving.order_by("changed_at")[:SHOWN],
            "search": latest,
            "measured": OrphanSearch.objects.filter(finished_at__isnull=False)
            .exclude(disk_files=0)
            .first(),
            "nightly": nightly.first(),
            "may_manage": request.user.has_perm(searching.MANAGE),
            "may_remove": latest is not None
            and latest.finished_at is not None
            and not latest.is_removal
            and latest.files > 0,
            "days": shop.ORPHAN_FILE_DAYS,
        }
        return TemplateResponse(request, "admin/files/files.html", context)

    def look_view(self, request: HttpRequest) -> HttpResponse:
        """Have a worker look for files that nothing uses."""
        if request.method == "POST":
            try:
                searching.look(by=request.user)  # type: ignore[arg-type]
            except DomainError as refusal:
                messages.error(request, str(refusal))
        return self._back()

    def remove_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Have a worker delete what the page has listed."""
        search = OrphanSearch.objects.filter(pk=pk).first()
        if search is None:
            raise Http404
        if request.method == "POST":
            try:
                searching.remove(search, by=request.user)  # type: ignore[arg-type]
            except DomainError as refusal:
                messages.error(request, str(refusal))
        return self._back()

    def _back(self) -> HttpResponseRedirect:
        return HttpResponseRedirect(reverse("admin:files_orphansearch_changelist"))


def _server_tag(facts: dict[str, Any]) -> Any:
    if "server" not in facts:
        return cells.NOTHING
    if facts["server"] == "ok":
        return tag("done", _("Reachable"), tone="green")
    return tag(
        "failed", _("Not reachable: %(why)s") % {"why": facts["reason"]}, tone="red"
    )
