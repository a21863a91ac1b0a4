"""The pages of stock: who opens them, what they say, what they do."""

import csv
import html
import io
import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.base import ports
from backoffice.oplog.models import OperationLog
from backoffice.tests.pages import main_of
from catalog.models import Goods
from catalog.tests.factories import GoodsFactory, OnSaleGoodsFactory
from catalog.tests.pages import messages_of, queries_of, role, text, upload
from stock import corrections, reservations, spoilage
from stock.enums import LossReason
from stock.models import StockBalance, StockMovement, WriteOff
from stock.tests.factories import levels, stocked, stocked_on_sale

pytestmark = pytest.mark.django_db
D = Decimal


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


def words_of(response):
    """What a person reads on the page itself."""
    body = re.sub(r"<[^>]+>", " ", main_of(response))
    return " ".join(html.unescape(body).split())


def page(name, *args):
    return reverse(f"admin:stock_{name}", args=args)


BALANCES = "stockbalance_changelist"
LEDGER = "stockmovement_changelist"
LOSSES = "writeoff_changelist"


def reserved(goods, quantity, order="O1"):
    reservations.reserve([(goods.pk, D(quantity))], order=order, by=None)


def lost(goods, quantity="2", by=None, **more):
    return spoilage.write_off(
        goods,
        by=by or AdminFactory(),
        quantity=D(quantity),
        cause=more.pop("cause", LossReason.ROTTEN),
        **more,
    )


# --- who may


@pytest.mark.parametrize(
    ("name", "who"),
    [
        (BALANCES, "buyer stock_keeper finance manager"),
        (LEDGER, "buyer stock_keeper finance manager"),
        (LOSSES, "buyer stock_keeper finance manager"),
        ("opening", "stock_keeper manager"),
        ("writeoff_add", "stock_keeper manager"),
        ("adjust", "manager"),
        ("stockbalance_change", "buyer stock_keeper finance manager"),
    ],
)
@pytest.mark.parametrize(
    "who_asks",
    ["buyer", "reviewer", "merchandiser", "stock_keeper", "service", "finance", "manager"],
)  # fmt: skip
def test_pages_open_for_their_roles(client, name, who, who_asks):
    goods = stocked("10")
    client.force_login(role(who_asks))
    args = [goods.pk] if name in ("adjust", "stockbalance_change") else []
    allowed = 200 if who_asks in who.split() else 403
    assert client.get(page(name, *args)).status_code == allowed


def test_what_a_person_may_not_do_is_not_offered(client):
    goods = stocked("10", cost="3")
    client.force_login(role("buyer"))
    for address in (
        page(BALANCES),
        page("stockbalance_change", goods.pk),
        page(LOSSES),
    ):
        shown = main_of(client.get(address))
        assert "/writeoff/add/" not in shown
        assert "/adjust/" not in shown
        assert "/opening/" not in shown


def test_costs_are_for_those_who_may_see_them(client):
    goods = stocked("10", cost="3.4567")
    lost(goods, "1")
    client.force_login(role("stock_keeper"))
    for address in (
        page(BALANCES),
        page(LOSSES),
        page("stockbalance_change", goods.pk),
    ):
        shown = main_of(client.get(address))
        assert "Worth" not in shown
        assert "3.46" not in shown
    client.force_login(role("finance"))
    assert "31.11" in text(client.get(page(BALANCES)))
    assert "3.46" in text(client.get(page(LOSSES)))


# --- the list of balances


def test_the_list_shows_what_there_is(client, by):
    goods = stocked("10.5", code="A1", name="脐橙", cost="2")
    reserved(goods, "4")
    shown = words_of(client.get(page(BALANCES)))
    for part in ("脐橙", "A1", "10.5 斤", "4 斤", "6.5 斤", "21.00", "Write off"):
        assert part in shown


def test_tabs_and_search_find_goods(client, by):
    there, gone = stocked("10", name="脐橙"), stocked("5", name="香蕉")
    reserved(gone, "5")
    lost(gone, "1")
    cases = {
        "?tab=there": "脐橙",
        "?tab=gone": "香蕉",
        "?tab=held": "香蕉",
        "?tab=short": "香蕉",
        f"?q={there.code}": "脐橙",
        "?q=香蕉": "香蕉",
    }
    for query, name in cases.items():
        found = client.get(page(BALANCES) + query).context["cl"].result_list
        assert [row.goods.name for row in found] == [name], query


