"""Sign-in by name and password, with every guard in front of it."""

import contextlib
from hashlib import sha256

from django.contrib.auth import authenticate
from django.contrib.auth.signals import user_logged_in
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from ninja.errors import Throttled

from backoffice.accounts import lockout
from backoffice.accounts.api import limits
from backoffice.accounts.models import User
from backoffice.base.api import throttling
from backoffice.base.api.errors import Refused
from backoffice.oplog.record import record

#: seconds for which an address where an account was let in is known
KNOWN = 30 * 24 * 3600


@sensitive_variables()
def sign_in(request: HttpRequest, account: str, password: str) -> User:
    """The person. Raises Refused, Throttled.

    Failures lock the account for this address (django-axes, together with the admin).
    Failures from many addresses close it, for minutes, to addresses where it was never
    let in; so nobody can keep its owner out.
    """
    limits.login_by_address(request)
    subject = lockout.account_key(request, {"username": account})
    known = _known_key(subject, lockout.address_key(request))
    is_known = _is_known(known)
    if not is_known:
        throttling.require(lockout.FAILURES, subject)
    user = authenticate(
        request, username=account, password=password, even_disabled=True
    )
    if user is None:
        _refuse(request, account, subject, is_known=is_known)
    assert isinstance(user, User)  # noqa: S101 - our backend gives no other
    if not user.is_active:
        record(by=None, action="session.failed", target=user)
        raise Refused(
            "account_disabled",
            _("This account is switched off. Please ask the shop."),
        )
    user_logged_in.send(sender=User, request=request, user=user)
    _make_known(known)
    return user


def came_in(request: HttpRequest, user: User) -> None:
    """Remember where the account was let in without a password (registered, by WeChat,
    by a refresh token): failures elsewhere do not keep its owner out there."""
    _make_known(_known_key(lockout.key_of(user), lockout.address_key(request)))


def _refuse(
    request: HttpRequest, account: str, subject: str, *, is_known: bool
) -> None:
    if getattr(request, "axes_locked_out", False):
        raise Throttled(wait=lockout.seconds_left(request, {"username": account}))
    if not is_known:
        throttling.hit(lockout.FAILURES, subject)
    raise Refused("bad_credentials", _("The account or the password is wrong."))


def _known_key(subject: str, address: str) -> str:
    digest = sha256(f"{subject}@{address}".encode()).hexdigest()[:32]
    return f"known-address:{digest}"


def _is_known(key: str) -> bool:
    try:
        return bool(cache.get(key))
    except Exception:  # whatever the cache's library raises: then it is not known
        return False


def _make_known(key: str) -> None:
    # where the cache is away it stays unknown; the limits tell of that
    with contextlib.suppress(Exception):
        cache.set(key, 1, KNOWN)
