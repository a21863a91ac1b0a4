"""Who may do what with orders: the roles of DOMAIN 9 by the verbs of sales, each tried.

The table is written in words, so that it can be read beside the rules.
"""

import inspect
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group

from backoffice.accounts.roles import ROLES, sync_roles
from backoffice.accounts.tests.factories import (
    AdminFactory,
    StaffFactory,
    UserFactory,
)
from backoffice.base.errors import NotPermitted
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
from sales.models import Order, Payment
from sales.payments import Receipt
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
D = Decimal


def _unpaid(**more: Any) -> Order:
    return place(ask(shelf(price="70.00")), **more)


def _ready() -> Order:
    order = paid(_unpaid(delivery=Delivery.PICKUP))
    return fulfilment.make_ready(order, by=AdminFactory())


def _weighed() -> tuple[Order, dict[int, Decimal]]:
    order = paid(place(ask(shelf(price="70.00", is_weighed=True))))
    return order, {order.lines.get().pk: D("0.9")}


def _asked_back() -> Any:
    order = paid(_unpaid())
    return refunds.request(order, by=AdminFactory(), reason="坏了")


def _agreed() -> Any:
    return refunds.approve(_asked_back(), by=AdminFactory())


def _strange() -> Payment:
    payment = paid(_unpaid()).payments.get()
    Payment.objects.filter(pk=payment.pk).update(trouble="x", detail="x")
    return payment


def _unfitting() -> Payment:
    payment = payments.begin(_unpaid(), channel=Channel.WECHAT)
    payments.settle(payment.out_trade_no, Receipt(Decimal("0.01"), "42"))
    payment.refresh_from_db()
    return payment


def _on(
    verb: Callable[..., object], target: Any, **more: Any
) -> Callable[[Any], object]:
    return lambda by: verb(target, by=by, **more)


def _to_weigh(verb: Callable[..., object]) -> Callable[[Any], object]:
    order, weights = _weighed()
    return lambda by: verb(order, weights, by=by)


def _hand_over() -> Callable[[Any], object]:
    order = _ready()
    return _on(fulfilment.hand_over, order, code=order.pickup_code)


def _basket() -> Any:
    return basket(ask(shelf()), delivery=Delivery.PICKUP)


def _sell() -> Callable[[Any], object]:
    given = _basket()
    return lambda by: counter.sell(given, by=by, channel=Channel.CASH)


def _enter() -> Callable[[Any], object]:
    given = _basket()
    return lambda by: counter.enter(given, by=by, source=Source.PHONE)


def _place() -> Callable[[Any], object]:
    given = _basket()
    return lambda by: checkout.place_order(
        given, user=None, source=Source.COUNTER, by=by
    )


def _adjust() -> Callable[[Any], object]:
    user = customer()
    return lambda by: points.adjust(user, 5, by=by, reason="补偿", reference="AD1")


PACKS, SELLS, PAYS = (
    "stock_keeper manager",
    "service manager",
    "service finance manager",
)
#: act → (who may, how it is tried, the verbs that it tries)
MATRIX: dict[str, tuple[str, Callable[[], Callable[[Any], object]], list[Any]]] = {
    "enter an order": (SELLS, _place, [checkout.place_order]),
    "enter an order by phone": (SELLS, _enter, [counter.enter]),
    "sell at the counter": (SELLS, _sell, [counter.sell]),
    "take cash": (
        PAYS,
        lambda: _on(payments.take, _unpaid(), channel=Channel.CASH),
        [payments.take],
    ),
    "look at a payment that does not fit": (
        "finance manager",
        lambda: _on(payments.look_at, _strange(), reason="查过"),
        [payments.look_at],
    ),
    "end an attempt whose money does not fit": (
        "finance manager",
        lambda: _on(payments.let_go, _unfitting(), reason="已退"),
        [payments.let_go],
    ),
    "cancel": (SELLS, lambda: _on(cancelling.cancel, _unpaid()), [cancelling.cancel]),
    "weigh": (PACKS, lambda: _to_weigh(weighing.weigh), [weighing.weigh]),
    "see what a weight does": (
        PACKS,
        lambda: _to_weigh(weighing.rehearse),
        [weighing.rehearse],
    ),
    "put up for pick-up": (
        PACKS,
        lambda: _on(fulfilment.make_ready, paid(_unpaid(delivery=Delivery.PICKUP))),
        [fulfilment.make_ready],
    ),
    "hand over": (PACKS, _hand_over, [fulfilment.hand_over]),
    "hand over at once": (
        SELLS,
        lambda: _on(fulfilment.hand_over_at_once, paid(counter_order(ask(shelf())))),
        [fulfilment.hand_over_at_once],
    ),
    "ship": (PACKS, lambda: _on(fulfilment.ship, paid(_unpaid())), [fulfilment.ship]),
    "complete": (
        PACKS,
        lambda: _on(fulfilment.complete, shipped(_unpaid())),
        [fulfilment.complete],
    ),
    "note": (
        "stock_keeper service manager",
        lambda: _on(fulfilment.annotate, _unpaid(), text="门口"),
        [fulfilment.annotate],
    ),
    "ask for a refund": (
        PAYS,
        lambda: _on(refunds.request, paid(_unpaid()), reason="坏了"),
        [refunds.request],
    ),
    "approve a refund": (
        "finance manager",
        lambda: _on(refunds.approve, _asked_back()),
        [refunds.approve],
    ),
    "reject a refund": (
        "finance manager",
        lambda: _on(refunds.reject, _asked_back(), reason="不符"),
        [refunds.reject],
    ),
    "hand money back": (
        PAYS,
        lambda: _on(refunds.hand_back, _agreed()),
        [refunds.hand_back],
    ),
    "adjust points": ("manager", _adjust, [points.adjust]),
}
MODULES = [
    cancelling,
    checkout,
    counter,
    fulfilment,
    payments,
    points,
    refunds,
    weighing,
]
#: these ask nobody: they are parts of the verbs above, or what the gateway brings in
PARTS = [
    *(payments.begin, payments.settle, points.post, points.post_within),
    *(refunds.open_for_weight, refunds.drop, refunds.succeed),
    *(checkout.place, checkout.place_within),
]


@pytest.mark.parametrize("act", MATRIX)
@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_do_this_and_nothing_else(role, act):
    sync_roles()
    who, prepare, _verbs = MATRIX[act]
    tried = prepare()
    by = StaffFactory()
    by.groups.add(Group.objects.get(name=role))
    if role in who.split():
        tried(by)
    else:
        with pytest.raises(NotPermitted):
            tried(by)


@pytest.mark.parametrize("act", MATRIX)
@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: AdminFactory(is_active=False), id="switched off"),
        pytest.param(StaffFactory, id="without a role"),
        pytest.param(UserFactory, id="another customer"),
    ],
)
def test_nobody_else_may(make, act):
    tried = MATRIX[act][1]()
    with pytest.raises(NotPermitted):
        tried(make())


def test_every_verb_is_tried():
    verbs = {
        verb
        for module in MODULES
        for name, verb in vars(module).items()
        if inspect.isfunction(verb)
        and verb.__module__ == module.__name__
        and not name.startswith("_")
        and getattr(inspect.signature(verb).parameters.get("by"), "kind", None)
        is inspect.Parameter.KEYWORD_ONLY
    }
    tried = {verb for _who, _prepare, many in MATRIX.values() for verb in many}
    assert {*tried, *PARTS} == verbs
