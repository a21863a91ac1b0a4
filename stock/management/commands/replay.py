"""A real shop's sales through our ledger, in a database of its own."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from backoffice.base.commands import print_json
from backoffice.base.errors import DomainError
from backoffice.books import proofs
from stock.replay.running import Replay
from stock.replay.scratch import scratch_database
from stock.replay.sets import RULES


class Command(BaseCommand):
    help = (
        "Posts opening stock, sales, returns and replenishments of a file through the "
        "ledger, in a database that is made for it and dropped afterwards, and prints "
        "what came of it as one line of JSON. See docs/replay.md."
    )
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="csv, csv.gz or xlsx")
        parser.add_argument("--rules", choices=sorted(RULES), required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        rules = RULES[options["rules"]]
        try:
            sales = rules.read(options["file"])
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}") from None
        except DomainError as refusal:
            raise CommandError(str(refusal)) from None
        if not sales.days:
            raise CommandError(f"{options['file']}: no rows")
        try:
            with scratch_database():
                replay = Replay(rules, sales)
                replay.run(self.stderr.write)
                report = {"file": options["file"].name, **replay.report()}
                proved = proofs.run()
                report["books"] = {
                    "checked": proved.checked,
                    "differences": [one.as_json() for one in proved.differences],
                }
        except DomainError as refusal:
            raise CommandError(str(refusal)) from None
        print_json(self, report)
