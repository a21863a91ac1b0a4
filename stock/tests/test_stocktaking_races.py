"""A stocktake that two people post, and goods that two people begin to count, at once.

The first test takes the lock of the stocktake away and shows that the difference would be
posted twice over but for its reference. On SQLite every transaction that writes is alone
from its beginning.
"""

from decimal import Decimal
from threading import Barrier

import pytest
from django.conf import settings

from backoffice.accounts.tests.factories import AdminFactory
from backoffice.base.errors import WrongStatus
from catalog.tests.test_races import at_once
from stock import proving, stocktaking
from stock.errors import CountOutdated
from stock.models import StockMovement, Stocktake
from stock.stocktaking import Counted
from stock.tests.factories import levels, stocked
from stock.tests.test_stocktaking import sold, take

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
D = Decimal


def corrections():
    return StockMovement.objects.filter(kind="stocktake").count()


@pytest.mark.skipif(settings.IS_SQLITE, reason="SQLite has one writer at a time")
def test_without_the_lock_both_believe_to_post(monkeypatch):
    by = AdminFactory()
    stocktake = take(by, (stocked("10"), "8"))
    both_there = Barrier(2, timeout=20)
    real = stocktaking._post

    def wait(*given):
        both_there.wait()
        return real(*given)

    monkeypatch.setattr(
        stocktaking, "_locked", lambda one: Stocktake.objects.get(pk=one.pk)
    )
    monkeypatch.setattr(stocktaking, "_post", wait)
    act = lambda: stocktaking.post(stocktake, by=by)  # noqa: E731
    results = at_once(act, act)
    assert not any(isinstance(result, WrongStatus) for result in results)


def test_posting_twice_at_once_posts_once():
    by, goods = AdminFactory(), stocked("10")
    stocktake = take(by, (goods, "8"))
    act = lambda: stocktaking.post(stocktake, by=by)  # noqa: E731
    results = at_once(*[act] * 3)
    assert sum(isinstance(result, WrongStatus) for result in results) == 2
    assert levels(goods) == (8, 0, 0)
    assert corrections() == 1
    assert proving.prove().differences == []


def test_a_goods_is_begun_by_one_of_two():
    by, goods, other = AdminFactory(), stocked("10"), stocked("5")
    results = at_once(
        lambda: stocktaking.start([goods.pk, other.pk], by=by),
        lambda: stocktaking.start([other.pk, goods.pk], by=by),
    )
    assert sum(isinstance(result, CountOutdated) for result in results) == 1
    assert Stocktake.objects.count() == 1


def test_sales_beside_counts_never_go_astray():
    """Whether a sale comes before or after the count, what is missing is one."""
    by = AdminFactory()
    goods = stocked("20")
    stocktake = stocktaking.start([goods.pk], by=by)

    def sell(number):
        return lambda: sold(goods, "1", reference=f"LS{number}")

    def count():
        # who stands at the shelf sees what is there at this moment, less the one
        there = levels(goods)[0]
        stocktaking.count(stocktake, [Counted(goods.pk, there - 1)], by=by)
        return there

    results = at_once(count, *[sell(n) for n in range(4)])
    line = stocktake.lines.get()
    # the shelf was looked at a moment before the count was kept
    missing = line.expected - line.counted
    assert 1 - 4 <= missing <= 1
    stocktaking.post(stocktaking.finish(stocktake, by=by), by=by)
    assert levels(goods)[0] == 20 - 4 + line.difference
    assert [r for r in results if isinstance(r, Exception)] == []
    assert proving.prove().differences == []
