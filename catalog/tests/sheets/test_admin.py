"""The pages of sheets: who may, what they show, that they only call verbs."""

import io

import openpyxl
import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from django.utils.module_loading import import_string
from django_q.models import OrmQ

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.sheets import importing, tasks
from backoffice.sheets.models import Batch, BatchRow, Export, HeaderMapping
from backoffice.sheets.tests.files import csv_bytes
from catalog import editing
from catalog.models import Category, Goods, RepricingRun
from catalog.tests.factories import GoodsFactory, OnSaleGoodsFactory
from catalog.tests.sheets.test_import import HEADER, ROW

IMPORT = "/admin/sheets/batch/import/"
BUYER = ["sheets.add_batch", "catalog.add_goods", "catalog.change_goods"]


def upload(client, rows, *, name="货.csv", **data):
    content = rows if isinstance(rows, bytes) else csv_bytes(rows)
    return client.post(
        IMPORT, {"sheet": "goods", "file": SimpleUploadedFile(name, content), **data}
    )


def url(name, batch):
    return reverse(f"admin:sheets_{name}", args=[batch.pk])


@pytest.fixture
def buyer(shop, client):
    user = StaffFactory(permissions=BUYER)
    client.force_login(user)
    return user


# --- the way through --------------------------------------------------------------------


def test_from_the_file_to_the_goods(client, buyer):
    GoodsFactory(code="B1", name="旧", spec="旧")
    rows = [[*HEADER, "spec"], [*ROW, ""], ["B1", "新", "", "", "", "清空"]]
    answer = upload(client, rows)
    batch = Batch.objects.get()
    assert answer.status_code == 302
    assert (batch.status, batch.file_name, batch.by) == ("checked", "货.csv", buyer)
    page = client.get(answer.url).content.decode()
    for word in ("红富士", "旧", "新", "A1", url("apply", batch)):
        assert word in page
    assert not Goods.objects.filter(code="A1").exists()
    answer = client.post(url("apply", batch))
    assert answer.url == url("batch_change", batch)
    assert Goods.objects.get(code="A1").name == "红富士"
    assert Goods.objects.get(code="B1").spec == ""
    assert client.get(answer.url).status_code == 200
    assert client.get(url("undo", batch)).status_code == 200
    client.post(url("undo", batch))
    assert Goods.objects.get(code="B1").spec == "旧"
    assert client.get(answer.url).status_code == 200


def test_wrong_rows_are_shown_by_cell_and_only_the_good_ones_go_in(client, buyer):
    upload(client, [HEADER, ROW, ["A2", "香蕉", "无", "斤", "x"]])
    batch = Batch.objects.get()
    page = client.get(url("batch_change", batch)).content.decode()
    assert "C3" in page
    assert "E3" in page
    client.post(url("apply", batch))
    assert not Goods.objects.exists()
    client.post(url("apply", batch), {"only_good": "1"})
    assert Goods.objects.get().code == "A1"


def test_the_error_sheet_holds_the_rows_as_handed_in(client, buyer):
    upload(
        client, [[*HEADER, "备注"], [*ROW, ""], ["A2", "香蕉", "无", "斤", "x", "急"]]
    )
    batch = Batch.objects.get()
    answer = client.get(url("errors", batch))
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    header, row = [[c.value for c in r] for r in sheet.active.iter_rows()]
    assert header[:6] == [*HEADER, "备注"]
    assert row[:6] == ["A2", "香蕉", "无", "斤", "x", "急"]
    assert "C3" in row[6]
    assert "E3" in row[6]
    csv = b"".join(
        client.get(url("errors", batch), {"format": "csv"}).streaming_content
    )
    assert "香蕉" in csv.decode("utf-8-sig")


