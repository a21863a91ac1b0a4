"""What was lost while orders hold it: posted as soon as they let go (DOMAIN 4)."""

from decimal import Decimal

import pytest

from stock import corrections, ledger, receiving, reservations
from stock.enums import MovementKind
from stock.errors import OutOfStock
from stock.ledger import Posting
from stock.models import StockMovement, StockShortage
from stock.receiving import Incoming
from stock.tests.factories import levels, stocked

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def goods():
    """10 on hand, of which two orders hold 8."""
    goods = stocked("10")
    for order, quantity in (("O1", "5"), ("O2", "3")):
        reservations.reserve([(goods.pk, D(quantity))], order=order, by=None)
    return goods


def spoil(goods, quantity, reference="S1"):
    [posted] = ledger.post(
        [Posting(goods.pk, MovementKind.SPOILAGE, reference, on_hand=-D(quantity))],
        by=None,
    )
    return posted


def parts():
    rows = StockMovement.objects.filter(kind__in=["spoilage", "stocktake"])
    return list(rows.order_by("id").values_list("reference", "delta_on_hand"))


def test_a_loss_that_orders_do_not_hold_is_posted_whole(goods):
    posted = spoil(goods, "2")
    assert posted.shortage is None
    assert levels(goods) == (8, 8, 0)


def test_a_loss_beyond_posts_down_to_what_is_held_and_leaves_the_rest_open(goods):
    posted = spoil(goods, "6")
    assert posted.movement.delta_on_hand == -2
    assert (posted.shortage.quantity, posted.shortage.remaining) == (4, 4)
    assert levels(goods) == (8, 8, 4)


def test_where_all_is_held_nothing_moves_yet(goods):
    spoil(goods, "2")
    posted = spoil(goods, "1", "S2")
    assert posted.movement is None
    assert posted.shortage.remaining == 1
    assert levels(goods) == (8, 8, 1)


def test_a_repeat_of_a_loss_that_fell_short_changes_nothing(goods):
    first = spoil(goods, "6")
    again = spoil(goods, "6")
    assert again.is_repeat
    assert (again.movement, again.shortage) == (first.movement, first.shortage)
    assert levels(goods) == (8, 8, 4)


def test_nobody_loses_more_than_there_is(goods):
    spoil(goods, "6")
    with pytest.raises(OutOfStock) as refusal:
        spoil(goods, "4.5", "S2")
    [lack] = refusal.value.lacks
    assert (lack.asked, lack.available) == (D("4.5"), 4)


def test_an_order_that_lets_go_posts_the_rest(goods):
    spoil(goods, "6")
    reservations.release(order="O2", by=None)
    assert levels(goods) == (5, 5, 1)
    assert StockShortage.objects.get().settled_at is None
    reservations.release(order="O1", by=None, lines=[(goods.pk, D(2))], reference="F1")
    assert levels(goods) == (4, 3, 0)
    shortage = StockShortage.objects.get()
    assert (shortage.posted, shortage.remaining) == (4, 0)
    assert shortage.settled_at is not None
    assert parts() == [("S1", -2), ("S1#2", -3), ("S1#3", -1)]


def test_a_receipt_posts_the_rest_too(goods, admin_user):
    spoil(goods, "6")
    receiving.receive([Incoming(goods.pk, D(10))], reference="B1", by=admin_user)
    assert levels(goods) == (14, 8, 0)
    assert parts()[-1] == ("S1#2", -4)


def test_a_lighter_hand_over_posts_what_it_frees(goods):
    spoil(goods, "6")
    reservations.hand_over({goods.pk: D("4.5")}, order="O1", by=None)
    assert levels(goods) == (3, 3, D("3"))
    reservations.hand_over({goods.pk: D(0)}, order="O2", by=None)
    assert levels(goods) == (0, 0, 0)


def test_what_is_handed_over_was_not_lost(goods):
    spoil(goods, "6")
    reservations.hand_over({goods.pk: D(5)}, order="O1", by=None)
    assert levels(goods) == (3, 3, 3)
    shortage = StockShortage.objects.get()
    assert (shortage.found, shortage.remaining) == (1, 3)
    reservations.hand_over({goods.pk: D(3)}, order="O2", by=None)
    assert levels(goods) == (0, 0, 0)
    assert StockShortage.objects.get().settled_at is not None


def test_several_losses_are_posted_the_oldest_first(goods):
    spoil(goods, "3")
    spoil(goods, "2", "S2")
    reservations.release(order="O2", by=None)
    assert levels(goods) == (5, 5, 0)
    assert parts() == [("S1", -2), ("S1#2", -1), ("S2#2", -2)]


def test_a_count_below_what_is_held_falls_short_too(goods):
    [posted] = corrections.post_differences(
        [(goods.pk, D(-4))], reference="T1", by=None
    )
    assert posted.shortage.kind == "stocktake"
    assert levels(goods) == (8, 8, 2)


def test_a_count_that_finds_them_again_settles_what_was_short(goods):
    spoil(goods, "6")
    corrections.post_differences([(goods.pk, D(3))], reference="T1", by=None)
    assert levels(goods) == (8, 8, 1)
    assert parts() == [("S1", -2), ("T1", 3), ("S1#2", -3)]


def test_goods_that_never_were_there_cannot_be_lost():
    from catalog.tests.factories import GoodsFactory

    with pytest.raises(OutOfStock):
        spoil(GoodsFactory(), "1")
