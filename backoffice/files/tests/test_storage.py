"""The store on a file server keeps Django's promises, and the shop's own."""

import io
import os
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage, storages
from django.db import transaction
from django.test import override_settings
from django.utils import timezone, translation

from backoffice.files import references, tasks
from backoffice.files.models import FileState, StoredFile
from backoffice.files.places import is_ours
from backoffice.storage import EmptyFile, FileServerStorage, StoreUnavailable
from media_client.standin import Fault

CONTENT = b"\xff\xd8\xff" + b"picture" * 100
db = pytest.mark.django_db


@pytest.fixture
def store(file_server, transactional_db):
    return storages["default"]


def save(store, content=CONTENT, name="goods/ab/pear.jpg"):
    return store.save(name, ContentFile(content))


def read(store, name):
    with store.open(name) as file:
        return file.read()


# --- Django's contract


def test_what_is_saved_is_opened(store):
    name = save(store)
    assert isinstance(store, FileServerStorage)
    with store.open(name) as file:
        assert isinstance(file, File)
        assert file.name == name
        assert file.size == len(CONTENT)
        assert file.read() == CONTENT
        file.seek(3)
        assert file.read(7) == b"picture"
        assert list(file.chunks(100))


def test_a_name_is_a_path_without_a_host(store):
    name = save(store, name="goods/ab/梨 100%..jpg")
    assert name.isascii()
    assert name.startswith("goods/ab/")
    assert name.endswith(".jpg")
    assert "http" not in name
    assert StoredFile.objects.get().name == name


@pytest.mark.parametrize(
    ("name", "begins", "ends"),
    [
        ("a.jpg", "shop/", ".jpg"),
        ("Goods/Ab.C/x.JPG", "goods/ab_c/", ".jpg"),
        ("水果/x.png", "shop/", ".png"),
        ("files/x.png", "shop_files/", ".png"),
        ("_tmp/x.png", "tmp/", ".png"),
        ("a/50%off/x", "a/50_off/", ".bin"),
        ("a/" + "b" * 300 + ".jpg", "a/", ".jpg"),
        ("a" * 300 + "/x.jpg", "a" * 100, ".jpg"),
        ("a/x.tar.gz", "a/", ".gz"),
    ],
)
def test_names_of_people_leave_no_trace(store, name, begins, ends):
    kept = save(store, os.urandom(9), name)
    assert kept.startswith(begins)
    assert kept.endswith(ends)
    assert read(store, kept)


@pytest.mark.parametrize("name", ["../x.jpg", "/etc/x.jpg", "a/../../x.jpg", ".."])
def test_names_that_climb_are_refused(store, file_server, name):
    with pytest.raises(SuspiciousFileOperation):
        save(store, name=name)
    assert file_server.requests == []


def test_no_name_is_given_twice(store):
    names = {save(store, CONTENT + bytes([n])) for n in range(5)}
    assert len(names) == 5


def test_it_exists_until_it_is_deleted(store):
    name = save(store)
    assert store.exists(name)
    assert store.size(name) == len(CONTENT)
    store.delete(name)
    assert not store.exists(name)
    with pytest.raises(FileNotFoundError):
        store.open(name)
    store.delete(name)
    with pytest.raises(ValueError, match="without a name"):
        store.delete("")


def test_what_never_was_is_missing(store):
    assert not store.exists("goods/none.jpg")
    for act in (store.open, store.size, store.get_modified_time):
        with pytest.raises(FileNotFoundError):
            act("goods/none.jpg")


def test_it_has_an_address_for_browsers(store, file_server):
    name = save(store)
    with override_settings(FILE_SERVER_PUBLIC_URL="https://img.example.com"):
        public = FileServerStorage().url(name)
    assert public == f"https://img.example.com/group1/{name}?download=0"
    file_server.requests.clear()
    assert store.url(name) == f"{file_server.url}/group1/{name}?download=0"
    assert file_server.requests == []
    with pytest.raises(ValueError, match="without a name"):
        store.url("")


def test_times_are_those_of_the_upload(store):
    name = save(store)
    for act in (
        store.get_created_time,
        store.get_modified_time,
        store.get_accessed_time,
    ):
        assert abs(act(name) - timezone.now()) < timedelta(seconds=5)
        assert timezone.is_aware(act(name))


def test_it_tells_what_lies_in_a_folder(store):
    name = save(store)
    folders, files = store.listdir("goods")
    assert (folders, files) == (["ab"], [])
    assert store.listdir("goods/ab") == ([], [name.rsplit("/", 1)[-1]])


