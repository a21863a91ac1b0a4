"""Pictures of staff: checked, written anew, taken away after the commit."""

import io

import pytest
from django.contrib.auth.models import Group
from django.core.files.storage import default_storage
from PIL import Image

from backoffice.accounts import avatars, staff
from backoffice.accounts.roles import sync_roles
from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.base.errors import NotPermitted
from backoffice.base.pictures import BadPicture, PictureTooLarge
from backoffice.oplog.models import OperationLog
from backoffice.shop import shop, verbs

pytestmark = pytest.mark.django_db


def picture(size=(900, 600)) -> io.BytesIO:
    file = io.BytesIO()
    Image.new("RGB", size, "red").save(file, "PNG")
    file.seek(0)
    return file


def kept() -> set[str]:
    try:
        return set(default_storage.listdir("avatars")[1])
    except FileNotFoundError:
        return set()


@pytest.fixture(autouse=True)
def _own_store(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def test_a_picture_is_made_small_and_named_by_us():
    user = StaffFactory()
    avatars.set_avatar(user, picture(), by=user)
    user.refresh_from_db()
    assert user.avatar.name.startswith("avatars/")
    with Image.open(user.avatar.path) as image:
        assert (image.format, max(image.size)) == ("JPEG", avatars.LONGEST)
    row = OperationLog.objects.get()
    assert (row.action, row.data) == ("account.changed", {"fields": ["avatar"]})


def test_the_old_file_goes_after_the_commit(django_capture_on_commit_callbacks):
    user = StaffFactory()
    with django_capture_on_commit_callbacks(execute=True):
        avatars.set_avatar(user, picture(), by=user)
    first = kept()
    with django_capture_on_commit_callbacks() as waiting:
        avatars.set_avatar(user, picture((10, 10)), by=user)
        assert first < kept()
    for act in waiting:
        act()
    assert not first & kept()
    assert len(kept()) == 1
    with django_capture_on_commit_callbacks(execute=True):
        avatars.remove_avatar(user, by=user)
    assert kept() == set()


def test_removing_nothing_writes_nothing():
    user = StaffFactory()
    avatars.remove_avatar(user, by=user)
    assert not OperationLog.objects.exists()


def test_a_store_that_does_not_delete_stops_nobody(
    monkeypatch, django_capture_on_commit_callbacks, caplog
):
    user = StaffFactory()
    avatars.set_avatar(user, picture(), by=user)

    def refuse(name: str) -> None:
        raise PermissionError(name)

    monkeypatch.setattr(default_storage, "delete", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        avatars.remove_avatar(user, by=user)
    user.refresh_from_db()
    assert not user.avatar
    assert "could not be deleted" in caplog.text


@pytest.mark.parametrize("content", [b"", b"<svg/>", b"GIF89a broken"])
def test_what_is_no_picture_leaves_no_file(content):
    user = StaffFactory()
    with pytest.raises(BadPicture):
        avatars.set_avatar(user, io.BytesIO(content), by=user)
    assert kept() == set()


def test_the_size_is_the_shops_setting():
    user = StaffFactory()
    verbs.set_value("PICTURE_MAX_MB", "1", by=AdminFactory())
    shop.forget()
    with pytest.raises(PictureTooLarge):
        avatars.set_avatar(user, io.BytesIO(b"\x89PNG" + bytes(2**20 + 1)), by=user)


def test_a_colleagues_picture_is_changed_by_who_may_manage_staff():
    sync_roles()
    manager, clerk, user, boss = (
        StaffFactory(),
        StaffFactory(),
        StaffFactory(),
        AdminFactory(),
    )
    manager.groups.add(Group.objects.get(name="manager"))
    avatars.set_avatar(user, picture(), by=manager)
    assert OperationLog.objects.get().action == "staff.changed"
    for person, by, refusal in (
        (user, clerk, NotPermitted),
        (boss, manager, staff.ReachesAbove),
    ):
        before = kept()
        with pytest.raises(refusal):
            avatars.set_avatar(person, picture(), by=by)
        # the file that was written before the refusal is gone again
        assert kept() == before
