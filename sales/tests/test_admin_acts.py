"""Moving orders on in the admin: who may, what is said before, what happens."""

import html
import re
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import translation

from backoffice.accounts.tests.factories import AdminFactory
from backoffice.oplog.models import OperationLog
from backoffice.tests.pages import inputs_of, main_of
from catalog.tests.pages import messages_of, queries_of, role
from sales import fulfilment, payments, points, refunds, weighing
from sales.enums import Channel, Delivery, OrderStatus, RefundKind
from sales.models import Order, Payment, Refund
from sales.tests.factories import ask, counter_order, customer, paid, place, shelf
from stock.models import StockBalance

pytestmark = pytest.mark.django_db
D = Decimal
ROLES = ("buyer", "reviewer", "merchandiser", "stock_keeper", "service", "finance")


@pytest.fixture(autouse=True)
def _english(settings, tmp_path):
    settings.LANGUAGE_CODE = "en"
    settings.MEDIA_ROOT = tmp_path
    with translation.override("en"):
        yield


@pytest.fixture
def by(client):
    user = AdminFactory(nickname="周")
    client.force_login(user)
    return user


def page(name, *args):
    return reverse(f"admin:sales_{name}", args=args)


def act(name, order):
    return page(f"order_{name}", order.pk)


def of(order):
    return page("order_change", order.pk)


def words_of(response):
    body = re.sub(r"<[^>]+>", " ", main_of(response))
    return " ".join(html.unescape(body).split())


def unpaid(**more):
    return place(ask(shelf(price="70.00", name="苹果")), **more)


def express():
    return paid(unpaid(delivery=Delivery.EXPRESS))


def ready(by=None):
    order = paid(unpaid(delivery=Delivery.PICKUP))
    return fulfilment.make_ready(order, by=by or AdminFactory())


def status_of(order):
    return Order.objects.get(pk=order.pk).status


# --- who may


@pytest.mark.parametrize(
    ("name", "make", "who"),
    [
        ("pay", unpaid, "service finance"),
        ("weigh", express, "stock_keeper"),
        ("ship", express, "stock_keeper"),
        ("hand_over", ready, "stock_keeper"),
    ],
)
@pytest.mark.parametrize("who_asks", ROLES)
def test_each_page_is_for_who_may_do_it(client, name, make, who, who_asks):
    order = make()
    before = order.status
    client.force_login(role(who_asks))
    expected = 200 if who_asks in who.split() else 403
    assert client.get(act(name, order)).status_code == expected
    if expected == 403:
        assert client.post(act(name, order), {}).status_code == 403
        assert status_of(order) == before


@pytest.mark.parametrize("who_asks", ROLES)
def test_notes_are_added_by_who_may(client, who_asks):
    order = unpaid()
    client.force_login(role(who_asks))
    client.post(act("note", order), {"text": "请轻放"})
    expected = who_asks in ("stock_keeper", "service")
    assert order.events.filter(kind="note").exists() is expected


# --- the next step


@pytest.mark.parametrize(
    ("make", "label", "says"),
    [
        (unpaid, "Take payment", "Waits for the money until"),
        (express, "Ship", "pack it and send it out"),
        (
            lambda: paid(unpaid(delivery=Delivery.PICKUP)),
            "Put up for pick-up",
            "put it where it is picked up",
        ),
        (ready, "Hand over", "says the pick-up code"),
        (
            lambda: fulfilment.ship(
                express(), by=AdminFactory(), carrier="顺丰", tracking_no="SF1"
            ),
            "Complete",
            "or by itself on",
        ),
        (
            lambda: paid(place(ask(shelf(price="70.00", is_weighed=True)))),
            "Weigh",
            "put it on the scales",
        ),
    ],
)
def test_the_page_says_what_comes_next(client, by, make, label, says):
    order = make()
    response = client.get(of(order))
    assert says in words_of(response)
    assert str(response.context["next_button"].label) == label
    row = client.get(page("order_changelist"))
    assert label in words_of(row)


def test_it_says_who_does_the_next_step(client):
    order = unpaid()
    client.force_login(role("stock_keeper"))
    response = client.get(of(order))
    assert response.context["next_button"] is None
    assert "“Take payment” is done by: Customer service, Finance, Manager." in words_of(
        response
    )


def test_an_open_full_refund_blocks_and_says_so(client, by):
    order = express()
    refunds.request(order, by=by, reason="不要了")
    response = client.get(of(order))
    assert "nothing leaves before it is decided" in words_of(response)
    sent = client.post(act("ship", order), {"carrier": "顺丰", "tracking_no": "SF1"})
    assert "A refund of the whole order is open" in words_of(sent)
    assert status_of(order) == OrderStatus.PAID


# --- pay


