"""The page of the shop's settings."""

import re

import pytest

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.oplog.models import OperationLog
from backoffice.shop import shop, verbs
from backoffice.shop.definitions import SETTINGS
from backoffice.shop.models import ShopSetting

pytestmark = pytest.mark.django_db

PAGE = "/admin/shop/shopsetting/"


@pytest.fixture
def chef(client):
    user = AdminFactory()
    client.force_login(user)
    return user


def as_shown(client, **changes) -> dict[str, str]:
    """What the browser sends after some fields were changed."""
    shop.forget()
    found: dict[str, str] = {}
    for _title, rows in client.get(PAGE).context["sections"]:
        for row in rows:
            found[row.setting.name] = row.text
            found[f"seen-{row.setting.name}"] = row.text
    return {**found, **changes}


def own() -> dict[str, str]:
    return dict(ShopSetting.objects.values_list("name", "value"))


def test_every_setting_stands_in_a_section_with_unit_and_layer(
    client, chef, monkeypatch
):
    monkeypatch.setenv("SHOP_FREIGHT", "8")
    verbs.set_value("MIN_ORDER", "70", by=chef)
    shop.forget()
    response = client.get(PAGE)
    rows = {
        row.setting.name: row
        for _t, part in response.context["sections"]
        for row in part
    }
    assert set(rows) == set(SETTINGS)
    assert rows["MIN_ORDER"].layer == "merchant"
    assert rows["FREIGHT"].layer == "environment"
    assert rows["ADS_DAYS"].layer == "default"
    page = response.content.decode()
    assert 'name="_reset" value="MIN_ORDER"' in page
    assert 'name="_reset" value="FREIGHT"' not in page
    assert re.search(r'name="MIN_ORDER" value="70"', page)
    for setting in SETTINGS.values():
        assert str(setting.label) in page


def test_only_what_changed_is_saved_and_logged(client, chef):
    answer = client.post(
        PAGE, as_shown(client, MIN_ORDER="７0.5", REVIEW_FOUR_EYES="on")
    )
    assert answer.status_code == 302
    assert own() == {"MIN_ORDER": "70.5", "REVIEW_FOUR_EYES": "on"}
    rows = OperationLog.objects.filter(action="setting.changed").order_by("id")
    assert [(r.data["changes"], r.means, r.by) for r in rows] == [
        ({"MIN_ORDER": ["68", "70.5"]}, "admin", chef),
        ({"REVIEW_FOUR_EYES": ["off", "on"]}, "admin", chef),
    ]


def test_saving_without_a_change_pins_nothing(client, chef, monkeypatch):
    monkeypatch.setenv("SHOP_FREIGHT", "8")
    assert client.post(PAGE, as_shown(client)).status_code == 302
    assert own() == {}
    assert not OperationLog.objects.filter(action="setting.changed").exists()


def test_errors_stand_at_their_fields_and_nothing_is_saved(client, chef):
    answer = client.post(
        PAGE, as_shown(client, MIN_ORDER="x", FREIGHT="7", ADS_DAYS="0", SMS_QUIET="1")
    )
    assert answer.status_code == 200
    assert set(answer.context["form"].errors) == {"MIN_ORDER", "ADS_DAYS", "SMS_QUIET"}
    assert own() == {}
    # what was typed is still there to be mended
    assert 'name="MIN_ORDER" value="x"' in answer.content.decode()


def test_an_empty_value_is_allowed_where_it_means_something(client, chef):
    assert client.post(PAGE, as_shown(client, SMS_QUIET="")).status_code == 302
    assert own() == {"SMS_QUIET": ""}
    answer = client.post(PAGE, as_shown(client, MIN_ORDER=""))
    assert set(answer.context["form"].errors) == {"MIN_ORDER"}


def test_the_later_editor_of_one_setting_is_told(client, chef):
    sent = as_shown(client, MIN_ORDER="80", FREIGHT="9")
    verbs.set_value("MIN_ORDER", "75", by=chef)
    answer = client.post(PAGE, sent)
    assert set(answer.context["form"].errors) == {"MIN_ORDER"}
    assert "75" in str(answer.context["form"].errors)
    assert own() == {"MIN_ORDER": "75"}


def test_two_editors_of_different_settings_both_win(client, chef):
    sent = as_shown(client, FREIGHT="9")
    verbs.set_value("MIN_ORDER", "75", by=chef)
    assert client.post(PAGE, sent).status_code == 302
    assert own() == {"MIN_ORDER": "75", "FREIGHT": "9"}


def test_reset_uncovers_the_layer_below(client, chef, monkeypatch):
    monkeypatch.setenv("SHOP_FREIGHT", "8")
    verbs.set_value("FREIGHT", "9", by=chef)
    assert client.post(PAGE, {"_reset": "FREIGHT"}).status_code == 302
    assert own() == {}
    shop.forget()
    assert shop.FREIGHT == 8
    assert OperationLog.objects.filter(action="setting.reset").count() == 1
    assert client.post(PAGE, {"_reset": "NO_SUCH"}).status_code == 302


def test_who_may_only_look_gets_no_input(client):
    client.force_login(StaffFactory(permissions=["shop.view_shopsetting"]))
    response = client.get(PAGE)
    content = response.content.decode().split('id="content"')[1].split("</main>")[0]
    for tag in ("<input", "<select", "<button", "<form"):
        assert tag not in content, tag
    assert "MIN_ORDER" in content
    assert client.post(PAGE, {"MIN_ORDER": "70"}).status_code == 403
    assert client.post(PAGE, {"_reset": "MIN_ORDER"}).status_code == 403


def test_others_see_nothing(client):
    client.force_login(StaffFactory(permissions=["catalog.view_goods"]))
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, {"_reset": "MIN_ORDER"}).status_code == 403


@pytest.mark.parametrize("path", ["add/", "MIN_ORDER/change/", "MIN_ORDER/delete/"])
def test_rows_have_no_pages_of_their_own(client, chef, path):
    ShopSetting.objects.create(name="MIN_ORDER", value="70")
    assert client.get(PAGE + path).status_code == 404
    assert client.post(PAGE + path, {"post": "yes"}).status_code == 404


def test_forged_fields_change_nothing(client, chef):
    sent = as_shown(client)
    client.post(PAGE, {**sent, "NO_SUCH": "1", "seen-NO_SUCH": "0"})
    # a field that the page did not show is not taken
    client.post(PAGE, {"MIN_ORDER": "1"})
    assert own() == {}
