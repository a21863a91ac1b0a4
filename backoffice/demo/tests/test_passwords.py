"""The demo's sign-in."""

import stat

import pytest

from backoffice.accounts.models import User
from backoffice.demo import passwords
from backoffice.oplog.models import OperationLog

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    return User.objects.create_superuser("admin")


@pytest.fixture
def kept(tmp_path):
    return tmp_path / "demo_admin_password"


def test_a_password_is_made_once_and_kept_for_this_user_only(admin, kept):
    first = passwords.settle("", kept, [])
    admin.refresh_from_db()
    assert admin.check_password(first.password)
    assert first.told_as == first.password
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert passwords.settle("", kept, []) == first


def test_a_chosen_password_takes_the_place_of_the_made_one(admin, kept):
    passwords.settle("", kept, [])
    told = passwords.settle("my own choice", kept, [])
    admin.refresh_from_db()
    assert admin.check_password("my own choice")
    assert "my own choice" not in told.told_as
    assert not kept.exists()
    again = passwords.settle("another choice", kept, [])
    admin.refresh_from_db()
    assert admin.check_password("another choice")
    assert again.password == "another choice"


def test_a_password_that_is_chosen_again_is_not_written_again(admin, kept):
    passwords.settle("my own choice", kept, [])
    admin.refresh_from_db()
    before = admin.password
    passwords.settle("my own choice", kept, [])
    admin.refresh_from_db()
    assert admin.password == before


def test_what_the_admin_changed_since_stays(admin, kept):
    passwords.settle("", kept, [])
    admin.set_password("changed in the admin")
    admin.save()
    told = passwords.settle("", kept, [])
    admin.refresh_from_db()
    assert admin.check_password("changed in the admin")
    assert told.password == ""
    assert "DEMO_ADMIN_PASSWORD" in told.told_as


def test_the_staff_share_it(admin, kept):
    buyer = User.objects.create_user("buyer", is_staff=True)
    sign_in = passwords.settle("", kept, ["buyer"])
    buyer.refresh_from_db()
    assert buyer.check_password(sign_in.password)


def test_the_log_never_holds_it(admin, kept):
    sign_in = passwords.settle("", kept, [])
    for entry in OperationLog.objects.all():
        assert sign_in.password not in str(entry.data)
