"""Whatever is refunded in whatever parts and order: together it is what was paid."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sales.planning import Plan
from sales.refunding import Standing, by_amount, by_quantity

D = Decimal
lines = st.lists(
    st.tuples(
        st.integers(0, 500_000),  # fen that were paid
        st.integers(1, 20_000),  # thousandths of a base unit
        st.integers(0, 5_000),  # points
    ),
    min_size=1,
    max_size=6,
)


class Book:
    """The lines of an order, and what went back of each."""

    def __init__(self, found):
        self.stands = [
            Standing(
                paid=D(fen).scaleb(-2),
                refunded=D(0),
                base_quantity=D(quantity).scaleb(-3),
                refunded_base=D(0),
                points=points,
                points_returned=0,
            )
            for fen, quantity, points in found
        ]

    def take(self, index, part):
        old = self.stands[index]
        self.stands[index] = Standing(
            paid=old.paid,
            refunded=old.refunded + part.amount,
            base_quantity=old.base_quantity,
            refunded_base=old.refunded_base + part.base_quantity,
            points=old.points,
            points_returned=old.points_returned + part.points,
        )
        assert part.amount >= 0
        assert part.points >= 0
        assert self.stands[index].refunded <= old.paid
        assert self.stands[index].points_returned <= old.points


@given(found=lines, data=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_all_parts_together_give_back_what_was_paid(found, data):
    book = Book(found)
    open_lines = list(range(len(found)))
    while open_lines:
        index = data.draw(st.sampled_from(open_lines))
        rest = book.stands[index].rest_base
        rest_sum = sum((one.rest for one in book.stands), D(0))
        if rest_sum and data.draw(st.integers(0, 4)) == 0:
            # an amount in between takes money and no goods
            amount = D(data.draw(st.integers(1, int(rest_sum * 100)))).scaleb(-2)
            for place, part in enumerate(by_amount(book.stands, amount)):
                book.take(place, part)
            continue
        some = D(data.draw(st.integers(1, int(rest * 1000)))).scaleb(-3)
        quantity = rest if data.draw(st.booleans()) else some
        book.take(index, by_quantity(book.stands[index], quantity))
        if not book.stands[index].rest_base:
            open_lines.remove(index)
    for one in book.stands:
        assert one.refunded == one.paid
        assert one.points_returned == one.points


def test_a_plan_is_the_sum_of_its_parts():
    stand = Book([(1000, 3000, 7)]).stands[0]
    part = by_quantity(stand, D("1.000"))
    plan = Plan({1: part}, D("6.00"), is_full=False)
    assert (plan.amount, plan.points) == (D("9.33"), 2)


@pytest.mark.parametrize("amount", [D(0), D("10.01")])
def test_no_amount_beyond_what_is_left(amount):
    with pytest.raises(ValueError, match="more than is left"):
        by_amount(Book([(1000, 1000, 0)]).stands, amount)
