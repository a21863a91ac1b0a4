"""What the pages of payments and refunds share: exchanges, troubles, their papers."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _

from backoffice.base.admin import link, tag, when
from backoffice.base.admin.cells import NOTHING
from sales.admin import cells
from sales.enums import ALARMS

RECONCILE = "sales.reconcile"
APPROVE = "sales.approve_refund"
#: messages on a page; the latest
MOST = 50


def trouble_of(row: Any) -> Any:
    """What keeps it from going on, with the details; a dash where nothing does."""
    if not row.trouble:
        return NOTHING
    tone = "red" if row.trouble in ALARMS else "amber"
    shown = tag(row.trouble, row.get_trouble_display(), tone=tone)
    if not row.detail:
        return shown
    return format_html('{}<span class="under">{}</span>', shown, row.detail)


def stands(row: Any, status: Any) -> Any:
    """The status, with its trouble."""
    if not row.trouble:
        return status
    tone = "red" if row.trouble in ALARMS else "amber"
    return format_html(
        "{} {}", status, tag(row.trouble, row.get_trouble_display(), tone=tone)
    )


def exchanges(rows: Any) -> list[dict[str, Any]]:
    """What was said with WeChat Pay, the latest first; secrets were never kept."""
    found = rows.order_by("-id")[:MOST]
    return [
        {
            "at": when(row.at),
            "kind": row.get_kind_display(),
            "api": row.api,
            "outcome": row.outcome,
            "facts": list(_flat(row.facts)),
        }
        for row in found
    ]


def _flat(facts: Any, before: str = "") -> Iterable[tuple[str, str]]:
    for name, value in facts.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        elif value not in ("", None, []):
            yield f"{before}{name}", str(value)


def order_link(request: HttpRequest, order: Any) -> Any:
    """The order, as a link for who may see orders."""
    url = cells.order_url(order.pk) if request.user.has_perm(cells.VIEW) else ""
    return link(url, order.order_no)


def moment(at: Any) -> Any:
    """A time, or a dash."""
    return when(at) if at else NOTHING


def api_of(payment: Any) -> Any:
    """By which interface it goes."""
    return _("WeChat Pay %(api)s") % {"api": payment.api} if payment.api else NOTHING
