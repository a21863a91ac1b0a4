"""The goods sheet."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base import ports
from backoffice.base.errors import NotPermitted
from backoffice.sheets.definitions import (
    Checker,
    Column,
    Options,
    Planned,
    SheetDefinition,
    Undone,
    Written,
)
from catalog.enums import VERB_PERMISSIONS, GoodsStatus
from catalog.models import Goods, RepricingRun
from catalog.repricing import APPROVE
from catalog.resources import galleries
from catalog.resources.checker import GoodsChecker
from catalog.resources.columns import GOODS_COLUMNS
from catalog.resources.light import find
from catalog.resources.planning import REQUIRED
from catalog.resources.undoing import GoodsUndo
from catalog.resources.words import RELATIONS, Words
from catalog.resources.writing import GoodsWriter

if TYPE_CHECKING:
    from backoffice.accounts.models import User
    from backoffice.sheets.models import Batch

CREATE_MISSING = "catalog.create_missing"
ABILITIES = (
    "catalog.add_goods",
    "catalog.change_goods",
    "catalog.review_goods",
    "catalog.price_goods",
    "catalog.view_cost",
    CREATE_MISSING,
)
#: any of these opens the pages of repricing runs
RUNS = ("catalog.view_repricingrun", APPROVE)
CHUNK = 2000
#: columns that are no field: asked of the stock, or for a person to fill in
COMPUTED = ("images", "available", "reason")


class GoodsSheet(SheetDefinition):
    """Everything of a goods but its pictures and its way through review."""

    id = "goods"
    label = gettext_lazy("goods")
    summary = gettext_lazy(
        "New goods as drafts, and any field of goods that are there."
    )
    model = Goods
    columns: Sequence[Column] = GOODS_COLUMNS
    import_permissions: Sequence[str] = ABILITIES[:4]
    export_permission = "catalog.view_goods"
    required_for_new: tuple[str, ...] = ("code", *REQUIRED)

    def checker(self, by: "User", options: Options) -> Checker:
        return GoodsChecker(by, options)

    def may_create_missing(self, by: "User") -> bool:
        return by.has_perm(CREATE_MISSING)

    def permit_options(self, by: "User", options: Options) -> None:
        if options.create_missing and not self.may_create_missing(by):
            raise NotPermitted(
                _("You may not create categories, brands and units from a sheet."),
                permission=CREATE_MISSING,
            )

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
        writer = GoodsWriter(by, options, reference)
        for plans in changed:
            writer.change(plans)
        for plans in new:
            writer.create(plans)
        return writer.finish()

    def undo(
        self,
        changed: Iterable[Sequence[Planned]],
        new: Iterable[Sequence[Planned]],
        *,
        by: "User",
        reference: str,
        run: str,
    ) -> Undone:
        undo = GoodsUndo(by, reference)
        if run:
            undo.take_back_run(run)
        for plans in changed:
            undo.put_back(plans)
        for plans in new:
            undo.put_away(plans)
        return undo.undone

    def onward(self, batch: "Batch", by: "User") -> list[tuple[str, str]]:
        """New goods are drafts, to be submitted; guarded prices wait in a run."""
        ways = []
        drafts = f"{reverse('admin:catalog_goods_changelist')}?tab={GoodsStatus.DRAFT}"
        if batch.new and by.has_perm(VERB_PERMISSIONS["submit"]):
            ways.append((_("Submit drafts for review"), drafts))
        run = RepricingRun.objects.filter(number=batch.run).first()
        if run is not None and any(map(by.has_perm, RUNS)):
            address = reverse("admin:catalog_repricingrun_change", args=[run.pk])
            ways.append((_("Open run %(number)s") % {"number": run.number}, address))
        return ways

    def targets(self, keys: Sequence[str]) -> dict[str, int]:
        return {goods.code: goods.pk for goods in find(keys).values()}

    def everything(self) -> models.QuerySet:
        return Goods.objects.order_by("pk")

    def export(
        self, queryset: models.QuerySet, columns: Sequence[Column]
    ) -> Iterator[list[Any]]:
        return exported(queryset, [column.name for column in columns])


def exported(queryset: models.QuerySet, names: Sequence[str]) -> Iterator[list[Any]]:
    """The fields `names` of each goods, relations by name; a few thousand at a time."""
    words = Words()
    stored = [name for name in names if name not in COMPUTED]
    fields = [f"{name}_id" if name in RELATIONS else name for name in stored]
    chunk: list[tuple] = []
    rows = queryset.values_list("pk", *fields).iterator(chunk_size=CHUNK)
    for row in rows:
        chunk.append(row)
        if len(chunk) >= CHUNK:
            yield from _finished(chunk, names, stored, words)
            chunk = []
    yield from _finished(chunk, names, stored, words)


def _finished(
    chunk: list[tuple], names: Sequence[str], stored: Sequence[str], words: Words
) -> Iterator[list[Any]]:
    if not chunk:
        return
    ids = [row[0] for row in chunk]
    computed: dict[str, dict[int, Any]] = {
        "images": galleries.of(ids) if "images" in names else {},
        "available": ports.available(ids) if "available" in names else {},
        "reason": {},
    }
    columns = dict(zip(("", *stored), zip(*chunk, strict=True), strict=True))
    for name in names:
        if name in COMPUTED:
            columns[name] = tuple(map(computed[name].get, ids))
        elif name in RELATIONS:
            columns[name] = tuple(words.name(name, pk) for pk in columns[name])
    yield from zip(*[columns[name] for name in names], strict=True)
