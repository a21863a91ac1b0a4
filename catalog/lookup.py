"""Finding and locking goods."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from backoffice.base.among import among
from backoffice.base.errors import DomainError
from catalog.models import Goods


class NoSuchGoods(DomainError):
    """There is no goods of this code or id."""

    slug = "not_found"
    http_status = 404


def by_code(code: str) -> Goods:
    """The goods of this code, in any case; raises NoSuchGoods."""
    goods = Goods.objects.coded(code.strip()).first()
    if goods is None:
        raise NoSuchGoods(_("There is no goods %(code)s.") % {"code": code}, code=code)
    return goods


def locked(goods: Goods | int) -> Goods:
    """The row as it stands now, locked until the transaction ends.

    Its key never changes, so rows that refer to it (movements, order lines) may be
    written meanwhile: they would deadlock with whoever locks the goods first.
    """
    pk = goods if isinstance(goods, int) else goods.pk
    try:
        return Goods.objects.select_for_update(of=("self",), no_key=True).get(pk=pk)
    except Goods.DoesNotExist:
        raise NoSuchGoods(_("There is no such goods."), id=pk) from None


def locked_values(ids: Iterable[int], *names: str) -> dict[int, Any]:
    """{id: row of these columns} of many goods, locked in the order of their ids; for
    verbs that need little of each."""
    rows = (
        Goods.objects.select_for_update(of=("self",), no_key=True)
        .filter(among("pk", ids))
        .order_by("pk")
        .values_list("pk", *names, named=True)
    )
    return {row.pk: row for row in rows}


def locked_all(ids: Iterable[int]) -> list[Goods]:
    """The rows, locked in the order of their ids (see docs/locking.md)."""
    return list(
        Goods.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk__in=list(ids))
        .order_by("pk")
    )
