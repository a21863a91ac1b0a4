"""Bring the groups of the seven roles in line with their table of permissions."""

from typing import Any

from django.core.management.base import BaseCommand

from backoffice.accounts.roles import sync_roles


class Command(BaseCommand):
    help = (
        "Makes the groups of the seven roles and gives each exactly the permissions of "
        "its role. Run it after every migrate; it may run any number of times."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        report = sync_roles()
        for name in report.created:
            self.stdout.write(f"{name}: made")
        for sign, differences in (("+", report.added), ("-", report.removed)):
            for name, permissions in differences.items():
                self.stdout.write(f"{name}: {sign} {', '.join(permissions)}")
        if report.unknown and options["verbosity"] > 1:
            self.stdout.write(f"not there yet: {', '.join(report.unknown)}")
        if not report.changed:
            self.stdout.write("Roles are up to date.")
