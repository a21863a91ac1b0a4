"""What a row of the goods' sheets would do to a goods, and whether it may.

One function sets a row's values on a goods (`set_values`); the preview calls it on what
it has read and the import calls it again on what it has locked, so both say the same.
The rules are those of editing by hand: `catalog.editing`, `pricing`, `validation`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Max, Value
from django.db.models.functions import Upper
from django.utils.translation import gettext as _

from backoffice.base.errors import DomainError, FieldErrors
from backoffice.base.text import half_width
from backoffice.sheets.cells import shown
from backoffice.sheets.definitions import CLEAR, Checker, Options, Planned, Row
from backoffice.sheets.enums import Outcome
from backoffice.sheets.errors import CellError
from catalog import changes, editing, pricing, validation
from catalog.enums import GoodsStatus, Means, SellingUnit
from catalog.models import Goods
from catalog.pricing import KEEP
from catalog.resources.galleries import Galleries, wanted
from catalog.resources.words import RELATIONS, Words

if TYPE_CHECKING:
    from backoffice.accounts.models import User

REQUIRED = ("name", "category", "unit", "price")
PRICES = ("price", "case_price")
#: what a sheet may set on a goods that is there; the code only finds it
SET = [name for name in editing.SETTABLE if name != "code"]
ATTNAMES = {name: f"{name}_id" if name in RELATIONS else name for name in SET}
_DEFAULTS: Any = [field.get_default() for field in Goods._meta.concrete_fields]
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


def find(codes: Sequence[str]) -> dict[str, Goods]:
    """{code in capitals: goods} of those there are, with one query."""
    plain = {code.upper() for code in codes if code.isascii()}
    # the database's own capitals for letters on which it may think otherwise
    others = [Upper(Value(code)) for code in codes if not code.isascii()]
    found = Goods.objects.annotate(capitals=Upper("code")).filter(
        capitals__in=[*sorted(plain), *others]
    )
    return {goods.code.upper(): goods for goods in found}


def last_changes(ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """{goods id: (means, reference)} of the last row of each history."""
    newest = (
        changes.HISTORY.objects.filter(id__in=ids)
        .order_by()
        .values("id")
        .annotate(newest=Max("history_id"))
        .values("newest")
    )
    return {
        pk: (means, reference)
        for pk, means, reference in changes.HISTORY.objects.filter(
            history_id__in=newest
        ).values_list("id", "means", "reference")
    }


def put_away(many: Iterable[Goods]) -> set[int]:
    """Ids of goods that the undo of a batch archived; a sheet may enter them again."""
    archived = [g.pk for g in many if g.status == GoodsStatus.ARCHIVED]
    if not archived:
        return set()
    return {
        pk
        for pk, (means, _reference) in last_changes(archived).items()
        if means == Means.ROLLBACK
    }


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
    # known already; the rules look at its step
    goods.unit = words.row("unit", goods.unit_id)
    before = changes.snapshot(goods, [ATTNAMES[n] for n in values if n in ATTNAMES])
    seen = {name: written(goods, name, words) for name in values if name in ATTNAMES}
    for name, value in values.items():
        if name in ATTNAMES and name not in PRICES:
            _set(goods, name, value)
    touched = changes.changed(goods, before)
    _permit(goods, touched, by, effect)
    if touched and not effect.errors:
        if is_checked:
            effect.errors += validation.misfits(goods)
        else:
            _note(effect, validation.errors_of(goods, touched))
    asked = {name: values.get(name, KEEP) for name in PRICES}
    try:
        effect.prices = pricing.consider(goods, by=by, **asked)
        pricing.refuse_free(goods, effect.prices)
    except FieldErrors as refusal:
        _note(effect, refusal.errors)
    except DomainError as refusal:
        named = [n for n in PRICES if n in values and values[n] != seen[n]]
        effect.errors += [(name, str(refusal)) for name in named]
    if goods.status == GoodsStatus.ON_SALE and not effect.errors:
        _note(effect, editing.unsellable(goods, effect.prices))
    effect.changes = _changes(goods, touched, seen, effect.prices, words)
    effect.prices.apply_to(goods)
    if "images" in values:
        _pictures(goods, values["images"] or None, by, galleries, effect)
    return effect


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


def _set(goods: Goods, name: str, value: Any) -> None:
    """Set a field; of rows only their id, but for the unit, whose step is looked at."""
    if name in RELATIONS and name != "unit":
        setattr(goods, ATTNAMES[name], None if value is None else value.pk)
    else:
        setattr(goods, name, value)


def _permit(
    goods: Goods, touched: Mapping[str, Any], by: "User", effect: Effect
) -> None:
    for attname in touched:
        name = attname.removesuffix("_id")
        if attname in changes.COST_FIELDS:
            if not editing.may_edit_cost(by, goods):
                effect.errors.append((name, _("You may not set costs.")))
            continue
        try:
            editing.permit_content(by, goods, [attname])
        except DomainError as refusal:
            effect.errors.append((name, str(refusal)))


def _note(effect: Effect, errors: Mapping[str, list[str]]) -> None:
    effect.errors += [(name, m) for name, found in errors.items() for m in found]


def _changes(
    goods: Goods,
    touched: Mapping[str, Any],
    seen: Mapping[str, Any],
    prices: pricing.Change,
    words: Words,
) -> dict[str, tuple[Any, Any]]:
    found = {}
    for attname in touched:
        name = attname.removesuffix("_id")
        found[name] = (seen[name], written(goods, name, words))
    for name in PRICES:
        new = getattr(prices, name)
        if new is not KEEP:
            found[name] = (seen[name], new)
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


class GoodsChecker(Checker):
    """Plans the rows of a goods sheet."""

    def __init__(self, by: "User", options: Options) -> None:
        super().__init__(by, options)
        self.words = Words(create=options.create_missing)
        self.galleries = Galleries()
        self._rows: dict[int | str, int] = {}

    def missing(self) -> dict[str, list[str]]:
        return self.words.missing

    def plan(self, rows: Sequence[Row]) -> list[Planned]:
        codes = [row.values["code"] for row in rows if "code" in row.values]
        # a code typed in full-width letters means the plain one, unless it is there
        plain = {code: half_width(code) for code in codes}
        known = find([*plain, *(half for code, half in plain.items() if half != code)])
        pairs = [(row, self._goods(row, known, plain)) for row in rows]
        if any("images" in row.values for row in rows):
            self.galleries.load(
                [goods.pk for _row, goods in pairs if goods is not None],
                wanted(row.values for row in rows),
            )
        bases = bases_of(pairs)
        again = put_away(goods for _row, goods in pairs if goods is not None)
        return [
            self._change(row, goods, bases.get(goods.pk))
            if goods is not None and goods.pk not in again
            else self._create(row, plain, goods)
            for row, goods in pairs
        ]

    def _goods(
        self, row: Row, known: Mapping[str, Goods], plain: Mapping[str, str]
    ) -> Goods | None:
        code = row.values.get("code")
        if code is None:
            return None
        return known.get(code.upper()) or known.get(plain[code].upper())

    def _require(self, row: Row, code: str, refused: set[str]) -> None:
        """What a new goods needs: blank cells one by one, columns that the sheet lacks
        together."""
        absent = []
        for name in REQUIRED:
            if name in row.values or name in refused:
                continue
            if name in row.columns:
                row.refuse(
                    name,
                    _("There is no goods %(code)s yet; a new one needs a %(field)s.")
                    % {"code": shown(code), "field": editing.label_of(name)},
                )
            else:
                absent.append(editing.label_of(name))
        if absent:
            row.refuse(
                "code",
                _(
                    "There is no goods %(code)s yet; a new one needs columns that the "
                    "sheet lacks: %(fields)s."
                )
                % {"code": shown(code), "fields": _(", ").join(absent)},
            )

    def _refuse_twice(self, row: Row, goods: int | str) -> None:
        """Two spellings of one code, which the look at equal keys let pass."""
        earlier = self._rows.setdefault(goods, row.number)
        if earlier != row.number and not row.errors:
            row.refuse(
                "code",
                _("Row %(row)s means the same goods; a sheet names it once.")
                % {"row": earlier},
            )

    def _change(self, row: Row, goods: Goods, base: "Base | None") -> Planned:
        planned = Planned(
            row,
            Outcome.UNCHANGED,
            key=goods.code,
            title=goods.name,
            target=goods.pk,
            seen_at=goods.updated_at,
        )
        self._refuse_twice(row, goods.pk)
        values, errors = resolved(row.values, self.words)
        row.errors += errors
        if base is not None:
            planned.conflicts = base.merge(goods, values, self.words, self.galleries)
        effect = set_values(
            goods, values, by=self.by, words=self.words, galleries=self.galleries
        )
        planned.changes = effect.changes
        row.errors += effect.errors
        if effect.changes:
            planned.outcome = Outcome.CHANGED
        planned.waiting = waiting(effect.prices)
        return planned

    def _create(
        self, row: Row, plain: Mapping[str, str], again: Goods | None
    ) -> Planned:
        """A new goods; `again` is the one that an undo put away under this code."""
        code = row.values.get("code", "")
        code = again.code if again else plain.get(code, code)
        planned = Planned(row, Outcome.NEW, key=code, title=row.values.get("name", ""))
        if again is not None:
            planned.target, planned.seen_at = again.pk, again.updated_at
        if not code:
            return planned
        self._refuse_twice(row, code.upper())
        if not self.by.has_perm("catalog.add_goods"):
            row.refuse(
                "code",
                _("There is no goods %(code)s, and you may not enter new ones.")
                % {"code": shown(code)},
            )
            return planned
        refused = {column for column, _message in row.errors}
        self._require(row, code, refused)
        values, errors = resolved(row.values, self.words)
        row.errors += errors
        goods = new_goods(code, values)
        row.errors += errors_of_new(
            goods, values, self.by, refused | {c for c, _m in errors}
        )
        row.errors += [
            ("images", message)
            for message in self.galleries.errors(goods, values.get("images"))
        ]
        planned.changes = {
            name: (None, value)
            for name, value in row.values.items()
            if value is not CLEAR and (name in ATTNAMES or name == "images")
        }
        return planned


def new_goods(code: str, values: Mapping[str, Any]) -> Goods:
    """An unsaved draft with these resolved values."""
    # by position, which costs a third of it by name
    goods = Goods(*_DEFAULTS)
    goods.code = code
    for name, value in values.items():
        if name in ATTNAMES and value is not None:
            _set(goods, name, value)
    return goods


def errors_of_new(
    goods: Goods, values: Mapping[str, Any], by: "User", refused: set[str]
) -> list[tuple[str, str]]:
    """(column, message) of what is wrong with a new goods, beyond cells refused before."""
    errors = may_set_of_new(values, by)
    given = {"code", *values}
    for name, messages in validation.errors_of(goods, given).items():
        # what is missing was said before
        if name in refused or (name in REQUIRED and name not in values):
            continue
        errors += [(name, message) for message in messages]
    return errors


def may_set_of_new(values: Mapping[str, Any], by: "User") -> list[tuple[str, str]]:
    """(column, message) of what this person may not give a new goods."""
    if "cost" in values and not by.has_perm("catalog.view_cost"):
        return [("cost", _("You may not set costs."))]
    return []


# --- conflicts ------------------------------------------------------------------------


@dataclass
class Base:
    """A goods as the export saw it: what both sides are compared with.

    Its pictures are not kept in the history, only whether they were changed since.
    """

    then: Any
    pictures_moved: bool = False

    def merge(
        self, goods: Goods, values: dict[str, Any], words: Words, galleries: Galleries
    ) -> list[tuple[str, str]]:
        """Drop values that the sheet did not change; gives the cells that both did."""
        conflicts = []
        if self.pictures_moved and "images" in values:
            now_has, wants = galleries.paths(goods), values.pop("images") or None
            if now_has != wants:
                conflicts.append(("images", changed_meanwhile(now_has)))
        for name in [name for name in values if name in ATTNAMES]:
            attname = ATTNAMES[name]
            new = (
                values[name].pk if name in RELATIONS and values[name] else values[name]
            )
            now = getattr(goods, attname)
            then = getattr(self.then, attname) if self.then is not None else KEEP
            if new == then:
                del values[name]
            elif now not in (then, new):
                conflicts.append((name, changed_meanwhile(written(goods, name, words))))
                del values[name]
        return conflicts


def changed_meanwhile(now: Any) -> str:
    """The sentence for a cell that somebody changed in the shop as well."""
    return _("Meanwhile it was changed in the shop to %(now)s.") % {
        "now": shown("" if now is None else str(now))
    }


def bases_of(pairs: Sequence[tuple[Row, Goods | None]]) -> dict[int, Base]:
    """{goods id: base} where the shop went on since the sheet was exported."""
    seen_at: dict[int, datetime] = {}
    for row, goods in pairs:
        seen = row.values.get("updated_at")
        if goods is not None and isinstance(seen, datetime) and goods.updated_at > seen:
            seen_at[goods.pk] = seen
    if not seen_at:
        return {}
    bases = {pk: Base(None) for pk in seen_at}
    before: Any = None
    rows = changes.HISTORY.objects.filter(id__in=seen_at).order_by("id", "history_id")
    for then in rows.iterator(chunk_size=1000):
        base = bases[then.id]
        if then.history_date <= seen_at[then.id]:
            base.then = then
        elif before is not None and before.id == then.id:
            base.pictures_moved |= _pictures_differ(before, then)
        before = then
    return bases


def _pictures_differ(before: Any, then: Any) -> bool:
    """A change of content that shows in no other field is one of pictures."""
    others = [name for name in changes.CONTENT_FIELDS if name != "image"]
    return before.image != then.image or (
        then.content_changed
        and before.code == then.code
        and all(getattr(before, name) == getattr(then, name) for name in others)
    )
