"""The banners of the storefront's carousel: entered, changed, put in order, switched
off, removed.

The only writer of their rows. Pictures are checked and written before the transaction
and taken away after its commit; every change is in the operation log, and the storefront
of this process forgets what it kept.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import IO, TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base.cropping import Crop
from backoffice.base.errors import DomainError, FieldErrors
from backoffice.base.pictures import (
    BadPicture,
    Picture,
    read_picture,
)
from backoffice.base.text import one_line
from backoffice.files import thumbnails
from backoffice.oplog.record import record
from backoffice.shop import shop
from catalog import carousel
from catalog.models import Banner
from catalog.models.banners import banner_path, tidy_link
from catalog.moves import permit
from catalog.pictures import discard

if TYPE_CHECKING:
    from backoffice.accounts.models import User

#: what a person says of a banner, beside its picture
SETTABLE = ("title", "link", "starts_at", "ends_at", "is_enabled")
#: wider pictures are made smaller; twice what a phone shows
WIDEST = 1500
#: what the storefront makes room for, in the pixels of the widest phones
ROOM = (1500, 640)
#: years outside are slips of the pen, and the ends of the calendar break time zones
YEARS = (2000, 2099)


class BannersMoved(DomainError):
    """The banners are no longer those that the person put in order."""

    slug = "changed_meanwhile"
    http_status = 409


class NoSuchBanner(DomainError):
    """The banner was removed meanwhile."""

    slug = "not_found"
    http_status = 404


def create_banner(
    values: Mapping[str, Any],
    *,
    image: IO[bytes] | None,
    by: "User",
    crop: Crop | None = None,
) -> Banner:
    """Enter a banner behind those that are there; `values` are of SETTABLE, `crop` is
    the part of the picture that is kept.

    Times without an offset are local. Raises NotPermitted, and FieldErrors: what is no
    link, an end before the start, what is no picture.
    """
    permit(by, "catalog.add_banner", gettext_lazy("Add"))
    banner = Banner()
    errors = _set(banner, values)
    picture = _read(image, errors, crop)
    _refuse(errors)
    name = _store(picture)
    try:
        return _create(banner, name, picture, by=by)
    except BaseException:
        discard([name])
        raise


@transaction.atomic
def _create(banner: Banner, name: str, picture: Picture, *, by: "User") -> Banner:
    last = Banner.objects.aggregate(last=Max("sequence"))["last"] or 0
    banner.sequence = last + 1
    _take(banner, name, picture)
    banner.save(force_insert=True)
    record(by=by, action="banner.created", target=banner, changes=_told({}, banner))
    _renew()
    return banner


def change_banner(
    banner: Banner,
    values: Mapping[str, Any],
    *,
    by: "User",
    image: IO[bytes] | None = None,
    crop: Crop | None = None,
) -> Banner:
    """Change some of its values, or its picture; gives the row as it is afterwards.

    A `crop` without an image is a part of the picture that is there. What stays is no change, and no change is not logged. Raises NotPermitted,
    NoSuchBanner, FieldErrors.
    """
    permit(by, "catalog.change_banner", gettext_lazy("Change"))
    if image is None and crop is None:
        return _change(banner, values, by=by)
    errors = _set(_copy(banner), values)
    if image is None:
        with _kept(banner) as file:
            picture = _read(file, errors, crop)
    else:
        picture = _read(image, errors, crop)
    _refuse(errors)
    name = _store(picture)
    try:
        return _change(banner, values, by=by, name=name, picture=picture)
    except BaseException:
        discard([name])
        raise


@transaction.atomic
def _change(
    banner: Banner,
    values: Mapping[str, Any],
    *,
    by: "User",
    name: str = "",
    picture: Picture | None = None,
) -> Banner:
    banner = _locked(banner)
    before = _snapshot(banner)
    _refuse(_set(banner, values))
    if picture is not None:
        _take(banner, name, picture)
    changes = _told(before, banner)
    if not changes:
        return banner
    banner.save()
    record(by=by, action="banner.changed", target=banner, changes=changes)
    if picture is not None:
        old = before["image"]
        transaction.on_commit(lambda: discard([old]))
    _renew()
    return banner


@transaction.atomic
def switch_banner(banner: Banner, *, on: bool, by: "User") -> Banner:
    """Switch it on or off, whatever its time says; as it is already, nothing happens."""
    permit(by, "catalog.change_banner", gettext_lazy("Change"))
    banner = _locked(banner)
    if banner.is_enabled == on:
        return banner
    banner.is_enabled = on
    banner.save(update_fields=["is_enabled"])
    action = "banner.enabled" if on else "banner.disabled"
    record(by=by, action=action, target=banner)
    _renew()
    return banner


@transaction.atomic
def order_banners(
    ids: Sequence[int], *, by: "User", seen: Sequence[int] | None = None
) -> None:
    """Put the banners in this order; `ids` are all of them, else BannersMoved.

    So where they no longer stand in the order that the person saw, if `seen` is given.
    """
    permit(by, "catalog.change_banner", gettext_lazy("Change"))
    rows = Banner.objects.select_for_update().order_by("pk")
    present = {banner.pk: banner for banner in rows}
    old = sorted(present.values(), key=lambda banner: (banner.sequence, banner.pk))
    is_seen = seen is None or [banner.pk for banner in old] == list(seen)
    if not is_seen or sorted(ids) != sorted(present):
        raise BannersMoved(
            _("The banners have changed meanwhile; look at the list anew.")
        )
    new = [present[pk] for pk in ids]
    if old == new:
        return
    for at, banner in enumerate(new, 1):
        if banner.sequence != at:
            banner.sequence = at
            banner.save(update_fields=["sequence"])
    moved = [
        at for at, pair in enumerate(zip(old, new, strict=True)) if len({*pair}) > 1
    ]
    part = slice(moved[0], moved[-1] + 1)
    record(
        by=by,
        action="banner.ordered",
        changes={"order": [_row_of(old[part]), _row_of(new[part])]},
    )
    _renew()


@transaction.atomic
def remove_banner(banner: Banner, *, by: "User") -> None:
    """Take it away for good; its files go once the transaction is committed."""
    permit(by, "catalog.delete_banner", gettext_lazy("Remove"))
    banner = _locked(banner)
    name = str(banner.image)
    record(by=by, action="banner.removed", target=banner, link=banner.link)
    banner.delete()
    transaction.on_commit(lambda: discard([name]))
    _renew()


def placed(ids: Sequence[int], places: Mapping[int, int]) -> list[int]:
    """The order that comes of giving some of `ids` new places, counted from 1.

    What is moved up comes before, what is moved down behind whoever has that place.
    """

    def key(pair: tuple[int, int]) -> tuple[int, int, int]:
        place, pk = pair
        wanted = places.get(pk, place)
        return wanted, (wanted > place) - (wanted < place), place

    return [pk for _place, pk in sorted(enumerate(ids, 1), key=key)]


def misfit(banner: Banner) -> bool:
    """Whether the storefront has to cut the picture to make it fit, visibly so."""
    width, height = ROOM
    return abs(banner.width * height / (banner.height * width) - 1) > 0.05


# --- within


def _locked(banner: Banner) -> Banner:
    found = Banner.objects.select_for_update().filter(pk=banner.pk).first()
    if found is None:
        raise NoSuchBanner(_("This banner was removed meanwhile."))
    return found


def _copy(banner: Banner) -> Banner:
    return Banner(**{name: getattr(banner, name) for name in SETTABLE})


def _set(banner: Banner, values: Mapping[str, Any]) -> dict[str, list[str]]:
    """Set the values, tidied; gives what is wrong, by field."""
    if unknown := set(values) - set(SETTABLE):
        raise TypeError(f"a banner has no {', '.join(sorted(unknown))}")
    for name, value in values.items():
        setattr(banner, name, _tidied(name, value))
    return _errors_of(banner)


def _refuse(errors: dict[str, list[str]]) -> None:
    if errors:
        raise FieldErrors(errors)


def _tidied(name: str, value: Any) -> Any:
    if name == "title":
        return one_line(str(value or ""))
    if name == "link":
        return tidy_link(value)
    if isinstance(value, datetime) and timezone.is_naive(value):
        return timezone.make_aware(value)
    return value


def _errors_of(banner: Banner) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    others = {field.name for field in Banner._meta.fields} - set(SETTABLE)
    try:
        banner.clean_fields(exclude=others)
    except ValidationError as error:
        errors = {name: list(said) for name, said in error.message_dict.items()}
    for name in ("starts_at", "ends_at"):
        at = getattr(banner, name)
        if isinstance(at, datetime) and not YEARS[0] <= at.year <= YEARS[1]:
            errors[name] = [
                _("A year lies between %(first)s and %(last)s.")
                % {"first": YEARS[0], "last": YEARS[1]}
            ]
    if {"starts_at", "ends_at"} & errors.keys():
        return errors
    if banner.starts_at and banner.ends_at and banner.ends_at <= banner.starts_at:
        errors["ends_at"] = [_("The end comes before the start.")]
    return errors


@contextmanager
def _kept(banner: Banner) -> Iterator[IO[bytes] | None]:
    """The picture's file as it is stored; None where it is gone."""
    name = Banner.objects.filter(pk=banner.pk).values_list("image", flat=True).first()
    try:
        file = default_storage.open(name) if name else None
    except FileNotFoundError:
        file = None
    try:
        yield file
    finally:
        if file is not None:
            file.close()


