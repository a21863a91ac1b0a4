"""Planning the rows of a goods sheet, a thousand at a time."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from backoffice.base.text import half_width
from backoffice.sheets.cells import shown
from backoffice.sheets.definitions import CLEAR, Checker, Options, Planned, Row
from backoffice.sheets.enums import Outcome
from catalog import editing, validation
from catalog.resources.galleries import Galleries, wanted
from catalog.resources.light import draft, find
from catalog.resources.merging import Base, bases_of, put_away
from catalog.resources.planning import (
    ATTNAMES,
    REQUIRED,
    resolved,
    set_values,
    waiting,
)
from catalog.resources.words import RELATIONS, Words

if TYPE_CHECKING:
    from backoffice.accounts.models import User

#: so many values of fields that were found right are remembered
REMEMBERED = 50_000
#: a code whose first zeros a spreadsheet dropped is looked for with so many of them
DROPPED = 4
#: columns whose values have rules of their own
_OWN = ATTNAMES.keys() - set(RELATIONS)


def _without_zeros(rows: Iterable[Row]) -> dict[str, str]:
    """{code of digits: the code of a goods that has zeros before it}."""
    asked: dict[str, str] = {}
    for row in rows:
        code = row.values.get("code", "")
        if code.isascii() and code.isdigit() and not code.startswith("0"):
            for zeros in range(1, DROPPED + 1):
                asked["0" * zeros + code] = code
    found = find(list(asked)) if asked else {}
    return {asked[code]: code for code in found if code in asked}


class GoodsChecker(Checker):
    """Plans the rows of a goods sheet."""

    def __init__(self, by: "User", options: Options) -> None:
        super().__init__(by, options)
        self.words = Words(create=options.create_missing)
        self.galleries = Galleries()
        self._rows: dict[int | str, int] = {}
        self._right: set[tuple[str, Any]] = set()
        self._zeros: dict[str, str] = {}
        self._may_enter = by.has_perm("catalog.add_goods")
        self._may_see_cost = by.has_perm("catalog.view_cost")

    def missing(self) -> dict[str, list[str]]:
        return self.words.missing

    def plan(self, rows: Sequence[Row]) -> list[Planned]:
        codes = [row.values["code"] for row in rows if "code" in row.values]
        # a code typed in full-width letters means the plain one, unless it is there
        plain = {code: half_width(code) for code in codes}
        known = find([*plain, *(half for code, half in plain.items() if half != code)])
        pairs = [(row, self._goods(row, known, plain)) for row in rows]
        self._zeros = _without_zeros(row for row, goods in pairs if goods is None)
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
        self, row: Row, known: Mapping[str, Any], plain: Mapping[str, str]
    ) -> Any:
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

    def _change(self, row: Row, goods: Any, base: "Base | None") -> Planned:
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

    def _create(self, row: Row, plain: Mapping[str, str], again: Any) -> Planned:
        """A new goods; `again` is the one that an undo put away under this code."""
        code = row.values.get("code", "")
        code = again.code if again else plain.get(code, code)
        planned = Planned(row, Outcome.NEW, key=code, title=row.values.get("name", ""))
        if again is not None:
            planned.target, planned.seen_at = again.pk, again.updated_at
        if not code:
            return planned
        self._refuse_twice(row, code.upper())
        if not self._may_enter:
            row.refuse(
                "code",
                _("There is no goods %(code)s, and you may not enter new ones.")
                % {"code": shown(code)},
            )
            return planned
        if code in self._zeros:
            row.refuse(
                "code",
                _(
                    "There is no goods %(code)s, but one %(other)s: the spreadsheet "
                    "program dropped its zeros. Format the column as text."
                )
                % {"code": shown(code), "other": shown(self._zeros[code])},
            )
            return planned
        refused = {column for column, _message in row.errors}
        self._require(row, code, refused)
        values, errors = resolved(row.values, self.words)
        row.errors += errors
        row.errors += self._errors_of_new(
            code, values, refused | {column for column, _message in errors}
        )
        row.errors += [
            ("images", message)
            for message in self.galleries.errors(again, values.get("images"))
        ]
        planned.changes = {
            name: (None, value)
            for name, value in row.values.items()
            if value is not CLEAR and (name in ATTNAMES or name == "images")
        }
        return planned

    def _errors_of_new(
        self, code: str, values: Mapping[str, Any], refused: set[str]
    ) -> list[tuple[str, str]]:
        """(column, message) of what is wrong with a new goods, beyond `refused`."""
        errors = [("code", message) for message in validation.wrong("code", code)]
        if "cost" in values and not self._may_see_cost:
            errors.append(("cost", _("You may not set costs.")))
        for name, value in values.items():
            if name in _OWN and value is not None and name not in refused:
                errors += [(name, message) for message in self._wrong(name, value)]
        return errors + [
            (name, message)
            for name, message in validation.misfits(draft(code, values))
            # what is missing was said before
            if name not in refused and not (name in REQUIRED and name not in values)
        ]

    def _wrong(self, name: str, value: Any) -> list[str]:
        """As `validation.wrong`, remembering what was right: sheets repeat themselves."""
        known = (name, value)
        if known in self._right:
            return []
        messages = validation.wrong(name, value)
        if not messages and len(self._right) < REMEMBERED:
            self._right.add(known)
        return messages