@pytest.mark.parametrize("name", [BALANCES, LEDGER, LOSSES])
def test_lists_cost_the_same_for_one_row_and_many(client, by, name):
    goods = stocked("10", cost="2")
    # an order in the row asks where its page is
    reserved(goods, "1", "O")
    lost(goods)
    few = queries_of(client, page(name))
    for n in range(4):
        goods = stocked("10", cost="2")
        reserved(goods, "1", f"O{n}")
        lost(goods)
    assert queries_of(client, page(name)) == few


@pytest.mark.parametrize("name", [BALANCES, LEDGER, LOSSES])
def test_nothing_can_be_typed_into_the_rows(client, by, name):
    lost(stocked("10"))
    shown = main_of(client.get(page(name)))
    rows = shown[shown.index("<tbody") : shown.index("</tbody")]
    assert "<input" not in rows


@pytest.mark.parametrize("name", [BALANCES, LEDGER, LOSSES])
def test_empty_lists_say_what_belongs_there(client, by, name):
    assert "yet" in words_of(client.get(page(name)))


def test_the_goods_list_leads_to_the_stock(client):
    goods = stocked_on_sale("10")
    client.force_login(role("buyer"))
    listed = text(client.get(reverse("admin:catalog_goods_changelist")))
    assert page("stockbalance_change", goods.pk) in listed
    client.force_login(role("service"))
    listed = text(client.get(reverse("admin:catalog_goods_changelist")))
    assert page("stockbalance_change", goods.pk) not in listed


# --- why is it this number


def test_the_sum_comes_to_the_balance_and_leads_to_its_movements(client, by):
    goods = stocked("10")
    reserved(goods, "3")
    reservations.hand_over({goods.pk: D("2.5")}, order="O1", by=None)
    reservations.put_back([(goods.pk, D(1))], reference="F1", by=None)
    lost(goods, "0.5")
    corrections.adjust(goods, by=by, delta=D(-1), reason="gift")
    reserved(goods, "2", "O2")
    response = client.get(page("stockbalance_change", goods.pk))
    shown, words = main_of(response), words_of(response)
    for part in (
        "+ Opening 10 斤",
        "+ Return 1 斤",
        "− Sale 2.5 斤",
        "− Spoilage 0.5 斤",
        "− Adjustment 1 斤",
        "= On hand 7 斤",
        "+ Reserve 5 斤",
        "− Sale 3 斤",
        "= Reserved 2 斤",
    ):
        assert part in words, part
    assert f"goods={goods.pk}&amp;kind=sale" in shown
    assert "books differ" not in words


def test_who_holds_it_until_when(client, by):
    goods = stocked("10")
    reserved(goods, "3", "20261125000001")
    until = timezone.now() + timedelta(minutes=30)
    with (
        ports.order_terms.instead(
            lambda numbers: dict.fromkeys(numbers, ("Unpaid", until))
        ),
        ports.order_urls.instead(lambda r, numbers: {n: f"/o/{n}/" for n in numbers}),
    ):
        shown = main_of(client.get(page("stockbalance_change", goods.pk)))
        listed = main_of(client.get(page(LEDGER)))
    assert 'href="/o/20261125000001/"' in shown
    assert 'href="/o/20261125000001/"' in listed
    assert "Unpaid" in shown
    assert f"{timezone.localtime(until):%H:%M}" in shown


def test_goods_that_never_moved_have_a_page_too(client, by):
    goods = GoodsFactory()
    response = client.get(page("stockbalance_change", goods.pk))
    assert "It never moved." in text(response)
    assert f"/opening/?q={goods.code}" in text(response)
    for pk in (goods.pk + 1000, "x", "9" * 30):
        address = page("stockbalance_changelist") + f"{pk}/change/"
        assert client.get(address).status_code == 404