def test_a_foreign_header_is_named_once_and_remembered(client, buyer):
    rows = [["item_id", "标题栏", "分类", "单位", "售价"], ROW]
    answer = upload(client, rows)
    batch = Batch.objects.get()
    assert batch.status == "mapping"
    page = client.get(answer.url, follow=True).content.decode()
    assert "item_id" in page
    fields = {"A": "code", "B": "name", "C": "category", "D": "unit", "E": "price"}
    choice = {f"column-{letter}": name for letter, name in fields.items()}
    again = client.post(url("columns", batch), {**choice, "column-B": "code"})
    assert again.status_code == 200
    assert Batch.objects.get().status == "mapping"
    client.post(url("columns", batch), choice)
    batch.refresh_from_db()
    assert (batch.status, batch.new) == ("checked", 1)
    assert HeaderMapping.objects.get().by == buyer
    upload(client, rows)
    assert Batch.objects.first().status == "checked"


def test_a_sheet_without_header_keeps_its_first_row(client, buyer):
    answer = upload(client, [ROW, ["A2", *ROW[1:]]])
    batch = Batch.objects.get()
    assert "no_header" in client.get(answer.url, follow=True).content.decode()
    fields = ("code", "name", "category", "unit", "price")
    choice = {f"column-{at}": f for at, f in zip("ABCDE", fields, strict=True)}
    client.post(url("columns", batch), {**choice, "no_header": "on"})
    batch.refresh_from_db()
    assert (batch.status, batch.new) == ("checked", 2)
    # the page shows what was chosen, also where nothing is remembered
    page = client.get(url("columns", batch)).content.decode()
    assert 'name="no_header" checked' in page
    assert page.count(" selected") == len(fields)
    client.post(url("apply", batch))
    assert Goods.objects.count() == 2


def test_several_sheets_are_asked_about(client, buyer):
    book = openpyxl.Workbook()
    book.active.append(HEADER)
    other = book.create_sheet("二")
    other.append(HEADER)
    other.append(ROW)
    file = io.BytesIO()
    book.save(file)
    upload(client, file.getvalue(), name="a.xlsx")
    batch = Batch.objects.get()
    assert batch.status == "mapping"
    page = client.post(url("columns", batch), {"in": "二", "look": "1"})
    assert "红富士" in page.content.decode()
    fields = dict(zip("ABCDE", HEADER, strict=True))
    choice = {f"column-{letter}": name for letter, name in fields.items()}
    client.post(url("columns", batch), {"in": "二", **choice})
    batch.refresh_from_db()
    assert (batch.status, batch.layout["sheet"], batch.new) == ("checked", "二", 1)


def test_a_file_that_is_no_sheet_is_refused_on_the_page(client, buyer):
    answer = upload(client, b"%PDF-1.7")
    assert answer.status_code == 200
    assert 'role="alert"' in answer.content.decode()
    assert not Batch.objects.exists()
    answer = client.post(IMPORT, {"sheet": "goods"})
    assert 'role="alert"' in answer.content.decode()
    answer = client.post(
        IMPORT, {"sheet": "nonsense", "file": SimpleUploadedFile("a.csv", b"x")}
    )
    assert answer.status_code == 200


def test_missing_words_are_offered_only_to_who_may(client, buyer):
    assert "create_missing" not in client.get(IMPORT).content.decode()
    upload(client, [HEADER, ["A1", "x", "新", "斤", "1"]], create_missing="on")
    assert not Batch.objects.exists()
    manager = StaffFactory(permissions=[*BUYER, "catalog.create_missing"])
    client.force_login(manager)
    assert "create_missing" in client.get(IMPORT).content.decode()
    upload(client, [HEADER, ["A1", "x", "新", "斤", "1"]], create_missing="on")
    batch = Batch.objects.get()
    assert "新" in client.get(url("batch_change", batch)).content.decode()
    client.post(url("apply", batch))
    assert Category.objects.filter(name="新").exists()


def test_a_sheet_can_be_put_away(client, buyer):
    upload(client, [HEADER, ROW])
    batch = Batch.objects.get()
    client.post(url("cancel", batch))
    batch.refresh_from_db()
    assert batch.status == "cancelled"
    client.post(url("apply", batch))
    assert not Goods.objects.exists()