def test_a_name_that_is_too_long_is_refused(store, file_server):
    with pytest.raises(SuspiciousFileOperation):
        store.save("goods/x.jpg", ContentFile(CONTENT), max_length=30)
    assert store.save("goods/x.jpg", ContentFile(CONTENT), max_length=60)


def test_it_is_not_written_into(store):
    name = save(store)
    with pytest.raises(ValueError, match="not written"):
        store.open(name, "wb")
    with pytest.raises(NotImplementedError):
        store.path(name)


def test_files_of_any_kind_are_saved(store, tmp_path):
    path = tmp_path / "x"
    path.write_bytes(CONTENT)
    with path.open("rb") as file:
        name = store.save("goods/x.jpg", File(file))
    assert read(store, name) == CONTENT
    assert read(store, store.save("a/b.jpg", io.BytesIO(b"other"))) == b"other"


@pytest.mark.parametrize("where", ["server", "disk"])
def test_an_empty_file_is_refused(request, where, db):
    if where == "server":
        server = request.getfixturevalue("file_server")
    with pytest.raises(EmptyFile):
        storages["default"].save("goods/x.jpg", ContentFile(b""))
    assert where == "disk" or server.requests == []


# --- equal content is kept once


def test_equal_content_goes_with_its_last_user(store, file_server):
    first, second = save(store), save(store)
    assert first == second
    assert StoredFile.objects.get().references == 2
    store.delete(first)
    assert read(store, second) == CONTENT
    store.delete(second)
    assert not store.exists(second)
    assert StoredFile.objects.get().state == FileState.GONE


def test_without_dedupe_each_has_its_own(store, file_server):
    file_server.config.enable_distinct_file = False
    first, second = save(store), save(store)
    assert first != second
    store.delete(first)
    assert read(store, second) == CONTENT


def test_nothing_is_deleted_before_the_commit(store):
    name = save(store)
    with transaction.atomic():
        store.delete(name)
        assert storages["default"].client.exists(name)
    assert not store.client.exists(name)


def test_a_rollback_keeps_the_file(store):
    name = save(store)

    class Rollback(Exception):
        pass

    def _rolled_back():
        with transaction.atomic():
            store.delete(name)
            raise Rollback

    with pytest.raises(Rollback):
        _rolled_back()
    assert StoredFile.objects.get().references == 1
    assert read(store, name) == CONTENT


def test_a_file_of_somebody_else_is_used_and_left(store, file_server):
    store.client.upload(ContentFile(CONTENT), folder="web", extension="jpg")
    place = file_server.node.index.added[0][1].place
    alien = place.replace(place.rsplit("/", 1)[-1], "a1.jpg")
    file_server.node.on_disk(place).rename(file_server.node.on_disk(alien))
    record = file_server.node.index.added[0][1]
    file_server.node.index.forget(record)
    from dataclasses import replace

    file_server.node.index.add(replace(record, name="a1.jpg"))
    name = save(store)
    assert name == "web/a1.jpg"
    assert StoredFile.objects.get().is_foreign
    store.delete(name)
    assert not StoredFile.objects.exists()
    assert store.client.exists("web/a1.jpg")


def test_content_that_is_just_being_removed_is_uploaded_again(store):
    first = save(store)
    # somebody was the last user, and has not removed it yet
    assert references.release(first)
    second = save(store)
    assert read(store, second) == CONTENT
    assert StoredFile.objects.get(name=second).references == 1


def test_a_file_that_went_while_it_was_uploaded_is_uploaded_again(store, monkeypatch):
    first = save(store)
    upload = store.client.upload

    def _meanwhile(*args, **kwargs):
        stored = upload(*args, **kwargs)
        if stored.path == first:
            monkeypatch.undo()
            store.delete(first)
        return stored

    monkeypatch.setattr(store.client, "upload", _meanwhile)
    second = save(store)
    assert second != first
    assert read(store, second) == CONTENT