def test_a_past_moment_is_told_by_the_ledger(client, by):
    goods = stocked("10")
    between = timezone.now()
    reserved(goods, "3")
    typed = timezone.localtime(between).replace(tzinfo=None).isoformat()
    address = page("stockbalance_change", goods.pk)
    words = words_of(client.get(address, {"at": typed}))
    assert "on hand 10 斤 reserved 0 斤 available 10 斤" in words
    long_ago = words_of(client.get(address, {"at": "2020-01-01T00:00"}))
    assert "on hand 0 斤" in long_ago
    assert "Since then: Opening +10 斤" in long_ago
    for wrong in ("x", "2026-13-40T00:00", "0001-01-01T00:00"):
        assert "not a moment" in text(client.get(address, {"at": wrong}))


def test_a_shortage_names_what_is_to_be_done(client, by):
    goods = stocked("10")
    reserved(goods, "9")
    loss = lost(goods, "4", note="frost")
    words = words_of(client.get(page("stockbalance_change", goods.pk)))
    assert f"Spoilage {loss.row.reference}: 3 斤" in words
    assert "O1" in words
    assert "Goods that are short" in text(client.get(reverse("admin:index")))


def test_books_that_differ_are_said(client, by):
    goods = stocked("10")
    StockBalance.objects.update(on_hand=D(11))
    words = words_of(client.get(page("stockbalance_change", goods.pk)))
    assert "The books differ" in words


# --- opening


def test_what_is_filled_in_is_opened(client, by):
    one, two, three = GoodsFactory(), GoodsFactory(cost=D(9)), GoodsFactory()
    moved = stocked("1")
    shown = main_of(client.get(page("opening")))
    assert f"quantity-{one.pk}" in shown
    assert f"quantity-{moved.pk}" not in shown
    response = client.post(
        page("opening"),
        {
            f"quantity-{one.pk}": "12.5",
            f"cost-{one.pk}": "3.2",
            f"quantity-{two.pk}": " 7 ",
            f"quantity-{three.pk}": "",
            f"quantity-{moved.pk}": "99",
        },
        follow=True,
    )
    assert messages_of(response) == ["Opening stock of 2 goods entered."]
    assert levels(one)[0] == D("12.5")
    assert Goods.objects.get(pk=one.pk).cost == D("3.2")
    assert (levels(two)[0], levels(moved)[0]) == (7, 1)
    assert not StockBalance.objects.filter(pk=three.pk).exists()


def test_a_wrong_row_says_why_and_the_others_are_done(client, by):
    one, two = GoodsFactory(), GoodsFactory()
    for typed in ("0", "-1", "1.0005", "1e12", "abc"):
        response = client.post(page("opening"), {f"quantity-{one.pk}": typed})
        assert 'class="refusal"' in text(response)
        assert f'value="{typed}"' in text(response)
    response = client.post(
        page("opening"), {f"quantity-{one.pk}": "x", f"quantity-{two.pk}": "5"}
    )
    assert levels(two)[0] == 5
    assert "x" in text(response)
    assert not StockBalance.objects.filter(pk=one.pk).exists()


def test_a_keeper_enters_quantities_without_costs(client):
    goods = GoodsFactory()
    client.force_login(role("stock_keeper"))
    assert f"cost-{goods.pk}" not in text(client.get(page("opening")))
    client.post(page("opening"), {f"quantity-{goods.pk}": "5"})
    assert levels(goods)[0] == 5


def test_opening_is_searched(client, by):
    GoodsFactory(name="脐橙")
    GoodsFactory(name="香蕉")
    shown = main_of(client.get(page("opening"), {"q": "香蕉"}))
    assert "脐橙" not in shown
    assert "香蕉" in shown


# --- adjusting


def test_an_adjustment_is_made_once(client, by):
    goods = stocked("10")
    form = client.get(page("adjust", goods.pk)).context["form"]
    sent = {"delta": "-2.5", "reason": "gift", "reference": form["reference"].value()}
    for _ in range(2):
        response = client.post(page("adjust", goods.pk), sent)
        assert response.url == page("stockbalance_change", goods.pk)
    assert levels(goods)[0] == D("7.5")
    assert OperationLog.objects.filter(action="stock.adjusted").count() == 1


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"delta": "-11", "reason": "x"}, "10 there"),
        ({"delta": "0", "reason": "x"}, "above 0"),
        ({"delta": "1", "reason": ""}, "required"),
        ({"delta": "1.0005", "reason": "x"}, "3 decimal"),
        ({"delta": "1e12", "reason": "x"}, "digits"),
    ],
)
def test_an_adjustment_that_cannot_be_is_refused(client, by, sent, said):
    goods = stocked("10")
    response = client.post(page("adjust", goods.pk), {"reference": "AD1", **sent})
    assert response.status_code == 200
    assert said in words_of(response)
    assert levels(goods)[0] == 10