def test_what_was_handed_in_can_be_taken_away_again(client, buyer):
    content = csv_bytes([HEADER, ROW])
    upload(client, content)
    answer = client.get(url("file", Batch.objects.get()))
    assert b"".join(answer.streaming_content) == content
    assert answer["Content-Type"] == "application/octet-stream"
    assert "attachment" in answer["Content-Disposition"]


def test_html_in_cells_is_text_on_the_page(client, buyer):
    upload(client, [HEADER, ["A1", "<img src=x onerror=alert(1)>", "无", "斤", "1"]])
    page = client.get(url("batch_change", Batch.objects.get())).content.decode()
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


# --- big sheets -------------------------------------------------------------------------


def test_a_big_sheet_is_worked_through_by_a_worker(client, buyer, monkeypatch):
    from backoffice.sheets import batches

    monkeypatch.setattr(batches, "SMALL", 3)
    monkeypatch.setattr(importing, "SMALL", 3)
    upload(client, [HEADER, *([f"A{n}", *ROW[1:]] for n in range(5))])
    batch = Batch.objects.get()
    assert batch.status == "checking"
    assert OrmQ.objects.count() == 1
    page = client.get(url("batch_change", batch)).content.decode()
    assert url("progress", batch) in page
    assert client.get(url("progress", batch)).json() == {
        "busy": True,
        "done": 0,
        "total": 6,
        "errors": 0,
    }
    tasks.check_batch(batch.pk)
    tasks.check_batch(batch.pk)
    batch.refresh_from_db()
    assert (batch.status, batch.new) == ("checked", 5)
    client.post(url("apply", batch))
    assert not Goods.objects.exists()
    tasks.apply_batch(batch.pk)
    tasks.apply_batch(batch.pk)
    assert Goods.objects.count() == 5
    assert client.get(url("progress", batch)).json()["busy"] is False


def work_off():
    """Run what is queued, as a worker does: in the language of the server."""
    with translation.override(settings.LANGUAGE_CODE):
        for row in OrmQ.objects.all():
            package = row.task
            row.delete()
            import_string(package["func"])(*package["args"])


# how far an import is goes over a connection of its own, which waits for ours otherwise
@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_worker_speaks_the_language_of_who_handed_the_sheet_in(
    client, buyer, monkeypatch
):
    from backoffice.sheets import batches, undoing

    for module in (batches, importing, undoing):
        monkeypatch.setattr(module, "SMALL", 1)
    client.cookies["django_language"] = "en"
    good = [[f"A{n}", *ROW[1:]] for n in range(3)]
    upload(client, [HEADER, ["A9", *ROW[1:4], "cheap"], *good])
    work_off()
    assert BatchRow.objects.get(number=2).errors == [
        ["E2", '"cheap" is not a price, for example 12.50']
    ]
    batch = Batch.objects.get()
    client.post(url("apply", batch), {"only_good": "1"})
    work_off()
    editing.edit_goods(
        Goods.objects.get(code="A1"), {"name": "新名"}, by=AdminFactory()
    )
    client.post(url("undo", batch))
    work_off()
    batch.refresh_from_db()
    assert batch.status == "undone"
    assert batch.message
    assert batch.message.isascii()


def test_pages_of_a_long_grid(client, buyer):
    rows = [[f"A{n}", *ROW[1:4], "x" if n % 2 else "1"] for n in range(120)]
    upload(client, [HEADER, *rows])
    batch = Batch.objects.get()
    page = client.get(url("batch_change", batch)).content.decode()
    assert page.count("data-row") == 50
    last = client.get(url("batch_change", batch), {"p": "3"}).content.decode()
    assert last.count("data-row") == 20
    wrong = client.get(url("batch_change", batch), {"rows": "error", "p": "2"})
    assert wrong.content.decode().count("data-row") == 10
    odd = client.get(url("batch_change", batch), {"rows": "<x>", "p": "-9e9"})
    assert odd.status_code == 200


