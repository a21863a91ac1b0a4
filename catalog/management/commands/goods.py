"""`manage.py goods VERB CODE… --as USER`: the verbs of a goods' life from a shell."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from backoffice.base.commands import (
    acting_user,
    add_json_argument,
    add_user_argument,
    command_context,
    exit_if_refused,
    print_json,
)
from catalog import bulk
from catalog.enums import GoodsStatus, Means
from catalog.lookup import NoSuchGoods, by_code

if TYPE_CHECKING:
    from backoffice.accounts.models import User


class Command(BaseCommand):
    """Each goods succeeds or fails by itself; status 1 where any was refused.

    With `--json` the last line is `{"verb", "done": [codes], "failed": [{"code",
    "error", "message"}]}`. Codes are taken in any case.
    """

    help = "Submit, approve, reject, list, delist, revise, archive or restore goods."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=list(bulk.VERBS))
        parser.add_argument("codes", nargs="+", metavar="CODE")
        add_user_argument(parser)
        parser.add_argument("--reason", default="", help="why; asked for by reject")
        add_json_argument(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        verb = options["verb"]
        try:
            by = acting_user(options)
        except CommandError as refusal:
            if not options["json"]:
                raise
            self._refuse_all(options, str(refusal))
        done: list[str] = []
        failed: list[dict[str, str]] = []
        with command_context(by):
            for outcome in _outcomes(verb, options["codes"], by, options["reason"]):
                if outcome.error is None:
                    done.append(outcome.code)
                else:
                    failed.append(
                        {
                            "code": outcome.code,
                            "error": outcome.error.slug,
                            "message": str(outcome.error),
                        }
                    )
                if not options["json"]:
                    self.stdout.write(_line(outcome))
        if options["json"]:
            print_json(self, {"verb": verb, "done": done, "failed": failed})
        exit_if_refused(bool(failed))

    def _refuse_all(self, options: dict[str, Any], message: str) -> NoReturn:
        failed = [
            {"code": code, "error": "not_authenticated", "message": message}
            for code in options["codes"]
        ]
        print_json(self, {"verb": options["verb"], "done": [], "failed": failed})
        sys.exit(1)


def _outcomes(
    verb: str, codes: list[str], by: "User", reason: str
) -> Iterator[bulk.Outcome]:
    """One for each code in the order given; a code given twice counts once."""
    for code in {code.strip().upper(): code.strip() for code in codes}.values():
        try:
            goods = by_code(code)
        except NoSuchGoods as refusal:
            yield bulk.Outcome(0, code, "", "", refusal)
        else:
            yield from bulk.run(
                verb, [goods], by=by, reason=reason, means=Means.COMMAND
            ).outcomes


def _line(outcome: bulk.Outcome) -> str:
    if outcome.error:
        return _("%(code)s refused: %(why)s") % {
            "code": outcome.code,
            "why": outcome.error,
        }
    text = f"{outcome.code} {outcome.name}: {GoodsStatus(outcome.status).label}"
    return f"{text} ({outcome.warning})" if outcome.warning else text
