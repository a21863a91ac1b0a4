"""Pages of a list: exact totals up to the cap, bounded work beyond it."""

import pytest
from django.contrib.auth.models import Group

from backoffice.base.api import paging
from backoffice.base.api.paging import Page, numbered, paginate

pytestmark = pytest.mark.django_db


@pytest.fixture
def groups():
    Group.objects.bulk_create(Group(name=f"u{n:03}") for n in range(45))
    return Group.objects.filter(name__startswith="u0").order_by("name")


def names(rows):
    return [row[0] for row in rows]


def page_of(groups, index, size=20):
    return paginate(groups, groups.values_list("name"), Page(index, size))


def test_page_holds_its_part(groups, django_assert_num_queries):
    with django_assert_num_queries(2):
        pagination, rows = page_of(groups, 3)
    assert pagination == {
        "total": 45,
        "current_page": 3,
        "page_size": 20,
        "page_total": 3,
    }
    assert names(rows) == [f"u{n:03}" for n in range(40, 45)]


@pytest.mark.parametrize("index", [4, 2**31 - 1])
def test_page_past_the_end_is_empty_and_asks_for_no_rows(
    groups, django_assert_num_queries, index
):
    with django_assert_num_queries(1):
        pagination, rows = page_of(groups, index)
    assert rows == []
    assert (pagination["total"], pagination["current_page"]) == (45, index)


def test_empty_list_has_no_pages():
    pagination, rows = page_of(Group.objects.none(), 1)
    assert rows == []
    assert pagination == {
        "total": 0,
        "current_page": 1,
        "page_size": 20,
        "page_total": 0,
    }


def test_total_at_the_cap_is_exact(groups, monkeypatch):
    monkeypatch.setattr(paging, "CAP", 45)
    pagination, rows = page_of(groups, 3)
    assert pagination["total"] == 45
    assert "total_capped" not in pagination
    assert len(rows) == 5


def test_total_beyond_the_cap_is_capped_and_so_are_the_pages(groups, monkeypatch):
    monkeypatch.setattr(paging, "CAP", 44)
    pagination, rows = page_of(groups, 3)
    assert pagination == {
        "total": 44,
        "current_page": 3,
        "page_size": 20,
        "page_total": 3,
        "total_capped": True,
    }
    assert names(rows) == ["u040", "u041", "u042", "u043"]
    assert page_of(groups, 4)[1] == []


@pytest.mark.parametrize("index", [1, 3, 4, 2**31 - 1])
def test_a_list_at_hand_has_the_same_pages(groups, index):
    rows = list(groups.values_list("name"))
    assert numbered(rows, Page(index, 20)) == page_of(groups, index)


def test_a_list_at_hand_is_capped_too(groups, monkeypatch):
    monkeypatch.setattr(paging, "CAP", 30)
    rows = list(groups.values_list("name"))
    assert numbered(rows, Page(2, 20)) == page_of(groups, 2)
    assert numbered(rows, Page(2, 20))[0]["total_capped"]
