"""Goods are never deleted: archive and restore them (DOMAIN 2)."""

from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from backoffice.base import ports
from backoffice.base.money import plain
from catalog.enums import Means
from catalog.errors import StillReserved
from catalog.models import Goods
from catalog.moves import move

if TYPE_CHECKING:
    from backoffice.accounts.models import User


def archive(
    goods: Goods, *, by: "User", reason: str = "", means: Means = Means.HAND
) -> Goods:
    """Put a goods away. Not while it is pending, on sale, or held by orders."""

    def check(goods: Goods) -> None:
        refuse_reserved(goods, ports.reserved([goods.pk]).get(goods.pk))

    return move(goods, "archive", by=by, reason=reason, means=means, check=check)


def restore(
    goods: Goods, *, by: "User", reason: str = "", means: Means = Means.HAND
) -> Goods:
    """Take an archived goods out again, as a draft."""
    return move(goods, "restore", by=by, reason=reason, means=means)


def refuse_reserved(goods: Goods, held: Decimal | None) -> None:
    """Raises StillReserved where orders hold some of it."""
    if held:
        raise StillReserved(
            _("Orders hold %(quantity)s of %(goods)s.")
            % {"quantity": plain(held), "goods": goods}
        )
