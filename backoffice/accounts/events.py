"""Sign-ins, failures, lock-outs and sign-outs, written to the operation log.

By Django's signals: this only keeps record, no business follows from it.
"""

from typing import Any

from django.contrib.auth.signals import (
    user_logged_in,
    user_logged_out,
    user_login_failed,
)
from django.http import HttpRequest

from backoffice.accounts.backends import find_user, typed_account
from backoffice.accounts.models import User
from backoffice.oplog.record import MASK, record


def connect() -> None:
    """Listen; called when the apps are ready.

    django-axes stands before us in INSTALLED_APPS, so it has counted a failure when
    ours is called, and the request says whether the account is locked.
    """
    for signal, receiver in (
        (user_logged_in, _signed_in),
        (user_login_failed, _failed),
        (user_logged_out, _signed_out),
    ):
        signal.connect(receiver, dispatch_uid=f"accounts.events.{receiver.__name__}")


def masked_account(typed: str) -> str:
    """Its first character: what belongs to nobody may be a password."""
    return f"{typed_account(typed)[:1]}{MASK}"


def _signed_in(sender: Any, user: User, **kwargs: Any) -> None:
    record(by=user, action="session.signed_in", target=user)


def _signed_out(sender: Any, user: User | None, **kwargs: Any) -> None:
    if user is not None:
        record(by=user, action="session.signed_out", target=user)


def _failed(
    sender: Any,
    credentials: dict[str, Any],
    request: HttpRequest | None = None,
    **kwargs: Any,
) -> None:
    is_locked = getattr(request, "axes_locked_out", False)
    if is_locked and getattr(request, "axes_failures_since_start", None) is None:
        # turned away without a look at the password: the lock-out was logged
        return
    typed = str(credentials.get("username") or "")
    user = find_user(typed)
    words = {} if user else {"account": masked_account(typed)}
    record(by=None, action="session.failed", target=user, **words)
    if is_locked:
        record(by=None, action="session.locked", target=user, **words)
