"""Runs: proposed, decided by a second person, applied as a whole or not at all."""

from decimal import Decimal

import pytest
from django.utils import translation

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.base.errors import NotPermitted, ReasonMissing, WrongStatus
from backoffice.oplog.models import OperationLog
from catalog import archiving, changes, editing, listing, pricing, repricing
from catalog.enums import Means, RunStatus
from catalog.models import RepricingRun
from catalog.tests.factories import (
    ApprovedGoodsFactory,
    GoodsFactory,
    OnSaleGoodsFactory,
)

pytestmark = pytest.mark.django_db


def proposed(*goods, by, price=Decimal(5), reason=""):
    """A run over these goods that waits for approval."""
    return repricing.propose(
        [
            repricing.Proposal(g, price, None, pricing.guard_hits(g, price))
            for g in goods
        ],
        by=by,
        origin=Means.HAND,
        reason=reason,
    )


def on_sale(count=1):
    return [OnSaleGoodsFactory(price=Decimal(10)) for _ in range(count)]


def prices(goods):
    for one in goods:
        one.refresh_from_db()
    return {one.price for one in goods}


def decide(verb, run, by, reason="seen"):
    if verb == "cancel":
        return repricing.cancel(run, by=by)
    return getattr(repricing, verb)(run, by=by, reason=reason)


ENDED = {
    "approve": RunStatus.APPLIED,
    "reject": RunStatus.REJECTED,
    "cancel": RunStatus.CANCELLED,
}


def test_approval_applies_every_line_and_names_the_run_in_the_price_log():
    goods, buyer, manager = on_sale(2), AdminFactory(), AdminFactory()
    run = proposed(*goods, by=buyer, reason="season's end")
    after = repricing.approve(run, by=manager)
    assert after.status == RunStatus.APPLIED
    assert (after.decided_by, after.is_self_approved) == (manager, False)
    assert after.applied_at is not None
    assert prices(goods) == {Decimal(5)}
    rows = changes.HISTORY.objects.filter(price_changed=True)
    assert {(r.means, r.reference, r.history_change_reason) for r in rows} == {
        ("run", run.number, "season's end")
    }
    assert {r.old_price for r in rows} == {Decimal(10)}
    log = OperationLog.objects.get(action="repricing.applied")
    assert (log.by, log.data["self_approved"]) == (manager, False)


def test_runs_have_numbers_of_their_own():
    goods, by = on_sale(), AdminFactory()
    numbers = {proposed(*goods, by=by).number for _ in range(3)}
    assert len(numbers) == 3
    assert all(number.startswith("R2") for number in numbers)


def test_the_proposer_may_not_approve_while_others_can():
    goods, buyer, _manager = on_sale(), AdminFactory(), AdminFactory()
    run = proposed(*goods, by=buyer)
    with pytest.raises(NotPermitted):
        repricing.approve(run, by=buyer, reason="please")
    assert RepricingRun.objects.get().status == RunStatus.AWAITING
    assert prices(goods) == {Decimal(10)}


def test_the_only_approver_says_why_and_the_run_is_marked():
    owner = AdminFactory()
    goods = [OnSaleGoodsFactory(price=Decimal(10), by=owner)]
    run = proposed(*goods, by=owner)
    with pytest.raises(ReasonMissing):
        repricing.approve(run, by=owner, reason=" ")
    after = repricing.approve(run, by=owner, reason="one-person shop")
    assert (after.status, after.is_self_approved) == (RunStatus.APPLIED, True)
    assert after.decision == "one-person shop"
    log = OperationLog.objects.get(action="repricing.applied")
    assert log.data["self_approved"] is True


@pytest.mark.parametrize(
    "others",
    [
        {"is_active": False},
        {"is_staff": False},
    ],
)
def test_those_who_cannot_act_are_no_second_person(others):
    owner = AdminFactory()
    goods = [OnSaleGoodsFactory(price=Decimal(10), by=owner)]
    run = proposed(*goods, by=owner)
    AdminFactory(**others)
    assert repricing.approve(run, by=owner, reason="alone").status == RunStatus.APPLIED


def test_a_rejection_says_why_and_applies_nothing():
    goods, by = on_sale(), AdminFactory()
    run = proposed(*goods, by=AdminFactory())
    with pytest.raises(ReasonMissing):
        repricing.reject(run, by=by)
    after = repricing.reject(run, by=by, reason="too cheap")
    assert (after.status, after.decision) == (RunStatus.REJECTED, "too cheap")
    assert prices(goods) == {Decimal(10)}
    assert OperationLog.objects.filter(action="repricing.rejected").count() == 1


@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_decisions_need_the_permission(verb):
    run = proposed(*on_sale(), by=AdminFactory())
    by = StaffFactory(permissions=["catalog.price_goods"])
    with pytest.raises(NotPermitted):
        decide(verb, run, by)


