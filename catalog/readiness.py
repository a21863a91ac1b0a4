"""What a goods must have before it is submitted or put on the shelf."""

from django.utils.translation import gettext as _

from catalog.errors import NotReady
from catalog.models import Goods


def missing(goods: Goods) -> list[str]:
    """In words, what still lacks for selling it; empty when it is ready."""
    lacks = []
    if not goods.name:
        lacks.append(_("a name"))
    if not goods.category_id:
        lacks.append(_("a category"))
    if not goods.retail_enabled and not goods.case_enabled:
        lacks.append(_("a selling unit that is switched on"))
    if goods.retail_enabled and not goods.price > 0:
        lacks.append(_("a price above 0"))
    if goods.case_enabled and not (goods.case_price and goods.case_price > 0):
        lacks.append(_("a case price above 0"))
    return lacks


def require_ready(goods: Goods) -> None:
    """Raises NotReady, naming everything that lacks."""
    lacks = missing(goods)
    if lacks:
        raise NotReady(
            _("%(goods)s lacks %(what)s.")
            % {"goods": goods, "what": _(" and ").join(lacks)},
            missing=lacks,
        )
