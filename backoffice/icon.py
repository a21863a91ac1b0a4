"""`/favicon.ico`, which browsers ask for without being told."""

from functools import cache

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse


@cache
def _bytes() -> bytes:
    return (
        settings.BASE_DIR / "static" / "backoffice" / "img" / "favicon.ico"
    ).read_bytes()


@login_not_required
def favicon(request: HttpRequest) -> HttpResponse:
    """The icon of the shop."""
    answer = HttpResponse(_bytes(), content_type="image/x-icon")
    answer["Cache-Control"] = "public, max-age=86400"
    return answer