def test_a_run_is_taken_back_by_who_proposed_it_or_may_approve():
    goods = on_sale()
    buyer = StaffFactory(permissions=["catalog.price_goods"])
    run = proposed(*goods, by=buyer)
    with pytest.raises(NotPermitted):
        repricing.cancel(run, by=StaffFactory(permissions=["catalog.price_goods"]))
    assert repricing.cancel(run, by=buyer).status == RunStatus.CANCELLED
    other = proposed(*goods, by=buyer)
    assert repricing.cancel(other, by=AdminFactory()).status == RunStatus.CANCELLED
    third = proposed(*goods, by=buyer)
    buyer.is_active = False
    with pytest.raises(NotPermitted):
        repricing.cancel(third, by=buyer)


@pytest.mark.parametrize("verb", ENDED)
@pytest.mark.parametrize("first", ENDED)
def test_a_decided_run_is_not_decided_again(first, verb):
    run = proposed(*on_sale(), by=AdminFactory())
    by = AdminFactory()
    assert decide(first, run, by).status == ENDED[first]
    logs = OperationLog.objects.count()
    with pytest.raises(WrongStatus) as refusal:
        decide(verb, run, by)
    allowed = (
        [str(s) for s in repricing.CANCELLABLE] if verb == "cancel" else ["awaiting"]
    )
    assert refusal.value.data == {"status": ENDED[first], "allowed": allowed}
    assert OperationLog.objects.count() == logs


def _price(goods):
    pricing.change_price(goods, by=AdminFactory(), price=Decimal("10.50"))


def _case_price(goods):
    pricing.change_price(goods, by=AdminFactory(), case_price=Decimal(70))


def _cost(goods):
    editing.edit_goods(goods, {"cost": Decimal(4)}, by=AdminFactory())


def _archive(goods):
    by = AdminFactory()
    archiving.archive(listing.delist(goods, by=by), by=by)


@pytest.mark.parametrize("move", [_price, _case_price, _cost, _archive])
def test_a_run_whose_start_moved_is_stale_and_applies_nothing(move):
    goods = on_sale(2)
    run = proposed(*goods, by=AdminFactory())
    move(goods[1])
    rows = changes.HISTORY.objects.count()
    by = AdminFactory()
    after = repricing.approve(run, by=by)
    assert (after.status, after.applied_at) == (RunStatus.STALE, None)
    assert prices(goods[:1]) == {Decimal(10)}
    assert changes.HISTORY.objects.count() == rows
    assert OperationLog.objects.get(action="repricing.stale").by == by


def test_a_run_that_would_give_goods_away_is_stale():
    by = AdminFactory()
    goods = ApprovedGoodsFactory(price=Decimal(10))
    run = pricing.change_price(goods, by=by, price=Decimal(0)).run
    listing.list_goods(goods, by=by)
    assert repricing.approve(run, by=AdminFactory()).status == RunStatus.STALE


def test_a_run_over_a_unit_that_is_switched_off_applies():
    by = AdminFactory()
    unit = GoodsFactory().unit
    goods = OnSaleGoodsFactory(
        price=Decimal(10),
        retail_enabled=False,
        case_enabled=True,
        case_unit=unit,
        case_size=Decimal(10),
        case_price=Decimal(90),
    )
    run = pricing.change_price(goods, by=by, price=Decimal(0)).run
    assert repricing.approve(run, by=AdminFactory()).status == RunStatus.APPLIED
    assert prices([goods]) == {Decimal(0)}


def test_a_case_price_given_away_is_stale():
    unit = GoodsFactory().unit
    goods = ApprovedGoodsFactory(
        case_enabled=True,
        case_unit=unit,
        case_size=Decimal(10),
        case_price=Decimal(90),
    )
    run = pricing.change_price(goods, by=AdminFactory(), case_price=Decimal(0)).run
    listing.list_goods(goods, by=AdminFactory())
    assert repricing.approve(run, by=AdminFactory()).status == RunStatus.STALE


def test_waiting_runs_are_found_by_their_goods():
    one, two = on_sale(2)
    by = AdminFactory()
    run = proposed(one, by=by)
    repricing.cancel(proposed(one, by=by), by=by)
    assert repricing.waiting_for(one) == [run]
    assert repricing.waiting_for(two) == []


def test_guards_are_kept_as_numbers_and_read_in_every_language():
    goods = OnSaleGoodsFactory(price=Decimal(10), cost=Decimal(8))
    run = pricing.change_price(goods, by=AdminFactory(), price=Decimal(5)).run
    kept = [pricing.Hit.of_json(guard) for guard in run.lines.get().guards]
    assert kept == pricing.guard_hits(goods, Decimal(5))
    with translation.override("en"):
        assert [hit.message for hit in kept] == [
            "Retail price 5.00 leaves less than the smallest margin of 0%",
            "Retail price 10.00 → 5.00 changes by 50%, more than 30%",
        ]


def test_a_first_price_moves_by_no_percentage():
    goods = GoodsFactory(price=Decimal(0), cost=Decimal(8))
    (hit,) = pricing.guard_hits(goods, Decimal(5))
    assert pricing.Hit.of_json(hit.as_json()) == hit
    assert pricing.change_percent(None, Decimal(5)) is None
