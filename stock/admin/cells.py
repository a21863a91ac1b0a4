"""What the pages of stock show, ready-made."""

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from backoffice.base.admin import explain, quantity, tag
from backoffice.base.admin.addresses import address_of
from backoffice.base.admin.cells import NOTHING
from backoffice.base.money import plain
from stock.enums import LossReason, MovementKind, ReplenishmentStatus

SEE = "stock.view_stockbalance"
SEE_LEDGER = "stock.view_stockmovement"
WRITE_OFF = "stock.write_off"
ADJUST = "stock.adjust_stock"
OPEN = "stock.open_stock"

_TONES = {
    MovementKind.OPENING: "slate",
    MovementKind.RECEIPT: "green",
    MovementKind.RESERVE: "amber",
    MovementKind.RELEASE: "grey",
    MovementKind.SALE: "blue",
    MovementKind.RETURN: "green",
    MovementKind.SPOILAGE: "red",
    MovementKind.STOCKTAKE: "slate",
    MovementKind.ADJUSTMENT: "slate",
}


def kind_tag(kind: str) -> SafeString:
    """A kind of movement as a coloured tag."""
    return tag(kind, MovementKind(kind).label, tone=_TONES[MovementKind(kind)])


def cause_tag(cause: str) -> SafeString:
    """Why goods were lost."""
    return tag(cause, LossReason(cause).label, tone="grey")


def signed(value: Decimal, unit: Any = "") -> SafeString:
    """+12.5 斤, −3 个; nothing where nothing moved."""
    if not value:
        return NOTHING
    return format_html(
        '<span class="num {}">{}{} <span class="unit">{}</span></span>',
        "plus" if value > 0 else "minus",
        "+" if value > 0 else "−",
        plain(abs(value)),
        unit,
    )


def available(row: Any) -> SafeString:
    """What can be promised, which opens its formula."""
    unit = row.goods.unit
    return explain(
        quantity(row.available, unit),
        [
            (_("on hand"), quantity(row.on_hand, unit)),
            (_("− reserved"), quantity(row.reserved, unit)),
        ],
        title=_("Available = on hand − reserved"),
    )


def why_url(pk: Any) -> str:
    """The page that explains the balance of a goods."""
    return address_of("admin:stock_stockbalance_change", pk)


def ledger_url(**filters: Any) -> str:
    """The ledger, narrowed (`goods=17`, `kind="sale"`)."""
    return f"{reverse('admin:stock_stockmovement_changelist')}?{urlencode(filters)}"


def write_off_url(goods_id: Any = None, back: str = "") -> str:
    """The form of a write-off."""
    query = {"goods": goods_id} if goods_id else {}
    if back:
        query["next"] = back
    address = reverse("admin:stock_writeoff_add")
    return f"{address}?{urlencode(query)}" if query else address


def stock_url(request: HttpRequest, pk: int) -> str:
    """The page of a goods' stock, for who may see it (a port of the ground floor)."""
    return why_url(pk) if request.user.has_perm(SEE) else ""


ORDER_TONES = {
    ReplenishmentStatus.DRAFT: "grey",
    ReplenishmentStatus.ORDERED: "blue",
    ReplenishmentStatus.PARTLY_RECEIVED: "amber",
    ReplenishmentStatus.RECEIVED: "green",
    ReplenishmentStatus.CANCELLED: "hollow",
}


def in_cases(goods: Any, quantity: Decimal) -> str:
    """2 箱 + 3 斤; blank where the goods has no case or there is not even one."""
    if not goods.case_size or quantity < goods.case_size:
        return ""
    cases, rest = divmod(quantity, goods.case_size)
    unit = goods.case_unit or _("cases")
    shown = f"{plain(cases)} {unit}"
    return f"{shown} + {plain(rest)} {goods.unit}" if rest else shown
