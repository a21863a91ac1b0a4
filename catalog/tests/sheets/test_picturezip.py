"""Pictures of many goods in one zip: preview, import, undo; hostile zips."""

import io
import os
import struct
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from PIL import Image

from backoffice.accounts.tests.factories import StaffFactory
from backoffice.sheets import batches, importing, undoing
from backoffice.sheets.errors import BatchNotReady, SheetRefused
from backoffice.sheets.models import Batch, BatchRow
from backoffice.sheets.reading.archive import Archive
from backoffice.storage import StoreUnavailable
from catalog import changes, pictures, review
from catalog.models import Goods, GoodsPicture, StagedPicture
from catalog.resources import picturezip
from catalog.resources.picturezip import code_and_place
from catalog.tests.factories import ApprovedGoodsFactory, GoodsFactory
from media_client import MediaClient
from media_client.standin import Fault

JUNK = {"__MACOSX/._A1.jpg": b"x", ".DS_Store": b"x", "sub/Thumbs.db": b"x"}


@pytest.fixture(autouse=True)
def _english(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    with translation.override("en"):
        yield


def jpeg(colour="red", size=(60, 40), kind="JPEG"):
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, kind)
    return out.getvalue()


def packed(files, **options):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", **options) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


@pytest.fixture
def take(shop):
    """`take(files, by=…)`: hand a zip in and check it, as the page does."""

    def run(files, by=None):
        content = packed(files) if isinstance(files, dict) else files
        batch = batches.receive(
            "pictures",
            File(io.BytesIO(content), name="photos.zip"),
            by=by or shop,
            check=True,
        )
        batch.refresh_from_db()
        return batch

    return run


def told(batch):
    return {
        row.key: row.errors[0][1] if row.errors else row.reason or row.outcome
        for row in BatchRow.objects.filter(batch=batch)
    }


def images(goods):
    return [str(p.image) for p in goods.pictures.order_by("sequence", "pk")]


def colours(goods):
    found = []
    for name in images(goods):
        with default_storage.open(name) as file, Image.open(file) as image:
            red, green, blue = image.convert("RGB").getpixel((5, 5))
            found.append(max((red, "red"), (green, "lime"), (blue, "blue"))[1])
    return found


# --- names ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "code", "place"),
    [
        ("A12.jpg", "A12", 1),
        ("A12-2.jpg", "A12", 2),
        ("A12_3.JPG", "A12", 3),
        ("A12 (2).png", "A12", 2),
        ("A12 2.png", "A12", 2),
        ("A-12-2.jpg", "A-12", 2),
        ("6901234567892.jpg", "6901234567892", 1),
        ("苹果-01-2.jpg", "苹果-01", 2),
        ("A-100.jpg", "A-100", 1),
        ("-2.jpg", "-2", 1),
        ("A12\u200b.jpg", "A12", 1),
    ],
)
def test_a_name_says_the_code_and_which_picture(name, code, place):
    assert code_and_place(name)[1:] == (code, place)


def test_a_goods_of_that_very_code_wins(take, shop):
    one, other = GoodsFactory(code="A1"), GoodsFactory(code="A1-2")
    batch = take({"A1.jpg": jpeg(), "A1-2.jpg": jpeg("blue")})
    importing.start_apply(batch, by=shop)
    assert len(images(one)) == len(images(other)) == 1


# --- the way of a zip -------------------------------------------------------------------


def test_pictures_are_previewed_imported_and_taken_back(take, shop):
    apple, pear = GoodsFactory(code="A1"), GoodsFactory(code="B2")
    pictures.add_pictures(pear, [io.BytesIO(jpeg("lime"))], by=shop)
    files = {
        "photos/A1-2.jpg": jpeg("blue"),
        "photos/a1.JPG": jpeg("red"),
        "photos/B2.png": jpeg("red", kind="PNG"),
        **JUNK,
    }
    batch = take(files)
    assert (batch.status, batch.changed, batch.wrong) == ("checked", 3, 0)
    assert batch.rows_total == 3
    assert "3 files" in batch.layout["notes"][0]
    # nothing is in the shop before the import
    assert images(apple) == []
    assert StagedPicture.objects.exclude(image="").count() == 3

    batch = importing.start_apply(batch, by=shop)
    assert (batch.status, batch.done) == ("applied", 3)
    apple.refresh_from_db()
    assert colours(apple) == ["red", "blue"]
    assert apple.image == images(apple)[0]
    assert colours(pear) == ["lime", "red"]
    assert not StagedPicture.objects.exclude(image="").exists()
    row = changes.HISTORY.objects.filter(id=apple.pk).latest("history_id")
    assert (row.means, row.reference, row.content_changed) == (
        "sheet",
        str(batch.pk),
        True,
    )

    batch = undoing.start_undo(batch, by=shop)
    apple.refresh_from_db()
    assert batch.status == "undone"
    assert (images(apple), apple.image) == ([], "")
    assert colours(pear) == ["lime"]


