"""Bars over days, as the template of the home page draws them."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

#: with more bars than this, not every day is written under them
CROWDED = 15
_EVERY = 5


def bars(label: Any, days: Sequence[tuple[date, Decimal, str]]) -> dict[str, Any]:
    """(day, value, what it says) as bars of at most 100, the highest of all being 100."""
    highest = max((float(value) for _day, value, _says in days), default=0) or 1
    shown: list[dict[str, Any]] = []
    for place, (day, value, says) in enumerate(reversed(days)):
        # a day with anything at all can be seen
        height = max(round(float(value) / highest * 100), 2 if value else 0)
        is_named = len(days) <= CROWDED or place % _EVERY == 0
        shown.append(
            {
                # an unbroken blank keeps the place of the day
                "label": f"{day:%d}" if is_named else "\u00a0",
                "title": f"{day:%m-%d}: {says}",
                "top": 100 - height,
                "height": height,
            }
        )
    shown.reverse()
    return {
        "label": label,
        "bars": shown,
        "summary": "; ".join(bar["title"] for bar in shown),
    }
