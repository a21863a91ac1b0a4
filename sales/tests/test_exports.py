"""Orders and their lines as sheets."""

import csv
import io
from decimal import Decimal

import pytest
from django.test import Client

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.sheets import exports
from backoffice.sheets.definitions import get
from backoffice.sheets.models import Export
from sales import weighing
from sales.models import Order
from sales.tests.factories import ask, counter_order, customer, paid, place, shelf

pytestmark = pytest.mark.django_db
LIST = "/admin/sales/order/"


def browser_of(user):
    browser = Client(headers={"accept-language": "en"})
    browser.force_login(user)
    return browser


def sheet(browser, name, query=""):
    answer = browser.get(f"/admin/sheets/batch/export/{name}/?format=csv{query}")
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture
def orders():
    apple = shelf("A1", price="20.00", is_weighed=True, cost=Decimal("12.0000"))
    first = paid(place(ask(apple, "3.5"), ask(shelf("P1", price="10.00")), points=0))
    line = first.lines.get(code="A1")
    weighing.weigh(first, {line.pk: Decimal("3.4")}, by=AdminFactory())
    return first, counter_order(ask(shelf("G1", price="9.90"), "2"))


def test_every_order_is_a_row(orders):
    first, second = orders
    rows = sheet(browser_of(AdminFactory()), "orders")
    assert [row["order number"] for row in rows] == [second.order_no, first.order_no]
    assert (rows[1]["goods total"], rows[1]["paid"], rows[1]["paid by"]) == (
        "80.00",
        "80.00",
        "Cash",
    )
    assert (rows[1]["receiver"], rows[1]["mobile"]) == ("李雷", "13800138000")
    assert (rows[0]["source"], rows[0]["status"]) == (
        "At the counter",
        "Awaiting payment",
    )


def test_every_line_is_a_row(orders):
    rows = sheet(browser_of(AdminFactory()), "order_lines")
    assert [
        (r["code"], r["quantity"], r["amount"], r["real weight"]) for r in rows
    ] == [
        ("G1", "2.000", "19.80", ""),
        ("A1", "3.500", "70.00", "3.400"),
        ("P1", "1.000", "10.00", ""),
    ]
    assert rows[1]["cost"] == "12.0000"


def test_the_filters_of_the_list_are_carried_over(orders):
    browser = browser_of(AdminFactory())
    assert len(sheet(browser, "orders", "&tab=paid")) == 1
    assert len(sheet(browser, "order_lines", "&tab=paid")) == 2
    page = browser.get(f"{LIST}?tab=paid").content.decode()
    for name in ("orders", "order_lines"):
        assert f"/admin/sheets/batch/export/{name}/?tab=paid" in page


def test_personal_data_and_costs_are_for_who_may_see_them(orders):
    browser = browser_of(StaffFactory(permissions=["sales.view_order"]))
    row = sheet(browser, "orders")[0]
    assert not {"receiver", "mobile", "address", "customer", "message"} & row.keys()
    assert "cost" not in sheet(browser, "order_lines")[0]
    nobody = browser_of(StaffFactory(permissions=["catalog.view_goods"]))
    for name in ("orders", "order_lines"):
        assert nobody.get(f"/admin/sheets/batch/export/{name}/").status_code == 403


def test_many_are_written_by_a_worker_who_says_how_far(orders, monkeypatch):
    monkeypatch.setattr(exports, "SMALL", 1)
    browser = browser_of(AdminFactory())
    answer = browser.get("/admin/sheets/batch/export/order_lines/?format=csv")
    asked = Export.objects.get()
    assert answer.url == f"/admin/sheets/batch/exports/{asked.pk}/"
    assert asked.rows_total == 3


def test_a_message_does_no_harm_in_a_spreadsheet(orders):
    Order.objects.update(message="=1+1")
    rows = sheet(browser_of(AdminFactory()), "orders")
    assert rows[0]["message"] == "'=1+1"


@pytest.mark.parametrize("name", ["orders", "order_lines"])
def test_as_many_queries_for_many_orders_as_for_one(
    name, django_assert_num_queries, django_assert_max_num_queries
):
    definition = get(name)
    user = customer()
    for count in (1, 4):
        while Order.objects.count() < count:
            place(ask(shelf(price="70.00")), user=user)
        with django_assert_num_queries(2):
            rows = definition.export(definition.everything(), definition.columns)
            assert len(list(rows)) == count
