"""What a row of the goods' sheets would do to a goods, and whether it may.

One function sets a row's values on a goods (`set_values`); the preview calls it on what
it has read and the import calls it again on what it has locked, so both say the same.
The rules are those of editing by hand: `catalog.editing`, `pricing`, `validation`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import Lookup, Value
from django.db.models.functions import Upper
from django.db.models.lookups import In
from django.utils.translation import gettext as _

from backoffice.base.errors import DomainError, FieldErrors
from backoffice.sheets.definitions import CLEAR
from backoffice.sheets.errors import CellError
from catalog import changes, editing, pricing, validation
from catalog.enums import GoodsStatus, SellingUnit
from catalog.models import Goods
from catalog.pricing import KEEP
from catalog.resources.galleries import Galleries
from catalog.resources.words import RELATIONS, Words

if TYPE_CHECKING:
    from backoffice.accounts.models import User

REQUIRED = ("name", "category", "unit", "price")
PRICES = ("price", "case_price")
#: what a sheet may set on a goods that is there; the code only finds it
SET = [name for name in editing.SETTABLE if name != "code"]
ATTNAMES = {name: f"{name}_id" if name in RELATIONS else name for name in SET}
DEFAULTS = {field.attname: field.get_default() for field in Goods._meta.concrete_fields}
_DEFAULTS: Any = list(DEFAULTS.values())
_EMPTY: dict[str, Any] = {"spec": "", "origin": "", "barcode": "", "description": ""}


@dataclass
class Effect:
    """What a row's values did to a goods in memory.

    `changes`: {column: (old, new)} as the sheet writes them, prices that will wait
    included; `prices` is what `pricing` makes of the new prices.
    """

    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    prices: pricing.Change = field(default_factory=pricing.Change)
    errors: list[tuple[str, str]] = field(default_factory=list)


class AnyOf(Lookup):
    """`capitals = ANY(array)`: one parameter, and the index serves it."""

    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        left, params = self.process_lhs(compiler, connection)
        return f"{left} = ANY(%s)", [*params, self.rhs]


def _is_plain(code: str) -> bool:
    """No letter but A to Z has capitals: every database agrees on them."""
    return code.isascii() or all(c.isascii() or c.upper() == c.lower() for c in code)


def find(codes: Sequence[str]) -> dict[str, Goods]:
    """{code in capitals: goods} of those there are, with one query."""
    plain = sorted({code.upper() for code in codes if _is_plain(code)})
    found: dict[str, Goods] = {}
    if plain:
        # one array on PostgreSQL, where a thousand parameters take their time
        condition = (
            AnyOf(Upper("code"), plain)
            if connection.vendor == "postgresql"
            else In(Upper("code"), plain)
        )
        found = {goods.code.upper(): goods for goods in Goods.objects.filter(condition)}
    # the database's own capitals for letters on which it may think otherwise
    others = [Upper(Value(code)) for code in codes if not _is_plain(code)]
    if others:
        rows = Goods.objects.annotate(capitals=Upper("code"))
        found |= {
            goods.code.upper(): goods for goods in rows.filter(capitals__in=others)
        }
    return found


def resolved(values: Mapping[str, Any], words: Words) -> tuple[dict[str, Any], list]:
    """The values with rows in place of names; what cannot be found is an error."""
    ready: dict[str, Any] = {}
    errors = []
    is_weighed = values.get("is_weighed") is True
    for name, value in values.items():
        if value is CLEAR:
            ready[name] = _EMPTY.get(name)
        elif name in RELATIONS:
            try:
                ready[name] = words.find(
                    name, value, is_weighed=is_weighed and name == "unit"
                )
            except CellError as error:
                errors.append((name, str(error)))
        else:
            ready[name] = value
    return ready, errors


def resolved_again(
    asked: dict[str, Any], words: Words
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """As `resolved`, for values that were kept: None is an emptied field."""
    kept = {name: value for name, value in asked.items() if value is not None}
    values, errors = resolved(kept, words)
    values |= {name: None for name in asked if name not in kept}
    return values, errors


def written(goods: Goods, name: str, words: Words) -> Any:
    """A field as the sheet writes it: relations by their name."""
    if name in RELATIONS:
        return words.name(name, getattr(goods, f"{name}_id"))
    return getattr(goods, name)


def set_values(
    goods: Goods,
    values: Mapping[str, Any],
    *,
    by: "User",
    words: Words,
    galleries: Galleries,
    is_checked: bool = False,
) -> Effect:
    """Set resolved values on a goods as an edit by hand would; writes nothing.

    Prices are set only where they need nobody's approval. With `is_checked` each value
    was found right before, and only how they fit together is looked at. Pictures are
    compared and not set: `galleries` arranges them.
    """
    effect = Effect()
    old = _set_all(goods, values)
    touched = [name for name in old if name not in PRICES]
    _permit(goods, touched, by, effect)
    if touched and not effect.errors:
        # known already; the rules look at its step
        goods.unit = words.row("unit", goods.unit_id)
        if is_checked:
            effect.errors += validation.misfits(goods)
        else:
            _note(effect, validation.errors_of(goods, touched))
    asked = {name: values[name] for name in PRICES if name in old}
    if asked:
        _consider(goods, asked, by, effect)
    if goods.status == GoodsStatus.ON_SALE and old and not effect.errors:
        _note(effect, editing.unsellable(goods, effect.prices))
    effect.changes = _changes(goods, old, effect.prices, words)
    effect.prices.apply_to(goods)
    if "images" in values:
        _pictures(goods, values["images"] or None, by, galleries, effect)
    return effect


def _set_all(goods: Goods, values: Mapping[str, Any]) -> dict[str, Any]:
    """Set what differs, but for prices; gives {name: what was before}."""
    old: dict[str, Any] = {}
    for name, value in values.items():
        attname = ATTNAMES.get(name)
        if attname is None:
            continue
        new = value.pk if name in RELATIONS and value is not None else value
        before = getattr(goods, attname)
        if new != before:
            old[name] = before
            if name not in PRICES:
                setattr(goods, attname, new)
    return old


def _consider(
    goods: Goods, asked: Mapping[str, Any], by: "User", effect: Effect
) -> None:
    try:
        effect.prices = pricing.consider(goods, by=by, **asked)
        pricing.refuse_free(goods, effect.prices)
    except FieldErrors as refusal:
        _note(effect, refusal.errors)
    except DomainError as refusal:
        effect.errors += [(name, str(refusal)) for name in asked]


def _pictures(
    goods: Goods, new: str | None, by: "User", galleries: Galleries, effect: Effect
) -> None:
    old = galleries.paths(goods)
    if new == old:
        return
    effect.changes["images"] = (old, new)
    errors = galleries.errors(goods, new)
    try:
        editing.permit_content(by, goods, ["image"])
    except DomainError as refusal:
        errors = [str(refusal)]
    effect.errors += [("images", message) for message in errors]


def set_field(goods: Any, name: str, value: Any) -> None:
    """Set a field; of rows only their id, but for the unit, whose step is looked at."""
    if name in RELATIONS and name != "unit":
        setattr(goods, ATTNAMES[name], None if value is None else value.pk)
    else:
        setattr(goods, name, value)


def _permit(goods: Goods, touched: Sequence[str], by: "User", effect: Effect) -> None:
    for name in touched:
        if name in changes.COST_FIELDS:
            if not editing.may_edit_cost(by, goods):
                effect.errors.append((name, _("You may not set costs.")))
            continue
        try:
            editing.permit_content(by, goods, [ATTNAMES[name]])
        except DomainError as refusal:
            effect.errors.append((name, str(refusal)))


def _note(effect: Effect, errors: Mapping[str, list[str]]) -> None:
    effect.errors += [(name, m) for name, found in errors.items() for m in found]


def _changes(
    goods: Goods, old: Mapping[str, Any], prices: pricing.Change, words: Words
) -> dict[str, tuple[Any, Any]]:
    found = {}
    for name, before in old.items():
        if name in RELATIONS:
            found[name] = (words.name(name, before), written(goods, name, words))
        elif name not in PRICES:
            found[name] = (before, getattr(goods, name))
        elif (new := getattr(prices, name)) is not KEEP:
            found[name] = (before, new)
    return found


def waiting(prices: pricing.Change) -> list[tuple[str, str]]:
    """(column, why) of the prices that wait for approval; one that rides along with the
    other has no reason of its own."""
    if not prices.hits:
        return []
    why: dict[str, list[str]] = {name: [] for name in PRICES}
    for hit in prices.hits:
        name = "price" if hit.unit == SellingUnit.RETAIL else "case_price"
        why[name].append(hit.message)
    return [
        (name, "; ".join(why[name]))
        for name in PRICES
        if getattr(prices, name) not in (KEEP, None)
    ]


def new_goods(code: str, values: Mapping[str, Any]) -> Goods:
    """An unsaved draft with these resolved values."""
    # by position, which costs a third of it by name
    goods = Goods(*_DEFAULTS)
    goods.code = code
    for name, value in values.items():
        if name in ATTNAMES and value is not None:
            set_field(goods, name, value)
    return goods


def may_set_of_new(values: Mapping[str, Any], by: "User") -> list[tuple[str, str]]:
    """(column, message) of what this person may not give a new goods."""
    if "cost" in values and not by.has_perm("catalog.view_cost"):
        return [("cost", _("You may not set costs."))]
    return []
