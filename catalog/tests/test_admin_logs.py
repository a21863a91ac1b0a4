"""Pages of the price log and the shelf log: of one goods, their links, their exports."""

import csv
import io
import re
from datetime import timedelta
from decimal import Decimal

import openpyxl
import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone, translation
from django_q.models import OrmQ

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.oplog.models import OperationLog
from backoffice.sheets import batches, definitions, exports, importing, tasks, undoing
from backoffice.sheets.models import Export
from backoffice.sheets.tests.files import csv_bytes
from backoffice.tests.pages import main_of, text_of
from catalog import listing, pricing, repricing
from catalog.enums import Means
from catalog.tests.factories import GoodsFactory, OnSaleGoodsFactory
from catalog.tests.pages import queries_of, role, url

pytestmark = pytest.mark.django_db

LOGS = {"pricelog": "price_log", "shelflog": "shelf_log"}
SEE_LOGS = "catalog.view_historicalgoods"


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


def of_goods(log, goods):
    return f"{url(log)}?goods={goods.pk}"


def export_url(sheet, query=""):
    return reverse("admin:sheets_export", args=[sheet]) + query


def repriced(by, code="A1", **change):
    goods = GoodsFactory(code=code, name="脐橙", price=Decimal(10))
    pricing.change_price(goods, by=by, **{"price": Decimal(11), **change})
    return goods


def sheet_of(goods, price, by):
    text = csv_bytes([["code", "price"], [goods.code, price]])
    batch = batches.receive("prices", ContentFile(text, name="p.csv"), by=by)
    batches.start_check(batch)
    return importing.start_apply(batch, by=by, wait=True)


# --- the part of one goods


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("log", LOGS)
def test_a_goods_leads_to_its_part_of_each_log(client, by, log, language):
    goods = OnSaleGoodsFactory(code="A1", name="脐橙", price=Decimal(10), by=by)
    pricing.change_price(goods, by=by, price=Decimal(11))
    other = OnSaleGoodsFactory(code="B-1", name="香蕉", price=Decimal(10))
    pricing.change_price(other, by=by, price=Decimal(12))
    client.cookies["django_language"] = language
    address = of_goods(log, goods)
    for name in ("change", "history"):
        assert address in client.get(url("goods", name, goods.pk)).content.decode()
    response = client.get(address)
    assert {row.code for row in response.context["cl"].result_list} == {"A1"}
    page = main_of(response)
    assert "脐橙" in page
    assert url("goods", "change", goods.pk) in page
    assert url("goods", "history", goods.pk) in page
    # a sign that no random token on the page has
    assert "B-1" not in page
    assert ("<svg" in page) is (log == "pricelog")


def test_the_ways_to_the_logs_are_for_those_who_may_see_them(client):
    goods = OnSaleGoodsFactory()
    shown = {}
    for name in ("buyer", "reviewer", "manager"):
        client.force_login(role(name))
        page = main_of(client.get(url("goods", "history", goods.pk)))
        shown[name] = [
            of_goods("pricelog", goods) in page,
            of_goods("shelflog", goods) in page,
            "object=catalog.goods" in page,
        ]
    assert shown == {
        "buyer": [False, False, False],
        "reviewer": [True, True, False],
        "manager": [True, True, True],
    }
    client.force_login(role("buyer"))
    assert client.get(of_goods("pricelog", goods)).status_code == 403


def test_the_operation_log_of_one_goods_is_shown_from_its_history(client, by):
    goods, _other = repriced(by), repriced(by, code="B1")
    page = main_of(client.get(url("goods", "history", goods.pk)))
    address = re.search(r'href="([^"]*object=catalog.goods[^"]*)"', page)[1]
    listed = text_of(client.get(address.replace("&amp;", "&")))
    assert "A1" in listed
    assert "B1" not in listed


@pytest.mark.parametrize("value", ["999999", "x", "-1", "9" * 30, "²", "1' OR 1=1"])
@pytest.mark.parametrize("log", LOGS)
def test_a_goods_that_is_not_there_has_no_rows(client, by, log, value):
    repriced(by)
    response = client.get(url(log), {"goods": value})
    assert response.status_code == 200
    assert list(response.context["cl"].result_list) == []


def test_the_part_of_one_goods_is_filtered_like_the_whole(client, by):
    goods = repriced(by)
    pricing.change_price(
        goods, by=AdminFactory(), price=Decimal(12), means=Means.COMMAND
    )
    day = timezone.localdate()
    for query, count in (
        ({}, 2),
        ({"person": by.pk}, 1),
        ({"means": "command"}, 1),
        ({"history_date_from": day, "history_date_to": day}, 2),
        ({"history_date_from": day + timedelta(days=1)}, 0),
    ):
        response = client.get(url("pricelog"), {"goods": goods.pk, **query})
        assert len(response.context["cl"].result_list) == count, query


def test_the_part_of_one_goods_has_constant_queries(client, by):
    goods = repriced(by)
    address = of_goods("pricelog", goods)
    one = queries_of(client, address)
    for price in range(12, 20):
        case_price = Decimal(price * 10)
        pricing.change_price(goods, by=by, price=Decimal(price), case_price=case_price)
    assert queries_of(client, address) == one + 1
    # the case prices before are one query more; further rows are none
    for price in range(20, 25):
        pricing.change_price(goods, by=by, price=Decimal(price))
    assert queries_of(client, address) == one + 1


