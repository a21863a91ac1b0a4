"""`manage.py reprice`: a run from a shell, and back."""

import json
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from catalog.enums import RunStatus
from catalog.models import RepricingRun
from catalog.tests.factories import CategoryFactory, OnSaleGoodsFactory

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture(autouse=True)
def _english(settings):
    settings.LANGUAGE_CODE = "en"


@pytest.fixture
def boss():
    return AdminFactory(username="boss")


def run(*arguments, user="boss"):
    """The JSON of the last line."""
    out = StringIO()
    call_command("reprice", *arguments, "--as", user, "--json", stdout=out)
    return json.loads(out.getvalue().splitlines()[-1])


def goods(price=10, category="葡提", **fields):
    return OnSaleGoodsFactory(
        price=D(price), category=CategoryFactory(name=category), **fields
    )


def price_of(one):
    one.refresh_from_db()
    return one.price


def test_a_category_is_repriced_and_taken_back(boss):
    first, other = goods(), goods(category="柑橘")
    answer = run("--category", "葡提", "--percent", "-5", "--round", "0.1")
    number = RepricingRun.objects.get().number
    assert answer == {"run": number, "lines": 1, "guard_hits": 0, "applied": True}
    assert (price_of(first), price_of(other)) == (D("9.50"), D(10))
    back = run("--rollback", number)
    assert back == {"run": number, "lines": 1, "conflicts": 0, "rolled_back": True}
    assert price_of(first) == D(10)


def test_a_preview_changes_nothing(boss):
    one = goods()
    answer = run("--all", "--percent", "-5", "--preview")
    assert answer == {"run": None, "lines": 1, "guard_hits": 0, "applied": False}
    assert price_of(one) == D(10)
    assert not RepricingRun.objects.exists()


def test_what_hits_a_guard_waits(boss):
    one = goods(cost=D(10))
    answer = run("--goods", one.code, "--percent", "-5")
    assert (answer["guard_hits"], answer["applied"]) == (1, False)
    assert RepricingRun.objects.get().status == RunStatus.AWAITING
    assert price_of(one) == D(10)


def test_nothing_to_change_is_no_refusal(boss):
    goods(price="0.05")
    answer = run("--all", "--percent", "-5", "--round", "0.01")
    assert answer == {"run": None, "lines": 0, "guard_hits": 0, "applied": False}


def test_it_can_be_for_later(boss):
    one = goods()
    answer = run("--all", "--percent", "-5", "--at", "2099-01-01T06:00")
    assert (answer["applied"], price_of(one)) == (False, D(10))
    assert RepricingRun.objects.get().status == RunStatus.SCHEDULED


@pytest.mark.parametrize(
    "arguments",
    [
        ["--all"],
        ["--percent", "-5"],
        ["--all", "--percent", "-100"],
        ["--all", "--margin", "100"],
        ["--all", "--percent", "-5", "--round", "0.3"],
        ["--category", "没有", "--percent", "-5"],
        ["--goods", "NONE", "--percent", "-5"],
        ["--all", "--percent", "abc"],
        ["--rollback", "R1"],
        ["--all", "--percent", "-5", "--until", "2001-01-01T06:00"],
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(boss, arguments):
    one = goods()
    with pytest.raises(CommandError):
        run(*arguments)
    assert price_of(one) == D(10)


def test_an_empty_category_is_said(boss):
    CategoryFactory(name="空")
    with pytest.raises(CommandError, match="goods"):
        run("--category", "空", "--percent", "-5")


def test_it_asks_for_the_permission():
    StaffFactory(username="clerk")
    goods()
    for more in ([], ["--preview"]):
        with pytest.raises(CommandError):
            run("--all", "--percent", "-5", *more, user="clerk")


def test_it_tells_people_what_it_does(boss):
    one = goods()
    out = StringIO()
    call_command(
        "reprice", "--all", "--percent", "-5", "--as", "boss", "--preview", stdout=out
    )
    assert f"{one}" in out.getvalue()
    assert "10.00 → 9.50" in out.getvalue()


def test_a_refusal_leaves_no_draft_behind(boss):
    goods()
    with pytest.raises(CommandError):
        run("--all", "--percent", "-5", "--until", "2020-01-01T00:00")
    assert not RepricingRun.objects.exists()


def test_a_time_that_is_over_is_refused_not_applied_at_once(boss):
    one = goods()
    with pytest.raises(CommandError):
        run("--all", "--percent", "-5", "--at", "2020-01-01T00:00")
    assert price_of(one) == D(10)


def test_a_rollback_is_previewed_by_whoever_may_do_it_and_where_it_can_be(boss):
    goods()
    number = run("--all", "--percent", "-5")["run"]
    StaffFactory(username="nobody")
    with pytest.raises(CommandError):
        run("--rollback", number, "--preview", user="nobody")
    run("--rollback", number)
    with pytest.raises(CommandError):
        run("--rollback", number, "--preview")
    with pytest.raises(CommandError):
        run("--rollback", "²")


def test_a_margin_on_cost_is_not_previewed_for_who_may_not_see_costs(boss):
    goods(cost=D(8))
    StaffFactory(username="clerk", permissions=["catalog.add_repricingrun"])
    with pytest.raises(CommandError):
        run("--all", "--margin", "0", "--preview", user="clerk")
