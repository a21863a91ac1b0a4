"""django-import-export's resources: the same check, the same verbs."""

import io
import json
from decimal import Decimal

import pytest
import tablib
from django.core.management import CommandError, call_command

from backoffice.accounts.tests.factories import StaffFactory
from backoffice.base.errors import NotPermitted
from backoffice.sheets import library
from backoffice.sheets.errors import SheetRefused
from backoffice.sheets.models import Batch
from catalog import changes
from catalog.models import Goods
from catalog.resources.library import GoodsResource, PricesResource
from catalog.tests.factories import GoodsFactory
from catalog.tests.sheets.test_import import HEADER, ROW


def dataset(*rows):
    return tablib.Dataset(*rows, headers=HEADER)


def test_a_resource_imports_by_our_verbs(shop):
    GoodsFactory(code="B1", name="旧")
    result = GoodsResource().import_data(
        dataset(ROW, ["B1", "新", None, None, None]), user=shop
    )
    assert not result.has_errors()
    assert not result.has_validation_errors()
    assert (result.totals["new"], result.totals["update"]) == (1, 1)
    assert Goods.objects.get(code="B1").name == "新"
    assert (
        changes.HISTORY.objects.filter(reference=str(Batch.objects.get().pk)).count()
        == 2
    )


def test_a_dry_run_of_a_resource_writes_nothing(shop):
    result = GoodsResource().import_data(dataset(ROW), dry_run=True, user=shop)
    assert result.totals["new"] == 1
    assert not Goods.objects.exists()


def test_wrong_rows_are_told_by_cell_and_nothing_is_written(shop):
    result = GoodsResource().import_data(
        dataset(ROW, ["B1", "香蕉", "无", "斤", "x"]), user=shop
    )
    assert result.has_validation_errors()
    (row,) = result.invalid_rows
    assert row.number == 3
    assert [m.partition(":")[0] for m in row.non_field_specific_errors] == ["C3", "E3"]
    assert not Goods.objects.exists()


def test_a_resource_asks_who_and_whether_they_may(shop):
    with pytest.raises(TypeError):
        GoodsResource().import_data(dataset(ROW))
    stranger = StaffFactory()
    assert GoodsResource().import_data(dataset(ROW), user=stranger).has_errors()
    with pytest.raises(NotPermitted):
        GoodsResource().import_data(dataset(ROW), user=stranger, raise_errors=True)
    with pytest.raises(NotPermitted):
        PricesResource().export(user=stranger)


def test_what_a_resource_exports_it_takes_back_unchanged(shop):
    GoodsFactory(code="A1", name="=1+1", spec="'x", price=Decimal("9.90"))
    exported = GoodsResource().export(user=shop)
    result = GoodsResource().import_data(exported, user=shop)
    assert result.totals["skip"] == 1
    assert result.total_rows == 1


def test_formats_of_the_library_are_exported(shop, tmp_path):
    GoodsFactory(code="A1", name="=1+1", price=Decimal("9.90"))
    for name in ("g.json", "g.tsv"):
        call_command(
            "sheet", "export", "goods", str(tmp_path / name), stdout=io.StringIO()
        )
    (row,) = json.loads((tmp_path / "g.json").read_text())
    assert (row["code"], row["name"]) == ("A1", "=1+1")
    text = (tmp_path / "g.tsv").read_text(encoding="utf-8")
    assert "'=1+1\t" in text


def test_what_stands_in_memory_has_a_limit(shop, tmp_path, monkeypatch):
    monkeypatch.setattr(library, "MOST_ROWS", 1)
    GoodsFactory(code="A1")
    GoodsFactory(code="A2")
    with pytest.raises(SheetRefused):
        GoodsResource().export(user=shop)
    with pytest.raises(CommandError):
        call_command("sheet", "export", "goods", str(tmp_path / "g.json"))
    assert not list(tmp_path.iterdir())
