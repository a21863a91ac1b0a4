"""The pages of suppliers and their orders, and the morning sheet."""

import csv
import io
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.oplog.models import OperationLog
from backoffice.tests.pages import inputs_of, main_of, text_of
from catalog.models import Goods
from catalog.tests.factories import (
    CategoryFactory,
    GoodsFactory,
    PieceFactory,
    UnitFactory,
)
from catalog.tests.pages import messages_of, role
from stock import alerts, replenishment, stocktaking, suppliers
from stock.enums import ReplenishmentStatus
from stock.models import (
    GoodsSupply,
    ReplenishmentOrder,
    StockBalance,
    Supplier,
)
from stock.tests.factories import levels, stocked
from stock.tests.test_alerts import selling
from stock.tests.test_replenishment import ordered, receive, sell, supplied
from stock.tests.test_stocktaking import take

pytestmark = pytest.mark.django_db
D = Decimal


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


LIST = "replenishmentorder_changelist"
SUPPLIERS = "supplier_changelist"
MORNING = "morning"


def needed(name="红富士", sold="60", there="1", **fields):
    """A goods of which 2 are sold a day."""
    goods = stocked(there, name=name, **fields)
    sell(goods, sold)
    return goods


# --- who may


@pytest.mark.parametrize(
    ("name", "who"),
    [
        (SUPPLIERS, "buyer stock_keeper manager"),
        ("supplier_add", "buyer manager"),
        (LIST, "buyer stock_keeper manager"),
        (MORNING, "buyer stock_keeper manager"),
        ("draft", "buyer manager"),
        ("receive", "buyer stock_keeper manager"),
        ("replenishmentorder_change", "buyer stock_keeper manager"),
        ("replenishmentorder_print", "buyer stock_keeper manager"),
    ],
)
@pytest.mark.parametrize(
    "who_asks",
    ["buyer", "reviewer", "merchandiser", "stock_keeper", "service", "finance", "manager"],
)  # fmt: skip
def test_pages_open_for_their_roles(client, name, who, who_asks):
    client.force_login(role(who_asks))
    args = []
    if name == "draft":
        wanted = [replenishment.Wanted(GoodsFactory().pk, D(5))]
        args = [replenishment.draft(supplied(), wanted, by=AdminFactory()).pk]
    elif name == "receive" or (name.startswith("replenishmentorder_") and name != LIST):
        args = [ordered((GoodsFactory(), "10")).pk]
    allowed = 200 if who_asks in who.split() else 403
    assert client.get(page(name, *args)).status_code == allowed


def test_costs_are_for_those_who_may_see_them(client):
    goods = needed(cost="3.4567")
    order = ordered((goods, "10", "3.4567"))
    pages = [
        page(MORNING) + "?show=all",
        page(LIST),
        page("replenishmentorder_change", order.pk),
        page("replenishmentorder_print", order.pk),
        page("receive", order.pk),
    ]
    client.force_login(role("stock_keeper"))
    for address in pages:
        shown = main_of(client.get(address))
        assert "3.4567" not in shown, address
        assert "34.57" not in shown, address
    sheet = client.get(page("morning_export", "csv") + "?show=all")
    assert "3.4567" not in b"".join(sheet.streaming_content).decode()
    client.force_login(role("buyer"))
    for address in pages:
        shown = main_of(client.get(address))
        assert "3.4567" in shown or "34.57" in shown, address


# --- suppliers


def test_a_supplier_is_entered_changed_and_switched_off(client, by):
    answer = client.post(
        page("supplier_add"), {"name": "果园", "mobile": "13800138000", "note": "早市"}
    )
    supplier = Supplier.objects.get()
    assert (answer.status_code, str(supplier)) == (302, "果园")
    address = page("supplier_change", supplier.pk)
    sent = inputs_of(client.get(address)) | {"name": "老王果园"}
    sent.pop("is_active")
    client.post(address, sent)
    supplier.refresh_from_db()
    assert (supplier.name, supplier.is_active) == ("老王果园", False)
    actions = OperationLog.objects.values_list("action", flat=True)
    assert set(actions) >= {"supplier.added", "supplier.changed"}


def test_a_name_that_is_taken_is_said_beside_its_field(client, by):
    supplied("果园")
    answer = client.post(
        page("supplier_add"), {"name": "果园", "mobile": "", "note": ""}
    )
    assert answer.status_code == 200
    assert "There is a supplier of this name." in text_of(answer)
    assert Supplier.objects.count() == 1


