"""The demo's sign-in: chosen by DEMO_ADMIN_PASSWORD, or made once and kept.

A made one stands in `var/demo_admin_password`, readable by this user only. Passwords
are told on the terminal and nowhere else.
"""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from django.contrib.auth.hashers import make_password
from django.db import transaction

from backoffice.accounts.models import User
from backoffice.oplog.record import record

ADMIN = "admin"
#: letters and digits that nobody takes for one another
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class SignIn:
    """What the terminal says: a password that we made, or where it comes from."""

    password: str
    told_as: str


def made_password() -> str:
    """12 characters in three groups, easy to type."""
    return "-".join(
        "".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(3)
    )


def settle(chosen: str, kept_in: Path, usernames: list[str]) -> SignIn:
    """Make sure that the demo's people can sign in; gives what to tell.

    `chosen` (DEMO_ADMIN_PASSWORD) is set wherever it is not the password already.
    Without it the made one stays; where the admin has changed it since, so does that.
    """
    admin = User.objects.get(username=ADMIN)
    if chosen:
        if not admin.check_password(chosen):
            _set(chosen, [ADMIN, *usernames])
        kept_in.unlink(missing_ok=True)
        return SignIn(chosen, "the one in DEMO_ADMIN_PASSWORD")
    if kept_in.is_file():
        kept = kept_in.read_text(encoding="utf-8").strip()
        if admin.check_password(kept):
            return SignIn(kept, kept)
    if admin.has_usable_password():
        return SignIn("", "as set before (DEMO_ADMIN_PASSWORD=… sets another)")
    made = made_password()
    _set(made, [ADMIN, *usernames])
    _keep(made, kept_in)
    return SignIn(made, made)


@transaction.atomic
def _set(password: str, usernames: list[str]) -> None:
    # one hash for all: it is one password, and hashing is slow on purpose
    User.objects.filter(username__in=usernames).update(password=make_password(password))
    record(by=None, action="demo.password_set")


def _keep(password: str, path: Path) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f"{password}\n")
    draft.replace(path)
