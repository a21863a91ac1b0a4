"""The rules within one goods' row, for forms and sheets alike; no database."""

import re
from collections.abc import Callable, Collection
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext as _

from backoffice.base.money import MAX_PRICE, plain, round_cost
from backoffice.base.text import is_rewritten, many_lines, one_line
from catalog.models import Goods

Errors = dict[str, list[str]]
_RELATIONS = {"category", "brand", "unit", "case_unit"}
_FIELDS = {
    field.name: field for field in Goods._meta.fields if field.name not in _RELATIONS
}


def tidy(goods: Goods) -> None:
    """Text into its one written form (blanks, line ends, Unicode NFC), cost to its
    places; what is not a number is left for `errors_of` to name."""
    for name in ("code", "name", "spec", "origin", "barcode"):
        setattr(goods, name, one_line(getattr(goods, name) or ""))
    goods.description = many_lines(goods.description or "")
    cost = goods.cost
    if isinstance(cost, Decimal) and cost.is_finite() and abs(cost) <= MAX_PRICE:
        goods.cost = round_cost(cost)


def errors_of(goods: Goods, fields: Collection[str] | None = None) -> Errors:
    """{field: messages} of everything wrong with the row by itself.

    Field types, lengths, ranges, and how the fields fit together; of the former only
    `fields` where the rest is known to be right. Uniqueness and foreign keys are the
    database's to tell and not looked at here.
    """
    errors: Errors = {}
    if fields is None:
        try:
            goods.clean_fields(exclude=_RELATIONS)
        except ValidationError as error:
            errors = {k: list(v) for k, v in error.message_dict.items()}
    else:
        for name in _FIELDS.keys() & set(fields):
            if messages := wrong(name, getattr(goods, name)):
                errors[name] = messages
    if (fields is None or "code" in fields) and is_rewritten(goods.code):
        # no sheet could name it: there it is taken for a code that was damaged
        errors.setdefault("code", []).append(
            _("A spreadsheet made this of a long code; type the code itself.")
        )
    for field, message in misfits(goods):
        errors.setdefault(field, []).append(message)
    return errors


def wrong(name: str, value: Any) -> list[str]:
    """What is wrong with the value of one field by itself; relations are not."""
    field = _FIELDS.get(name)
    if field is None or (field.blank and value in field.empty_values):
        return []
    if type(value) is str and name in _TESTS and value and _passes(name, value):
        # the field's own way takes ten times as long, and sheets have many cells
        return []
    try:
        field.clean(value, None)
    except ValidationError as error:
        return list(error.messages)
    return []


def _passes(name: str, value: str) -> bool:
    try:
        return all(test(value) for test in _TESTS[name])
    except ValidationError:
        return False


def _test(validator: Any) -> Callable[[str], bool]:
    """The validator as a plain question; where it says no, the field tells why."""
    if type(validator) is MaxLengthValidator:
        most = validator.limit_value
        return lambda value: len(value) <= most
    if type(validator) is RegexValidator and not validator.inverse_match:
        search = re.compile(validator.regex).search
        return lambda value: search(value) is not None
    # the others raise what they find
    return lambda value: validator(value) is None


_TESTS = {
    name: [_test(validator) for validator in field.validators]
    for name, field in _FIELDS.items()
    if isinstance(field, models.CharField | models.TextField) and not field.choices
}


def misfits(goods: Any) -> list[tuple[str, str]]:
    """(field, message) of what does not fit together, each value being right."""
    found = []
    if goods.category_id is None:
        found.append(("category", _("A category is needed.")))
    if goods.unit_id is None:
        found.append(("unit", _("A unit is needed.")))
    elif _off_step(goods.min_quantity, goods.unit.step):
        found.append(
            (
                "min_quantity",
                _("Must be a multiple of %(step)s, the step of %(unit)s.")
                % {"step": plain(goods.unit.step), "unit": goods.unit},
            )
        )
    if goods.case_enabled:
        if goods.case_unit_id is None:
            found.append(("case_unit", _("Selling by the case needs a case unit.")))
        if goods.case_size is None:
            found.append(("case_size", _("Selling by the case needs a case size.")))
    if (
        goods.unit_id is not None
        and goods.case_size is not None
        and _off_step(goods.case_size, goods.unit.step)
    ):
        found.append(
            (
                "case_size",
                _("Must be a multiple of %(step)s, the step of %(unit)s.")
                % {"step": plain(goods.unit.step), "unit": goods.unit},
            )
        )
    return found


def _off_step(quantity: Decimal | None, step: Decimal) -> bool:
    return (
        isinstance(quantity, Decimal) and quantity.is_finite() and quantity % step != 0
    )