def test_the_list_of_suppliers_costs_the_same_for_many(client, by):
    def ask():
        with CaptureQueriesContext(
            connection,
        ) as caught:
            assert client.get(page(SUPPLIERS)).status_code == 200
        return len(caught)

    ordered((GoodsFactory(), "5"), supplier=supplied("一"))
    ask()
    few = ask()
    for name in "二三四五":
        ordered((GoodsFactory(), "5"), supplier=supplied(name))
    assert ask() == few


# --- the list of orders


def test_orders_are_found_by_number_supplier_and_goods(client, by):
    goods = GoodsFactory(name="阳光玫瑰")
    order = ordered((goods, "10", "2.5"), supplier=supplied("果园"))
    other = ordered((GoodsFactory(name="香蕉"), "4"), supplier=supplied("菜园"))
    for typed in (order.number, "果园", "阳光", goods.code):
        found = client.get(page(LIST), {"q": typed}).context["cl"].result_list
        assert [row.pk for row in found] == [order.pk], typed
    shown = text_of(client.get(page(LIST)))
    assert "25.00" in shown
    found = client.get(
        page(LIST), {"tab": "due", "supplier__id__exact": other.supplier_id}
    )
    assert [row.pk for row in found.context["cl"].result_list] == [other.pk]


def test_the_list_of_orders_costs_the_same_for_many(client, by):
    def ask():
        with CaptureQueriesContext(connection) as caught:
            assert client.get(page(LIST)).status_code == 200
        return len(caught)

    supplier = supplied()
    ordered((GoodsFactory(), "5"), supplier=supplier)
    ask()
    few = ask()
    for _ in range(5):
        ordered((GoodsFactory(), "5"), (GoodsFactory(), "2"), supplier=supplier)
    assert ask() == few


def test_a_draft_is_edited_sent_and_cancelled(client, by):
    goods, other = GoodsFactory(name="梨"), GoodsFactory(name="阳光玫瑰")
    wanted = [replenishment.Wanted(goods.pk, D(5), D(2))]
    draft = replenishment.draft(supplied(), wanted, by=by)
    address = page("draft", draft.pk)
    sent = inputs_of(client.get(address))
    found = client.post(address, {**sent, "find": "阳光", "_find": "1"})
    sent = inputs_of(found)
    assert f"quantity-{other.pk}" in sent
    sent |= {f"quantity-{other.pk}": "3", f"quantity-{goods.pk}": "", "note": "早点送"}
    assert client.post(address, sent).status_code == 302
    draft.refresh_from_db()
    line = draft.lines.get()
    assert (line.goods, line.quantity, draft.note) == (other, 3, "早点送")
    verb = page("replenishmentorder_verb", "order")
    asked = client.post(verb, {"only": draft.pk})
    assert "阳光玫瑰" in text_of(asked), "what will be ordered is shown first"
    assert draft.status == ReplenishmentStatus.DRAFT
    client.post(verb, {"only": draft.pk, "confirmed": "1"})
    draft.refresh_from_db()
    assert draft.status == ReplenishmentStatus.ORDERED
    cancel = page("replenishmentorder_verb", "cancel")
    client.post(cancel, {"only": draft.pk, "confirmed": "1", "reason": "没货"})
    draft.refresh_from_db()
    assert draft.status == ReplenishmentStatus.CANCELLED
    assert client.get(address).status_code == 302, "it is no draft any more"


@pytest.mark.parametrize("typed", ["-1", "0.0001", "1e12", "drei"])
def test_a_wrong_quantity_in_a_draft_is_said_beside_it(client, by, typed):
    goods = GoodsFactory()
    wanted = [replenishment.Wanted(goods.pk, D(5))]
    draft = replenishment.draft(supplied(), wanted, by=by)
    address = page("draft", draft.pk)
    sent = inputs_of(client.get(address)) | {f"quantity-{goods.pk}": typed}
    answer = client.post(address, sent)
    assert answer.status_code == 200
    assert 'role="alert"' in main_of(answer)
    assert draft.lines.get().quantity == 5


