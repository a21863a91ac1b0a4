"""Killed in the middle of a posting: all of it is there afterwards, or nothing."""

from decimal import Decimal

import pytest
from django.db import transaction

from backoffice.accounts.tests.factories import AdminFactory
from catalog import costing
from catalog.models import Goods
from catalog.tests.sheets.test_races import dying, killed
from stock import proving, receiving, reservations, rows
from stock.models import StockMovement
from stock.receiving import Incoming
from stock.tests.factories import levels, stocked

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
D = Decimal


def dies(monkeypatch, module, name):
    """The function of a module kills its process once it has done its work."""
    real = getattr(module, name)

    def act(*args, **kwargs):
        real(*args, **kwargs)
        dying(None, 0)(None)

    monkeypatch.setattr(module, name, act)


@pytest.mark.parametrize(
    ("module", "name"), [(rows, "write"), (costing.changes, "save_all")]
)
def test_a_receipt_that_was_killed_is_booked_once(monkeypatch, module, name):
    goods, by = stocked("10", cost="2"), AdminFactory()
    line = Incoming(goods.pk, D(10), D(4))
    with monkeypatch.context() as patched:
        dies(patched, module, name)
        killed(lambda: receiving.receive([line], reference="B1", by=by))
    assert levels(goods)[0] == 10
    assert Goods.objects.get().cost == 2
    for _ in range(2):
        receiving.receive([line], reference="B1", by=by)
    assert levels(goods)[0] == 20
    assert Goods.objects.get().cost == 3
    assert StockMovement.objects.filter(reference="B1").count() == 1
    assert proving.prove().differences == []


def test_an_order_that_was_killed_holds_nothing(monkeypatch):
    goods = stocked("10")

    def order():
        with transaction.atomic():
            reservations.reserve([(goods.pk, D(4))], order="O1", by=None)

    with monkeypatch.context() as patched:
        dies(patched, rows, "write")
        killed(order)
    assert levels(goods) == (10, 0, 0)
    order()
    assert levels(goods) == (10, 4, 0)
    assert proving.prove().differences == []
