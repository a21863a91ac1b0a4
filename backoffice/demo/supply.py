"""Suppliers of the demo, what was ordered from them, and what was counted."""

from collections.abc import Mapping
from decimal import Decimal

from django.utils import timezone

from backoffice.accounts.models import User
from backoffice.demo.acts import Act
from catalog.models import Goods
from stock import replenishment, stocktaking, suppliers
from stock.enums import ReplenishmentStatus
from stock.models import ReplenishmentOrder, Supplier
from stock.replenishment import Delivered, Wanted
from stock.stocktaking import Counted

Quantities = Mapping[str, Decimal]
#: name → (mobile of a block that is not given out, note, the shelves it fills)
SUPPLIERS = {
    "鲜果汇批发档口": (
        "13000000101",
        "凌晨两点前下单，六点到货",
        ("热销爆品", "网红特卖", "葡提梅果"),
    ),
    "城南老王果行": (
        "13000000102",
        "到货先验再签字",
        ("柑橘橙柚", "苹果蕉梨", "西瓜/蜜瓜"),
    ),
    "晋和干果商行": ("13000000103", "每周二、周五送货", ("干果/饮品", "礼盒果篮")),
    "鲜切坊中央厨房": ("13000000104", "", ("现切/下午茶",)),
}
#: on these days, days ago, a little of the first goods was sent back
REJECTED = {9: "整箱压伤", 5: "糖度不够", 2: "长霉"}


def known(by: User) -> None:
    """Enter the suppliers."""
    for name, (mobile, note, _shelves) in SUPPLIERS.items():
        suppliers.add(by=by, name=name, mobile=mobile, note=note)


def _by_supplier(lines: Quantities) -> dict[Supplier, list[Goods]]:
    of = {shelf: name for name, (*_rest, many) in SUPPLIERS.items() for shelf in many}
    rows = Supplier.objects.in_bulk(field_name="name")
    found: dict[Supplier, list[Goods]] = {}
    goods = Goods.objects.filter(code__in=list(lines)).select_related("category")
    for one in goods.order_by("code"):
        found.setdefault(rows[of[one.category.name]], []).append(one)
    return found


def drafted(lines: Quantities, note: str) -> Act:
    """A draft for each supplier, at what the goods cost that day."""

    def act(by: User) -> None:
        for supplier, goods in _by_supplier(lines).items():
            wanted = [Wanted(one.pk, lines[one.code], one.cost) for one in goods]
            replenishment.draft(supplier, wanted, by=by, note=note)

    return act


def sent(note: str) -> Act:
    """The drafts of this note go out."""

    def act(by: User) -> None:
        drafts = ReplenishmentOrder.objects.filter(
            note=note, status=ReplenishmentStatus.DRAFT
        )
        for draft in drafts.order_by("pk"):
            replenishment.order(draft, by=by)

    return act


def received(note: str, lines: Quantities, why: str = "") -> Act:
    """What was ordered under this note comes in; with `why`, what is above `lines` goes
    back for this reason."""

    def act(by: User) -> None:
        orders = ReplenishmentOrder.objects.filter(note=note).order_by("pk")
        for order in orders:
            delivered = {}
            for line in order.lines.select_related("goods"):
                kept = lines[line.goods.code]
                delivered[line.pk] = Delivered(
                    kept, rejected=line.quantity - kept, reason=why
                )
            paper = f"JH{timezone.localtime():%Y%m%d}-{order.pk}"
            replenishment.receive(order, delivered, by=by, reference=paper)

    return act


def counted(differences: Quantities) -> Act:
    """A stocktake of these goods that was posted."""

    def act(by: User) -> None:
        goods = Goods.objects.filter(code__in=list(differences)).order_by("code")
        ids = {one.pk: one.code for one in goods}
        stocktake = stocktaking.start(ids, by=by, note="周盘")
        booked = stocktaking.expected(ids)
        counts = [
            Counted(pk, booked[pk] + differences[code], "失水" if place % 2 else "")
            for place, (pk, code) in enumerate(ids.items())
        ]
        stocktaking.count(stocktake, counts, by=by)
        stocktaking.post(stocktaking.finish(stocktake, by=by), by=by)

    return act


def being_counted(shelf: str, share: int) -> Act:
    """A blind count of a shelf, of which one in `share` goods is counted."""

    def act(by: User) -> None:
        goods = Goods.objects.filter(category__name=shelf, balance__on_hand__gt=0)
        ids = list(goods.order_by("code").values_list("pk", flat=True))
        stocktake = stocktaking.start(ids, by=by, is_blind=True, note=f"{shelf}抽盘")
        booked = stocktaking.expected(ids)
        counts = [Counted(pk, booked[pk]) for pk in ids[::share]]
        stocktaking.count(stocktake, counts, by=by)

    return act
