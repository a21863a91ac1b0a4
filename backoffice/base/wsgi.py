"""The way from the web server into Django, closed where a header could crash it."""

from typing import Any

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.utils.http import parse_header_parameters


class Request(WSGIRequest):
    """Addresses and forms are UTF-8, whatever charset the header names.

    Django would decode the query by `Content-Type: …; charset=base64` while it makes
    the request, before anything can answer for the failure.
    """

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            kind, parameters = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
        except (LookupError, ValueError):
            kind, parameters = "", {}
        self.content_type = kind
        self.content_params = parameters


class Handler(WSGIHandler):
    """Django's handler with our request."""

    request_class = Request