def test_unchanged_rows_are_folded_away(client, buyer):
    GoodsFactory(code="A1", name="红富士")
    upload(client, [["code", "name"], ["A1", "红富士"]])
    batch = Batch.objects.get()
    assert (
        client.get(url("batch_change", batch)).content.decode().count("data-row") == 0
    )
    page = client.get(url("batch_change", batch), {"rows": "unchanged"})
    assert page.content.decode().count("data-row") == 1


@pytest.mark.parametrize("rows", [1, 40])
def test_the_page_of_a_batch_costs_the_same_for_any_rows(
    client, buyer, django_assert_max_num_queries, rows
):
    upload(client, [HEADER, *([f"A{n}", *ROW[1:]] for n in range(rows))])
    batch = Batch.objects.get()
    with django_assert_max_num_queries(12):
        client.get(url("batch_change", batch))


# --- who may ----------------------------------------------------------------------------

PAGES = ["batch_change", "columns", "progress", "errors", "file", "undo"]
ACTS = ["apply", "cancel", "undo", "columns"]


def test_strangers_see_neither_pages_nor_that_there_are_any(client, buyer):
    upload(client, [HEADER, ROW])
    batch = Batch.objects.get()
    client.force_login(StaffFactory(permissions=BUYER))
    for page in PAGES:
        assert client.get(url(page, batch)).status_code == 404
    for act in ACTS:
        assert client.post(url(act, batch)).status_code == 404
    listing = client.get("/admin/sheets/batch/").content.decode()
    assert "货.csv" not in listing
    assert not Goods.objects.exists()


def test_managers_see_all_batches_but_do_not_import_them(client, buyer):
    upload(client, [HEADER, ROW])
    batch = Batch.objects.get()
    client.force_login(StaffFactory(permissions=[*BUYER, "sheets.view_all_batches"]))
    assert "货.csv" in client.get("/admin/sheets/batch/").content.decode()
    assert client.get(url("batch_change", batch)).status_code == 200
    client.post(url("apply", batch))
    assert not Goods.objects.exists()
    assert client.get(url("columns", batch)).status_code == 403


@pytest.mark.parametrize(
    ("permissions", "status"),
    [
        ([], 403),
        (["sheets.add_batch"], 403),
        (["catalog.add_goods"], 403),
        (["sheets.add_batch", "catalog.add_goods"], 200),
    ],
)
def test_handing_in_asks_for_both_permissions(client, shop, permissions, status):
    client.force_login(StaffFactory(permissions=permissions))
    assert client.get(IMPORT).status_code == status
    answer = upload(client, [HEADER, ROW])
    assert answer.status_code == (302 if status == 200 else 403)


def test_nobody_unknown_gets_in(client, shop):
    for page in (IMPORT, "/admin/sheets/batch/", "/admin/sheets/batch/export/goods/"):
        answer = client.get(page)
        assert answer.status_code == 302
        assert "login" in answer.url


def test_acts_are_posts(client, buyer):
    upload(client, [HEADER, ROW])
    batch = Batch.objects.get()
    for act in ("apply", "cancel"):
        assert client.get(url(act, batch)).status_code == 405
    assert not Goods.objects.exists()


def test_costs_are_not_shown_to_who_may_not_see_them(client, shop):
    client.force_login(shop)
    upload(client, [[*HEADER, "cost"], [*ROW, "5.4321"]])
    batch = Batch.objects.get()
    assert "5.4321" in client.get(url("batch_change", batch)).content.decode()
    client.force_login(StaffFactory(permissions=[*BUYER, "sheets.view_all_batches"]))
    assert "5.4321" not in client.get(url("batch_change", batch)).content.decode()


