"""The pictures column: stored paths, put in order, taken away, given."""

import csv
import io
from decimal import Decimal

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from PIL import Image

from backoffice.accounts.tests.factories import StaffFactory
from backoffice.sheets import undoing
from backoffice.sheets.models import Batch
from catalog import changes, pictures, pricing
from catalog.models import Goods, GoodsPicture
from catalog.models.goods import picture_path
from catalog.tests.factories import GoodsFactory, OnSaleGoodsFactory
from catalog.tests.sheets.test_import import HEADER, ROW

IMAGES = ["code", "images"]


def jpeg(colour="red"):
    file = io.BytesIO()
    Image.new("RGB", (30, 20), colour).save(file, "JPEG")
    return file.getvalue()


def stored():
    """A stored picture that no goods has."""
    return default_storage.save(picture_path(None, ""), ContentFile(jpeg()))


def pictured(shop, code, count=2):
    goods = GoodsFactory(code=code)
    pictures.add_pictures(
        goods, [io.BytesIO(jpeg(c)) for c in ["red", "blue", "green"][:count]], by=shop
    )
    goods.refresh_from_db()
    return goods


def paths(goods):
    return [str(p.image) for p in goods.pictures.order_by("sequence")]


def test_pictures_are_put_in_order(sheet, shop):
    goods = pictured(shop, "A1")
    one, two = paths(goods)
    answer = sheet([IMAGES, ["A1", f"{two}|{one}"]])
    assert answer.counts["changed"] == 1
    goods.refresh_from_db()
    assert paths(goods) == [two, one]
    assert goods.image == one
    row = changes.HISTORY.objects.filter(id=goods.pk).first()
    assert row.content_changed
    assert row.means == "sheet"


def test_pictures_are_taken_away_and_the_first_left_is_the_main_one(sheet, shop):
    goods = pictured(shop, "A1")
    _one, two = paths(goods)
    sheet([IMAGES, ["A1", two]])
    goods.refresh_from_db()
    assert (paths(goods), goods.image) == ([two], two)
    assert goods.pictures.get().is_main
    sheet([IMAGES, ["A1", "清空"]])
    goods.refresh_from_db()
    assert (paths(goods), goods.image) == ([], "")


def test_stored_pictures_are_given_to_goods_old_and_new(sheet, shop):
    goods = pictured(shop, "B1", count=1)
    here, there = stored(), stored()
    answer = sheet(
        [
            [*HEADER, "images"],
            [*ROW, here],
            ["B1", "", "", "", "", f"{there} | {paths(goods)[0]}"],
        ]
    )
    assert (answer.status, answer.counts["new"], answer.counts["changed"]) == (0, 1, 1)
    new = Goods.objects.get(code="A1")
    assert (new.image, paths(new)) == (here, [here])
    picture = new.pictures.get()
    assert (picture.is_main, picture.width, picture.height) == (True, 30, 20)
    goods.refresh_from_db()
    assert paths(goods)[0] == there
    assert goods.pictures.filter(is_main=True).count() == 1


@pytest.mark.parametrize(
    "cell",
    [
        "https://example.com/a.jpg",
        "../../etc/passwd",
        "goods/../x.jpg",
        "/goods/aa/bb.jpg",
        "goods/aa/none.jpg",
        "banners/aa/bb.jpg",
    ],
)
def test_what_is_no_stored_picture_is_refused(sheet, cell):
    GoodsFactory(code="A1")
    assert sheet([IMAGES, ["A1", cell]]).cells == ["B2"]
    assert not GoodsPicture.objects.exists()


def test_a_picture_belongs_to_one_goods(sheet, shop):
    other = pictured(shop, "A2")
    GoodsFactory(code="A1")
    answer = sheet([IMAGES, ["A1", paths(other)[0]]])
    assert answer.cells == ["B2"]
    assert "A2" in answer.messages["B2"]


def test_a_file_that_is_no_picture_is_refused(sheet):
    GoodsFactory(code="A1")
    path = default_storage.save(picture_path(None, ""), ContentFile(b"no picture"))
    assert sheet([IMAGES, ["A1", path]]).cells == ["B2"]


