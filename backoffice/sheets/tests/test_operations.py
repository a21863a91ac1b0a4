"""The operation log as a sheet: who did what to what, before and after."""

from decimal import Decimal

import pytest
from django.utils import translation

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.base import context, ports
from backoffice.oplog.models import OperationLog
from backoffice.oplog.record import record
from backoffice.sheets import definitions
from backoffice.sheets.models import Batch
from catalog import editing
from catalog.tests.factories import CategoryFactory, GoodsFactory

pytestmark = pytest.mark.django_db

LIST = "/admin/oplog/operationlog/"


@pytest.fixture(autouse=True)
def _english(settings):
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield


def exported():
    definition = definitions.get("operation_log")
    names = [column.name for column in definition.columns]
    return [
        dict(zip(names, row, strict=True))
        for row in definition.export(definition.everything(), definition.columns)
    ]


def test_a_row_tells_before_and_after_in_words():
    by = AdminFactory(nickname="周")
    goods = GoodsFactory(code="A1", category=CategoryFactory(name="苹果"))
    pears = CategoryFactory(name="梨")
    with context.using(means="admin", ip="203.0.113.9", request_id="r-1"):
        editing.edit_goods(
            goods, {"name": "雪花梨", "category": pears}, by=by, reason="mixed up"
        )
    [row] = exported()
    assert row["by"] == "周"
    assert row["action"] == "Goods changed"
    assert (row["kind"], row["object"]) == ("goods", "A1 雪花梨")
    assert set(row["before"].split("\n")) == {"Name: 红富士苹果", "Category: 苹果"}
    assert set(row["after"].split("\n")) == {"Name: 雪花梨", "Category: 梨"}
    assert row["details"] == "Reason: mixed up"
    assert (row["means"], row["address"]) == ("Back office", "203.0.113.9")
    assert row["request"] == "r-1"


def test_what_the_system_did_and_who_it_was_about():
    person = StaffFactory(nickname="李敏")
    record(by=None, action="session.failed", account="13800000000")
    record(by=person, action="staff.changed", target=person, fields=["mobile"])
    newest, oldest = exported()
    assert newest["object"] == "李敏"
    assert oldest["by"] == "The system"
    assert oldest["before"] == ""


def test_rows_come_newest_first_and_ask_no_more_for_more(django_assert_num_queries):
    by = AdminFactory()
    goods = GoodsFactory()
    names = [CategoryFactory(name=f"分类{n}") for n in range(3)]
    for category in names * 3:
        editing.edit_goods(goods, {"category": category}, by=by)
    definition = definitions.get("operation_log")
    with django_assert_num_queries(1 + len(names) + 1):
        rows = list(definition.export(definition.everything(), definition.columns))
    assert len(rows) == 9
    assert [row[0] for row in rows] == sorted((row[0] for row in rows), reverse=True)


def cost_changed():
    goods = GoodsFactory(code="A1", cost=Decimal("4.3000"))
    editing.edit_goods(goods, {"cost": Decimal("4.6000")}, by=AdminFactory())
    return OperationLog.objects.get()


@pytest.mark.parametrize("may", [True, False])
def test_costs_are_told_only_to_those_who_may_see_them(client, may):
    row = cost_changed()
    permissions = ["oplog.view_operationlog", *(["catalog.view_cost"] if may else [])]
    client.force_login(StaffFactory(permissions=permissions))
    address = "/admin/sheets/batch/export/operation_log/?format=csv"
    export = client.get(address)
    pages = [
        client.get(LIST).content.decode(),
        client.get(f"{LIST}{row.pk}/change/").content.decode(),
        b"".join(export.streaming_content).decode(),
    ]
    for page in pages:
        assert "Cost" in page
        assert ("4.6000" in page) is may
        assert ("4.3000" in page) is may


def test_the_machines_operator_sees_all():
    cost_changed()
    definition = definitions.get("operation_log")
    columns = definition.visible_columns(None)
    [row] = definition.export(definition.everything(), columns)
    assert "Cost: 4.6000" in row


def test_nobody_hands_it_in():
    definition = definitions.get("operation_log")
    assert definition.writable == []
    assert not definition.may_import(AdminFactory())


# --- on its page


def test_the_page_offers_the_export_of_what_it_shows(client):
    client.force_login(StaffFactory(permissions=["oplog.view_operationlog"]))
    page = client.get(f"{LIST}?means=command").content.decode()
    assert "/admin/sheets/batch/export/operation_log/?means=command" in page


def test_without_sheets_there_is_no_export(client):
    client.force_login(AdminFactory())
    with ports.sheet_tools.instead(None):
        assert "/batch/export/" not in client.get(LIST).content.decode()


@pytest.mark.parametrize(
    ("permissions", "is_link"),
    [(["sheets.view_all_batches"], True), (["sheets.add_batch"], False), ([], False)],
)
def test_what_a_sheet_wrote_names_its_batch(client, permissions, is_link):
    batch = Batch.objects.create(sheet="goods", file_size=1, by=AdminFactory())
    goods = GoodsFactory()
    with context.using(means="sheet", ip="203.0.113.9"):
        row = record(
            by=batch.by, action="goods.created", target=goods, batch=str(batch.pk)
        )
        record(by=batch.by, action="sheet.imported", target=batch)
        record(by=batch.by, action="goods.changed", target=goods, batch="B-1")
    user = StaffFactory(permissions=["oplog.view_operationlog", *permissions])
    client.force_login(user)
    link = f'href="/admin/sheets/batch/{batch.pk}/change/"'
    listed = client.get(LIST).content.decode()
    assert listed.count(f"Batch {batch.pk}") >= 2
    assert "Sheet" in listed
    cells = listed.split('class="field-way')
    assert sum(link in cell.split("</td>")[0] for cell in cells) == 2 * is_link
    page = client.get(f"{LIST}{row.pk}/change/").content.decode()
    assert (link in page) is is_link


@pytest.mark.parametrize("means", ["sheet", "run", "rollback", "command", "schedule"])
def test_the_log_is_filtered_by_every_means(client, means):
    client.force_login(AdminFactory())
    for name in ("admin", "sheet", "run", "rollback", "command", "schedule"):
        with context.using(means=name):
            record(by=None, action="goods.changed")
    found = client.get(LIST, {"means": means}).context["cl"].result_list
    assert [row.means for row in found] == [means]
