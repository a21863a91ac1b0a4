"""What the storefront sees of the banners: those whose time it is, in their order.

The switched-on banners that are not over are kept in the process for a second; which of
them are in their time is decided anew at every look, so that a banner comes and goes at
its very moment. A change is seen at once by the process that made it and within a second
by the others; the shared cache would save nothing, as asking it costs what the table does.
"""

import time
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any

from django.core.files.storage import default_storage
from django.db.models import Q
from django.utils import timezone

from backoffice.base.api.paging import Page, numbered
from catalog.models import Banner

#: how long a process may go on with what it read
SECONDS = 1.0


@dataclass(frozen=True)
class Slide:
    """A banner as the storefront shows it, with its time window."""

    id: int
    image: str
    link: str
    starts_at: datetime | None
    ends_at: datetime | None

    def is_on(self, at: datetime) -> bool:
        """Whether it is shown at this moment."""
        return (self.starts_at is None or self.starts_at <= at) and (
            self.ends_at is None or at < self.ends_at
        )

    def as_json(self) -> dict[str, Any]:
        """As the contract writes it."""
        return {"id": self.id, "image": self.image, "link": self.link}


class _Memory:
    """What was read last, and when."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._slides: list[Slide] | None = None
        self._read_at = 0.0
        self._generation = 0

    def slides(self) -> list[Slide]:
        """What is kept, or read anew where it is too old."""
        with self._lock:
            began, generation = time.monotonic(), self._generation
            if self._slides is not None and began - self._read_at < SECONDS:
                return self._slides
        fresh = _read()
        with self._lock:
            # not where something was changed while it was read
            if generation == self._generation:
                self._slides, self._read_at = fresh, began
        return fresh

    def forget(self) -> None:
        with self._lock:
            self._slides = None
            self._generation += 1


_memory = _Memory()
#: let the next look read anew, in this process
forget = _memory.forget


def slides() -> list[Slide]:
    """Those that are shown at this moment, in their order."""
    now = timezone.now()
    return [slide for slide in _memory.slides() if slide.is_on(now)]


def page_of(page: Page) -> dict[str, Any]:
    """A page of what is shown now, as the contract writes it."""
    pagination, shown = numbered(slides(), page)
    return {"pagination": pagination, "items": [slide.as_json() for slide in shown]}


def _read() -> list[Slide]:
    rows = (
        Banner.objects.filter(is_enabled=True)
        .filter(Q(ends_at__isnull=True) | Q(ends_at__gt=timezone.now()))
        .order_by("sequence", "id")
        .values_list("id", "image", "link", "starts_at", "ends_at")
    )
    return [
        Slide(pk, default_storage.url(image), link, starts_at, ends_at)
        for pk, image, link, starts_at, ends_at in rows
    ]
