"""The prices of one goods over time, as a drawing and as a table with its numbers.

The drawing is stretched to its place by the browser, so lines keep their width by
`vector-effect` and everything that is written stands in HTML around it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from backoffice.base.money import fixed
from catalog.logs import Prices

#: the drawing's own measures
WIDTH, HEIGHT = 1000, 100
#: so many changes stand in the table beside it
MOST_LINES = 10
_ROOM = Decimal("0.12")


@dataclass(frozen=True)
class Series:
    """One line of steps; `dots` are (path of a dot, what it says)."""

    label: str
    css: str
    path: str
    dots: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Panel:
    """Lines that share a scale; `ticks` are (number, per cent from the top)."""

    series: Sequence[Series]
    ticks: Sequence[tuple[str, str]]
    summary: str


@dataclass(frozen=True)
class Line:
    """One row of the table."""

    at: datetime
    price: str
    case_price: str
    cost: str


@dataclass(frozen=True)
class Chart:
    panels: Sequence[Panel]
    first: datetime
    last: datetime
    lines: Sequence[Line]
    #: changes that do not stand in the table
    rest: int
    has_case: bool
    has_cost: bool


def chart_of(prices: Sequence[Prices], now: datetime | None = None) -> Chart | None:
    """The chart of `catalog.logs.prices_over_time`; None where there is nothing."""
    if not prices:
        return None
    now = now or timezone.now()
    scale = _Time(prices[0].at, max(now, prices[-1].at))
    cost: list[Any] = [p.cost for p in prices]
    case: list[Any] = [p.case_price for p in prices]
    has_cost, has_case = any(map(_is_there, cost)), any(map(_is_there, case))
    retail: list[Any] = [p.price for p in prices]
    upper = [(_("retail price"), "retail", retail, 2)]
    if has_cost:
        upper.append((_("cost"), "cost", cost, 4))
    panels = [_panel(prices, upper, scale)]
    if has_case:
        panels.append(_panel(prices, [(_("case price"), "case", case, 2)], scale))
    newest = list(reversed(prices))
    return Chart(
        panels,
        scale.first,
        scale.last,
        [
            Line(p.at, _written(p.price), _written(p.case_price), _written(p.cost, 4))
            for p in newest[:MOST_LINES]
        ],
        max(0, len(newest) - MOST_LINES),
        has_case,
        has_cost,
    )


class _Time:
    """Moments as places from left to right."""

    def __init__(self, first: datetime, last: datetime) -> None:
        self.first, self.last = first, last
        self._seconds = max((last - first).total_seconds(), 1.0)

    def x(self, at: datetime) -> float:
        return round((at - self.first).total_seconds() / self._seconds * WIDTH, 1)


def _is_there(value: Any) -> bool:
    return value is not None


def _panel(
    prices: Sequence[Prices],
    wanted: Sequence[tuple[str, str, Sequence[Any], int]],
    scale: _Time,
) -> Panel:
    present = [v for _label, _css, values, _n in wanted for v in values if _is_there(v)]
    low, high = min(present), max(present)
    room = (high - low) * _ROOM or max(high * _ROOM, Decimal("0.01"))
    bottom, top = low - room, high + room

    def y(value: Decimal) -> float:
        return round(float((top - value) / (top - bottom)) * HEIGHT, 1)

    times = [p.at for p in prices]
    return Panel(
        [
            Series(
                label,
                css,
                "".join(_steps(times, values, scale, y)),
                list(_dots(times, values, scale, y, places)),
            )
            for label, css, values, places in wanted
        ],
        [
            (fixed(value, 2) or "", f"{y(value)}")
            for value in sorted({low, high}, reverse=True)
        ],
        _("; ").join(_summary(label, values) for label, _css, values, _n in wanted),
    )


def _steps(
    times: Sequence[datetime],
    values: Sequence[Any],
    scale: _Time,
    y: Callable[[Decimal], float],
) -> Iterator[str]:
    """A line that keeps its height until the next change; gaps where nothing is."""
    is_drawing = False
    for at, value in zip(times, values, strict=True):
        x = scale.x(at)
        if is_drawing:
            yield f"H{x}"
        if _is_there(value):
            yield f"V{y(value)}" if is_drawing else f"M{x} {y(value)}"
        is_drawing = _is_there(value)
    if is_drawing:
        yield f"H{WIDTH}"


def _dots(
    times: Sequence[datetime],
    values: Sequence[Any],
    scale: _Time,
    y: Callable[[Decimal], float],
    places: int,
) -> Iterator[tuple[str, str]]:
    """A dot for each change of this line."""
    before: Any = None
    for at, value in zip(times, values, strict=True):
        if _is_there(value) and value != before:
            when = f"{timezone.localtime(at):%Y-%m-%d %H:%M}"
            yield f"M{scale.x(at)} {y(value)}h0", f"{when}  {_written(value, places)}"
        before = value


def _summary(label: str, values: Sequence[Any]) -> str:
    present = [value for value in values if _is_there(value)]
    return _("%(label)s: now %(now)s, lowest %(low)s, highest %(high)s") % {
        "label": capfirst(label),
        "now": _written(values[-1]),
        "low": _written(min(present)),
        "high": _written(max(present)),
    }


def _written(value: Decimal | None, places: int = 2) -> str:
    """With two places, or as many more as it has; — where there is none."""
    if value is None:
        return "—"
    used = -int(value.normalize().as_tuple().exponent)
    return fixed(value, min(max(2, used), places)) or ""
