"""What django-ninja lets pass and the contract refuses: unknown and repeated query
parameters, bytes that are no text, bodies of another kind, JSON that is not quite JSON."""

import inspect
import json
from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from typing import Any
from urllib.parse import unquote_to_bytes

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja.operation import Operation
from ninja.parser import Parser

from backoffice.base.api.errors import Refused, invalid

Run = Callable[..., HttpResponse]

#: names in all objects of a body; no call takes half as many. Each that is unknown is a
#: fault with its own words, so a body of nothing but names would keep a process busy
MOST_NAMES = 1000

#: where a body is read from → the content type that it must have
_BODY_TYPES = {
    "body": "application/json",
    "form": "application/x-www-form-urlencoded",
    "file": "multipart/form-data",
}


def strict(run: Run) -> Run:
    """Decorator of every operation (mode "view"): checks before anything is parsed."""
    operation = getattr(inspect.unwrap(run), "__self__", None)
    if not isinstance(operation, Operation):
        raise ImproperlyConfigured(
            f"{run} is decorated without functools.wraps; its operation is not known."
        )
    names: set[str] = set()
    lists: set[str] = set()
    bodies: set[str] = set()
    for model in operation.models:
        source = model.__ninja_param_source__
        if source == "query":
            names.update(model.__ninja_flatten_map__)  # type: ignore[attr-defined]
            lists.update(model.__ninja_collection_fields__)  # type: ignore[attr-defined]
        elif source in _BODY_TYPES:
            bodies.add(_BODY_TYPES[source])
    if "multipart/form-data" in bodies:
        bodies = {"multipart/form-data"}

    @wraps(run)
    def checked(request: HttpRequest, **path: Any) -> HttpResponse:
        if request.META.get("QUERY_STRING"):
            _check_query(request, names, lists)
        if bodies:
            _check_kind(request, bodies)
        return run(request, **path)

    return checked


def _check_query(request: HttpRequest, names: set[str], lists: set[str]) -> None:
    try:
        unquote_to_bytes(request.META["QUERY_STRING"].encode("latin-1")).decode("utf-8")
    except UnicodeError:
        raise Refused("invalid", _("The address is not UTF-8 text.")) from None
    faults = []
    for name, values in request.GET.lists():
        if name not in names:
            faults.append((name, _("Is not known here.")))
        elif len(values) > 1 and name not in lists:
            faults.append((name, _("Is given more than once.")))
        elif any("\0" in value for value in values):
            faults.append((name, _("Contains characters that cannot be seen.")))
    if faults:
        raise invalid(faults)


def _check_kind(request: HttpRequest, kinds: set[str]) -> None:
    given = request.content_type or ""
    if not given and request.META.get("CONTENT_LENGTH") in (None, "", "0"):
        return  # no body at all: the schema says what is missing
    charset = (request.content_params or {}).get("charset", "utf-8").lower()
    if given not in kinds or charset not in ("utf-8", "utf8"):
        raise Refused(
            "unsupported_media",
            _("Send the body as %(kinds)s in UTF-8.") % {"kinds": ", ".join(kinds)},
        )


class StrictParser(Parser):
    """JSON to the letter: no NaN, no name twice, no text that a database cannot keep."""

    def parse_body(self, request: HttpRequest) -> Any:
        """What the body holds; raises Refused with the reason."""
        try:
            value = json.loads(
                request.body.decode("utf-8"),
                object_pairs_hook=_Objects(),
                parse_constant=_no_constant,
            )
            for text in _texts(value):
                if "\0" in text:
                    raise ValueError("NUL")
                text.encode("utf-8")
        except (ValueError, RecursionError):
            raise Refused(
                "invalid",
                _("The body is not valid JSON."),
                data=[{"field": "body", "message": _("Is not valid JSON.")}],
            ) from None
        return value


class _Objects:
    """Makes the objects of one body: each name once, and not too many in all."""

    def __init__(self) -> None:
        self.names = 0

    def __call__(self, pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        self.names += len(pairs)
        if self.names > MOST_NAMES:
            raise Refused("too_large", _("The request is too large."))
        result: dict[str, Any] = {}
        for name, value in pairs:
            if name in result:
                raise ValueError("a name stands twice")
            result[name] = value
        return result


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _texts(value: Any) -> Iterator[str]:
    """Every name and text inside, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for entry in value:
            yield from _texts(entry)
    elif isinstance(value, dict):
        for name, entry in value.items():
            yield name
            yield from _texts(entry)
