"""Limits hold for all processes together, and end."""

import threading
import time

import pytest
from django.db import connections
from ninja.errors import Throttled

from backoffice.base.api import throttling
from backoffice.base.api.throttling import Limit, forget, hit, require

THREE = Limit("three", 3, 60)


@pytest.mark.django_db
def test_so_many_and_no_more():
    for _ in range(3):
        require(THREE, "a")
        hit(THREE, "a")
    for count in (hit, require):
        with pytest.raises(Throttled) as refusal:
            count(THREE, "a")
        assert 0 < refusal.value.wait <= 60
    hit(THREE, "b")
    hit(Limit("other", 1, 60), "a")


@pytest.mark.django_db
def test_looking_counts_nothing():
    for _ in range(9):
        require(THREE, "a")
    hit(THREE, "a")


@pytest.mark.django_db
def test_it_begins_anew_when_the_time_is_over(monkeypatch):
    now = [time.time()]
    monkeypatch.setattr(throttling.time, "time", lambda: now[0])
    for _ in range(3):
        hit(THREE, "a")
    now[0] += 59
    with pytest.raises(Throttled) as refusal:
        hit(THREE, "a")
    assert refusal.value.wait == 1
    now[0] += 2
    for _ in range(3):
        hit(THREE, "a")
    with pytest.raises(Throttled):
        hit(THREE, "a")


@pytest.mark.django_db
def test_what_is_forgotten_counts_no_more():
    for _ in range(3):
        hit(THREE, "a")
    forget(THREE, "a")
    forget(THREE, "nobody")
    for _ in range(3):
        hit(THREE, "a")
    with pytest.raises(Throttled):
        hit(THREE, "a")


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_nobody_slips_through_at_once():
    limit = Limit("race", 5, 60)
    start, passed = threading.Barrier(8), []

    def try_twice():
        start.wait()
        for _ in range(2):
            try:
                hit(limit, "a")
            except Throttled:
                continue
            passed.append(1)
        connections.close_all()

    threads = [threading.Thread(target=try_twice) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(passed) == 5
