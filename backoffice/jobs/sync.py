"""Brings the queue's schedules in line with the table of jobs."""

from dataclasses import dataclass, field

from django.db import transaction
from django_q.models import Schedule

from backoffice.jobs import leases, table
from backoffice.jobs.table import Job


@dataclass
class SyncReport:
    """Names of the jobs that were added, changed and removed."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.changed or self.removed)


def sync_schedules() -> SyncReport:
    """Make, change and remove schedules until they are what the table says.

    The next run of a job is kept unless its cron changed. May run any number of times;
    of two at once, one does nothing.
    """
    report = SyncReport()
    with leases.holding("sync_schedules") as held:
        if held is None:
            return report
        with transaction.atomic():
            _sync(report)
    return report


def _sync(report: SyncReport) -> None:
    existing: dict[str, Schedule] = {}
    for row in Schedule.objects.filter(schedule_type=Schedule.CRON).order_by("pk"):
        if row.name in table.jobs() and row.name not in existing:
            existing[row.name] = row
        else:
            report.removed.append(row.name or row.func)
            row.delete()
    for job in table.jobs().values():
        found = existing.get(job.name)
        if found is None:
            # the first save works the next run out
            Schedule.objects.create(name=job.name, **_fields(job))
            report.added.append(job.name)
        elif _bring_in_line(found, job):
            report.changed.append(job.name)


def _fields(job: Job) -> dict[str, object]:
    return {
        "func": job.task,
        "schedule_type": Schedule.CRON,
        "cron": job.cron,
        "repeats": -1,
        "kwargs": repr({"q_options": {"timeout": job.timeout}}),
    }


def _bring_in_line(row: Schedule, job: Job) -> bool:
    wanted = _fields(job)
    differences = {k: v for k, v in wanted.items() if getattr(row, k) != v}
    if not differences:
        return False
    for name, value in differences.items():
        setattr(row, name, value)
    if "cron" in differences or row.next_run is None:
        row.next_run = row.calculate_next_run()
    row.save()
    return True
