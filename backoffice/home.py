"""The home page: what waits for me, how is the day, what happened."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from backoffice import day  # noqa: F401 - registers the figures of the day
from backoffice.base.admin import home

#: days in a row of bars, and acts in the list
BARS = 14
ACTS = 10


def context(request: HttpRequest) -> dict[str, Any]:
    """What `admin/index.html` draws."""
    today = timezone.localtime()
    cards = [c for c in home.cards.collect(request) if c.count or not c.hide_empty]
    return {
        "greeting": _greeting(today.hour, request.user),
        "today": formats.date_format(today, _("l, j F Y")),
        "steps": _steps(home.steps.collect(request)),
        # what is at risk first, then what waits, then what is done
        "cards": sorted(cards, key=lambda c: (c.tone != "danger", c.count == 0)),
        "figures": sorted(home.figures.collect(request), key=lambda f: f.sequence),
        "charts": [_chart(chart) for chart in home.charts.collect(request)],
        "acts": home.acts.collect(request)[:ACTS],
    }


def _greeting(hour: int, user: Any) -> str:
    if hour < 11:
        return _("Good morning, %(name)s") % {"name": user}
    if hour < 18:
        return _("Good afternoon, %(name)s") % {"name": user}
    return _("Good evening, %(name)s") % {"name": user}


def _steps(steps: Sequence[home.Step]) -> list[dict[str, Any]]:
    """The way to a shop that is open; nothing once every step is done."""
    if all(step.done for step in steps):
        return []
    rows: list[dict[str, Any]] = []
    has_next = False
    for step in sorted(steps, key=lambda s: s.sequence):
        is_next = not step.done and not has_next
        has_next = has_next or is_next
        rows.append(
            {
                "label": step.label,
                "help": step.help,
                "url": step.url,
                "done": step.done,
                "is_next": is_next,
            }
        )
    return rows


def _chart(chart: home.Chart) -> dict[str, Any]:
    """Bars of at most 100 units, the highest of all being 100."""
    highest = max((float(value) for _day, value in chart.points), default=0) or 1
    bars: list[dict[str, Any]] = []
    for on, value in chart.points:
        # a day with anything at all can be seen
        height = max(round(float(value) / highest * 100), 2 if value else 0)
        bars.append(
            {
                "label": f"{on:%d}",
                "title": f"{on:%m-%d}: {value} {chart.unit}".strip(),
                "top": 100 - height,
                "height": height,
            }
        )
    return {
        "label": chart.label,
        "bars": bars,
        "summary": "; ".join(bar["title"] for bar in bars),
    }
