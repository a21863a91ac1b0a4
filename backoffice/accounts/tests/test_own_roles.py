"""Roles of the merchant's own."""

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.utils.translation import override

from backoffice.accounts import own_roles, staff
from backoffice.accounts.models import Role
from backoffice.accounts.roles import role_label, sync_roles
from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.base.errors import FieldErrors, NotPermitted
from backoffice.oplog.models import OperationLog

pytestmark = pytest.mark.django_db

SEE = "catalog.view_goods"


@pytest.fixture
def manager():
    sync_roles()
    user = StaffFactory()
    user.groups.add(Group.objects.get(name="manager"))
    return user


def test_a_role_is_made_changed_and_taken_away(manager):
    role = own_roles.create_role(" 周末  帮工 ", [SEE], by=manager)
    assert role.name == "周末 帮工"
    own_roles.change_role(
        role, by=manager, name="帮工", permissions=[SEE, "catalog.list_goods"]
    )
    own_roles.delete_role(role, by=manager)
    assert not Role.objects.filter(pk=role.pk).exists()
    rows = OperationLog.objects.order_by("id")
    assert [(r.action, r.data) for r in rows] == [
        ("role.created", {"permissions": [SEE]}),
        (
            "role.changed",
            {
                "changes": {
                    "name": ["周末 帮工", "帮工"],
                    "permissions": [[SEE], ["catalog.list_goods", SEE]],
                }
            },
        ),
        ("role.deleted", {}),
    ]


def test_the_same_again_writes_nothing(manager):
    role = own_roles.create_role("帮工", [SEE], by=manager)
    own_roles.change_role(role, by=manager, name="帮工", permissions=[SEE])
    assert OperationLog.objects.count() == 1


@pytest.mark.parametrize(
    "name", ["", "x", "y" * 41, "<b>x</b>", "buyer", "Buyer", "MANAGER", "帮工"]
)
def test_names_that_are_refused(manager, name):
    own_roles.create_role("帮工", [], by=manager)
    with pytest.raises(FieldErrors) as refusal:
        own_roles.create_role(name, [], by=manager)
    assert list(refusal.value.errors) == ["name"]


def test_the_later_of_two_with_one_name_is_told(manager, monkeypatch):
    own_roles.create_role("帮工", [SEE], by=manager)
    role = own_roles.create_role("小工", [SEE], by=manager)
    # somebody else takes the name between the check and the write
    monkeypatch.setattr(own_roles, "_clean_name", lambda name, role=None: name)
    for act in (
        lambda: own_roles.create_role("帮工", [], by=manager),
        lambda: own_roles.change_role(role, by=manager, name="帮工"),
    ):
        with pytest.raises(FieldErrors):
            act()
    role.refresh_from_db()
    assert role.name == "小工"


def test_a_new_name_alone_leaves_the_permissions(manager):
    role = own_roles.create_role("帮工", [SEE], by=manager)
    own_roles.change_role(role, by=manager, name="小工")
    role.refresh_from_db()
    assert (role.name, role.permissions.count()) == ("小工", 1)
    assert str(role) == "小工"


@pytest.mark.parametrize("code", [code for code, _name in settings.LANGUAGES])
def test_the_words_of_the_seven_are_taken_in_every_language(manager, code):
    with override(code):
        word = role_label("stock_keeper")
    with pytest.raises(FieldErrors):
        own_roles.create_role(word, [], by=manager)


@pytest.mark.parametrize("permission", ["auth.add_group", "catalog.no_such", "x.y"])
def test_only_permissions_of_our_apps_are_given(manager, permission):
    with pytest.raises(FieldErrors):
        own_roles.create_role("帮工", [permission], by=AdminFactory())


def test_a_role_may_do_no_more_than_who_makes_it():
    by = StaffFactory(permissions=["accounts.manage_staff", SEE])
    with pytest.raises(staff.ReachesAbove):
        own_roles.create_role("帮工", ["catalog.review_goods"], by=by)
    role = own_roles.create_role("帮工", [SEE], by=by)
    with pytest.raises(staff.ReachesAbove):
        own_roles.change_role(role, by=by, permissions=["catalog.review_goods"])
    role.permissions.add(Permission.objects.get(codename="review_goods"))
    for act in (
        lambda: own_roles.change_role(role, by=by, permissions=[]),
        lambda: own_roles.delete_role(role, by=by),
    ):
        with pytest.raises(staff.ReachesAbove):
            act()


def test_the_seven_stay_as_they_are(manager):
    buyer = Role.objects.get(name="buyer")
    for act in (
        lambda: own_roles.change_role(buyer, by=manager, permissions=[]),
        lambda: own_roles.change_role(buyer, by=manager, name="einkauf"),
        lambda: own_roles.delete_role(buyer, by=manager),
    ):
        with pytest.raises(own_roles.BuiltInRole):
            act()


def test_a_role_that_people_have_is_not_taken_away(manager):
    role = own_roles.create_role("帮工", [SEE], by=manager)
    StaffFactory().groups.add(role)
    with pytest.raises(own_roles.RoleInUse):
        own_roles.delete_role(role, by=manager)


def test_nobody_takes_the_right_to_manage_from_themselves():
    chef = AdminFactory()
    role = own_roles.create_role("老板娘", ["accounts.manage_staff", SEE], by=chef)
    owner = StaffFactory()
    owner.groups.add(role)
    with pytest.raises(staff.OwnAccount):
        own_roles.change_role(role, by=owner, permissions=[SEE])
    assert role.permissions.count() == 2


def test_others_may_not(manager):
    role = own_roles.create_role("帮工", [SEE], by=manager)
    clerk = StaffFactory(permissions=[SEE])
    for act in (
        lambda: own_roles.create_role("再来", [SEE], by=clerk),
        lambda: own_roles.change_role(role, by=clerk, permissions=[]),
        lambda: own_roles.delete_role(role, by=clerk),
    ):
        with pytest.raises(NotPermitted):
            act()
