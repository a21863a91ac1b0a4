"""Filling the demo shop in: whole or not at all, and only where it belongs."""

from datetime import timedelta

import pytest
from django.utils import timezone

from backoffice.accounts.models import User
from backoffice.accounts.roles import sync_roles
from backoffice.demo import data, seed
from backoffice.demo.clock import story_time
from backoffice.demo.pictures import KINDS, render
from backoffice.oplog.models import OperationLog
from catalog.models import Category


@pytest.mark.django_db
def test_seed_refuses_a_shop_that_is_not_the_demo():
    User.objects.create_user("merchant")
    with pytest.raises(seed.NotTheDemo, match="not the demo"):
        seed.seed()
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_a_seed_that_is_cut_off_leaves_nothing(monkeypatch):
    sync_roles()
    monkeypatch.setattr("backoffice.demo.people.PEOPLE", [])
    with pytest.raises(KeyError):
        seed.seed()
    assert not User.objects.exists()
    assert not Category.objects.exists()
    assert not seed.is_filled()


@pytest.mark.django_db
def test_story_time_ends_with_its_block():
    start = timezone.now() - timedelta(days=3)
    with story_time(start) as clock:
        first = OperationLog()
        assert timedelta() < timezone.now() - start < timedelta(seconds=5)
        clock.turn_to(start + timedelta(days=1))
        clock.turn_to(start)
        second = OperationLog()
    assert first.at - start < timedelta(seconds=5)
    assert timedelta(days=1) <= second.at - start < timedelta(days=1, seconds=5)
    assert timezone.now() - start >= timedelta(days=3)
    assert OperationLog().at - start >= timedelta(days=3)


@pytest.mark.parametrize("kind", ["apple-red", "papaya", "basket"])
def test_pictures_are_small_and_the_same_every_time(kind):
    assert render(kind) == render(kind)
    assert len(render(kind)) <= 30_000


def test_every_goods_names_a_picture_and_sells_above_its_cost():
    items = data.items()
    assert {item.picture for item in items} <= set(KINDS)
    assert all(item.price > item.cost for item in items)
    assert all(
        item.case_price > item.cost * item.case_size
        for item in items
        if item.case_price and item.case_size
    )


def test_ean13_carries_its_check_digit():
    assert data.ean13(400638133393) == "4006381333931"
