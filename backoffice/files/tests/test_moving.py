"""Files move between disk and server while the shop runs; what nothing names goes."""

import io
import json
import os
import time

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from PIL import Image

from backoffice.accounts.tests.factories import AdminFactory
from backoffice.files import moving, naming, orphans, tasks, thumbnails
from backoffice.files.models import FileState, StoredFile
from backoffice.files.places import is_ours
from catalog import pictures
from catalog.models import GoodsPicture
from catalog.tests.factories import GoodsFactory
from media_client.standin import Fault

pytestmark = pytest.mark.django_db(transaction=True)
LONG_AGO = time.time() - 30 * 86400


def upload(colour="red"):
    out = io.BytesIO()
    Image.new("RGB", (300, 200), colour).save(out, "PNG")
    return SimpleUploadedFile("x.png", out.getvalue())


def goods_with(*colours):
    goods = GoodsFactory()
    pictures.add_pictures(goods, [upload(c) for c in colours], by=AdminFactory())
    goods.refresh_from_db()
    return goods


def command(*args, **options):
    out = io.StringIO()
    call_command("media", *args, "--json", stdout=out, stderr=io.StringIO(), **options)
    return json.loads(out.getvalue())


def names():
    return [str(n) for n in GoodsPicture.objects.values_list("image", flat=True)]


def read(name):
    with storages["default"].open(name) as file:
        return file.read()


@pytest.fixture
def on_disk(file_server, settings):
    """Two goods whose pictures lie on the disk, before the server is used."""
    settings.FILE_SERVER_UPLOADS = False
    first, second = goods_with("red", "blue"), goods_with("red")
    settings.FILE_SERVER_UPLOADS = True
    return first, second


def test_all_files_move_to_the_server_and_rows_follow(on_disk, file_server, settings):
    before = [read(name) for name in names()]
    thumbnails.make(names()[0])
    found = command("move", "--to", file_server.url)
    assert found == {
        "total": 3, "moved": 3, "failed": 0, "missing": 0, "bytes": sum(map(len, before)),
    }  # fmt: skip
    assert all(is_ours(name) for name in names())
    assert [read(name) for name in names()] == before
    for goods in on_disk:
        goods.refresh_from_db()
        assert goods.image == str(goods.pictures.get(is_main=True).image)
    disk = settings.MEDIA_ROOT
    assert [p for p in disk.rglob("*") if p.is_file()] == []
    # the two red ones are one file, used by two
    assert sorted(StoredFile.objects.values_list("references", flat=True)) == [1, 2]
    assert command("move", "--to", file_server.url)["total"] == 0


def test_a_move_that_breaks_off_goes_on_where_it_was(on_disk, file_server):
    file_server.config.faults = [Fault.FULL]
    with pytest.raises(CommandError, match="1 files were not moved"):
        command("move", "--to", file_server.url)
    assert sum(is_ours(name) for name in names()) == 2
    assert command("move", "--to", file_server.url)["moved"] == 1
    assert all(is_ours(name) for name in names())


def test_all_files_move_back_and_share_nothing_they_lose(
    on_disk, file_server, settings
):
    before = [read(name) for name in names()]
    command("move", "--to", file_server.url)
    settings.FILE_SERVER_UPLOADS = False
    assert command("move", "--to", "disk")["moved"] == 2
    assert not any(is_ours(name) for name in names())
    assert [read(name) for name in names()] == before
    assert not StoredFile.objects.filter(state=FileState.KEPT).exists()
    # the red one is one file that two name: it goes with the second
    red = GoodsPicture.objects.filter(image=names()[0])
    assert red.count() == 2
    for left, picture in ((1, red[0]), (0, red[1])):
        pictures.remove_picture(picture, by=AdminFactory())
        assert storages["default"].exists(str(picture.image)) == bool(left)


def test_a_copy_that_is_not_the_file_stays_where_it_is(on_disk, file_server):
    command("move", "--to", file_server.url)
    # both red ones are named first
    name = names()[2]
    path = file_server.node.files / name
    path.write_bytes(b"x" * path.stat().st_size)
    with pytest.raises(CommandError):
        command("move", "--to", "disk")
    assert is_ours(names()[2])
    assert not is_ours(names()[0])