def test_there_is_no_adjusting_of_nothing(client, by):
    assert client.get(page("adjust", 4711)).status_code == 404


# --- writing off


def test_one_tap_from_the_list_to_a_loss_that_is_booked(client):
    goods = stocked("10", cost="2")
    client.force_login(role("stock_keeper"))
    listed = text(client.get(page(BALANCES)))
    address = f"{page('writeoff_add')}?goods={goods.pk}&next={page(BALANCES)}"
    assert f"?goods={goods.pk}&amp;next=" in listed
    form = client.get(address).context["form"]
    sent = {
        "quantity": "1.5",
        "cause": "bruised",
        "note": "fell",
        "reference": form["reference"].value(),
        "picture": upload(),
    }
    response = client.post(address, sent)
    assert response.url == page(BALANCES)
    row = WriteOff.objects.get()
    assert (row.quantity, row.cause, row.note) == (D("1.5"), "bruised", "fell")
    assert row.picture
    assert levels(goods)[0] == D("8.5")
    sent["picture"] = upload()
    client.post(address, sent)
    assert WriteOff.objects.count() == 1


def test_goods_are_found_by_code_or_name(client, by):
    goods = stocked("10", code="A1", name="脐橙")
    stocked("10", code="A2", name="血橙")
    address = page("writeoff_add")
    assert client.get(address, {"q": "a1"}).context["goods"] == goods
    assert len(client.get(address, {"q": "橙"}).context["candidates"]) == 2
    assert "No goods of this name." in text(client.get(address, {"q": "榴莲"}))


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"quantity": "11"}, "10 there"),
        ({"quantity": "0"}, "above 0"),
        ({"quantity": ""}, "required"),
        ({"quantity": "1", "cause": "magic"}, "not one of the available choices"),
        ({"quantity": "1", "cause": "other"}, "Say in a few words"),
    ],
)
def test_a_loss_that_cannot_be_is_refused(client, by, sent, said):
    goods = stocked("10")
    address = f"{page('writeoff_add')}?goods={goods.pk}"
    response = client.post(address, {"cause": "rotten", "reference": "S1", **sent})
    assert said in words_of(response)
    assert not WriteOff.objects.exists()


def test_a_loss_that_orders_hold_is_warned_of(client, by):
    goods = stocked("10")
    reserved(goods, "9")
    address = f"{page('writeoff_add')}?goods={goods.pk}"
    sent = {"quantity": "3", "cause": "rotten", "reference": "S1"}
    response = client.post(address, sent, follow=True)
    said = messages_of(response)
    assert "3 斤 of" in said[0]
    assert "still hold 2 斤" in said[1]
    assert "O1" in said[1]


def test_the_way_back_stays_in_the_shop(client, by):
    goods = stocked("10")
    address = f"{page('writeoff_add')}?goods={goods.pk}&next=https://evil.example/"
    sent = {"quantity": "3", "cause": "rotten", "reference": "S1"}
    assert client.post(address, sent).url == page(LOSSES)


def test_losses_are_summed_by_day_and_goods(client, by):
    one, two = (
        stocked("10", cost="2", name="脐橙"),
        stocked("10", cost="5", name="榴莲"),
    )
    lost(one, "1")
    lost(two, "2")
    words = words_of(client.get(page(LOSSES)))
    assert "Today 12.00 yuan" in words
    assert words.index("榴莲") < words.index("脐橙")
    assert "Lost today" in text(client.get(reverse("admin:index")))
    narrowed = client.get(page(LOSSES) + "?cause=theft")
    assert not list(narrowed.context["cl"].result_list)


# --- the ledger


def test_the_ledger_tells_what_moved(client, by):
    goods = stocked("10", code="A1", name="脐橙")
    reserved(goods, "3")
    reservations.release(
        order="O1", by=by, lines=[(goods.pk, D(1))], reference="F1", reason="too many"
    )
    words = words_of(client.get(page(LEDGER)))
    for part in ("脐橙", "Opening", "+10 斤", "Reserve", "+3 斤", "−1 斤", "F1", "O1"):
        assert part in words
    assert "too many" in words
    assert "周" in words


