"""Serving the API: language, methods, headers, and every failure in the envelope."""

from typing import cast

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import resolve
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from backoffice.base.api.envelope import failure, success
from backoffice.base.api.errors import answer_for


def answer(request: HttpRequest) -> HttpResponse:
    """The answer to a request below /api/; raises nothing.

    The language is what the client accepts (the shop's own where it accepts neither).
    HEAD is answered as GET without the body, OPTIONS with the methods that are allowed.
    """
    language = translation.get_language_from_request(request)
    with translation.override(language):
        try:
            response = _serve(request)
        except Exception as error:
            response = answer_for(error, request)
    if response.status_code >= 400:
        response["Content-Language"] = language
        patch_vary_headers(response, ["Accept-Language"])
        response["Cache-Control"] = "no-store"
        if response.status_code == 401:
            response["WWW-Authenticate"] = 'Bearer realm="storefront"'
        # the request's own line in the log is enough for a client's mistake
        response._has_been_logged = True  # type: ignore[attr-defined]
    elif "Cache-Control" not in response:
        # what is somebody's own, and every token, is written to no disk on its way
        is_open = request.method in ("GET", "HEAD") and not hasattr(request, "auth")
        response["Cache-Control"] = "no-cache" if is_open else "no-store"
    response["Content-Length"] = str(len(response.content))
    if request.method == "HEAD":
        response.content = b""
    return response


def _serve(request: HttpRequest) -> HttpResponse:
    request.get_host()  # refuses hosts that are not ours
    match = resolve(request.path_info)
    request.resolver_match = match
    asked = request.method
    if asked == "HEAD":
        request.method = "GET"
    try:
        response = match.func(request, *match.args, **match.kwargs)
    finally:
        request.method = asked
    if isinstance(response, HttpResponseNotAllowed):
        return _by_method(asked, response)
    return cast("HttpResponse", response)


def _by_method(asked: str | None, refusal: HttpResponseNotAllowed) -> HttpResponse:
    allowed = {method.strip() for method in refusal["Allow"].split(",")} | {"OPTIONS"}
    if "GET" in allowed:
        allowed.add("HEAD")
    if asked == "OPTIONS":
        response = success(None)
    else:
        response = failure(
            "method_not_allowed",
            _("%(method)s is not possible here.") % {"method": asked},
        )
    response["Allow"] = ", ".join(sorted(allowed))
    return response
