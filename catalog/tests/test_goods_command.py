"""`manage.py goods VERB CODE… --as USER [--reason R] [--json]`."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.base import ports
from backoffice.oplog.models import OperationLog
from catalog import changes
from catalog.models import Goods
from catalog.tests.factories import (
    ApprovedGoodsFactory,
    GoodsFactory,
    PendingGoodsFactory,
    goods_in,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def admin():
    return AdminFactory(username="mei", mobile="13800000001", email="mei@example.com")


def run(*args):
    """Its output and exit status."""
    out = StringIO()
    try:
        call_command("goods", *args, stdout=out)
    except SystemExit as ended:
        return out.getvalue(), ended.code
    return out.getvalue(), 0


def answer(*args):
    text, status = run(*args, "--json")
    return json.loads(text.splitlines()[-1]), status


@pytest.mark.parametrize(
    ("verb", "start", "end"),
    [
        ("submit", "draft", "pending"),
        ("approve", "pending", "approved"),
        ("reject", "pending", "rejected"),
        ("list", "approved", "on_sale"),
        ("delist", "on_sale", "off_sale"),
        ("revise", "off_sale", "draft"),
        ("archive", "draft", "archived"),
        ("restore", "archived", "draft"),
    ],
)
def test_each_verb_moves_the_goods_and_logs_the_command(verb, start, end, admin):
    goods = goods_in(start)
    found = answer(verb, goods.code, "--as", "mei", "--reason", "说明")
    assert found == ({"verb": verb, "done": [goods.code], "failed": []}, 0)
    goods.refresh_from_db()
    assert goods.status == end
    row = changes.HISTORY.objects.latest("history_id")
    assert (row.means, row.history_user, row.history_change_reason) == (
        "command",
        admin,
        "说明",
    )
    assert OperationLog.objects.latest("id").means == "command"


def test_each_goods_succeeds_or_fails_by_itself():
    one, two = GoodsFactory(code="A1"), PendingGoodsFactory(code="B2")
    found, status = answer("submit", "a1", "nix", "B2", "A1", "--as", "mei@example.com")
    assert found["done"] == ["A1"]
    assert [(f["code"], f["error"]) for f in found["failed"]] == [
        ("nix", "not_found"),
        ("B2", "wrong_status"),
    ]
    assert all(f["message"] for f in found["failed"])
    assert status == 1
    assert {g.status for g in Goods.objects.filter(pk__in=[one.pk, two.pk])} == {
        "pending"
    }


def test_people_read_one_line_for_each_goods():
    GoodsFactory(code="A1", name="红富士")
    text, status = run("submit", "A1", "nix", "--as", "13800000001")
    first, second = text.splitlines()
    assert first.startswith("A1 红富士: ")
    assert second.startswith("nix ")
    assert status == 1


def test_what_is_listed_without_stock_is_said():
    goods = ApprovedGoodsFactory()
    with ports.available.instead(lambda ids: {goods.pk: 0}):
        text, status = run("list", goods.code, "--as", "mei")
    assert text.strip().endswith(")")
    assert status == 0


def test_a_missing_permission_is_an_error_of_each_goods():
    StaffFactory(username="clerk")
    goods = PendingGoodsFactory()
    found, status = answer("approve", goods.code, "--as", "clerk")
    assert [f["error"] for f in found["failed"]] == ["forbidden"]
    assert status == 1
    goods.refresh_from_db()
    assert goods.status == "pending"


def test_a_rejection_without_a_reason_is_refused():
    found, status = answer("reject", PendingGoodsFactory().code, "--as", "mei")
    assert (found["done"], status) == ([], 1)


@pytest.mark.parametrize("account", [None, "nobody", "gone"])
def test_without_an_active_user_nothing_is_done(account):
    StaffFactory(username="gone", is_active=False)
    goods = GoodsFactory()
    options = [] if account is None else ["--as", account]
    with pytest.raises(CommandError, match="--as" if account is None else account):
        run("submit", goods.code, *options)
    found, status = answer("submit", goods.code, "B2", *options)
    assert (found["verb"], found["done"], status) == ("submit", [], 1)
    assert [row["code"] for row in found["failed"]] == [goods.code, "B2"]
    assert {row["error"] for row in found["failed"]} == {"not_authenticated"}
    goods.refresh_from_db()
    assert goods.status == "draft"


def test_an_unknown_verb_is_refused():
    with pytest.raises(CommandError):
        run("sell", "A1", "--as", "mei")
