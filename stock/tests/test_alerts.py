"""Alerts: when they open and close, whom they tell, what people do with them."""

import itertools
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from django_q.models import OrmQ

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory, UserFactory
from backoffice.base.errors import DomainError, NotPermitted, WrongStatus
from backoffice.oplog.models import OperationLog
from backoffice.shop import shop
from backoffice.shop.verbs import set_value
from backoffice.sms import tasks as sms_tasks
from backoffice.sms.models import SmsMessage
from catalog import listing
from stock import alerts, levels, sold, tasks
from stock.enums import AlertLevel, AlertStatus, MovementKind, SoldKind
from stock.ledger import Posting, post
from stock.models import LowStockAlert, MovedGoods
from stock.sold import Sold
from stock.tests.factories import stocked, stocked_on_sale

pytestmark = pytest.mark.django_db

_references = itertools.count()


def sells(goods, a_day):
    """30 complete days of such sales, all of them long enough ago."""
    begin = timezone.now() - timedelta(days=40)
    days = [begin, *(timezone.now() - timedelta(days=n) for n in range(1, 31))]
    sold.enter(
        [
            Sold(
                *(goods.pk, SoldKind.SALE, day, Decimal(a_day), Decimal(9)),
                *(f"R{next(_references)}", 1),
            )
            for day in days
        ],
        batch="1",
    )


@transaction.atomic
def move(goods, quantity, kind=MovementKind.ADJUSTMENT):
    post(
        [Posting(goods.pk, kind, f"M{next(_references)}", on_hand=Decimal(quantity))],
        by=None,
    )


def selling(on_hand, a_day="10", **fields):
    """A goods on sale with so much of it that sells so much a day."""
    goods = stocked_on_sale("1000", **fields)
    sells(goods, a_day)
    move(goods, Decimal(on_hand) - 1000)
    return goods


def standing(goods):
    """{level: status} of what is not closed."""
    rows = LowStockAlert.objects.filter(goods=goods).exclude(status="closed")
    return {row.level: str(row.status) for row in rows}


def keeper(mobile="13800138000", **fields):
    return StaffFactory(permissions=[alerts.RECEIVE], mobile=mobile, **fields)


def send():
    sms_tasks.sweep()


# --- levels


def test_low_is_below_a_fifth_of_the_average(clock):
    goods = selling("2", a_day="10")
    alerts.check_all()
    assert standing(goods) == {"reorder": "open"}
    move(goods, "-0.001")
    alerts.check_all()
    assert standing(goods) == {"reorder": "open", "low": "open"}
    alert = LowStockAlert.objects.get(level="low")
    assert (alert.available, alert.average) == (Decimal("1.999"), 10)
    assert alert.opened_at == clock.at


def test_sold_out_is_nothing_available(clock):
    goods = stocked_on_sale("1")
    alerts.check_all()
    assert standing(goods) == {}
    move(goods, "-1")
    alerts.check_all()
    assert standing(goods) == {"sold_out": "open"}


def test_what_is_reserved_is_not_available(clock):
    goods = stocked_on_sale("1")
    with transaction.atomic():
        post(
            [
                Posting(
                    *(goods.pk, MovementKind.RESERVE, "o"),
                    reserved=Decimal(1),
                    held_for="o",
                )
            ],
            by=None,
        )
    alerts.check_all()
    assert standing(goods) == {"sold_out": "open"}


def test_reorder_is_what_does_not_last_until_the_supplier_comes(clock):
    set_value("LEAD_DAYS", "3", by=AdminFactory())
    shop.forget()
    goods = selling("29.999")
    with levels.on_order.instead(lambda ids: {}):
        alerts.check_all()
        assert standing(goods) == {"reorder": "open"}
    with levels.on_order.instead(lambda ids: {goods.pk: Decimal("0.001")}):
        alerts.check_all()
        assert standing(goods) == {}