def test_a_file_that_is_missing_is_counted(on_disk, file_server):
    storages["default"].disk.delete(names()[1])
    found = command("move", "--to", file_server.url)
    assert (found["moved"], found["missing"]) == (2, 1)


@pytest.mark.parametrize("to", ["http://127.0.0.1:1", "ftp://x", "nowhere", ""])
def test_a_place_that_is_none_is_refused(on_disk, to):
    with pytest.raises(CommandError):
        command("move", "--to", to)
    assert not any(is_ours(name) for name in names())


def test_without_a_server_there_is_nothing_to_move_back():
    with pytest.raises(CommandError, match="disk"):
        command("move", "--to", "disk")


def test_every_column_that_names_a_file_is_known():
    found = {f"{c.model._meta.label}.{c.name}" for c in naming.columns()}
    assert {
        "catalog.GoodsPicture.image", "catalog.Goods.image", "catalog.Category.image",
        "catalog.Banner.image", "accounts.User.avatar", "accounts.Upload.path",
        "stock.WriteOff.picture", "files.Thumbnail.name",
    } <= found  # fmt: skip
    assert not any("Historical" in name for name in found)
    # sheets and other private files are not of this store
    assert not any(name.startswith("sheets.") for name in found)


# --- what nothing names


def _aged(path):
    os.utime(path, (LONG_AGO, LONG_AGO))


def test_orphans_of_the_disk_are_removed_when_they_are_old(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    goods = goods_with("red")
    thumbnails.make(goods.image)
    store = storages["default"]
    old = store.save("goods/ab/old.jpg", ContentFile(b"old"))
    thumb = store.save("goods/ab/old_160.webp", ContentFile(b"old"))
    young = store.save("goods/ab/young.jpg", ContentFile(b"young"))
    for path in settings.MEDIA_ROOT.rglob("*.*"):
        if path.name != "young.jpg":
            _aged(path)
    found = command("orphans", "--dry-run")
    assert (found["files"], sorted(found["names"])) == (2, sorted([old, thumb]))
    assert store.exists(old)
    assert command("orphans")["files"] == 2
    assert not store.exists(old)
    assert store.exists(young)
    assert store.exists(goods.image)
    assert len(list(settings.MEDIA_ROOT.rglob("*.*"))) == 6


def test_orphans_of_the_server_are_removed_when_they_are_old(file_server):
    goods = goods_with("red")
    thumbnails.make(goods.image)
    store = storages["default"]
    unnamed = store.save("goods/ab/x.jpg", ContentFile(b"a row, but nobody names it"))
    unknown = store.client.upload(
        io.BytesIO(b"no row"), folder="goods", extension="jpg"
    )
    web = file_server.node.files / "web" / "logo.jpg"
    web.parent.mkdir()
    web.write_bytes(b"somebody else's")
    assert orphans.clean(dry_run=True).files == 0
    from datetime import UTC, datetime

    StoredFile.objects.update(stored_at=datetime(2026, 1, 1, tzinfo=UTC))
    for path in file_server.node.files.rglob("*.*"):
        _aged(path)
    found = orphans.clean(dry_run=True)
    assert sorted(found.names) == sorted([unnamed, unknown.path])
    assert tasks.clean().startswith("2 removed")
    assert not store.exists(unnamed)
    assert not store.client.exists(unknown.path)
    assert web.exists()
    assert read(goods.image)
    assert thumbnails.found(goods.image, 160, ("webp",))


def test_status_tells_counts_and_failures(on_disk, file_server):
    found = command("status")
    assert (found["on_disk"], found["on_server"], found["server"]) == (3, 0, "ok")
    command("move", "--to", file_server.url)
    found = command("status")
    assert (found["on_disk"], found["on_server"], found["shared"]) == (0, 2, 1)
    file_server.stop()
    storages["default"].client.close()
    found = command("status")
    assert (found["server"], found["reason"]) == ("failing", "unreachable")


def test_progress_is_told(on_disk, file_server):
    said = []
    moving.move(
        storages["default"], storages["default"].client, to_server=True,
        say=lambda progress: said.append((progress.done, progress.total)),
    )  # fmt: skip
    assert said == [(1, 3), (2, 3), (3, 3)]
