"""What happened to one goods, in the words of the screen."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base.admin import Tool, VerbAdmin, thumb
from catalog import changes, differences
from catalog.admin import cells
from catalog.admin.references import References, goods_log_tools, operation_tools
from catalog.differences import Difference, Names
from catalog.enums import MOVES
from catalog.models import Goods

PER_PAGE = 30
#: what each move is called once it is done
DONE = {
    "submit": gettext_lazy("submitted it for review"),
    "approve": gettext_lazy("approved it"),
    "reject": gettext_lazy("rejected it"),
    "list": gettext_lazy("put it on the shelf"),
    "delist": gettext_lazy("took it off the shelf"),
    "revise": gettext_lazy("took it back to draft"),
    "archive": gettext_lazy("archived it"),
    "restore": gettext_lazy("restored it"),
}


@dataclass(frozen=True)
class Entry:
    """One row of history as it is shown."""

    at: Any
    who: str
    what: str
    means: str
    reason: str
    reference: Any
    differences: Sequence["Line"]


@dataclass(frozen=True)
class Line:
    """One field of an entry, both sides ready for the page."""

    label: str
    old: Any
    new: Any


class GoodsHistoryPages(VerbAdmin):
    """The history page of a goods; nothing can be taken back here."""

    def form_tools(self, request: HttpRequest, obj: Any) -> Sequence[Tool]:
        """Its part of the price log and of the shelf log, beside "History"."""
        return goods_log_tools(request, obj)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        goods = self.get_object(request, object_id)
        if goods is None:
            raise Http404
        if not self.has_view_or_change_permission(request, goods):
            raise PermissionDenied("catalog.view_goods")
        rows = changes.HISTORY.objects.filter(id=goods.pk).order_by("-history_id")
        paginator = Paginator(rows.select_related("history_user"), PER_PAGE)
        page = paginator.get_page(request.GET.get("p"))
        return TemplateResponse(
            request,
            "admin/catalog/goods/history.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": str(goods),
                "object": goods,
                "module_name": capfirst(self.opts.verbose_name_plural),
                "page_obj": page,
                "page_range": paginator.get_elided_page_range(page.number),
                "entries": entries(request, goods, list(page)),
                "tools": [
                    *goods_log_tools(request, goods),
                    *operation_tools(request, goods),
                ],
                **(extra_context or {}),
            },
        )


def entries(request: HttpRequest, goods: Goods, rows: Sequence[Any]) -> list[Entry]:
    """The rows (newest first, one after the other) with what each of them changed.

    A row that changed nothing that this person may see is left out.
    """
    if not rows:
        return []
    with_cost = request.user.has_perm(cells.SEE_COST)
    before = (
        changes.HISTORY.objects.filter(id=goods.pk, history_id__lt=rows[-1].history_id)
        .order_by("-history_id")
        .first()
    )
    earlier = [*rows[1:], before]
    names = Names([row for row in (*rows, before) if row is not None])
    present = set(goods.pictures.values_list("image", flat=True))
    references = References(request, rows)
    shown = []
    for row, older in zip(rows, earlier, strict=True):
        found = (
            differences.between(older, row, names, with_cost=with_cost)
            if older is not None
            else []
        )
        what = _what(row, found)
        if what:
            shown.append(
                Entry(
                    row.history_date,
                    str(row.history_user or _("The system")),
                    what,
                    row.get_means_display(),
                    row.history_change_reason or "",
                    references.cell(row) if row.reference else "",
                    [_line(d, present) for d in found],
                )
            )
    return shown


def _what(row: Any, found: Sequence[Difference]) -> str:
    if row.history_type == "+":
        return _("entered it")
    if row.status_changed:
        return str(DONE[_verb(row.old_status, row.status)])
    if found:
        return _("changed it")
    # pictures other than the main one leave no trace in the row itself
    return _("changed its pictures") if row.content_changed else ""


def _verb(old: str, new: str) -> str:
    """Which verb leads from one status to the other; no two do."""
    return next(
        verb for verb, (start, end) in MOVES.items() if old in start and new == end
    )


def _line(found: Difference, present: set[str]) -> Line:
    """Pictures as pictures, where they are still there."""
    if found.field != "image":
        return Line(found.label, found.old, found.new)
    sides = [
        thumb(cells.thumb_url(path)) if path in present else differences.NOTHING
        for path in (found.old, found.new)
    ]
    return Line(found.label, *sides)