def test_cash_is_taken_once(client, by):
    order = unpaid()
    asked = client.get(act("pay", order))
    assert "70.00 yuan are booked as paid" in words_of(asked)
    values = {**inputs_of(asked), "channel": "transfer", "note": "尾号 1234"}
    answer = client.post(act("pay", order), values, follow=True)
    assert messages_of(answer) == [f"Take payment: {order.order_no}"]
    assert answer.redirect_chain == [(of(order), 302)]
    payment = Payment.objects.get(order=order)
    assert (payment.channel, payment.status, payment.note, payment.by) == (
        "transfer",
        "paid",
        "尾号 1234",
        by,
    )
    again = client.post(act("pay", order), values)
    assert "Awaiting payment" in words_of(again)
    assert Payment.objects.filter(order=order).count() == 1
    assert "does not fit an order" in words_of(client.get(act("pay", order)))


@pytest.mark.parametrize("channel", ["wechat", "points", "", "x"])
def test_no_other_channel_is_taken_by_hand(client, by, channel):
    order = unpaid()
    client.post(act("pay", order), {"channel": channel})
    assert status_of(order) == OrderStatus.PENDING


def test_not_while_a_payment_is_open_at_wechat(client, by):
    order = unpaid()
    payments.begin(order, channel=Channel.WECHAT)
    answer = client.post(act("pay", order), {"channel": "cash"})
    assert "A payment by WeChat is open" in words_of(answer)
    assert status_of(order) == OrderStatus.PENDING


# --- ship and hand over


def test_express_is_shipped_with_its_number(client, by):
    order = express()
    assert "1 goods leaves the stock." in words_of(client.get(act("ship", order)))
    refused = client.post(act("ship", order), {"carrier": "顺丰"})
    assert refused.context["form"].errors["tracking_no"]
    assert status_of(order) == OrderStatus.PAID
    client.post(act("ship", order), {"carrier": "顺丰", "tracking_no": " SF1 "})
    order.refresh_from_db()
    assert (order.status, order.tracking_no) == (OrderStatus.SHIPPED, "SF1")


def test_home_delivery_goes_without_a_number(client, by):
    order = paid(unpaid())
    client.post(act("ship", order), {})
    assert status_of(order) == OrderStatus.SHIPPED


def test_what_is_not_weighed_yet_is_named_before_it_leaves(client, by):
    order = paid(place(ask(shelf(price="70.00", name="车厘子", is_weighed=True))))
    assert "Not weighed yet: 车厘子." in words_of(client.get(act("ship", order)))


def test_a_wrong_code_hands_nothing_over(client, by):
    order = ready(by)
    wrong = f"{(int(order.pickup_code) + 1) % 10000:04d}"
    answer = client.post(act("hand_over", order), {"code": wrong})
    assert "not the code" in words_of(answer)
    assert order.pickup_code not in main_of(answer)
    assert status_of(order) == OrderStatus.READY
    client.post(act("hand_over", order), {"code": order.pickup_code})
    assert status_of(order) == OrderStatus.COMPLETED


def test_an_answer_leads_back_to_where_one_came_from(client, by):
    order = paid(unpaid())
    board = page("order_changelist") + "?tab=paid"
    for wanted, reached in ((board, board), ("https://evil.example/", of(order))):
        Order.objects.filter(pk=order.pk).update(status=OrderStatus.PAID)
        asked = client.get(act("ship", order), {"next": wanted})
        assert asked.context["back_url"] == reached


# --- weigh


def weighed_order(by, quantity="2"):
    goods = shelf(price="35.00", name="车厘子", is_weighed=True)
    order = paid(place(ask(goods, quantity)), by=by)
    return order, order.lines.get()


def weigh(client, order, line, weight, **more):
    return client.post(
        act("weigh", order), {f"weight_{line.pk}": weight, **more}, follow=True
    )


def test_a_lower_weight_is_checked_before_it_is_written(client, by):
    order, line = weighed_order(by)
    asked = weigh(client, order, line, "1.9")
    said = words_of(asked)
    assert "−0.1 斤" in said
    assert "3.50 yuan go back" in said
    assert "A refund of 3.50 yuan will be opened" in said
    line.refresh_from_db()
    assert line.weighed is None
    assert not Refund.objects.exists()
    assert not OperationLog.objects.filter(action="order.weighed").exists()
    values = inputs_of(asked, "weigh")
    client.post(act("weigh", order), values)
    line.refresh_from_db()
    assert line.weighed == D("1.9")
    refund = Refund.objects.get()
    assert (refund.kind, refund.amount) == (RefundKind.WEIGHT, D("3.50"))


def test_other_weights_than_those_checked_are_checked_anew(client, by):
    order, line = weighed_order(by)
    values = inputs_of(weigh(client, order, line, "1.9"), "weigh")
    asked = client.post(act("weigh", order), {**values, f"weight_{line.pk}": "1.5"})
    assert "17.50 yuan go back" in words_of(asked)
    assert not Refund.objects.exists()


