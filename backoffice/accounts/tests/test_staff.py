"""Staff accounts: who may do what to whom."""

import threading

import pytest
from django.contrib.auth.models import Group
from django.db import connection

from backoffice.accounts import staff
from backoffice.accounts.models import User
from backoffice.accounts.roles import sync_roles
from backoffice.accounts.tests.factories import PASSWORD, AdminFactory, StaffFactory
from backoffice.base.errors import FieldErrors, NotPermitted, WrongStatus
from backoffice.oplog.models import OperationLog

pytestmark = pytest.mark.django_db

NEW = "plum garden 77"


def role(name: str) -> Group:
    return Group.objects.get(name=name)


@pytest.fixture(autouse=True)
def _roles(db):
    sync_roles()


@pytest.fixture
def manager() -> User:
    user = StaffFactory(username="manager1", nickname="店长")
    user.groups.add(role("manager"))
    return user


def member(name: str = "buyer", **fields) -> User:
    user = StaffFactory(**fields)
    user.groups.add(role(name))
    return user


def entry(action: str) -> OperationLog:
    return OperationLog.objects.get(action=action)


def test_create_makes_staff_with_roles_who_can_sign_in(manager):
    user = staff.create_staff(
        by=manager,
        username="Fang",
        password=NEW,
        nickname=" 王  芳 ",
        mobile="+86 138-0013-8000",
        email="Fang@Shop.cn",
        roles=[role("buyer"), role("reviewer")],
    )
    user.refresh_from_db()
    assert (user.nickname, user.mobile, user.email) == (
        "王 芳",
        "13800138000",
        "fang@shop.cn",
    )
    assert user.is_staff
    assert user.is_active
    assert not user.is_superuser
    assert user.check_password(NEW)
    assert user.has_perm("catalog.review_goods")


def test_the_log_never_holds_what_is_personal(manager):
    user = staff.create_staff(
        by=manager,
        username="fang",
        password=NEW,
        nickname="王芳",
        mobile="13800138000",
        email="fang@shop.cn",
        roles=[role("buyer")],
    )
    staff.change_staff(
        user,
        {
            "username": "fang2",
            "nickname": "王小芳",
            "mobile": "13900139000",
            "email": "f2@shop.cn",
        },
        by=manager,
        roles=[role("finance")],
    )
    staff.set_password(user, "another plum 88", by=manager)
    staff.disable(user, by=manager, reason="left")
    staff.enable(user, by=manager)
    rows = OperationLog.objects.order_by("id")
    assert [row.action for row in rows] == [
        "staff.created",
        "staff.changed",
        "staff.password_set",
        "staff.disabled",
        "staff.enabled",
    ]
    assert rows[0].data == {"roles": ["buyer"]}
    assert rows[1].data == {
        "fields": ["username", "nickname", "mobile", "email"],
        "changes": {"roles": [["buyer"], ["finance"]]},
    }
    assert rows[3].data == {"reason": "left"}
    whole = str(list(rows.values()))
    personal = ("fang", "王", "13800138000", "13900139000", "shop.cn")
    for secret in (*personal, NEW, "plum", "pbkdf2", "md5"):
        assert secret not in whole, secret


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"username": "13800138000"}, "username"),
        ({"username": "a@b.cn"}, "username"),
        ({"username": ""}, "username"),
        ({"username": "TAKEN"}, "username"),
        ({"mobile": "12345"}, "mobile"),
        ({"mobile": "+86 139 0013 9000"}, "mobile"),
        ({"email": "nonsense"}, "email"),
        ({"email": "Taken@shop.cn"}, "email"),
        ({"nickname": "<b>x</b>"}, "nickname"),
        ({"nickname": "x" * 41}, "nickname"),
        ({"password": "12345678"}, "password"),
        ({"password": "short"}, "password"),
        ({"password": "newcomer"}, "password"),
    ],
)
def test_wrong_values_are_refused_at_their_field(manager, fields, wrong):
    StaffFactory(username="taken", mobile="13900139000", email="taken@shop.cn")
    values = {"username": "newcomer", "password": NEW, **fields}
    count = User.objects.count()
    with pytest.raises(FieldErrors) as refusal:
        staff.create_staff(by=manager, **values)
    assert list(refusal.value.errors) == [wrong]
    assert User.objects.count() == count
    if "password" in fields:
        return
    user = StaffFactory()
    before = User.objects.filter(pk=user.pk).values().get()
    with pytest.raises(FieldErrors):
        staff.change_staff(user, fields, by=manager)
    assert User.objects.filter(pk=user.pk).values().get() == before


