"""What is printed, and the two desks: packing and pick-up."""

import html
import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from backoffice.accounts.tests.factories import AdminFactory
from backoffice.tests.pages import main_of
from catalog.tests.factories import CategoryFactory, UnitFactory
from catalog.tests.pages import messages_of, queries_of, role
from sales import cancelling, fulfilment, refunds, weighing
from sales.admin.papers import pick_list
from sales.enums import Delivery, OrderStatus
from sales.models import Order, OrderLine
from sales.tests.factories import ask, counter_order, paid, place, shelf

pytestmark = pytest.mark.django_db
D = Decimal
PAPERS = ("pick", "slips", "receipts")


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


def papers(kind, *orders):
    ids = ",".join(str(order.pk) for order in orders)
    return page("order_papers", kind) + f"?only={ids}"


def words_of(response):
    body = re.sub(r"<[^>]+>", " ", main_of(response))
    return " ".join(html.unescape(body).split())


def sheets_of(response):
    """The papers that come out, one text for each."""
    return [
        " ".join(html.unescape(re.sub(r"<[^>]+>", " ", part)).split())
        for part in re.findall(r"(?s)<article.*?</article>", main_of(response))
    ]


# --- pick list


def test_a_pick_list_adds_up_what_is_held_by_category(by):
    fruit, tea = CategoryFactory(name="水果"), CategoryFactory(name="茶")
    pears = shelf(
        name="梨",
        category=fruit,
        case_enabled=True,
        case_unit=UnitFactory(name="箱"),
        case_size=D(10),
        case_price=D(90),
        is_weighed=True,
    )
    cups = shelf(name="柠檬茶", category=tea)
    counter = [
        counter_order(ask(pears, "1.5"), ask(cups, "2"), by=by),
        counter_order(ask(pears, "2", "case"), ask(pears, "0.25"), by=by),
    ]
    for order in counter:
        paid(order, by=by)
    [(name, [pear]), (other, [cup])] = pick_list(
        OrderLine.objects.select_related("goods__category")
    )
    assert (name, other) == ("水果", "茶")
    assert (pear.base, len(pear.orders)) == (D("21.750"), 2)
    assert re.sub(r"<[^>]+>", "", pear.by_unit) == "2 箱 + 1.75 斤"
    assert (cup.base, len(cup.orders), cup.by_unit) == (2, 1, "")


def test_a_pick_list_leaves_out_what_is_not_to_be_packed(client, by):
    here, gone, waiting = (
        paid(place(ask(shelf(price="70.00", name="苹果")))),
        paid(place(ask(shelf(price="70.00", name="香蕉")))),
        place(ask(shelf(price="70.00", name="西瓜"))),
    )
    fulfilment.ship(gone, by=by)
    response = client.get(papers("pick", here, gone, waiting))
    [sheet] = sheets_of(response)
    assert "苹果" in sheet
    assert "香蕉" not in sheet
    assert "西瓜" not in sheet
    assert "2 orders are left out" in words_of(response)


def test_what_was_refunded_meanwhile_is_not_picked(client, by):
    goods = shelf(price="70.00", name="苹果")
    order = paid(counter_order(ask(goods, "3"), by=by))
    refund = refunds.request(
        order, by=by, reason="少要", wanted=refunds.Wanted({order.lines.get().pk: D(1)})
    )
    refunds.approve(refund, by=AdminFactory(), restock={})
    refunds.succeed(refund)
    [sheet] = sheets_of(client.get(papers("pick", order)))
    assert "2 个" in sheet
    [slip] = sheets_of(client.get(papers("slips", order)))
    assert "2 个" in slip


# --- packing slips and receipts


def test_a_slip_names_the_receiver_and_asks_for_weights(client, by):
    goods = shelf(price="35.00", name="车厘子", is_weighed=True)
    order = paid(place(ask(goods, "2"), message="放门口"))
    address = papers("slips", order)
    [slip] = sheets_of(client.get(address))
    for words in (order.order_no[-6:], "李雷 13800138000", "车厘子", "2 斤", "放门口"):
        assert words in slip
    assert "weight-blank" in main_of(client.get(address))
    assert str(order.payable) not in slip
    weighing.weigh(order, {order.lines.get().pk: D("1.9")}, by=by)
    [slip] = sheets_of(client.get(address))
    assert "1.9 斤" in slip


def test_a_slip_masks_for_who_does_not_pack(client):
    order = paid(place(ask(shelf(price="70.00"))))
    client.force_login(role("service"))
    [slip] = sheets_of(client.get(papers("slips", order)))
    assert "138••••8000" in slip
    assert "13800138000" not in slip


def test_a_receipt_tells_ordered_weighed_and_the_difference(client, by):
    goods = shelf(price="35.00", name="车厘子", is_weighed=True)
    order = paid(place(ask(goods, "2")), by=by)
    weighing.weigh(order, {order.lines.get().pk: D("1.9")}, by=by)
    [receipt] = sheets_of(client.get(papers("receipts", order)))
    for words in (
        "2 斤 35.00 70.00",
        "Weighed 1.9 斤 · Difference −0.1",
        "Payable 70.00",
        "Cash 70.00",
        "Goes back: weighing difference −3.50",
    ):
        assert words in receipt


def test_an_unpaid_order_has_no_receipt(client, by):
    order = place(ask(shelf(price="70.00")))
    response = client.get(papers("receipts", order))
    assert sheets_of(response) == []
    assert "1 order is left out" in words_of(response)
    assert "Nothing to print" in words_of(response)


def test_each_order_has_a_page_of_its_own(client, by):
    orders = [paid(place(ask(shelf(price="70.00")))) for _ in range(3)]
    for kind in ("slips", "receipts"):
        sheets = sheets_of(client.get(papers(kind, *orders)))
        assert len(sheets) == 3
        for order, sheet in zip(orders, sheets, strict=True):
            assert order.order_no in sheet


