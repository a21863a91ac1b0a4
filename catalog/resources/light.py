"""Goods as sheets hold them: what the model's rows have, without the model's weight.

An instance of the model costs ten times as much to make, and a sheet has a hundred
thousand rows. The rules of the catalog ask for nothing but the attributes.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet, Value
from django.db.models.functions import Upper

from backoffice.base.among import among
from catalog.enums import GoodsStatus
from catalog.models import Goods
from catalog.resources.words import RELATIONS

_FIELDS = [field for field in Goods._meta.concrete_fields if not field.generated]
_NAMES = [field.attname for field in _FIELDS]
#: what no row of a sheet looks at
_UNSEEN = ("created_at", "listed_at", "submitted_at")
_SEEN = [name for name in _NAMES if name not in _UNSEEN]


class LightGoods:
    """A goods that is there, or that a row would enter; attributes that were not given
    are at their default. `unit` is set by whoever looks at its step."""

    _meta = Goods._meta
    __str__ = Goods.__str__

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.__dict__.update(values)

    @property
    def pk(self) -> int | None:
        """As of the model: None before it is a row."""
        return self.__dict__.get("id")

    @pk.setter
    def pk(self, value: int | None) -> None:
        self.__dict__["id"] = value

    def get_status_display(self) -> str:
        return str(GoodsStatus(self.status).label)  # type: ignore[attr-defined]


for _field in _FIELDS:
    setattr(LightGoods, _field.attname, _field.get_default())


def draft(code: str, values: Mapping[str, Any]) -> Any:
    """What a row enters, of resolved values."""
    own: dict[str, Any] = {"code": code}
    for name, value in values.items():
        if value is None or name == "images":
            continue
        if name in RELATIONS:
            own[f"{name}_id"] = value.id
            if name == "unit":
                own["unit"] = value
        else:
            own[name] = value
    return LightGoods(own)


def _read(rows: "QuerySet[Goods]", names: Sequence[str]) -> Iterable[Any]:
    for row in rows.values_list(*names):
        yield LightGoods(dict(zip(names, row, strict=True)))


def locked(ids: Iterable[int]) -> list[Any]:
    """The rows with all they have, locked in the order of their ids (see
    docs/locking.md)."""
    rows = Goods.objects.select_for_update().filter(among("pk", ids)).order_by("pk")
    return list(_read(rows, _NAMES))


def _is_plain(code: str) -> bool:
    """No letter but A to Z has capitals: every database agrees on them."""
    return code.isascii() or all(c.isascii() or c.upper() == c.lower() for c in code)


def find(codes: Sequence[str]) -> dict[str, Any]:
    """{code in capitals: goods} of those there are, with one query."""
    plain = sorted({code.upper() for code in codes if _is_plain(code)})
    found: dict[str, Any] = {}
    if plain:
        rows = Goods.objects.filter(among(Upper("code"), plain))
        found = {goods.code.upper(): goods for goods in _read(rows, _SEEN)}
    # the database's own capitals for letters on which it may think otherwise
    others = [Upper(Value(code)) for code in codes if not _is_plain(code)]
    if others:
        rows = Goods.objects.alias(capitals=Upper("code")).filter(capitals__in=others)
        found |= {goods.code.upper(): goods for goods in _read(rows, _SEEN)}
    return found