def test_what_is_left_out_stays(manager):
    user = member(mobile="13800138000", nickname="芳")
    assert staff.change_staff(user, {"nickname": "王芳"}, by=manager) == ["nickname"]
    user.refresh_from_db()
    assert user.mobile == "13800138000"
    assert list(user.groups.all()) == [role("buyer")]
    assert staff.change_staff(user, {"nickname": "王芳"}, by=manager) == []
    assert OperationLog.objects.filter(action="staff.changed").count() == 1


def test_mobile_and_email_can_be_taken_out(manager):
    user = member(mobile="13800138000", email="a@b.cn")
    staff.change_staff(user, {"mobile": "", "email": ""}, by=manager)
    user.refresh_from_db()
    assert (user.mobile, user.email) == (None, None)


VERBS = {
    "create": lambda user, by: staff.create_staff(
        by=by, username="newcomer", password=NEW
    ),
    "change": lambda user, by: staff.change_staff(user, {"nickname": "x"}, by=by),
    "set_password": lambda user, by: staff.set_password(user, NEW, by=by),
    "disable": lambda user, by: staff.disable(user, by=by),
    "enable": lambda user, by: staff.enable(user, by=by),
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    "name",
    ["buyer", "reviewer", "merchandiser", "stock_keeper", "service", "finance"],
)
def test_only_managers_manage_staff(verb, name):
    user = member(is_active=verb != "enable")
    with pytest.raises(NotPermitted):
        VERBS[verb](user, member(name))


@pytest.mark.parametrize("verb", VERBS)
def test_managers_manage_staff(verb, manager):
    VERBS[verb](member(is_active=verb != "enable"), manager)


@pytest.mark.parametrize("verb", VERBS)
def test_a_manager_who_is_switched_off_does_nothing(verb, manager):
    user = member(is_active=verb != "enable")
    User.objects.filter(pk=manager.pk).update(is_active=False)
    # the object in hand still says active: the verb reads it anew
    with pytest.raises(NotPermitted):
        VERBS[verb](user, manager)


@pytest.mark.parametrize("verb", ["change", "set_password", "disable", "enable"])
def test_a_manager_does_not_touch_superusers(verb, manager):
    chef = AdminFactory(is_active=verb != "enable")
    with pytest.raises(staff.ReachesAbove):
        VERBS[verb](chef, manager)


@pytest.mark.parametrize("verb", ["change", "set_password", "disable", "enable"])
def test_a_manager_does_not_touch_who_may_do_more(verb, manager):
    above = StaffFactory(permissions=["django_q.view_task"], is_active=verb != "enable")
    with pytest.raises(staff.ReachesAbove):
        VERBS[verb](above, manager)


def test_a_manager_gives_no_role_that_may_do_more(manager):
    big = Group.objects.create(name="big")
    big.permissions.set(_permissions("django_q.view_task"))
    user = member()
    with pytest.raises(staff.ReachesAbove):
        staff.change_staff(user, {}, by=manager, roles=[big])
    with pytest.raises(staff.ReachesAbove):
        staff.create_staff(by=manager, username="new", password=NEW, roles=[big])
    assert list(user.groups.all()) == [role("buyer")]


def _permissions(name: str):
    from django.contrib.auth.models import Permission

    app_label, codename = name.split(".")
    return Permission.objects.filter(
        content_type__app_label=app_label, codename=codename
    )


