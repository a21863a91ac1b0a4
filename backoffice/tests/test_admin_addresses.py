"""The short ways that long lists take say the same as Django's long ones."""

from uuid import uuid4

import pytest
from django.urls import NoReverseMatch, reverse
from django.urls.base import get_script_prefix, set_script_prefix
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy

from backoffice.admin_site import BackofficeAdminSite
from backoffice.base.admin.addresses import address, address_of
from backoffice.base.admin.cells import escaped, icon, quantity, tag, two_lines

CHANGE = "admin:catalog_goods_change"


@pytest.mark.parametrize("pk", [0, 1, 17, 10**15, "17", "a/b c", uuid4(), -3])
def test_address_of_a_row(pk):
    assert address_of(CHANGE, pk) == reverse(CHANGE, args=[pk])


def test_address_under_a_prefix():
    before = get_script_prefix()
    bare = address_of(CHANGE, 5), address("admin:index")
    set_script_prefix("/shop/")
    try:
        assert address_of(CHANGE, 5) == reverse(CHANGE, args=[5]) == f"/shop{bare[0]}"
        assert address("admin:index") == reverse("admin:index") == f"/shop{bare[1]}"
    finally:
        set_script_prefix(before)
    assert (address_of(CHANGE, 5), address("admin:index")) == bare


def test_unknown_address():
    for _attempt in range(2):
        with pytest.raises(NoReverseMatch):
            address("admin:no_such_page")


@pytest.mark.parametrize(
    "value",
    ["<b>&\"'", mark_safe("<b>&amp;</b>"), gettext_lazy("Goods"), 7, None, "", 1.5],
)
def test_escaped_is_conditional_escape(value):
    found = escaped(value)
    assert found == conditional_escape(value)
    assert isinstance(found, SafeString)


def test_cells_escape_what_is_not_safe():
    for cell in (
        two_lines("<i>", "<i>", "/?a=1&b=<i>"),
        tag("draft", "<i>", tone='"<i>'),
        quantity(3, "<i>"),
        icon('"<i>'),
    ):
        assert "<i>" not in cell
        assert "&lt;i&gt;" in cell
    # an equal string that was called safe does not answer for one that was not
    assert icon(mark_safe("fa-<u>")) != icon("fa-<u>")


@pytest.mark.django_db
def test_the_list_of_all_models_is_not_made_for_every_page(admin_client, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("nobody asked for it")

    monkeypatch.setattr(BackofficeAdminSite, "get_app_list", refuse)

    assert (
        admin_client.get(reverse("admin:catalog_goods_changelist")).status_code == 200
    )
