"""Two people at once, each in a connection of their own: one wins, the other is told.

The first tests take the row's lock away and show that the race is there without it;
where they fail, the others prove nothing. On SQLite every transaction that may write
begins as the only one (`BEGIN IMMEDIATE`), so there is no lock to take away.
"""

from decimal import Decimal
from threading import Barrier

import pytest

from backoffice.accounts.tests.factories import AdminFactory
from backoffice.base.errors import ChangedMeanwhile, DomainError, WrongStatus
from backoffice.tests.together import at_once, row_locks_only
from catalog import archiving, changes, editing, listing, pricing, repricing, review
from catalog.enums import GoodsStatus, RunStatus
from catalog.models import Goods, RepricingRun
from catalog.tests.factories import (
    ApprovedGoodsFactory,
    GoodsFactory,
    OnSaleGoodsFactory,
    PendingGoodsFactory,
)

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def without_lock(monkeypatch):
    """Verbs read the row without locking it, and wait until the other has read too."""
    both_read = Barrier(2, timeout=20)

    def read(goods):
        row = Goods.objects.get(pk=goods.pk)
        both_read.wait()
        return row

    for module in ("moves", "pricing", "editing"):
        monkeypatch.setattr(f"catalog.{module}.locked", read)


def history(goods, **filters):
    return changes.HISTORY.objects.filter(id=goods.pk, **filters)


@row_locks_only
def test_without_the_lock_both_approvals_win(without_lock):
    goods = GoodsFactory()
    Goods.objects.filter(pk=goods.pk).update(status=GoodsStatus.PENDING)
    one, two = AdminFactory(), AdminFactory()
    at_once(
        lambda: review.approve(goods, by=one), lambda: review.approve(goods, by=two)
    )
    assert history(goods, status_changed=True).count() == 2


@row_locks_only
def test_without_the_lock_a_price_names_an_old_price_that_was_not(without_lock):
    goods = GoodsFactory(price=Decimal(10))
    by = AdminFactory()
    at_once(
        lambda: pricing.change_price(goods, by=by, price=Decimal(11)),
        lambda: pricing.change_price(goods, by=by, price=Decimal(12)),
    )
    olds = {row.old_price for row in history(goods, price_changed=True)}
    assert olds == {Decimal(10)}


def test_two_approvals_at_once_make_one():
    goods = PendingGoodsFactory()
    one, two = AdminFactory(), AdminFactory()
    results = at_once(
        lambda: review.approve(goods, by=one), lambda: review.approve(goods, by=two)
    )
    refused = [r for r in results if isinstance(r, WrongStatus)]
    assert len(refused) == 1
    assert refused[0].data["status"] == "approved"
    assert history(goods, status="approved", status_changed=True).count() == 1


def test_approval_and_rejection_at_once_leave_one_of_them():
    goods = PendingGoodsFactory()
    one, two = AdminFactory(), AdminFactory()
    results = at_once(
        lambda: review.approve(goods, by=one),
        lambda: review.reject(goods, by=two, reason="no"),
    )
    (won,) = [r for r in results if isinstance(r, Goods)]
    goods.refresh_from_db()
    assert goods.status == won.status
    assert history(goods, status_changed=True).count() == 2  # submitted, decided


def test_two_prices_at_once_follow_each_other():
    goods = GoodsFactory(price=Decimal(10))
    by = AdminFactory()
    at_once(
        lambda: pricing.change_price(goods, by=by, price=Decimal(11)),
        lambda: pricing.change_price(goods, by=by, price=Decimal(12)),
    )
    goods.refresh_from_db()
    first, second = history(goods, price_changed=True).order_by("history_id")
    assert first.old_price == Decimal(10)
    assert second.old_price == first.price
    assert goods.price == second.price


def test_two_edits_of_what_both_saw_leave_the_earlier():
    goods = GoodsFactory()
    seen, by = goods.updated_at, AdminFactory()
    results = at_once(
        *(
            lambda name=name: editing.edit_goods(
                goods, {"name": name}, by=by, seen_at=seen
            )
            for name in ("黄元帅", "青苹果")
        )
    )
    assert len([r for r in results if isinstance(r, ChangedMeanwhile)]) == 1
    (won,) = [r for r in results if isinstance(r, editing.EditResult)]
    goods.refresh_from_db()
    assert goods.name == won.goods.name


def test_one_code_is_taken_once():
    by, template = AdminFactory(), GoodsFactory()
    values = {
        "code": "SAME",
        "name": "苹果",
        "category": template.category,
        "unit": template.unit,
        "price": Decimal(1),
    }
    results = at_once(
        lambda: editing.create_goods(values, by=by),
        lambda: editing.create_goods({**values, "code": "same"}, by=by),
    )
    (refused,) = [r for r in results if isinstance(r, DomainError)]
    assert list(refused.errors) == ["code"]
    assert Goods.objects.coded("SAME").count() == 1


def test_two_edits_to_one_code_leave_one():
    one, two, by = GoodsFactory(), GoodsFactory(), AdminFactory()
    results = at_once(
        *(
            lambda goods=goods: editing.edit_goods(goods, {"code": "NEW"}, by=by)
            for goods in (one, two)
        )
    )
    (refused,) = [r for r in results if isinstance(r, DomainError)]
    assert list(refused.errors) == ["code"]


def test_a_run_is_decided_once():
    goods = OnSaleGoodsFactory(price=Decimal(10))
    run = pricing.change_price(goods, by=AdminFactory(), price=Decimal(5)).run
    one, two = AdminFactory(), AdminFactory()
    results = at_once(
        lambda: repricing.approve(run, by=one),
        lambda: repricing.reject(run, by=two, reason="no"),
    )
    (won,) = [r for r in results if isinstance(r, RepricingRun)]
    run.refresh_from_db()
    goods.refresh_from_db()
    assert run.status == won.status
    assert goods.price == (5 if run.status == RunStatus.APPLIED else 10)


def test_proposals_and_an_approval_at_once_neither_collide_nor_deadlock():
    goods = [OnSaleGoodsFactory(price=Decimal(10)) for _ in range(4)]
    by = AdminFactory()
    run = pricing.change_price(goods[0], by=by, price=Decimal(5)).run
    results = at_once(
        lambda: repricing.approve(run, by=AdminFactory()),
        *(
            lambda one=one: pricing.change_price(one, by=by, price=Decimal(4))
            for one in goods
        ),
    )
    assert not [r for r in results if isinstance(r, DomainError)]
    numbers = RepricingRun.objects.values_list("number", flat=True)
    assert len(set(numbers)) == len(numbers)


def test_a_delisting_and_a_price_cut_at_once_both_count():
    goods, by = OnSaleGoodsFactory(price=Decimal(10)), AdminFactory()
    at_once(
        lambda: listing.delist(goods, by=by),
        lambda: pricing.change_price(goods, by=by, price=Decimal(9)),
    )
    goods.refresh_from_db()
    assert (goods.status, goods.price) == (GoodsStatus.OFF_SALE, Decimal(9))


def test_listing_and_archiving_at_once_leave_one():
    goods, by = ApprovedGoodsFactory(), AdminFactory()
    results = at_once(
        lambda: listing.list_goods(goods, by=by),
        lambda: archiving.archive(goods, by=by),
    )
    (won,) = [r for r in results if isinstance(r, Goods)]
    goods.refresh_from_db()
    assert goods.status == won.status