def test_rows_cannot_be_touched_by_the_admins_own_forms(client, shop):
    client.force_login(shop)
    upload(client, [HEADER, ROW])
    batch = Batch.objects.get()
    client.post(url("batch_change", batch), {"status": "applied"})
    assert client.get("/admin/sheets/batch/add/").status_code == 403
    assert client.post(f"/admin/sheets/batch/{batch.pk}/delete/").status_code == 403
    batch.refresh_from_db()
    assert batch.status == "checked"
    assert BatchRow.objects.count() == 1


# --- downloads --------------------------------------------------------------------------


def test_a_list_is_exported_as_it_is_filtered(client, shop):
    GoodsFactory(code="A1")
    OnSaleGoodsFactory(code="A2")
    client.force_login(shop)
    page = client.get("/admin/catalog/goods/?tab=on_sale").content.decode()
    assert "/admin/sheets/batch/export/goods/?tab=on_sale" in page
    address = "/admin/sheets/batch/export/goods/"
    assert client.get(f"{address}?tab=on_sale").status_code == 200
    answer = client.get(f"{address}?tab=on_sale&format=csv")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert "A2" in text
    assert "A1" not in text
    answer = client.get(f"{address}?format=xlsx")
    book = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    assert {row[0].value for row in book.active.iter_rows(min_row=2)} == {"A1", "A2"}


def test_exports_ask_for_the_permission(client, shop):
    client.force_login(StaffFactory(permissions=["catalog.change_goods"]))
    address = "/admin/sheets/batch/export/goods/"
    assert client.get(address).status_code == 403
    assert client.get(f"{address}?format=csv").status_code == 403
    client.force_login(AdminFactory())
    assert client.get("/admin/sheets/batch/export/nothing/").status_code == 404


def test_templates_are_for_who_may_import(client, buyer):
    assert client.get("/admin/sheets/batch/templates/").status_code == 200
    for kind in ("xlsx", "csv"):
        answer = client.get(f"/admin/sheets/batch/templates/goods.{kind}")
        assert b"".join(answer.streaming_content)
    assert client.get("/admin/sheets/batch/templates/goods.pdf").status_code == 404
    client.force_login(StaffFactory(permissions=["catalog.view_goods"]))
    assert client.get("/admin/sheets/batch/templates/").status_code == 403
    assert client.get("/admin/sheets/batch/templates/goods.csv").status_code == 403


def test_old_previews_are_put_away(client, buyer):
    from datetime import timedelta

    from django.utils import timezone

    upload(client, [HEADER, ROW])
    upload(client, [HEADER, ROW])
    old = Batch.objects.last()
    Batch.objects.filter(pk=old.pk).update(
        created_at=timezone.now() - timedelta(days=8)
    )
    assert tasks.drop_abandoned() == 1
    old.refresh_from_db()
    assert (old.status, old.rows.count()) == ("cancelled", 0)
    assert Batch.objects.first().status == "checked"
    assert client.get(url("batch_change", old)).status_code == 200


def test_a_sheet_can_be_put_away_while_it_is_checked(client, buyer, monkeypatch):
    from backoffice.sheets import batches

    monkeypatch.setattr(batches, "SMALL", 1)
    upload(client, [HEADER, ROW])
    batch = Batch.objects.get()
    monkeypatch.setattr(
        "backoffice.sheets.staging.stage",
        lambda *args: client.post(url("cancel", batch)),
    )
    batches.run_check(batch.pk)
    batch.refresh_from_db()
    assert batch.status == "cancelled"


def test_what_is_wrong_with_a_whole_sheet_is_told_by_its_batch(
    client, buyer, monkeypatch
):
    monkeypatch.setenv("SHOP_SHEET_MAX_ROWS", "1")
    answer = upload(client, [HEADER, ROW, ["A2", *ROW[1:]]])
    batch = Batch.objects.get()
    assert batch.status == "refused"
    assert batch.message in client.get(answer.url).content.decode()
    Batch.objects.update(status="checking", message="")
    tasks.check_batch(batch.pk)
    batch.refresh_from_db()
    assert batch.status == "refused"


