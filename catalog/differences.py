"""What differs between two states of a goods, in the words of the screen.

Read side: the history page, the review queue and the page that tells of a concurrent
edit show it. Costs are left out unless they are asked for.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base.money import at_least, fixed, plain
from catalog.changes import TRACKED
from catalog.enums import GoodsStatus
from catalog.models import Brand, Category, Goods, Unit

NOTHING = "—"
_ROWS = {
    "category_id": Category,
    "brand_id": Brand,
    "unit_id": Unit,
    "case_unit_id": Unit,
}
#: in the order in which a person reads a goods; `listed_at` follows the status
FIELDS = [name for name in TRACKED if name not in ("listed_at", "status")]
_MONEY = ("price", "case_price")
_PICTURE = gettext_lazy("main picture")


@dataclass(frozen=True)
class Difference:
    """One field: its word, and both values as people read them."""

    field: str
    label: str
    old: str
    new: str

    @property
    def changed(self) -> bool:
        """Whether the two are different."""
        return self.old != self.new


class Names:
    """Names of categories, brands and units behind numbers, read once for many rows."""

    def __init__(self, states: Iterable[Any]) -> None:
        wanted: dict[Any, set[int]] = {}
        for state in states:
            for name, model in _ROWS.items():
                pk = getattr(state, name)
                if pk is not None:
                    wanted.setdefault(model, set()).add(pk)
        self._known = {
            model: dict(
                model._default_manager.filter(pk__in=ids).values_list("pk", "name")
            )
            for model, ids in wanted.items()
        }

    def of(self, field: str, pk: int | None) -> str:
        """The name; the number of one that was deleted since."""
        if pk is None:
            return NOTHING
        return str(self._known.get(_ROWS[field], {}).get(pk, f"#{pk}"))


def shown(field: str, value: Any, names: Names) -> str:
    """A tracked value as people read it."""
    if field in _ROWS:
        return names.of(field, value)
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if field == "status":
        return str(GoodsStatus(value).label)
    if field in _MONEY:
        return fixed(Decimal(value), 2) or NOTHING
    if field == "cost":
        return fixed(Decimal(value), at_least(Decimal(value), 2)) or NOTHING
    return plain(value) if isinstance(value, Decimal) else str(value)


def label_of(field: str) -> str:
    """The word on the screen for a tracked field."""
    if field == "image":
        return str(_PICTURE)
    found = Goods._meta.get_field(field.removesuffix("_id"))
    return str(getattr(found, "verbose_name", field))


def side_by_side(
    old: Any, new: Any, names: Names, *, with_cost: bool = False
) -> list[Difference]:
    """Every field of both states, the same and the different; `old` None for a first."""
    return [
        Difference(
            field,
            label_of(field),
            NOTHING if old is None else shown(field, getattr(old, field), names),
            shown(field, getattr(new, field), names),
        )
        for field in _fields(with_cost)
    ]


def between(
    old: Any, new: Any, names: Names, *, with_cost: bool = False
) -> list[Difference]:
    """Only the fields that differ, the status first."""
    return [
        Difference(
            field,
            label_of(field),
            shown(field, getattr(old, field), names),
            shown(field, getattr(new, field), names),
        )
        for field in ("status", *_fields(with_cost))
        if getattr(old, field) != getattr(new, field)
    ]


def _fields(with_cost: bool) -> Sequence[str]:
    return FIELDS if with_cost else [name for name in FIELDS if name != "cost"]
