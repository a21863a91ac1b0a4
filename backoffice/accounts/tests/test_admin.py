"""Pages of staff and roles: who sees them, what they write."""

import io

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse
from PIL import Image

from backoffice.accounts import own_roles
from backoffice.accounts.models import User
from backoffice.accounts.roles import ROLES, role_label, sync_roles
from backoffice.accounts.tests.factories import (
    PASSWORD,
    AdminFactory,
    StaffFactory,
    UserFactory,
)
from backoffice.oplog.models import OperationLog

pytestmark = pytest.mark.django_db

STAFF = "/admin/accounts/staff/"
ROLE = "/admin/accounts/role/"
ACCOUNT = "/admin/account/"
NEW = "plum garden 77"


def role(name: str) -> Group:
    return Group.objects.get(name=name)


def member(name: str = "buyer", **fields) -> User:
    user = StaffFactory(**fields)
    user.groups.add(role(name))
    return user


@pytest.fixture(autouse=True)
def _roles(db):
    sync_roles()


@pytest.fixture
def manager(client) -> User:
    user = member("manager", username="manager1", nickname="店长")
    client.force_login(user)
    return user


@pytest.fixture
def chef(client) -> User:
    user = AdminFactory(username="chef")
    client.force_login(user)
    return user


def listed(response) -> set[str]:
    return {user.username for user in response.context["cl"].result_list}


def errors(response) -> set[str]:
    return set(response.context["adminform"].form.errors)


def picture(size=(40, 30), kind="PNG") -> io.BytesIO:
    file = io.BytesIO()
    Image.new("RGB", size, "red").save(file, kind)
    file.seek(0)
    file.name = "me.png"
    return file


def acts() -> list[str]:
    """What was logged beside the sign-in."""
    rows = OperationLog.objects.exclude(action="session.signed_in")
    return list(rows.order_by("id").values_list("action", flat=True))


def body(**fields) -> dict:
    return {
        "username": "newcomer",
        "nickname": "",
        "mobile": "",
        "email": "",
        "password": NEW,
        "password_again": NEW,
        **fields,
    }


# --- who gets in


@pytest.mark.parametrize("name", [n for n in ROLES if n != "manager"])
def test_only_managers_see_the_pages(client, name):
    other = member()
    client.force_login(member(name))
    for path in (
        STAFF,
        f"{STAFF}add/",
        f"{STAFF}{other.pk}/change/",
        f"{STAFF}{other.pk}/password/",
        ROLE,
        f"{ROLE}add/",
        f"{ROLE}{role('buyer').pk}/change/",
    ):
        assert client.get(path).status_code == 403, path
        assert client.post(path).status_code == 403, path
    for verb in ("disable", "enable"):
        answer = client.post(
            f"{STAFF}verb/{verb}/", {"only": other.pk, "confirmed": "1"}
        )
        assert answer.status_code == 403
    other.refresh_from_db()
    assert other.is_active


def test_every_page_opens(client, manager):
    other = member(avatar="")
    for path in (
        STAFF,
        f"{STAFF}?tab=off",
        f"{STAFF}?role={role('buyer').pk}",
        f"{STAFF}?role=superuser",
        f"{STAFF}?role=none",
        f"{STAFF}?q=person",
        f"{STAFF}add/",
        f"{STAFF}{other.pk}/change/",
        f"{STAFF}{other.pk}/password/",
        ACCOUNT,
        ROLE,
        f"{ROLE}add/",
        f"{ROLE}{role('buyer').pk}/change/",
    ):
        assert client.get(path).status_code == 200, path


def test_nobody_can_be_deleted(client, chef):
    other = member()
    path = f"{STAFF}{other.pk}/delete/"
    assert client.get(path).status_code == 403
    assert client.post(path, {"post": "yes"}).status_code == 403
    client.post(
        STAFF,
        {"action": "delete_selected", "_selected_action": other.pk, "post": "yes"},
    )
    assert User.objects.filter(pk=other.pk).exists()


