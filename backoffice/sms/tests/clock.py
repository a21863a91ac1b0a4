"""A clock that tests can set: what `timezone.now` gives everywhere."""

from datetime import datetime, timedelta

from django.utils import timezone

NOON = timezone.make_aware(datetime(2026, 11, 24, 12, 0))  # noqa: DTZ001 - made aware


class Clock:
    def __init__(self, monkeypatch) -> None:
        self.at = NOON
        monkeypatch.setattr(timezone, "now", lambda: self.at)

    def local(self, text: str) -> None:
        """To this time of the day, in the shop's zone."""
        hour, minute = map(int, text.split(":"))
        self.at = timezone.localtime(self.at).replace(
            hour=hour, minute=minute, second=0, microsecond=0
        )

    def on(self, **parts: float) -> None:
        self.at += timedelta(**parts)
