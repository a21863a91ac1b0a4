"""One worker at a time for a key."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection, transaction
from django.utils import timezone

from backoffice.jobs import leases
from backoffice.jobs.leases import LeaseLost
from backoffice.jobs.models import Lease

pytestmark = pytest.mark.django_db


def run_out(key: str) -> None:
    Lease.objects.filter(key=key).update(
        expires_at=timezone.now() - timedelta(seconds=1)
    )


def test_acquire_refuses_what_is_held():
    assert leases.acquire("sheet.1") is not None
    assert leases.acquire("sheet.1") is None
    assert leases.acquire("sheet.2") is not None


def test_acquire_takes_over_from_the_dead():
    dead = leases.acquire("sheet.1")
    run_out("sheet.1")
    heir = leases.acquire("sheet.1")
    assert heir is not None
    with pytest.raises(LeaseLost):
        leases.renew(dead)
    leases.release(dead)
    assert leases.acquire("sheet.1") is None, "the dead one's release is of no effect"


def test_acquire_lasts_as_long_as_asked():
    leases.acquire("sheet.1", seconds=90)
    left = Lease.objects.get(key="sheet.1").expires_at - timezone.now()
    assert timedelta(seconds=80) < left <= timedelta(seconds=91)


def test_renew_extends_even_what_ran_out_unnoticed():
    held = leases.acquire("sheet.1", seconds=60)
    run_out("sheet.1")
    leases.renew(held)
    assert Lease.objects.get(key="sheet.1").expires_at > timezone.now()


def test_release_frees_at_once():
    leases.release(leases.acquire("sheet.1"))
    assert leases.acquire("sheet.1") is not None


def test_holding_gives_back_after_an_error():
    with pytest.raises(ValueError, match="broken"), leases.holding("sheet.1"):
        raise ValueError("broken")
    with leases.holding("sheet.1") as held, leases.holding("sheet.1") as second:
        assert held is not None
        assert second is None


def test_sweep_deletes_only_what_is_long_over():
    leases.acquire("now")
    leases.acquire("old")
    Lease.objects.filter(key="old").update(
        expires_at=timezone.now() - timedelta(days=2)
    )
    assert leases.sweep() == 1
    assert list(Lease.objects.values_list("key", flat=True)) == ["now"]


@pytest.mark.django_db(transaction=True)
def test_acquire_refuses_to_run_inside_a_transaction():
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        leases.acquire("sheet.1")


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_acquire_by_many_at_once_gives_it_to_one():
    rivals, rounds = 4, 10
    winners: list[int] = []
    barrier = Barrier(rivals)

    def compete() -> None:
        try:
            for number in range(rounds):
                barrier.wait(timeout=30)
                if leases.acquire(f"round.{number}"):
                    winners.append(number)
        finally:
            connection.close()

    threads = [Thread(target=compete) for _ in range(rivals)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(winners) == list(range(rounds))


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_take_over_by_many_at_once_gives_it_to_one():
    leases.acquire("sheet.1")
    run_out("sheet.1")
    heirs: list[object] = []
    barrier = Barrier(4)

    def compete() -> None:
        try:
            barrier.wait(timeout=30)
            heirs.append(leases.acquire("sheet.1"))
        finally:
            connection.close()

    threads = [Thread(target=compete) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len([heir for heir in heirs if heir]) == 1