def test_djangos_own_page_for_groups_is_gone():
    with pytest.raises(NoReverseMatch):
        reverse("admin:auth_group_changelist")


# --- the list


def test_the_list_shows_staff_only(client, manager):
    member(username="fang")
    UserFactory(username="customer")
    assert listed(client.get(STAFF)) == {"manager1", "fang"}
    customer = User.objects.get(username="customer")
    assert client.get(f"{STAFF}{customer.pk}/change/").status_code == 302
    assert client.get(f"{STAFF}{customer.pk}/password/").status_code == 404


def test_the_list_is_narrowed_by_tab_role_and_search(client, manager):
    member("buyer", username="fang", nickname="王芳", mobile="13800138000")
    member("finance", username="ming", is_active=False, email="m@shop.cn")
    AdminFactory(username="chef")
    StaffFactory(username="idle")
    assert listed(client.get(f"{STAFF}?tab=off")) == {"ming"}
    assert listed(client.get(f"{STAFF}?role={role('buyer').pk}")) == {"fang"}
    assert listed(client.get(f"{STAFF}?role=superuser")) == {"chef"}
    assert listed(client.get(f"{STAFF}?role=none")) == {"idle"}
    for term in ("王", "FANG", "1380013"):
        assert listed(client.get(STAFF, {"q": term})) == {"fang"}
    assert listed(client.get(STAFF, {"q": "m@shop"})) == {"ming"}


def test_the_list_costs_the_same_with_one_row_and_with_many(client, manager):
    member()
    client.get(STAFF)
    with CaptureQueriesContext(connection) as few:
        client.get(STAFF)
    for name in ROLES:
        member(name)
    with CaptureQueriesContext(connection) as many:
        client.get(STAFF)
    assert len(few) == len(many)


# --- adding and changing


