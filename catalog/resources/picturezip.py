"""Pictures of many goods in one zip: a file's name is the code of its goods.

`A12.jpg` is a picture of goods A12, `A12-2.jpg` its second, `A12-3.jpg` its third; where
a goods of its own is called A12-2, the file is that one's. Pictures are added behind
those that are there. They are read, written anew and stored while the zip is checked, so
that the import holds no lock while it waits for files; until then a `StagedPicture` has
them.
"""

import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base.errors import DomainError
from backoffice.base.pictures import BadPicture, Picture, read_picture, thumbnail_url
from backoffice.sheets.cells import shown
from backoffice.sheets.definitions import (
    Checker,
    Column,
    Options,
    Planned,
    Row,
    SheetDefinition,
    Undone,
    Written,
)
from backoffice.sheets.enums import BatchStatus, Outcome
from backoffice.sheets.errors import CellError
from backoffice.sheets.models import Batch
from backoffice.sheets.reading.archive import FILE, Archive
from backoffice.shop import shop
from catalog import editing, pictures
from catalog.enums import Means
from catalog.models import Goods, GoodsPicture, StagedPicture
from catalog.resources.light import find

if TYPE_CHECKING:
    from backoffice.accounts.models import User

ID = "pictures"
PICTURE = "picture"
ABILITIES = ("catalog.change_goods", "catalog.review_goods")
ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".jfif"}
_ARCHIVES = {".zip", ".rar", ".7z", ".tar", ".gz", ".tgz"}
_PLACE = re.compile(r"(.+?)[-_ ]?(?:\((\d{1,2})\)|(?<=[-_ ])(\d{1,2}))")
_UNSEEN = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
#: longer names are no codes; what a row keeps of a name has its limit
LONGEST_NAME = 60
#: zips that were imported are kept for so many days, then only what became of them
KEPT_DAYS = 30
_WAITING = (BatchStatus.CHECKING, BatchStatus.CHECKED, BatchStatus.APPLYING)


class PictureZip(SheetDefinition):
    """A zip of pictures, previewed, imported and taken back like a sheet."""

    id = ID
    label = gettext_lazy("pictures of goods")
    summary = gettext_lazy(
        "A zip; each file is called by the code of its goods: A12.jpg, A12-2.jpg, A12-3.jpg."
    )
    model = Goods
    key = FILE
    small = 20
    chunk = 20
    is_archive = True
    accept = ".zip"
    example_keys: tuple[str, ...] = ()
    import_permissions: Sequence[str] = ABILITIES
    columns: Sequence[Column] = (
        Column(FILE, gettext_lazy("file"), parse=str),
        Column(PICTURE, gettext_lazy("picture"), parse=str, read_only=True),
    )

    @property
    def max_rows(self) -> int:
        return shop.PICTURE_ZIP_MAX_FILES

    @property
    def max_mb(self) -> int:
        return shop.PICTURE_ZIP_MAX_MB

    def open(self, path: Path) -> AbstractContextManager[Any]:
        return Archive(path, max_files=self.max_rows)

    def limits(self) -> str:
        return _(
            "zip, at most %(mb)s MB and %(files)s pictures (JPEG, PNG, WebP or GIF), each "
            "at most %(each)s MB."
        ) % {
            "mb": self.max_mb,
            "files": self.max_rows,
            "each": shop.PICTURE_MAX_MB,
        }

    def thumbnails(self, batch_id: int, numbers: Sequence[int]) -> dict[int, str]:
        rows = StagedPicture.objects.filter(batch=batch_id, number__in=numbers)
        found = rows.values_list("number", "image", "picture__image")
        return {number: thumbnail_url(own or its or "") for number, own, its in found}

    def checker(self, by: "User", options: Options) -> Checker:
        return _PictureChecker(by, options)

    def abilities(self, by: "User") -> list[str]:
        return [name for name in ABILITIES if by.has_perm(name)]

    def write(
        self,
        changed: Iterable[Sequence[Planned]],
        new: Iterable[Sequence[Planned]],
        *,
        by: "User",
        options: Options,
        reference: str,
    ) -> Written:
        written = Written()
        for goods_id, plans in _by_goods(changed):
            _import(goods_id, plans, written, by=by, reference=reference)
        return written

    def undo(
        self,
        changed: Iterable[Sequence[Planned]],
        new: Iterable[Sequence[Planned]],
        *,
        by: "User",
        reference: str,
        run: str,
    ) -> Undone:
        undone = Undone()
        for goods_id, plans in _by_goods(changed):
            numbers = [planned.row.number for planned in plans]
            ids = StagedPicture.objects.filter(
                batch=int(reference), number__in=numbers, picture__isnull=False
            ).values_list("picture_id", flat=True)
            try:
                undone.done += pictures.take_back(
                    goods_id, list(ids), by=by, reference=reference
                )
            except DomainError as refusal:
                undone.kept += [(n, FILE, str(refusal)) for n in numbers]
        return undone