def test_an_import_that_breaks_off_can_be_tried_again(client, buyer, monkeypatch):
    upload(client, [HEADER, ROW])
    batch = Batch.objects.get()

    def broken(*args):
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr("catalog.resources.writing.record_all", broken)
        with pytest.raises(ZeroDivisionError):
            client.post(url("apply", batch))
    batch.refresh_from_db()
    assert batch.status == "checked"
    assert batch.message
    assert not Goods.objects.exists()
    client.post(url("apply", batch))
    assert Goods.objects.count() == 1
    with monkeypatch.context() as patch:
        patch.setattr("catalog.resources.undoing.record_all", broken)
        with pytest.raises(ZeroDivisionError):
            client.post(url("undo", batch))
    batch.refresh_from_db()
    assert batch.status == "applied"


# --- exports by a worker ------------------------------------------------------------------


@pytest.fixture
def big_exports(monkeypatch):
    from backoffice.sheets import exports

    monkeypatch.setattr(exports, "SMALL", 2)
    monkeypatch.setattr(exports, "STEP", 1)


def test_a_big_export_is_written_by_a_worker(client, shop, big_exports):
    for n in range(3):
        GoodsFactory(code=f"A{n}")
    OnSaleGoodsFactory(code="B1")
    client.force_login(shop)
    address = "/admin/sheets/batch/export/goods/?tab=draft&format=csv"
    answer = client.get(address)
    asked = Export.objects.get()
    assert answer.url == url("export_page", asked)
    assert (asked.rows_total, asked.status, OrmQ.objects.count()) == (3, "running", 1)
    assert url("export_progress", asked) in client.get(answer.url).content.decode()
    assert client.get(url("export_progress", asked)).json()["busy"] is True
    assert client.get(url("export_file", asked)).status_code == 404
    tasks.write_export(asked.pk)
    tasks.write_export(asked.pk)
    asked.refresh_from_db()
    assert (asked.status, asked.done) == ("done", 3)
    page = client.get(answer.url).content.decode()
    assert url("export_file", asked) in page
    text = b"".join(client.get(url("export_file", asked)).streaming_content)
    assert "A2" in text.decode("utf-8-sig")
    assert "B1" not in text.decode("utf-8-sig")
    client.force_login(AdminFactory())
    for page in ("export_page", "export_progress", "export_file"):
        assert client.get(url(page, asked)).status_code == 404


def test_an_export_is_refused_where_the_permission_is_gone(client, shop, big_exports):
    for n in range(3):
        GoodsFactory(code=f"A{n}")
    user = StaffFactory(permissions=["catalog.view_goods"])
    client.force_login(user)
    client.get("/admin/sheets/batch/export/goods/?format=csv")
    user.user_permissions.clear()
    asked = Export.objects.get()
    tasks.write_export(asked.pk)
    asked.refresh_from_db()
    assert asked.status == "failed"
    assert not asked.file


def test_an_export_is_written_by_one_worker_at_a_time(
    client, shop, big_exports, monkeypatch
):
    from backoffice.jobs import leases
    from backoffice.jobs.models import Lease
    from backoffice.sheets import exports

    for n in range(3):
        GoodsFactory(code=f"A{n}")
    client.force_login(shop)
    client.get("/admin/sheets/batch/export/goods/?format=csv")
    asked = Export.objects.get()
    monkeypatch.setattr(exports, "STEP", 1)
    renew = leases.renew

    def late(held):
        # the worker was away for so long that another took it over
        Lease.objects.filter(key=held.key).update(holder="another")
        renew(held)

    monkeypatch.setattr(leases, "renew", late)
    tasks.write_export(asked.pk)
    asked.refresh_from_db()
    assert (asked.status, bool(asked.file)) == ("running", False)
    monkeypatch.setattr(leases, "renew", renew)
    tasks.write_export(asked.pk)
    asked.refresh_from_db()
    assert asked.status == "running"
    Lease.objects.all().delete()
    tasks.write_export(asked.pk)
    asked.refresh_from_db()
    assert asked.status == "done"


