"""Bring the recurring jobs in line with their table."""

from typing import Any

from django.core.management.base import BaseCommand

from backoffice.jobs.sync import sync_schedules


class Command(BaseCommand):
    help = (
        "Makes, changes and removes recurring jobs until they are what the table in "
        "backoffice/schedules.py says. Run it after every migrate; it may run any "
        "number of times."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        report = sync_schedules()
        for sign, names in (
            ("added", report.added),
            ("changed", report.changed),
            ("removed", report.removed),
        ):
            for name in names:
                self.stdout.write(f"{name}: {sign}")
        if report.is_empty:
            self.stdout.write("Schedules are up to date.")
