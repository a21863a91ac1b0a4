"""What a row of the goods' sheets would do to a goods, and whether it may.

One function sets a row's values on a goods (`set_values`); the preview calls it on what
it has read and the import calls it again on what it has locked, so both say the same.
The rules are those of editing by hand: `catalog.editing`, `pricing`, `validation`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from backoffice.base.errors import DomainError, FieldErrors
from backoffice.sheets.definitions import CLEAR
from backoffice.sheets.errors import CellError
from catalog import changes, editing, pricing, validation
from catalog.enums import GoodsStatus, SellingUnit
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


def resolved(values: Mapping[str, Any], words: Words) -> tuple[dict[str, Any], list]:
    """The values with rows in place of names; what cannot be found is an error."""
    ready = dict(values)
    errors = []
    for name in RELATIONS:
        word = values.get(name, CLEAR)
        if word is CLEAR:
            continue
        try:
            ready[name] = words.find(
                name,
                word,
                is_weighed=name == "unit" and values.get("is_weighed") is True,
            )
        except CellError as error:
            del ready[name]
            errors.append((name, str(error)))
    for name, value in values.items():
        if value is CLEAR:
            ready[name] = _EMPTY.get(name)
    return ready, errors


def resolved_again(
    asked: dict[str, Any], words: Words
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """As `resolved`, for values that were kept: None is an emptied field."""
    kept = {name: value for name, value in asked.items() if value is not None}
    values, errors = resolved(kept, words)
    values |= {name: None for name in asked if name not in kept}
    return values, errors


def written(goods: Any, name: str, words: Words) -> Any:
    """A field as the sheet writes it: relations by their name."""
    if name in RELATIONS:
        return words.name(name, getattr(goods, f"{name}_id"))
    return getattr(goods, name)


def set_values(
    goods: Any,
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


def _set_all(goods: Any, values: Mapping[str, Any]) -> dict[str, Any]:
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


def _consider(goods: Any, asked: Mapping[str, Any], by: "User", effect: Effect) -> None:
    try:
        effect.prices = pricing.consider(goods, by=by, **asked)
        pricing.refuse_free(goods, effect.prices)
    except FieldErrors as refusal:
        _note(effect, refusal.errors)
    except DomainError as refusal:
        effect.errors += [(name, str(refusal)) for name in asked]


def _pictures(
    goods: Any, new: str | None, by: "User", galleries: Galleries, effect: Effect
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


def _permit(goods: Any, touched: Sequence[str], by: "User", effect: Effect) -> None:
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
    goods: Any, old: Mapping[str, Any], prices: pricing.Change, words: Words
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