def test_the_ledger_is_filtered(client, by):
    goods, other = stocked("10", name="脐橙"), stocked("5", name="香蕉")
    reserved(goods, "3")
    reservations.release(order="O1", by=None, lines=[(goods.pk, D(1))], reference="F1")
    today = f"{timezone.localdate():%Y-%m-%d}"
    for query, count in {
        "": 4,
        f"?goods={goods.pk}": 3,
        "?goods=999999": 0,
        "?kind=opening": 2,
        "?kind=nonsense": 4,
        f"?goods={goods.pk}&kind=reserve": 1,
        "?q=O1": 2,
        "?q=F1": 1,
        "?q=香蕉": 1,
        f"?q={other.code}": 1,
        f"?at_from={today}&at_to={today}": 4,
        "?at_to=2020-01-01": 0,
        f"?person={by.pk}": 0,
    }.items():
        found = client.get(page(LEDGER) + query).context["cl"].result_list
        assert len(found) == count, query


def test_a_movement_leads_to_its_goods(client, by):
    goods = stocked("10")
    row = StockMovement.objects.get()
    for name in ("change", "history"):
        response = client.get(page(f"stockmovement_{name}", row.pk))
        assert response.url == page("stockbalance_change", goods.pk)
    assert client.get(page("stockmovement_change", 4711)).url.startswith(page(LEDGER))
    client.force_login(StaffFactory(permissions=["catalog.view_goods"]))
    assert client.get(page("stockmovement_change", row.pk)).status_code == 403


@pytest.mark.parametrize("name", ["stockmovement", "stockbalance"])
def test_nobody_adds_or_deletes(client, by, name):
    goods = stocked("10")
    pk = goods.pk if name == "stockbalance" else StockMovement.objects.get().pk
    assert client.get(page(f"{name}_add")).status_code == 403
    assert client.post(page(f"{name}_delete", pk), {"post": "yes"}).status_code == 403
    assert StockMovement.objects.count() == 1


# --- taken away


def export(client, sheet, query=""):
    """The rows of the sheet, without its header."""
    address = reverse("admin:sheets_export", args=[sheet])
    response = client.get(f"{address}?{query}&format=csv")
    content = b"".join(response.streaming_content)
    for close in response._resource_closers:
        close()
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))[1:]


@pytest.mark.parametrize(
    ("sheet", "expected"),
    [
        ("stock", ["A1", "脐橙", "斤", "7.500", "4.000", "3.500"]),
        ("stock_ledger", ["A1", "脐橙", "斤", "Reserve", "0.000", "4.000"]),
        ("spoilage", ["A1", "脐橙", "斤", "2.500", "Rotten"]),
    ],
)
def test_lists_are_exported_as_they_are_filtered(client, by, sheet, expected):
    goods = stocked("10", code="A1", name="脐橙", cost="2")
    stocked("1", code="B1", name="香蕉")
    lost(goods, "2.5")
    reserved(goods, "4")
    rows = export(client, sheet, "q=A1")
    assert not any("香蕉" in row for row in rows)
    shown = [cell for cell in rows[0] if not cell.startswith("20")]
    assert shown[: len(expected)] == expected


def test_costs_are_not_exported_to_who_may_not_see_them(client):
    goods = stocked("10", cost="3.4567")
    lost(goods)
    client.force_login(role("stock_keeper"))
    for sheet in ("stock", "stock_ledger", "spoilage"):
        rows = export(client, sheet)
        assert not any("3.4567" in cell for row in rows for cell in row)


# --- home


def test_home_says_what_is_sold_out_and_where_to_begin(client, by):
    assert "Enter opening stock" in text(client.get(reverse("admin:index")))
    gone = stocked_on_sale("3")
    reserved(gone, "3")
    shown = text(client.get(reverse("admin:index")))
    assert "Goods on sale that are sold out" in shown
    address = page(BALANCES) + "?tab=gone&goods__status__exact=on_sale"
    assert len(client.get(address).context["cl"].result_list) == 1
    OnSaleGoodsFactory()
