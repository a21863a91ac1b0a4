"""What the cache knows of tokens, so that most requests need no look into the database.

The database is the record; an entry here only says "it was so less than a minute ago".
A revocation puts up a mark that sends every process to the database, before it commits
and again afterwards; whoever read the database before the commit comes too late to put
the old answer back, because an entry is only ever added where none stands, and the mark
stands for longer than such a reader is given.
"""

import logging
import time
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.cache import cache
from django.db import transaction

logger = logging.getLogger(__name__)

#: seconds for which an answer of the database may be repeated
LIFE = 60
#: seconds for which a mark stands
GUARD = 10
#: a reader who needs longer than this adds nothing
PATIENCE = 4.0
#: the value of a mark: ask the database
ASK = "ask"


def user_key(user_id: int) -> str:
    """Where the secret of a person stands who may use tokens."""
    return f"token-user:{user_id}"


def token_key(name: str) -> str:
    """Where it stands that a token or family is not revoked."""
    return f"token:{name}"


def read(keys: Iterable[str]) -> dict[str, Any]:
    """What is known, without marks; one round trip. Nothing where the cache is away."""
    try:
        found = cache.get_many(list(keys))
    except Exception as error:  # whatever the cache's library raises
        _told(error)
        return {}
    return {key: value for key, value in found.items() if value != ASK}


def remember(values: Mapping[str, Any], read_at: float) -> None:
    """Add what the database said; `read_at` is `time.monotonic()` before it was asked."""
    if time.monotonic() - read_at > PATIENCE:
        return
    try:
        for key, value in values.items():
            cache.add(key, value, LIFE)
    except Exception as error:  # whatever the cache's library raises
        _told(error)


def forget(keys: Iterable[str]) -> None:
    """Send everybody to the database: now, and again when the transaction commits.

    The second mark stands before the call that revokes is answered.
    """
    marks = dict.fromkeys(keys, ASK)
    _mark(marks)
    if transaction.get_connection().in_atomic_block:
        transaction.on_commit(lambda: _mark(marks))


def _mark(marks: dict[str, str]) -> None:
    try:
        cache.set_many(marks, GUARD)
    except Exception as error:  # whatever the cache's library raises
        _told(error)


def _told(error: Exception) -> None:
    logger.error("the cache of tokens is away: %s", type(error).__name__)