def test_only_superusers_make_superusers(manager):
    user, chef = member(), AdminFactory()
    with pytest.raises(staff.ReachesAbove):
        staff.change_staff(user, {}, by=manager, is_superuser=True)
    with pytest.raises(staff.ReachesAbove):
        staff.create_staff(by=manager, username="n1", password=NEW, is_superuser=True)
    staff.change_staff(user, {}, by=chef, is_superuser=True)
    user.refresh_from_db()
    assert user.is_superuser
    assert entry("staff.changed").data == {"changes": {"is_superuser": [False, True]}}


def test_nobody_takes_their_own_account_away(manager):
    chef = AdminFactory()
    with pytest.raises(staff.OwnAccount):
        staff.disable(manager, by=manager)
    with pytest.raises(staff.OwnAccount):
        staff.change_staff(manager, {}, by=manager, roles=[])
    with pytest.raises(staff.OwnAccount):
        staff.change_staff(chef, {}, by=chef, is_superuser=False)
    with pytest.raises(staff.OwnAccount):
        staff.set_password(manager, NEW, by=manager)
    assert staff.change_staff(manager, {"nickname": "新"}, by=manager) == ["nickname"]


def test_disable_and_enable_say_when_it_is_so_already(manager):
    user = member()
    with pytest.raises(WrongStatus):
        staff.enable(user, by=manager)
    staff.disable(user, by=manager)
    with pytest.raises(WrongStatus):
        staff.disable(user, by=manager)
    staff.enable(user, by=manager)
    user.refresh_from_db()
    assert user.is_active
    assert list(user.groups.all()) == [role("buyer")]


def test_a_new_password_ends_sessions_and_lock_out(manager, client):
    user = member(username="fang")
    client.force_login(user)
    for _try in range(5):
        client.post("/admin/login/", {"username": "fang", "password": "wrong"})
    staff.set_password(user, NEW, by=manager)
    assert client.get("/admin/").status_code == 302
    answer = client.post("/admin/login/", {"username": "fang", "password": NEW})
    assert answer.status_code == 302


def test_own_name_and_own_password(manager):
    user = member()
    assert staff.change_own_name(user, " 小 芳 ")
    assert not staff.change_own_name(user, "小 芳")
    with pytest.raises(FieldErrors):
        staff.change_own_password(user, "wrong", NEW)
    with pytest.raises(FieldErrors):
        staff.change_own_password(user, PASSWORD, "short")
    assert staff.change_own_password(user, PASSWORD, NEW).check_password(NEW)
    assert [r.action for r in OperationLog.objects.order_by("id")] == [
        "account.changed",
        "account.password_changed",
    ]


@pytest.fixture
def _slower(monkeypatch):
    """Somebody else takes the name between the check and the write."""
    monkeypatch.setattr(User, "full_clean", lambda self, **kwargs: None)


@pytest.mark.usefixtures("_slower")
@pytest.mark.parametrize(
    "fields", [{"username": "TAKEN"}, {"mobile": "13900139000"}, {"email": "t@shop.cn"}]
)
def test_the_later_of_two_with_one_name_is_told(manager, fields):
    StaffFactory(username="taken", mobile="13900139000", email="t@shop.cn")
    count = User.objects.count()
    with pytest.raises(FieldErrors) as refusal:
        staff.create_staff(by=manager, **{"username": "new", "password": NEW, **fields})
    assert list(refusal.value.errors) == ["username"]
    user = StaffFactory(username="other")
    with pytest.raises(FieldErrors):
        staff.change_staff(user, fields, by=manager)
    user.refresh_from_db()
    assert user.username == "other"
    assert User.objects.count() == count + 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_managers_who_switch_each_other_off_leave_one(manager):
    sync_roles()
    other = member("manager")
    barrier = threading.Barrier(2)
    results: list[str] = []

    def switch_off(by: User, user: User) -> None:
        try:
            barrier.wait(timeout=10)
            staff.disable(user, by=by)
            results.append("done")
        except NotPermitted:
            results.append("refused")
        finally:
            connection.close()

    threads = [
        threading.Thread(target=switch_off, args=pair)
        for pair in ((manager, other), (other, manager))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(results) == ["done", "refused"]
    assert User.objects.filter(is_active=True).count() == 1