def _read(
    image: IO[bytes] | None,
    errors: dict[str, list[str]],
    crop: Crop | None,
) -> Picture:
    """The checked picture; where it is none, that is added to the errors, all of which
    are raised."""
    if image is None:
        errors["image"] = [_("A banner needs a picture.")]
        raise FieldErrors(errors)
    try:
        return read_picture(
            image, max_mb=shop.PICTURE_MAX_MB, longest=WIDEST, crop=crop
        )
    except BadPicture as refusal:
        errors["image"] = [str(refusal)]
        raise FieldErrors(errors) from None


def _store(picture: Picture) -> str:
    """Write the picture; its name."""
    return default_storage.save(banner_path(None, ""), ContentFile(picture.content))


def _take(banner: Banner, name: str, picture: Picture) -> None:
    banner.image = name
    thumbnails.request(name)
    banner.width, banner.height = picture.width, picture.height


def _snapshot(banner: Banner) -> dict[str, Any]:
    return {
        **{n: _say(getattr(banner, n)) for n in SETTABLE},
        "image": str(banner.image),
    }


def _told(before: Mapping[str, Any], banner: Banner) -> dict[str, list[Any]]:
    """{field: [old, new]} of what differs, as the operation log keeps it."""
    now = _snapshot(banner)
    return {
        name: [before.get(name), value]
        for name, value in now.items()
        if before.get(name) != value
    }


def _say(value: Any) -> Any:
    if isinstance(value, datetime):
        return timezone.localtime(value).isoformat(sep=" ")
    return value


def _row_of(banners: Sequence[Banner]) -> str:
    return " · ".join(banner.title for banner in banners)


def _renew() -> None:
    """Let the storefront read anew: now, for this transaction, and once others see it."""
    carousel.forget()
    transaction.on_commit(carousel.forget)