@pytest.mark.parametrize(
    ("column", "typed", "said"),
    [
        ("quantity", "-1", "-1 is no quantity"),
        ("quantity", "1.5", "counted in steps of 1"),
        ("quantity", "1e9", "digits"),
        ("cost", "-2", "A cost is from 0"),
    ],
)
def test_a_wrong_row_of_the_morning_sheet_is_marked(client, by, column, typed, said):
    apple, melon = needed("苹果"), needed("西瓜", unit=PieceFactory())
    orchard = supplied("果园")
    suppliers.assign(apple, by=by, supplier=orchard)
    suppliers.assign(melon, by=by, supplier=orchard)
    sent = inputs_of(client.get(page(MORNING)), "morning-form")
    sent[f"{column}-{melon.pk}"] = typed
    answer = client.post(page(MORNING), {**sent, "draft": str(orchard.pk)})
    rows = [row for s in answer.context["sections"] for row in s["rows"]]
    errors = {row["goods"]: str(row["error"]) for row in rows}
    assert said in errors[melon]
    assert errors[apple] == ""
    assert f'id="error-{melon.pk}"' in main_of(answer)
    assert not ReplenishmentOrder.objects.exists()


# --- receiving


def test_goods_are_received_in_parts(client, by):
    goods, other = GoodsFactory(name="梨"), GoodsFactory(name="桃")
    order = ordered((goods, "10", "2"), (other, "5", "3"))
    address = page("receive", order.pk)
    first, second = order.lines.order_by("goods_id")
    sent = inputs_of(client.get(address))
    assert sent[f"kept-{first.pk}"] == "10", "what is owed is filled in"
    sent |= {
        f"kept-{first.pk}": "6",
        f"rejected-{first.pk}": "1",
        f"reason-{first.pk}": "压伤",
        f"kept-{second.pk}": "",
        f"cost-{first.pk}": "2.50",
        "reference": "送货单88",
    }
    assert client.post(address, sent).status_code == 302
    assert levels(goods) == (6, 0, 0)
    assert not StockBalance.objects.filter(goods=other).exists()
    assert Goods.objects.get(pk=goods.pk).cost == D("2.5")
    shown = text_of(client.get(page("replenishmentorder_change", order.pk)))
    for word in ("送货单88", "压伤", "Partly received"):
        assert word in shown
    client.post(address, sent)
    assert levels(goods) == (6, 0, 0), "the same delivery again changes nothing"
    rest = inputs_of(client.get(address))
    assert rest[f"kept-{first.pk}"] == "3"
    client.post(address, rest)
    order.refresh_from_db()
    assert order.status == ReplenishmentStatus.RECEIVED
    assert levels(goods)[0] == 9


def test_a_rejection_without_a_reason_books_nothing(client, by):
    goods = GoodsFactory()
    order = ordered((goods, "10"))
    line = order.lines.get()
    address = page("receive", order.pk)
    sent = inputs_of(client.get(address)) | {f"rejected-{line.pk}": "1"}
    answer = client.post(address, sent)
    assert "Say why it is rejected." in text_of(answer)
    assert order.receipts.count() == 0


@pytest.mark.parametrize(
    ("column", "typed", "said"),
    [
        ("kept", "-1", "-1 is no quantity"),
        ("kept", "1.5", "counted in steps of 1"),
        ("rejected", "-1", "-1 is no quantity"),
        ("cost", "-2", "A cost is from 0"),
    ],
)
def test_a_wrong_line_of_a_delivery_is_marked(client, by, column, typed, said):
    goods, other = GoodsFactory(unit=PieceFactory()), GoodsFactory()
    order = ordered((goods, "10"), (other, "5"))
    line = order.lines.get(goods=goods)
    address = page("receive", order.pk)
    sent = inputs_of(client.get(address)) | {f"{column}-{line.pk}": typed}
    answer = client.post(address, sent)
    errors = {row["goods"]: str(row["error"]) for row in answer.context["rows"]}
    assert said in errors[goods]
    assert errors[other] == ""
    assert f'id="error-{line.pk}"' in main_of(answer)
    assert order.receipts.count() == 0


def test_more_than_ordered_is_asked_and_then_received(client, by):
    goods = GoodsFactory()
    order = ordered((goods, "10"))
    line = order.lines.get()
    address = page("receive", order.pk)
    sent = inputs_of(client.get(address)) | {f"kept-{line.pk}": "12"}
    asked = client.post(address, sent)
    assert "12 delivered, 10 ordered" in text_of(asked)
    assert order.receipts.count() == 0
    again = inputs_of(asked)
    assert again[f"kept-{line.pk}"] == "12"
    assert client.post(address, again).status_code == 200, "the box is not ticked"
    assert client.post(address, {**again, "accept_more": "yes"}).status_code == 302
    assert levels(goods) == (12, 0, 0)


