"""Pages of repricing runs: seen by whom, decided by whom."""

from decimal import Decimal

import pytest
from django.utils import translation

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from catalog import editing, pricing, repricing
from catalog.enums import Means, RunStatus
from catalog.models import RepricingRun
from catalog.tests.factories import GoodsFactory, OnSaleGoodsFactory
from catalog.tests.pages import messages_of, queries_of, role, text, url

pytestmark = pytest.mark.django_db
LIST = "/admin/catalog/repricingrun/"


@pytest.fixture(autouse=True)
def _english(settings):
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield


def a_run(by=None, count=1, price=Decimal(5), **fields):
    by = by or AdminFactory()
    many = [
        OnSaleGoodsFactory(price=Decimal(10), by=by, **fields) for _ in range(count)
    ]
    return repricing.propose(
        [
            repricing.Proposal(g, price, None, pricing.guard_hits(g, price))
            for g in many
        ],
        by=by,
        origin=Means.HAND,
        reason="clearance",
    )


def do(client, verb, run, **values):
    return client.post(
        url("repricingrun", "verb", verb),
        {"only": run.pk, "confirmed": "1", **values},
        follow=True,
    )


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("merchandiser", 200),
        ("finance", 200),
        ("manager", 200),
        ("buyer", 403),
        ("service", 403),
    ],
)
def test_who_sees_runs(client, name, status):
    run = a_run()
    client.force_login(role(name))
    assert client.get(LIST).status_code == status
    assert client.get(url("repricingrun", "change", run.pk)).status_code == status


def test_the_proposer_sees_what_became_of_it(client):
    buyer = StaffFactory(permissions=["catalog.change_goods"])
    run = a_run()
    RepricingRun.objects.update(created_by=buyer)
    client.force_login(buyer)
    page = text(client.get(url("repricingrun", "change", run.pk)))
    assert run.number in page


def test_a_run_shows_its_lines_with_margins_to_those_who_see_costs(client):
    run = a_run(cost=Decimal("4.5678"))
    client.force_login(role("manager"))
    page = text(client.get(url("repricingrun", "change", run.pk)))
    for word in ("10.00", "5.00", "-50.0%", "4.5678", "54.3%", "clearance"):
        assert word in page
    assert "changes by 50%" in page


def test_a_run_shows_no_costs_to_others(client):
    run = a_run(cost=Decimal("5.6789"))
    client.force_login(role("merchandiser"))
    page = text(client.get(url("repricingrun", "change", run.pk)))
    assert "5.00" in page
    assert "less than the smallest margin" in page
    assert "5.6789" not in page
    assert "43.2%" not in page


def test_case_prices_stand_beside_retail_prices(client):
    by = AdminFactory()
    unit = GoodsFactory().unit
    goods = OnSaleGoodsFactory(
        by=by,
        cost=Decimal(8),
        case_enabled=True,
        case_unit=unit,
        case_size=Decimal(10),
        case_price=Decimal(100),
    )
    run = pricing.change_price(goods, by=by, case_price=Decimal(60)).run
    client.force_login(role("manager"))
    page = text(client.get(url("repricingrun", "change", run.pk)))
    for word in ("Case", "100.00", "60.00", "20.0%", "-40.0%", "-33.3%"):
        assert word in page
    plan = text(client.post(url("repricingrun", "verb", "approve"), {"only": run.pk}))
    assert "60.00" in plan
    repricing.approve(run, by=AdminFactory())
    goods.refresh_from_db()
    assert (goods.price, goods.case_price) == (Decimal("9.90"), Decimal(60))


def test_lines_are_paged_with_constant_queries(client):
    client.force_login(role("manager"))
    few = queries_of(client, url("repricingrun", "change", a_run(count=1).pk))
    run = a_run(count=4)
    assert queries_of(client, url("repricingrun", "change", run.pk)) == few


def test_many_lines_have_pages(client, monkeypatch):
    from catalog.admin import runs

    monkeypatch.setattr(runs, "LINES_PER_PAGE", 2)
    run = a_run(count=3)
    client.force_login(role("manager"))
    page = text(client.get(url("repricingrun", "change", run.pk)))
    assert "?lines=2" in page
    assert (
        client.get(f"{url('repricingrun', 'change', run.pk)}?lines=2").status_code
        == 200
    )


def test_the_list_has_constant_queries(client):
    client.force_login(role("manager"))
    a_run(count=2)
    one = queries_of(client, LIST)
    for _ in range(3):
        a_run(count=2)
    assert queries_of(client, LIST) == one


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"tab": "awaiting"}, 1),
        ({"tab": "rejected"}, 1),
        ({"tab": "applied"}, 0),
        ({"guard": "change"}, 2),
        ({"guard": "margin"}, 1),
        ({"guard": "bogus"}, 2),
        ({"q": "LOSS"}, 1),
        ({"q": "nothing"}, 0),
    ],
)
def test_tabs_filters_and_search(client, query, count):
    a_run(code="LOSS", cost=Decimal(8))
    other = a_run()
    repricing.reject(other, by=AdminFactory(), reason="no")
    client.force_login(role("manager"))
    response = client.get(LIST, query)
    assert len(response.context["cl"].result_list) == count
    if query == {"tab": "awaiting"}:
        found = client.get(LIST, {"q": other.number.lower()})
        assert list(found.context["cl"].result_list) == [other]


