"""Refusals of stock."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from backoffice.base.errors import DomainError
from backoffice.base.money import fixed, plain


@dataclass(frozen=True)
class Lack:
    """One goods of which more was asked than is there, in base units."""

    goods_id: int
    code: str
    name: str
    asked: Decimal
    available: Decimal

    def __str__(self) -> str:
        return _("%(code)s %(name)s: %(asked)s asked, %(available)s there") % {
            "code": self.code,
            "name": self.name,
            "asked": plain(self.asked),
            "available": plain(self.available),
        }

    def as_json(self) -> dict[str, Any]:
        """As the storefront's contract writes it."""
        return {
            "goods_id": self.goods_id,
            "code": self.code,
            "name": self.name,
            "asked": fixed(self.asked, 3),
            "available": fixed(self.available, 3),
        }


class OutOfStock(DomainError):
    """More was asked than is there; `lacks` names every goods that falls short.

    For a reservation `available` is what can still be reserved, for everything else
    what can be taken away without touching what orders hold.
    """

    slug = "out_of_stock"
    http_status = 409

    def __init__(self, lacks: Sequence[Lack]) -> None:
        self.lacks = list(lacks)
        super().__init__(
            _("Not enough in stock. %(goods)s.")
            % {"goods": _("; ").join(str(lack) for lack in self.lacks)},
            shortages=[lack.as_json() for lack in self.lacks],
        )


class PostedOtherwise(DomainError):
    """The same (goods, kind, reference) was posted before with another amount."""

    slug = "posted_otherwise"
    http_status = 409


class NotHeld(DomainError):
    """An order does not hold as much of the goods as is to be released or handed over."""

    slug = "not_held"
    http_status = 409


class AlreadyOpened(DomainError):
    """The goods has its opening stock; from here on it is adjusted or counted."""

    slug = "already_opened"
    http_status = 409


class MoreThanOrdered(DomainError):
    """More was delivered than was ordered, beyond RECEIVE_TOLERANCE_PERCENT."""

    slug = "more_than_ordered"
    http_status = 409


class CountOutdated(DomainError):
    """Goods cannot be counted so: another stocktake has them, or they were corrected
    since they were counted. `refusals` says of each goods (by id) why."""

    slug = "count_outdated"
    http_status = 409

    def __init__(self, refusals: dict[int, str]) -> None:
        self.refusals = refusals
        super().__init__(" ".join(refusals.values()), goods_ids=list(refusals))


class WrongQuantity(DomainError):
    """Not a quantity that can be booked: zero, negative, too fine or too large."""
