"""Alerts under many hands: checks at once, movements during a check, dying workers.

Every message goes to a server on the loopback that counts requests as the vendor would.
"""

import os
import signal
import time
from datetime import timedelta
from decimal import Decimal
from threading import Barrier, Event, Thread

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django_q.models import OrmQ
from django_q.tasks import async_task

from backoffice.accounts.tests.factories import StaffFactory
from backoffice.jobs.tests.test_cluster import wait_for, worker
from backoffice.shop import shop
from backoffice.sms import tasks as sms_tasks
from backoffice.sms.models import SmsAttempt, SmsMessage
from backoffice.sms.tests.vendor import SETTINGS as OF_VENDOR
from backoffice.sms.tests.vendor import vendor_at_work
from backoffice.tests.together import at_once
from stock import alerts, proving, tasks, watching
from stock.enums import MovementKind
from stock.ledger import Posting, post
from stock.models import AlertRound, LowStockAlert, MovedGoods
from stock.tests.factories import stocked_on_sale

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

SETTINGS = "backoffice.sms.tests.cluster_settings"
ONLY_POSTGRES = pytest.mark.skipif(
    settings.IS_SQLITE, reason="SQLite has one writer at a time"
)


@pytest.fixture(autouse=True)
def _never_quiet(monkeypatch):
    """Tests run by night as well, in this process and in workers."""
    monkeypatch.setenv("SHOP_SMS_QUIET", "")
    shop.forget()


@transaction.atomic
def take(goods, quantity, reference):
    post(
        [
            Posting(
                goods.pk,
                MovementKind.ADJUSTMENT,
                reference,
                on_hand=Decimal(-quantity),
            )
        ],
        by=None,
    )


def keeper():
    return StaffFactory(permissions=[alerts.RECEIVE], mobile="13800138000")


def calm():
    """Nothing is marked or queued any more."""
    MovedGoods.objects.all().delete()
    OrmQ.objects.all().delete()


def sold_out():
    return LowStockAlert.objects.filter(level="sold_out").exclude(status="closed")


# --- checks at once


@ONLY_POSTGRES
def test_without_turns_an_alert_would_open_twice(monkeypatch):
    """The control: both checks look before either writes."""
    stocked_on_sale("1")
    goods = stocked_on_sale("1")
    take(goods, 1, "m")
    both_looked = Barrier(2, timeout=20)
    look = alerts.levels.found

    def look_together(goods_ids=None):
        found = look(goods_ids)
        both_looked.wait()
        return found

    monkeypatch.setattr(alerts.levels, "found", look_together)
    out_of_turn = AlertRound.objects.create(pk=1)
    monkeypatch.setattr(alerts, "_turn", lambda: out_of_turn)
    with pytest.raises(IntegrityError):
        at_once(alerts.check_all, alerts.check_all)


def test_checks_at_once_open_one_alert_and_tell_once():
    keeper()
    goods = [stocked_on_sale("1") for _count in range(3)]
    for number, one in enumerate(goods):
        take(one, 1, f"m{number}")
    at_once(*[alerts.check_all, alerts.check_moved] * 4)
    assert sold_out().count() == 3
    assert SmsMessage.objects.count() == 1
    assert SmsMessage.objects.get().params[1] == "3"


# --- movements during a check


@ONLY_POSTGRES
def test_a_movement_during_a_check_is_looked_at_afterwards(monkeypatch):
    """The check has looked and not yet ended; what is taken then is not forgotten."""
    goods = stocked_on_sale("2")
    calm()
    take(goods, 1, "first")
    looked, moved = Event(), Event()
    look = alerts.levels.found

    def slowly(goods_ids=None):
        found = look(goods_ids)
        looked.set()
        # whoever moves the goods waits for the end of the check
        moved.wait(1)
        return found

    monkeypatch.setattr(alerts.levels, "found", slowly)

    def check():
        try:
            alerts.check_moved()
        finally:
            connection.close()

    thread = Thread(target=check)
    thread.start()
    assert looked.wait(20)
    take(goods, 1, "second")
    moved.set()
    thread.join()
    monkeypatch.undo()
    assert not sold_out().exists()
    assert MovedGoods.objects.filter(pk=goods.pk).exists()
    assert OrmQ.objects.count() == 2, "with a task of its own"
    tasks.check_moved()
    assert sold_out().count() == 1


@ONLY_POSTGRES
def test_a_check_waits_for_a_movement_that_is_under_way():
    """Its mark was there already; were it not touched, the check would take it away and
    look at the balance of before."""
    goods = stocked_on_sale("2")
    calm()
    take(goods, 1, "first")
    touched, go_on = Event(), Event()

    def mover():
        try:
            with transaction.atomic():
                take(goods, 1, "second")
                touched.set()
                go_on.wait(20)
        finally:
            connection.close()

    thread = Thread(target=mover)
    thread.start()
    assert touched.wait(20)
    Thread(target=lambda: (time.sleep(0.5), go_on.set())).start()
    alerts.check_moved()
    thread.join()
    assert sold_out().count() == 1


