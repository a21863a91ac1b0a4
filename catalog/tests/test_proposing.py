"""What the shop proposes by itself: prices after costs, markdowns of what lies."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.base import ports
from backoffice.base.errors import NotPermitted
from catalog import editing, pricing, proposing, repricing, studio
from catalog.enums import Means, RunKind, RunStatus
from catalog.models import Category, Goods, MarkdownRule, RepricingRun
from catalog.tests.factories import CategoryFactory, OnSaleGoodsFactory

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def category():
    return CategoryFactory(name="葡提", target_margin=D(20), rounding="0.1")


def cost(goods, value):
    editing.edit_goods(
        Goods.objects.get(pk=goods.pk), {"cost": D(value)}, by=AdminFactory()
    )


# --- from costs


def test_a_moved_cost_proposes_the_categorys_margin(category):
    goods = OnSaleGoodsFactory(category=category, price=D(10), cost=D(8))
    other = OnSaleGoodsFactory(
        category=CategoryFactory(name="无"), price=D(10), cost=D(8)
    )
    cost(goods, "8.50")
    cost(other, "8.50")
    run = proposing.propose_from_costs()
    line = run.lines.get()
    assert (line.goods, line.old_price, line.new_price) == (goods, D(10), D("10.60"))
    assert (run.status, run.kind, run.origin, run.created_by) == (
        RunStatus.DRAFT,
        RunKind.COSTS,
        Means.SCHEDULE,
        None,
    )


def test_a_price_that_somebody_set_for_this_cost_is_left_alone(category):
    goods = OnSaleGoodsFactory(category=category, price=D(10), cost=D(8))
    cost(goods, "8.50")
    pricing.change_price(Goods.objects.get(pk=goods.pk), by=AdminFactory(), price=D(11))
    assert proposing.propose_from_costs() is None


def test_a_cost_that_was_unknown_when_it_was_priced_counts_as_moved(category):
    goods = OnSaleGoodsFactory(category=category, price=D(10), cost=None)
    cost(goods, "8.50")
    assert proposing.propose_from_costs().lines.get().new_price == D("10.60")


def test_more_than_the_daily_move_is_a_guard_hit(category):
    goods = OnSaleGoodsFactory(category=category, price=D(10), cost=D(8))
    cost(goods, "10.00")
    run = proposing.propose_from_costs()
    assert run.lines.get().has_hits
    by = AdminFactory()
    assert studio.submit(run, by=by).run.status == RunStatus.AWAITING
    run.refresh_from_db()
    assert run.created_by == by


def test_a_new_proposal_closes_the_one_that_nobody_took_up(category):
    goods = OnSaleGoodsFactory(category=category, price=D(10), cost=D(8))
    cost(goods, "8.50")
    first = proposing.propose_from_costs()
    second = proposing.propose_from_costs()
    first.refresh_from_db()
    assert (first.status, second.status) == (RunStatus.CANCELLED, RunStatus.DRAFT)
    studio.submit(second, by=AdminFactory())
    assert proposing.propose_from_costs() is None


def test_a_proposal_on_demand_needs_the_permission(category):
    for propose in (proposing.propose_from_costs, proposing.propose_markdown):
        with pytest.raises(NotPermitted):
            propose(by=StaffFactory())
    clerk = StaffFactory(permissions=["catalog.add_repricingrun"])
    assert proposing.propose_from_costs(by=clerk) is None


def test_a_clerk_may_close_a_proposal(category):
    goods = OnSaleGoodsFactory(category=category, price=D(10), cost=D(8))
    cost(goods, "8.50")
    clerk = StaffFactory(permissions=["catalog.add_repricingrun"])
    run = repricing.cancel(proposing.propose_from_costs(), by=clerk)
    assert run.status == RunStatus.CANCELLED


# --- the ladder


@pytest.fixture
def ladder(category):
    MarkdownRule.objects.create(days=2, percent=D(10))
    MarkdownRule.objects.create(days=4, percent=D(30))
    return category


def marked_down(received, there=5):
    """What is proposed when goods came in at these times; {goods id: price}."""
    with (
        ports.last_received.instead(lambda ids: dict(received)),
        ports.available.instead(lambda ids: {pk: D(there) for pk in ids}),
    ):
        run = proposing.propose_markdown()
    return run, dict(run.lines.values_list("goods_id", "new_price")) if run else {}


def ago(days):
    return timezone.now() - timedelta(days=days)


def test_each_goods_falls_to_the_rung_that_it_has_reached(ladder):
    fresh, two, five, never = (
        OnSaleGoodsFactory(category=ladder, price=D(10)) for _ in range(4)
    )
    _run, prices = marked_down({fresh.pk: ago(1), two.pk: ago(2), five.pk: ago(5)})
    assert prices == {two.pk: D("9.00"), five.pk: D("7.00")}
    assert never.pk not in prices


def test_rungs_do_not_add_up_and_are_not_taken_twice(ladder):
    goods = OnSaleGoodsFactory(category=ladder, price=D(10))
    run, _ = marked_down({goods.pk: ago(2.5)})
    studio.submit(run, by=AdminFactory())
    assert marked_down({goods.pk: ago(3)})[1] == {}
    _run, prices = marked_down({goods.pk: ago(5)})
    assert prices == {goods.pk: D("7.00")}


def test_a_price_that_somebody_set_after_a_markdown_counts(ladder):
    goods = OnSaleGoodsFactory(category=ladder, price=D(10))
    by = AdminFactory()
    run, _ = marked_down({goods.pk: ago(2.5)})
    studio.submit(run, by=by)
    pricing.change_price(Goods.objects.get(pk=goods.pk), by=by, price=D("9.50"))
    assert marked_down({goods.pk: ago(5)})[1] == {}


def test_what_is_not_there_is_not_marked_down(ladder):
    goods = OnSaleGoodsFactory(category=ladder, price=D(10))
    assert marked_down({goods.pk: ago(5)}, there=0)[1] == {}


def test_a_category_with_rungs_of_its_own_has_no_others(ladder):
    MarkdownRule.objects.create(category=ladder, days=10, percent=D(50))
    goods = OnSaleGoodsFactory(category=ladder, price=D(10))
    assert marked_down({goods.pk: ago(5)})[1] == {}
    assert marked_down({goods.pk: ago(10)})[1] == {goods.pk: D("5.00")}


def test_rungs_are_unique_also_for_all():
    MarkdownRule.objects.create(days=2, percent=D(10))
    with pytest.raises(ValidationError):
        MarkdownRule(days=2, percent=D(20)).full_clean()


def test_without_rules_nothing_is_proposed():
    OnSaleGoodsFactory()
    assert proposing.propose_markdown() is None
    assert not RepricingRun.objects.exists()
    assert not Category.objects.filter(target_margin__isnull=False).exists()


def test_rounding_a_markdown_does_not_carry_it_over_a_guard(ladder):
    # 30% off 12.75 is 8.925: 8.9 would be more than the shop's largest change
    goods = OnSaleGoodsFactory(category=ladder, price=D("12.75"))
    run, prices = marked_down({goods.pk: ago(5)})
    assert prices == {goods.pk: D("9.00")}
    assert not run.lines.get().has_hits