def test_a_weight_as_ordered_is_written_at_once(client, by):
    order, line = weighed_order(by)
    answer = weigh(client, order, line, "2")
    assert messages_of(answer) == [f"Weighed: {order.order_no}"]
    line.refresh_from_db()
    assert line.weighed == 2


def test_a_little_more_is_given_away(client, by):
    order, line = weighed_order(by)
    asked = weigh(client, order, line, "2.2")
    assert "given away" in words_of(asked)
    assert "no refund" in words_of(asked)
    client.post(act("weigh", order), inputs_of(asked, "weigh"))
    line.refresh_from_db()
    assert line.weighed == D("2.2")
    assert not Refund.objects.exists()


@pytest.mark.parametrize("weight", ["2.201", "-1", "x", "", "1.2345", "1e9", "NaN"])
def test_a_weight_that_does_not_fit_writes_nothing(client, by, weight):
    order, line = weighed_order(by)
    answer = weigh(client, order, line, weight)
    assert answer.context["has_errors"]
    assert answer.context["rows"][0].errors
    line.refresh_from_db()
    assert line.weighed is None


def test_a_rehearsal_leaves_nothing_behind(by):
    order, line = weighed_order(by)
    before = order.events.count()
    found = weighing.rehearse(order, {line.pk: D("1.9")}, by=by)
    assert (found.refund, dict(found.parts)) == (D("3.50"), {line.pk: D("3.50")})
    found = weighing.rehearse(order, {line.pk: D("2.1")}, by=by)
    assert (found.refund, dict(found.given_away)) == (0, {line.pk: D("0.1")})
    assert order.events.count() == before
    assert not Refund.objects.exists()


# --- over a selection


def chosen(client, verb, *orders, **more):
    address = page("order_verb", verb)
    ids = ",".join(str(order.pk) for order in orders)
    return client.post(address, {"only": ids, **more}, follow=True)


def test_a_selection_is_shown_before_and_answered_one_by_one(client, by):
    home, fast, waiting = paid(unpaid()), express(), unpaid()
    said = words_of(chosen(client, "ship", home, fast, waiting))
    assert "1 of 3 will change. 2 stay as they are." in said
    assert "Express needs carrier and tracking number" in said
    assert "It is “Awaiting payment”." in said
    assert status_of(home) == OrderStatus.PAID
    answer = chosen(client, "ship", home, fast, waiting, confirmed="1")
    said = words_of(answer)
    assert "1 done. 2 not done." in said
    assert [status_of(one) for one in (home, fast, waiting)] == [
        OrderStatus.SHIPPED,
        OrderStatus.PAID,
        OrderStatus.PENDING,
    ]


def test_cancelling_a_selection_gives_stock_and_points_back(client, by):
    user = customer(with_points=500)
    goods = shelf(price="70.00")
    order = place(ask(goods), user=user, points=300)
    other = counter_order(ask(goods), by=by)
    said = words_of(chosen(client, "cancel", order, other))
    assert "+300" in said
    chosen(client, "cancel", order, other, confirmed="1", reason="下错了")
    assert status_of(order) == status_of(other) == OrderStatus.CANCELLED
    assert points.balance(user.pk) == 500
    assert StockBalance.objects.get(pk=goods.pk).reserved == 0
    assert OperationLog.objects.filter(action="order.cancelled").count() == 2


def test_cancelling_with_an_open_payment_says_what_comes(client, by):
    order = unpaid()
    payments.begin(order, channel=Channel.WECHAT)
    answer = chosen(client, "cancel", order, confirmed="1")
    assert "closed first" in messages_of(answer)[0]
    assert status_of(order) == OrderStatus.PENDING
    assert "Being cancelled" in words_of(client.get(of(order)))


def test_completing_tells_the_points_that_are_earned(client, by):
    order = fulfilment.ship(paid(unpaid()), by=by)
    said = words_of(chosen(client, "complete", order))
    expected = int(70 * order.points_day_factor)
    assert f"+{expected}" in said
    chosen(client, "complete", order, confirmed="1")
    assert points.balance(order.user_id) == expected


@pytest.mark.parametrize("verb", ["ready", "ship", "complete", "cancel"])
@pytest.mark.parametrize("who_asks", ROLES)
def test_a_selection_is_moved_only_by_who_may(client, verb, who_asks):
    order = unpaid()
    client.force_login(role(who_asks))
    may = who_asks == ("service" if verb == "cancel" else "stock_keeper")
    assert chosen(client, verb, order).status_code == (200 if may else 403)


def test_the_confirm_page_takes_as_many_queries_for_many(client, by):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def queries(*orders):
        with CaptureQueriesContext(connection) as captured:
            chosen(client, "ship", *orders)
        return len(captured)

    one = paid(unpaid())
    few = queries(one)
    assert queries(one, *(paid(unpaid()) for _ in range(4))) == few


def test_the_page_of_a_paid_order_costs_the_same_for_everybody(client, by):
    order = paid(unpaid())
    assert queries_of(client, of(order)) <= 20
