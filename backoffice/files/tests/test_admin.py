"""The page of files: what it tells, and that it deletes nothing that was not shown."""

import os

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone, translation
from django_q.models import OrmQ

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.base.errors import NotPermitted
from backoffice.files import references, searching, tasks
from backoffice.files.models import OrphanSearch
from backoffice.oplog.models import OperationLog

URL = "/admin/files/orphansearch/"
OLD = timezone.now().timestamp() - 30 * 86400


@pytest.fixture(autouse=True)
def _english(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield


@pytest.fixture
def boss(client, db):
    user = AdminFactory(nickname="周")
    client.force_login(user)
    return user


def left_over(name="goods/aa/left.jpg", content=b"x" * 2048, age=OLD):
    """A file on the disk that nothing names."""
    kept = default_storage.disk.save(name, ContentFile(content))
    path = default_storage.disk.path(kept)
    os.utime(path, (age, age))
    return path


def work_off():
    for row in OrmQ.objects.all():
        package = row.task
        row.delete()
        tasks.search_orphans(*package["args"])


def page(client):
    answer = client.get(URL)
    assert answer.status_code == 200
    return answer.content.decode()


def test_unused_files_are_looked_for_shown_and_deleted(client, boss):
    old, young = left_over(), left_over("goods/aa/young.jpg", age=OLD + 29 * 86400)
    assert "Look for them" in page(client)
    client.post(URL + "look/")
    text = page(client)
    assert "A worker is looking" in text
    assert "http-equiv" in text
    work_off()
    text = page(client)
    assert "1 files, 2.0\xa0KB, are used by nothing." in text
    assert "goods/aa/left.jpg" in text
    assert "young.jpg" not in text
    assert os.path.exists(old)
    search = OrphanSearch.objects.get()
    client.post(f"{URL}{search.pk}/remove/")
    work_off()
    assert not os.path.exists(old)
    assert os.path.exists(young)
    assert "had 1 files deleted" in page(client)
    line = OperationLog.objects.get(action="files.orphans_removed")
    assert (line.by, line.data["files"]) == (boss, 1)


def test_what_has_become_old_since_is_not_deleted(client, boss):
    left_over()
    client.post(URL + "look/")
    work_off()
    search = OrphanSearch.objects.get()
    # old enough by now, but not when the person looked
    later = left_over("goods/aa/later.jpg", age=search.before.timestamp() + 60)
    client.post(f"{URL}{search.pk}/remove/")
    work_off()
    assert os.path.exists(later)
    assert OrphanSearch.objects.first().files == 1


def test_only_the_latest_look_can_be_followed_by_a_deletion(client, boss):
    path = left_over()
    client.post(URL + "look/")
    work_off()
    search = OrphanSearch.objects.get()
    tasks_of_the_night = searching.nightly()
    answer = client.post(f"{URL}{search.pk}/remove/", follow=True)
    assert "Look for files anew" in answer.content.decode()
    assert os.path.exists(path)
    assert OrphanSearch.objects.filter(by=boss, is_removal=True).count() == 0
    assert searching.run(tasks_of_the_night).files == 1
    assert not os.path.exists(path)


def test_a_look_runs_once_however_often_its_task_does(client, boss):
    client.post(URL + "look/")
    search = OrphanSearch.objects.get()
    assert tasks.search_orphans(search.pk) == "0 files"
    assert tasks.search_orphans(search.pk) == "nothing"


def test_get_does_nothing(client, boss):
    client.get(URL + "look/")
    assert not OrphanSearch.objects.exists()
    assert client.get(URL + "99/remove/").status_code == 404


def test_who_may_only_look_at_the_page_deletes_nothing(client, db):
    client.force_login(StaffFactory(permissions=["files.view_orphansearch"]))
    assert "Look for them" not in page(client)
    client.post(URL + "look/")
    assert not OrphanSearch.objects.exists()
    client.force_login(StaffFactory(permissions=["catalog.view_goods"]))
    assert client.get(URL).status_code == 403


def test_the_verbs_ask_for_the_permission(db):
    by = StaffFactory(permissions=["files.view_orphansearch"])
    with pytest.raises(NotPermitted):
        searching.look(by=by)
    search = OrphanSearch.objects.create(
        before=timezone.now(), started_at=timezone.now()
    )
    with pytest.raises(NotPermitted):
        searching.remove(search, by=by)


def test_searches_of_long_ago_are_forgotten(boss):
    for _ in range(searching.KEPT + 5):
        searching.run(searching.nightly())
    assert OrphanSearch.objects.count() == searching.KEPT


@pytest.mark.django_db(transaction=True)
def test_the_page_tells_of_the_server(file_server, client):
    client.force_login(AdminFactory())
    name = default_storage.save("goods/aa/pear.jpg", ContentFile(b"\xff\xd8\xff pear"))
    references.note_abandoned(["goods/aa/" + "0" * 32 + ".jpg"])
    text = page(client)
    assert file_server.url in text
    assert "Reachable" in text
    assert "Left by uploads that broke off: 1." in text
    assert name not in text
    file_server.stop()
    text = page(client)
    assert "Not reachable" in text


@pytest.mark.django_db(transaction=True)
def test_a_search_that_the_server_breaks_off_says_so(file_server, client, monkeypatch):
    from media_client import MediaClient, MediaError, Reason

    def broken(self):
        raise MediaError(Reason.UNREACHABLE, "no answer")

    client.force_login(AdminFactory())
    monkeypatch.setattr(MediaClient, "walk", broken)
    client.post(URL + "look/")
    work_off()
    assert "It broke off: no answer" in page(client)


def test_queries_of_the_page_are_constant(client, boss, django_assert_max_num_queries):
    page(client)
    with django_assert_max_num_queries(40):
        page(client)


def test_the_page_of_a_disk_says_how_much_lies_there(client, boss):
    left_over()
    searching.run(searching.nightly())
    left_over("goods/aa/other.jpg", content=b"y" * 1024, age=timezone.now().timestamp())
    searching.run(searching.nightly())
    assert "1 files with their small copies, 1.0\xa0KB" in page(client)
