"""The table of recurring jobs: how one is written down, and where the list is found.

The list itself is `backoffice.schedules`; it is put here when the shop starts, because
this floor must not import the roof.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

if TYPE_CHECKING:
    from django.utils.functional import Promise


@dataclass(frozen=True)
class Job:
    """One recurring job. `cron` is in the shop's own time zone; `timeout` in seconds."""

    name: str
    task: str
    cron: str
    label: "str | Promise"
    timeout: int = 120


@dataclass
class _Table:
    jobs: dict[str, Job] = field(default_factory=dict)


_table = _Table()


def use(jobs: Iterable[Job]) -> None:
    """Let these be the recurring jobs."""
    _table.jobs = {job.name: job for job in jobs}


def jobs() -> dict[str, Job]:
    """{name: job} in the order of the table."""
    return _table.jobs


def label_of(name: str | None) -> str:
    """The word on screens for a job; its name where the table does not know it."""
    job = _table.jobs.get(name or "")
    return str(job.label) if job else (name or "")


def in_words(cron: str | None) -> str:
    """When a job runs, for people; an unusual cron stays as it is."""
    minute, hour, *rest = (cron or "* *").split()
    if rest != ["*", "*", "*"]:
        return cron or ""
    if minute.isdigit() and hour.isdigit():
        return _("daily at %(time)s") % {"time": f"{int(hour):02}:{int(minute):02}"}
    every = re.fullmatch(r"\*(?:/(\d+))?", minute)
    if every and hour == "*":
        count = int(every[1] or 1)
        return ngettext("every minute", "every %(count)s minutes", count) % {
            "count": count
        }
    return cron or ""