def test_too_many_or_twice_the_same_is_refused(sheet):
    GoodsFactory(code="A1")
    path = stored()
    assert sheet([IMAGES, ["A1", f"{path}|{path}"]]).cells == ["B2"]
    many = "|".join(f"goods/aa/{n}.jpg" for n in range(13))
    assert sheet([IMAGES, ["A1", many]]).cells == ["B2"]


def test_pictures_of_reviewed_goods_are_for_reviewers(sheet):
    OnSaleGoodsFactory(code="A1")
    buyer = StaffFactory(permissions=["sheets.add_batch", "catalog.change_goods"])
    assert sheet([IMAGES, ["A1", stored()]], by=buyer).cells == ["B2"]


def test_pictures_are_put_back_by_an_undo(sheet, shop):
    goods = pictured(shop, "A1")
    before = paths(goods)
    sheet([IMAGES, ["A1", stored()]])
    assert paths(goods) != before
    undoing.start_undo(Batch.objects.get(), by=shop)
    assert paths(goods) == before


def exported(tmp_path):
    path = tmp_path / "out.csv"
    call_command("sheet", "export", "goods", str(path), stdout=io.StringIO())
    return path


def test_exported_pictures_come_back_unchanged(sheet, shop, tmp_path):
    pictured(shop, "A1", count=3)
    GoodsFactory(code="A2")
    answer = sheet(exported(tmp_path))
    assert answer.counts["unchanged"] == 2


def test_pictures_that_moved_on_in_the_shop_are_a_conflict(sheet, shop, tmp_path):
    goods, other = pictured(shop, "A1"), pictured(shop, "A2")
    path = exported(tmp_path)
    pictures.remove_picture(goods.pictures.last(), by=shop)
    pricing.change_price(other, by=shop, price=Decimal(5))
    rows = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"))))
    at = rows[0].index("images")
    rows[2][at] = "|".join(reversed(rows[2][at].split("|")))
    answer = sheet(rows)
    assert (answer.counts["conflicts"], answer.counts["changed"]) == (1, 1)


@pytest.mark.parametrize("rows", [1, 20])
def test_pictures_cost_the_same_queries_for_any_rows(
    sheet, shop, django_assert_max_num_queries, rows
):
    some = []
    for n in range(rows):
        goods = pictured(shop, f"A{n}")
        some.append([goods.code, "|".join([*reversed(paths(goods)), stored()])])
    with django_assert_max_num_queries(75):
        assert sheet([IMAGES, *some]).counts["changed"] == rows


def test_pictures_of_a_row_that_is_refused_at_last_are_not_given(shop, tmp_path):
    from django.core.files import File

    from backoffice.sheets import batches, importing
    from backoffice.sheets.tests.files import write_csv

    here, there = stored(), stored()
    path = write_csv(
        tmp_path / "new.csv",
        [[*HEADER, "images"], [*ROW, here], ["A2", *ROW[1:], there]],
    )
    with path.open("rb") as file:
        batch = batches.receive("goods", File(file), by=shop, check=True)
    GoodsFactory(code="a1")
    importing.start_apply(batch, by=shop, only_good=True)
    assert paths(Goods.objects.get(code="A2")) == [there]
    assert GoodsPicture.objects.count() == 1
    batch.refresh_from_db()
    assert (batch.done, batch.conflicts) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_the_import_asks_no_file_server_inside_its_transaction(
    file_server, sheet, shop, monkeypatch
):
    from django.db import connection

    from media_client import MediaClient

    goods, path = GoodsFactory(code="A1"), stored()
    reads = []
    act = MediaClient.open

    def watched(self, name, **options):
        assert not connection.in_atomic_block
        reads.append(name)
        return act(self, name, **options)

    monkeypatch.setattr(MediaClient, "open", watched)
    answer = sheet([IMAGES, ["A1", path]])
    assert answer.counts["changed"] == 1
    assert reads == [path]
    picture = goods.pictures.get()
    assert (picture.width, picture.height) == (30, 20)


@pytest.mark.django_db(transaction=True)
def test_a_picture_that_went_since_its_size_was_told_is_missing(
    file_server, sheet, shop
):
    GoodsFactory(code="A1")
    path = stored()
    assert sheet([IMAGES, ["A1", path]], "--dry-run").status == 0
    default_storage.delete(path)
    answer = sheet([IMAGES, ["A1", path]])
    assert answer.status == 1
    assert path[:20] in answer.messages["B2"]