def test_an_export_that_breaks_off_says_so(client, shop, big_exports, monkeypatch):
    for n in range(3):
        GoodsFactory(code=f"A{n}")
    client.force_login(shop)
    client.get("/admin/sheets/batch/export/goods/?format=csv")
    asked = Export.objects.get()

    def broken(*args, **options):
        raise ZeroDivisionError

    monkeypatch.setattr("backoffice.sheets.writing.write", broken)
    with pytest.raises(ZeroDivisionError):
        tasks.write_export(asked.pk)
    asked.refresh_from_db()
    assert asked.status == "failed"
    assert asked.message in client.get(url("export_page", asked)).content.decode()


def test_files_of_exports_go_after_some_days(client, shop, big_exports):
    from datetime import timedelta

    from django.utils import timezone

    for n in range(3):
        GoodsFactory(code=f"A{n}")
    client.force_login(shop)
    client.get("/admin/sheets/batch/export/goods/?format=csv")
    asked = Export.objects.get()
    tasks.write_export(asked.pk)
    Export.objects.update(created_at=timezone.now() - timedelta(days=8))
    assert tasks.drop_abandoned() == 1
    asked.refresh_from_db()
    assert asked.status == "gone"
    assert client.get(url("export_file", asked)).status_code == 404
    assert tasks.drop_abandoned() == 0


# --- where one goes on ------------------------------------------------------------------


def test_an_import_leads_on_to_its_drafts_and_its_run(client, shop):
    client.force_login(shop)
    OnSaleGoodsFactory(code="B1", price="5")
    upload(client, [HEADER, ROW, ["B1", "", "", "", "50"]])
    batch = Batch.objects.get()
    drafts = reverse("admin:catalog_goods_changelist") + "?tab=draft"
    assert drafts not in client.get(url("batch_change", batch)).content.decode()
    client.post(url("apply", batch))
    batch.refresh_from_db()
    run = RepricingRun.objects.get(number=batch.run)
    to_run = reverse("admin:catalog_repricingrun_change", args=[run.pk])
    page = client.get(url("batch_change", batch)).content.decode()
    assert drafts in page
    assert to_run in page
    assert client.get(drafts).status_code == 200
    # who only looks gets no way to what they may not do
    viewer = StaffFactory(permissions=["sheets.view_batch", "sheets.view_all_batches"])
    client.force_login(viewer)
    page = client.get(url("batch_change", batch)).content.decode()
    assert drafts not in page
    assert to_run not in page


def exported(by, **facts):
    return Export.objects.create(
        sheet="goods", format="csv", by=by, rows_total=3, language="en", **facts
    )


def test_exports_are_found_again_by_who_asked_for_them(client, shop):
    clerk = StaffFactory(permissions=["catalog.view_goods"])
    mine = exported(clerk, status="done", done=3, file="exports/x")
    running = exported(clerk, done=1)
    theirs = exported(shop)
    client.force_login(clerk)
    address = reverse("admin:sheets_export_changelist")
    page = client.get(address).content.decode()
    assert url("export_file", mine) in page
    assert running.file_name in page
    assert url("export_file", running) not in page
    assert theirs.file_name not in page
    answer = client.get(url("export_change", running))
    assert answer.url == url("export_page", running)
    assert client.get(answer.url).status_code == 200
    assert client.get(url("export_page", theirs)).status_code == 404
    client.force_login(StaffFactory())
    assert client.get(address).status_code == 403


def test_the_list_of_exports_asks_the_same_for_one_and_many(
    client, shop, django_assert_max_num_queries
):
    client.force_login(shop)
    address = reverse("admin:sheets_export_changelist")
    exported(shop)
    with CaptureQueriesContext(connection) as one:
        client.get(address)
    for _ in range(10):
        exported(shop, status="done", file="exports/x")
    with django_assert_max_num_queries(len(one)):
        client.get(address)
