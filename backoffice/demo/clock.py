"""A clock that the demo's past is told by; for the seeder and nobody else.

History and logs are append-only, so the past cannot be dated afterwards: while the
block runs, "now" is when the story says. The web server and the worker have not been
started then, and the block runs in one thread.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.db import models
from django.utils import timezone

#: between two looks at the clock, so that no two rows are of the same moment
_TICK = timedelta(milliseconds=41)


class Clock:
    """What time it is in the story."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def turn_to(self, at: datetime) -> None:
        """Go on to a later moment; it never goes back."""
        self._at = max(self._at, at)

    def now(self) -> datetime:
        """The moment, a little later at each look."""
        self._at += _TICK
        return self._at


@contextmanager
def story_time(start: datetime) -> Iterator[Clock]:
    """Inside the block, `timezone.now()` and all time stamps follow the clock."""
    clock, real = Clock(start), timezone.now
    stamps = _fields_stamped_by(real)
    timezone.now = clock.now  # type: ignore[assignment]
    _stamp(stamps, clock.now)
    try:
        yield clock
    finally:
        timezone.now = real
        _stamp(stamps, real)


def _fields_stamped_by(now: Any) -> list[models.Field]:
    return [
        field
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.concrete_fields
        if field.default is now
    ]


def _stamp(fields: list[models.Field], now: Any) -> None:
    for field in fields:
        field.default = now
        # Django keeps what it makes of the default
        field.__dict__.pop("_get_default", None)
