"""Fills the demo shop in, once: a whole shop, or nothing of it."""

from collections.abc import Callable

from django.db import transaction
from django.utils import timezone, translation

from backoffice.accounts.models import User
from backoffice.base import context
from backoffice.demo import data, people
from backoffice.demo.clock import story_time
from backoffice.demo.story import Story
from backoffice.oplog.models import OperationLog
from backoffice.oplog.record import record
from catalog.models import Goods

#: the line of the operation log that says: this database is a demo
FILLED = "demo.filled"


class NotTheDemo(Exception):
    """The database holds a shop that is not the demo; the message is for people."""


def is_filled() -> bool:
    """Whether the demo shop is here already."""
    return OperationLog.objects.filter(action=FILLED).exists()


def staff_names() -> list[str]:
    """The user names of the demo's staff, beside the admin."""
    return [person.username for person in people.PEOPLE]


def seed(say: Callable[[str], None] = lambda line: None) -> bool:
    """Fill the demo shop in; gives whether there was anything to do.

    Raises NotTheDemo rather than mix demo goods into somebody's own shop. One
    transaction: a seed that is cut off leaves nothing behind.
    """
    if is_filled():
        return False
    if User.objects.exists() or Goods.objects.exists():
        raise NotTheDemo(
            "The database of DATABASE_URL holds a shop that is not the demo; nothing "
            "was loaded. Choose an empty database for the demo."
        )
    say("Filling in the demo shop; this takes a few seconds, once.")
    with transaction.atomic(), translation.override("zh-hans"):
        _tell()
    return True


def _tell() -> None:
    story = Story(data.items(), timezone.now())
    with story_time(story.begins_at) as clock, context.using(means="command"):
        admin = people.make_admin()
        story.tell(clock, admin)
    with context.using(means="command"):
        record(by=admin, action=FILLED, goods=Goods.objects.count())
