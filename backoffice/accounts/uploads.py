"""Pictures that customers hand in: checked, written anew, kept while they are used."""

from dataclasses import dataclass
from datetime import timedelta
from typing import IO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice.accounts import avatars
from backoffice.accounts.models import Upload, User, avatar_path
from backoffice.base.errors import FieldErrors
from backoffice.base.pictures import read_picture
from backoffice.shop import shop

AVATAR = "avatar"


@dataclass(frozen=True)
class Kept:
    """Where it lies: `path` is its name in the store, `url` where it is fetched."""

    path: str
    url: str
    width: int
    height: int


def keep_avatar(user: User, file: IO[bytes]) -> Kept:
    """A picture to choose as avatar. Raises BadPicture.

    One that is not chosen is deleted after ORPHAN_FILE_DAYS.
    """
    picture = read_picture(file, max_mb=shop.PICTURE_MAX_MB, longest=avatars.LONGEST)
    path = default_storage.save(avatar_path(None, ""), ContentFile(picture.content))
    try:
        Upload.objects.create(
            user=user,
            purpose=AVATAR,
            path=path,
            width=picture.width,
            height=picture.height,
        )
    except BaseException:
        avatars.take_away(path)
        raise
    return Kept(path, default_storage.url(path), picture.width, picture.height)


def require_own(user: User, path: str, purpose: str) -> None:
    """Whether the person has handed it in for this. Raises FieldErrors."""
    if not Upload.objects.filter(user=user, path=path, purpose=purpose).exists():
        raise FieldErrors({purpose: [_("Upload the picture by POST /files first.")]})


def drop_unused() -> int:
    """Delete pictures that nobody has chosen for ORPHAN_FILE_DAYS; their number."""
    long_ago = timezone.now() - timedelta(days=shop.ORPHAN_FILE_DAYS)
    used = User.objects.filter(avatar=OuterRef("path"))
    count = 0
    for row in Upload.objects.filter(~Exists(used), created_at__lt=long_ago):
        # the row goes first: a file without a row is found by its name, a row without
        # a file would be offered to its owner
        row.delete()
        avatars.take_away(row.path)
        count += 1
    return count