def test_a_manager_adds_a_member_of_staff(client, manager):
    answer = client.post(
        f"{STAFF}add/",
        body(
            username="Fang",
            nickname="王芳",
            mobile="+86 138-0013-8000",
            email="Fang@shop.cn",
            roles=[role("buyer").pk, role("reviewer").pk],
        ),
    )
    assert answer.status_code == 302, errors(answer)
    user = User.objects.get(username="Fang")
    assert (user.mobile, user.email, user.is_staff) == (
        "13800138000",
        "fang@shop.cn",
        True,
    )
    assert set(user.groups.all()) == {role("buyer"), role("reviewer")}
    assert user.check_password(NEW)
    row = OperationLog.objects.get(action="staff.created")
    assert (row.by, row.means) == (manager, "admin")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"username": ""}, "username"),
        ({"username": "TAKEN"}, "username"),
        ({"username": "13900139000"}, "username"),
        ({"mobile": "139 0013 9000"}, "mobile"),
        ({"mobile": "12"}, "mobile"),
        ({"email": "TAKEN@shop.cn"}, "email"),
        ({"email": "x"}, "email"),
        ({"nickname": "<b>x</b>"}, "nickname"),
        ({"password": "12345678", "password_again": "12345678"}, "password"),
        ({"password_again": "another"}, "password_again"),
        ({"roles": ["999999"]}, "roles"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(client, manager, fields, wrong):
    member(username="taken", mobile="13900139000", email="taken@shop.cn")
    answer = client.post(f"{STAFF}add/", body(**fields))
    assert answer.status_code == 200
    assert errors(answer) == {wrong}
    assert not User.objects.filter(username="newcomer").exists()


def test_a_password_is_not_sent_back(client, manager):
    page = client.post(f"{STAFF}add/", body(username="")).content.decode()
    assert NEW not in page


def test_a_manager_changes_a_member_of_staff(client, manager):
    user = member(username="fang", nickname="芳", mobile="13800138000")
    answer = client.post(
        f"{STAFF}{user.pk}/change/",
        {
            "username": "fang",
            "nickname": "王芳",
            "mobile": "138-0013-8000",
            "email": "",
            "roles": [role("finance").pk],
            "avatar": picture(),
        },
    )
    assert answer.status_code == 302, errors(answer)
    user.refresh_from_db()
    assert user.nickname == "王芳"
    assert list(user.groups.all()) == [role("finance")]
    assert user.avatar.name.startswith("avatars/")
    with Image.open(user.avatar.path) as kept:
        assert kept.format == "JPEG"
    rows = OperationLog.objects.filter(action="staff.changed").order_by("id")
    assert [row.data for row in rows] == [
        {"fields": ["nickname"], "changes": {"roles": [["buyer"], ["finance"]]}},
        {"fields": ["avatar"]},
    ]


def test_saving_without_a_change_writes_nothing(client, manager):
    user = member(username="fang", mobile="13800138000", nickname="芳")
    client.post(
        f"{STAFF}{user.pk}/change/",
        {
            "username": "fang",
            "nickname": "芳",
            "mobile": "13800138000",
            "email": "",
            "roles": [role("buyer").pk],
        },
    )
    assert not OperationLog.objects.filter(action="staff.changed").exists()


def test_two_editors_of_different_fields_both_win(client, manager):
    """Only what an editor changed is written."""
    user = member(username="fang", nickname="芳")
    form = {
        "username": "fang",
        "nickname": "芳",
        "mobile": "",
        "email": "f@shop.cn",
        "roles": [role("buyer").pk],
    }
    User.objects.filter(pk=user.pk).update(mobile="13800138000")
    client.post(f"{STAFF}{user.pk}/change/", {**form, "mobile": "13800138000"})
    user.refresh_from_db()
    assert (user.mobile, user.email) == ("13800138000", "f@shop.cn")


@pytest.mark.parametrize(
    "file",
    [
        lambda: io.BytesIO(b"not a picture"),
        lambda: io.BytesIO(b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
    ],
)
def test_what_is_no_picture_is_refused_and_nothing_is_changed(client, manager, file):
    user = member(username="fang", nickname="芳")
    upload = file()
    upload.name = "me.png"
    answer = client.post(
        f"{STAFF}{user.pk}/change/",
        {
            "username": "fang",
            "nickname": "王芳",
            "mobile": "",
            "email": "",
            "roles": [role("buyer").pk],
            "avatar": upload,
        },
    )
    assert errors(answer) == {"avatar"}
    user.refresh_from_db()
    assert (user.nickname, user.avatar.name) == ("芳", "")
    assert not OperationLog.objects.filter(action="staff.changed").exists()


# --- nobody reaches above themselves


def test_a_manager_only_looks_at_superusers(client, manager):
    boss = AdminFactory(username="boss", nickname="老板")
    page = client.get(f"{STAFF}{boss.pk}/change/")
    assert page.status_code == 200
    assert not page.context["has_change_permission"]
    assert "verb/disable" not in page.content.decode()
    clerk = StaffFactory(permissions=["django_q.view_task"])
    clerk.groups.add(role("finance"))
    seen = client.get(f"{STAFF}{clerk.pk}/change/").content.decode()
    assert role_label("finance") in seen
    answer = client.post(
        f"{STAFF}{boss.pk}/change/", {"username": "boss", "nickname": "小弟"}
    )
    assert answer.status_code == 403
    assert client.get(f"{STAFF}{boss.pk}/password/").status_code == 403
    answer = client.post(
        f"{STAFF}{boss.pk}/password/", {"new_password1": NEW, "new_password2": NEW}
    )
    assert answer.status_code == 403
    client.post(f"{STAFF}verb/disable/", {"only": boss.pk, "confirmed": "1"})
    boss.refresh_from_db()
    assert (boss.nickname, boss.is_active) == ("老板", True)
    assert boss.check_password(PASSWORD)


def test_a_manager_makes_no_superuser_by_a_forged_field(client, manager):
    client.post(f"{STAFF}add/", body(is_superuser="on", is_staff="on"))
    assert not User.objects.get(username="newcomer").is_superuser
    user = member(username="fang")
    client.post(
        f"{STAFF}{user.pk}/change/",
        {
            "username": "fang",
            "roles": [role("buyer").pk],
            "is_superuser": "on",
            "user_permissions": ["1", "2"],
            "groups": [role("manager").pk],
            "password": "x",
        },
    )
    user.refresh_from_db()
    assert not user.is_superuser
    assert not user.user_permissions.exists()
    assert list(user.groups.all()) == [role("buyer")]
    assert user.check_password(PASSWORD)


def test_a_manager_gives_no_role_above_their_own(client, manager):
    boss = AdminFactory()
    big = own_roles.create_role("大权", ["catalog.view_goods"], by=boss)
    big.permissions.add(Permission.objects.get(codename="view_task"))
    answer = client.post(f"{STAFF}add/", body(roles=[big.pk]))
    assert answer.status_code == 200
    assert errors(answer) == {"__all__"}
    assert not User.objects.filter(username="newcomer").exists()


def test_a_superuser_makes_a_superuser(client, chef):
    answer = client.post(f"{STAFF}add/", body(is_superuser="on"))
    assert answer.status_code == 302
    assert User.objects.get(username="newcomer").is_superuser


def test_own_roles_cannot_be_changed_on_ones_own_page(client, manager):
    client.post(
        f"{STAFF}{manager.pk}/change/",
        {"username": "manager1", "nickname": "新店长", "roles": []},
    )
    manager.refresh_from_db()
    assert manager.nickname == "新店长"
    assert list(manager.groups.all()) == [role("manager")]


# --- verbs and passwords


def test_switching_off_and_on_by_the_verbs(client, manager):
    one, two = member(username="one"), member(username="two")
    boss = AdminFactory(username="boss")
    only = f"{one.pk},{two.pk},{manager.pk},{boss.pk}"
    preview = client.post(f"{STAFF}verb/disable/", {"only": only})
    assert preview.status_code == 200
    assert len(preview.context["will"]) == 2
    assert len(preview.context["wont"]) == 2
    client.post(
        f"{STAFF}verb/disable/", {"only": only, "confirmed": "1", "reason": "left"}
    )
    active = set(User.objects.filter(is_active=True).values_list("username", flat=True))
    assert active == {"manager1", "boss"}
    rows = OperationLog.objects.filter(action="staff.disabled")
    assert {row.data["reason"] for row in rows} == {"left"}
    client.post(f"{STAFF}verb/enable/", {"only": only, "confirmed": "1"})
    assert User.objects.filter(is_active=True).count() == 4


def test_a_colleague_gets_a_new_password(client, manager):
    user = member()
    url = f"{STAFF}{user.pk}/password/"
    for one, two in (("short", "short"), (NEW, "different one 1")):
        answer = client.post(url, {"new_password1": one, "new_password2": two})
        assert answer.status_code == 200
        assert answer.context["form"].errors
    answer = client.post(url, {"new_password1": NEW, "new_password2": NEW})
    assert answer["Location"] == f"{STAFF}{user.pk}/change/"
    user.refresh_from_db()
    assert user.check_password(NEW)
    assert OperationLog.objects.get(action="staff.password_set").by == manager


def test_for_ones_own_password_the_old_one_is_asked(client, manager):
    answer = client.get(f"{STAFF}{manager.pk}/password/")
    assert answer["Location"] == reverse("admin:password_change")


def test_the_history_of_an_account_is_in_the_log(client, manager):
    user = member()
    answer = client.get(f"{STAFF}{user.pk}/history/")
    assert answer.status_code == 302
    assert f"object=accounts.user:{user.pk}" in answer["Location"]


# --- one's own account


@pytest.mark.parametrize("name", ROLES)
def test_everybody_has_a_page_of_their_own(client, name):
    user = member(name, nickname="旧")
    client.force_login(user)
    assert client.get(ACCOUNT).status_code == 200
    answer = client.post(ACCOUNT, {"nickname": " 新 ", "avatar": picture()})
    assert answer.status_code == 302
    user.refresh_from_db()
    assert user.nickname == "新"
    assert user.avatar.name.startswith("avatars/")
    client.post(ACCOUNT, {"nickname": "新", "avatar-clear": "on"})
    user.refresh_from_db()
    assert not user.avatar
    assert acts() == ["account.changed"] * 3


def test_ones_own_page_changes_nothing_else(client):
    user = member(username="fang")
    client.force_login(user)
    client.post(
        ACCOUNT,
        {"nickname": "x", "username": "boss", "is_superuser": "on", "mobile": "1"},
    )
    user.refresh_from_db()
    assert (user.username, user.is_superuser, user.mobile) == ("fang", False, None)


def test_ones_own_page_tells_what_is_wrong(client):
    user = member(nickname="旧")
    client.force_login(user)
    answer = client.post(ACCOUNT, {"nickname": "<b>x</b>"})
    assert "nickname" in answer.context["form"].errors
    file = io.BytesIO(b"no")
    file.name = "x.png"
    answer = client.post(ACCOUNT, {"nickname": "新", "avatar": file})
    assert "avatar" in answer.context["form"].errors
    user.refresh_from_db()
    assert user.nickname == "旧"


# --- roles


def test_the_seven_can_be_read_but_not_changed(client, manager):
    buyer = role("buyer")
    page = client.get(f"{ROLE}{buyer.pk}/change/")
    content = page.content.decode().split('id="content-main"')[1].split("</main>")[0]
    assert "<input" not in content
    answer = client.post(f"{ROLE}{buyer.pk}/change/", {"name": "x", "permissions": []})
    assert answer.status_code == 403
    assert client.post(f"{ROLE}{buyer.pk}/delete/", {"post": "yes"}).status_code == 403
    assert role("buyer").permissions.count() > 3


def test_own_roles_are_made_changed_and_taken_away(client, manager):
    answer = client.post(
        f"{ROLE}add/", {"name": "帮工", "permissions": ["catalog.view_goods"]}
    )
    assert answer.status_code == 302, errors(answer)
    own = role("帮工")
    url = f"{ROLE}{own.pk}/change/"
    client.post(url, {"name": "周末帮工", "permissions": ["catalog.list_goods"]})
    own.refresh_from_db()
    assert own.name == "周末帮工"
    assert [p.codename for p in own.permissions.all()] == ["list_goods"]
    user = StaffFactory()
    user.groups.add(own)
    client.post(f"{ROLE}{own.pk}/delete/", {"post": "yes"})
    assert Group.objects.filter(pk=own.pk).exists()
    user.groups.clear()
    client.post(f"{ROLE}{own.pk}/delete/", {"post": "yes"})
    assert not Group.objects.filter(pk=own.pk).exists()
    assert acts() == ["role.created", "role.changed", "role.deleted"]


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"name": ""}, "name"),
        ({"name": "buyer"}, "name"),
        ({"name": "x" * 41}, "name"),
        ({"name": "ok", "permissions": ["auth.add_user"]}, "permissions"),
        ({"name": "ok", "permissions": ["django_q.view_task"]}, "permissions"),
    ],
)
def test_wrong_roles_are_refused_at_their_field(client, manager, fields, wrong):
    answer = client.post(f"{ROLE}add/", fields)
    assert answer.status_code == 200
    assert errors(answer) == {wrong}


def test_only_permissions_of_our_apps_are_offered(client, chef):
    form = client.get(f"{ROLE}add/").context["adminform"].form
    offered = {
        name
        for _section, choices in form.fields["permissions"].choices
        for name, _label in choices
    }
    assert "catalog.review_goods" in offered
    assert not [n for n in offered if n.split(".")[0] in ("auth", "admin", "axes")]
