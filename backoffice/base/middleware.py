"""The request's id and log line, and the headers that every answer carries."""

import logging
import re
import time
import uuid
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.clickjacking import XFrameOptionsMiddleware

from backoffice.base import context
from backoffice.base.http import client_ip

logger = logging.getLogger("backoffice.request")
Answer = Callable[[HttpRequest], HttpResponse]

_PROBES = ("/healthz", "/readyz")
_REQUEST_ID = re.compile(r"^[A-Za-z0-9._-]{8,64}$")


class RequestContextMiddleware:
    """Gives each request an id (a proxy's `X-Request-ID` where it is plain), puts it
    into the answer and the logs, and writes one log line for each request."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _REQUEST_ID.match(given) else uuid.uuid4().hex
        means = "api" if request.path.startswith("/api/") else "admin"
        began = time.perf_counter()
        with context.using(
            request_id=request_id, ip=client_ip(request) or None, means=means
        ):
            response = self.get_response(request)
            user = getattr(request, "_cached_user", None)
            if user is not None and user.pk:
                context.update(user_id=user.pk)
            response["X-Request-ID"] = request_id
            if not request.path.startswith(f"/{settings.STATIC_URL.strip('/')}/"):
                logger.log(
                    # probes come every few seconds and would drown the rest
                    logging.DEBUG if request.path in _PROBES else logging.INFO,
                    "%s %s %s",
                    request.method,
                    request.path,
                    response.status_code,
                    extra={"ms": round((time.perf_counter() - began) * 1000, 1)},
                )
        return response


class FrameOptionsMiddleware(XFrameOptionsMiddleware):
    """Django's clickjacking guard under a path that simpleui does not know.

    django-simpleui removes `django.middleware.clickjacking.XFrameOptionsMiddleware`
    from the settings of the whole site when it starts.
    """


# No script stands inside a page, so none that somebody smuggles in runs. The vendored
# widgets of the admin (select2) set inline styles; everything else gets along without.
_ADMIN_POLICY = (
    "default-src 'self'; script-src 'self'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:{pictures}; "
    "font-src 'self' data:; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'self'"
)
_STRICT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:{pictures}; "
    "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)


class SecurityHeadersMiddleware:
    """Content-Security-Policy: strict everywhere but in the admin."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if "Content-Security-Policy" not in response:
            is_admin = request.path.startswith("/admin/")
            policy = _ADMIN_POLICY if is_admin else _STRICT_POLICY
            response["Content-Security-Policy"] = policy.format(pictures=_pictures())
        response.setdefault(
            "Permissions-Policy", "camera=(), geolocation=(), microphone=()"
        )
        return response


def _pictures() -> str:
    """Whence browsers may load pictures besides the shop: the file server."""
    url = settings.FILE_SERVER_URL and (
        settings.FILE_SERVER_PUBLIC_URL or settings.FILE_SERVER_URL
    )
    if not url:
        return ""
    parts = urlsplit(url)
    return f" {parts.scheme}://{parts.netloc}"