def test_the_chart_says_what_it_shows_to_those_who_cannot_see_it(client, by):
    goods = repriced(by, case_price=Decimal(100))
    page = main_of(client.get(of_goods("pricelog", goods)))
    assert "Retail price: now 11.00, lowest 10.00, highest 11.00" in page
    assert "Case price: now 100.00" in page


# --- runs and batches


def test_batches_and_runs_are_links_for_those_who_may_open_them(client, by):
    handed_in_by = StaffFactory(
        permissions=["sheets.add_batch", "catalog.price_goods", SEE_LOGS]
    )
    goods = OnSaleGoodsFactory(code="A1", price=Decimal(10))
    batch = sheet_of(goods, "11", handed_in_by)
    undoing.start_undo(batch, by=by, wait=True)
    run = pricing.change_price(goods, by=AdminFactory(), price=Decimal(30)).run
    repricing.approve(run, by=by)
    to_batch = reverse("admin:sheets_batch_change", args=[batch.pk])
    to_run = url("repricingrun", "change", run.pk)
    readers = {
        "superuser": (by, 2, 1),
        "who handed it in": (handed_in_by, 2, 0),
        "reviewer": (role("reviewer"), 0, 0),
        "merchandiser": (role("merchandiser"), 0, 1),
        "manager": (role("manager"), 2, 1),
    }
    for name, (user, batch_links, run_links) in readers.items():
        client.force_login(user)
        page = main_of(client.get(of_goods("pricelog", goods)))
        assert page.count(f'href="{to_batch}"') == batch_links, name
        assert page.count(f'href="{to_run}"') == run_links, name
        assert f"Batch {batch.pk}" in page, name
        assert run.number in page, name
        if batch_links:
            assert client.get(to_batch).status_code == 200, name
        if run_links:
            assert client.get(to_run).status_code == 200, name
    page = main_of(client.get(url("goods", "history", goods.pk)))
    assert page.count(f'href="{to_batch}"') == 2


def test_a_reference_that_is_no_batch_stays_as_it_is_written(client, by):
    repriced(by, means=Means.HAND, reference="42")
    repriced(by, code="B1", means=Means.SHEET, reference="B42")
    page = main_of(client.get(url("pricelog")))
    assert "42" in page
    assert "Batch" not in page


# --- exports


def content_of(response):
    """What a download holds; `close()` would end the test's own connection."""
    content = b"".join(response.streaming_content)
    for close in response._resource_closers:
        close()
    return content


def rows_of(response):
    body = content_of(response)
    if body.startswith(b"PK"):
        sheet = openpyxl.load_workbook(io.BytesIO(body)).active
        return [list(row) for row in sheet.iter_rows(values_only=True)]
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))


def test_the_price_log_is_exported_with_old_and_new(client, by):
    goods = repriced(by, case_price=Decimal(100), reason="cost rose")
    batch = sheet_of(goods, "12", by)
    header, newest, first = rows_of(client.get(export_url("price_log", "?format=xlsx")))
    assert header == [
        "time", "code", "name", "retail price before", "retail price after",
        "case price before", "case price after", "by", "reason", "means", "reference",
    ]  # fmt: skip
    assert newest[1:] == [
        "A1", "脐橙", 11, 12, None, None, "周", None, "Sheet", f"Batch {batch.pk}",
    ]  # fmt: skip
    assert first[1:] == [
        "A1", "脐橙", 10, 11, None, 100, "周", "cost rose", "By hand", None,
    ]  # fmt: skip
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", first[0])
    assert first[0].startswith(f"{timezone.localdate():%Y-%m-%d}")


