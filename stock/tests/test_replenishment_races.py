"""Two receipts at once: an order is not received twice over.

The first test takes the lock of the order away and shows that both are booked then. On
SQLite every transaction that writes is alone from its beginning.
"""

from decimal import Decimal
from threading import Barrier

import pytest
from django.conf import settings

from backoffice.tests.together import at_once
from catalog.tests.factories import GoodsFactory
from stock import proving, replenishment
from stock.errors import MoreThanOrdered
from stock.models import ReplenishmentLine, ReplenishmentOrder, ReplenishmentReceipt
from stock.tests.factories import levels
from stock.tests.test_replenishment import ordered, receive

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def receiving_all(order, reference):
    return lambda: receive(order, "10", reference=reference)


@pytest.mark.skipif(settings.IS_SQLITE, reason="SQLite has one writer at a time")
def test_without_the_lock_both_are_booked(monkeypatch):
    goods = GoodsFactory()
    order = ordered((goods, "10"))
    both_counted = Barrier(2, timeout=20)
    write = replenishment._receipt

    def wait(*given):
        both_counted.wait()
        return write(*given)

    monkeypatch.setattr(
        replenishment,
        "_locked",
        lambda order: ReplenishmentOrder.objects.get(pk=order.pk),
    )
    monkeypatch.setattr(replenishment, "_receipt", wait)
    at_once(receiving_all(order, "S-1"), receiving_all(order, "S-2"))
    assert levels(goods) == (20, 0, 0)
    assert ReplenishmentLine.objects.get().received == Decimal(10)


def test_two_receipts_at_once():
    goods = GoodsFactory()
    order = ordered((goods, "15"))
    results = at_once(receiving_all(order, "S-1"), receiving_all(order, "S-2"))
    assert sum(isinstance(r, MoreThanOrdered) for r in results) == 1
    assert levels(goods) == (10, 0, 0)
    assert ReplenishmentLine.objects.get().received == Decimal(10)
    assert proving.prove().differences == []


def test_the_same_receipt_twice_at_once():
    goods = GoodsFactory()
    order = ordered((goods, "10"))
    first, second = at_once(*[receiving_all(order, "S-1")] * 2)
    assert first == second == ReplenishmentReceipt.objects.get()
    assert levels(goods) == (10, 0, 0)
