"""What orders do: hold, let go, take away, bring back."""

from decimal import Decimal

import pytest

from stock import availability, reservations
from stock.errors import NotHeld, OutOfStock, PostedOtherwise, WrongQuantity
from stock.models import StockMovement
from stock.tests.factories import levels, stocked

pytestmark = pytest.mark.django_db
D = Decimal


def reserve(*lines, order="O1", **more):
    wanted = [(goods.pk, D(quantity)) for goods, quantity in lines]
    return reservations.reserve(wanted, order=order, by=None, **more)


def release(order="O1", lines=None, **more):
    wanted = None if lines is None else [(g.pk, D(q)) for g, q in lines]
    return reservations.release(order=order, by=None, lines=wanted, **more)


def hand_over(*lines, order="O1", **more):
    wanted = {goods.pk: D(quantity) for goods, quantity in lines}
    return reservations.hand_over(wanted, order=order, by=None, **more)


def test_lines_of_one_goods_are_held_together():
    goods, other = stocked("10"), stocked("10")
    reserve((other, "1"), (goods, "2.5"), (goods, "4"))
    assert levels(goods) == (10, D("6.5"), 0)
    assert reservations.held_by("O1") == {goods.pk: D("6.5"), other.pk: 1}


def test_placing_an_order_costs_three_trips(trips):
    lines = [(stocked("10"), "1") for _ in range(3)]
    with trips(3):  # lock, write, mark to be looked at
        reserve(*lines, is_new=True)


@pytest.mark.parametrize("quantity", ["0", "-1", "0.0005", "1e12", "NaN", "Infinity"])
def test_only_quantities_are_held(quantity):
    with pytest.raises(WrongQuantity):
        reserve((stocked("10"), quantity))


def test_a_repeat_holds_once():
    goods = stocked("10")
    reserve((goods, "4"))
    [again] = reserve((goods, "4"))
    assert again.is_repeat
    assert levels(goods) == (10, 4, 0)
    with pytest.raises(PostedOtherwise):
        reserve((goods, "5"))


def test_more_than_is_available_is_not_held():
    goods = stocked("10")
    reserve((goods, "7"))
    with pytest.raises(OutOfStock) as refusal:
        reserve((goods, "2"), (goods, "2"), order="O2")
    [lack] = refusal.value.lacks
    assert (lack.asked, lack.available) == (4, 3)


def test_releasing_everything_twice_releases_once():
    goods, other = stocked("10"), stocked("10")
    reserve((goods, "4"), (other, "1"))
    reserve((goods, "2"), order="O2")
    assert len(release()) == 2
    assert release() == []
    assert levels(goods) == (10, 2, 0)
    assert levels(other) == (10, 0, 0)
    assert reservations.held_by("O1") == {}


def test_a_refund_before_hand_over_releases_its_part_once():
    goods = stocked("10")
    reserve((goods, "4"))
    release(lines=[(goods, "1")], reference="F1")
    release(lines=[(goods, "1")], reference="F1")
    release(lines=[(goods, "1")], reference="F2")
    assert reservations.held_by("O1") == {goods.pk: 2}
    with pytest.raises(PostedOtherwise):
        release(lines=[(goods, "2")], reference="F2")
    release()
    assert levels(goods) == (10, 0, 0)


def test_an_order_lets_go_only_of_what_it_holds():
    goods = stocked("10")
    reserve((goods, "2"))
    reserve((goods, "5"), order="O2")
    with pytest.raises(NotHeld) as refusal:
        release(lines=[(goods, "3")])
    assert refusal.value.data == {"order": "O1", "goods_id": goods.pk}
    with pytest.raises(NotHeld):
        hand_over((goods, "1"), order="O3")
    assert levels(goods) == (10, 7, 0)


@pytest.mark.parametrize(
    ("left", "after"), [("3.8", "6.2"), ("4", "6"), ("4.4", "5.6"), ("0", "10")]
)
def test_what_leaves_is_weighed_and_all_that_was_held_is_freed(left, after):
    goods = stocked("10")
    reserve((goods, "4"))
    hand_over((goods, left))
    hand_over((goods, left))
    assert levels(goods) == (D(after), 0, 0)
    with pytest.raises(PostedOtherwise):
        hand_over((goods, "1"))


def test_more_may_leave_than_was_held_but_not_what_others_hold():
    goods = stocked("10")
    reserve((goods, "4"))
    reserve((goods, "6"), order="O2")
    with pytest.raises(OutOfStock):
        hand_over((goods, "4.1"))
    hand_over((goods, "4"))
    assert levels(goods) == (6, 6, 0)


def test_what_is_put_back_is_there_again():
    goods = stocked("10")
    reserve((goods, "4"))
    hand_over((goods, "4"))
    for _ in range(2):
        reservations.put_back([(goods.pk, D("1.5"))], reference="F1", by=None)
    assert levels(goods) == (D("7.5"), 0, 0)
    assert StockMovement.objects.get(kind="return").reference == "F1"


def test_who_holds_a_goods_is_known():
    goods, other = stocked("10"), stocked("10")
    reserve((goods, "4"), (other, "1"))
    reserve((goods, "5"), order="O2")
    reserve((goods, "1"), order="O3")
    release(order="O3")
    assert [(h.order, h.quantity) for h in availability.holds(goods.pk)] == [
        ("O2", 5),
        ("O1", 4),
    ]


def test_availability_of_many_is_one_question(django_assert_num_queries):
    goods, other = stocked("10"), stocked("2.5")
    reserve((goods, "4"))
    unknown = goods.pk + 1000
    ids = [goods.pk, other.pk, unknown]
    with django_assert_num_queries(1):
        assert availability.available(ids) == {
            goods.pk: 6,
            other.pk: D("2.5"),
            unknown: 0,
        }
    assert availability.reserved(ids) == {goods.pk: 4, other.pk: 0, unknown: 0}
