"""The pictures of a goods: several, in order, one of them the main one (DOMAIN 2).

Files are checked and written before the transaction, so that no lock waits for a file
store, and taken away after its commit, so that a rollback loses nothing. Pictures are
content: of drafts whoever may change goods changes them, of reviewed goods reviewers.
"""

import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import IO, TYPE_CHECKING, Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _

from backoffice.base.cropping import Crop
from backoffice.base.errors import FieldErrors
from backoffice.base.pictures import (
    BadPicture,
    Picture,
    read_picture,
)
from backoffice.files import thumbnails
from backoffice.oplog.record import record
from backoffice.shop import shop
from catalog import changes, editing
from catalog.enums import Means
from catalog.errors import PicturesMoved, TooManyPictures
from catalog.lookup import locked
from catalog.models import Goods, GoodsPicture
from catalog.models.goods import picture_path

if TYPE_CHECKING:
    from backoffice.accounts.models import User

logger = logging.getLogger(__name__)
#: a storefront page shows no more, and a list of files is no gallery
MOST = 12
#: more than a picture takes that we wrote ourselves
LARGEST_OWN_MB = 50


@dataclass(frozen=True)
class Stored:
    """A picture that was checked, written anew and stored under this name."""

    name: str
    width: int
    height: int


def add_pictures(
    goods: Goods,
    files: Sequence[IO[bytes]],
    *,
    by: "User",
    means: Means = Means.HAND,
    reference: str = "",
    crops: Sequence[Crop | None] = (),
) -> list[GoodsPicture]:
    """Add pictures behind those that are there; the first of all becomes the main one.

    `crops` are the parts that were chosen, by the place of the file. All or none:
    FieldErrors for `pictures` names each file that is refused and why. Raises
    ContentLocked, WrongStatus, TooManyPictures.
    """
    editing.permit_content(by, goods, ["image"])
    stored = store_all(files, crops)
    try:
        return add_stored(goods, stored, by=by, means=means, reference=reference)
    except BaseException:
        discard(picture.name for picture in stored)
        raise


def store_all(
    files: Sequence[IO[bytes]], crops: Sequence[Crop | None] = ()
) -> list[Stored]:
    """Check files and store them, all or none; as `add_pictures`, for `add_stored`."""
    if len(files) > MOST:
        raise _too_many()
    stored: list[Stored] = []
    try:
        # one after the other: a comprehension would lose those before a failure
        for picture in _read_all(files, crops):
            stored.append(store(picture))  # noqa: PERF401
    except BaseException:
        discard(picture.name for picture in stored)
        raise
    return stored


def store(picture: Picture) -> Stored:
    """Store a picture that was read; for `add_stored`, outside of transactions."""
    content = ContentFile(picture.content)
    name = default_storage.save(picture_path(None, ""), content)
    return Stored(name, picture.width, picture.height)


@transaction.atomic
def add_stored(
    goods: Goods | int,
    stored: Sequence[Stored],
    *,
    by: "User",
    means: Means = Means.HAND,
    reference: str = "",
) -> list[GoodsPicture]:
    """As `add_pictures`, of pictures that are stored already; they stay whatever
    comes of it."""
    goods = locked(goods)
    editing.permit_content(by, goods, ["image"])
    present = list(goods.pictures.all())
    if len(present) + len(stored) > MOST:
        raise _too_many()
    begin = max((picture.sequence for picture in present), default=-1) + 1
    added = [
        GoodsPicture(
            goods=goods,
            image=picture.name,
            width=picture.width,
            height=picture.height,
            sequence=begin + at,
            is_main=not present and at == 0,
        )
        for at, picture in enumerate(stored)
    ]
    for row in added:
        row.save(force_insert=True)
        thumbnails.request(str(row.image))
    if added:
        origin = changes.Origin(by, means, reference=reference)
        _write(goods, origin, "goods.pictures_added", count=len(added))
    return added


@transaction.atomic
def order_pictures(
    goods: Goods, ids: Iterable[int], *, by: "User", means: Means = Means.HAND
) -> None:
    """Put the pictures in this order; `ids` are all of them, else PicturesMoved."""
    goods = locked(goods)
    editing.permit_content(by, goods, ["image"])
    wanted = list(ids)
    present = {picture.pk: picture for picture in goods.pictures.all()}
    if sorted(wanted) != sorted(present):
        raise PicturesMoved(
            _("The pictures have changed meanwhile; look at the page anew.")
        )
    moved = False
    for at, pk in enumerate(wanted):
        picture = present[pk]
        if picture.sequence != at:
            moved, picture.sequence = True, at
            picture.save(update_fields=["sequence"])
    if moved:
        _write(goods, changes.Origin(by, means), "goods.pictures_ordered")


@transaction.atomic
def set_main(picture: GoodsPicture, *, by: "User", means: Means = Means.HAND) -> None:
    """Make this the picture that lists show."""
    goods = locked(picture.goods_id)
    editing.permit_content(by, goods, ["image"])
    picture = _present(goods, picture)
    if picture.is_main:
        return
    _make_main(goods, picture)
    _write(goods, changes.Origin(by, means), "goods.main_picture_chosen")


