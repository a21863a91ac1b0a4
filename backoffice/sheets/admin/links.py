"""The ways to the pages of sheets, for the lists of other apps."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from backoffice.base import ports
from backoffice.base.admin import Tool
from backoffice.sheets import definitions
from backoffice.sheets.batches import VIEW_ALL
from backoffice.sheets.models import Batch

ADD = definitions.IMPORT
#: parameters of a list that say how it is shown, not what it holds
_LOOKS = ("p", "o", "all", "_popup", "per_page", "e")


def sheet_tools(request: HttpRequest, sheet_id: str) -> list[Tool]:
    """Import, export (of what the list shows at present) and template of one sheet."""
    user: Any = request.user
    definition = definitions.get(sheet_id)
    tools = []
    if definition.may_import(user):
        kind = urlencode({"sheet": sheet_id})
        tools.append(
            Tool(
                _("Import pictures") if definition.is_archive else _("Import"),
                f"{reverse('admin:sheets_import')}?{kind}",
                "fa-images" if definition.is_archive else "fa-file-import",
            )
        )
    if definition.may_export(user):
        query = request.GET.copy()
        for name in _LOOKS:
            query.pop(name, None)
        address = reverse("admin:sheets_export", args=[sheet_id])
        tools.append(
            Tool(_("Export"), f"{address}?{query.urlencode()}", "fa-file-export")
        )
    return tools


def batch_urls(request: HttpRequest, numbers: Iterable[str]) -> dict[str, str]:
    """{number: address} of the batches that the person may open; one query at most."""
    ids = {n for n in numbers if n.isascii() and n.isdigit() and len(n) < 10}
    user: Any = request.user
    if ids and not user.has_perm(VIEW_ALL):
        mine = Batch.objects.filter(pk__in=ids, by=user) if user.has_perm(ADD) else ()
        ids = {str(batch.pk) for batch in mine}
    return {n: reverse("admin:sheets_batch_change", args=[n]) for n in ids}


ports.sheet_tools.connect(sheet_tools)
ports.batch_urls.connect(batch_urls)