def test_who_may_not_see_costs_receives_without_them(client):
    goods = GoodsFactory()
    order = ordered((goods, "10", "2"))
    client.force_login(role("stock_keeper"))
    address = page("receive", order.pk)
    sent = inputs_of(client.get(address))
    assert not any(name.startswith("cost-") for name in sent)
    assert client.post(address, sent).status_code == 302
    assert Goods.objects.get(pk=goods.pk).cost == 2, "at the cost of the order"


def test_the_order_is_printed_with_its_cases(client, by):
    goods = GoodsFactory(name="梨", case_size=D(10), case_unit=UnitFactory(name="箱"))
    order = ordered((goods, "25", "2"))
    shown = text_of(client.get(page("replenishmentorder_print", order.pk)))
    for word in (order.number, "2 箱 + 5", "50.00"):
        assert word in shown


# --- the morning sheet


def test_the_sheet_says_what_is_needed_and_why(client, by):
    goods = needed(case_size=D(10), case_unit=UnitFactory(name="箱"), cost="3")
    GoodsFactory(name="没人买的瓜")
    shown = text_of(client.get(page(MORNING)))
    # 2 a day × 7 + 20 % × 2 − 1 = 13.4, which is 2 cases
    for word in ("红富士", "20 斤 = 2 箱", "13.4", "60.00", "0.5"):
        assert word in shown
    assert "没人买的瓜" not in shown
    everything = text_of(client.get(page(MORNING), {"show": "all"}))
    assert "没人买的瓜" in everything
    one = text_of(client.get(page(MORNING), {"goods": goods.pk}))
    assert "红富士" in one


def test_an_alert_leads_to_the_sheet(client, by, clock):
    goods = selling("1", name="红富士")
    alerts.check_all()
    shown = main_of(client.get(page("lowstockalert_changelist")))
    assert f"{page(MORNING)}?goods={goods.pk}" in shown


def test_the_sheet_is_narrowed(client, by):
    apple = needed("苹果", category=CategoryFactory(name="苹果蕉梨"))
    melon = needed("西瓜", category=CategoryFactory(name="瓜"))
    supplier = supplied("果园")
    suppliers.assign(apple, by=by, supplier=supplier)
    for asked, found in (
        ({"supplier": supplier.pk}, apple),
        ({"supplier": "none"}, melon),
        ({"category": melon.category_id}, melon),
        ({"q": "苹果"}, apple),
        ({"q": melon.code}, melon),
    ):
        shown = client.get(page(MORNING), asked)
        rows = [r for s in shown.context["sections"] for r in s["rows"]]
        assert [r["goods"] for r in rows] == [found], asked
    assert (
        client.get(page(MORNING), {"supplier": "x", "goods": "y", "p": "z"}).status_code
        == 200
    )


def test_one_click_drafts_the_order_of_a_supplier(client, by):
    apple, melon = needed("苹果", cost="3"), needed("西瓜", cost="2")
    orchard, field = supplied("果园"), supplied("瓜田")
    suppliers.assign(apple, by=by, supplier=orchard)
    suppliers.assign(melon, by=by, supplier=field)
    sent = inputs_of(client.get(page(MORNING)), "morning-form")
    sent[f"quantity-{apple.pk}"] = "17.5"
    sent[f"cost-{apple.pk}"] = "2.80"
    answer = client.post(page(MORNING), {**sent, "draft": str(orchard.pk)})
    order = ReplenishmentOrder.objects.get()
    assert answer.url == page("replenishmentorder_change", order.pk)
    line = order.lines.get()
    assert (order.supplier, order.status) == (orchard, ReplenishmentStatus.DRAFT)
    assert (line.goods, line.quantity, line.unit_cost) == (apple, D("17.5"), D("2.8"))
    again = inputs_of(client.get(page(MORNING)), "morning-form")
    assert again[f"quantity-{apple.pk}"] == "", (
        "what stands in a draft is not asked twice"
    )
    assert "in drafts 17.5" in text_of(client.get(page(MORNING)))


def test_all_orders_at_once_with_a_supplier_chosen_in_the_row(client, by):
    apple, melon = needed("苹果"), needed("西瓜", cost="2")
    orchard, field = supplied("果园"), supplied("瓜田")
    suppliers.assign(apple, by=by, supplier=orchard)
    sent = inputs_of(client.get(page(MORNING)), "morning-form")
    refused = client.post(page(MORNING), {**sent, "draft": "all"})
    assert "Choose a supplier." in text_of(refused)
    assert not ReplenishmentOrder.objects.exists(), "all or none"
    sent[f"supplier-{melon.pk}"] = str(field.pk)
    answer = client.post(page(MORNING), {**sent, "draft": "all"}, follow=True)
    assert ReplenishmentOrder.objects.count() == 2
    assert "2 orders drafted" in " ".join(messages_of(answer))
    assert GoodsSupply.objects.get(goods=melon).supplier == field
    line = ReplenishmentOrder.objects.get(supplier=field).lines.get()
    assert line.unit_cost == 2, "at the last cost"


