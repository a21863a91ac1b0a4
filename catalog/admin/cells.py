"""What the catalog's lists and pages show of a goods, ready-made."""

from decimal import Decimal
from typing import Any

from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from backoffice.base.admin import explain, money, percent, tag
from backoffice.base.admin.addresses import address_of
from backoffice.base.admin.cells import NOTHING, escaped
from backoffice.base.money import at_least, fixed, plain
from backoffice.base.pictures import thumbnail_url
from catalog.enums import GoodsStatus, RunStatus
from catalog.pricing import case_cost, margin_percent

SEE_COST = "catalog.view_cost"


def status_tag(status: str) -> SafeString:
    """Where a goods stands, as a coloured tag."""
    return tag(status, GoodsStatus(status).label)


def run_tag(status: str) -> SafeString:
    """Where a run stands, as a coloured tag."""
    return tag(status, RunStatus(status).label)


def thumb_url(path: str, side: int = 160) -> str:
    """The address of a stored picture's thumbnail; no query, by its name alone."""
    return thumbnail_url(path, side)


def picture_url(path: str) -> str:
    """The address of a stored picture."""
    return default_storage.url(path) if path else ""


def goods_url(pk: Any) -> str:
    """The page of a goods."""
    return address_of("admin:catalog_goods_change", pk)


def retail_cell(goods: Any) -> SafeString:
    """The retail price and what it is for; quiet where the goods is not sold so."""
    return _price_cell(goods.price, goods.unit, goods.retail_enabled)


def case_cell(goods: Any) -> SafeString:
    """The case price with what a case holds."""
    if goods.case_price is None and not goods.case_enabled:
        return NOTHING
    holds = ""
    if goods.case_size is not None:
        holds = f"{plain(goods.case_size)} {goods.unit}"
    price = _price_cell(goods.case_price, goods.case_unit or "", goods.case_enabled)
    return mark_safe(f'{price}<span class="under">{escaped(holds)}</span>')


def _price_cell(price: Decimal | None, unit: Any, enabled: bool) -> SafeString:
    per = "/" if unit else ""
    shown = mark_safe(f'{money(price)}<span class="unit">{per}{escaped(unit)}</span>')
    if enabled:
        return shown
    return format_html(
        '<span class="switched-off" title="{}">{}</span>', _("Not sold this way"), shown
    )


def cost_cell(goods: Any) -> SafeString:
    """The cost of a base unit, without needless places."""
    if goods.cost is None:
        return NOTHING
    return money(goods.cost, places=at_least(goods.cost, 2))


def margin_cell(goods: Any) -> SafeString:
    """The margin, which opens its formula with its numbers; red below cost."""
    lines: list[tuple[Any, Any]] = []
    shown: SafeString | None = None
    for label, price, cost, enabled in (
        (_("Retail"), goods.price, goods.cost, goods.retail_enabled),
        (_("Case"), goods.case_price, case_cost(goods), goods.case_enabled),
    ):
        margin = margin_percent(price, cost) if enabled else None
        if margin is None:
            continue
        figure = margin_figure(margin)
        shown = shown or figure
        formula = f"({fixed(price, 2)} − {plain(cost)}) ÷ {fixed(price, 2)}"
        lines.append((format_html("{} {}", label, figure), formula))
    if shown is None:
        return NOTHING
    return explain(shown, lines, title=_("Margin = (price − cost) ÷ price"))


def margin_figure(margin: Decimal | None) -> SafeString:
    """A margin in percent, marked where it is a loss."""
    if margin is None or margin >= 0:
        return percent(margin)
    return format_html(
        '<span class="loss" title="{}">{}</span>', _("Below cost"), percent(margin)
    )


def price_waits() -> SafeString:
    """The sign that a price change of this goods waits for approval."""
    return tag("awaiting", _("Price waits"))


def run_url(pk: Any) -> str:
    """The page of a repricing run."""
    return reverse("admin:catalog_repricingrun_change", args=[pk])
