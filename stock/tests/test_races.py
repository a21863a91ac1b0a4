"""Many at once on the same goods: nothing is sold twice and nobody waits for ever.

The first test takes the lock of the balances away and shows that the shop oversells
without it; where it fails, the others prove nothing. On SQLite every transaction that
writes is alone from its beginning (`BEGIN IMMEDIATE`), so there is no lock to take away.
"""

from decimal import Decimal
from threading import Barrier

import pytest
from django.conf import settings
from django.db import transaction
from django.db.models import Sum

from backoffice.accounts.tests.factories import AdminFactory
from backoffice.tests.together import at_once
from catalog import editing
from catalog.models import Goods
from catalog.tests.factories import GoodsFactory
from stock import corrections, ledger, proving, receiving, reservations, rows
from stock.enums import MovementKind
from stock.errors import OutOfStock
from stock.ledger import Posting
from stock.models import StockBalance, StockMovement
from stock.receiving import Incoming
from stock.rows import Balance
from stock.tests.factories import levels, stocked

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
D = Decimal
BUYERS = 16


def buying(order, *lines):
    """An order for these (goods, quantity), in a transaction of its own."""

    def buy():
        with transaction.atomic():
            wanted = [(goods.pk, D(quantity)) for goods, quantity in lines]
            return reservations.reserve(wanted, order=order, by=None)

    return buy


def sold():
    return StockMovement.objects.aggregate(sum=Sum("delta_reserved"))["sum"]


def proved():
    return proving.prove().differences == []


@pytest.mark.skipif(settings.IS_SQLITE, reason="SQLite has one writer at a time")
def test_without_the_lock_the_last_ones_are_sold_twice(monkeypatch):
    goods = stocked("10")
    both_read = Barrier(2, timeout=20)

    def read(goods_ids):
        found = StockBalance.objects.filter(pk__in=goods_ids).values_list(
            "pk", "on_hand", "reserved", "short"
        )
        balances = {pk: Balance(*quantities) for pk, *quantities in found}
        both_read.wait()
        return balances

    monkeypatch.setattr(rows, "lock", read)
    at_once(buying("O1", (goods, "10")), buying("O2", (goods, "10")))
    assert sold() == 20
    assert not proved()


def test_sixteen_buyers_of_the_last_ten_get_ten():
    goods = stocked("10")
    results = at_once(*(buying(f"O{n}", (goods, "1")) for n in range(BUYERS)))
    assert sum(isinstance(r, OutOfStock) for r in results) == BUYERS - 10
    assert levels(goods) == (10, 10, 0)
    assert sold() == 10
    assert proved()


def test_baskets_in_opposite_orders_do_not_wait_for_each_other():
    goods = [stocked("100") for _ in range(8)]
    forward = [(g, "1") for g in goods]
    results = at_once(
        *(
            buying(f"O{n}", *(forward if n % 2 else reversed(forward)))
            for n in range(BUYERS)
        )
    )
    assert not [r for r in results if isinstance(r, Exception)]
    assert [levels(g)[1] for g in goods] == [BUYERS] * 8
    assert proved()


def test_an_order_sent_twice_at_once_is_held_once():
    goods = stocked("10")
    results = at_once(*[buying("O1", (goods, "3"))] * 4)
    assert sorted(r[0].is_repeat for r in results) == [False, True, True, True]
    assert len({r[0].movement.pk for r in results}) == 1
    assert levels(goods) == (10, 3, 0)


def test_first_receipts_of_the_same_goods_meet():
    goods, by = [GoodsFactory() for _ in range(6)], AdminFactory()

    def receiving_in(order, reference):
        lines = [Incoming(g.pk, D(2), D(3)) for g in order]
        return lambda: receiving.receive(lines, reference=reference, by=by)

    at_once(
        *(receiving_in(goods if n % 2 else reversed(goods), f"B{n}") for n in range(6))
    )
    assert [levels(g)[0] for g in goods] == [12] * 6
    assert set(Goods.objects.values_list("cost", flat=True)) == {D(3)}
    assert proved()


def test_receipts_orders_and_edits_of_one_goods_do_not_deadlock():
    """Receipts and edits lock the goods first, orders only the balance."""
    goods, by = [stocked("100", cost="1") for _ in range(4)], AdminFactory()
    acts = []
    for n in range(4):
        lines = [(g, "1") for g in goods]
        acts.append(buying(f"O{n}", *lines))
        acts.append(
            lambda n=n: receiving.receive(
                [Incoming(g.pk, D(1), D(2)) for g in goods], reference=f"B{n}", by=by
            )
        )
        acts.append(lambda n=n: editing.edit_goods(goods[n], {"name": f"新{n}"}, by=by))
    results = at_once(*acts)
    assert not [r for r in results if isinstance(r, Exception)]
    assert [levels(g) for g in goods] == [(104, 4, 0)] * 4
    assert proved()


def test_the_same_receipt_at_once_is_booked_and_averaged_once():
    goods, by = stocked("10", cost="2"), AdminFactory()
    line = Incoming(goods.pk, D(10), D(4))
    at_once(*[lambda: receiving.receive([line], reference="B1", by=by)] * 3)
    assert levels(goods)[0] == 20
    assert Goods.objects.get().cost == 3


def test_losses_orders_and_releases_at_once_add_up():
    goods = stocked("20")
    for n in range(4):
        buying(f"O{n}", (goods, "4"))()

    def losing(n):
        def lose():
            with transaction.atomic():
                return ledger.post(
                    [Posting(goods.pk, MovementKind.SPOILAGE, f"S{n}", on_hand=D(-3))],
                    by=None,
                )

        return lose

    def letting_go(n):
        def let_go():
            with transaction.atomic():
                return reservations.release(order=f"O{n}", by=None)

        return let_go

    results = at_once(*map(losing, range(5)), *map(letting_go, range(3)))
    assert not [r for r in results if isinstance(r, Exception)]
    on_hand, reserved, short = levels(goods)
    assert (on_hand - short, reserved) == (5, 4)
    assert short == 0
    assert proved()


def test_two_adjustments_of_the_last_ones_leave_one():
    goods, by = stocked("5"), AdminFactory()
    results = at_once(
        *[lambda: corrections.adjust(goods, by=by, delta=D(-5), reason="x")] * 2
    )
    assert sum(isinstance(r, OutOfStock) for r in results) == 1
    assert levels(goods)[0] == 0