@pytest.mark.race
def test_saving_and_deleting_at_once_loses_nothing(store):
    """Each thread saves equal content, reads it, and gives it up again."""
    wrong, once = [], threading.Barrier(4)

    def _use():
        from django.db import connection

        try:
            once.wait()
            for _ in range(8):
                name = save(store)
                if read(store, name) != CONTENT:
                    wrong.append("other bytes")
                store.delete(name)
        except Exception as error:
            wrong.append(repr(error)[:3000])
        finally:
            connection.close()

    threads = [threading.Thread(target=_use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert not StoredFile.objects.filter(state=FileState.KEPT).exists()


@pytest.mark.race
def test_without_counting_a_user_loses_the_file(store):
    """This test exists to show that the one above proves something."""
    name = save(store)
    assert save(store) == name
    assert not references.remove(store.client, name)
    store.client.delete(name)
    with pytest.raises(FileNotFoundError):
        store.open(name)


# --- what goes wrong


def test_a_server_that_is_away_is_told_as_an_error_of_the_system(store, file_server):
    name = save(store)
    file_server.stop()
    store.client.close()
    with pytest.raises(StoreUnavailable):
        save(store, b"other")
    # Django and Pillow know an OSError; what it says is in the reader's language
    with translation.override("en"), pytest.raises(OSError, match="file server"):
        store.open(name)
    # a deletion waits, and pages that show the picture do not notice
    store.delete(name)
    row = StoredFile.objects.get()
    assert (row.state, row.failures) == (FileState.GOING, 1)
    assert store.url(name)


def test_who_may_not_is_told_so(store, file_server):
    file_server.config.auth_url = "http://127.0.0.1:9/"
    with pytest.raises(PermissionError):
        save(store)


def test_what_a_failed_upload_may_have_left_is_looked_for(store, file_server):
    file_server.config.faults = [Fault.TRUNCATE]
    name = save(store)
    left = StoredFile.objects.exclude(name=name).get()
    assert left.state == FileState.GOING
    assert read(store, name) == CONTENT


def test_an_upload_that_was_answered_by_silence_is_kept(store, file_server):
    file_server.config.faults = [Fault.SILENT]
    name = save(store)
    assert StoredFile.objects.get().name == name
    assert read(store, name) == CONTENT


def _long_ago():
    StoredFile.objects.update(changed_at=datetime(2026, 1, 1, tzinfo=UTC))


def test_what_could_not_be_removed_is_removed_later(store, file_server):
    name = save(store)
    file_server.config.admin_ips = []
    store.delete(name)
    assert tasks.sweep() == "removed 0, failed 0, back 0, forgotten 0"
    _long_ago()
    assert "failed 1" in tasks.sweep()
    file_server.config.admin_ips = ["127.0.0.1"]
    _long_ago()
    assert "removed 1" in tasks.sweep()
    _long_ago()
    assert "forgotten 1" in tasks.sweep()
    assert not StoredFile.objects.exists()


def test_what_a_second_server_brings_back_is_removed_again(store, file_server):
    name = save(store)
    path = file_server.node.files / name
    store.delete(name)
    path.write_bytes(CONTENT)
    file_server.node.index.add(file_server.node.index.added[0][1])
    _long_ago()
    assert tasks.sweep() == "removed 1, failed 0, back 1, forgotten 0"
    assert not path.exists()


# --- both at once: files that were not moved yet


def test_what_lies_on_the_disk_is_still_served(store, client):
    old = store.disk.save("goods/ab/0123456789abcdef01234567.jpg", ContentFile(CONTENT))
    assert store.exists(old)
    assert store.size(old) == len(CONTENT)
    assert read(store, old) == CONTENT
    assert store.url(old) == f"/media/{old}"
    assert b"".join(client.get(store.url(old)).streaming_content) == CONTENT
    store.delete(old)
    assert not store.exists(old)


def test_new_files_can_be_kept_on_the_disk_again(store, settings):
    settings.FILE_SERVER_UPLOADS = False
    name = save(store)
    assert store.url(name).startswith("/media/")
    assert not is_ours(name)


def test_signed_addresses_are_made_when_they_are_asked_for(
    store, settings, client, file_server
):
    name = save(store)
    settings.FILE_SERVER_SIGN = True
    assert store.url(name) == f"/media/{name}"
    answer = client.get(store.url(name))
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(f"{file_server.url}/group1/{name}?")
    assert "token=" in answer.headers["Location"]
    assert "private" in answer.headers["Cache-Control"]


# --- whether it is ready


def test_readiness_asks_the_file_server(store, client, file_server):
    facts = client.get("/readyz").json()["checks"]["file_store"]
    assert facts["state"] == "ok"
    assert facts["files"] == 0
    file_server.stop()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["file_store"]["state"] == "failing"


def test_pages_may_show_pictures_of_the_file_server(store, client, file_server):
    policy = client.get("/admin/login/").headers["Content-Security-Policy"]
    assert f"img-src 'self' data: blob: {file_server.url};" in policy


@db
def test_without_a_server_only_the_shop_shows_pictures(client):
    policy = client.get("/admin/login/").headers["Content-Security-Policy"]
    assert "img-src 'self' data: blob:;" in policy
    assert default_storage.disk is storages["default"]
