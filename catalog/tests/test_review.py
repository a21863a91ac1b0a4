"""Verbs of review: who may, from where, what is written."""

from decimal import Decimal

import pytest
from django.utils import translation

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.base.errors import NotPermitted, ReasonMissing, WrongStatus
from backoffice.oplog.models import OperationLog
from catalog import changes, editing, pricing, readiness, review
from catalog.enums import GoodsStatus
from catalog.errors import NotReady, SelfReview
from catalog.models import Goods
from catalog.tests.factories import GoodsFactory, PendingGoodsFactory

pytestmark = pytest.mark.django_db


def test_submit_moves_a_draft_and_writes_history_and_log():
    by = AdminFactory()
    goods = GoodsFactory()
    after = review.submit(goods, by=by)
    assert after.status == GoodsStatus.PENDING
    row = changes.HISTORY.objects.filter(id=goods.pk).first()
    assert (row.old_status, row.status, row.history_user) == ("draft", "pending", by)
    assert row.status_changed
    log = OperationLog.objects.get(action="goods.submitted")
    assert log.by == by
    assert log.target_id == str(goods.pk)


def test_submit_names_everything_that_lacks():
    goods = GoodsFactory(price=0, case_enabled=False)
    with pytest.raises(NotReady) as refusal:
        review.submit(goods, by=AdminFactory())
    assert len(refusal.value.data["missing"]) == 1
    goods.refresh_from_db()
    assert goods.status == GoodsStatus.DRAFT


def test_approve_refuses_a_draft_and_says_what_is_allowed():
    goods = GoodsFactory()
    with pytest.raises(WrongStatus) as refusal:
        review.approve(goods, by=AdminFactory())
    assert refusal.value.data == {"status": "draft", "allowed": ["pending"]}


def test_reject_asks_for_a_reason():
    with pytest.raises(ReasonMissing):
        review.reject(PendingGoodsFactory(), by=AdminFactory(), reason="  ")


def test_approve_needs_the_permission():
    by = StaffFactory(permissions=["catalog.change_goods"])
    with pytest.raises(NotPermitted):
        review.approve(PendingGoodsFactory(), by=by)


def test_four_eyes_refuse_the_submitter(monkeypatch):
    monkeypatch.setenv("SHOP_REVIEW_FOUR_EYES", "on")
    buyer, _other = AdminFactory(), AdminFactory()
    goods = PendingGoodsFactory(by=buyer)
    with pytest.raises(SelfReview):
        review.approve(goods, by=buyer, reason="alone")


def test_the_only_reviewer_may_approve_with_a_reason(monkeypatch):
    monkeypatch.setenv("SHOP_REVIEW_FOUR_EYES", "on")
    buyer = AdminFactory()
    goods = PendingGoodsFactory(by=buyer)
    with pytest.raises(ReasonMissing):
        review.approve(goods, by=buyer)
    review.approve(goods, by=buyer, reason="one-person shop")
    log = OperationLog.objects.get(action="goods.approved")
    assert log.data["self_approved"] is True


def test_what_was_approved_once_counts_no_more(monkeypatch):
    monkeypatch.setenv("SHOP_REVIEW_FOUR_EYES", "on")
    buyer, clerk, reviewer = AdminFactory(), AdminFactory(), AdminFactory()
    goods = review.approve(PendingGoodsFactory(by=buyer), by=reviewer)
    goods = review.revise(goods, by=buyer)
    editing.edit_goods(goods, {"name": "黄元帅"}, by=clerk)
    assert review.touched_since_approval(goods) == {clerk.pk}
    goods = review.submit(goods, by=reviewer)
    with pytest.raises(SelfReview):
        review.approve(goods, by=reviewer, reason="x")
    assert review.approve(goods, by=buyer).status == GoodsStatus.APPROVED


def test_a_change_of_price_alone_does_not_count_for_four_eyes():
    goods = PendingGoodsFactory()
    pricer = AdminFactory()
    pricing.change_price(goods, by=pricer, price=Decimal("10.00"))
    assert pricer.pk not in review.touched_since_approval(goods)


def test_goods_that_never_had_a_category_lack_one():
    with translation.override("en"):
        assert readiness.missing(Goods(name="x", price=Decimal(1))) == ["a category"]
