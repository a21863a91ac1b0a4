"""The operation log's pages: looked at, never changed."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import override

from backoffice.accounts import staff
from backoffice.accounts.roles import sync_roles
from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.base import context, counting
from backoffice.base.admin import home
from backoffice.oplog.actions import action_label
from backoffice.oplog.models import OperationLog
from backoffice.oplog.reading import Reader, summary
from backoffice.oplog.record import record
from backoffice.shop import verbs
from catalog import editing, pricing, review
from catalog.models import Banner
from catalog.tests.factories import (
    CategoryFactory,
    GoodsFactory,
    PendingGoodsFactory,
)

pytestmark = pytest.mark.django_db

LIST = "/admin/oplog/operationlog/"


@pytest.fixture
def reader(client):
    user = StaffFactory(username="manager1", permissions=["oplog.view_operationlog"])
    client.force_login(user)
    return user


def rows(response) -> list[OperationLog]:
    return list(response.context["cl"].result_list)


def text(response) -> str:
    return response.content.decode()


def test_the_list_tells_who_did_what_to_what(client, reader):
    clerk = AdminFactory(nickname="王芳")
    with context.using(means="command", ip="203.0.113.9"):
        goods = PendingGoodsFactory(by=clerk, name="红富士")
        review.reject(goods, by=clerk, reason="photo is blurred")
    page = text(client.get(LIST))
    for word in (
        "王芳",
        str(action_label("goods.rejected")),
        goods.code,
        "photo is blurred",
        "203.0.113.9",
    ):
        assert word in page, word


def test_no_input_is_rendered_but_search_and_language(client, reader):
    row = record(by=reader, action="goods.changed", target=GoodsFactory())
    page = client.get(f"{LIST}{row.pk}/change/")
    body = text(page).split('id="content-main"')[1].split("</main>")[0]
    for tag in ("<input", "<select", "<textarea", "<button"):
        assert tag not in body, tag
    listed = text(client.get(LIST)).split('id="changelist-form"')[1].split("</main>")[0]
    assert 'name="_selected_action"' not in listed
    assert "<select" not in listed


@pytest.mark.parametrize("path", ["add/", "1/delete/"])
def test_nothing_can_be_added_or_deleted(client, path):
    client.force_login(AdminFactory())
    record(by=None, action="goods.changed")
    assert client.get(LIST + path).status_code in (403, 404)
    assert client.post(LIST + path, {"post": "yes"}).status_code in (403, 404)


def test_a_row_cannot_be_changed_by_post(client):
    client.force_login(AdminFactory())
    row = record(by=None, action="goods.changed", note="kept")
    answer = client.post(f"{LIST}{row.pk}/change/", {"action": "x"})
    assert answer.status_code == 403
    answer = client.post(
        LIST, {"action": "delete_selected", "_selected_action": row.pk, "post": "yes"}
    )
    row.refresh_from_db()
    assert row.action == "goods.changed"


def test_there_is_no_history_page():
    with pytest.raises(NoReverseMatch):
        reverse("admin:oplog_operationlog_history", args=[1])


def test_only_who_may_sees_it(client):
    row = record(by=None, action="goods.changed")
    client.force_login(StaffFactory(permissions=["catalog.view_goods"]))
    assert client.get(LIST).status_code == 403
    assert client.get(f"{LIST}{row.pk}/change/").status_code == 403


def test_the_list_costs_the_same_with_one_row_and_with_many(client, reader):
    def fill(number: int) -> None:
        for _n in range(number):
            staff_member = StaffFactory()
            record(by=staff_member, action="staff.changed", target=staff_member)
            record(by=staff_member, action="goods.changed", target=GoodsFactory())

    fill(1)
    client.get(LIST)
    with CaptureQueriesContext(connection) as few:
        client.get(LIST)
    fill(6)
    with CaptureQueriesContext(connection) as many:
        client.get(LIST)
    assert len(many) == len(few)


def test_it_never_counts_the_whole_table(client, reader, monkeypatch):
    monkeypatch.setattr(counting, "MOST", 5)
    for _n in range(8):
        record(by=reader, action="goods.changed")
    with CaptureQueriesContext(connection) as queries:
        response = client.get(LIST)
    assert response.context["cl"].paginator.is_capped
    counts = [q["sql"] for q in queries if "EXPLAIN" in q["sql"] or "COUNT" in q["sql"]]
    assert counts
    assert all("LIMIT 6" in sql for sql in counts)


def test_filters_by_day_person_action_means_and_object(client, reader):
    clerk, goods = StaffFactory(), GoodsFactory(code="A-1")
    OperationLog.objects.create(
        by=clerk,
        action="goods.changed",
        means="command",
        at=timezone.now() - timedelta(days=3),
    )
    mine = record(by=reader, action="goods.repriced", target=goods)
    by_system = record(by=None, action="session.failed")
    old = OperationLog.objects.get(by=clerk)
    day = timezone.localtime(old.at).date()

    def found(query: str) -> set[int]:
        return {row.pk for row in rows(client.get(f"{LIST}?{query}"))}

    assert found(f"person={clerk.pk}") == {old.pk}
    assert found("person=system") == {by_system.pk}
    assert found("action=goods.repriced") == {mine.pk}
    assert found("means=command") == {old.pk}
    assert found(f"at_from={day}&at_to={day}") == {old.pk}
    assert found(f"object=catalog.goods:{goods.pk}") == {mine.pk}
    assert found(f"person={clerk.pk}&action=goods.repriced") == set()
    for nonsense in ("person=x", "person=9" * 30, "object=x", "at_from=yesterday"):
        assert client.get(f"{LIST}?{nonsense}").status_code in (200, 302)


def test_search_finds_objects_by_code_and_people_by_name(client, reader):
    goods = GoodsFactory(code="AB-100", name="香蕉")
    person = StaffFactory(nickname="李雷", username="lilei")
    one = record(by=reader, action="goods.repriced", target=goods)
    two = record(by=reader, action="staff.changed", target=person)

    def found(term: str) -> list[int]:
        return [row.pk for row in rows(client.get(LIST, {"q": term}))]

    assert found("ab-1") == [one.pk]
    assert found("李雷") == [two.pk]
    assert found("LILEI") == [two.pk]
    assert found("nothing of this name") == []
    assert set(found(" ")) >= {one.pk, two.pk}


def test_a_person_is_named_as_they_are_called_now(client, reader):
    person = StaffFactory(nickname="老名字")
    goods = GoodsFactory()
    # a goods with the number of the person must not get the person's name
    OperationLog.objects.create(
        action="goods.changed",
        target_type="catalog.goods",
        target_id=str(person.pk),
        target_label="the goods",
    )
    record(by=reader, action="staff.changed", target=person)
    record(by=reader, action="goods.changed", target=goods)
    person.nickname = "新名字"
    person.save()
    page = text(client.get(LIST, {"q": "新名字"}))
    assert "新名字" in page
    named = {row.target_label: row.person for row in rows(client.get(LIST))}
    assert named["the goods"] is None
    assert str(named[f"#{person.pk}"]) == "新名字"


def test_objects_are_linked_only_for_who_may_see_them(client, reader):
    person = StaffFactory(nickname="李雷")
    record(by=reader, action="staff.changed", target=person)
    url = reverse("admin:accounts_staff_change", args=[person.pk])
    assert url not in text(client.get(LIST))
    client.force_login(AdminFactory())
    assert url in text(client.get(LIST))


def test_what_is_recorded_is_escaped(client, reader):
    record(by=reader, action="goods.changed", note="<script>alert(1)</script>")
    page = text(client.get(LIST))
    assert "<script>alert(1)" not in page
    row = OperationLog.objects.get(action="goods.changed")
    assert "<script>alert(1)" not in text(client.get(f"{LIST}{row.pk}/change/"))


def test_details_are_read_in_words():
    by = AdminFactory()
    goods = GoodsFactory(category=CategoryFactory(name="苹果"))
    editing.edit_goods(
        goods, {"category": CategoryFactory(name="香蕉"), "is_weighed": True}, by=by
    )
    pricing.change_price(goods, by=by, price=goods.price + 1)
    review.submit(goods, by=by)
    verbs.set_value("MIN_ORDER", "70", by=by)
    with override("en"):
        # PostgreSQL keeps the keys of a row in an order of its own
        lines = {
            str(detail)
            for row in OperationLog.objects.exclude(action="goods.created").order_by(
                "id"
            )
            for detail in Reader(row, resolve=True).details()
        }
    assert lines == {
        "Category: 苹果 → 香蕉",
        "Weighed: No → Yes",
        "Price: 9.9 → 10.9",
        "Status: Draft → Awaiting review",
        "Minimum order: 68 → 70",
    }


def test_numbers_and_times_are_read_as_such():
    moment = "2027-02-06 12:00:00.5+08:00"
    row = record(
        by=None,
        action="banner.changed",
        target=Banner(pk=1, title="春节"),
        changes={
            "starts_at": [None, moment],
            "ends_at": ["soon", "2027-02-30 12:00:00+08:00"],
        },
        count=1,
    )
    with override("en"):
        lines = [str(detail) for detail in Reader(row).details()]
    assert lines == [
        "Shown from: — → 2027-02-06 12:00",
        "Shown until: soon → 2027-02-30 12:00:00+08:00",
        "How many: 1",
    ]


def test_lists_are_read_as_what_came_and_went():
    sync_roles()
    by, user = AdminFactory(), StaffFactory()
    buyer, finance = (Group.objects.get(name=n) for n in ("buyer", "finance"))
    user.groups.add(buyer)
    staff.change_staff(user, {"nickname": "x"}, by=by, roles=[finance])
    with override("en"):
        assert summary(OperationLog.objects.get()).startswith(
            "Roles: + Finance, − Buyer; "
        )


@pytest.mark.parametrize(
    "data",
    [
        {},
        [],
        "text",
        None,
        {"changes": []},
        {"changes": {"status": "draft"}},
        {"changes": {"status": ["a", "b", "c"]}},
        {"changes": {"category_id": ["999999", None]}},
        {"deep": {"a": [{"b": None}]}},
        {"x" * 300: "y" * 3000},
    ],
)
def test_odd_rows_can_be_read(client, reader, data):
    row = OperationLog.objects.create(
        action="goods.changed",
        target_type="catalog.goods",
        target_id="7",
        data=data if data is not None else {},
    )
    assert client.get(LIST).status_code == 200
    assert client.get(f"{LIST}{row.pk}/change/").status_code == 200
    assert len(summary(row)) <= 120


def test_rows_of_apps_that_are_gone_can_be_read(client, reader):
    row = OperationLog.objects.create(
        action="old.done", target_type="old.thing", target_id="x", target_label="Old"
    )
    page = client.get(f"{LIST}{row.pk}/change/")
    assert page.status_code == 200
    assert "old.done" in text(page)


def test_the_home_page_shows_the_latest_acts_to_who_may_read_the_log(rf):
    by = AdminFactory(nickname="王芳")
    record(by=by, action="goods.repriced", target=GoodsFactory(code="H-1"))
    record(by=by, action="session.signed_in", target=by)
    request = rf.get("/admin/")
    request.user = StaffFactory(permissions=["oplog.view_operationlog"])
    acts = home.acts.collect(request)
    assert (acts[0].by, acts[0].action) == ("王芳", action_label("goods.repriced"))
    assert "H-1" in acts[0].target
    request.user = StaffFactory()
    assert home.acts.collect(request) == []


@pytest.fixture
def full_log(db):
    """A log that is worth an index: PostgreSQL reads small tables from end to end."""
    if connection.vendor != "postgresql":
        pytest.skip("plans are PostgreSQL's")
    people = [StaffFactory() for _n in range(5)]
    now = timezone.now()
    OperationLog.objects.bulk_create(
        OperationLog(
            at=now - timedelta(minutes=n),
            by=people[n % 5] if n % 100 else None,
            action="goods.repriced" if n % 200 else "role.deleted",
            means="admin" if n % 300 else "command",
            target_type="catalog.goods",
            target_id=str(n % 997),
            target_label=f"G{n % 997:05d} 苹果",
        )
        for n in range(8_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE oplog_operationlog")
    return people


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("", "oplog_at_id"),
        ("p=3", "oplog_at_id"),
        ("person=system", "oplog_by_at"),
        ("person={person}", "oplog"),
        ("action=role.deleted", "oplog_action_at"),
        ("means=command", "oplog_means_at"),
        ("means=schedule", "oplog_means_at"),
        ("object=catalog.goods:17", "oplog_target_at"),
        ("at_from={old}&at_to={old}", "oplog_at_id"),
        ("person={person}&at_from={old}", "oplog"),
        ("q=G00017", "oplog_label"),
        ("q=g0", "oplog"),
        ("q=nothing", "oplog_label"),
    ],
)
def test_no_page_reads_the_whole_log(client, reader, full_log, query, index):
    old = timezone.localdate() - timedelta(days=4)
    path = f"{LIST}?{query.format(person=full_log[0].pk, old=old)}"
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    asked = [
        q["sql"]
        for q in captured
        if q["sql"].startswith("SELECT") and "oplog_operationlog" in q["sql"]
    ]
    counts = [sql for sql in asked if "COUNT(" in sql]
    assert asked
    assert all(f"LIMIT {counting.MOST + 1}" in sql for sql in counts)
    with connection.cursor() as cursor:
        for sql in set(asked) - set(counts):
            cursor.execute(f"EXPLAIN {sql}")
            plan = "\n".join(row[0] for row in cursor.fetchall())
            assert "Seq Scan on oplog_operationlog" not in plan, plan
            assert index in plan, plan
