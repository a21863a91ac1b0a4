"""Tasks and leases of processes that are gone."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from backoffice.jobs import leases, processes, recovery
from backoffice.jobs.models import Lease, TaskInHand
from backoffice.jobs.tests.factories import lost


@pytest.fixture
def dead() -> str:
    """The mark of a process that has ended."""
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "from backoffice.jobs import processes; print(processes.mark())",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    return told.stdout.strip()


@pytest.fixture
def given_out(db, dead):
    """A task that a worker had when it was killed; the queue hides it for six minutes."""
    row = lost(deliveries=1)
    OrmQ.objects.update(lock=timezone.now() + timedelta(seconds=360))
    TaskInHand.objects.update(process=dead)
    return row


def is_due() -> bool:
    return OrmQ.objects.get().lock <= timezone.now()


def test_this_process_is_not_gone_and_one_that_ended_is(dead):
    assert not processes.is_gone(processes.mark())
    assert processes.is_gone(dead)


def test_a_number_that_another_process_has_by_now_is_told_apart():
    place, pid, began = processes.mark().split("/")
    assert not processes.is_gone(f"{place}/{pid}/{began}")
    assert processes.is_gone(f"{place}/{pid}/{int(began) - 1}")


def test_a_process_that_waits_for_its_parent_s_attention_is_gone():
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    place = processes.mark().split("/")[0]
    assert processes.is_gone(f"{place}/{child}/")
    os.waitpid(child, 0)


@pytest.mark.parametrize("mark", ["", "elsewhere/1/2", "nonsense", "a/b/c"])
def test_of_others_nothing_is_known(mark):
    assert not processes.is_gone(mark)


def test_what_a_dead_worker_had_is_due_at_once_and_once_only(given_out):
    assert not is_due()
    assert recovery.give_out_again() == 1
    assert is_due()
    OrmQ.objects.update(lock=timezone.now() + timedelta(seconds=360))
    assert recovery.give_out_again() == 0
    assert not is_due(), "somebody has it by now"


def test_what_a_worker_is_at_stays_with_it(given_out):
    TaskInHand.objects.update(process=processes.mark())
    assert recovery.give_out_again() == 0
    assert not is_due()


def test_what_took_many_workers_with_it_waits(given_out):
    TaskInHand.objects.update(deliveries=recovery.AT_ONCE + 1)
    assert recovery.give_out_again() == 0
    assert not is_due()


@pytest.mark.django_db
def test_what_the_dead_had_leased_is_free(dead):
    theirs, ours = leases.acquire("theirs"), leases.acquire("ours")
    assert theirs
    assert ours
    Lease.objects.filter(key="theirs").update(process=dead)
    assert leases.acquire("theirs") is None
    recovery.give_out_again()
    assert leases.acquire("theirs") is not None
    assert leases.acquire("ours") is None
    with pytest.raises(leases.LeaseLost):
        leases.renew(theirs)
