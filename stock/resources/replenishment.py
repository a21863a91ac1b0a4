"""The sheet of receipts: what suppliers brought, under which delivery note."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base.among import among
from backoffice.base.errors import NotPermitted
from backoffice.base.money import plain
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
from backoffice.sheets.enums import Outcome
from catalog.enums import GoodsStatus
from stock import suppliers
from stock.deliveries import Delivery, take_in
from stock.enums import MovementKind
from stock.errors import WrongQuantity
from stock.models import (
    ReplenishmentOrder,
    ReplenishmentReceipt,
    StockMovement,
    Supplier,
)
from stock.quantities import in_steps
from stock.receiving import Incoming
from stock.replenishment import RECEIVE
from stock.resources import columns
from stock.resources.shelf import Shelf

if TYPE_CHECKING:
    from backoffice.accounts.models import User

CHUNK = 500
ABILITIES = (RECEIVE, suppliers.ORDER, columns.SEE_COST)


@dataclass
class _Booked:
    """What was received under a reference: goods → (quantity, cost)."""

    lines: dict[int, tuple[Decimal, Decimal | None]] = field(default_factory=dict)


class ReceiptChecker(Checker):
    """Plans receipts: new ones, those that are booked, those that say otherwise."""

    def __init__(self, by: "User", options: Options) -> None:
        super().__init__(by, options)
        self._shelf = Shelf()
        self._may_see_cost = by.has_perm(columns.SEE_COST)
        self._suppliers = {row.name.casefold(): row for row in Supplier.objects.all()}
        self._missing: dict[str, str] = {}
        # reference → what was received under it; None where nothing was
        self._known: dict[str, _Booked | None] = {}
        # reference → (supplier, first row); (reference, goods) → row
        self._of: dict[str, tuple[str, int]] = {}
        self._seen: dict[tuple[str, int], int] = {}

    def plan(self, rows: Sequence[Row]) -> list[Planned]:
        """A row is a goods of a delivery; its reference decides what becomes of it."""
        self._shelf.meet(row.values["code"] for row in rows if "code" in row.values)
        self._meet({r.values["reference"] for r in rows if "reference" in r.values})
        return [self._planned(row) for row in rows]

    def missing(self) -> dict[str, list[str]]:
        return {"supplier": list(self._missing.values())} if self._missing else {}

    def _meet(self, references: set[str]) -> None:
        fresh = references - self._known.keys()
        if not fresh:
            return
        self._known |= dict.fromkeys(fresh)
        rows = StockMovement.objects.filter(
            among("reference", fresh), kind=MovementKind.RECEIPT
        )
        for reference, goods, quantity, cost in rows.values_list(
            "reference", "goods", "delta_on_hand", "unit_cost"
        ):
            booked = self._known[reference] or _Booked()
            booked.lines[goods] = (quantity, cost)
            self._known[reference] = booked

    def _planned(self, row: Row) -> Planned:
        values = row.values
        wrong = {column for column, _message in row.errors}
        for name in ("supplier", "code", "quantity", "reference"):
            if name not in values and name not in wrong:
                row.refuse(name, _("This is missing."))
        code, reference = values.get("code", ""), values.get("reference", "")
        goods = self._shelf.get(code) if code else None
        title = f"{goods.code} {goods.name}" if goods else code
        planned = Planned(row, Outcome.NEW, key=reference, title=title)
        if code and goods is None:
            row.refuse("code", _("There is no goods %(code)s.") % {"code": shown(code)})
        self._check_supplier(row)
        if "unit_cost" in values and not self._may_see_cost:
            row.refuse("unit_cost", _("You may not set costs."))
        if goods is not None:
            self._check_goods(row, goods)
        if row.errors or goods is None:
            return planned
        booked = self._known[reference]
        if booked is not None:
            planned.conflicts = self._differences(booked, goods.pk, values)
            planned.outcome = Outcome.UNCHANGED
            return planned
        planned.changes = {
            name: (None, goods.code if name == "code" else value)
            for name, value in values.items()
        }
        return planned

    def _check_supplier(self, row: Row) -> None:
        name, reference = row.values.get("supplier"), row.values.get("reference")
        if name is None:
            return
        known = self._suppliers.get(name.casefold())
        if known is None and self.options.create_missing:
            self._missing.setdefault(name.casefold(), name)
        elif known is None:
            row.refuse(
                "supplier",
                _("There is no supplier %(name)s.") % {"name": shown(name)},
            )
        elif not known.is_active and self._known.get(reference or "") is None:
            row.refuse(
                "supplier", _("%(supplier)s gets no new orders.") % {"supplier": known}
            )
        if reference is None:
            return
        first, number = self._of.setdefault(reference, (name.casefold(), row.number))
        if first != name.casefold():
            row.refuse(
                "supplier",
                _("%(reference)s is from another supplier in row %(row)s.")
                % {"reference": shown(reference), "row": number},
            )

    def _check_goods(self, row: Row, goods: Any) -> None:
        quantity, reference = row.values.get("quantity"), row.values.get("reference")
        if goods.status == GoodsStatus.ARCHIVED:
            row.refuse("code", _("It is archived."))
        if quantity is not None:
            try:
                in_steps(goods, quantity)
            except WrongQuantity as refusal:
                row.refuse("quantity", str(refusal))
        if reference is None:
            return
        first = self._seen.setdefault((reference, goods.pk), row.number)
        if first != row.number:
            row.refuse(
                "code",
                _("It stands in %(reference)s twice, in row %(row)s too.")
                % {"reference": shown(reference), "row": first},
            )

    def _differences(
        self, booked: _Booked, goods_id: int, values: dict[str, Any]
    ) -> list[tuple[str, str]]:
        """What says otherwise than what was received under this reference."""
        line = booked.lines.get(goods_id)
        if line is None:
            return [
                ("reference", _("It was received before, without this goods.")),
            ]
        quantity, cost = line
        said = _("It was received with %(before)s.")
        found = []
        if quantity != values["quantity"]:
            found.append(("quantity", said % {"before": plain(quantity)}))
        if values.get("unit_cost", cost) != cost:
            found.append(("unit_cost", said % {"before": plain(cost) or "—"}))
        return found


class ReceiptSheet(SheetDefinition):
    """Deliveries, booked as receipts of orders to suppliers."""

    id = "replenishment"
    label = gettext_lazy("receipts")
    summary = gettext_lazy(
        "What suppliers brought: it is booked, costs are averaged, orders are ticked off."
    )
    model = ReplenishmentOrder
    order = ("-created_at", "-id")
    key = "reference"
    repeats = True
    undoable = False
    columns: Sequence[Column] = [
        columns.SUPPLIER,
        columns.CODE,
        columns.QUANTITY,
        columns.UNIT_COST,
        columns.REFERENCE,
    ]
    import_permissions: Sequence[str] = (RECEIVE,)
    export_permission = "stock.view_replenishmentorder"
    required_for_new = ("supplier", "code", "quantity", "reference")

    def checker(self, by: "User", options: Options) -> Checker:
        return ReceiptChecker(by, options)

    def may_create_missing(self, by: "User") -> bool:
        return by.has_perm(suppliers.ORDER)

    def permit_options(self, by: "User", options: Options) -> None:
        if options.create_missing and not self.may_create_missing(by):
            raise NotPermitted(
                _("You may not add suppliers from a sheet."), permission=suppliers.ORDER
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
        shelf, known = Shelf(), _Names(by, options)
        lines: dict[tuple[str, str], list[tuple[Incoming, int]]] = {}
        for plans in new:
            shelf.meet(planned.changes["code"][1] for planned in plans)
            for planned in plans:
                value = {
                    name: after for name, (_before, after) in planned.changes.items()
                }
                goods = shelf.get(value["code"])
                if goods is None:
                    raise LookupError(value["code"])
                incoming = Incoming(goods.pk, value["quantity"], value.get("unit_cost"))
                place = (value["supplier"], value["reference"])
                lines.setdefault(place, []).append((incoming, planned.row.number))
        deliveries = {
            number: Delivery(known.get(name), number, [line for line, _row in rows])
            for (name, number), rows in lines.items()
        }
        refused = take_in(deliveries.values(), by=by)
        rows_of = {
            number: [row for _line, row in rows] for (_n, number), rows in lines.items()
        }
        written = Written(done=sum(map(len, rows_of.values())))
        for one in refused:
            numbers = rows_of[one.delivery.reference]
            written.done -= len(numbers)
            written.refused += [(row, "reference", str(one.error)) for row in numbers]
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
        raise TypeError("a receipt stays booked")

    def targets(self, keys: Sequence[str]) -> dict[str, int]:
        rows = ReplenishmentReceipt.objects.filter(reference__in=list(keys))
        return dict(rows.values_list("reference", "order"))

    def everything(self) -> QuerySet:
        return ReplenishmentOrder.objects.order_by(*self.order)

    def export(
        self, queryset: QuerySet, columns: Sequence[Column]
    ) -> Iterator[list[Any]]:
        rows = queryset.select_related("supplier").prefetch_related(
            "receipts", "lines__goods"
        )
        for order in rows.iterator(chunk_size=CHUNK):
            by_id = {str(line.pk): line for line in order.lines.all()}
            for receipt in order.receipts.all():
                for pk, (kept, cost, *_rejected) in receipt.content.items():
                    line = by_id[pk]
                    value = {
                        "supplier": order.supplier.name,
                        "code": line.goods.code,
                        "quantity": Decimal(kept),
                        "unit_cost": line.unit_cost if cost is None else Decimal(cost),
                        "reference": receipt.reference,
                    }
                    if value["quantity"]:
                        yield [value[column.name] for column in columns]


class _Names:
    """Suppliers by name; new ones are added where that was chosen."""

    def __init__(self, by: "User", options: Options) -> None:
        self._by, self._options = by, options
        self._known = {row.name.casefold(): row for row in Supplier.objects.all()}

    def get(self, name: str) -> Supplier:
        known = self._known.get(name.casefold())
        if known is None:
            if not self._options.create_missing:
                raise LookupError(name)
            known = suppliers.add(by=self._by, name=name)
            self._known[name.casefold()] = known
        return known
