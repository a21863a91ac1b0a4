"""The pictures column: stored paths of a goods' pictures in their order, joined by `|`.

A sheet arranges pictures that are there: it puts them in order, takes some away, and
gives a goods stored pictures that no other goods has. The first becomes the main one
where the main one goes. Files stay, so that an undo can put them back; what nothing
uses is swept later.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.cache import cache
from django.core.files.images import get_image_dimensions
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from backoffice.base.among import among
from backoffice.files import thumbnails
from backoffice.files.places import is_ours
from backoffice.files.stores import default_store
from backoffice.sheets.cells import shown, text
from backoffice.sheets.errors import CellError
from catalog.models import GoodsPicture
from catalog.pictures import MOST

SIGN = "|"
#: how long the size of a picture is remembered between the check and the import
REMEMBERED_SECONDS = 86_400
_PATH = re.compile(r"goods/[\w/-]+\.jpg", re.ASCII)


def parse(cell: Any) -> str:
    """The paths of a cell in their one written form; raises CellError."""
    paths = [path.strip() for path in text(cell).split(SIGN)]
    paths = [path for path in paths if path]
    for path in paths:
        if not _PATH.fullmatch(path):
            raise CellError(
                _("%(path)s is not the path of a stored picture, as an export has it.")
                % {"path": shown(path)}
            )
    if len(set(paths)) < len(paths):
        raise CellError(_("A picture stands here twice."))
    if len(paths) > MOST:
        raise CellError(_("A goods has at most %(most)s pictures.") % {"most": MOST})
    return SIGN.join(paths)


def of(ids: Iterable[int]) -> dict[int, str]:
    """{goods id: what the column says of it} of those that have pictures."""
    found: dict[int, list[str]] = {}
    rows = GoodsPicture.objects.filter(among("goods_id", ids))
    rows = rows.order_by("sequence", "pk")
    for pk, path in rows.values_list("goods_id", "image"):
        found.setdefault(pk, []).append(path)
    return {pk: SIGN.join(paths) for pk, paths in found.items()}


def _size(path: str) -> tuple[int, int] | None:
    """Width and height of a stored picture; None where there is none.

    Of a file on the file server, the check remembers it, so that the import, which holds
    locks, asks no server: it only looks whether the file is still kept.
    """
    if default_store().client is None or not is_ours(path):
        return _measured(path)
    key = f"picture-size:{path}"
    known: tuple[int, int] | None = cache.get(key)
    if known is not None:
        return known if thumbnails.kept(path) is not None else None
    size = _measured(path)
    if size is not None:
        cache.set(key, size, REMEMBERED_SECONDS)
    return size


def _measured(path: str) -> tuple[int, int] | None:
    try:
        with default_storage.open(path) as file:
            width, height = get_image_dimensions(file)
    except OSError:
        return None
    return (width, height) if width and height else None


class Galleries:
    """The pictures of some goods, read and written by set."""

    def __init__(self) -> None:
        self._of: dict[int, list[GoodsPicture]] = {}
        self._strange: dict[str, str] = {}
        self._sizes: dict[str, tuple[int, int]] = {}
        self._wanted: list[tuple[Any, list[str]]] = []

    def load(self, ids: Iterable[int], wanted: Iterable[str] = ()) -> None:
        """Read what these goods have, and what can be said of paths they want."""
        self._of = {pk: [] for pk in ids}
        own: set[str] = set()
        for picture in GoodsPicture.objects.filter(goods__in=self._of).order_by(
            "sequence", "pk"
        ):
            self._of[picture.goods_id].append(picture)
            own.add(str(picture.image))
        new = {path for paths in wanted for path in paths.split(SIGN) if path} - own
        taken = dict(
            GoodsPicture.objects.filter(image__in=new).values_list(
                "image", "goods__code"
            )
        )
        self._strange = {
            path: _("%(path)s is a picture of goods %(code)s.")
            % {"path": shown(path), "code": code}
            for path, code in taken.items()
        }
        for path in new - set(taken):
            self._look(path)

    def _look(self, path: str) -> None:
        if path in self._sizes:
            return
        size = _size(path)
        if size is not None:
            self._sizes[path] = size
        else:
            self._strange[path] = _("There is no stored picture %(path)s.") % {
                "path": shown(path)
            }

    def paths(self, goods: Any) -> str | None:
        """What the column says of a goods; None for no pictures."""
        pictures = self._of.get(goods.pk, [])
        return SIGN.join(str(p.image) for p in pictures) or None

    def errors(self, goods: Any, value: str | None) -> list[str]:
        """What is wrong with these paths for this goods; None for a new one."""
        if not value:
            return []
        own = {str(p.image) for p in self._of.get(goods.pk if goods else 0, [])}
        return [
            self._strange[path]
            for path in value.split(SIGN)
            if path not in own and path in self._strange
        ]

    def arrange(self, goods: Any, value: str | None) -> None:
        """Let a goods, or what will be one, have these pictures; `write` does it."""
        paths = [path for path in (value or "").split(SIGN) if path]
        if goods.image not in paths:
            goods.image = paths[0] if paths else ""
        self._wanted.append((goods, paths))

    def write(self) -> set[int]:
        """Write what was arranged; gives the ids of the goods that it concerns."""
        gone: list[int] = []
        fresh: list[GoodsPicture] = []
        moved: list[GoodsPicture] = []
        # what was to be a goods and was refused has no id
        kept = [(goods, paths) for goods, paths in self._wanted if goods.pk is not None]
        for goods, paths in kept:
            present = {str(p.image): p for p in self._of.get(goods.pk, [])}
            gone += [p.pk for path, p in present.items() if path not in paths]
            for sequence, path in enumerate(paths):
                picture = present.get(path)
                if picture is None:
                    picture = self._new(goods, path)
                    fresh.append(picture)
                else:
                    moved.append(picture)
                picture.sequence = sequence
                picture.is_main = path == goods.image
        GoodsPicture.objects.filter(pk__in=gone).delete()
        # one goods has one main picture at any moment
        GoodsPicture.objects.filter(
            pk__in=[p.pk for p in moved if not p.is_main]
        ).update(is_main=False)
        GoodsPicture.objects.bulk_update(moved, ["sequence", "is_main"], batch_size=500)
        GoodsPicture.objects.bulk_create(fresh, batch_size=500)
        touched = {goods.pk for goods, _paths in kept}
        self._wanted = []
        return touched

    def _new(self, goods: Any, path: str) -> GoodsPicture:
        width, height = self._sizes[path]
        return GoodsPicture(goods_id=goods.pk, image=path, width=width, height=height)


def wanted(many: Iterable[Mapping[str, Any]]) -> list[str]:
    """The cells of the column in these rows."""
    return [row["images"] for row in many if isinstance(row.get("images"), str)]
