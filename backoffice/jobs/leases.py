"""One worker at a time for a key, across processes, hosts and both databases.

A lease is a row. It is taken, renewed and given back by single UPDATEs whose WHERE says
what must hold, and the database's own clock says when it is over, so neither two
workers nor two clocks can disagree about who has it. Whoever dies loses it when its
time is over, or before where somebody saw it (`jobs.recovery`).
"""

import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models.functions import Now

from backoffice.jobs import processes
from backoffice.jobs.models import Lease

#: how long a lease lasts unless it is renewed; less than the broker's `retry`, so that
#: the redelivered task of a dead worker finds it free
SECONDS = 60
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class LeaseLost(Exception):
    """The lease ran out and another has taken it; what was begun must not be written."""


@dataclass(frozen=True)
class Held:
    """A lease in one's hand."""

    key: str
    holder: str
    seconds: int


def acquire(key: str, seconds: int = SECONDS) -> Held | None:
    """Take the lease, or None while somebody else has it.

    Commits at once, so never inside a transaction: rivals would wait for its end.
    """
    held = Held(key, secrets.token_hex(16), seconds)
    with transaction.atomic(durable=True):
        Lease.objects.bulk_create(
            [Lease(key=key, holder="", expires_at=_LONG_AGO)], ignore_conflicts=True
        )
        taken = Lease.objects.filter(key=key, expires_at__lte=Now()).update(
            holder=held.holder, expires_at=_until(seconds), process=processes.mark()
        )
    return held if taken else None


def renew(held: Held) -> None:
    """Keep the lease for its full time from now on; raises LeaseLost.

    Inside a transaction it is a fence as well: nobody can take the lease before the
    transaction ends, and with LeaseLost nothing of it is written.
    """
    # one that ran out but was taken by nobody is still ours
    kept = Lease.objects.filter(key=held.key, holder=held.holder).update(
        expires_at=_until(held.seconds)
    )
    if not kept:
        raise LeaseLost(held.key)


def release(held: Held) -> None:
    """Give the lease back; nothing happens where it is another's by now."""
    Lease.objects.filter(key=held.key, holder=held.holder).update(expires_at=_LONG_AGO)


def free(marks: Collection[str]) -> None:
    """Take the leases of processes that are gone away from them."""
    Lease.objects.filter(process__in=marks).update(holder="", expires_at=_LONG_AGO)


@contextmanager
def holding(key: str, seconds: int = SECONDS) -> Iterator[Held | None]:
    """The lease inside the block, or None where somebody else has it."""
    held = acquire(key, seconds)
    try:
        yield held
    finally:
        if held:
            release(held)


def sweep() -> int:
    """Delete the rows of leases that ran out more than a day ago; gives their number."""
    old = Lease.objects.filter(expires_at__lt=Now() - timedelta(days=1))
    return old.delete()[0]


def _until(seconds: int) -> object:
    return Now() + timedelta(seconds=seconds)