@pytest.mark.django_db(transaction=True)
def test_files_of_an_undone_zip_are_gone_and_others_stay(take, shop):
    goods = GoodsFactory(code="A1")
    own = pictures.add_pictures(goods, [io.BytesIO(jpeg("lime"))], by=shop)[0]
    batch = importing.start_apply(take({"A1.jpg": jpeg()}), by=shop)
    mine = images(goods)[1]
    undoing.start_undo(batch, by=shop)
    assert not default_storage.exists(mine)
    assert default_storage.exists(str(own.image))


def test_a_picture_that_was_removed_meanwhile_is_no_trouble_for_an_undo(take, shop):
    goods = GoodsFactory(code="A1")
    batch = take({"A1.jpg": jpeg(), "A1-2.jpg": jpeg("blue")})
    importing.start_apply(batch, by=shop)
    pictures.remove_picture(goods.pictures.first(), by=shop)
    undone = undoing.start_undo(Batch.objects.get(), by=shop)
    assert (undone.status, images(goods)) == ("undone", [])


def test_the_same_zip_again_adds_nothing(take, shop):
    goods = GoodsFactory(code="A1")
    files = {"A1.jpg": jpeg(), "A1-2.jpg": jpeg("blue")}
    importing.start_apply(take(files), by=shop)
    again = take(files)
    assert (again.changed, again.unchanged) == (0, 2)
    assert told(again)["A1.jpg"] == "This goods has the picture already."
    assert len(images(goods)) == 2


def test_the_same_picture_twice_in_a_zip_is_taken_once(take, shop):
    GoodsFactory(code="A1")
    batch = take({"A1.jpg": jpeg(), "A1-2.jpg": jpeg()})
    assert (batch.changed, batch.unchanged) == (1, 1)
    assert told(batch)["A1-2.jpg"] == 'The same picture as "A1.jpg".'


def test_what_is_wrong_is_said_by_file_and_the_good_ones_can_go_in(
    take, shop, monkeypatch
):
    monkeypatch.setenv("SHOP_PICTURE_MAX_MB", "1")
    goods = GoodsFactory(code="A1")
    batch = take(
        {
            "A1.jpg": jpeg(),
            "NOPE-3.jpg": jpeg(),
            "A1-2.jpg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            "A1-3.jpg": jpeg()[:60],
            "A1-4.txt": b"hello",
            "more.zip": packed({"A1.jpg": jpeg()}),
            "A1-5.jpg": b"\xff\xd8\xff" + b"\0" * 2**20,
            "A1-6.jpg": b"",
            "x" * 200 + ".jpg": jpeg(),
        }
    )
    words = told(batch)
    assert (batch.changed, batch.wrong) == (1, 8)
    assert words["NOPE-3.jpg"] == 'There is no goods with the code "NOPE".'
    assert "SVG" in words["A1-2.jpg"]
    assert "damaged" in words["A1-3.jpg"]
    assert "not a picture" in words["A1-4.txt"]
    assert "inside the zip" in words["more.zip"]
    assert "larger than 1 MB" in words["A1-5.jpg"]
    assert "empty" in words["A1-6.jpg"]
    with pytest.raises(BatchNotReady):
        importing.start_apply(batch, by=shop)
    assert images(goods) == []
    importing.start_apply(Batch.objects.get(), by=shop, only_good=True)
    assert len(images(goods)) == 1


def test_a_goods_takes_no_more_than_twelve(take, shop):
    goods = GoodsFactory(code="A1")
    colour = "#0000{:02x}".format
    pictures.add_pictures(
        goods, [io.BytesIO(jpeg(colour(n))) for n in range(10)], by=shop
    )
    batch = take({f"A1-{n}.jpg": jpeg(f"#00{n:02x}00") for n in range(1, 4)})
    assert (batch.changed, batch.wrong) == (2, 1)
    assert "more than 12" in told(batch)["A1-3.jpg"]


def test_whoever_may_not_change_a_goods_is_told_so(take, shop):
    editor = StaffFactory(permissions=["sheets.add_batch", "catalog.change_goods"])
    ApprovedGoodsFactory(code="A1")
    batch = take({"A1.jpg": jpeg()}, by=editor)
    assert batch.wrong == 1
    assert "you may not change its" in told(batch)["A1.jpg"]


