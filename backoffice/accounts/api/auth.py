"""Who asks: `auth=customer` of an operation, `caller(request)` inside it."""

from typing import Any, cast

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.security.http import HttpAuthBase

from backoffice.accounts import tokens
from backoffice.base import context

SCHEMES = ("jwt-token", "bearer")


class CustomerAuth(HttpAuthBase):
    """`Authorization: JWT-TOKEN <token>`, or `Bearer`; a session counts for nothing."""

    openapi_scheme = "bearer"
    openapi_bearerFormat = "JWT"  # noqa: N815 - its name in the document

    def __call__(self, request: HttpRequest) -> Any:
        """The principal. Raises TokenRefused."""
        scheme, _space, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() not in SCHEMES:
            raise tokens.TokenRefused(_("Sign in first."))
        principal = tokens.check(text.strip())
        context.update(user_id=principal.user_id)
        return principal


customer = CustomerAuth()


def caller(request: HttpRequest) -> tokens.Principal:
    """Who asks, in an operation with `auth=customer`."""
    return cast("tokens.Principal", request.auth)  # type: ignore[attr-defined]
