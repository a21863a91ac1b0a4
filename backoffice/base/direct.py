"""The short way in for everything that needs no session.

The storefront's API, pictures and health are asked for far more often than the admin,
and none of them may depend on a session. They are answered here, in front of sessions,
users, messages and the form guard, which would cost more than the answer itself; a
cookie that a browser sends along therefore cannot give an API call anybody's rights.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import resolve

from backoffice.base.api import door

Answer = Callable[[HttpRequest], HttpResponseBase]


class DirectMiddleware:
    """Serves API, media and health itself and lets everything else pass."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response
        self.plain = ("/healthz", "/readyz", settings.MEDIA_URL)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        path = request.path_info
        if path.startswith("/api/") or path == "/api":
            return door.answer(request)
        if path.startswith(self.plain):
            match = resolve(path)
            request.resolver_match = match
            response: HttpResponseBase = match.func(
                request, *match.args, **match.kwargs
            )
            return response
        return self.get_response(request)