def code_and_place(name: str) -> tuple[str, str, int]:
    """(the name without its ending, the code it names, which picture it is)."""
    stem = _UNSEEN.sub("", Path(name).stem).strip()
    found = _PLACE.fullmatch(stem)
    code = found[1].rstrip("-_ ") if found else ""
    if found is None or not code:
        return stem, stem, 1
    return stem, code, int(found[2] or found[3])


def _by_goods(
    chunks: Iterable[Sequence[Planned]],
) -> Iterator[tuple[int, list[Planned]]]:
    """The rows of each goods in the order of their places; goods by id."""
    every = (planned for chunk in chunks for planned in chunk)
    for target, plans in groupby(every, key=lambda planned: planned.target):
        if target is not None:
            yield target, sorted(plans, key=_order)


def _order(planned: Planned) -> tuple[int, int]:
    return code_and_place(planned.key)[2], planned.row.number


def _import(
    goods_id: int,
    plans: Sequence[Planned],
    written: Written,
    *,
    by: "User",
    reference: str,
) -> None:
    numbers = [planned.row.number for planned in plans]
    staged = {
        one.number: one
        for one in StagedPicture.objects.filter(
            batch=int(reference), number__in=numbers
        ).exclude(image="")
    }
    rows = [staged[number] for number in numbers if number in staged]
    lost = [number for number in numbers if number not in staged]
    written.refused += [
        (number, FILE, _("Its picture is no longer stored; hand the zip in again."))
        for number in lost
    ]
    try:
        added = pictures.add_stored(
            goods_id,
            [pictures.Stored(str(one.image), one.width, one.height) for one in rows],
            by=by,
            means=Means.SHEET,
            reference=reference,
        )
    except DomainError as refusal:
        written.refused += [(one.number, FILE, str(refusal)) for one in rows]
        return
    for one, picture in zip(rows, added, strict=True):
        one.image, one.picture = "", picture
    StagedPicture.objects.bulk_update(rows, ["image", "picture"])
    written.done += len(rows)


