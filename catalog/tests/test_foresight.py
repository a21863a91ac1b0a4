"""What the pages before a verb say: the queue of review, and what a verb would do."""

from decimal import Decimal

import pytest

from backoffice.accounts.tests.factories import AdminFactory
from backoffice.base import ports
from backoffice.base.errors import ChangedMeanwhile
from catalog import bulk, changes, editing, pricing, review
from catalog.enums import MOVES, GoodsStatus, Guard, SellingUnit
from catalog.tests.factories import (
    ApprovedGoodsFactory,
    GoodsFactory,
    OnSaleGoodsFactory,
    PendingGoodsFactory,
    goods_in,
)

pytestmark = pytest.mark.django_db


def test_the_queue_begins_with_the_longest_waiting():
    by = AdminFactory()
    first, second, third = (PendingGoodsFactory() for _ in range(3))
    GoodsFactory()
    OnSaleGoodsFactory()
    review.submit(review.reject(first, by=by, reason="no"), by=by)
    editing.edit_goods(second, {"origin": "陕西"}, by=by)
    assert list(review.queue()) == [second, third, first]


def test_the_queue_tells_by_which_row_a_goods_was_submitted():
    goods, by = GoodsFactory(), AdminFactory()
    review.submit(goods, by=by)
    (waiting,) = review.queue()
    row = changes.HISTORY.objects.get(history_id=waiting.submission)
    assert (row.history_user, row.status) == (by, GoodsStatus.PENDING)


@pytest.mark.parametrize("verb", MOVES)
@pytest.mark.parametrize("status", GoodsStatus)
def test_what_is_foreseen_is_what_happens(verb, status):
    goods, by = goods_in(status), AdminFactory()
    rows = changes.HISTORY.objects.count()
    (foreseen,) = bulk.foresee(verb, [goods], by=by)
    assert changes.HISTORY.objects.count() == rows
    (outcome,) = bulk.run(verb, [goods], by=by, reason="x").outcomes
    assert type(foreseen.error) is type(outcome.error)
    assert str(foreseen.error) == str(outcome.error)
    assert foreseen.status == status


def test_a_goods_that_is_not_ready_is_foreseen():
    goods = GoodsFactory(price=Decimal(0))
    (foreseen,) = bulk.foresee("submit", [goods], by=AdminFactory())
    assert foreseen.error.slug == "not_ready"


def test_reservations_and_empty_shelves_are_foreseen_with_one_question_each():
    asked = []

    def answer(ids, value):
        asked.append(list(ids))
        return dict.fromkeys(ids, value)

    one, two = GoodsFactory(), GoodsFactory()
    three = ApprovedGoodsFactory()
    with (
        ports.reserved.instead(lambda ids: answer(ids, Decimal(2))),
        ports.available.instead(lambda ids: answer(ids, Decimal(0))),
    ):
        held = bulk.foresee("archive", [one, two], by=AdminFactory())
        (listed,) = bulk.foresee("list", [three], by=AdminFactory())
    assert [o.error.slug for o in held] == ["wrong_status", "wrong_status"]
    assert listed.error is None
    assert listed.warning
    assert asked == [[one.pk, two.pk], [three.pk]]


def test_the_reviewer_is_warned_of_a_price_below_cost():
    goods = PendingGoodsFactory(price=Decimal(5), cost=Decimal(8))
    (foreseen,) = bulk.foresee("approve", [goods], by=AdminFactory())
    assert foreseen.error is None
    assert foreseen.warning


def test_four_eyes_are_foreseen(monkeypatch):
    monkeypatch.setenv("SHOP_REVIEW_FOUR_EYES", "on")
    buyer = AdminFactory()
    goods = PendingGoodsFactory(by=buyer)
    (alone,) = bulk.foresee("approve", [goods], by=buyer)
    assert alone.error is None
    assert alone.warning
    AdminFactory()
    (refused,) = bulk.foresee("approve", [goods], by=buyer)
    assert refused.error.slug == "forbidden"


def test_self_approval_stands_in_the_shelf_log(monkeypatch):
    monkeypatch.setenv("SHOP_REVIEW_FOUR_EYES", "on")
    buyer = AdminFactory()
    goods = PendingGoodsFactory(by=buyer)
    review.approve(goods, by=buyer, reason="one-person shop")
    row = changes.HISTORY.objects.latest("history_id")
    assert (row.reference, row.history_change_reason) == (
        "self-approved",
        "one-person shop",
    )


def test_standing_prices_are_held_against_the_last_approval():
    by = AdminFactory()
    goods = ApprovedGoodsFactory(price=Decimal(10), cost=Decimal(6))
    goods = review.revise(goods, by=by)
    pricing.change_price(goods, by=by, price=Decimal(5))
    goods.refresh_from_db()
    hits = pricing.standing_hits(goods, review.last_approval(goods))
    assert {(h.guard, h.unit) for h in hits} == {
        (Guard.MARGIN, SellingUnit.RETAIL),
        (Guard.CHANGE, SellingUnit.RETAIL),
    }


def test_a_price_that_stays_below_cost_is_still_named():
    goods = ApprovedGoodsFactory(price=Decimal(5), cost=Decimal(6))
    (hit,) = pricing.standing_hits(goods, review.last_approval(goods))
    assert hit.guard == Guard.MARGIN


def test_units_that_are_switched_off_have_no_standing():
    unit = GoodsFactory().unit
    goods = GoodsFactory(
        price=Decimal(1),
        cost=Decimal(6),
        retail_enabled=False,
        case_enabled=True,
        case_unit=unit,
        case_size=Decimal(10),
        case_price=Decimal(59),
    )
    (hit,) = pricing.standing_hits(goods)
    assert (hit.guard, hit.unit) == (Guard.MARGIN, SellingUnit.CASE)


@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_what_was_changed_since_the_reviewer_looked_is_not_decided(verb):
    goods = PendingGoodsFactory()
    seen = goods.updated_at
    editing.edit_goods(goods, {"origin": "陕西"}, by=AdminFactory(nickname="小王"))
    with pytest.raises(ChangedMeanwhile, match="小王"):
        getattr(review, verb)(goods, by=AdminFactory(), reason="x", seen_at=seen)
    goods.refresh_from_db()
    decided = getattr(review, verb)(
        goods, by=AdminFactory(), reason="x", seen_at=goods.updated_at
    )
    assert decided.status == MOVES[verb][1]
