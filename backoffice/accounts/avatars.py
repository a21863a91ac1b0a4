"""The picture of a person: checked, written anew, taken away.

The file is written before the transaction and taken away after its commit, so that a
rollback loses nothing. One's own picture everybody changes; a colleague's, who may
manage staff.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from backoffice.accounts.models import Upload, User, avatar_path
from backoffice.accounts.staff import locked_actors, refuse_above
from backoffice.base.cropping import Crop
from backoffice.base.pictures import read_picture
from backoffice.oplog.record import record
from backoffice.shop import shop

logger = logging.getLogger(__name__)
#: the longest side that is kept
LONGEST = 320


def set_avatar(
    user: User, file: IO[bytes], *, by: User, crop: Crop | None = None
) -> None:
    """Another picture, or the chosen part of it. Raises BadPicture, NotPermitted,
    ReachesAbove."""
    with stored(file, crop=crop) as name:
        use_avatar(user, name, by=by)


@contextmanager
def stored(file: IO[bytes], *, crop: Crop | None = None) -> Iterator[str]:
    """The picture checked, written anew and stored, for `use_avatar`; it goes again
    where that fails. Not inside a transaction: the store may be far away."""
    picture = read_picture(file, max_mb=shop.PICTURE_MAX_MB, longest=LONGEST, crop=crop)
    name = default_storage.save(avatar_path(None, ""), ContentFile(picture.content))
    try:
        yield name
    except BaseException:
        take_away(name)
        raise


def use_avatar(user: User, name: str, *, by: User) -> None:
    """A picture that is stored. Raises NotPermitted, ReachesAbove."""
    _change(user, name, by=by)


def choose_avatar(user: User, path: str) -> None:
    """One of the pictures that the person has handed in before, see `uploads`."""
    _change(user, path, by=user)


def remove_avatar(user: User, *, by: User) -> None:
    """No picture any more. Raises NotPermitted, ReachesAbove."""
    _change(user, "", by=by)


@transaction.atomic
def _change(user: User, name: str, *, by: User) -> None:
    if by.pk == user.pk:
        user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    else:
        by, user = locked_actors(by, user)
        refuse_above(by, user)
    old = user.avatar.name or ""
    if old == name:
        return
    user.avatar.name = name
    user.save(update_fields=["avatar"])
    action = "account.changed" if by.pk == user.pk else "staff.changed"
    record(by=by, action=action, target=user, fields=["avatar"])
    if old:
        Upload.objects.filter(path=old).delete()
        transaction.on_commit(lambda: take_away(old))


def take_away(name: str) -> None:
    """Delete the file of a picture."""
    try:
        default_storage.delete(name)
    except OSError:
        # the cleaning of files that nothing uses finds it
        logger.warning("a picture could not be deleted", extra={"file": name})
