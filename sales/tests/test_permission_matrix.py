"""Who may do what with orders: the roles by the verbs of sales, each one tried."""

import io
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group

from backoffice.accounts.roles import ROLES, sync_roles
from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.base.errors import NotPermitted
from backoffice.sheets import exports
from backoffice.sheets.definitions import get
from sales import (
    cancelling,
    checkout,
    counter,
    fulfilment,
    payments,
    points,
    refunds,
    weighing,
)
from sales.enums import Channel, Delivery, Source
from sales.tests.factories import (
    ask,
    basket,
    counter_order,
    customer,
    paid,
    place,
    shelf,
    shipped,
)

pytestmark = pytest.mark.django_db
PICKUP = {"delivery": Delivery.PICKUP}


def _pending(**more):
    return place(ask(shelf(price="70.00")), **more)


def _paid(**more):
    return paid(_pending(**more))


def _ready():
    return fulfilment.make_ready(_paid(**PICKUP), by=AdminFactory())


def _asked():
    return refunds.request(_paid(), by=AdminFactory(), reason="x")


def _weighed():
    order = paid(place(ask(shelf(price="70.00", is_weighed=True))))
    weights = {line.pk: Decimal(1) for line in order.lines.all()}
    return lambda by: weighing.weigh(order, weights, by=by)


def _entered(source):
    what = basket(ask(shelf()), **PICKUP)
    return lambda by: checkout.place_order(what, user=None, source=source, by=by)


def _rung_up():
    what = basket(ask(shelf()), **PICKUP)
    return lambda by: counter.sell(what, by=by, channel=Channel.CASH)


def _phoned(channel):
    what = basket(ask(shelf()), **PICKUP)
    return lambda by: counter.enter(what, by=by, source=Source.PHONE, channel=channel)


def _given(verb, make, **more):
    target = make()
    return lambda by: verb(target, by=by, **more)


def _handed_over():
    order = _ready()
    return lambda by: fulfilment.hand_over(order, by=by, code=order.pickup_code)


def _adjusted():
    user = customer()
    return lambda by: points.adjust(user, 5, by=by, reason="x", reference="m")


def _exported(name):
    return lambda by: exports.export(get(name), io.BytesIO(), "csv", by=by)


MATRIX = {
    "enter an order": ("service manager", lambda: _entered(Source.COUNTER)),
    "enter an order by phone": ("service manager", lambda: _phoned(None)),
    "enter a paid order by phone": (
        "service manager",
        lambda: _phoned(Channel.TRANSFER),
    ),
    "sell at the counter": ("service manager", _rung_up),
    "hand over at the counter": (
        "service manager",
        lambda: _given(
            fulfilment.hand_over_at_once, lambda: paid(counter_order(ask(shelf())))
        ),
    ),
    "take a payment": (
        "service finance manager",
        lambda: _given(payments.take, _pending, channel=Channel.CASH),
    ),
    "cancel an order": (
        "service manager",
        lambda: _given(cancelling.cancel, _pending),
    ),
    "weigh": ("stock_keeper manager", _weighed),
    "put up for pick-up": (
        "stock_keeper manager",
        lambda: _given(fulfilment.make_ready, lambda: _paid(**PICKUP)),
    ),
    "hand over": ("stock_keeper manager", _handed_over),
    "ship": ("stock_keeper manager", lambda: _given(fulfilment.ship, _paid)),
    "complete": (
        "stock_keeper manager",
        lambda: _given(fulfilment.complete, lambda: shipped(_pending())),
    ),
    "note": (
        "stock_keeper service manager",
        lambda: _given(fulfilment.annotate, _pending, text="x"),
    ),
    "ask for a refund": (
        "service finance manager",
        lambda: _given(refunds.request, _paid, reason="x"),
    ),
    "approve a refund": ("finance manager", lambda: _given(refunds.approve, _asked)),
    "reject a refund": (
        "finance manager",
        lambda: _given(refunds.reject, _asked, reason="x"),
    ),
    "adjust points": ("manager", _adjusted),
    "export orders": (
        "stock_keeper service finance manager",
        lambda: _exported("orders"),
    ),
    "export order lines": (
        "stock_keeper service finance manager",
        lambda: _exported("order_lines"),
    ),
}


@pytest.mark.parametrize("verb", MATRIX)
@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_do_this_and_nothing_else(role, verb):
    sync_roles()
    who, prepare = MATRIX[verb]
    act, by = prepare(), StaffFactory()
    by.groups.add(Group.objects.get(name=role))
    if role in who.split():
        act(by)
    else:
        with pytest.raises(NotPermitted):
            act(by)


@pytest.mark.parametrize("verb", MATRIX)
def test_somebody_switched_off_may_nothing(verb):
    act = MATRIX[verb][1]()
    with pytest.raises(NotPermitted):
        act(AdminFactory(is_active=False))
