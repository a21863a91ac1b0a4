"""The price log and the shelf log: what they say, how changes are told apart, that they
are only ever added to."""

from datetime import timedelta
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest
from django.contrib.auth.models import Permission
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.template.loader import render_to_string
from django.utils import timezone

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.base import context
from backoffice.base.appendonly import AppendOnlyError
from backoffice.oplog.models import OperationLog
from backoffice.sheets import batches, importing, undoing
from backoffice.sheets.tests.files import csv_bytes
from catalog import changes, editing, listing, logs, pricing, repricing
from catalog.admin.price_chart import MOST_LINES, chart_of
from catalog.enums import Means
from catalog.logs import Move, Prices, prices_over_time
from catalog.models import Goods, PriceLog, ShelfLog
from catalog.tests.factories import GoodsFactory, OnSaleGoodsFactory

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def by():
    return AdminFactory(nickname="周")


def last_price(goods):
    return PriceLog.objects.filter(id=goods.pk, price_changed=True).first()


# --- what a row says


def test_a_row_tells_what_moved_and_leaves_out_what_stayed(by):
    goods = GoodsFactory(price=Decimal(10))
    seen = []
    for change in (
        {"price": Decimal(11)},
        {"price": Decimal(12), "case_price": Decimal(100)},
        {"case_price": Decimal(99)},
        {"price": Decimal(13)},
        {"case_price": None},
        {"case_price": Decimal(0)},
    ):
        pricing.change_price(goods, by=by, **change)
        row = last_price(goods)
        seen.append(logs.price_moves([row])[row.pk])
    assert seen == [
        (Move(Decimal(10), Decimal(11)), None),
        (Move(Decimal(11), Decimal(12)), Move(None, Decimal(100))),
        (None, Move(Decimal(100), Decimal(99))),
        (Move(Decimal(12), Decimal(13)), None),
        (None, Move(Decimal(99), None)),
        (None, Move(None, Decimal(0))),
    ]


def test_rows_of_goods_without_a_case_ask_for_nothing_more(
    by, django_assert_num_queries
):
    goods = GoodsFactory(price=Decimal(10))
    pricing.change_price(goods, by=by, price=Decimal(11))
    rows = list(PriceLog.objects.filter(price_changed=True))
    with django_assert_num_queries(0):
        logs.price_moves(rows)


# --- by which way


def sheet_of(goods, price, by):
    text = csv_bytes([["code", "price"], [goods.code, price]])
    batch = batches.receive("prices", ContentFile(text, name="p.csv"), by=by)
    batches.start_check(batch)
    return importing.start_apply(batch, by=by, wait=True)


def by_hand(goods, by):
    pricing.change_price(goods, by=by, price=Decimal(11), reason="cost rose")
    return ""


def by_sheet(goods, by):
    return str(sheet_of(goods, "11", by).pk)


def by_run(goods, by):
    run = pricing.change_price(goods, by=AdminFactory(), price=Decimal(20)).run
    repricing.approve(run, by=by)
    return run.number


def by_schedule(goods, by):
    with context.using(means="schedule"):
        pricing.change_price(goods, by=by, price=Decimal(11), means=Means.SCHEDULE)
    return ""


def by_command(goods, by):
    with context.using(means="command"):
        pricing.change_price(goods, by=by, price=Decimal(11), means=Means.COMMAND)
    return ""


def by_rollback(goods, by):
    batch = sheet_of(goods, "11", by)
    undoing.start_undo(batch, by=by, wait=True)
    return str(batch.pk)


WAYS = {
    Means.HAND: (by_hand, "admin"),
    Means.SHEET: (by_sheet, "sheet"),
    Means.RUN: (by_run, "run"),
    Means.SCHEDULE: (by_schedule, "schedule"),
    Means.COMMAND: (by_command, "command"),
    Means.ROLLBACK: (by_rollback, "rollback"),
}


def test_every_means_is_tried():
    # a receipt changes costs, never prices
    assert set(WAYS) == set(Means) - {Means.RECEIPT}


@pytest.mark.parametrize("means", WAYS)
def test_a_price_tells_by_which_means_it_came(by, means):
    goods = OnSaleGoodsFactory(price=Decimal(10))
    act, _told = WAYS[means]
    reference = act(goods, by)
    row = last_price(goods)
    assert (row.means, row.reference) == (means, reference)
    assert row.history_user is not None