def test_a_changed_supplier_is_kept(client, by):
    apple = needed("苹果")
    orchard, field = supplied("果园"), supplied("瓜田")
    suppliers.assign(apple, by=by, supplier=orchard)
    sent = inputs_of(client.get(page(MORNING)), "morning-form")
    sent[f"supplier-{apple.pk}"] = str(field.pk)
    client.post(page(MORNING), {**sent, "draft": "all"})
    assert ReplenishmentOrder.objects.get().supplier == field
    assert GoodsSupply.objects.get(goods=apple).supplier == field


def test_who_may_not_order_sees_the_sheet_without_inputs(client):
    goods = needed()
    client.force_login(role("stock_keeper"))
    shown = client.get(page(MORNING))
    assert f"quantity-{goods.pk}" not in main_of(shown)
    assert client.post(page(MORNING), {"draft": "all"}).status_code == 403


def test_the_sheet_is_taken_away(client, by):
    goods = needed(cost="3", case_size=D(10), case_unit=UnitFactory(name="箱"))
    answer = client.get(page("morning_export", "csv"))
    body = b"".join(answer.streaming_content).decode("utf-8-sig")
    [row] = csv.DictReader(io.StringIO(body))
    assert row["Code" if "Code" in row else "code"] == goods.code
    assert (D(row["suggested quantity"]), row["cases"]) == (20, "2")
    assert D(row["expected spend"]) == 60
    xlsx = client.get(page("morning_export", "xlsx"))
    assert b"".join(xlsx.streaming_content).startswith(b"PK")
    assert client.get(page("morning_export", "pdf")).status_code == 404
    logged = OperationLog.objects.filter(action="sheet.exported")
    assert logged.count() == 2


def test_the_sheet_costs_the_same_for_many(client, by):
    def ask():
        with CaptureQueriesContext(connection) as caught:
            assert client.get(page(MORNING)).status_code == 200
        return len(caught)

    supplier = supplied()
    suppliers.assign(needed(), by=by, supplier=supplier)
    ask()
    few = ask()
    for _ in range(5):
        suppliers.assign(needed(), by=by, supplier=supplier)
    assert ask() == few


def test_a_supplier_that_gets_no_orders_is_not_offered(client, by):
    goods, supplier = needed(), supplied("果园")
    suppliers.assign(goods, by=by, supplier=supplier)
    suppliers.change(supplier, by=by, name="果园", is_active=False)
    shown = client.get(page(MORNING))
    [section] = shown.context["sections"]
    assert section["supplier"] is None
    assert "There is no supplier yet" in text_of(shown)


def test_nothing_to_order_says_so(client, by):
    assert "Nothing has to be ordered" in text_of(client.get(page(MORNING)))
    assert client.get(page(MORNING), {"show": "all"}).status_code == 200
    clerk = StaffFactory(permissions=["stock.view_replenishmentorder"])
    client.force_login(clerk)
    assert "The morning sheet" in text_of(client.get(page(LIST)))


def test_the_page_of_a_balance_says_what_is_on_order(client, by):
    goods = stocked("3")
    order = ordered((goods, "10"), supplier=supplied("果园"))
    ordered((goods, "4"), supplier=supplied("菜园"))
    why = page("stockbalance_change", goods.pk)
    shown = text_of(client.get(why))
    assert "On order 14" in shown
    for word in (order.number, "果园", "菜园"):
        assert word in shown
    assert f"{page(MORNING)}?goods={goods.pk}" in main_of(client.get(why))
    client.force_login(role("finance"))
    assert order.number not in text_of(client.get(why))


def test_the_ledger_leads_to_receipts_and_stocktakes(client, by):
    goods = stocked("3")
    order = ordered((goods, "10"))
    receive(order, "10", reference="送货单88")
    stocktake = take(by, (goods, "12"))
    stocktaking.post(stocktake, by=by)
    stocktaking.undo(stocktake, by=by)
    shown = main_of(client.get(page("stockmovement_changelist")))
    assert page("replenishmentorder_change", order.pk) in shown
    assert shown.count(page("stocktake_change", stocktake.pk)) == 2
