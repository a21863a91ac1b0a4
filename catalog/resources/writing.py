"""Writing planned rows: locked in the order of their ids, looked at again, by set."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice.oplog.record import Line, entry, record_all
from backoffice.sheets.definitions import Options, Planned, Written
from catalog import changes, editing, repricing, validation
from catalog.enums import Means
from catalog.resources.galleries import Galleries
from catalog.resources.light import draft, find, locked
from catalog.resources.merging import both_changed
from catalog.resources.planning import (
    ATTNAMES,
    resolved,
    resolved_again,
    set_values,
    waiting,
)
from catalog.resources.words import Words

if TYPE_CHECKING:
    from backoffice.accounts.models import User


class GoodsWriter:
    """One import, chunk by chunk, inside one transaction."""

    def __init__(self, by: "User", options: Options, reference: str) -> None:
        self.by, self.reference = by, reference
        self.words = Words(create=options.create_missing, by=by)
        self.galleries = Galleries()
        self.written = Written()
        self._at = timezone.now()
        self._proposals: list[repricing.Proposal] = []
        self._reasons: set[str] = set()
        self._may_see_cost = by.has_perm("catalog.view_cost")

    def change(self, plans: Sequence[Planned]) -> None:
        """Change goods that are there; the plans come in the order of their ids."""
        targets = [planned.target for planned in plans if planned.target is not None]
        many = {goods.pk: goods for goods in locked(targets)}
        self._load_pictures(plans, many)
        pairs: dict[str, list[tuple[Any, changes.Snapshot]]] = {}
        log: list[Line] = []
        for planned in plans:
            goods = many.get(planned.target or 0)
            if goods is None:
                self._refuse(planned, "code", _("It is no longer there."))
                continue
            before = changes.snapshot(
                goods, [ATTNAMES.get(name, "image") for name in planned.changes]
            )
            if self._set(planned, goods):
                pairs.setdefault(planned.reason, []).append((goods, before))
                log += self._lines(planned, goods, before)
        pictures = self.galleries.write()
        for reason, some in pairs.items():
            origin = changes.Origin(self.by, Means.SHEET, reason, self.reference)
            changes.save_all(some, origin, self._at, pictures=pictures)
        record_all(log)

    def _load_pictures(self, plans: Sequence[Planned], ids: Iterable[int]) -> None:
        asked = [p.changes["images"][1] for p in plans if "images" in p.changes]
        if asked:
            self.galleries.load(ids, [paths for paths in asked if paths])

    def _set(self, planned: Planned, goods: Any) -> bool:
        """Set the planned values on a locked goods; False where that is refused."""
        asked = {name: new for name, (_old, new) in planned.changes.items()}
        values, errors = resolved_again(asked, self.words)
        effect = set_values(
            goods,
            values,
            by=self.by,
            words=self.words,
            galleries=self.galleries,
            is_checked=True,
        )
        errors += effect.errors
        if goods.updated_at != planned.seen_at and not errors:
            errors = _moved(planned, effect.changes)
        for name, message in errors:
            self._refuse(planned, name, message)
        if errors:
            return False
        self.written.done += 1
        if "images" in effect.changes:
            self.galleries.arrange(goods, effect.changes["images"][1])
        if effect.prices.hits:
            self.written.waiting[planned.row.number] = waiting(effect.prices)
            self._proposals.append(effect.prices.proposal(goods))
            self._reasons.add(planned.reason)
        return True

    def _lines(
        self, planned: Planned, goods: Any, before: changes.Snapshot
    ) -> list[Line]:
        touched = changes.changed(goods, before)
        prices = {k: v for k, v in touched.items() if k in changes.PRICE_FIELDS}
        others = {k: v for k, v in touched.items() if k not in changes.PRICE_FIELDS}
        if "images" in planned.changes:
            others["images"] = planned.changes["images"]
        details: dict[str, Any] = {"batch": self.reference}
        if planned.reason:
            details["reason"] = planned.reason
        return [
            entry(
                by=self.by,
                action=action,
                target=goods,
                changes=editing.readable(some),
                **details,
            )
            for action, some in (("goods.changed", others), ("goods.repriced", prices))
            if some
        ]

    def create(self, plans: Sequence[Planned]) -> None:
        """Enter new drafts, or again those that an undo put away."""
        targets = [planned.target for planned in plans if planned.target is not None]
        again = {goods.pk: goods for goods in locked(targets)} if targets else {}
        self._load_pictures(plans, again)
        fresh: list[tuple[Planned, Any]] = []
        back: list[tuple[Any, changes.Snapshot]] = []
        for planned in plans:
            goods = self._new(planned)
            if goods is None:
                continue
            old = again.get(planned.target or 0)
            if old is not None and old.updated_at == planned.seen_at:
                before = changes.snapshot(old)
                _begin_again(old, goods)
                back.append((old, before))
                goods = old
            else:
                fresh.append((planned, goods))
            if "images" in planned.changes:
                self.galleries.arrange(goods, planned.changes["images"][1])
        origin = changes.Origin(self.by, Means.SHEET, reference=self.reference)
        many = self._enter(fresh, origin)
        pictures = self.galleries.write()
        changes.save_all(back, origin, self._at, pictures=pictures)
        self.written.done += len(many) + len(back)
        record_all(
            entry(
                by=self.by, action="goods.created", target=goods, batch=self.reference
            )
            for goods in [*many, *(goods for goods, _before in back)]
        )

    def _enter(
        self, fresh: list[tuple[Planned, Any]], origin: changes.Origin
    ) -> list[Any]:
        """Insert new goods; codes that somebody entered meanwhile are refused."""
        many = [goods for _planned, goods in fresh]
        try:
            with transaction.atomic():
                changes.create_all(many, origin, self._at)
            return many
        except IntegrityError:
            taken = find([goods.code for goods in many])
            if not taken:
                raise
        for goods in many:
            goods.pk = None
        free = []
        for planned, goods in fresh:
            if goods.code.upper() in taken:
                self._refuse(
                    planned, "code", _("Meanwhile somebody entered this code.")
                )
            else:
                free.append(goods)
        changes.create_all(free, origin, self._at)
        return free

    def _new(self, planned: Planned) -> Any:
        """What a plan enters; None where it is refused."""
        asked = {name: new for name, (_old, new) in planned.changes.items()}
        values, errors = resolved(asked, self.words)
        goods = draft(planned.key, values)
        # its values were found right when it was planned
        errors += validation.misfits(goods)
        if "cost" in values and not self._may_see_cost:
            errors.append(("cost", _("You may not set costs.")))
        if "images" in values:
            errors += [
                ("images", message)
                for message in self.galleries.errors(goods, values["images"])
            ]
        for name, message in errors:
            self._refuse(planned, name, message)
        return None if errors else goods

    def finish(self) -> Written:
        """Propose what has to wait, as one run; gives what became of the rows."""
        if self._proposals:
            # a run has one reason; rows that differ are told by the sheet
            only = self._reasons.pop() if len(self._reasons) == 1 else ""
            run = repricing.propose(
                self._proposals,
                by=self.by,
                origin=Means.SHEET,
                reason=only
                or _("Sheet, batch %(number)s") % {"number": self.reference},
                reference=self.reference,
            )
            self.written.run = run.number
        return self.written

    def _refuse(self, planned: Planned, column: str, message: str) -> None:
        self.written.refused.append((planned.row.number, column, message))


def _begin_again(goods: Any, fresh: Any) -> None:
    """Make a goods that was put away what the fresh one would be; its pictures stay."""
    for name in changes.TRACKED:
        if name == "image":
            continue
        setattr(goods, name, getattr(fresh, name))


def _moved(planned: Planned, found: dict[str, Any]) -> list[tuple[str, str]]:
    """The cells whose value in the shop is no longer the one that the preview showed;
    where it is by now what the sheet wants, all is well."""
    return [
        (name, both_changed(name, new, found[name][0]))
        for name, (old, new) in planned.changes.items()
        if name in found and found[name][0] != old
    ]
