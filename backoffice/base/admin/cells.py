"""What stands in the cells of lists and behind labels, ready-made.

Everything given to these helpers is escaped unless it is already safe HTML.
"""

import html
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeVar

from django.contrib import admin
from django.utils import formats, timezone
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from backoffice.base import money as amounts
from backoffice.base.admin.words import Text

F = TypeVar("F", bound=Callable[..., Any])
NOTHING = mark_safe('<span class="nothing">—</span>')

#: status → look; a status that is missing is grey. The word itself is always there.
TONES: dict[str, str] = {
    "draft": "grey",
    "pending": "amber",
    "approved": "blue",
    "on_sale": "green",
    "off_sale": "slate",
    "rejected": "red",
    "archived": "hollow",
    # runs, batches, jobs, orders of higher floors
    "awaiting": "amber",
    "scheduled": "blue",
    "applied": "green",
    "ended": "slate",
    "rolled_back": "slate",
    "cancelled": "hollow",
    "stale": "red",
    "queued": "grey",
    "sending": "blue",
    "sent": "green",
    "running": "blue",
    "done": "green",
    "ok": "green",
    "warning": "amber",
    "failed": "red",
    "undone": "slate",
    "paid": "blue",
    "ready": "amber",
    "shipped": "blue",
    "completed": "green",
    "closed": "hollow",
}


def escaped(value: Any) -> SafeString:
    """As it may stand in HTML: `conditional_escape`, without the detours for a string."""
    if type(value) is SafeString:
        return value
    if type(value) is str:
        return mark_safe(html.escape(value))
    return conditional_escape(value)


@lru_cache(maxsize=500, typed=True)
def icon(name: str) -> SafeString:
    """An icon of Font Awesome; always beside a word, so hidden from screen readers."""
    if not name:
        return mark_safe("")
    style = "" if "fa-regular" in name else "fa-solid "
    return format_html('<i class="{}{}" aria-hidden="true"></i>', style, name)


def column(
    label: Text,
    *,
    ordering: Any = None,
    numeric: bool = False,
    phone: str = "",
    empty: str | None = None,
) -> Callable[[F], F]:
    """Make a method of an admin a column of its list.

    `numeric` aligns cell and heading to the right. `phone` says what becomes of it at
    390 px: "" a labelled line of the card, "title" its heading, "picture" beside the
    heading, "hide" nothing.
    """

    def decorate(method: F) -> F:
        options: dict[str, Any] = {"description": label}
        if ordering is not None:
            options["ordering"] = ordering
        if empty is not None:
            options["empty_value"] = empty
        shown = admin.display(**options)(method)
        shown.numeric = numeric  # type: ignore[attr-defined]
        shown.phone = phone  # type: ignore[attr-defined]
        return shown

    return decorate


def money(value: Decimal | None, *, places: int = 2) -> SafeString:
    """Yuan in a cell: two places (costs more), no currency sign; — where unknown."""
    if value is None:
        return NOTHING
    return mark_safe(
        f'<span class="num">{escaped(amounts.fixed(value, places))}</span>'
    )


def quantity(value: Decimal | None, unit: Any = "") -> SafeString:
    """A quantity with its unit, without trailing zeros; — where unknown."""
    if value is None:
        return NOTHING
    return mark_safe(
        f'<span class="num">{escaped(amounts.plain(value))} '
        f'<span class="unit">{escaped(unit)}</span></span>'
    )


def percent(value: Decimal | float | None, places: int = 1) -> SafeString:
    """A share that is given in percent."""
    if value is None:
        return NOTHING
    return mark_safe(f'<span class="num">{escaped(f"{value:.{places}f}")}%</span>')


def short_time(at: datetime, now: datetime | None = None) -> str:
    """今天 14:03, 昨天, 11-23, and with the year where it is another one."""
    local = timezone.localtime(at)
    today = timezone.localtime(now).date()
    if local.date() == today:
        return _("Today %(time)s") % {"time": f"{local:%H:%M}"}
    if local.date() == today - timedelta(days=1):
        return _("Yesterday")
    if local.date() == today + timedelta(days=1):
        return _("Tomorrow %(time)s") % {"time": f"{local:%H:%M}"}
    return f"{local:%m-%d}" if local.year == today.year else f"{local:%Y-%m-%d}"


def when(at: datetime | date | None) -> SafeString:
    """A short time with the full one on hover; — where there is none."""
    if at is None:
        return NOTHING
    if not isinstance(at, datetime):
        return format_html('<time datetime="{0}">{0}</time>', f"{at:%Y-%m-%d}")
    local = timezone.localtime(at)
    return mark_safe(
        f'<time datetime="{escaped(local.isoformat())}" '
        f'title="{local:%Y-%m-%d %H:%M:%S}">{escaped(short_time(at))}</time>'
    )


def tag(status: str, label: Text, *, tone: str = "") -> SafeString:
    """A status as a coloured tag with its word; `tone` overrides the look."""
    tone = tone or TONES.get(str(status), "grey")
    return mark_safe(
        f'<span class="el-tag tag tag--{escaped(tone)}">{escaped(label)}</span>'
    )


def yes_no(value: bool | None) -> SafeString:
    """A yes or no as sign and word."""
    if value is None:
        return NOTHING
    if value:
        return format_html('<span class="yes">✓ {}</span>', _("Yes"))
    return format_html('<span class="no">✕ {}</span>', _("No"))


def link(url: str, label: Any) -> SafeString:
    """A link; without an address the label alone."""
    if not url:
        return escaped(label)
    return mark_safe(f'<a class="text-link" href="{escaped(url)}">{escaped(label)}</a>')


def two_lines(main: Any, under: Any = "", url: str = "") -> SafeString:
    """A name with its code in grey under it."""
    return mark_safe(
        f'<span class="two-lines"><span class="main">{link(url, main)}</span>'
        f'<span class="under">{escaped(under)}</span></span>'
    )


def thumb(url: str, alt: Any = "") -> SafeString:
    """A small picture, or a quiet place for one."""
    if not url:
        return mark_safe(
            '<span class="thumb thumb--none" aria-hidden="true">'
            '<i class="fa-regular fa-image"></i></span>'
        )
    return mark_safe(
        f'<img class="thumb" src="{escaped(url)}" alt="{escaped(alt)}" '
        'width="40" height="40" loading="lazy">'
    )


def explain(
    value: Any, formula: Text | Sequence[tuple[Any, Any]], *, title: Text = ""
) -> SafeString:
    """A computed figure with a dotted underline that opens its formula.

    `formula` is a sentence, or lines of (what, number).
    """
    if isinstance(formula, list | tuple):
        body: Any = format_html(
            "<dl>{}</dl>",
            format_html_join("", "<dt>{}</dt><dd>{}</dd>", formula),
        )
    else:
        body = format_html("<p>{}</p>", formula)
    return format_html(
        '<details class="explain"><summary title="{}">{}</summary>'
        '<div class="explain-box">{}{}</div></details>',
        _("How it is computed"),
        value,
        format_html("<strong>{}</strong>", title) if title else "",
        body,
    )


def number(value: int | None) -> SafeString:
    """A count with separators; — where unknown."""
    if value is None:
        return NOTHING
    return format_html(
        '<span class="num">{}</span>',
        formats.number_format(value, use_l10n=True, force_grouping=True),
    )


def joined(parts: Iterable[Any]) -> SafeString:
    """Several cells' contents in a row."""
    return mark_safe(" ".join(escaped(part) for part in parts))