def test_only_goods_on_sale_have_alerts(clock):
    stocked("1")
    goods = selling("0")
    alerts.check_all()
    assert LowStockAlert.objects.filter(goods=goods).count() == 3
    listing.delist(goods, by=AdminFactory())
    alerts.check_all()
    assert standing(goods) == {}


def test_goods_that_do_not_sell_are_never_low(clock):
    goods = stocked_on_sale("0.001")
    alerts.check_all()
    assert standing(goods) == {}


# --- opening and closing


def test_at_most_one_is_open_for_a_goods_and_level(clock):
    goods = selling("1")
    for _count in range(3):
        alerts.check_all()
    assert LowStockAlert.objects.filter(goods=goods).count() == 2
    with pytest.raises(IntegrityError), transaction.atomic():
        LowStockAlert.objects.create(
            goods=goods, level="low", opened_at=clock.at, available=1, average=1
        )


def test_the_database_holds_the_other_rules_too(clock):
    selling("1")
    alerts.check_all()
    alert = LowStockAlert.objects.first()
    for wrong in (
        {"status": "asleep"},
        {"level": "high"},
        {"status": AlertStatus.CLOSED},
        {"closed_at": clock.at},
        {"status": AlertStatus.SNOOZED},
        {"snoozed_until": clock.at},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            LowStockAlert.objects.filter(pk=alert.pk).update(**wrong)


@pytest.mark.parametrize("status", ["open", "acknowledged", "snoozed"])
def test_it_closes_by_itself_however_it_stands(clock, status):
    goods = selling("1")
    alerts.check_all()
    alert = LowStockAlert.objects.get(level="low")
    by = AdminFactory()
    if status == "acknowledged":
        alerts.acknowledge(alert, by=by)
    if status == "snoozed":
        alerts.snooze(alert, until=clock.at + timedelta(days=1), by=by)
    clock.on(hours=1)
    move(goods, 100, MovementKind.RECEIPT)
    report = alerts.check_all()
    assert report.closed == 2
    alert.refresh_from_db()
    assert (alert.status, alert.closed_at) == ("closed", clock.at)


def test_a_receipt_closes_what_it_ends_without_waiting_for_the_next_round(clock):
    goods = selling("1")
    alerts.check_all()
    move(goods, 100, MovementKind.RECEIPT)
    tasks.check_moved()
    assert standing(goods) == {}


# --- when it is looked


def test_a_movement_that_lowers_a_balance_is_followed_by_a_task_of_its_own(clock):
    goods = selling("5")
    OrmQ.objects.all().delete()
    MovedGoods.objects.all().delete()
    with transaction.atomic():
        move(goods, "-4")
        assert [task.func() for task in OrmQ.objects.all()] == [
            "stock.tasks.check_moved"
        ]
        transaction.set_rollback(True)
    assert not OrmQ.objects.exists()
    assert not MovedGoods.objects.exists()
    move(goods, "-4")
    assert OrmQ.objects.count() == 1
    tasks.check_moved()
    assert standing(goods) == {"reorder": "open", "low": "open"}
    assert not MovedGoods.objects.exists()


def test_one_task_waits_for_any_number_of_movements(clock):
    one, other = selling("500"), selling("500")
    OrmQ.objects.all().delete()
    MovedGoods.objects.all().delete()
    for _count in range(5):
        move(one, "-1")
    assert OrmQ.objects.count() == 1
    move(other, "-1")
    assert OrmQ.objects.count() == 2
    tasks.check_moved()
    move(one, "-1")
    assert OrmQ.objects.count() == 3


def test_what_changes_nothing_that_is_available_asks_for_no_look(clock):
    goods = stocked_on_sale("5")
    with transaction.atomic():
        held = {"held_for": "o"}
        post(
            [Posting(goods.pk, MovementKind.RESERVE, "o", reserved=Decimal(2), **held)],
            by=None,
        )
    MovedGoods.objects.all().delete()
    OrmQ.objects.all().delete()
    with transaction.atomic():
        gone = {"on_hand": Decimal(-2), "reserved": Decimal(-2), **held}
        post([Posting(goods.pk, MovementKind.SALE, "o", **gone)], by=None)
    assert not OrmQ.objects.exists()


def test_all_goods_are_looked_at_every_so_many_minutes(clock):
    goods = selling("5")
    assert tasks.check_levels() is not None
    # the day turns, and what was enough is no longer
    sells(goods, "500")
    for _minute in range(9):
        clock.on(minutes=1)
        assert tasks.check_levels() is None
    clock.on(minutes=1)
    assert tasks.check_levels()["opened"] == 1
    assert standing(goods) == {"reorder": "open", "low": "open"}
    set_value("ALERT_MINUTES", "60", by=AdminFactory())
    shop.forget()
    clock.on(minutes=50)
    assert tasks.check_levels() is None


def test_a_mark_whose_task_was_lost_is_found_by_the_next_round(clock):
    goods = selling("5")
    tasks.check_levels()
    move(goods, "-5")
    OrmQ.objects.all().delete()
    clock.on(minutes=1)
    tasks.check_levels()
    assert "sold_out" in standing(goods)


# --- telling


def test_one_message_for_each_recipient_carries_all_newly_opened(clock, outbox):
    slow = selling("1", a_day="6", name="海南香蕉")
    quick = selling("1", a_day="60", name="阿克苏冰糖心苹果")
    empty = selling("0", a_day="7", name="车厘子")
    one, two = keeper(), keeper("13900139000")
    report = alerts.check_all()
    send()
    assert report.messages == 2
    assert {sent.mobile for sent in outbox} == {one.mobile, two.mobile}
    # the worst first, the name cut to what the vendor takes; three goods, though the
    # one that is sold out is low as well
    assert {tuple(sent.values) for sent in outbox} == {("车厘子", "3")}
    move(empty, 500)
    alerts.check_all()
    move(quick, "-1")
    alerts.check_all()
    send()
    assert outbox[-1].values == ["阿克苏冰糖心"[:6], "1"]
    assert slow.pk


def test_what_was_told_is_not_told_again(clock, outbox):
    selling("1")
    keeper()
    for _count in range(5):
        alerts.check_all()
        clock.on(minutes=10)
    send()
    assert len(outbox) == 1


def test_reorder_alone_tells_nobody(clock, outbox):
    selling("5")
    keeper()
    assert alerts.check_all().messages == 0


def test_only_active_staff_with_the_permission_and_a_mobile_are_told(clock, outbox):
    selling("1")
    keeper(is_active=False)
    StaffFactory(permissions=[alerts.RECEIVE])
    StaffFactory(permissions=["stock.view_lowstockalert"], mobile="13900139000")
    UserFactory(mobile="13700137000")
    assert alerts.recipients() == []
    alerts.check_all()
    late = keeper("13600136000")
    assert alerts.recipients() == [late]
    alerts.check_all()
    send()
    assert [sent.mobile for sent in outbox] == [late.mobile], "told once there is one"


def test_one_that_opens_again_within_six_hours_is_silent(clock, outbox):
    goods = selling("1")
    keeper()
    alerts.check_all()
    clock.on(hours=1)
    move(goods, 50)
    alerts.check_all()
    clock.on(hours=5, minutes=59)
    move(goods, -50)
    alerts.check_all()
    send()
    assert standing(goods)["low"] == "open"
    assert len(outbox) == 1


def test_one_that_opens_again_later_is_told(clock, outbox):
    goods = selling("1")
    keeper()
    alerts.check_all()
    clock.on(hours=1)
    move(goods, 50)
    alerts.check_all()
    clock.on(hours=6, minutes=1)
    move(goods, -50)
    alerts.check_all()
    send()
    assert len(outbox) == 2


def test_one_that_is_still_open_after_a_day_is_told_again(clock, outbox):
    selling("1")
    keeper()
    alerts.check_all()
    clock.on(hours=23, minutes=59)
    alerts.check_all()
    send()
    assert len(outbox) == 1
    clock.on(minutes=1)
    alerts.check_all()
    send()
    assert len(outbox) == 2
    alert = LowStockAlert.objects.get(level="low")
    assert (alert.notices, alert.notified_at) == (2, clock.at)


def test_one_that_flickers_is_told_once_a_day(clock, outbox):
    goods = selling("1")
    keeper()
    for _hour in range(20):
        alerts.check_all()
        clock.on(minutes=30)
        move(goods, 50)
        alerts.check_all()
        clock.on(minutes=30)
        move(goods, -50)
    send()
    assert len(outbox) == 1


def test_in_the_quiet_hours_nobody_is_told_and_in_the_morning_once(clock, outbox):
    one = selling("1")
    keeper()
    clock.local("22:30")
    alerts.check_all()
    clock.on(hours=2)
    selling("1")
    alerts.check_all()
    move(one, 500)
    clock.on(hours=2)
    alerts.check_all()
    assert not SmsMessage.objects.exists()
    clock.on(hours=4, minutes=31)
    alerts.check_all()
    send()
    (sent,) = outbox
    assert sent.values[1] == "1", "what was mended at night is no news"


def test_alert_and_message_come_together_or_not_at_all(clock, monkeypatch):
    goods = selling("1")
    keeper()

    def broken(*args, **kwargs):
        raise RuntimeError("no")

    monkeypatch.setattr(alerts, "send", broken)
    with pytest.raises(RuntimeError), transaction.atomic():
        alerts.check_all()
    assert standing(goods) == {}
    monkeypatch.undo()


# --- what people do


@pytest.fixture
def alert(clock):
    selling("1", name="红富士")
    alerts.check_all()
    return LowStockAlert.objects.get(level=AlertLevel.LOW)


def hand(**fields):
    return StaffFactory(permissions=[alerts.HANDLE], **fields)


def test_acknowledged_it_stays_and_is_not_told_again(clock, alert, outbox):
    by = hand()
    keeper()
    alerts.acknowledge(alert, by=by)
    clock.on(days=2)
    alerts.check_all()
    send()
    assert outbox == []
    alert.refresh_from_db()
    assert (alert.status, alert.handled_by) == ("acknowledged", by)
    line = OperationLog.objects.get(action="alert.acknowledged")
    assert (line.target_id, line.data["level"]) == (str(alert.goods_id), "low")


def test_put_off_it_opens_again_and_is_told(clock, alert, outbox):
    keeper()
    alerts.snooze(alert, until=clock.at + timedelta(hours=4), by=hand())
    clock.on(hours=3, minutes=59)
    alerts.check_all()
    send()
    assert outbox == []
    clock.on(minutes=1)
    alerts.check_all()
    send()
    alert.refresh_from_db()
    assert (alert.status, alert.snoozed_until) == ("open", None)
    assert len(outbox) == 1


@pytest.mark.parametrize("away", [timedelta(0), timedelta(days=-1), timedelta(days=31)])
def test_it_is_put_off_for_a_while_only(clock, alert, away):
    with pytest.raises(DomainError):
        alerts.snooze(alert, until=clock.at + away, by=hand())


def test_taken_back_it_is_open(clock, alert):
    by = hand()
    alerts.acknowledge(alert, by=by)
    assert alerts.reopen(alert, by=by).status == AlertStatus.OPEN
    with pytest.raises(WrongStatus):
        alerts.reopen(alert, by=by)


def test_what_is_closed_is_not_handled(clock, alert):
    move(alert.goods, 500)
    alerts.check_all()
    for act in (alerts.acknowledge, alerts.reopen):
        with pytest.raises(WrongStatus):
            act(alert, by=hand())


def test_nobody_else_handles_it(alert):
    with pytest.raises(NotPermitted):
        alerts.acknowledge(alert, by=StaffFactory(permissions=[alerts.RECEIVE]))
