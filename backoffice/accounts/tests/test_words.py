"""Permissions in words, and who holds them."""

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.utils.translation import override

from backoffice.accounts.holders import holders, is_only_holder
from backoffice.accounts.permissions import permission_label, sections
from backoffice.accounts.roles import OWN_APPS, permission_name, sync_roles
from backoffice.accounts.tests.factories import AdminFactory, StaffFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_every_permission_of_our_apps_has_words():
    existing = {
        permission_name(p)
        for p in Permission.objects.filter(
            content_type__app_label__in=OWN_APPS
        ).select_related("content_type")
    }
    told = {name for section in sections() for name, _label in section.permissions}
    assert told == existing


@pytest.mark.parametrize("code", [code for code, _name in settings.LANGUAGES])
def test_words_are_distinct_within_a_section(code):
    with override(code):
        for section in sections():
            labels = [label for _name, label in section.permissions]
            assert len(labels) == len(set(labels)), section.label


def test_words_are_sentences():
    with override("en"):
        assert permission_label("catalog.view_goods") == "Can see goods"
        assert permission_label("catalog.review_goods") == (
            "Can approve and reject goods"
        )
        assert permission_label("catalog.gone") == "catalog.gone"


def test_holders_are_active_staff_by_role_by_hand_or_superusers():
    sync_roles()
    by_role, by_hand, boss = StaffFactory(), None, AdminFactory()
    by_role.groups.add(Group.objects.get(name="reviewer"))
    by_hand = StaffFactory(permissions=["catalog.review_goods"])
    StaffFactory()
    StaffFactory(permissions=["catalog.review_goods"], is_active=False)
    UserFactory(is_superuser=True)
    permission = "catalog.review_goods"
    assert holders(permission) == {by_role.pk, by_hand.pk, boss.pk}
    assert not is_only_holder(by_role, permission)


def test_the_only_holder_is_told():
    alone = StaffFactory(permissions=["catalog.review_goods"])
    assert is_only_holder(alone, "catalog.review_goods")
    StaffFactory(permissions=["catalog.review_goods"])
    assert not is_only_holder(alone, "catalog.review_goods")