def test_the_shelf_log_is_exported_in_the_readers_words(client, by):
    listing.delist(OnSaleGoodsFactory(code="A1", by=by), by=by, reason="sold out")
    rows = rows_of(client.get(export_url("shelf_log", "?format=csv")))
    assert rows[1][1:] == [
        "A1", "红富士苹果", "On sale", "Off sale", "周", "sold out", "By hand", "",
    ]  # fmt: skip
    assert [row[3] for row in rows[2:]] == ["Approved", "Awaiting review", "Draft"]
    client.cookies["django_language"] = "zh-hans"
    assert rows_of(client.get(export_url("shelf_log", "?format=csv")))[0][0] != "time"


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_export_holds_what_the_list_shows(client, by, kind):
    one, two = repriced(by), repriced(by, code="B1", means=Means.COMMAND)
    other = AdminFactory()
    pricing.change_price(one, by=other, price=Decimal(12))
    day = timezone.localdate()
    for query, count in (
        ("", 3),
        (f"goods={two.pk}", 1),
        (f"person={other.pk}", 1),
        ("means=command", 1),
        ("q=B1", 1),
        (f"history_date_from={day}&history_date_to={day}", 3),
        (f"history_date_to={day - timedelta(days=1)}", 0),
        ("goods=999999", 0),
    ):
        address = export_url("price_log", f"?{query}&format={kind}")
        assert len(rows_of(client.get(address))) == count + 1, query
        listed = client.get(f"{url('pricelog')}?{query}")
        tool = re.search(
            r'href="([^"]*/export/price_log/[^"]*)"', listed.content.decode()
        )[1]
        assert client.get(tool.replace("&amp;", "&")).status_code == 200


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_what_a_spreadsheet_would_run_is_made_harmless(client, by, kind, start):
    goods = GoodsFactory(code="A1", name=f"{start}1+1|cmd", price=Decimal(10))
    pricing.change_price(goods, by=by, price=Decimal(11), reason=f"{start}HYPERLINK()")
    response = client.get(export_url("price_log", f"?format={kind}"))
    if kind == "csv":
        row = rows_of(response)[1]
        assert row[2] == f"'{start}1+1|cmd"
        assert row[8] == f"'{start}HYPERLINK()"
        return
    book = openpyxl.load_workbook(io.BytesIO(content_of(response)))
    cells = [cell for row in book.active.iter_rows(min_row=2) for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n", "inlineStr"}
    assert f"{start}1+1|cmd" in [cell.value for cell in cells]


@pytest.mark.parametrize(
    ("sheet", "permission"),
    [
        ("price_log", SEE_LOGS),
        ("shelf_log", SEE_LOGS),
        ("operation_log", "oplog.view_operationlog"),
    ],
)
def test_an_export_is_for_who_may_see_the_log(client, sheet, permission):
    others = {SEE_LOGS, "oplog.view_operationlog", "catalog.view_goods"} - {permission}
    client.force_login(StaffFactory(permissions=[*others, "sheets.add_batch"]))
    for query in ("", "?format=csv"):
        assert client.get(export_url(sheet, query)).status_code == 403
    client.force_login(StaffFactory(permissions=[permission]))
    page = client.get(export_url(sheet, "?means=command"))
    assert page.status_code == 200
    back = re.search(
        r'href="(/admin/[a-z]+/[a-z]+/\?means=command)"', page.content.decode()
    )
    assert client.get(back[1]).status_code == 200
    assert "imported again" not in page.content.decode()
    response = client.get(export_url(sheet, "?format=csv"))
    assert response.status_code == 200
    assert content_of(response)
    log = OperationLog.objects.get(action="sheet.exported")
    assert log.data["sheet"] == sheet


@pytest.mark.parametrize("log", LOGS)
def test_a_long_log_is_written_in_the_background(client, by, log, monkeypatch):
    monkeypatch.setattr(exports, "SMALL", 2)
    monkeypatch.setattr(exports, "STEP", 1)
    for code in ("A1", "A2", "A3"):
        goods = OnSaleGoodsFactory(code=code, price=Decimal(10), by=by)
        pricing.change_price(goods, by=by, price=Decimal(11))
    GoodsFactory(code="B1")
    answer = client.get(export_url(LOGS[log], "?q=A&format=csv"))
    asked = Export.objects.get()
    assert answer.url == reverse("admin:sheets_export_page", args=[asked.pk])
    assert OrmQ.objects.count() == 1
    assert asked.status == "running"
    tasks.write_export(asked.pk)
    asked.refresh_from_db()
    lines = {"pricelog": 3, "shelflog": 9}[log]
    assert (asked.status, asked.done, asked.rows_total) == ("done", lines, lines)
    file = client.get(reverse("admin:sheets_export_file", args=[asked.pk]))
    assert len(rows_of(file)) == lines + 1
    assert asked.file_name.startswith(LOGS[log])


@pytest.mark.parametrize("log", LOGS)
def test_an_export_asks_no_more_for_more_rows(by, log, django_assert_max_num_queries):
    for code in ("A1", "A2", "A3", "A4"):
        goods = OnSaleGoodsFactory(code=code, price=Decimal(10), case_price=9, by=by)
        pricing.change_price(goods, by=by, price=Decimal(11))
    definition = definitions.get(LOGS[log])
    with django_assert_max_num_queries(3):
        rows = list(definition.export(definition.everything(), definition.columns))
    assert len(rows) == {"pricelog": 4, "shelflog": 12}[log]


def test_logs_are_taken_away_and_never_handed_in(client, by, tmp_path):
    repriced(by)
    path = tmp_path / "log.csv"
    out = io.StringIO()
    call_command("sheet", "export", "price_log", str(path), stdout=out)
    assert path.read_text(encoding="utf-8-sig").splitlines()[0].startswith("time,code")
    for act in ("import", "template"):
        with pytest.raises(CommandError, match="invalid choice"):
            call_command("sheet", act, "price_log", str(path), "--as", by.username)
    page = client.get(reverse("admin:sheets_import")).content.decode()
    assert "price_log" not in page
    assert (
        "price_log"
        not in client.get(reverse("admin:sheets_templates")).content.decode()
    )
    answer = client.post(
        reverse("admin:sheets_import"),
        {"sheet": "price_log", "file": ContentFile(path.read_bytes(), name="log.csv")},
    )
    assert "You may not import" in answer.content.decode()
