"""How django-axes counts failures and what somebody who is locked out sees."""

import math
from ipaddress import IPv6Address, ip_network
from typing import Any

from axes.helpers import get_cool_off
from axes.models import AccessAttempt
from axes.utils import reset
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.crypto import salted_hmac

from backoffice.accounts.backends import find_user, typed_account
from backoffice.accounts.models import User
from backoffice.base.api import throttling
from backoffice.base.api.throttling import Limit
from backoffice.base.http import address_of, client_ip

#: wrong passwords of one account from addresses where it was never let in; short, so
#: that whoever fills it keeps nobody out for long
FAILURES = Limit("failures", 20, 300)


def account_key(request: HttpRequest | None, credentials: dict | None = None) -> str:
    """One key for an account, whichever of its three names was typed.

    Otherwise each name would give a guesser tries of its own. What belongs to nobody
    is kept only as a digest: people type their password into the wrong field.
    """
    given = (credentials or {}).get("username")
    if given is None and request is not None:
        given = request.POST.get("username")
    typed = typed_account(str(given or ""))
    user = find_user(typed)
    if user is not None:
        return key_of(user)
    digest = salted_hmac("backoffice.accounts.lockout", typed.lower()).hexdigest()
    return f"typed:{digest}"


def address_key(request: HttpRequest) -> str:
    """One key for where somebody tries from.

    An IPv6 line has 2⁶⁴ addresses to try from, so its first half counts. Without an
    address (a local socket) all share one: django-axes would count nothing for none.
    """
    address = address_of(client_ip(request))
    if isinstance(address, IPv6Address):
        return str(ip_network((address, 64), strict=False).network_address)
    return str(address or "0.0.0.0")  # noqa: S104 - a key, nothing is bound


def key_of(user: User) -> str:
    """Under which failures of an account are counted."""
    return f"user:{user.pk}"


def unlock(user: User) -> None:
    """Forget the failures of an account, at every address and of all together."""
    reset(username=key_of(user))
    throttling.forget(FAILURES, key_of(user))


def seconds_left(request: HttpRequest, credentials: dict | None = None) -> int:
    """How long the account stays locked for the address of this request."""
    last = (
        AccessAttempt.objects.filter(
            username=account_key(request, credentials),
            ip_address=address_key(request),
        )
        .order_by("-attempt_time")
        .values_list("attempt_time", flat=True)
        .first()
    )
    until = (last or timezone.now()) + get_cool_off(request)
    return max(1, math.ceil((until - timezone.now()).total_seconds()))


def locked_out(
    request: HttpRequest,
    response: HttpResponse | None = None,
    credentials: dict | None = None,
    *args: Any,
    **kwargs: Any,
) -> HttpResponse:
    """The page for too many failures, the same for accounts that do not exist."""
    seconds = seconds_left(request, credentials)
    page = render(
        request,
        "admin/locked_out.html",
        {"minutes": math.ceil(seconds / 60)},
        status=429,
    )
    page["Retry-After"] = str(seconds)
    return page
