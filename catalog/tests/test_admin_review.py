"""The reviewer's desk: the queue, one goods, deciding."""

from decimal import Decimal

import pytest
from django.utils import translation

from backoffice.accounts.roles import ROLES
from backoffice.accounts.tests.factories import AdminFactory
from backoffice.oplog.models import OperationLog
from catalog import editing, pictures, pricing, review
from catalog.enums import GoodsStatus
from catalog.tests.factories import (
    ApprovedGoodsFactory,
    GoodsFactory,
    PendingGoodsFactory,
)
from catalog.tests.pages import messages_of, queries_of, role, text, upload, url

pytestmark = pytest.mark.django_db
QUEUE = "/admin/catalog/goods/review/"


@pytest.fixture(autouse=True)
def _english(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield


@pytest.fixture
def reviewer(client):
    user = role("reviewer")
    client.force_login(user)
    return user


def decide(client, goods, decision, **values):
    goods.refresh_from_db()
    return client.post(
        url("goods", "review_one", goods.pk),
        {"decision": decision, "seen_at": goods.updated_at.isoformat(), **values},
        follow=True,
    )


@pytest.mark.parametrize("name", ROLES)
def test_the_desk_is_for_reviewers(client, name):
    client.force_login(role(name))
    goods = PendingGoodsFactory()
    expected = 200 if name in ("reviewer", "manager") else 403
    assert client.get(QUEUE).status_code == expected
    address = url("goods", "review_one", goods.pk)
    assert client.get(address).status_code == expected
    assert client.post(address, {"decision": "approve"}).status_code == expected
    goods.refresh_from_db()
    assert goods.status == GoodsStatus.PENDING


def test_the_queue_shows_who_waits_longest_first(client, reviewer):
    buyer = AdminFactory(nickname="小王")
    first, second = PendingGoodsFactory(by=buyer), PendingGoodsFactory()
    PendingGoodsFactory(price=Decimal(3), cost=Decimal(5))
    page = text(client.get(QUEUE))
    assert page.index(first.code) < page.index(second.code)
    assert "小王" in page
    assert "Below the smallest margin" in page
    assert "3 goods wait" in page
    assert url("goods", "review_one", first.pk) in page


def test_an_empty_queue_says_so(client, reviewer):
    assert "Nothing waits for review" in text(client.get(QUEUE))


def test_the_queue_is_paged_with_constant_queries(client, reviewer):
    PendingGoodsFactory()
    one = queries_of(client, QUEUE)
    for _ in range(51):
        PendingGoodsFactory()
    assert queries_of(client, QUEUE) == one
    assert "?p=2" in text(client.get(QUEUE))
    assert client.get(f"{QUEUE}?p=2").status_code == 200


def test_new_goods_are_shown_with_their_pictures(client, reviewer):
    buyer = AdminFactory(nickname="小王")
    goods = GoodsFactory(by=buyer, description="很甜")
    added = pictures.add_pictures(goods, [upload(), upload()], by=buyer)
    review.submit(goods, by=buyer)
    page = text(client.get(url("goods", "review_one", goods.pk)))
    for word in (goods.code, "很甜", "小王", "New goods", "1 of 1"):
        assert word in page
    for picture in added:
        assert str(picture.image) in page


def test_what_changed_since_the_last_approval_is_shown(client, reviewer):
    by = AdminFactory()
    goods = review.revise(ApprovedGoodsFactory(price=Decimal(10)), by=by)
    editing.edit_goods(
        goods, {"name": "黄元帅", "price": Decimal(5)}, by=by, reason="x"
    )
    review.submit(goods, by=by)
    response = client.get(url("goods", "review_one", goods.pk))
    changed = [(d.label, d.old, d.new) for d in response.context["changes"]]
    assert changed == [("name", "红富士苹果", "黄元帅"), ("price", "10.00", "5.00")]
    page = text(response)
    assert "changes by 50%" in page


def test_nothing_changed_since_the_last_approval_is_said(client, reviewer):
    by = AdminFactory()
    goods = review.submit(review.revise(ApprovedGoodsFactory(), by=by), by=by)
    page = text(client.get(url("goods", "review_one", goods.pk)))
    assert "Nothing differs" in page


def test_costs_are_not_on_the_desk_of_those_who_may_not_see_them(client, reviewer):
    goods = PendingGoodsFactory(price=Decimal(5), cost=Decimal("7.1234"))
    page = text(client.get(url("goods", "review_one", goods.pk)))
    assert "7.1234" not in page
    assert "less than the smallest margin" in page
    client.force_login(AdminFactory())
    assert "7.1234" in text(client.get(url("goods", "review_one", goods.pk)))


def test_approving_opens_the_next_one(client, reviewer):
    first, second = PendingGoodsFactory(), PendingGoodsFactory()
    response = decide(client, first, "approve")
    first.refresh_from_db()
    assert first.status == GoodsStatus.APPROVED
    assert response.redirect_chain[-1][0] == url("goods", "review_one", second.pk)
    assert any(first.code in message for message in messages_of(response))
    response = decide(client, second, "approve")
    assert response.redirect_chain[-1][0] == QUEUE
    log = OperationLog.objects.filter(action="goods.approved").first()
    assert log.by == reviewer


def test_a_goods_can_be_passed_over(client, reviewer):
    first, second, third = (PendingGoodsFactory() for _ in range(3))
    page = text(client.get(url("goods", "review_one", second.pk)))
    assert url("goods", "review_one", third.pk) in page
    response = decide(client, second, "approve")
    assert response.redirect_chain[-1][0] == url("goods", "review_one", third.pk)
    assert first.status == GoodsStatus.PENDING


def test_rejecting_asks_for_a_reason_and_keeps_what_was_typed(client, reviewer):
    goods = PendingGoodsFactory()
    response = decide(client, goods, "reject", reason=" ")
    assert "Say why" in text(response)
    goods.refresh_from_db()
    assert goods.status == GoodsStatus.PENDING
    decide(client, goods, "reject", reason="图片不清楚")
    goods.refresh_from_db()
    assert goods.status == GoodsStatus.REJECTED


def test_what_was_changed_since_the_page_was_opened_is_not_decided(client, reviewer):
    goods = PendingGoodsFactory()
    seen = goods.updated_at.isoformat()
    editing.edit_goods(goods, {"name": "黄元帅"}, by=AdminFactory(nickname="小王"))
    response = client.post(
        url("goods", "review_one", goods.pk),
        {"decision": "approve", "seen_at": seen, "reason": "fine"},
    )
    page = text(response)
    assert "小王" in page
    assert "黄元帅" in page
    assert "fine" in page
    goods.refresh_from_db()
    assert goods.status == GoodsStatus.PENDING


@pytest.mark.parametrize(
    "values",
    [
        {"decision": "approve", "seen_at": "x"},
        {"decision": "archive"},
        {"decision": ""},
    ],
)
def test_an_unreadable_decision_changes_nothing(client, reviewer, values):
    goods = PendingGoodsFactory()
    goods.refresh_from_db()
    seen = {"seen_at": goods.updated_at.isoformat()}
    response = client.post(url("goods", "review_one", goods.pk), {**seen, **values})
    assert response.context["error"]
    goods.refresh_from_db()
    assert goods.status == GoodsStatus.PENDING


@pytest.mark.parametrize("pk", [None, 999_999])
def test_what_no_longer_waits_leads_back_to_the_queue(client, reviewer, pk):
    goods = GoodsFactory()
    response = client.get(url("goods", "review_one", pk or goods.pk), follow=True)
    assert response.redirect_chain[-1][0] == QUEUE
    assert messages_of(response)


def test_four_eyes_are_said_on_the_desk(client, monkeypatch):
    monkeypatch.setenv("SHOP_REVIEW_FOUR_EYES", "on")
    owner = AdminFactory()
    client.force_login(owner)
    goods = PendingGoodsFactory(by=owner)
    page = text(client.get(url("goods", "review_one", goods.pk)))
    assert "You are the only reviewer" in page
    AdminFactory()
    page = text(client.get(url("goods", "review_one", goods.pk)))
    assert "Four eyes" in page
    response = decide(client, goods, "approve", reason="please")
    assert "Four eyes" in response.context["error"]


def test_a_price_that_was_approved_below_cost_is_still_named(client, reviewer):
    by = AdminFactory()
    goods = ApprovedGoodsFactory(price=Decimal(5), cost=Decimal(6))
    goods = review.submit(review.revise(goods, by=by), by=by)
    assert pricing.standing_hits(goods)
    page = text(client.get(url("goods", "review_one", goods.pk)))
    assert "less than the smallest margin" in page
