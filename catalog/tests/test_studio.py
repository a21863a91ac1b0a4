"""The studio: what is seen is what is applied, by whom it may, when it should."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.base import ports
from backoffice.base.errors import FieldErrors, NotPermitted, WrongStatus
from backoffice.oplog.models import OperationLog
from catalog import (
    archiving,
    editing,
    listing,
    pricing,
    repricing,
    reversal,
    review,
    studio,
)
from catalog.enums import LineProblem, Means, RuleKind, RunStatus, SellingUnit
from catalog.models import Goods, PriceLog, RepricingRun
from catalog.rules import Rule, parse_rounding
from catalog.studio import NothingToReprice, Recipe, Typed
from catalog.tasks import apply_due_runs
from catalog.tests.factories import (
    ApprovedGoodsFactory,
    GoodsFactory,
    OnSaleGoodsFactory,
)

pytestmark = pytest.mark.django_db
D = Decimal


def recipe(percent="-5", rounding="0.1", **options):
    return Recipe(
        Rule(RuleKind.PERCENT, D(percent)), parse_rounding(rounding), **options
    )


def drafted(by=None, how=None, goods=None):
    how = how or recipe()
    goods = Goods.objects.all() if goods is None else goods
    return studio.draft(studio.compute(goods, how), how, by=by or AdminFactory())


def price_of(goods):
    goods.refresh_from_db()
    return goods.price


def log_of(goods):
    rows = PriceLog.objects.filter(id=goods.pk, price_changed=True)
    return list(rows.order_by("history_id"))


# --- computing


def test_a_preview_writes_nothing_and_leaves_the_archived_aside():
    goods = OnSaleGoodsFactory(price=D(10))
    same = OnSaleGoodsFactory(price=D("0.10"))
    gone = GoodsFactory(price=D(10))
    archiving.archive(gone, by=AdminFactory())
    preview = studio.compute(Goods.objects.all(), recipe())
    assert [line.goods_id for line in preview.lines] == [goods.pk]
    assert (preview.lines[0].new_price, preview.unchanged) == (D("9.50"), 1)
    assert not RepricingRun.objects.exists()
    assert price_of(same) == D("0.10")


def test_goods_that_the_rule_cannot_price_are_lines_with_a_problem():
    OnSaleGoodsFactory(price=D(10), cost=None)
    how = Recipe(Rule(RuleKind.MARGIN, D(20)))
    preview = studio.compute(Goods.objects.all(), how)
    assert [line.problem for line in preview.lines] == [LineProblem.NO_COST]
    with pytest.raises(NothingToReprice, match=str(LineProblem.NO_COST.label)):
        studio.draft(preview, how, by=AdminFactory())


def test_a_price_that_rounds_to_nothing_is_left_out():
    OnSaleGoodsFactory(price=D("0.40"))
    kept = OnSaleGoodsFactory(price=D(10))
    run = drafted(how=recipe("-60", "1"))
    problems = dict(run.lines.values_list("goods_id", "problem"))
    assert problems.pop(kept.pk) == ""
    assert list(problems.values()) == [LineProblem.ZERO]


def test_both_selling_units_follow_the_rule_by_their_own_cost():
    goods = OnSaleGoodsFactory(
        price=D(10),
        cost=D(8),
        case_enabled=True,
        case_unit=OnSaleGoodsFactory().unit,
        case_size=D(5),
        case_price=D(45),
    )
    how = Recipe(Rule(RuleKind.MARGIN, D(20)), parse_rounding("0.5"))
    (line,) = studio.compute(Goods.objects.filter(pk=goods.pk), how).lines
    assert (line.new_price, line.new_case_price) == (None, D("50.00"))
    only = Recipe(how.rule, how.rounding, [SellingUnit.RETAIL])
    assert not studio.compute(Goods.objects.filter(pk=goods.pk), only).lines


@pytest.mark.parametrize(
    ("how", "field"),
    [
        (recipe("-100"), "value"),
        (Recipe(Rule(RuleKind.MARGIN, D(100))), "value"),
        (recipe(units=[]), "units"),
        (recipe(min_margin=D(100)), "min_margin"),
        (recipe(max_change=D(-1)), "max_change"),
    ],
)
def test_a_recipe_that_means_nothing_is_refused(how, field):
    OnSaleGoodsFactory()
    with pytest.raises(FieldErrors) as refusal:
        studio.compute(Goods.objects.all(), how)
    assert set(refusal.value.errors) == {field}


def test_no_goods_is_said():
    with pytest.raises(NothingToReprice):
        studio.compute(Goods.objects.none(), recipe())


def test_a_run_has_guards_of_its_own_that_are_never_looser_than_the_shops():
    OnSaleGoodsFactory(price=D(10), cost=D(9))
    strict = studio.compute(Goods.objects.all(), recipe(min_margin=D(10)))
    assert strict.hits == 1
    loose = studio.compute(Goods.objects.all(), recipe("-12", min_margin=D(-50)))
    assert loose.hits == 1


def test_a_preview_shows_sales_carts_and_unpaid_orders():
    goods = OnSaleGoodsFactory(price=D(10))
    with (
        ports.sold_lately.instead(
            lambda ids, days: {goods.pk: D(14) if days == 7 else D(0)}
        ),
        ports.open_demand.instead(lambda ids: {goods.pk: (3, 2)}),
    ):
        run = drafted()
    line = run.lines.get()
    assert (line.sold, line.carts, line.unpaid) == (D(14), 3, 2)
    totals = studio.totals(run)
    assert (totals.goods, totals.hits) == (1, 0)
    assert totals.change == pytest.approx(-5)
    assert totals.margin == pytest.approx(-1)


def test_lines_are_sorted_by_what_changes():
    cheap = OnSaleGoodsFactory(price=D(10), cost=D(9))
    dear = OnSaleGoodsFactory(price=D(100), cost=D(10))
    run = drafted(how=recipe("-5"))

    def by(name):
        lines = studio.sortable(run.lines.all()).order_by(name)
        return [line.goods_id for line in lines]

    assert by("change_yuan") == [dear.pk, cheap.pk]
    assert by("margin") == [cheap.pk, dear.pk]


# --- a draft


def test_lines_can_be_left_out_and_typed():
    first, second = OnSaleGoodsFactory(price=D(10)), OnSaleGoodsFactory(price=D(20))
    by = AdminFactory()
    run = drafted(by)
    assert studio.leave_out(run, [run.lines.get(goods=first).pk], by=by) == 1
    line = run.lines.get(goods=second)
    typed = studio.overtype(run, line.pk, by=by, price=D("18.80"), case_price=None)
    assert typed.is_typed
    studio.submit(run, by=by)
    assert (price_of(first), price_of(second)) == (D(10), D("18.80"))


def test_a_typed_price_meets_the_guards():
    OnSaleGoodsFactory(price=D(10))
    by = AdminFactory()
    run = drafted(by)
    line = studio.overtype(run, run.lines.get().pk, by=by, price=D(2), case_price=None)
    assert line.has_hits
    assert studio.submit(run, by=by).run.status == RunStatus.AWAITING


@pytest.mark.parametrize("price", [D(0), D(-1), D("1.234"), D(10_000_000)])
def test_what_is_no_price_is_not_typed(price):
    OnSaleGoodsFactory(price=D(10))
    run = drafted()
    with pytest.raises(FieldErrors):
        studio.overtype(
            run, run.lines.get().pk, by=AdminFactory(), price=price, case_price=None
        )
    assert run.lines.get().new_price == D("9.50")


def test_what_hits_a_guard_can_be_left_out_at_once():
    held, free = (
        OnSaleGoodsFactory(price=D(10), cost=D(10)),
        OnSaleGoodsFactory(price=D(10)),
    )
    by = AdminFactory()
    run = drafted(by)
    assert studio.leave_out_hits(run, by=by) == 1
    assert studio.submit(run, by=by).run.status == RunStatus.APPLIED
    assert (price_of(held), price_of(free)) == (D(10), D("9.50"))


def test_a_run_without_lines_is_not_submitted():
    OnSaleGoodsFactory(price=D(10))
    by = AdminFactory()
    run = drafted(by)
    studio.leave_out(run, [run.lines.get().pk], by=by)
    with pytest.raises(NothingToReprice):
        studio.submit(run, by=by)


# --- letting it go


def test_a_run_is_applied_at_once_and_the_price_log_names_it():
    goods, by = OnSaleGoodsFactory(price=D(10)), AdminFactory()
    run = studio.submit(drafted(by), by=by, reason="morning").run
    assert (run.status, price_of(goods)) == (RunStatus.APPLIED, D("9.50"))
    (entry,) = log_of(goods)
    assert (entry.means, entry.reference, entry.history_user) == (
        Means.RUN,
        run.number,
        by,
    )
    assert (entry.old_price, entry.price, entry.history_change_reason) == (
        D(10),
        D("9.50"),
        "morning",
    )
    (line,) = OperationLog.objects.filter(action="goods.repriced")
    assert line.data == {"changes": {"price": ["10", "9.5"]}, "run": run.number}
    assert (line.target_id, line.target_label) == (str(goods.pk), str(goods))


def test_history_has_every_column_of_the_goods():
    goods, by = (
        OnSaleGoodsFactory(price=D(10), cost=D("4.5"), spec="大"),
        AdminFactory(),
    )
    studio.submit(drafted(by), by=by)
    goods.refresh_from_db()
    last = goods.history.order_by("-history_id").first()
    for name in last.tracked_fields:
        assert getattr(last, name.attname) == getattr(goods, name.attname), name
    assert last.history_date == goods.updated_at
    assert (last.price_changed, last.status_changed, last.content_changed) == (
        True,
        False,
        False,
    )


def test_applying_twice_is_refused():
    OnSaleGoodsFactory(price=D(10))
    by = AdminFactory()
    run = studio.submit(drafted(by), by=by).run
    with pytest.raises(WrongStatus):
        studio.submit(run, by=by)


def test_a_guard_hit_goes_to_a_second_person():
    goods, by, other = (
        OnSaleGoodsFactory(price=D(10), cost=D(10)),
        AdminFactory(),
        AdminFactory(),
    )
    run = studio.submit(drafted(by), by=by).run
    assert (run.status, price_of(goods)) == (RunStatus.AWAITING, D(10))
    with pytest.raises(NotPermitted):
        repricing.approve(run, by=by, reason="me")
    assert repricing.approve(run, by=other).status == RunStatus.APPLIED
    assert price_of(goods) == D("9.50")


def test_who_submits_a_draft_of_another_proposes_it():
    OnSaleGoodsFactory(price=D(10), cost=D(10))
    maker, submitter = AdminFactory(), AdminFactory()
    run = studio.submit(drafted(maker), by=submitter).run
    with pytest.raises(NotPermitted):
        repricing.approve(run, by=submitter)
    assert repricing.approve(run, by=maker).status == RunStatus.APPLIED


@pytest.mark.parametrize("what", ["price", "cost", "archived"])
def test_what_moved_since_it_was_seen_is_computed_and_shown_again(what):
    goods, other = (
        OnSaleGoodsFactory(price=D(10), cost=D(5)),
        OnSaleGoodsFactory(price=D(20)),
    )
    by = AdminFactory()
    run = drafted(by)
    if what == "price":
        pricing.change_price(goods, by=by, price=D(11))
    elif what == "cost":
        editing.edit_goods(goods, {"cost": D(6)}, by=by)
    else:
        archiving.archive(listing.delist(goods, by=by), by=by)
    after = studio.submit(run, by=by)
    assert (after.moved, after.run.status, price_of(other)) == (
        True,
        RunStatus.DRAFT,
        D(20),
    )
    line = run.lines.get(goods=goods)
    if what == "price":
        assert (line.old_price, line.new_price) == (D(11), D("10.50"))
    elif what == "cost":
        assert line.cost == D(6)
    else:
        assert line.problem == LineProblem.ARCHIVED
    assert studio.submit(run, by=by).run.status == RunStatus.APPLIED
    assert price_of(other) == D(19)


def test_only_who_may_make_runs_does():
    OnSaleGoodsFactory(price=D(10))
    nobody = StaffFactory()
    with pytest.raises(NotPermitted):
        drafted(nobody)
    run = drafted()
    line = run.lines.get()
    for verb in (
        lambda: studio.submit(run, by=nobody),
        lambda: studio.leave_out(run, [line.pk], by=nobody),
        lambda: studio.leave_out_hits(run, by=nobody),
        lambda: studio.recompute(run, by=nobody),
        lambda: studio.overtype(run, line.pk, by=nobody, price=D(9), case_price=None),
        lambda: reversal.roll_back(run, by=nobody),
    ):
        with pytest.raises(NotPermitted):
            verb()


# --- schedules


def later(hours):
    return timezone.now() + timedelta(hours=hours)


def test_a_scheduled_run_waits_is_applied_once_and_its_prices_return():
    goods, by = OnSaleGoodsFactory(price=D(10)), AdminFactory()
    start, end = later(1), later(5)
    run = studio.submit(drafted(by), by=by, starts_at=start, ends_at=end).run
    apply_due_runs()
    assert (run.status, price_of(goods)) == (RunStatus.SCHEDULED, D(10))
    for _ in range(2):
        apply_due_runs(start)
    assert price_of(goods) == D("9.50")
    for _ in range(2):
        apply_due_runs(end)
    run.refresh_from_db()
    assert (run.status, price_of(goods)) == (RunStatus.ENDED, D(10))
    assert [(e.means, e.price) for e in log_of(goods)] == [
        (Means.SCHEDULE, D("9.50")),
        (Means.SCHEDULE, D(10)),
    ]


def test_late_runs_are_caught_up_but_not_those_whose_time_is_over():
    kept, over = OnSaleGoodsFactory(price=D(10)), OnSaleGoodsFactory(price=D(20))
    by = AdminFactory()
    for goods, end in ((kept, None), (over, later(2))):
        draft = drafted(by, goods=Goods.objects.filter(pk=goods.pk))
        studio.submit(draft, by=by, starts_at=later(1), ends_at=end)
    for run in RepricingRun.objects.all():
        repricing.apply_scheduled(run, now=later(48))
    assert (price_of(kept), price_of(over)) == (D("9.50"), D(20))
    assert set(RepricingRun.objects.values_list("status", flat=True)) == {
        RunStatus.APPLIED,
        RunStatus.STALE,
    }


def test_a_scheduled_run_whose_prices_moved_becomes_stale_and_can_be_computed_again():
    goods, by = OnSaleGoodsFactory(price=D(10)), AdminFactory()
    run = studio.submit(drafted(by), by=by, starts_at=later(1)).run
    pricing.change_price(goods, by=by, price=D(11))
    run = repricing.apply_scheduled(run, now=later(2))
    assert (run.status, price_of(goods)) == (RunStatus.STALE, D(11))
    run = studio.recompute(run, by=by)
    assert (run.status, run.starts_at) == (RunStatus.DRAFT, None)
    studio.submit(run, by=by)
    assert price_of(goods) == D("10.50")


def test_two_scheduled_runs_over_one_goods_are_refused_by_name():
    goods, by = OnSaleGoodsFactory(price=D(10)), AdminFactory()
    first = studio.submit(drafted(by), by=by, starts_at=later(1)).run
    second = drafted(by)
    with pytest.raises(repricing.Overlap) as refusal:
        studio.submit(second, by=by, starts_at=later(3))
    assert first.number in str(refusal.value)
    assert goods.code in str(refusal.value)
    repricing.cancel(first, by=by)
    assert (
        studio.submit(second, by=by, starts_at=later(3)).run.status
        == RunStatus.SCHEDULED
    )


def test_a_run_whose_prices_have_to_return_holds_its_goods_until_then():
    OnSaleGoodsFactory(price=D(10))
    by = AdminFactory()
    studio.submit(drafted(by), by=by, ends_at=later(5))
    with pytest.raises(repricing.Overlap):
        studio.submit(drafted(by), by=by, starts_at=later(4))
    after = studio.submit(drafted(by), by=by, starts_at=later(6))
    assert after.run.status == RunStatus.SCHEDULED


def test_an_end_comes_after_the_start():
    OnSaleGoodsFactory(price=D(10))
    by = AdminFactory()
    with pytest.raises(FieldErrors) as refusal:
        studio.submit(drafted(by), by=by, starts_at=later(3), ends_at=later(2))
    assert set(refusal.value.errors) == {"ends_at"}


def test_an_approved_run_that_starts_later_is_scheduled():
    goods, by = OnSaleGoodsFactory(price=D(10), cost=D(10)), AdminFactory()
    run = studio.submit(drafted(by), by=by, starts_at=later(1)).run
    run = repricing.approve(run, by=AdminFactory())
    assert (run.status, price_of(goods)) == (RunStatus.SCHEDULED, D(10))


# --- prices return


def test_rollback_restores_what_the_run_set_and_lists_the_rest():
    first, second = OnSaleGoodsFactory(price=D(10)), OnSaleGoodsFactory(price=D(20))
    by = AdminFactory()
    run = studio.submit(drafted(by), by=by).run
    pricing.change_price(second, by=by, price=D("18.50"))
    seen = {one.row.goods_id: one for one in reversal.foresee(run)}
    assert (seen[first.pk].row.price, seen[second.pk].conflicts) == (D(10), ["price"])
    run = reversal.roll_back(run, by=by, reason="typo")
    assert run.status == RunStatus.ROLLED_BACK
    assert (price_of(first), price_of(second)) == (D(10), D("18.50"))
    assert run.lines.get(goods=second).conflicts == ["price"]
    entry = log_of(first)[-1]
    assert (entry.means, entry.reference, entry.history_change_reason) == (
        Means.ROLLBACK,
        run.number,
        "typo",
    )
    with pytest.raises(WrongStatus):
        reversal.roll_back(run, by=by)


def test_a_case_price_that_the_run_gave_goes_again():
    goods = ApprovedGoodsFactory(
        price=D(10),
        cost=D(8),
        case_unit=GoodsFactory().unit,
        case_size=D(5),
    )
    by = AdminFactory()
    run = studio.draft(
        studio.compute_typed([Typed(goods.pk, None, D(45))]), studio.BY_HAND, by=by
    )
    run = studio.submit(run, by=by).run
    goods.refresh_from_db()
    assert goods.case_price == D(45)
    reversal.roll_back(run, by=by)
    goods.refresh_from_db()
    assert goods.case_price is None


def test_an_old_price_below_the_floor_needs_somebody_who_may_approve():
    goods, by = OnSaleGoodsFactory(price=D(10), cost=D(5)), AdminFactory()
    run = studio.submit(drafted(by, recipe("20")), by=by).run
    editing.edit_goods(Goods.objects.get(pk=goods.pk), {"cost": D(11)}, by=by)
    clerk = StaffFactory(permissions=["catalog.add_repricingrun"])
    with pytest.raises(NotPermitted):
        reversal.roll_back(run, by=clerk)
    assert price_of(goods) == D(12)
    reversal.roll_back(run, by=by)
    assert price_of(goods) == D(10)


def test_what_is_archived_meanwhile_is_a_conflict():
    goods, by = ApprovedGoodsFactory(price=D(10)), AdminFactory()
    run = studio.submit(drafted(by), by=by).run
    archiving.archive(Goods.objects.get(pk=goods.pk), by=by)
    run = reversal.roll_back(run, by=by)
    assert run.lines.get().conflicts == ["price"]
    assert price_of(goods) == D("9.50")


def test_ten_times_the_goods_cost_no_more_queries(django_assert_max_num_queries):
    by = AdminFactory()
    for _ in range(12):
        OnSaleGoodsFactory(price=D(10))
    with django_assert_max_num_queries(40):
        run = studio.submit(drafted(by), by=by).run
    with django_assert_max_num_queries(25):
        reversal.roll_back(run, by=by)


# --- what moved in the shop, not in the price


def draft_goods_below_cost():
    """A price that no guard looks at: the goods is still a draft."""
    goods = GoodsFactory(price=D(10), cost=D(8))
    how = Recipe(Rule(RuleKind.SET, D(4)))
    return goods, drafted(how=how, goods=Goods.objects.filter(pk=goods.pk))


def put_on_sale(goods):
    boss = AdminFactory()
    goods = Goods.objects.get(pk=goods.pk)
    for verb in (review.submit, review.approve, listing.list_goods):
        goods = verb(goods, by=boss)


def test_goods_that_went_on_sale_meanwhile_meet_the_guards():
    goods, run = draft_goods_below_cost()
    assert not run.lines.get().has_hits
    put_on_sale(goods)
    boss = AdminFactory()
    assert studio.submit(run, by=boss).moved
    assert price_of(goods) == D(10)
    assert run.lines.get().has_hits
    assert studio.submit(run, by=boss).run.status == RunStatus.AWAITING
    assert price_of(goods) == D(10)


def test_a_scheduled_run_is_stale_when_a_guard_would_not_let_it_pass_any_more():
    goods, run = draft_goods_below_cost()
    studio.submit(run, by=AdminFactory(), starts_at=later(1))
    put_on_sale(goods)
    apply_due_runs(now=later(2))
    run.refresh_from_db()
    assert (run.status, price_of(goods)) == (RunStatus.STALE, D(10))


def test_a_guard_that_became_stricter_is_heeded(monkeypatch):
    goods = OnSaleGoodsFactory(price=D(10), cost=D(8))
    run = drafted(how=recipe("-10"))
    monkeypatch.setenv("SHOP_MIN_MARGIN_PERCENT", "20")
    assert studio.submit(run, by=AdminFactory()).moved
    assert (price_of(goods), run.lines.get().has_hits) == (D(10), True)


def test_a_run_whose_end_passed_while_it_waited_is_stale():
    goods = OnSaleGoodsFactory(price=D(10))
    run = drafted(how=recipe("-50"))
    run = studio.submit(run, by=AdminFactory(), ends_at=later(1)).run
    assert run.status == RunStatus.AWAITING
    RepricingRun.objects.filter(pk=run.pk).update(
        ends_at=later(-1), created_at=later(-2)
    )
    assert repricing.approve(run, by=AdminFactory()).status == RunStatus.STALE
    assert price_of(goods) == D(10)


def test_a_margin_on_cost_is_for_who_may_see_costs():
    OnSaleGoodsFactory(price=D(10), cost=D(8))
    how = Recipe(Rule(RuleKind.MARGIN, D(0)))
    clerk = StaffFactory(permissions=[repricing.PROPOSE])
    with pytest.raises(NotPermitted):
        drafted(by=clerk, how=how)
    buyer = StaffFactory(permissions=[repricing.PROPOSE, "catalog.view_cost"])
    assert drafted(by=buyer, how=how).lines.get().new_price == D(8)
