"""A line of a repricing run as pages show it."""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from backoffice.base.admin import thumb
from backoffice.base.money import fixed
from catalog import pricing
from catalog.admin import cells
from catalog.models import RepricingLine


def shown(line: RepricingLine, *, with_cost: bool) -> dict[str, Any]:
    """A line as its page shows it; nothing of the cost without the permission."""
    goods: Any = line.goods
    case_cost = (
        line.cost * goods.case_size
        if line.cost is not None and goods.case_size is not None
        else None
    )
    return {
        "goods": goods,
        "url": cells.goods_url(goods.pk),
        "thumb": thumb(cells.thumb_url(goods.image), goods.name),
        "cost": cells.cost_cell(line) if with_cost else "",
        "prices": [
            _price(_("Retail"), line.old_price, line.new_price, line.cost, with_cost),
            _price(
                _("Case"),
                line.old_case_price,
                line.new_case_price,
                case_cost,
                with_cost,
            ),
        ],
        "conflicts": line.conflicts,
        "guards": [pricing.Hit.of_json(kept).message for kept in line.guards],
    }


def _price(
    label: str,
    old: Decimal | None,
    new: Decimal | None,
    cost: Decimal | None,
    with_cost: bool,
) -> dict[str, Any] | None:
    """Old and new of one selling unit; None where it stays."""
    if new is None:
        return None
    return {
        "label": label,
        "old": fixed(old, 2) or "—",
        "new": fixed(new, 2),
        "percent": f"{(new - old) / old * 100:+.1f}%" if old else "",
        "margin_before": cells.margin_figure(pricing.margin_percent(old, cost))
        if with_cost
        else "",
        "margin_after": cells.margin_figure(pricing.margin_percent(new, cost))
        if with_cost
        else "",
    }
