"""What went on in the shop since a sheet was exported, or since an undo."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _

from backoffice.sheets.cells import shown
from backoffice.sheets.definitions import Row
from catalog import changes
from catalog.enums import GoodsStatus, Means
from catalog.pricing import KEEP
from catalog.resources.columns import GOODS_COLUMNS
from catalog.resources.galleries import Galleries
from catalog.resources.planning import ATTNAMES, written
from catalog.resources.words import RELATIONS, Words

_LABELS = {column.name: column.label for column in GOODS_COLUMNS}


def last_changes(ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """{goods id: (means, reference)} of the last row of each history."""
    newest = (
        changes.HISTORY.objects.filter(id__in=ids)
        .order_by()
        .values("id")
        .annotate(newest=Max("history_id"))
        .values("newest")
    )
    return {
        pk: (means, reference)
        for pk, means, reference in changes.HISTORY.objects.filter(
            history_id__in=newest
        ).values_list("id", "means", "reference")
    }


def put_away(many: Iterable[Any]) -> set[int]:
    """Ids of goods that the undo of a batch archived; a sheet may enter them again."""
    archived = [g.pk for g in many if g.status == GoodsStatus.ARCHIVED]
    if not archived:
        return set()
    return {
        pk
        for pk, (means, _reference) in last_changes(archived).items()
        if means == Means.ROLLBACK
    }


@dataclass
class Base:
    """A goods as the export saw it: what both sides are compared with.

    Its pictures are not kept in the history, only whether they were changed since.
    """

    then: Any
    pictures_moved: bool = False

    def merge(
        self, goods: Any, values: dict[str, Any], words: Words, galleries: Galleries
    ) -> list[tuple[str, str]]:
        """Drop values that the sheet did not change; gives the cells that both did."""
        conflicts = []
        if self.pictures_moved and "images" in values:
            now_has, wants = galleries.paths(goods), values.pop("images") or None
            if now_has != wants:
                conflicts.append(("images", both_changed("images", wants, now_has)))
        for name in [name for name in values if name in ATTNAMES]:
            attname = ATTNAMES[name]
            new = (
                values[name].pk if name in RELATIONS and values[name] else values[name]
            )
            now = getattr(goods, attname)
            then = getattr(self.then, attname) if self.then is not None else KEEP
            if new == then:
                del values[name]
            elif now not in (then, new):
                wants = getattr(values[name], "name", values[name])
                found = both_changed(name, wants, written(goods, name, words))
                conflicts.append((name, found))
                del values[name]
        return conflicts


def changed_meanwhile(now: Any) -> str:
    """The sentence for a cell that somebody changed in the shop as well."""
    return _("Meanwhile it was changed in the shop to %(now)s.") % {
        "now": shown("" if now is None else str(now))
    }


def both_changed(name: str, wants: Any, now: Any) -> str:
    """The sentence for a cell that the sheet and the shop changed in different ways."""
    return _(
        "%(field)s: the sheet says %(wants)s; meanwhile it was changed in the shop to "
        "%(now)s."
    ) % {
        "field": _LABELS[name],
        "wants": shown("" if wants is None else str(wants)),
        "now": shown("" if now is None else str(now)),
    }


def bases_of(pairs: Sequence[tuple[Row, Any]]) -> dict[int, Base]:
    """{goods id: base} where the shop went on since the sheet was exported."""
    seen_at: dict[int, datetime] = {}
    for row, goods in pairs:
        seen = row.values.get("updated_at")
        if goods is not None and isinstance(seen, datetime) and goods.updated_at > seen:
            seen_at[goods.pk] = seen
    if not seen_at:
        return {}
    bases = {pk: Base(None) for pk in seen_at}
    before: Any = None
    rows = changes.HISTORY.objects.filter(id__in=seen_at).order_by("id", "history_id")
    for then in rows.iterator(chunk_size=1000):
        base = bases[then.id]
        if then.history_date <= seen_at[then.id]:
            base.then = then
        elif before is not None and before.id == then.id:
            base.pictures_moved |= _pictures_differ(before, then)
        before = then
    return bases


def _pictures_differ(before: Any, then: Any) -> bool:
    """A change of content that shows in no other field is one of pictures."""
    others = [name for name in changes.CONTENT_FIELDS if name != "image"]
    return before.image != then.image or (
        then.content_changed
        and before.code == then.code
        and all(getattr(before, name) == getattr(then, name) for name in others)
    )
