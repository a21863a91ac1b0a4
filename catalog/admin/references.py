"""Where the runs and batches that rows of history name are to be found, and the ways
from a goods to its part of each log."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from backoffice.base.admin import Tool, link, tag
from backoffice.base.admin.cells import NOTHING
from backoffice.sheets.admin.links import batch_urls
from catalog.admin import cells
from catalog.enums import SELF_APPROVED, Means
from catalog.models import Goods, RepricingRun
from catalog.repricing import APPROVE

#: who may see the price log and the shelf log
LOGS = "catalog.view_historicalgoods"
#: the means whose reference is the number of a batch
BY_BATCH = (Means.SHEET, Means.ROLLBACK)


def may_open_runs(user: Any) -> bool:
    """Whether the pages of repricing runs are open to this person."""
    return bool(user.has_perm("catalog.view_repricingrun") or user.has_perm(APPROVE))


class References:
    """Links for the rows of one page; one query for the runs, at most one for batches."""

    def __init__(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        numbers = {row.reference for row in rows if row.reference.startswith("R")}
        self._urls: dict[str, str] = {}
        if numbers and may_open_runs(request.user):
            runs = RepricingRun.objects.filter(number__in=numbers)
            self._urls = {
                number: cells.run_url(pk)
                for number, pk in runs.values_list("number", "pk")
            }
        self._urls |= batch_urls(request, {r.reference for r in rows if _by_batch(r)})

    def cell(self, row: Any) -> SafeString | str:
        """What the row names, as a link for whoever may open it."""
        number = row.reference
        if not number:
            return NOTHING
        if number == SELF_APPROVED:
            return tag("awaiting", _("Self-approved"))
        label = _("Batch %(number)s") % {"number": number} if _by_batch(row) else number
        return link(self._urls.get(number, ""), label)


def _by_batch(row: Any) -> bool:
    return row.means in BY_BATCH and row.reference.isdigit()


def goods_log_tools(request: HttpRequest, goods: Goods) -> list[Tool]:
    """The prices and the shelf of one goods, for who may see the logs."""
    if not request.user.has_perm(LOGS):
        return []
    return [
        Tool(_("Prices"), log_url("pricelog", goods.pk), "fa-chart-line"),
        Tool(_("Shelf"), log_url("shelflog", goods.pk), "fa-shop"),
    ]


def log_url(log: str, goods_id: Any) -> str:
    """One goods' part of a log."""
    return f"{reverse(f'admin:catalog_{log}_changelist')}?goods={goods_id}"


def operation_tools(request: HttpRequest, goods: Goods) -> list[Tool]:
    """What was done to one goods, for who may see the operation log."""
    if not request.user.has_perm("oplog.view_operationlog"):
        return []
    query = urlencode({"object": f"{Goods._meta.label_lower}:{goods.pk}"})
    address = f"{reverse('admin:oplog_operationlog_changelist')}?{query}"
    return [Tool(_("Operations"), address, "fa-list-check")]
