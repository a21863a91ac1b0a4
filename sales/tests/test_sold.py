"""What orders add to the average of daily sales, and what refunds take off it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from backoffice.accounts.tests.factories import AdminFactory
from sales import refunds
from sales.refunds import Wanted
from sales.tests.factories import ask, counter_order, paid, shelf
from stock import velocity
from stock.models import SoldLine

pytestmark = pytest.mark.django_db


def tomorrow(goods):
    at = timezone.now() + timedelta(days=1)
    return velocity.paces([goods.pk], at=at)[goods.pk]


def test_an_order_counts_when_it_is_paid():
    goods = shelf()
    order = counter_order(ask(goods, "3"))
    assert tomorrow(goods).sold == 0
    order = paid(order)
    assert tomorrow(goods).sold == 3
    line = SoldLine.objects.get()
    assert (line.source, line.kind, line.reference) == ("order", "sale", order.order_no)
    assert (line.sold_at, line.unit_price) == (order.paid_at, Decimal("10.0000"))


def test_cases_count_in_base_units():
    goods = shelf(
        case_unit=shelf().unit,
        case_size=Decimal(12),
        case_price=Decimal(100),
        case_enabled=True,
    )
    paid(counter_order(ask(goods, "2", "case")))
    assert tomorrow(goods).sold == 24
    assert SoldLine.objects.get().unit_price == Decimal("8.3333")


def test_a_refund_is_taken_off_when_the_money_is_back():
    goods = shelf()
    order = paid(counter_order(ask(goods, "3")))
    line = order.lines.get()
    refund = refunds.request(
        order, by=AdminFactory(), reason="烂了", wanted=Wanted({line.pk: Decimal(2)})
    )
    refund = refunds.approve(refund, by=AdminFactory())
    assert tomorrow(goods).sold == 3
    refunds.succeed(refund)
    refunds.succeed(refund)
    found = tomorrow(goods)
    assert (found.sold, found.returned) == (1, 2)


def test_money_alone_takes_nothing_off():
    goods = shelf()
    order = paid(counter_order(ask(goods, "3")))
    refund = refunds.request(
        order, by=AdminFactory(), reason="议价", wanted=Wanted(amount=Decimal("1.00"))
    )
    refunds.succeed(refunds.approve(refund, by=AdminFactory()))
    assert tomorrow(goods).sold == 3
