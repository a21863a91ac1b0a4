"""What is wrong with a field, in the words of the reader."""

from typing import Any

from django.utils.translation import gettext_lazy as _

#: kinds of fault of pydantic, and our own (see `schemas`) → what to do about it
_WORDS = {
    "missing": _("Is required."),
    "extra_forbidden": _("Is not known here."),
    "whole_number": _("Must be a whole number."),
    "int_type": _("Must be a whole number."),
    "int_parsing": _("Must be a whole number."),
    "int_from_float": _("Must be a whole number."),
    "int_parsing_size": _("Is too large."),
    "flag": _("Must be true or false."),
    "bool_type": _("Must be true or false."),
    "bool_parsing": _("Must be true or false."),
    "string_type": _("Must be text."),
    "string_too_short": _("Must have at least %(min_length)s characters."),
    "string_too_long": _("Must have at most %(max_length)s characters."),
    "greater_than": _("Must be more than %(gt)s."),
    "greater_than_equal": _("Must be at least %(ge)s."),
    "less_than": _("Must be less than %(lt)s."),
    "less_than_equal": _("Must be at most %(le)s."),
    "literal_error": _("Must be one of: %(expected)s."),
    "enum": _("Must be one of: %(expected)s."),
    "list_type": _("Must be a list."),
    "too_short": _("Must have at least %(min_length)s entries."),
    "too_long": _("Must have at most %(max_length)s entries."),
    "dict_type": _("Must be an object."),
    "model_type": _("Must be an object."),
    "model_attributes_type": _("Must be an object."),
    "decimal_type": _("Must be a number."),
    "decimal_parsing": _("Must be a number."),
    "decimal_max_places": _("Must have at most %(decimal_places)s decimal places."),
}
_OTHER = _("Is not valid.")


def words_of(fault: dict[str, Any]) -> str:
    """The sentence for one fault as pydantic reports it."""
    words = str(_WORDS.get(fault["type"], _OTHER))
    context = {
        name: value.replace("'", "").replace(" or ", ", ")
        if name == "expected"
        else value
        for name, value in fault.get("ctx", {}).items()
    }
    return words % context