@pytest.mark.parametrize("means", WAYS)
def test_the_operation_log_tells_it_too(by, means):
    goods = OnSaleGoodsFactory(price=Decimal(10))
    act, told = WAYS[means]
    with context.using(means="admin"):
        act(goods, by)
    rows = OperationLog.objects.filter(
        target_type="catalog.goods", target_id=str(goods.pk), means=told
    )
    row = rows.filter(action__in=["goods.repriced", "goods.changed"]).first()
    assert set(row.data["changes"]) == {"price"}


def test_a_run_logs_every_goods_with_old_and_new(by):
    goods = OnSaleGoodsFactory(price=Decimal(10))
    run = pricing.change_price(
        goods, by=AdminFactory(), price=Decimal(20), case_price=Decimal(30)
    ).run
    repricing.approve(run, by=by)
    row = OperationLog.objects.get(action="goods.repriced")
    assert (row.by, row.means, row.target_id) == (by, "run", str(goods.pk))
    assert row.data == {
        "changes": {"price": ["10", "20"], "case_price": [None, "30"]},
        "run": run.number,
    }


def test_moves_by_command_stand_in_the_shelf_log(by):
    goods = OnSaleGoodsFactory(code="A1")
    call_command("goods", "delist", "A1", "--as", by.username, "--reason", "sold out")
    row = ShelfLog.objects.filter(id=goods.pk, status_changed=True).first()
    assert (row.old_status, row.status, row.means) == ("on_sale", "off_sale", "command")
    assert (row.history_user, row.history_change_reason) == (by, "sold out")


# --- only ever added to


def price_row(by):
    goods = GoodsFactory(price=Decimal(10))
    pricing.change_price(goods, by=by, price=Decimal(11))
    return last_price(goods)


def shelf_row(by):
    goods = listing.delist(OnSaleGoodsFactory(by=by), by=by)
    return ShelfLog.objects.filter(id=goods.pk, status_changed=True).first()


def operation_row(by):
    GoodsFactory()
    price_row(by)
    return OperationLog.objects.first()


LOGS = [price_row, shelf_row, operation_row]


@pytest.mark.parametrize("make", LOGS)
def test_a_log_refuses_change_by_its_model_and_its_queryset(by, make):
    row = make(by)
    rows = type(row)._default_manager.filter(pk=row.pk)
    row.means = "x"
    for act in (
        row.save,
        row.delete,
        rows.delete,
        lambda: rows.update(means="x"),
        lambda: rows.bulk_update([row], ["means"]),
    ):
        with pytest.raises(AppendOnlyError):
            act()


@pytest.mark.parametrize("make", LOGS)
@pytest.mark.parametrize(
    "sql", ["DELETE FROM {}", "UPDATE {} SET means = 'x'", "TRUNCATE {}"]
)
def test_a_log_refuses_change_at_the_database(by, make, sql):
    if connection.vendor == "sqlite" and sql.startswith("TRUNCATE"):
        pytest.skip("SQLite empties a table by DELETE, which is refused")
    row = make(by)
    table = row._meta.db_table
    count = type(row)._default_manager.count()
    # else PostgreSQL refuses for another reason
    connection.check_constraints()
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql.format(table))
    assert type(row)._default_manager.count() == count
    assert type(row)._default_manager.get(pk=row.pk).means == row.means


# --- one goods over time


def test_prices_over_time_are_what_changed(by):
    goods = GoodsFactory(price=Decimal(10), cost=Decimal("6.5"))
    editing.edit_goods(goods, {"name": "新名"}, by=by)
    pricing.change_price(goods, by=by, price=Decimal(11))
    editing.edit_goods(goods, {"cost": Decimal("7.25")}, by=by)
    pricing.change_price(goods, by=by, case_price=Decimal(100))
    seen = prices_over_time(goods.pk, with_cost=True)
    assert [tuple(prices)[1:] for prices in seen] == [
        (Decimal(10), None, Decimal("6.5")),
        (Decimal(11), None, Decimal("6.5")),
        (Decimal(11), None, Decimal("7.25")),
        (Decimal(11), Decimal(100), Decimal("7.25")),
    ]
    assert [prices.at for prices in seen] == sorted(prices.at for prices in seen)
    without = prices_over_time(goods.pk, with_cost=False)
    assert [tuple(prices)[1:] for prices in without] == [
        (Decimal(10), None, None),
        (Decimal(11), None, None),
        (Decimal(11), Decimal(100), None),
    ]


