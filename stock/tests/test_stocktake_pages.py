"""The pages of stocktakes: start, count, look, post."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from backoffice.accounts.tests.factories import AdminFactory
from backoffice.oplog.models import OperationLog
from backoffice.tests.pages import inputs_of, main_of, text_of
from catalog.tests.factories import CategoryFactory, GoodsFactory, OnSaleGoodsFactory
from catalog.tests.pages import messages_of, role
from stock import reservations, stocktaking
from stock.enums import StocktakeStatus
from stock.models import Stocktake
from stock.stocktaking import Counted
from stock.tests.factories import counted, levels, stocked
from stock.tests.test_stocktaking import sold, take

pytestmark = pytest.mark.django_db
D = Decimal
LIST = "stocktake_changelist"


@pytest.fixture(autouse=True)
def _english(settings):
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield


@pytest.fixture
def by(client):
    user = AdminFactory(nickname="周")
    client.force_login(user)
    return user


def page(name, *args):
    return reverse(f"admin:stock_{name}", args=args)


def verb(name):
    return page("stocktake_verb", name)


@pytest.mark.parametrize(
    ("name", "who"),
    [
        (LIST, "buyer stock_keeper finance manager"),
        ("stocktake_add", "stock_keeper manager"),
        ("count", "stock_keeper manager"),
        ("stocktake_change", "buyer stock_keeper finance manager"),
    ],
)
@pytest.mark.parametrize(
    "who_asks",
    ["buyer", "reviewer", "merchandiser", "stock_keeper", "service", "finance", "manager"],
)  # fmt: skip
def test_pages_open_for_their_roles(client, name, who, who_asks):
    stocktake = stocktaking.start([stocked().pk], by=AdminFactory())
    client.force_login(role(who_asks))
    args = [stocktake.pk] if name in ("count", "stocktake_change") else []
    allowed = 200 if who_asks in who.split() else 403
    assert client.get(page(name, *args)).status_code == allowed


def test_what_is_counted_is_chosen(client, by):
    pear, apple = CategoryFactory(name="梨"), CategoryFactory(name="苹果")
    there = stocked("10", category=pear)
    gone = OnSaleGoodsFactory(category=pear)
    GoodsFactory(category=pear)
    stocked("5", category=apple)
    sent = {"category": pear.pk, "which": "there", "note": "周盘", "is_blind": "on"}
    answer = client.post(page("stocktake_add"), sent)
    stocktake = Stocktake.objects.get()
    assert answer.url == page("count", stocktake.pk)
    assert set(stocktake.lines.values_list("goods", flat=True)) == {there.pk, gone.pk}
    assert (stocktake.note, stocktake.is_blind) == ("周盘", True)
    again = client.post(page("stocktake_add"), {**sent, "which": "stock"})
    assert stocktake.number in text_of(again), "it is being counted already"
    none = client.post(page("stocktake_add"), {"category": "999", "which": "x"})
    assert none.status_code == 200
    assert Stocktake.objects.count() == 1


def test_from_the_count_to_the_ledger(client, by):
    goods, other = stocked("10", name="梨", cost="4"), stocked("5", name="桃")
    stocktake = stocktaking.start([goods.pk, other.pk], by=by)
    address = page("count", stocktake.pk)
    sent = inputs_of(client.get(address))
    sent |= {f"counted-{goods.pk}": "8.5", f"reason-{goods.pk}": "失水"}
    client.post(address, sent)
    sold(goods, "2")
    shown = text_of(client.get(address))
    assert "1 / 2" in shown
    assert "booked 10" in shown
    client.post(address, {**inputs_of(client.get(address)), "_finish": "1"})
    stocktake.refresh_from_db()
    assert stocktake.status == StocktakeStatus.COUNTED
    overview = text_of(client.get(page("stocktake_change", stocktake.pk)))
    for word in ("−1.5", "-6.00", "失水", "Look the differences through"):
        assert word in overview
    asked = client.post(verb("post"), {"only": stocktake.pk})
    for word in ("梨", "10 斤", "8.5 斤", "-6.00", "Not counted, stay as they are: 1"):
        assert word in text_of(asked)
    assert levels(goods)[0] == 8
    client.post(verb("post"), {"only": stocktake.pk, "confirmed": "1"})
    assert levels(goods)[0] == D("6.5")
    assert levels(other)[0] == 5
    again = client.post(
        verb("post"), {"only": stocktake.pk, "confirmed": "1"}, follow=True
    )
    assert messages_of(again)
    assert levels(goods)[0] == D("6.5")


def test_a_blind_count_shows_nothing_that_is_booked(client, by):
    goods, same = stocked("9", name="梨"), stocked("7", name="桃")
    stocktake = stocktaking.start([goods.pk, same.pk], by=by, is_blind=True)
    stocktaking.count(
        stocktake, [Counted(goods.pk, D(8)), Counted(same.pk, D(7))], by=by
    )
    for address in (
        page("count", stocktake.pk),
        page("stocktake_change", stocktake.pk),
    ):
        shown = text_of(client.get(address))
        assert "Booked" not in shown
        assert "booked 9" not in shown
        assert "−1" not in shown
    assert "−1" not in text_of(client.get(page(LIST)))
    stocktaking.finish(stocktake, by=by)
    assert "−1" in text_of(client.get(page("stocktake_change", stocktake.pk)))


def test_values_are_for_those_who_may_see_costs(client):
    stocktake = take(AdminFactory(), (stocked("10", cost="4"), "8"))
    client.force_login(role("stock_keeper"))
    for address in (page(LIST), page("stocktake_change", stocktake.pk)):
        assert "8.00" not in text_of(client.get(address))
    assert "8.00" not in text_of(client.post(verb("post"), {"only": stocktake.pk}))
    client.force_login(role("finance"))
    for address in (page(LIST), page("stocktake_change", stocktake.pk)):
        assert "8.00" in text_of(client.get(address))


def test_a_wrong_count_is_said_beside_it_and_the_others_are_kept(client, by):
    goods, pieces = stocked("10", code="A1"), counted("5", code="A2")
    stocktake = stocktaking.start([goods.pk, pieces.pk], by=by)
    address = page("count", stocktake.pk)
    sent = inputs_of(client.get(address))
    sent |= {f"counted-{goods.pk}": "9", f"counted-{pieces.pk}": "1.5"}
    answer = client.post(address, sent)
    assert "Correct the marked lines" in text_of(answer)
    assert stocktake.lines.get(goods=goods).counted == 9
    assert stocktake.lines.get(goods=pieces).counted is None
    for wrong in ("-1", "1e12", "x", "1.0001"):
        sent = inputs_of(client.get(address)) | {f"counted-{pieces.pk}": wrong}
        assert client.post(address, sent).status_code == 200
    assert stocktake.lines.get(goods=pieces).counted is None


def test_two_who_count_at_once_do_not_wipe_each_other(client, by):
    goods, other = stocked("10"), stocked("5")
    stocktake = stocktaking.start([goods.pk, other.pk], by=by)
    address = page("count", stocktake.pk)
    sent = inputs_of(client.get(address))
    stocktaking.count(stocktake, [Counted(goods.pk, D(8))], by=by)
    client.post(address, {**sent, f"counted-{other.pk}": "4"})
    assert stocktake.lines.get(goods=goods).counted == 8
    assert stocktake.lines.get(goods=other).counted == 4


def test_a_page_of_counts_is_one_line_of_the_log(client, by):
    goods = [stocked("10") for _ in range(3)]
    stocktake = stocktaking.start([one.pk for one in goods], by=by)
    address = page("count", stocktake.pk)
    sent = inputs_of(client.get(address))
    client.post(address, sent | {f"counted-{one.pk}": "9" for one in goods})
    assert OperationLog.objects.filter(action="stocktake.counted").count() == 1


def test_goods_that_are_not_on_the_list_are_added(client, by):
    stocktake = stocktaking.start([stocked().pk], by=by)
    more = GoodsFactory(name="阳光玫瑰")
    address = page("count", stocktake.pk)
    found = client.get(address, {"add": "阳光"})
    assert f'name="goods" value="{more.pk}"' in main_of(found)
    client.post(address, {"goods": more.pk, "_add": "1"})
    assert stocktake.lines.filter(goods=more).exists()


def test_orders_that_hold_what_is_missing_are_named(client, by):
    goods = stocked("10", name="梨")
    reservations.reserve([(goods.pk, D(8))], order="O-77", by=None)
    stocktake = take(by, (goods, "5"))
    asked = client.post(verb("post"), {"only": stocktake.pk})
    assert "Orders hold more than was counted of: 梨." in text_of(asked)
    done = client.post(
        verb("post"), {"only": stocktake.pk, "confirmed": "1"}, follow=True
    )
    assert "O-77" in " ".join(messages_of(done))
    shown = text_of(client.get(page("stocktake_change", stocktake.pk)))
    assert "Lost while orders hold it" in shown


def test_what_is_left_is_found_and_a_stocktake_is_cancelled(client, by):
    goods, other = stocked("10", name="梨"), stocked("5", name="桃")
    stocktake = stocktaking.start([goods.pk, other.pk], by=by)
    stocktaking.count(stocktake, [Counted(goods.pk, D(8))], by=by)
    rows = client.get(page("count", stocktake.pk), {"left": "1"}).context["rows"]
    assert [row["goods"] for row in rows] == [other]
    found = client.get(page("count", stocktake.pk), {"q": "梨"}).context["rows"]
    assert [row["goods"] for row in found] == [goods]
    client.post(verb("cancel"), {"only": stocktake.pk, "confirmed": "1"})
    stocktake.refresh_from_db()
    assert stocktake.status == StocktakeStatus.CANCELLED
    assert client.get(page("count", stocktake.pk)).status_code == 302


def test_pages_cost_the_same_for_many(client, by):
    def ask(address):
        with CaptureQueriesContext(connection) as caught:
            assert client.get(address).status_code == 200
        return len(caught)

    stocktake = take(by, (stocked("10"), "8"))
    counting = stocktaking.start([stocked("10").pk], by=by)
    pages = [
        page(LIST),
        page("stocktake_change", stocktake.pk),
        page("count", counting.pk),
    ]
    [ask(address) for address in pages]
    few = [ask(address) for address in pages]
    for _ in range(4):
        take(by, (stocked("10"), "8"))
    stocktaking.reopen(stocktake, by=by)
    stocktaking.add(stocktake, [stocked("3").pk for _ in range(4)], by=by)
    stocktaking.add(counting, [stocked("3").pk for _ in range(4)], by=by)
    assert [ask(address) for address in pages] == few


def test_the_home_page_reminds(client):
    stocktaking.start([stocked().pk], by=AdminFactory())
    client.force_login(role("stock_keeper"))
    shown = text_of(client.get(reverse("admin:index")))
    assert "Stocktakes to finish" in shown
    assert "Orders to receive" in shown
    client.force_login(role("service"))
    assert "Orders to receive" not in text_of(client.get(reverse("admin:index")))
