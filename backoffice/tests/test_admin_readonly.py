"""Logs and ledgers: looked at, never touched."""

import re

import pytest

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.oplog.models import OperationLog
from backoffice.oplog.record import record
from backoffice.tests.pages import main_of
from catalog.tests.factories import GoodsFactory

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("backoffice.tests.sample_admin"),
]
LOG = "/admin/oplog/operationlog/"


@pytest.fixture(autouse=True)
def _in_english(client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"


@pytest.fixture
def row():
    return record(by=AdminFactory(), action="goods.listed", target=GoodsFactory())


@pytest.mark.parametrize("path", ["add/", "{pk}/change/", "{pk}/delete/"])
def test_nobody_adds_changes_or_deletes(client, row, path):
    client.force_login(AdminFactory())
    before = OperationLog.objects.count()
    answer = client.post(LOG + path.format(pk=row.pk), {"action": "x", "post": "yes"})
    assert answer.status_code == 403
    assert OperationLog.objects.count() == before
    assert OperationLog.objects.get(pk=row.pk).action == "goods.listed"


def test_a_row_is_shown_without_any_input(client, row):
    client.force_login(AdminFactory())
    page = client.get(f"{LOG}{row.pk}/change/")
    assert page.status_code == 200
    inside = main_of(page)
    assert "goods.listed" in inside
    assert not re.search(r"<(input|select|textarea|button|form)\b", inside)


def test_rows_cannot_be_ticked(client, row):
    client.force_login(AdminFactory())
    page = client.get(LOG)
    assert row.pk in [r.pk for r in page.context["page"].rows]
    assert 'name="_selected_action"' not in page.content.decode()
    assert f"{LOG}add/" not in page.content.decode()


def test_actions_of_django_are_not_run(client, row):
    client.force_login(AdminFactory())
    body = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    client.post(LOG, {**body, "index": "0"})
    client.post(LOG, body)
    assert OperationLog.objects.filter(pk=row.pk).exists()


def test_looking_needs_the_permission(client, row):
    client.force_login(StaffFactory())
    assert client.get(LOG).status_code == 403
    client.force_login(StaffFactory(permissions=["oplog.view_operationlog"]))
    assert client.get(LOG).status_code == 200
