"""Limits on how often somebody may ask, counted for all processes together.

Counted in the cache, by slots that are taken one by one: taking one is atomic in every
kind of cache, counting up is not. Where the cache is away nobody is refused; what must
not depend on it (the lock after failed passwords) stands in the database.
"""

import logging
import math
import time
from dataclasses import dataclass
from hashlib import sha256

from django.core.cache import cache
from ninja.errors import Throttled

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limit:
    """At most so many `times` in `seconds`, which begin with the first."""

    name: str
    times: int
    seconds: int


def hit(limit: Limit, subject: object) -> None:
    """Count one. Raises Throttled with the seconds to wait."""
    wait = _counted(limit, subject, take=True)
    if wait:
        raise Throttled(wait=math.ceil(wait))


def require(limit: Limit, subject: object) -> None:
    """Count nothing. Raises Throttled where the next would be too many."""
    wait = _counted(limit, subject, take=False)
    if wait:
        raise Throttled(wait=math.ceil(wait))


def forget(limit: Limit, subject: object) -> None:
    """What was counted counts no more."""
    try:
        cache.delete(_key(limit, subject))
    except Exception as error:  # whatever the cache's library raises
        logger.error("limits are not counted: %s", type(error).__name__)


def _key(limit: Limit, subject: object) -> str:
    # no address or mobile stands in a key
    digest = sha256(f"{limit.name}:{subject}".encode()).hexdigest()[:32]
    return f"limit:{digest}"


def _counted(limit: Limit, subject: object, *, take: bool) -> float:
    """How long to wait; 0 where there was room."""
    try:
        return _in_cache(limit, _key(limit, subject), take=take)
    except Exception as error:  # whatever the cache's library raises
        logger.error("limits are not counted: %s", type(error).__name__)
        return 0.0


def _in_cache(limit: Limit, key: str, *, take: bool) -> float:
    now = time.time()
    found = cache.get(key)
    if found is None:
        if not take:
            return 0.0
        cache.add(key, (now, 0), limit.seconds)
        found = cache.get(key) or (now, 0)
    began, count = found
    left = began + limit.seconds - now
    if left <= 0:
        # its end is told by the cache's clock, which may differ a little from ours
        cache.delete(key)
        return _in_cache(limit, key, take=take)
    while count < limit.times:
        if not take:
            return 0.0
        count += 1
        if cache.add(f"{key}:{began}:{count}", 1, math.ceil(left) + 1):
            cache.set(key, (began, count), max(1, math.ceil(left)))
            return 0.0
    return left