def test_nobody_edits_adds_or_deletes_a_run(client):
    run = a_run()
    client.force_login(AdminFactory())
    page = text(client.get(url("repricingrun", "change", run.pk)))
    assert 'name="_save"' not in page
    assert client.get(url("repricingrun", "add")).status_code == 403
    assert client.get(url("repricingrun", "delete", run.pk)).status_code == 403
    assert client.post(url("repricingrun", "change", run.pk), {}).status_code == 403


def test_a_second_person_approves(client):
    run = a_run()
    manager = role("manager")
    client.force_login(manager)
    preview = client.post(url("repricingrun", "verb", "approve"), {"only": run.pk})
    for word in ("10.00", "5.00"):
        assert word in text(preview)
    response = do(client, "approve", run)
    run.refresh_from_db()
    assert (run.status, run.decided_by) == (RunStatus.APPLIED, manager)
    assert any(run.number in m for m in messages_of(response))


def test_the_proposer_is_told_that_a_second_person_is_needed(client):
    owner, _other = AdminFactory(), AdminFactory()
    run = a_run(by=owner)
    client.force_login(owner)
    page = text(client.get(url("repricingrun", "change", run.pk)))
    assert "a second person has to approve it" in page
    assert f'action="{url("repricingrun", "verb", "approve")}"' not in page
    response = do(client, "approve", run, reason="please")
    assert "second person" in str(messages_of(response))
    run.refresh_from_db()
    assert run.status == RunStatus.AWAITING
    planned = text(
        client.post(url("repricingrun", "verb", "approve"), {"only": run.pk})
    )
    assert "A second person has to approve this run." in planned


def test_the_only_approver_is_asked_why(client):
    owner = AdminFactory()
    run = a_run(by=owner)
    client.force_login(owner)
    page = text(client.get(url("repricingrun", "change", run.pk)))
    assert "You are the only one who may approve" in page
    do(client, "approve", run)
    run.refresh_from_db()
    assert run.status == RunStatus.AWAITING
    do(client, "approve", run, reason="one-person shop")
    run.refresh_from_db()
    assert (run.status, run.is_self_approved) == (RunStatus.APPLIED, True)
    assert "Self-approved" in text(client.get(url("repricingrun", "change", run.pk)))


def test_those_who_only_look_are_told_for_whom_it_waits(client):
    run = a_run()
    client.force_login(role("merchandiser"))
    page = text(client.get(url("repricingrun", "change", run.pk)))
    assert "It waits for somebody who may approve" in page
    for verb in ("approve", "reject"):
        address = url("repricingrun", "verb", verb)
        assert client.post(address, {"only": run.pk}).status_code == 403


def test_a_stale_run_says_that_nothing_was_applied(client):
    run = a_run()
    goods = run.lines.get().goods
    editing.edit_goods(goods, {"cost": Decimal(4)}, by=AdminFactory())
    client.force_login(role("manager"))
    response = do(client, "approve", run)
    assert "nothing was applied" in str(messages_of(response))
    run.refresh_from_db()
    assert run.status == RunStatus.STALE


def test_a_rejection_and_taking_back(client):
    merchandiser = role("merchandiser")
    one, two = a_run(by=AdminFactory()), a_run(by=AdminFactory())
    RepricingRun.objects.update(created_by=merchandiser)
    client.force_login(merchandiser)
    do(client, "cancel", one)
    one.refresh_from_db()
    assert one.status == RunStatus.CANCELLED
    client.force_login(role("manager"))
    do(client, "reject", two)
    two.refresh_from_db()
    assert two.status == RunStatus.AWAITING
    do(client, "reject", two, reason="too cheap")
    two.refresh_from_db()
    assert (two.status, two.decision) == (RunStatus.REJECTED, "too cheap")
    page = text(client.get(url("repricingrun", "change", two.pk)))
    assert "too cheap" in page


def test_what_was_decided_or_is_another_persons_is_refused(client):
    decided, foreign = a_run(), a_run()
    repricing.reject(decided, by=AdminFactory(), reason="no")
    client.force_login(role("merchandiser"))
    for run, word in ((decided, "already"), (foreign, "Only who proposed")):
        planned = client.post(url("repricingrun", "verb", "cancel"), {"only": run.pk})
        assert word in text(planned)
        response = do(client, "cancel", run)
        assert messages_of(response)
        before = run.status
        run.refresh_from_db()
        assert run.status in (before, RunStatus.REJECTED)


def test_a_long_run_is_previewed_in_part(client, monkeypatch):
    from catalog.admin import runs

    monkeypatch.setattr(runs, "LINES_IN_PLAN", 2)
    run = a_run(count=3)
    client.force_login(role("manager"))
    page = text(client.post(url("repricingrun", "verb", "approve"), {"only": run.pk}))
    assert "and more" in page.lower()


def test_an_empty_list_says_what_comes_here(client):
    client.force_login(role("manager"))
    assert "No repricing yet" in text(client.get(LIST))
