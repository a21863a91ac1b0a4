"""Enqueuing, attempts, backoff, quiet hours, claims."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from django_q.models import OrmQ

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.base.errors import NotPermitted, WrongStatus
from backoffice.oplog.models import OperationLog
from backoffice.shop import shop
from backoffice.shop.verbs import set_value
from backoffice.sms import sending, tasks
from backoffice.sms.backends import Answer, locmem
from backoffice.sms.enums import Outcome, SmsStatus
from backoffice.sms.errors import WrongMobile
from backoffice.sms.models import SmsAttempt, SmsMessage
from backoffice.sms.quiet import quiet_until

pytestmark = pytest.mark.django_db

MOBILE = "13800138000"
LATER = Answer(Outcome.LATER, code="InternalError.Timeout")


def send(**options):
    return sending.send(
        MOBILE, "low_stock", **{"name": "红富士", "count": 3, **options}
    )


def reread(message):
    return SmsMessage.objects.get(pk=message.pk)


def test_a_message_is_a_row_and_a_task_in_the_same_transaction(outbox, clock):
    with transaction.atomic():
        message = send()
        assert OrmQ.objects.get().func() == "backoffice.sms.tasks.deliver"
        transaction.set_rollback(True)
    assert not OrmQ.objects.exists()
    assert not SmsMessage.objects.exists()
    message = send()
    assert message.status == SmsStatus.QUEUED
    assert outbox == []


def test_delivery_sends_and_writes_down_how_it_went(outbox, clock):
    message = send()
    assert tasks.deliver(message.pk) == "sent"
    (sent,) = outbox
    assert sent.mobile == MOBILE
    assert sent.values == ["红富士", "3"]
    assert "红富士" in sent.text
    assert "3" in sent.text
    done = reread(message)
    assert (done.status, done.attempts) == (SmsStatus.SENT, 1)
    assert done.sent_at == clock.at
    assert SmsAttempt.objects.get().outcome == Outcome.SENT


def test_what_was_sent_is_not_sent_again(outbox, clock):
    message = send()
    tasks.deliver(message.pk)
    assert tasks.deliver(message.pk) == ""
    tasks.sweep()
    assert len(outbox) == 1


def test_one_message_for_a_key(outbox, clock):
    first = send(key="alert:7")
    again = send(key="alert:7", name="别的")
    assert again.pk == first.pk
    assert SmsMessage.objects.count() == 1
    assert OrmQ.objects.count() == 1
    assert send().pk != send().pk


def test_values_are_cut_to_what_the_vendor_takes(clock):
    message = send(name="【特级】新疆阿克苏冰糖心红富士苹果\n礼盒", count=12)
    assert message.params == ["特级新疆阿克", "12"]
    assert message.text.count("特级新疆阿克") == 1


@pytest.mark.parametrize(
    "mobile", ["", "12345", "23800138000", "+8613800138000", "1380013800x"]
)
def test_what_is_no_mobile_is_refused(mobile):
    with pytest.raises(WrongMobile):
        sending.send(mobile, "low_stock", name="a", count=1)


def test_unknown_texts_and_places_are_faults():
    with pytest.raises(KeyError):
        sending.send(MOBILE, "no_such")
    with pytest.raises(TypeError):
        sending.send(MOBILE, "low_stock", name="a")


# --- trying again


def test_a_failed_attempt_is_followed_by_others_ever_later(outbox, clock):
    message = send()
    locmem.answers[:] = [LATER] * 7
    waits = []
    for _attempt in range(6):
        assert tasks.deliver(message.pk) == "later"
        message = reread(message)
        assert message.status == SmsStatus.QUEUED
        assert "InternalError.Timeout" in message.error
        waits.append(message.due_at - clock.at)
        assert tasks.deliver(message.pk) == "", "not before its time"
        clock.at = message.due_at
    assert waits[:4] == [timedelta(minutes=m) for m in (1, 5, 15, 60)]
    assert tasks.deliver(message.pk) == "later"
    assert reread(message).status == SmsStatus.FAILED
    assert len(outbox) == 7
    assert list(message.tries.values_list("number", flat=True)) == [1, 2, 3, 4, 5, 6, 7]


def test_the_sweep_sends_what_is_due(outbox, clock):
    message = send()
    locmem.answers[:] = [LATER]
    assert tasks.sweep() == {"later": 1}
    assert tasks.sweep() == {}
    clock.on(minutes=1)
    assert tasks.sweep() == {"sent": 1}
    assert reread(message).error == ""


def test_what_the_vendor_refuses_for_good_has_failed_at_once(outbox, clock):
    message = send()
    locmem.answers[:] = [Answer(Outcome.REFUSED, code="InvalidParameterValue.X")]
    tasks.deliver(message.pk)
    assert reread(message).status == SmsStatus.FAILED
    clock.on(days=2)
    assert tasks.sweep() == {}


def test_the_vendors_own_wait_is_kept(clock):
    message = send()
    locmem.answers[:] = [Answer(Outcome.LATER, wait=timedelta(hours=1))]
    tasks.deliver(message.pk)
    assert reread(message).due_at == clock.at + timedelta(hours=1)


def test_a_limit_for_the_day_waits_for_the_next_and_its_morning(clock):
    message = send()
    locmem.answers[:] = [Answer(Outcome.LATER, next_day=True)]
    tasks.deliver(message.pk)
    due = timezone.localtime(reread(message).due_at)
    assert f"{due:%m-%d %H:%M}" == "11-25 07:00"


def test_a_fault_of_the_backend_loses_nothing(monkeypatch, clock, caplog):
    def broken(*args):
        raise ValueError("boom for 13800138000")

    monkeypatch.setattr(locmem.Backend, "send", broken)
    message = send()
    assert tasks.deliver(message.pk) == "later"
    message = reread(message)
    assert message.status == SmsStatus.QUEUED
    assert "boom" in message.error
    assert MOBILE not in message.error


# --- claims


def test_a_worker_that_dies_in_the_middle_costs_one_attempt(outbox, clock):
    message = send()
    assert sending._claim(message.pk).number == 1
    assert tasks.deliver(message.pk) == "", "another worker leaves it alone"
    assert tasks.sweep() == {}
    clock.on(minutes=2, seconds=1)
    assert tasks.sweep() == {}, "the claim is given back, with the wait of a failure"
    message = reread(message)
    assert (message.status, message.attempts) == (SmsStatus.QUEUED, 1)
    assert message.tries.get().outcome == Outcome.UNKNOWN
    clock.on(minutes=1)
    assert tasks.sweep() == {"sent": 1}
    assert len(outbox) == 1


def test_an_answer_that_comes_after_its_claim_still_counts(outbox, clock):
    message = send()
    attempt = sending._claim(message.pk)
    clock.on(minutes=3)
    tasks.sweep()
    sending._settle(attempt, Answer(Outcome.SENT))
    clock.on(minutes=5)
    assert tasks.sweep() == {}, "what was sent is not sent again"
    assert reread(message).status == SmsStatus.SENT


def test_a_late_failure_does_not_disturb_the_next_attempt(outbox, clock):
    message = send()
    attempt = sending._claim(message.pk)
    clock.on(minutes=3)
    tasks.sweep()
    clock.on(minutes=1)
    tasks.sweep()
    sending._settle(attempt, LATER)
    assert reread(message).status == SmsStatus.SENT


def test_the_database_holds_the_rules_too(clock):
    message = send()
    for wrong in (
        {"status": "elsewhere"},
        {"status": SmsStatus.SENT},
        {"status": SmsStatus.SENDING},
        {"sent_at": clock.at},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            SmsMessage.objects.filter(pk=message.pk).update(**wrong)
    attempt = sending._claim(message.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        SmsAttempt.objects.create(message=message, number=attempt.number)


# --- quiet hours


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("21:59", None),
        ("22:00", "11-25 07:00"),
        ("23:30", "11-25 07:00"),
        ("00:00", "11-24 07:00"),
        ("06:59", "11-24 07:00"),
        ("07:00", None),
        ("12:00", None),
    ],
)
def test_quiet_hours_over_midnight(clock, now, until):
    clock.local(now)
    end = quiet_until(clock.at)
    assert (end and f"{timezone.localtime(end):%m-%d %H:%M}") == until


@pytest.mark.parametrize(
    ("range_", "now", "until"),
    [
        ("12:00-14:00", "13:00", "11-24 14:00"),
        ("12:00-14:00", "14:00", None),
        ("12:00-14:00", "11:59", None),
        ("", "03:00", None),
        ("07:00-07:00", "07:00", None),
    ],
)
def test_quiet_hours_of_other_shops(clock, range_, now, until):
    set_value("SMS_QUIET", range_, by=AdminFactory())
    shop.forget()
    clock.local(now)
    end = quiet_until(clock.at)
    assert (end and f"{timezone.localtime(end):%m-%d %H:%M}") == until


def test_in_quiet_hours_a_message_waits_for_the_morning(outbox, clock):
    clock.local("23:00")
    message = send()
    assert not OrmQ.objects.exists()
    assert tasks.deliver(message.pk) == ""
    clock.local("23:59")
    assert tasks.sweep() == {}
    clock.at = reread(message).due_at
    assert f"{timezone.localtime(clock.at):%H:%M}" == "07:00"
    assert tasks.sweep() == {"sent": 1}


def test_quiet_hours_that_begin_while_it_waits_hold_it_back_without_an_attempt(
    outbox, clock
):
    clock.local("21:59")
    message = send()
    clock.local("22:00")
    assert tasks.deliver(message.pk) == ""
    message = reread(message)
    assert message.attempts == 0
    assert f"{timezone.localtime(message.due_at):%m-%d %H:%M}" == "11-25 07:00"


def test_urgent_ones_do_not_wait(outbox, clock):
    clock.local("23:00")
    message = send(is_urgent=True)
    assert tasks.deliver(message.pk) == "sent"


# --- by hand


def failed():
    message = send()
    locmem.answers[:] = [Answer(Outcome.REFUSED)]
    tasks.deliver(message.pk)
    return reread(message)


def test_a_failed_one_is_tried_again_by_hand_with_all_attempts(outbox, clock):
    message = failed()
    OrmQ.objects.all().delete()
    by = StaffFactory(permissions=["sms.manage_sms"])
    sending.retry(message, by=by)
    assert OrmQ.objects.count() == 1
    locmem.answers[:] = [LATER]
    tasks.deliver(message.pk)
    message = reread(message)
    assert (message.status, message.attempts) == (SmsStatus.QUEUED, 2)
    assert message.due_at == clock.at + timedelta(minutes=1)
    line = OperationLog.objects.get(action="sms.retried")
    assert MOBILE not in f"{line.target_label} {line.data}"


def test_nobody_else_may(clock):
    with pytest.raises(NotPermitted):
        sending.retry(failed(), by=StaffFactory(permissions=["sms.view_smsmessage"]))


def test_what_was_sent_is_not_tried_again(clock):
    message = send()
    tasks.deliver(message.pk)
    with pytest.raises(WrongStatus):
        sending.retry(message, by=AdminFactory())


def test_by_hand_in_quiet_hours_it_waits(clock):
    message = failed()
    clock.local("23:00")
    assert sending.retry(message, by=AdminFactory()).due_at > clock.at


# --- afterwards


def test_numbers_of_old_messages_are_masked(clock):
    old, waiting = failed(), send()
    clock.on(days=200)
    young = failed()
    assert tasks.mask_old() == 1
    assert tasks.mask_old() == 0
    assert reread(old).mobile == "138••••8000"
    assert reread(waiting).mobile == reread(young).mobile == MOBILE


def test_numbers_are_masked_in_words_and_logs(caplog, clock):
    message = send()
    with caplog.at_level("INFO", "backoffice.sms"):
        tasks.deliver(message.pk)
    assert "138••••8000" in caplog.text
    assert MOBILE not in caplog.text
    assert MOBILE not in str(message)
