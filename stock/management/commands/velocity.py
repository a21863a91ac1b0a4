"""How fast every goods sells, at a time of one's choice."""

import csv
import json
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from backoffice.base.moments import read_moment
from backoffice.base.money import fixed
from stock import velocity
from stock.velocity import Pace

COLUMNS = (
    *("code", "average_daily_sales", "sold_in_window", "days", "available"),
    *("threshold", "low"),
)


class Command(BaseCommand):
    help = (
        "Prints for every goods its average daily sales at a time: what was sold less "
        "what was taken back in the last ADS_DAYS complete shop days before it, divided "
        "by `days`."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--at",
            default="",
            help="a time such as 2022-07-01T00:00, local without an offset; now if left out",
        )
        parser.add_argument("--format", choices=("csv", "json"), default="csv")

    def handle(self, *args: Any, **options: Any) -> None:
        found = velocity.paces(at=_moment(options["at"])).values()
        rows = [_row(pace) for pace in found]
        if options["format"] == "json":
            self.stdout.write(
                json.dumps([dict(zip(COLUMNS, row, strict=True)) for row in rows])
            )
            return
        writer = csv.writer(self.stdout, lineterminator="\n")
        writer.writerow(COLUMNS)
        for *values, low in rows:
            writer.writerow([*values, str(low).lower()])


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    value = read_moment(text)
    if value is None:
        raise CommandError(
            _("%(text)s is not a time, for example 2022-07-01T00:00.") % {"text": text}
        )
    return value


def _row(pace: Pace) -> tuple[Any, ...]:
    return (
        pace.code,
        fixed(pace.average, 6),
        fixed(pace.sold, 3),
        pace.days,
        fixed(pace.available, 3),
        fixed(pace.threshold, 6),
        pace.is_low,
    )
