"""Several workers at one message."""

import threading

import pytest

from backoffice.sms import sending, tasks
from backoffice.sms.backends import locmem
from backoffice.sms.models import SmsAttempt, SmsMessage
from backoffice.tests.together import at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

WORKERS = 8


def workers(act):
    """`act` in several threads, begun together; gives what each gave."""
    return at_once(*[act] * WORKERS)


def enqueue(**options):
    return sending.send(
        "13800138000", "low_stock", is_urgent=True, name="红富士", count=3, **options
    )


def test_the_race_is_real_without_the_claim():
    message = enqueue()

    def careless():
        row = SmsMessage.objects.get(pk=message.pk)
        barrier.wait()
        if row.status == "queued":
            locmem.Backend().send(row.mobile, row.template, row.params, row.text)

    barrier = threading.Barrier(WORKERS)
    workers(careless)
    assert len(locmem.outbox) == WORKERS


def test_one_worker_sends():
    message = enqueue()
    outcomes = workers(lambda: tasks.deliver(message.pk))
    assert sorted(outcomes) == [""] * (WORKERS - 1) + ["sent"]
    assert len(locmem.outbox) == 1
    assert SmsAttempt.objects.count() == 1


def test_sweeps_at_once_send_each_message_once():
    for _message in range(5):
        enqueue()
    counts = workers(tasks.sweep)
    assert sum(count.get("sent", 0) for count in counts) == 5
    assert len(locmem.outbox) == 5


def test_one_row_for_a_key():
    rows = workers(lambda: enqueue(key="alert:7").pk)
    assert len(set(rows)) == 1
    assert SmsMessage.objects.count() == 1
