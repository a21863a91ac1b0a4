"""Many buyers at once against a web server of several processes, over HTTP.

The controls start a server that lacks one lock and show that the race is there: with the
same buyers the shop oversells, orders twice, spends points twice. SQLite has one writer
at a time, so there is no lock to take away.
"""

import json
from decimal import Decimal

import pytest

from backoffice.accounts import tokens
from backoffice.books import proofs
from backoffice.tests.servers import server
from backoffice.tests.together import at_once, row_locks_only
from sales import cart, points
from sales.enums import PointsKind
from sales.models import IdempotencyKey, Order, PointsEntry
from sales.tests.factories import customer, shelf
from stock.models import StockBalance

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

WORKERS, THREADS = 3, 8
BUYERS, LAST, REPEATS = 16, 10, 50


@pytest.fixture
def shop(tmp_path):
    """A server as it is."""
    with server(tmp_path / "log", workers=WORKERS, threads=THREADS) as running:
        yield running


@pytest.fixture
def careless(tmp_path, request):
    """A server without the lock that the test names."""
    with server(
        tmp_path / "log",
        workers=WORKERS,
        threads=THREADS,
        SERVER_CARELESS="sales.tests.careless.apps.CarelessConfig",
        CARELESS=request.param,
    ) as running:
        yield running


def buying(running, user, goods, *, key, **more):
    """An act: order one of goods; gives (status, answer)."""
    token = tokens.issue(user).access
    line = {"goods_id": goods.pk, "unit": "retail", "quantity": "1"}
    body = {"lines": [line], "delivery": "pickup", **more}
    return lambda: running.ask("POST", "/orders", body, token=token, key=key)


def rush(running):
    """Many buyers of the last few; gives how many were told that they got it."""
    goods = shelf(price="70.00", on_hand=str(LAST))
    outcomes = at_once(
        *(buying(running, customer(), goods, key="k") for _buyer in range(BUYERS))
    )
    assert {status for status, _answer in outcomes} <= {201, 409}
    refused = [answer["error"] for status, answer in outcomes if status == 409]
    assert set(refused) <= {"out_of_stock"}
    return goods, BUYERS - len(refused)


@row_locks_only
@pytest.mark.parametrize("careless", ["stock"], indirect=True)
def test_without_the_lock_more_is_sold_than_there_is(careless):
    _goods, sold = rush(careless)
    assert sold > LAST
    assert Order.objects.count() == sold


def test_sixteen_buyers_of_the_last_ten(shop):
    goods, sold = rush(shop)
    assert sold == LAST == Order.objects.count()
    row = StockBalance.objects.get(pk=goods.pk)
    assert (row.on_hand, row.reserved) == (LAST, LAST)
    assert proofs.run().differences == []


def repeat(running):
    """The same request with the same key, over and over at once."""
    goods, user = shelf(price="1.00", on_hand="1000"), customer()
    token = tokens.issue(user).access
    line = {"goods_id": goods.pk, "unit": "retail", "quantity": "70"}
    body = {"lines": [line], "delivery": "pickup"}
    outcomes = at_once(
        *[lambda: running.ask("POST", "/orders", body, token=token, key="once")]
        * REPEATS
    )
    return goods, outcomes


@row_locks_only
@pytest.mark.parametrize("careless", ["keys"], indirect=True)
def test_without_the_claim_one_request_orders_many_times(careless):
    _goods, outcomes = repeat(careless)
    assert Order.objects.count() > 1
    assert IdempotencyKey.objects.count() == 0
    assert len({str(answer) for _status, answer in outcomes}) > 1


def test_fifty_times_the_same_key_at_once_is_one_order(shop):
    goods, outcomes = repeat(shop)
    assert [status for status, _answer in outcomes] == [201] * REPEATS
    numbers = {answer["data"]["order"]["order_no"] for _status, answer in outcomes}
    assert numbers == {Order.objects.get().order_no}
    answers = {json.dumps(answer["data"], sort_keys=True) for _s, answer in outcomes}
    assert len(answers) == 1
    assert StockBalance.objects.get(pk=goods.pk).reserved == 70
    assert IdempotencyKey.objects.count() == 1


def spend(running):
    """One customer orders from two telephones with all points; gives who it was."""
    user = customer(with_points=1000)
    # of different goods, so that the stock's lock does not make one wait for the other
    baskets = [shelf(price="70.00"), shelf(price="70.00")]
    for goods in baskets:
        cart.add(user, goods_id=goods.pk, unit="retail", quantity=Decimal(1))
    outcomes = at_once(
        *(
            buying(running, user, goods, key=f"k{n}", points=1000, from_cart=True)
            for n, goods in enumerate(baskets)
        )
    )
    assert [status for status, _answer in outcomes] == [201, 201]
    spent = PointsEntry.objects.filter(user=user, kind=PointsKind.SPEND)
    return user, sum(entry.delta for entry in spent)


@row_locks_only
@pytest.mark.parametrize("careless", ["points"], indirect=True)
def test_without_the_lock_points_are_spent_twice(careless):
    _user, spent = spend(careless)
    assert spent == -2000
    assert proofs.run().differences != []


def test_two_carts_do_not_spend_the_same_points(shop):
    user, spent = spend(shop)
    assert spent == -1000
    assert points.balance(user.pk) == 0
    payables = Order.objects.order_by("payable").values_list("payable", flat=True)
    assert list(payables) == [Decimal("60.00"), Decimal("70.00")]
    assert proofs.run().differences == []
