"""Taking a batch of goods back, cell by cell, as far as its cells are still its own."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice.base.errors import DomainError
from backoffice.oplog.record import entry, record_all
from backoffice.sheets.definitions import Planned, Undone
from catalog import changes, editing, pricing, repricing, validation
from catalog.enums import GoodsStatus, Means, RunStatus
from catalog.lookup import locked_all
from catalog.models import Goods, RepricingRun
from catalog.resources.galleries import Galleries
from catalog.resources.light import find
from catalog.resources.merging import changed_meanwhile, last_changes
from catalog.resources.planning import (
    PRICES,
    resolved_again,
    written,
)
from catalog.resources.words import RELATIONS, Words

if TYPE_CHECKING:
    from backoffice.accounts.models import User


class GoodsUndo:
    """One undo, chunk by chunk, inside one transaction.

    Guards do not stop a price from going back to what it was; permissions do.
    """

    def __init__(self, by: "User", reference: str) -> None:
        self.by, self.reference = by, reference
        self.words = Words()
        self.galleries = Galleries()
        self.undone = Undone()
        self._at = timezone.now()
        self._origin = changes.Origin(
            by,
            Means.ROLLBACK,
            reason=_("Batch %(number)s taken back") % {"number": reference},
            reference=reference,
        )

    def take_back_run(self, number: str) -> None:
        """Cancel the run of guarded prices, where it still waits."""
        run = RepricingRun.objects.filter(number=number).first()
        if run is not None and run.status == RunStatus.AWAITING:
            repricing.cancel(run, by=self.by)

    def put_back(self, plans: Sequence[Planned]) -> None:
        """Cells of goods that were there before."""
        many = {g.pk: g for g in locked_all(p.target for p in plans if p.target)}
        before_was = [p.changes["images"][0] for p in plans if "images" in p.changes]
        if before_was:
            self.galleries.load(many, [paths for paths in before_was if paths])
        pairs: list[tuple[Goods, changes.Snapshot]] = []
        log = []
        for planned in plans:
            goods = many.get(planned.target or 0)
            if goods is None:
                continue
            before = changes.snapshot(goods)
            values = self._still_ours(planned, goods)
            if self._set(planned, goods, values):
                pairs.append((goods, before))
                log.append(
                    entry(
                        by=self.by,
                        action="goods.changed",
                        target=goods,
                        changes=editing.readable(changes.changed(goods, before)),
                        batch=self.reference,
                        undone=True,
                    )
                )
        pictures = self.galleries.write()
        changes.save_all(pairs, self._origin, self._at, pictures=pictures)
        record_all(log)
        self.undone.done += len(pairs)

    def _still_ours(self, planned: Planned, goods: Goods) -> dict[str, Any]:
        """{column: what it was before} of the cells that are as the batch left them."""
        waited = {column for column, _why in planned.waiting}
        values = {}
        for name, (old, new) in planned.changes.items():
            now = (
                self.galleries.paths(goods)
                if name == "images"
                else written(goods, name, self.words)
            )
            if name in waited or now == old:
                continue
            if now == new:
                values[name] = old
            else:
                self._keep(planned, name, changed_meanwhile(now))
        return values

    def _set(self, planned: Planned, goods: Goods, asked: dict[str, Any]) -> bool:
        """Set what was before; False where nothing is, with the reasons kept."""
        values, errors = resolved_again(asked, self.words)
        values = self._permitted(planned, goods, values)
        pictures = {n: values.pop(n) for n in list(values) if n == "images"}
        undo = {name: getattr(goods, name) for name in values}
        for name, value in values.items():
            setattr(goods, name, value)
        goods.unit = self.words.row("unit", goods.unit_id)
        touched = {f"{n}_id" if n in RELATIONS else n for n in values}
        errors += [
            (name, message)
            for name, messages in validation.errors_of(goods, touched).items()
            for message in messages
        ]
        if not errors and goods.status == GoodsStatus.ON_SALE:
            found = editing.unsellable(goods, pricing.Change())
            errors = [(n, m) for n, messages in found.items() for m in messages]
        for paths in pictures.values():
            errors += [("images", m) for m in self.galleries.errors(goods, paths)]
        if errors:
            for name, value in undo.items():
                setattr(goods, name, value)
            for name, message in errors:
                self._keep(planned, name, message)
            return False
        for paths in pictures.values():
            self.galleries.arrange(goods, paths)
        return bool(values or pictures)

    def _permitted(
        self, planned: Planned, goods: Goods, values: dict[str, Any]
    ) -> dict[str, Any]:
        """The values that this person may set on this goods as it stands."""
        allowed = {}
        for name, value in values.items():
            try:
                if name in PRICES:
                    pricing.permit_price(self.by, goods)
                elif name == "cost":
                    if not editing.may_edit_cost(self.by, goods):
                        self._keep(planned, name, _("You may not set costs."))
                        continue
                else:
                    editing.permit_content(
                        self.by, goods, ["image" if name == "images" else name]
                    )
            except DomainError as refusal:
                self._keep(planned, name, str(refusal))
                continue
            allowed[name] = value
        return allowed

    def put_away(self, plans: Sequence[Planned]) -> None:
        """Goods that the batch entered: archived, where nobody touched them since."""
        found = find([planned.key for planned in plans])
        many = {g.code.upper(): g for g in locked_all(g.pk for g in found.values())}
        last = last_changes(g.pk for g in many.values())
        pairs, log = [], []
        for planned in plans:
            goods = many.get(planned.key.upper())
            if goods is None:
                # its code was changed by hand
                self._keep(planned, "code", _("It is no longer there."))
                continue
            if last[goods.pk] != (Means.SHEET, self.reference):
                self._keep(
                    planned,
                    "code",
                    _("It was worked on since it was imported, so it stays."),
                )
                continue
            before = changes.snapshot(goods)
            goods.status = GoodsStatus.ARCHIVED
            pairs.append((goods, before))
            log.append(
                entry(
                    by=self.by,
                    action="goods.archived",
                    target=goods,
                    batch=self.reference,
                    undone=True,
                )
            )
        changes.save_all(pairs, self._origin, self._at)
        record_all(log)
        self.undone.done += len(pairs)

    def _keep(self, planned: Planned, column: str, message: str) -> None:
        self.undone.kept.append((planned.row.number, column, message))
