"""Runs under several hands and workers, and what holds for any of them."""

from datetime import timedelta
from decimal import Decimal
from threading import Barrier

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backoffice.accounts.tests.factories import AdminFactory
from catalog import changes, repricing, reversal, studio
from catalog.enums import RuleKind, RunStatus
from catalog.models import Goods, PriceLog, RepricingRun
from catalog.rules import ENDINGS, STEPS, Rounding, Rule
from catalog.studio import Recipe
from catalog.tests.factories import ApprovedGoodsFactory, OnSaleGoodsFactory
from catalog.tests.test_races import at_once, row_locks_only

D = Decimal


def drafted(by, percent="-5"):
    recipe = Recipe(Rule(RuleKind.PERCENT, D(percent)))
    return studio.draft(studio.compute(Goods.objects.all(), recipe), recipe, by=by)


def scheduled(by):
    soon = timezone.now() + timedelta(hours=1)
    return studio.submit(drafted(by), by=by, starts_at=soon).run


def due(run):
    """A worker's turn with a run whose time has come."""
    return lambda: repricing.apply_scheduled(
        run, now=timezone.now() + timedelta(hours=2)
    )


def changes_of(goods):
    return PriceLog.objects.filter(id=goods.pk, price_changed=True).count()


@row_locks_only
@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_two_workers_apply_one_run_twice(monkeypatch):
    goods, by = OnSaleGoodsFactory(price=D(10)), AdminFactory()
    run = scheduled(by)
    both_read = Barrier(2, timeout=20)

    def read(run):
        row = RepricingRun.objects.get(pk=run.pk)
        both_read.wait()
        return row

    monkeypatch.setattr("catalog.repricing.locked", read)
    monkeypatch.setattr("catalog.repricing.is_stale", lambda line, goods: False)
    at_once(due(run), due(run))
    assert changes_of(goods) == 2


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_several_workers_apply_a_run_once():
    goods, by = OnSaleGoodsFactory(price=D(10)), AdminFactory()
    run = scheduled(by)
    at_once(*[due(run)] * 4)
    goods.refresh_from_db()
    assert (goods.price, changes_of(goods)) == (D("9.50"), 1)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_two_runs_at_once_the_second_is_computed_again():
    goods, by = OnSaleGoodsFactory(price=D(10)), AdminFactory()
    one, two = drafted(by), drafted(by, "-10")
    results = at_once(
        lambda: studio.submit(one, by=by), lambda: studio.submit(two, by=by)
    )
    assert sorted(result.moved for result in results) == [False, True]
    assert changes_of(goods) == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_that_schedule_one_goods_at_once_see_each_other():
    OnSaleGoodsFactory(price=D(10))
    by = AdminFactory()
    soon = timezone.now() + timedelta(hours=1)
    drafts = [drafted(by), drafted(by)]
    results = at_once(
        *[lambda run=run: studio.submit(run, by=by, starts_at=soon) for run in drafts]
    )
    assert sum(isinstance(result, repricing.Overlap) for result in results) == 1
    assert RepricingRun.objects.filter(status=RunStatus.SCHEDULED).count() == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_who_roll_back_at_once_do_it_once():
    goods, by = OnSaleGoodsFactory(price=D(10)), AdminFactory()
    run = studio.submit(drafted(by), by=by).run
    at_once(*[lambda: reversal.roll_back(run, by=by)] * 2)
    goods.refresh_from_db()
    assert (goods.price, changes_of(goods)) == (D(10), 2)


GOODS = st.lists(
    st.tuples(
        st.decimals("0.01", "999.99", places=2),
        st.none() | st.decimals("0.01", "999.99", places=4),
    ),
    min_size=1,
    max_size=4,
)
RULES = st.one_of(
    st.builds(Rule, st.just(RuleKind.PERCENT), st.decimals("-29", "29", places=2)),
    st.builds(Rule, st.just(RuleKind.AMOUNT), st.decimals("-3", "3", places=2)),
    st.builds(Rule, st.just(RuleKind.MARGIN), st.decimals("1", "60", places=1)),
).filter(lambda rule: rule.value)
ROUNDINGS = st.one_of(
    st.builds(Rounding, step=st.sampled_from(STEPS)),
    st.builds(Rounding, ending=st.sampled_from(ENDINGS)),
)


@pytest.mark.django_db
@given(GOODS, RULES, ROUNDINGS)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_rollback_after_apply_is_the_identity_and_history_tells_real_changes(
    many, rule, rounding
):
    by = AdminFactory()
    goods = [ApprovedGoodsFactory(price=price, cost=cost) for price, cost in many]
    mine = Goods.objects.filter(pk__in=[one.pk for one in goods])
    before = dict(mine.values_list("pk", "price"))
    recipe = Recipe(rule, rounding)
    try:
        run = studio.draft(studio.compute(mine, recipe), recipe, by=by)
    except studio.NothingToReprice:
        return
    run = studio.submit(run, by=by).run
    if run.status == RunStatus.AWAITING:
        run = repricing.approve(run, by=AdminFactory())
    after = dict(mine.values_list("pk", "price"))
    changed = {pk for pk in before if before[pk] != after[pk]}
    rows = changes.HISTORY.objects.filter(id__in=before, price_changed=True)
    assert sorted(rows.values_list("id", flat=True)) == sorted(changed)
    assert {row.id: row.old_price for row in rows} == {pk: before[pk] for pk in changed}
    reversal.roll_back(run, by=by)
    assert dict(mine.values_list("pk", "price")) == before
    assert rows.all().count() == 2 * len(changed)