class _PictureChecker(Checker):
    """Finds the goods of each file, reads its picture and stores it."""

    def __init__(self, by: "User", options: Options) -> None:
        super().__init__(by, options)
        #: pictures that each goods would have
        self._counts: Counter[int] = Counter()
        self._seen: dict[tuple[int, str], str] = {}
        #: (goods, digest) of what came with earlier zips and is still there
        self._present: set[tuple[int, str]] = set()
        self._refused: dict[int, str] = {}
        self._fresh: list[StagedPicture] = []

    def plan(self, rows: Sequence[Row]) -> list[Planned]:
        names = {row.number: self._name(row) for row in rows}
        goods = self._goods(rows, names)
        staged = self._staged(rows)
        self._fresh = []
        try:
            plans = [
                self._planned(row, names[row.number], goods.get(row.number), staged)
                for row in rows
            ]
            StagedPicture.objects.bulk_create(self._fresh)
        except BaseException:
            pictures.discard(str(one.image) for one in self._fresh)
            raise
        return plans

    def _name(self, row: Row) -> str:
        return str(self.book.names[row.number])

    def _goods(self, rows: Sequence[Row], names: dict[int, str]) -> dict[int, Any]:
        """{row number: the goods that its file names}."""
        spoken = {
            row.number: code_and_place(names[row.number])
            for row in rows
            if not row.errors and len(names[row.number]) <= LONGEST_NAME
        }
        wanted = {
            code for stem, code, _place in spoken.values() for code in (stem, code)
        }
        found = find(sorted(wanted))
        goods = {}
        for number, (stem, code, _place) in spoken.items():
            one = found.get(stem.upper()) or found.get(code.upper())
            if one is not None:
                goods[number] = one
        fresh = {one.pk for one in goods.values()} - set(self._counts)
        present = (
            GoodsPicture.objects.filter(goods__in=fresh)
            .order_by()
            .values_list("goods_id")
            .annotate(count=Count("pk"))
        )
        self._counts.update(dict.fromkeys(fresh, 0) | dict(present))
        known = StagedPicture.objects.filter(picture__goods__in=fresh)
        self._present |= set(known.values_list("picture__goods_id", "digest"))
        return goods

    def _staged(self, rows: Sequence[Row]) -> dict[int, StagedPicture]:
        """What an earlier check of this batch, which broke off, has stored."""
        if self.batch is None:
            return {}
        numbers = [row.number for row in rows]
        mine = StagedPicture.objects.filter(batch=self.batch, number__in=numbers)
        return {one.number: one for one in mine.exclude(image="")}

    def _planned(
        self,
        row: Row,
        name: str,
        goods: Any,
        staged: dict[int, StagedPicture],
    ) -> Planned:
        planned = Planned(row, Outcome.CHANGED, key=name)
        if goods is not None:
            planned.title, planned.target = goods.name, goods.pk
            planned.seen_at = goods.updated_at
        if not row.errors:
            self._refuse(row, name, goods)
        if row.errors:
            return planned
        try:
            content = self.book.read(row.number, shop.PICTURE_MAX_MB * 2**20)
        except CellError as error:
            row.refuse(FILE, str(error))
            return planned
        digest = hashlib.sha256(content).hexdigest()
        earlier = self._earlier(goods.pk, digest)
        if earlier:
            planned.outcome, planned.reason = Outcome.UNCHANGED, earlier
            return planned
        if self._counts[goods.pk] >= pictures.MOST:
            row.refuse(
                FILE,
                _("%(goods)s would have more than %(most)s pictures.")
                % {"goods": goods, "most": pictures.MOST},
            )
            return planned
        try:
            size = self._kept(row.number, content, digest, staged)
        except BadPicture as refusal:
            row.refuse(FILE, str(refusal))
            return planned
        self._counts[goods.pk] += 1
        self._seen[goods.pk, digest] = name
        planned.changes = {PICTURE: (None, size)}
        return planned

    def _refuse(self, row: Row, name: str, goods: Any) -> None:
        """What can be said of a file without looking into it."""
        ending = Path(name).suffix.lower()
        if ending in _ARCHIVES:
            row.refuse(FILE, _("A zip inside the zip is not opened; unpack it first."))
        elif ending not in ENDINGS:
            row.refuse(
                FILE,
                _("%(name)s is not a picture: take JPEG, PNG, WebP or GIF.")
                % {"name": shown(name)},
            )
        elif goods is None:
            row.refuse(
                FILE,
                _("There is no goods with the code %(code)s.")
                % {"code": shown(code_and_place(name)[1])},
            )
        else:
            self._permit(row, goods)

    def _permit(self, row: Row, goods: Any) -> None:
        if goods.pk not in self._refused:
            try:
                editing.permit_content(self.by, goods, ["image"])
                self._refused[goods.pk] = ""
            except DomainError as refusal:
                self._refused[goods.pk] = str(refusal)
        if self._refused[goods.pk]:
            row.refuse(FILE, self._refused[goods.pk])

    def _earlier(self, goods_id: int, digest: str) -> str:
        """Why the picture need not come in again; "" where it is new."""
        twin = self._seen.get((goods_id, digest))
        if twin is not None:
            return _("The same picture as %(name)s.") % {"name": shown(twin)}
        if (goods_id, digest) in self._present:
            return _("This goods has the picture already.")
        return ""

    def _kept(
        self,
        number: int,
        content: bytes,
        digest: str,
        staged: dict[int, StagedPicture],
    ) -> str:
        """Check the picture and store it, unless one only looks; gives its size."""
        before = staged.get(number)
        if before is not None:
            return f"{before.width} × {before.height}"
        picture = read_picture(io.BytesIO(content), max_mb=shop.PICTURE_MAX_MB)
        if self.batch is not None:
            self._stage(self.batch, number, digest, picture)
        return f"{picture.width} × {picture.height}"

    def _stage(self, batch: int, number: int, digest: str, picture: Picture) -> None:
        stored = pictures.store(picture)
        self._fresh.append(
            StagedPicture(
                batch_id=batch,
                number=number,
                digest=digest,
                image=stored.name,
                width=stored.width,
                height=stored.height,
            )
        )


def drop_unused() -> int:
    """Take away pictures of zips that will not be imported any more; their number.

    Zips that were imported long ago go as well; what became of each file stays.
    """
    waiting = StagedPicture.objects.exclude(image="").exclude(
        batch__status__in=_WAITING
    )
    count = 0
    for one in waiting.iterator(chunk_size=500):
        name = str(one.image)
        # the row first: a file without a row is found by the cleaner of files
        one.delete()
        pictures.discard([name])
        count += 1
    before = timezone.now() - timedelta(days=KEPT_DAYS)
    old = Batch.objects.filter(sheet=ID, created_at__lt=before).exclude(
        Q(file="") | Q(status__in=_WAITING)
    )
    for batch in old.iterator(chunk_size=100):
        name, storage = str(batch.file), batch.file.storage
        batch.file = ""
        batch.save(update_fields=["file"])
        storage.delete(name)
    return count
