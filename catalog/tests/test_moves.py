"""The whole table of moves, and who may do which (DOMAIN 2 and 9)."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Group

from backoffice.accounts.roles import ROLES, sync_roles
from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.base import ports
from backoffice.base.errors import DomainError, NotPermitted, ReasonMissing, WrongStatus
from backoffice.oplog.models import OperationLog
from catalog import archiving, bulk, changes, listing, lookup, review
from catalog.enums import MOVES, VERB_LABELS, GoodsStatus, Means
from catalog.errors import NotReady, StillReserved
from catalog.models import Goods
from catalog.moves import PAST, REASON_LENGTH
from catalog.tests.factories import (
    ApprovedGoodsFactory,
    GoodsFactory,
    OnSaleGoodsFactory,
    PendingGoodsFactory,
    RejectedGoodsFactory,
    goods_in,
)

pytestmark = pytest.mark.django_db

#: written by hand from DOMAIN 2, so that a slip in `MOVES` is seen
ALLOWED = {
    "submit": ({"draft", "rejected"}, "pending"),
    "approve": ({"pending"}, "approved"),
    "reject": ({"pending"}, "rejected"),
    "list": ({"approved", "off_sale"}, "on_sale"),
    "delist": ({"on_sale"}, "off_sale"),
    "revise": ({"approved", "off_sale", "rejected"}, "draft"),
    "archive": ({"draft", "approved", "rejected", "off_sale"}, "archived"),
    "restore": ({"archived"}, "draft"),
}
PAIRS = [(verb, status) for verb in ALLOWED for status in GoodsStatus]
MAY = {
    "submit": {"buyer", "manager"},
    "approve": {"reviewer", "manager"},
    "reject": {"reviewer", "manager"},
    "list": {"merchandiser", "manager"},
    "delist": {"merchandiser", "manager"},
    "revise": {"buyer", "manager"},
    "archive": {"manager"},
    "restore": {"manager"},
}


@pytest.fixture
def stocked():
    """Connects the ports as the stock floor would; {goods id: quantity}."""
    levels = {"available": {}, "reserved": {}}
    with (
        ports.available.instead(lambda ids: levels["available"]),
        ports.reserved.instead(lambda ids: levels["reserved"]),
    ):
        yield levels


def state_of(goods):
    """All that a refused verb must leave alone."""
    return (
        Goods.objects.filter(pk=goods.pk).values().get(),
        changes.HISTORY.objects.count(),
        OperationLog.objects.count(),
    )


@pytest.mark.parametrize(
    ("verb", "status"), [p for p in PAIRS if p[1] in ALLOWED[p[0]][0]]
)
def test_an_allowed_move_is_made_and_logged(verb, status):
    goods, by = goods_in(status), AdminFactory()
    rows = changes.HISTORY.objects.count()
    after = bulk.VERBS[verb](goods, by=by, reason="because", means=Means.COMMAND)
    end = ALLOWED[verb][1]
    goods.refresh_from_db()
    assert after.status == goods.status == end
    assert changes.HISTORY.objects.count() == rows + 1
    row = changes.HISTORY.objects.latest("history_id")
    assert (row.old_status, row.status, row.history_user) == (status, end, by)
    assert (row.means, row.history_change_reason) == ("command", "because")
    assert (row.status_changed, row.price_changed, row.content_changed) == (
        True,
        False,
        False,
    )
    log = OperationLog.objects.latest("id")
    assert (log.action, log.by, log.target_id) == (PAST[verb], by, str(goods.pk))
    assert log.data == {
        "changes": {"status": [status, end]},
        "reason": "because",
        **({"sold_out": True} if verb == "list" else {}),
    }


@pytest.mark.parametrize(
    ("verb", "status"), [p for p in PAIRS if p[1] not in ALLOWED[p[0]][0]]
)
def test_any_other_move_is_refused_and_changes_nothing(verb, status):
    goods, by = goods_in(status), AdminFactory()
    before = state_of(goods)
    with pytest.raises(WrongStatus) as refusal:
        bulk.VERBS[verb](goods, by=by, reason="because")
    assert state_of(goods) == before
    message = str(refusal.value)
    assert str(GoodsStatus(status).label) in message
    assert str(VERB_LABELS[verb]) in message
    for allowed in MOVES[verb][0]:
        assert str(allowed.label) in message
    assert set(refusal.value.data["allowed"]) == ALLOWED[verb][0]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("verb", MAY)
def test_each_role_may_do_its_verbs_and_no_other(role, verb):
    sync_roles()
    by = StaffFactory()
    by.groups.add(Group.objects.get(name=role))
    goods = goods_in(MOVES[verb][0][0])
    before = state_of(goods)
    if role in MAY[verb]:
        assert bulk.VERBS[verb](goods, by=by, reason="x").status == MOVES[verb][1]
    else:
        with pytest.raises(NotPermitted, match=str(VERB_LABELS[verb])):
            bulk.VERBS[verb](goods, by=by, reason="x")
        assert state_of(goods) == before


@pytest.mark.parametrize("verb", MAY)
def test_an_account_that_is_switched_off_may_do_nothing(verb):
    by = AdminFactory(is_active=False)
    with pytest.raises(NotPermitted):
        bulk.VERBS[verb](goods_in(MOVES[verb][0][0]), by=by, reason="x")


@pytest.mark.parametrize(
    ("fields", "lacking"),
    [
        ({"price": Decimal(0)}, 1),
        ({"price": Decimal(0), "retail_enabled": False}, 1),
        ({"price": Decimal(0), "name": ""}, 2),
    ],
)
def test_submit_names_all_that_lacks_and_changes_nothing(fields, lacking):
    goods = GoodsFactory(**fields)
    before = state_of(goods)
    with pytest.raises(NotReady) as refusal:
        review.submit(goods, by=AdminFactory())
    assert len(refusal.value.data["missing"]) == lacking
    assert state_of(goods) == before


def test_a_case_without_a_price_is_not_ready():
    goods = GoodsFactory()
    goods = Goods.objects.get(pk=goods.pk)
    before = changes.snapshot(goods)
    goods.case_enabled, goods.case_unit, goods.case_size = True, goods.unit, Decimal(10)
    changes.save(goods, before, changes.Origin(by=None))
    with pytest.raises(NotReady):
        review.submit(goods, by=AdminFactory())
    goods.case_price = Decimal(90)
    changes.save(goods, changes.snapshot(goods) | {"case_price": None}, _nobody())
    assert review.submit(goods, by=AdminFactory()).status == GoodsStatus.PENDING


def test_a_goods_sold_by_the_case_only_needs_no_retail_price():
    unit = GoodsFactory().unit
    goods = GoodsFactory(
        price=Decimal(0),
        retail_enabled=False,
        case_enabled=True,
        case_unit=unit,
        case_size=Decimal(10),
        case_price=Decimal(88),
    )
    assert review.submit(goods, by=AdminFactory()).status == GoodsStatus.PENDING


@pytest.mark.parametrize("verb", ["approve", "list"])
def test_a_price_that_was_taken_away_meanwhile_refuses(verb):
    goods = goods_in(MOVES[verb][0][0])
    Goods.objects.filter(pk=goods.pk).update(price=0)
    with pytest.raises(NotReady):
        bulk.VERBS[verb](goods, by=AdminFactory())


def test_listing_remembers_since_when():
    goods = ApprovedGoodsFactory()
    assert goods.listed_at is None
    listed = listing.list_goods(goods, by=AdminFactory())
    assert listed.listed_at is not None
    again = listing.list_goods(
        listing.delist(listed, by=AdminFactory()), by=AdminFactory()
    )
    assert again.listed_at > listed.listed_at


def test_listing_with_nothing_available_is_allowed_and_said(stocked):
    goods = ApprovedGoodsFactory()
    stocked["available"][goods.pk] = Decimal(0)
    result = bulk.run("list", [goods], by=AdminFactory())
    (outcome,) = result.done
    assert outcome.status == GoodsStatus.ON_SALE
    assert outcome.warning
    assert OperationLog.objects.latest("id").data["sold_out"] is True


@pytest.mark.parametrize("available", [None, Decimal("0.001")])
def test_listing_says_nothing_where_stock_is_there_or_not_kept(stocked, available):
    goods = ApprovedGoodsFactory()
    if available is not None:
        stocked["available"][goods.pk] = available
    (outcome,) = bulk.run("list", [goods], by=AdminFactory()).done
    assert outcome.warning == ""


def test_archive_is_refused_while_orders_hold_some(stocked):
    goods = GoodsFactory()
    stocked["reserved"][goods.pk] = Decimal("2.500")
    before = state_of(goods)
    with pytest.raises(StillReserved, match=r"2\.5"):
        archiving.archive(goods, by=AdminFactory())
    assert state_of(goods) == before
    stocked["reserved"][goods.pk] = Decimal(0)
    assert archiving.archive(goods, by=AdminFactory()).status == GoodsStatus.ARCHIVED


@pytest.mark.parametrize("reason", ["", "  ", "x" * (REASON_LENGTH + 1), "a\x00b"])
def test_a_rejection_asks_for_a_reason_that_can_be_kept(reason):
    goods = PendingGoodsFactory()
    before = state_of(goods)
    with pytest.raises(ReasonMissing):
        review.reject(goods, by=AdminFactory(), reason=reason)
    assert state_of(goods) == before


def test_the_verbs_work_on_the_row_as_it_stands_not_as_it_was_read():
    stale = PendingGoodsFactory()
    review.reject(stale, by=AdminFactory(), reason="no")
    assert stale.status == GoodsStatus.PENDING
    with pytest.raises(WrongStatus):
        review.approve(stale, by=AdminFactory())


def test_a_selection_succeeds_and_fails_goods_by_goods():
    ready, unready, wrong = (
        GoodsFactory(),
        GoodsFactory(price=Decimal(0)),
        OnSaleGoodsFactory(),
    )
    result = bulk.run("submit", [ready, unready, wrong], by=AdminFactory())
    assert [o.code for o in result.outcomes] == [ready.code, unready.code, wrong.code]
    assert [o.code for o in result.done] == [ready.code]
    assert [o.status for o in result.outcomes] == ["pending", "draft", "on_sale"]
    assert [type(o.error) for o in result.failed] == [NotReady, WrongStatus]


def test_a_goods_that_is_gone_is_a_refusal_like_any_other():
    with pytest.raises(DomainError) as refusal:
        review.submit(Goods(pk=999_999_999, code="X"), by=AdminFactory())
    assert refusal.value.slug == "not_found"


@pytest.mark.parametrize("typed", ["Ab-1", "ab-1", " AB-1 "])
def test_goods_are_found_by_their_code_in_any_case(typed):
    goods = GoodsFactory(code="Ab-1")
    GoodsFactory(code="Ab_1")
    assert lookup.by_code(typed) == goods


def test_an_unknown_code_is_named():
    with pytest.raises(lookup.NoSuchGoods, match="nix"):
        lookup.by_code("nix")


def test_a_rejected_goods_shows_its_reason_in_the_history():
    goods = RejectedGoodsFactory()
    row = changes.HISTORY.objects.filter(id=goods.pk).latest("history_id")
    assert row.history_change_reason == "图片不清楚"


def _nobody():
    return changes.Origin(by=None)
