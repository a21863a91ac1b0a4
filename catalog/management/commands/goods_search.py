"""`manage.py goods_search check | rebuild`: what goods are found by."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice.base.commands import add_json_argument, exit_if_refused, print_json
from catalog import indexing


class Command(BaseCommand):
    """The verbs keep the search texts right; after rows were written past them, `check`
    counts those that are wrong (status 1 if any) and `rebuild` writes them anew, step by
    step, while the shop is open. With `--json` the last line is `{"wrong": n}`."""

    help = "Check or rebuild what goods are found by."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("act", choices=["check", "rebuild"])
        add_json_argument(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        is_check = options["act"] == "check"
        wrong = indexing.count_wrong() if is_check else indexing.rebuild()
        if options["json"]:
            print_json(self, {"wrong": wrong})
        else:
            self.stdout.write(_told(wrong, is_check))
        exit_if_refused(is_check and wrong > 0)


def _told(wrong: int, is_check: bool) -> str:
    if not wrong:
        return _("Every goods is found by what it is called.")
    if is_check:
        text = ngettext(
            "%(count)s goods is not found by what it is called.",
            "%(count)s goods are not found by what they are called.",
            wrong,
        )
    else:
        text = ngettext(
            "%(count)s goods is found again by what it is called.",
            "%(count)s goods are found again by what they are called.",
            wrong,
        )
    return text % {"count": wrong}