def test_buyers_and_checks_at_once_do_not_wait_for_ever():
    keeper()
    goods = [stocked_on_sale("20") for _count in range(4)]

    def buyer(number):
        def buy():
            for one in goods if number % 2 else reversed(goods):
                take(one, 2, f"b{number}")

        return buy

    at_once(*(buyer(n) for n in range(10)), *([tasks.check_moved] * 4))
    tasks.check_moved()
    assert sold_out().count() == 4
    assert not MovedGoods.objects.exists()
    assert proving.prove().differences == []


# --- workers that die


@pytest.fixture
def vendor(monkeypatch):
    with vendor_at_work() as server:
        monkeypatch.setenv("VENDOR", server.url)
        yield server


def test_a_worker_killed_in_the_middle_of_a_check_loses_no_alert(vendor, tmp_path):
    """It has taken the mark away and is about to write; then it is gone."""
    log = tmp_path / "log"
    keeper()
    goods = stocked_on_sale("1")
    calm()
    take(goods, 1, "m")
    before = timezone.now()
    with worker(log, SETTINGS) as process, transaction.atomic():
        # what the check is going to insert is inserted here first: it has to wait
        LowStockAlert.objects.create(
            goods=goods,
            level="sold_out",
            opened_at=before,
            available=0,
            average=0,
        )
        wait_until_blocked(log)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        transaction.set_rollback(True)
    assert not sold_out().exists()
    assert OrmQ.objects.exists(), "the queue still has the task"
    with worker(log, SETTINGS):
        wait_for("the message", lambda: bool(vendor.requests), log)
        wait_for("the receipts", lambda: not OrmQ.objects.exists(), log)
    assert sold_out().count() == 1
    assert SmsMessage.objects.get().status == "sent"
    assert len(vendor.requests) == 1
    assert not MovedGoods.objects.exists()
    assert proving.prove().differences == []


def wait_until_blocked(log):
    """The worker is in the middle of its check and waits for us."""
    if settings.IS_SQLITE:
        # it cannot begin to write while we do; that it has taken the task will do
        time.sleep(3)
        return

    def blocked():
        with connection.cursor() as cursor:
            # within a transaction it would be looked at once only
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                " AND query LIKE 'INSERT INTO \"stock_lowstockalert\"%'"
                " AND datname = current_database()"
            )
            return cursor.fetchone()[0] > 0

    wait_for("the check", blocked, log)


def test_a_worker_killed_while_the_vendor_thinks_sends_once_more_and_no_more(
    vendor, tmp_path, monkeypatch
):
    """Between claim and answer: the vendor may have sent it or not."""
    log = tmp_path / "log"
    keeper()
    goods = stocked_on_sale("1")
    calm()
    vendor.answers[:] = ["silence"]
    take(goods, 1, "m")
    with worker(log, SETTINGS) as process:
        wait_for("the request", lambda: bool(vendor.requests), log)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    message = SmsMessage.objects.get()
    assert (message.status, message.attempts) == ("sending", 1)
    with worker(log, SETTINGS):
        # the task of the delivery is given out again, and leaves the claim alone
        wait_for("the redelivery", lambda: not OrmQ.objects.exists(), log)
    assert len(vendor.requests) == 1
    assert sold_out().count() == 1
    settings_of_vendor(monkeypatch, vendor)
    now = timezone.now()
    for later in (timedelta(minutes=3), timedelta(minutes=5)):
        monkeypatch.setattr(timezone, "now", lambda later=later: now + later)
        sms_tasks.sweep()
    message.refresh_from_db()
    assert message.status == "sent"
    outcomes = SmsAttempt.objects.order_by("number").values_list("outcome", flat=True)
    assert list(outcomes) == ["unknown", "sent"]
    assert len(vendor.requests) == 2


def settings_of_vendor(monkeypatch, vendor):
    for name, value in {**OF_VENDOR, "SMS_ENDPOINT": vendor.url}.items():
        monkeypatch.setattr(settings, name, value, raising=False)


@ONLY_POSTGRES
def test_two_clusters_look_at_everything_and_tell_of_each_goods_once(vendor, tmp_path):
    log = tmp_path / "log"
    keeper()
    goods = [stocked_on_sale("1") for _count in range(12)]
    calm()
    with worker(log, SETTINGS), worker(log, SETTINGS):
        for number, one in enumerate(goods):
            take(one, 1, f"m{number}")
            async_task(watching.TASK)
            async_task("stock.tasks.check_levels")
        wait_for("all tasks", lambda: not OrmQ.objects.exists(), log)
    assert sold_out().count() == 12
    told = [int(request["TemplateParamSet"][1]) for request in vendor.requests]
    assert sum(told) == 12, "each goods in one message"
    assert len(told) == SmsMessage.objects.count()
    assert SmsAttempt.objects.count() == len(told)
