"""The shelf: list (上架) and delist (下架) goods (DOMAIN 2)."""

from typing import TYPE_CHECKING, Any

from backoffice.base import ports
from catalog.enums import Means
from catalog.models import Goods
from catalog.moves import move
from catalog.readiness import require_ready

if TYPE_CHECKING:
    from backoffice.accounts.models import User


def list_goods(
    goods: Goods, *, by: "User", reason: str = "", means: Means = Means.HAND
) -> Goods:
    """Put an approved or delisted goods on the shelf.

    Every enabled selling unit needs a price above 0. Nothing available does not
    refuse it: the storefront shows it as sold out, and `is_sold_out` tells the door.
    """

    def check(goods: Goods) -> dict[str, Any] | None:
        require_ready(goods)
        return {"sold_out": True} if is_sold_out(goods) else None

    return move(goods, "list", by=by, reason=reason, means=means, check=check)


def delist(
    goods: Goods, *, by: "User", reason: str = "", means: Means = Means.HAND
) -> Goods:
    """Take a goods off the shelf; the storefront no longer shows it."""
    return move(goods, "delist", by=by, reason=reason, means=means)


def is_sold_out(goods: Goods) -> bool:
    """Whether stock is kept of it and nothing is available."""
    available = ports.available([goods.pk]).get(goods.pk)
    return available is not None and available <= 0
