"""A web server and a worker of their own, killed in the middle of receipts: whatever was
sent is sent again, and everything is booked once, no alert stays that should be gone."""

import contextlib
import http.client
import os
import signal
import threading
import time
from decimal import Decimal
from urllib.parse import urlencode

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import connections
from django_q.models import OrmQ

from backoffice.accounts.tests.factories import AdminFactory
from backoffice.jobs.tests.test_cluster import wait_for, worker
from backoffice.tests.servers import server
from catalog.tests.factories import OnSaleGoodsFactory
from stock import alerts, proving
from stock.models import (
    LowStockAlert,
    MovedGoods,
    ReplenishmentReceipt,
    StockMovement,
)
from stock.tests.factories import levels
from stock.tests.test_alert_races import calm
from stock.tests.test_replenishment import ordered, supplied

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
ORDERS = 24
TOKEN = "k" * 32


@pytest.fixture
def cookie(client):
    """Somebody who is signed in on every server of this database."""
    client.force_login(AdminFactory(username="boss"))
    session = client.cookies["sessionid"].value
    assert SessionStore(session).exists(session)
    return f"sessionid={session}; csrftoken={TOKEN}"


class Clerk(threading.Thread):
    """Hands in receipts one after the other; notes those that were answered."""

    def __init__(self, port, cookie, orders):
        super().__init__()
        self.port, self.cookie, self.orders = port, cookie, orders
        self.answered = set()

    def run(self):
        with contextlib.suppress(OSError, http.client.HTTPException):
            for pk, line in self.orders:
                if self.hand_in(pk, line) == 302:
                    self.answered.add(pk)

    def hand_in(self, pk, line):
        call = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        fields = {
            "csrfmiddlewaretoken": TOKEN,
            "paper": f"RC-{pk}",
            f"kept-{line}": "10",
            f"rejected-{line}": "",
        }
        try:
            call.request(
                "POST",
                f"/admin/stock/replenishmentorder/{pk}/receive/",
                urlencode(fields),
                {
                    "Cookie": self.cookie,
                    "Content-Type": "application/x-www-form-urlencoded",
                },
            )
            return call.getresponse().status
        finally:
            call.close()


def clerks(port, cookie, orders, many=4):
    return [Clerk(port, cookie, orders[place::many]) for place in range(many)]


def test_receipts_are_booked_once_and_alerts_end(cookie, tmp_path):
    supplier = supplied()
    goods = [OnSaleGoodsFactory() for _ in range(ORDERS)]
    orders = []
    for one in goods:
        order = ordered((one, "10", "3"), supplier=supplier)
        orders.append((order.pk, order.lines.get().pk))
    alerts.check_all()
    calm()
    standing = LowStockAlert.objects.exclude(status="closed")
    assert standing.filter(level="sold_out").count() == ORDERS
    log = tmp_path / "log"
    with worker(log) as first_worker, server(log) as web:
        working = clerks(web.port, cookie, orders)
        [clerk.start() for clerk in working]
        until = time.monotonic() + 60
        while sum(len(clerk.answered) for clerk in working) < ORDERS // 4:
            assert time.monotonic() < until, log.read_text()[-3000:]
            time.sleep(0.01)
        os.killpg(web.pid, signal.SIGKILL)
        os.killpg(first_worker.pid, signal.SIGKILL)
        first_worker.wait()
        [clerk.join() for clerk in working]
    connections.close_all()
    answered = set().union(*[clerk.answered for clerk in working])
    booked = set(ReplenishmentReceipt.objects.values_list("order", flat=True))
    assert answered <= booked, "what was answered is there"
    assert 0 < len(answered) < ORDERS, "it was killed in the middle"
    assert proving.prove().differences == []
    moved = StockMovement.objects.filter(kind="receipt").values_list("reference")
    assert moved.count() == len(booked), "no receipt without its movement"

    with worker(log), server(log) as web:
        again = clerks(web.port, cookie, orders)
        [clerk.start() for clerk in again]
        [clerk.join() for clerk in again]
        wait_for("the end of the marks", lambda: not MovedGoods.objects.exists(), log)
        wait_for("the end of the tasks", lambda: not OrmQ.objects.exists(), log)
    connections.close_all()
    assert set().union(*[clerk.answered for clerk in again]) == {
        pk for pk, _l in orders
    }
    assert [levels(one) for one in goods] == [(Decimal(10), 0, 0)] * ORDERS
    assert ReplenishmentReceipt.objects.count() == ORDERS
    assert proving.prove().differences == []
    assert not standing.filter(level="sold_out").exists(), "each ended with its receipt"