def test_a_long_history_is_read_from_its_end(by, monkeypatch):
    monkeypatch.setattr(logs, "MOST_ROWS", 2)
    goods = GoodsFactory(price=Decimal(10))
    for price in (11, 12, 13):
        pricing.change_price(goods, by=by, price=Decimal(price))
    seen = prices_over_time(goods.pk, with_cost=False)
    assert [prices.price for prices in seen] == [12, 13]


NOW = timezone.now()


def prices(*rows):
    return [
        Prices(NOW - days * DAY, *(None if v is None else Decimal(v) for v in values))
        for days, *values in rows
    ]


def test_the_chart_draws_steps_from_the_first_price_to_now():
    chart = chart_of(prices((10, 10, None, None), (5, 20, None, None)), NOW)
    [panel] = chart.panels
    [retail] = panel.series
    low, high = "90.3", "9.7"
    assert retail.path == f"M0.0 {low}H500.0V{high}H1000"
    assert [path for path, _says in retail.dots] == [
        f"M0.0 {low}h0",
        f"M500.0 {high}h0",
    ]
    assert panel.ticks == [("20.00", high), ("10.00", low)]
    assert "20.00" in panel.summary
    assert (chart.has_case, chart.has_cost) == (False, False)


def test_a_price_that_was_not_leaves_a_gap():
    chart = chart_of(
        prices(
            (10, 5, None, None), (8, 5, 50, None), (4, 5, None, None), (2, 5, 40, None)
        ),
        NOW,
    )
    retail, case = (panel.series[0] for panel in chart.panels)
    assert retail.path == "M0.0 50.0H200.0V50.0H600.0V50.0H800.0V50.0H1000"
    assert case.path.count("M") == 2
    assert len(case.dots) == 2
    assert chart.lines[1].case_price == "—"


def test_the_cost_is_a_line_of_its_own_with_its_places():
    chart = chart_of(prices((4, 10, None, "6.1250"), (2, 10, None, None)), NOW)
    [panel] = chart.panels
    assert [series.css for series in panel.series] == ["retail", "cost"]
    assert "6.125" in panel.series[1].dots[0][1]
    assert [line.cost for line in chart.lines] == ["—", "6.125"]


@pytest.mark.parametrize(
    "rows",
    [
        [(0, 10, None, None)],
        [(0, 0, None, None)],
        [(1, 0, 0, 0)],
        [(1, "9999999.99", None, "0.0001")],
    ],
)
def test_any_price_can_be_drawn(rows):
    chart = chart_of(prices(*rows), NOW)
    for panel in chart.panels:
        for series in panel.series:
            numbers = [
                float(n) for n in series.path.replace("M", " ").replace("H", " ").replace("V", " ").split()
            ]  # fmt: skip
            assert all(0 <= number <= 1000 for number in numbers)


def test_the_table_shows_the_newest_and_counts_the_rest():
    chart = chart_of(prices(*((30 - n, n, None, None) for n in range(1, 20))), NOW)
    assert [line.price for line in chart.lines][:2] == ["19.00", "18.00"]
    assert len(chart.lines) == MOST_LINES
    assert chart.rest == 19 - MOST_LINES


def test_no_history_no_chart():
    assert chart_of([]) is None


def test_the_drawing_is_sound_and_brings_no_script():
    chart = chart_of(prices((5, 10, 90, 6), (2, 11, None, 7)), NOW)
    page = render_to_string("admin/catalog/price_chart.html", {"chart": chart})
    for drawing in page.split("<svg")[1:]:
        ET.fromstring("<svg" + drawing.split("</svg>")[0] + "</svg>")  # noqa: S314 - ours
    assert "<script" not in page
    assert "style=" not in page.replace('style="top: ', "")
    assert 'role="img"' in page


def test_costs_are_not_read_for_those_who_may_not_see_them(client, by):
    goods = GoodsFactory(price=Decimal(10), cost=Decimal("6.1234"))
    user = StaffFactory(permissions=["catalog.view_historicalgoods"])
    client.force_login(user)
    address = f"/admin/catalog/pricelog/?goods={goods.pk}"
    assert "6.1234" not in client.get(address).content.decode()
    user.user_permissions.add(Permission.objects.get(codename="view_cost"))
    assert "6.1234" in client.get(address).content.decode()
    assert Goods.objects.get().cost
    assert changes.HISTORY.objects.count() == 1
