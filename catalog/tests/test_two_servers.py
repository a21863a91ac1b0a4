"""Two web servers of their own show a change within a second, whoever made it."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.conf import settings
from django.db import connection, transaction

from backoffice.accounts.tests.factories import AdminFactory
from backoffice.accounts.tests.test_two_servers import Server, server
from catalog import listing, pricing
from stock.receiving import Incoming, receive
from stock.tests.factories import stocked_on_sale

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

#: as the contract has it
WITHIN = 1.0


@pytest.fixture
def two(tmp_path):
    log = tmp_path / "log"
    with server(log) as one, server(log) as other:
        yield one, other


def shown(where: Server) -> dict[str, tuple[str, str]]:
    """{code: (price, available)}"""
    status, answer = where.ask("GET", "/goods")
    assert status == 200, answer
    return {
        item["code"]: (item["units"][0]["price"], item["available"])
        for item in answer["data"]["items"]
    }


def both_show(two, expected):
    """Until a second has passed since now; asked without a pause, so that pages are
    kept all the time."""
    until = time.monotonic() + WITHIN
    while True:
        began = time.monotonic()
        seen = [shown(where) for where in two]
        if seen == [expected, expected]:
            return
        assert began < until, seen


def test_every_change_is_seen_by_every_process_within_a_second(two):
    by = AdminFactory()
    goods = stocked_on_sale("10", code="A", price=Decimal("5.00"))
    both_show(two, {"A": ("5.00", "10.000")})

    pricing.change_price(goods, by=by, price=Decimal("5.10"))
    both_show(two, {"A": ("5.10", "10.000")})

    receive([Incoming(goods.pk, Decimal(3), None)], reference="R1", by=by)
    both_show(two, {"A": ("5.10", "13.000")})

    with transaction.atomic():
        pricing.change_price(goods, by=by, price=Decimal("5.20"))
        # not before it is committed, however often it is asked
        assert shown(two[0]) == {"A": ("5.10", "13.000")}
        transaction.set_rollback(True)
    time.sleep(WITHIN)
    both_show(two, {"A": ("5.10", "13.000")})

    listing.delist(goods, by=by)
    both_show(two, {})
    listing.list_goods(goods, by=by)
    both_show(two, {"A": ("5.10", "13.000")})


CHANGE_AND_DIE = """
import os, signal, sys
import django
django.setup()
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("UPDATE catalog_goods SET price = 7.77 WHERE code = 'A'")
# committed, and nothing that was to follow the commit comes to pass
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_change_whose_process_dies_with_the_commit_is_seen(two):
    stocked_on_sale("10", code="A", price=Decimal("5.00"))
    both_show(two, {"A": ("5.00", "10.000")})
    done = subprocess.run(
        [sys.executable, "-c", CHANGE_AND_DIE],
        cwd=settings.BASE_DIR,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "backoffice.tests.server_settings",
            "SERVER_DATABASE": str(connection.settings_dict["NAME"]),
        },
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    both_show(two, {"A": ("7.77", "10.000")})


def test_under_load_no_process_goes_on_with_an_old_price(two):
    """Both are asked all the time while prices change; each answer is one of the prices
    that were true within the second before it."""
    by = AdminFactory()
    goods = stocked_on_sale("10", code="A", price=Decimal("5.00"))
    since = {"5.00": (0.0, None)}
    stale: list[tuple[str, float]] = []
    over = time.monotonic() + 6

    def ask(where):
        count = 0
        while time.monotonic() < over:
            began = time.monotonic()
            price = shown(where)["A"][0]
            replaced = since[price][1]
            if replaced is not None and began - replaced > WITHIN:
                stale.append((price, began - replaced))
            count += 1
        return count

    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(ask, where) for where in two * 2]
        price, before = Decimal("5.00"), "5.00"
        while time.monotonic() < over - 0.5:
            price += Decimal("0.01")
            since[f"{price}"] = (time.monotonic(), None)
            pricing.change_price(goods, by=by, price=price)
            since[before] = (since[before][0], time.monotonic())
            before = f"{price}"
            time.sleep(0.1)
        counts = [future.result(30) for future in asking]
    assert stale == []
    assert min(counts) > 10
    assert len(since) > 10
