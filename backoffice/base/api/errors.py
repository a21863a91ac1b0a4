"""Every exception as an answer in the envelope: the fitting status, no stack trace."""

import logging
import math
from functools import singledispatch
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext as _
from ninja.errors import (
    AuthenticationError,
    AuthorizationError,
    HttpError,
    Throttled,
    ValidationError,
)

from backoffice.base.api.envelope import failure
from backoffice.base.api.wording import words_of
from backoffice.base.errors import DomainError, FieldErrors

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.utils.functional import Promise

logger = logging.getLogger("backoffice.api")

#: faults that one answer names; whoever makes more is not helped by more
MOST_FAULTS = 100


class Refused(Exception):
    """A request that the door itself refuses, before any verb is called."""

    def __init__(
        self,
        slug: str,
        message: "str | Promise",
        *,
        data: Any = None,
    ) -> None:
        super().__init__(message)
        self.slug = slug
        self.message = message
        self.data = data


def invalid(faults: "Iterable[tuple[str, str | Promise]]") -> Refused:
    """The refusal of a request whose named fields are wrong."""
    return Refused(
        "invalid",
        _("The request is not valid; data names the fields."),
        data=[
            {"field": name[:100], "message": str(words)}
            for name, words in islice(faults, MOST_FAULTS)
        ],
    )


@singledispatch
def answer_for(error: Exception, request: HttpRequest) -> HttpResponse:
    """The answer for an exception; what nobody foresaw is logged and becomes a 500."""
    # Sentry and the test client hear of it as they hear of Django's own 500
    got_request_exception.send(sender=None, request=request)
    logger.error("%s %s failed", request.method, request.path, exc_info=error)
    return failure(
        "unavailable",
        _("Something went wrong in the shop. Try again later."),
        status=500,
    )


@answer_for.register
def _refused(error: Refused, request: HttpRequest) -> HttpResponse:
    return failure(error.slug, str(error.message), data=error.data)


@answer_for.register
def _domain(error: DomainError, request: HttpRequest) -> HttpResponse:
    data = error.data or None
    return failure(error.slug, str(error), status=error.http_status, data=data)


@answer_for.register
def _fields(error: FieldErrors, request: HttpRequest) -> HttpResponse:
    faults = [(name, text) for name, texts in error.errors.items() for text in texts]
    return _refused(invalid(faults), request)


@answer_for.register
def _validation(error: ValidationError, request: HttpRequest) -> HttpResponse:
    """Wrong parameters are named; what stands wrong in the path names nothing."""
    if any(fault["loc"][0] == "path" for fault in error.errors):
        return _not_found(Http404(), request)
    faults = []
    for fault in error.errors[:MOST_FAULTS]:
        # ("query", "page_size") or ("body", "<argument>", "lines", 0, "quantity")
        source, *where = fault["loc"]
        if source == "body":
            del where[0]
        faults.append((".".join(map(str, where)) or source, words_of(fault)))
    return _refused(invalid(faults), request)


@answer_for.register
def _not_found(error: Http404, request: HttpRequest) -> HttpResponse:
    return failure("not_found", _("There is nothing at this address."))


@answer_for.register
def _not_authenticated(
    error: AuthenticationError, request: HttpRequest
) -> HttpResponse:
    return failure("not_authenticated", _("Sign in first."))


@answer_for.register(AuthorizationError)
@answer_for.register(PermissionDenied)
def _forbidden(error: Exception, request: HttpRequest) -> HttpResponse:
    return failure("forbidden", _("You may not do this."))


@answer_for.register
def _throttled(error: Throttled, request: HttpRequest) -> HttpResponse:
    seconds = max(1, math.ceil(error.wait or 1))
    return failure(
        "throttled",
        _("Too many requests; try again in %(seconds)s s.") % {"seconds": seconds},
        headers={"Retry-After": str(seconds)},
    )


@answer_for.register
def _http(error: HttpError, request: HttpRequest) -> HttpResponse:
    """django-ninja wraps in it what the parser refused; calls raise `Refused`."""
    cause = error.__cause__
    return answer_for(
        cause if isinstance(cause, Exception) else Exception(error), request
    )


@answer_for.register
def _too_large(error: RequestDataTooBig, request: HttpRequest) -> HttpResponse:
    return failure("too_large", _("The request is too large."))


@answer_for.register(SuspiciousOperation)
@answer_for.register(BadRequest)
@answer_for.register(MultiPartParserError)
@answer_for.register(UnreadablePostError)
def _unreadable(error: Exception, request: HttpRequest) -> HttpResponse:
    return failure("invalid", _("The request cannot be read."))


@answer_for.register(OperationalError)
@answer_for.register(InterfaceError)
def _database(error: Exception, request: HttpRequest) -> HttpResponse:
    """The database is away, locked or overloaded: worth another try."""
    logger.error("%s %s: no database", request.method, request.path, exc_info=error)
    return failure(
        "unavailable",
        _("The shop cannot be reached just now. Try again in a moment."),
        headers={"Retry-After": "5"},
    )
