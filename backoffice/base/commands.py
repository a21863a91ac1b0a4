"""What the commands of the shop share: who acts (`--as`), answers for machines (`--json`).

A command that runs a verb looks like this:

    class Command(BaseCommand):
        def add_arguments(self, parser):
            add_user_argument(parser)
            add_json_argument(parser)

        def handle(self, *args, **options):
            by = acting_user(options)
            with command_context(by):
                ...
            if options["json"]:
                print_json(self, {"done": [...]})
            exit_if_refused(failed > 0)

Refusals of the whole command are `CommandError`s with a sentence for people; where only
some rows were refused, the command says so row by row and ends with status 1.
"""

import errno
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext as _

from backoffice.base import context, ports

if TYPE_CHECKING:
    from backoffice.accounts.models import User


def add_user_argument(parser: CommandParser) -> None:
    """`--as USER`; `acting_user` reads it and says what is wrong with it."""
    parser.add_argument(
        "--as",
        dest="as_user",
        metavar="USER",
        default="",
        help="who acts: a user name, mobile or e-mail",
    )


def add_json_argument(parser: CommandParser) -> None:
    """`--json`: the last line of the output is one JSON object."""
    parser.add_argument(
        "--json",
        action="store_true",
        help="end with one line of JSON instead of sentences",
    )


def acting_user(options: dict[str, Any]) -> "User":
    """The active user of `--as`; raises CommandError where it names nobody."""
    account = (options.get("as_user") or "").strip()
    if not account:
        raise CommandError(
            _("Say who acts: --as USER (a user name, mobile or e-mail).")
        )
    user: User | None = ports.find_user(account)
    if user is None:
        raise CommandError(_("There is no user %(name)s.") % {"name": account})
    if not user.is_active:
        raise CommandError(
            _("The account of %(name)s is switched off.") % {"name": account}
        )
    return user


def file_trouble(error: OSError) -> str:
    """What is wrong with a file, in words."""
    words = {
        errno.ENOENT: _("there is no such file or folder"),
        errno.EACCES: _("you may not read or write it"),
        errno.EISDIR: _("this is a folder"),
        errno.ENOTDIR: _("there is no such folder"),
        errno.ENOSPC: _("the disk is full"),
    }
    return words.get(error.errno or 0) or str(error.strerror or error)


@contextmanager
def command_context(by: "User | None" = None) -> Iterator[None]:
    """Inside the block, logs say that a command did it, and for whom."""
    with context.using(means="command", user_id=by.pk if by else None):
        yield


def print_json(command: BaseCommand, answer: dict[str, Any]) -> None:
    """The answer for machines, on one line of the standard output."""
    command.stdout.write(json.dumps(answer, ensure_ascii=False, cls=DjangoJSONEncoder))


def exit_if_refused(refused: bool) -> None:
    """End with status 1 where something was refused; what and why was said before."""
    if refused:
        sys.exit(1)