@transaction.atomic
def remove_picture(
    picture: GoodsPicture, *, by: "User", means: Means = Means.HAND
) -> None:
    """Take a picture away; where it was the main one, the first that is left becomes it.

    Its files go once the transaction is committed.
    """
    goods = locked(picture.goods_id)
    editing.permit_content(by, goods, ["image"])
    picture = _present(goods, picture)
    name = str(picture.image)
    picture.delete()
    if picture.is_main and (first := goods.pictures.first()):
        _make_main(goods, first)
    _write(goods, changes.Origin(by, means), "goods.picture_removed")
    transaction.on_commit(lambda: discard([name]))


def crop_picture(
    picture: GoodsPicture, crop: Crop, *, by: "User", means: Means = Means.HAND
) -> GoodsPicture:
    """Keep a part of a picture only: a new file, in the place of the old one.

    The old file goes once the transaction is committed. Raises PicturesMoved,
    ContentLocked, WrongStatus, FieldErrors (the file cannot be read).
    """
    editing.permit_content(by, picture.goods, ["image"])
    stored = store_part(picture, crop)
    try:
        return replace_picture(picture, stored, by=by, means=means)
    except BaseException:
        discard([stored.name])
        raise


def store_part(picture: GoodsPicture, crop: Crop) -> Stored:
    """Store a part of a picture, for `replace_picture`; outside of transactions."""
    try:
        with default_storage.open(str(picture.image)) as file:
            part = read_picture(file, max_mb=LARGEST_OWN_MB, crop=crop)
    except (FileNotFoundError, BadPicture) as error:
        raise FieldErrors({"pictures": [_("The picture cannot be read.")]}) from error
    return store(part)


@transaction.atomic
def replace_picture(
    picture: GoodsPicture, stored: Stored, *, by: "User", means: Means = Means.HAND
) -> GoodsPicture:
    """Another file in the place of the one that `picture` has; see `crop_picture`."""
    goods = locked(picture.goods_id)
    editing.permit_content(by, goods, ["image"])
    seen = str(picture.image)
    picture = _present(goods, picture)
    if str(picture.image) != seen:
        raise PicturesMoved(
            _("The pictures have changed meanwhile; look at the page anew.")
        )
    picture.image = stored.name
    picture.width, picture.height = stored.width, stored.height
    picture.save(update_fields=["image", "width", "height"])
    thumbnails.request(stored.name)
    _write(goods, changes.Origin(by, means), "goods.picture_cropped")
    transaction.on_commit(lambda: discard([seen]))
    return picture


@transaction.atomic
def take_back(
    goods: Goods | int, ids: Collection[int], *, by: "User", reference: str
) -> int:
    """Take away those of these pictures that the goods still has; their number.

    An undo of `add_stored`; their files go once the transaction is committed.
    """
    goods = locked(goods)
    editing.permit_content(by, goods, ["image"])
    gone = list(goods.pictures.filter(pk__in=ids))
    if not gone:
        return 0
    names = [str(picture.image) for picture in gone]
    goods.pictures.filter(pk__in=[picture.pk for picture in gone]).delete()
    if any(picture.is_main for picture in gone) and (first := goods.pictures.first()):
        _make_main(goods, first)
    origin = changes.Origin(by, Means.ROLLBACK, reference=reference)
    _write(goods, origin, "goods.picture_removed", count=len(names))
    transaction.on_commit(lambda: discard(names))
    return len(names)


def main_path(goods: Goods) -> str:
    """The path that `Goods.image` has to hold."""
    main = goods.pictures.filter(is_main=True).first()
    return str(main.image) if main else ""


def _make_main(goods: Goods, picture: GoodsPicture) -> None:
    goods.pictures.filter(is_main=True).update(is_main=False)
    picture.is_main = True
    picture.save(update_fields=["is_main"])


def _present(goods: Goods, picture: GoodsPicture) -> GoodsPicture:
    found: GoodsPicture | None = goods.pictures.filter(pk=picture.pk).first()
    if found is None:
        raise PicturesMoved(
            _("This picture was removed meanwhile; look at the page anew.")
        )
    return found


def _write(goods: Goods, origin: changes.Origin, action: str, **data: Any) -> None:
    """The main picture's path into the goods, one row of history, one log line."""
    before = changes.snapshot(goods)
    goods.image = main_path(goods)
    changes.save(goods, before, origin, pictures_changed=True)
    record(by=origin.by, action=action, target=goods, **data)


def _read_all(
    files: Sequence[IO[bytes]], crops: Sequence[Crop | None]
) -> list[Picture]:
    pictures, refused = [], []
    for file, crop in zip_longest(files, crops[: len(files)]):
        try:
            pictures.append(read_picture(file, max_mb=shop.PICTURE_MAX_MB, crop=crop))
        except BadPicture as refusal:
            name = str(getattr(file, "name", "") or "")
            refused.append(f"{name[:80]}: {refusal}" if name else str(refusal))
    if refused:
        raise FieldErrors({"pictures": refused})
    return pictures


def discard(names: Iterable[str]) -> None:
    """Take files away that no row names; what cannot go is left for the cleaner."""
    for name in names:
        try:
            default_storage.delete(name)
        except OSError:
            logger.warning("a picture's file could not be removed", exc_info=True)


def _too_many() -> TooManyPictures:
    return TooManyPictures(_("A goods has at most %(most)s pictures.") % {"most": MOST})
