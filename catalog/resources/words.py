"""Categories, brands and units as sheets name them: looked up by set, made on demand."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _

from backoffice.oplog.record import record
from backoffice.sheets.cells import shown
from backoffice.sheets.errors import CellError
from catalog.models import Brand, Category, Unit

if TYPE_CHECKING:
    from backoffice.accounts.models import User

#: units in which things are weighed or poured: their amounts have three places
WEIGHED = {
    "斤", "公斤", "市斤", "千克", "克", "两", "吨", "升", "毫升", "磅",
    "kg", "g", "jin", "lb", "lbs", "oz", "l", "ml", "t",
}  # fmt: skip

#: the columns that name another row
RELATIONS = ("category", "brand", "unit", "case_unit")
_MODELS: dict[str, type[models.Model]] = {
    "category": Category,
    "brand": Brand,
    "unit": Unit,
    "case_unit": Unit,
}


class Words:
    """The rows that goods point at, by name without regard to case.

    With `create`, a name that is not there is taken: while planning as an unsaved row
    with a negative id, while writing (`by` given) as a new row.
    """

    def __init__(self, *, create: bool = False, by: "User | None" = None) -> None:
        self.create, self.by = create, by
        self.missing: dict[str, list[str]] = {}
        self._by_name: dict[type[models.Model], dict[str, Any]] = {}
        self._by_id: dict[type[models.Model], dict[int, Any]] = {}
        for model in set(_MODELS.values()):
            named: dict[str, Any] = model._default_manager.by_name()  # type: ignore[attr-defined]
            self._by_name[model] = named
            self._by_id[model] = {row.pk: row for row in named.values()}

    def find(self, column: str, name: str, *, is_weighed: bool = False) -> Any:
        """The row of this name; raises CellError where there is none."""
        model = _MODELS[column]
        row = self._by_name[model].get(name.lower())
        if row is not None:
            return row
        if not self.create:
            raise CellError(self._unknown(column, name))
        return self._made(column, model, name, is_weighed)

    def row(self, column: str, pk: int | None) -> Any:
        """The row of this id; None for none."""
        if pk is None:
            return None
        model = _MODELS[column]
        known = self._by_id[model]
        if pk not in known:
            # somebody created it meanwhile
            known[pk] = model._default_manager.get(pk=pk)
        return known[pk]

    def name(self, column: str, pk: int | None) -> str | None:
        """The name of this id; None for none."""
        row = self.row(column, pk)
        return None if row is None else row.name

    def _made(
        self, column: str, model: type[models.Model], name: str, is_weighed: bool
    ) -> Any:
        row = model(name=name)
        if isinstance(row, Unit) and (name.lower() in WEIGHED or is_weighed):
            row.step = Decimal("0.001")
        try:
            row.clean_fields()
        except ValidationError as error:
            raise CellError(f"{shown(name)}: {' '.join(error.messages)}") from None
        word = "unit" if column == "case_unit" else column
        if self.by is None:
            row.pk = -1 - sum(map(len, self.missing.values()))
        else:
            with transaction.atomic():
                row.save()
            record(by=self.by, action=f"{word}.created", target=row)
        self.missing.setdefault(word, []).append(name)
        self._by_name[model][name.lower()] = row
        self._by_id[model][row.pk] = row
        return row

    def _unknown(self, column: str, name: str) -> str:
        sentence = {
            "category": _("There is no category %(name)s."),
            "brand": _("There is no brand %(name)s."),
            "unit": _("There is no unit %(name)s."),
            "case_unit": _("There is no unit %(name)s."),
        }[column]
        return sentence % {"name": shown(name)}
