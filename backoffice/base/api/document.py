"""The OpenAPI document: what django-ninja makes, told as the API really answers."""

import json
import re
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from ninja.openapi.schema import REF_TEMPLATE

from backoffice.base.api.envelope import CODES
from backoffice.base.api.schemas import Failure

Json = dict[str, Any]

_ANY_FAILURE = gettext_noop(
    "Any other refusal: what does not exist (404, 405), a body that is not taken (413, "
    "415), too many requests (429, with Retry-After), a fault of the shop (500, 503)."
)
_EXAMPLE = {
    "code": CODES["not_found"],
    "error": "not_found",
    "msg": gettext_noop("There is nothing at this address."),
    "data": None,
}
_STATUSES = {
    "OK": gettext_noop("Success"),
    "Created": gettext_noop("Created"),
    "Bad Request": gettext_noop("Parameters or body are not valid; data names them."),
    "Unauthorized": gettext_noop("Nobody is signed in, or the token has ended."),
    "Forbidden": gettext_noop("This account may not do it."),
    "Not Found": gettext_noop("It does not exist."),
    "Conflict": gettext_noop("A rule of the shop refuses it."),
}
_FOR_PEOPLE = ("title", "description", "summary", "msg", "message")
_REF = re.compile(re.escape(REF_TEMPLATE.format(model="")) + r"(\w+)")


def finished(made: Any) -> Json:
    """The document with every refusal described, in the language of the request."""
    schemas = made["components"]["schemas"]
    failure = Failure.model_json_schema(mode="serialization", ref_template=REF_TEMPLATE)
    schemas.update(failure.pop("$defs"))
    schemas["Failure"] = failure
    for methods in made["paths"].values():
        for operation in methods.values():
            _finish_operation(operation)
    del made["servers"]
    used = _used(made["paths"], schemas)
    for schema in schemas.values():
        schema.pop("description", None)  # a docstring, for those who read the code
    made["components"]["schemas"] = {
        name: schemas[name] for name in sorted(schemas) if name in used
    }
    result: Json = _in_words(dict(made))
    return result


def _finish_operation(operation: Json) -> None:
    for parameter in operation.get("parameters", []):
        parameter["schema"] = _parameter(parameter["schema"])
        # a list of them is for schemas; a parameter has one, or a map
        for example in parameter.pop("examples", [])[:1]:
            parameter["example"] = example
    for response in operation["responses"].values():
        description = response["description"]
        response["description"] = _STATUSES.get(description, description)
    schema = {"$ref": REF_TEMPLATE.format(model="Failure")}
    operation["responses"]["default"] = {
        "description": _ANY_FAILURE,
        "content": {"application/json": {"schema": schema, "example": _EXAMPLE}},
    }


def _parameter(schema: Json) -> Json:
    """A parameter may be left out, but no text in an address means null."""
    plain = {
        name: value
        for name, value in schema.items()
        if name not in ("anyOf", "description") and (name, value) != ("default", None)
    }
    for choice in schema.get("anyOf", []):
        if choice != {"type": "null"}:
            plain |= choice
    return plain


def _used(paths: Json, schemas: Json) -> set[str]:
    """Names of the schemas that the paths reach, however indirectly."""
    used: set[str] = set()
    waiting = set(_REF.findall(json.dumps(paths)))
    while waiting:
        name = waiting.pop()
        used.add(name)
        waiting |= set(_REF.findall(json.dumps(schemas[name]))) - used
    return used


def _in_words(part: Any, name: str = "") -> Any:
    """A copy in the reader's language, without the titles that only repeat names."""
    if isinstance(part, dict):
        return {
            key: _in_words(value, key)
            for key, value in part.items()
            if key != "title" or name in ("info", "properties")
        }
    if isinstance(part, list):
        return [_in_words(value) for value in part]
    if isinstance(part, str) and part and name in _FOR_PEOPLE:
        return _(part)
    return part
