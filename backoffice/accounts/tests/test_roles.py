"""The seven roles and what each may do."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.utils.translation import override

from backoffice.accounts.roles import (
    OWN_APPS,
    ROLES,
    permission_name,
    permissions_of,
    role_label,
    role_names_with,
    sync_roles,
)
from backoffice.accounts.tests.factories import StaffFactory

GOODS = {"catalog.view_goods", "catalog.view_category", "catalog.view_brand"} | {
    "catalog.view_unit"
}
LOGS = {"catalog.view_historicalgoods"}
SHEETS = {"sheets.view_batch", "sheets.add_batch"}
STOCK = {
    f"stock.view_{name}"
    for name in (
        *("stockbalance", "stockmovement", "stockshortage", "writeoff"),
        "stocktake",
    )
}

SALES = {"sales.view_order", "sales.view_payment", "sales.view_refund"} | {
    "sales.view_pointsaccount",
    "sales.view_pointsentry",
}

ALERTS = {"stock.view_lowstockalert", "stock.handle_alerts", "stock.receive_alerts"}

SUPPLY = {"stock.view_supplier", "stock.view_replenishmentorder"}

#: DOMAIN 9, written out a second time: a change of the table is a change here
EXPECTED = {
    "buyer": GOODS
    | STOCK
    | SHEETS
    | {"catalog.add_goods", "catalog.change_goods", "catalog.view_cost"}
    | {"stock.view_soldline", "stock.order_goods", "stock.receive_goods"}
    | SUPPLY
    | ALERTS,
    "reviewer": GOODS | LOGS | {"catalog.review_goods"},
    "merchandiser": GOODS
    | LOGS
    | SHEETS
    | {
        "catalog.add_banner",
        "catalog.change_banner",
        "catalog.delete_banner",
        "catalog.view_banner",
        "catalog.list_goods",
        "catalog.price_goods",
        "catalog.view_repricingrun",
        "catalog.add_repricingrun",
        "catalog.view_markdownrule",
    },
    "stock_keeper": GOODS
    | ALERTS
    | STOCK
    | SUPPLY
    | SHEETS
    | {"stock.open_stock", "stock.write_off", "stock.receive_goods"}
    | {"stock.count_goods"}
    | {"sales.view_order", "sales.pack_order", "sales.note_order"},
    "service": GOODS
    | SALES
    | {"accounts.view_customer", "accounts.change_customer"}
    | {"sales.add_order", "sales.cancel_order", "sales.note_order"}
    | {"sales.sell_at_counter"}
    | {"sales.take_payment", "sales.add_refund"},
    "finance": GOODS
    | LOGS
    | STOCK
    | SALES
    | {"catalog.view_cost", "catalog.view_repricingrun", "books.view_bookscheck"}
    | {"sales.take_payment", "sales.add_refund", "sales.approve_refund"}
    | {"sales.reconcile", "sales.view_billday"}
    | {"stock.view_soldline"},
}

#: permissions that no role holds, each for its reason
NOBODYS: set[str] = set()


@pytest.mark.parametrize("role", EXPECTED)
def test_a_role_may_exactly_this(role):
    assert permissions_of(role) == EXPECTED[role]


def test_the_manager_may_all_that_the_others_may():
    assert set().union(*EXPECTED.values()) < permissions_of("manager")


@pytest.mark.django_db
def test_the_manager_may_everything_that_can_be_given():
    """A new permission is given a place in the table before it merges."""
    existing = {
        permission_name(p)
        for p in Permission.objects.filter(
            content_type__app_label__in=OWN_APPS
        ).select_related("content_type")
    }
    assert existing - permissions_of("manager") == NOBODYS


def test_only_the_manager_may_what_steers_the_shop():
    for permission in (
        "catalog.approve_repricingrun",
        "catalog.change_markdownrule",
        "catalog.archive_goods",
        "catalog.create_missing",
        "accounts.manage_staff",
        "accounts.view_personal_data",
        "accounts.erase_customer",
        "shop.change_shopsetting",
        "oplog.view_operationlog",
    ):
        holders = [r.name for r in ROLES.values() if permission in r.permissions]
        assert holders == ["manager"], permission


def test_costs_are_seen_by_three_roles():
    assert [r.name for r in ROLES.values() if "catalog.view_cost" in r.permissions] == [
        "buyer",
        "finance",
        "manager",
    ]


@pytest.mark.django_db
def test_every_permission_of_the_table_exists_or_waits_for_its_app():
    installed = {config.label for config in apps.get_app_configs()}
    waiting = sync_roles().unknown
    assert [p for p in waiting if p.split(".")[0] in installed] == []


@pytest.mark.django_db
def test_sync_makes_the_groups_and_twice_changes_nothing():
    report = sync_roles()
    assert report.created == list(ROLES)
    again = sync_roles()
    assert not again.changed
    buyer = StaffFactory()
    buyer.groups.add(Group.objects.get(name="buyer"))
    assert buyer.has_perms(EXPECTED["buyer"] - SHEETS)
    assert not buyer.has_perm("catalog.review_goods")


@pytest.mark.django_db
def test_sync_mends_what_was_changed_and_leaves_own_groups_alone():
    sync_roles()
    foreign = Permission.objects.get(codename="manage_staff")
    seen = Permission.objects.get(codename="view_goods")
    buyer = Group.objects.get(name="buyer")
    buyer.permissions.add(foreign)
    buyer.permissions.remove(seen)
    own = Group.objects.create(name="weekend help")
    own.permissions.add(foreign)
    report = sync_roles()
    assert report.added == {"buyer": ["catalog.view_goods"]}
    assert report.removed == {"buyer": ["accounts.manage_staff"]}
    assert list(own.permissions.all()) == [foreign]


@pytest.mark.django_db
def test_the_command_says_what_it_did(capsys):
    call_command("sync_roles")
    out = capsys.readouterr().out
    assert "buyer: made" in out
    assert "accounts.manage_staff" in out
    call_command("sync_roles")
    assert "made" not in capsys.readouterr().out


@pytest.mark.django_db
def test_who_may_do_this_is_told_in_words():
    own = Group.objects.create(name="weekend help")
    own.permissions.add(Permission.objects.get(codename="review_goods"))
    with override("en"):
        assert role_names_with("catalog.review_goods") == [
            "Reviewer",
            "Manager",
            "weekend help",
        ]
        assert role_label("stock_keeper") == "Stock keeper"
    assert role_label("weekend help") == "weekend help"
    assert role_names_with("catalog.no_such") == []
