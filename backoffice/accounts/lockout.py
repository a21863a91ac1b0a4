"""How django-axes counts failures and what somebody who is locked out sees."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from backoffice.accounts.backends import find_user
from backoffice.base.text import half_width


def account_key(request: HttpRequest | None, credentials: dict | None = None) -> str:
    """One key for an account, whichever of its three names was typed.

    Otherwise each name would give a guesser tries of its own.
    """
    given = (credentials or {}).get("username")
    if given is None and request is not None:
        given = request.POST.get("username")
    typed = half_width(str(given or ""))[:254]
    user = find_user(typed) if typed else None
    return f"user:{user.pk}" if user else f"typed:{typed.lower()[:100]}"


def locked_out(
    request: HttpRequest,
    response: HttpResponse | None = None,
    credentials: dict | None = None,
    *args: Any,
    **kwargs: Any,
) -> HttpResponse:
    """The page for too many failures, the same for accounts that do not exist."""
    return render(request, "admin/locked_out.html", status=429)
