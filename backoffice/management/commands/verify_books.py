"""`manage.py verify_books [--json]`: prove that what is booked is what the ledgers say."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from backoffice.base.commands import (
    add_json_argument,
    command_context,
    exit_if_refused,
    print_json,
)
from backoffice.books import checks


class Command(BaseCommand):
    help = "Compare every balance with the sum of its ledger; repairs nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        add_json_argument(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Ends with status 1 where something differs; the last line is JSON."""
        with command_context():
            proved = checks.verify()
        if not options["json"]:
            for difference in proved.differences:
                self.stdout.write(
                    _("%(kind)s of %(object)s: booked %(booked)s, ledger %(ledger)s")
                    % difference.as_json()
                )
            self.stdout.write(
                _("%(checked)s balances looked at, %(count)s differ.")
                % {"checked": proved.checked, "count": len(proved.differences)}
            )
        print_json(
            self,
            {
                "checked": proved.checked,
                "differences": [d.as_json() for d in proved.differences],
            },
        )
        exit_if_refused(bool(proved.differences))