def test_what_was_approved_since_the_check_is_a_conflict(take, shop):
    editor = StaffFactory(permissions=["sheets.add_batch", "catalog.change_goods"])
    goods = GoodsFactory(code="A1")
    batch = take({"A1.jpg": jpeg()}, by=editor)
    review.submit(goods, by=shop)
    review.approve(goods, by=shop)
    with pytest.raises(BatchNotReady):
        importing.start_apply(batch, by=editor)
    batch.refresh_from_db()
    assert (batch.status, batch.conflicts, images(goods)) == ("checked", 1, [])


def test_a_check_that_broke_off_stores_no_picture_twice(take, shop, monkeypatch):
    GoodsFactory(code="A1")
    batch = take({"A1.jpg": jpeg(), "A1-2.jpg": jpeg("blue")})
    before = set(StagedPicture.objects.values_list("image", flat=True))
    Batch.objects.update(status="checking")
    stored = []
    monkeypatch.setattr(pictures, "store", stored.append)
    batches.run_check(batch.pk)
    batch.refresh_from_db()
    assert (batch.status, batch.changed, stored) == ("checked", 2, [])
    assert set(StagedPicture.objects.values_list("image", flat=True)) == before


def test_pictures_of_a_zip_that_was_put_away_are_deleted(take, shop):
    GoodsFactory(code="A1")
    batch = take({"A1.jpg": jpeg()})
    name = str(StagedPicture.objects.get().image)
    assert picturezip.drop_unused() == 0
    batches.cancel(batch, by=shop)
    assert picturezip.drop_unused() == 1
    assert not default_storage.exists(name)
    assert not StagedPicture.objects.exists()


def test_a_zip_of_long_ago_is_deleted_and_can_still_be_taken_back(take, shop):
    goods = GoodsFactory(code="A1")
    batch = importing.start_apply(take({"A1.jpg": jpeg()}), by=shop)
    Batch.objects.update(created_at=timezone.now() - timedelta(days=31))
    path = Path(batch.file.path)
    assert path.exists()
    picturezip.drop_unused()
    assert not path.exists()
    undoing.start_undo(Batch.objects.get(), by=shop)
    assert images(goods) == []


def test_the_command_looks_first_and_takes_then(sheet, shop, tmp_path):
    goods = GoodsFactory(code="A1")
    path = tmp_path / "photos.zip"
    path.write_bytes(packed({"A1.jpg": jpeg(), "A2.jpg": jpeg("blue")}))
    look = sheet(path, "--dry-run", kind="pictures")
    assert (look.status, look.counts["changed"], len(look.json["errors"])) == (1, 1, 1)
    assert not StagedPicture.objects.exists()
    assert not Batch.objects.exists()
    taken = sheet(path, "--only-good", kind="pictures")
    assert (taken.counts["changed"], len(images(goods))) == (1, 1)


def test_names_in_old_chinese_letters_are_read(take, shop):
    goods = GoodsFactory(code="苹果1")
    content = packed({"PPPPP.jpg": jpeg()})
    name = "苹果1.jpg".encode("gb18030")
    assert len(name) == len(b"PPPPP.jpg")
    batch = take(content.replace(b"PPPPP.jpg", name))
    assert told(batch) == {"苹果1.jpg": "changed"}
    importing.start_apply(batch, by=shop)
    assert len(images(goods)) == 1


def test_queries_do_not_grow_with_the_files(take):
    for n in range(20):
        GoodsFactory(code=f"A{n}")
    take({"A1.jpg": jpeg()})
    with CaptureQueriesContext(connection) as few:
        take({f"A{n}.jpg": jpeg(f"#0000{n:02x}") for n in range(2)})
    with CaptureQueriesContext(connection) as many:
        take({f"A{n}.jpg": jpeg(f"#00{n:02x}00") for n in range(20)})
    assert len(many) == len(few)


# --- hostile zips -----------------------------------------------------------------------


def refused(content, tmp_path, max_files=50):
    path = tmp_path / "hostile.zip"
    path.write_bytes(content)
    with pytest.raises(SheetRefused) as refusal, Archive(path, max_files=max_files):
        pass
    return str(refusal.value)


@pytest.mark.parametrize(
    "name",
    [
        "../A1.jpg",
        "a/../../A1.jpg",
        "/etc/A1.jpg",
        "C:/A1.jpg",
        "..\\A1.jpg",
        "a\n.jpg",
    ],
)
def test_names_that_lead_out_are_refused(tmp_path, name):
    # the zip is written by hand where the library would mend the name
    words = refused(packed({name: jpeg()}), tmp_path)
    assert "outside of itself" in words


def test_a_bomb_is_not_unpacked(tmp_path):
    content = packed(
        {f"A{n}.jpg": b"\0" * 2**22 for n in range(40)},
        compression=zipfile.ZIP_DEFLATED,
    )
    assert len(content) < 2**20
    assert "far more" in refused(content, tmp_path)


