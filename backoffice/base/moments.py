"""Reading times that people and other programs write."""

import re
from datetime import datetime

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from backoffice.base.text import half_width

_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_CLOCK = re.compile(r"[T ]?(\d{1,2}:\d{2}.*)?", re.DOTALL)


def read_moment(text: str) -> datetime | None:
    """The time that the text says; None where it says none.

    2022-07-01, 2022-07-01T08:30, 2022/7/1 8:30:05+08:00; a day alone is its beginning,
    and a time without an offset is local.
    """
    word = half_width(text)
    day = _DAY.match(word)
    clock = _CLOCK.fullmatch(word[day.end() :].strip(" ")) if day else None
    if day is None or clock is None:
        return None
    year, month, date = day.groups()
    try:
        value = parse_datetime(
            f"{year}-{int(month):02}-{int(date):02}T{_padded(clock[1] or '0:00')}"
        )
    except ValueError:
        return None
    if value is None:
        return None
    try:
        return timezone.make_aware(value) if timezone.is_naive(value) else value
    except OverflowError:
        return None


def _padded(clock: str) -> str:
    return clock if clock[2:3] == ":" else f"0{clock}"