@pytest.mark.parametrize("kind", PAPERS)
def test_papers_take_as_many_queries_for_many_orders(client, by, kind):
    goods = [shelf(price="70.00", is_weighed=True) for _ in range(2)]
    orders = [paid(place(*(ask(one) for one in goods))) for _ in range(4)]
    few = queries_of(client, papers(kind, orders[0]))
    assert queries_of(client, papers(kind, *orders)) == few


@pytest.mark.parametrize("kind", PAPERS)
@pytest.mark.parametrize("who", ["buyer", "reviewer", "merchandiser"])
def test_papers_are_for_who_sees_orders(client, kind, who):
    order = paid(place(ask(shelf(price="70.00"))))
    client.force_login(role(who))
    assert client.get(papers(kind, order)).status_code == 403


def test_what_is_no_paper_and_what_is_no_order(client, by):
    assert client.get(page("order_papers", "poster")).status_code == 404
    for nonsense in ("", "x", "1 OR 1=1", "9" * 40):
        response = client.get(page("order_papers", "pick"), {"only": nonsense})
        assert "Nothing to print" in words_of(response)


def test_ticked_rows_lead_to_their_papers(client, by):
    orders = [paid(place(ask(shelf(price="70.00")))) for _ in range(2)]
    answer = client.post(
        page("order_verb", "print_slips"),
        {"_selected_action": [order.pk for order in orders]},
    )
    assert answer.status_code == 302
    assert len(sheets_of(client.get(answer.url))) == 2
    nothing = client.post(page("order_verb", "print_slips"), {}, follow=True)
    assert messages_of(nothing) == ["Nothing is ticked. Tick the rows first."]


# --- packing


def test_the_packing_desk_shows_the_longest_waiting_first(client, by):
    goods = shelf(price="70.00", name="车厘子", is_weighed=True)
    first, second = (paid(place(ask(goods))) for _ in range(2))
    place(ask(goods))
    third = paid(place(ask(shelf(price="70.00")), delivery=Delivery.PICKUP))
    response = client.get(page("packing"))
    shown = response.context["waiting"]
    assert [one.order for one in shown] == [first, second, third]
    assert [str(one.action.label) for one in shown] == [
        "Weigh",
        "Weigh",
        "Put up for pick-up",
    ]
    assert "to weigh" in words_of(response)
    [only] = client.get(page("packing"), {"delivery": "pickup"}).context["waiting"]
    assert only.order == third
    weighing.weigh(first, {first.lines.get().pk: D(1)}, by=by)
    again = client.get(page("packing")).context["waiting"][0]
    assert str(again.action.label) == "Ship"


def test_the_desk_says_what_is_blocked(client, by):
    order = paid(place(ask(shelf(price="70.00"))))
    refunds.request(order, by=by, reason="不要了")
    response = client.get(page("packing"))
    assert "nothing leaves before it is decided" in words_of(response)
    assert response.context["waiting"][0].is_blocked


def test_an_empty_desk_says_what_belongs_there(client, by):
    assert "Nothing to pack" in words_of(client.get(page("packing")))
    assert "Nothing else waits" in words_of(client.get(page("pickup")))


@pytest.mark.parametrize("desk", ["packing", "pickup"])
def test_a_desk_takes_as_many_queries_for_many_orders(client, by, desk):
    def one():
        order = paid(
            place(
                ask(shelf(price="70.00")),
                ask(shelf(price="70.00")),
                delivery=Delivery.PICKUP,
            )
        )
        return fulfilment.make_ready(order, by=by) if desk == "pickup" else order

    one()
    few = queries_of(client, page(desk))
    for _ in range(3):
        one()
    assert queries_of(client, page(desk)) == few


@pytest.mark.parametrize("desk", ["packing", "pickup"])
@pytest.mark.parametrize("who", ["buyer", "service", "finance", "stock_keeper"])
def test_a_desk_is_for_who_packs(client, desk, who):
    client.force_login(role(who))
    expected = 200 if who == "stock_keeper" else 403
    assert client.get(page(desk)).status_code == expected


# --- pick-up


def waiting(by):
    order = paid(place(ask(shelf(price="70.00")), delivery=Delivery.PICKUP))
    return fulfilment.make_ready(order, by=by)


def test_the_code_finds_the_order_and_hands_it_over(client, by):
    order, other = waiting(by), waiting(by)
    board = client.get(page("pickup"))
    assert order.pickup_code not in main_of(board).replace(order.order_no, "")
    found = client.get(page("pickup"), {"code": f" {order.pickup_code} "})
    assert found.context["found"].order == order
    assert [one.order for one in found.context["waiting"]] == [other]
    answer = client.post(
        page("order_hand_over", order.pk),
        {"code": order.pickup_code, "next": page("pickup")},
    )
    assert answer.url == page("pickup")
    assert Order.objects.get(pk=order.pk).status == OrderStatus.COMPLETED
    gone = client.get(page("pickup"), {"code": order.pickup_code})
    assert "No order waits with the code" in words_of(gone)


def test_the_board_marks_who_has_waited_long(client, by):
    order = waiting(by)
    assert not client.get(page("pickup")).context["waiting"][0].is_long
    long_ago = timezone.now() - timedelta(days=2)
    Order.objects.filter(pk=order.pk).update(ready_at=long_ago)
    assert client.get(page("pickup")).context["waiting"][0].is_long


def test_a_cancelled_order_stands_on_no_desk(client, by):
    cancelling.cancel(place(ask(shelf(price="70.00"))), by=by)
    assert client.get(page("packing")).context["waiting"] == []