def test_files_that_share_their_content_are_refused(tmp_path):
    content = packed({"A1.jpg": os.urandom(1000), "A2.jpg": b"x"})
    # the second entry of the list points at the first one's content
    listed = content.index(b"PK\x01\x02")
    second = content.index(b"PK\x01\x02", listed + 4)
    forged = bytearray(content)
    forged[second + 20 : second + 28] = forged[listed + 20 : listed + 28]
    forged[second + 42 : second + 46] = forged[listed + 42 : listed + 46]
    assert "far more" in refused(bytes(forged), tmp_path)


def test_20_000_files_are_refused_before_their_list_is_read(tmp_path, monkeypatch):
    content = packed({f"A{n}.jpg": b"x" for n in range(20_000)})
    monkeypatch.setattr(zipfile, "ZipFile", None)
    assert "more than 2000 files" in refused(content, tmp_path, max_files=2000)


def test_a_list_that_hides_its_length_is_refused(tmp_path):
    content = bytearray(packed({f"A{n}.jpg": b"x" for n in range(100)}))
    end = content.rindex(b"PK\x05\x06")
    content[end + 8 : end + 12] = struct.pack("<HH", 1, 1)
    assert "more than 50 files" in refused(bytes(content), tmp_path)


def test_a_protected_zip_is_refused(tmp_path):
    content = bytearray(packed({"A1.jpg": jpeg()}))
    listed = content.index(b"PK\x01\x02")
    content[listed + 8] |= 1
    assert "password" in refused(bytes(content), tmp_path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"hello", "not a zip"),
        (b"Rar!\x1a\x07\x00" + b"x" * 100, "not a zip"),
        (packed({"A1.jpg": jpeg()})[:-30], "broken"),
        (packed({"A1.jpg": jpeg()})[:100], "broken"),
        (packed({}), "no pictures"),
        (packed(JUNK), "no pictures"),
        (packed({"folder/": b""}), "no pictures"),
    ],
)
def test_what_is_no_good_zip_is_refused(tmp_path, content, words):
    assert words in refused(content, tmp_path)


def test_links_and_foreign_packing_are_refused_by_file(take, shop):
    GoodsFactory(code="A1")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        link = zipfile.ZipInfo("A1.jpg")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        other = zipfile.ZipInfo("A1-2.jpg")
        archive.writestr(other, jpeg(), compress_type=zipfile.ZIP_BZIP2)
    words = told(take(out.getvalue()))
    assert "link" in words["A1.jpg"]
    assert "ordinary zip" in words["A1-2.jpg"]


def test_a_file_that_was_changed_inside_the_zip_is_refused(take, shop):
    GoodsFactory(code="A1")
    content = bytearray(packed({"A1.jpg": jpeg()}))
    content[content.index(b"A1.jpg") + 100] ^= 0xFF
    assert "damaged inside" in told(take(bytes(content)))["A1.jpg"]


def test_a_name_that_stands_twice_is_refused(take, shop):
    GoodsFactory(code="A1")
    batch = take({"a/A1.jpg": jpeg(), "b/A1.jpg": jpeg("blue")})
    assert batch.wrong == 2


def test_nothing_is_kept_of_a_zip_that_is_refused(take, shop):
    with pytest.raises(SheetRefused):
        take(packed({"../A1.jpg": jpeg()}))
    assert not Batch.objects.exists()


# --- the file server --------------------------------------------------------------------


def _unreachable(*args, **kwargs):
    raise AssertionError("the file server was asked inside a transaction")


@pytest.mark.django_db(transaction=True)
def test_with_a_file_server_nothing_is_asked_of_it_inside_the_import(
    file_server, take, shop, monkeypatch
):
    goods = GoodsFactory(code="A1")
    batch = take({"A1.jpg": jpeg(), "A1-2.jpg": jpeg("blue")})
    # whatever is asked of the server inside the transaction fails
    monkeypatch.setattr(MediaClient, "upload", _unreachable)
    monkeypatch.setattr(MediaClient, "exists", _unreachable)
    monkeypatch.setattr(MediaClient, "open", _unreachable)
    importing.start_apply(batch, by=shop)
    monkeypatch.undo()
    assert colours(goods) == ["red", "blue"]
    names = images(goods)
    undoing.start_undo(batch, by=shop)
    assert not any(default_storage.exists(name) for name in names)


@pytest.mark.django_db(transaction=True)
def test_a_server_that_is_away_refuses_the_zip_in_words(file_server, take, shop):
    GoodsFactory(code="A1")
    file_server.config.faults = [Fault.BROKEN] * 9
    with pytest.raises(StoreUnavailable, match="file server"):
        take({"A1.jpg": jpeg()})
    assert Batch.objects.get().status == "refused"
    assert not GoodsPicture.objects.exists()
    assert Goods.objects.count() == 1
