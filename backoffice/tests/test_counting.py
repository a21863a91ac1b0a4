"""Counting rows without reading them all."""

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from backoffice.base import counting
from backoffice.base.counting import Count, count, count_each
from catalog.models import Category

pytestmark = pytest.mark.django_db
POSTGRESQL = "connection.vendor == 'postgresql'"


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


def fill(number):
    Category.objects.bulk_create(
        Category(name=f"c{n}", sequence=n % 2) for n in range(number)
    )


def test_few_rows_are_counted_exactly():
    fill(7)
    assert count(Category.objects.all()) == Count(7)
    assert count(Category.objects.filter(name="c3")) == Count(1)
    assert count(Category.objects.none()) == Count(0)
    assert count(Category.objects.filter(pk__in=[])) == Count(0)


def test_conditions_are_counted_together():
    fill(7)
    conditions = {
        "all": Q(),
        "odd": Q(sequence=1),
        "none": Q(pk__in=[]),
        "x": Q(name="x"),
    }
    with CaptureQueriesContext(connection) as queries:
        found = count_each(Category.objects.all(), conditions)
    assert {key: n.value for key, n in found.items()} == {
        "all": 7,
        "odd": 3,
        "none": 0,
        "x": 0,
    }
    assert len(queries) <= 2


@pytest.mark.skipif(POSTGRESQL, reason="its planner knows more")
def test_many_rows_are_more_than_were_counted(monkeypatch):
    monkeypatch.setattr(counting, "MOST", 5)
    fill(9)
    found = count(Category.objects.all())
    assert found == Count(5, is_more=True)
    assert str(found) == "more than 5"
    assert (found.short, found.plain) == ("5+", "5+")


@pytest.mark.skipif(f"not ({POSTGRESQL})", reason="the planner of PostgreSQL")
def test_many_rows_are_estimated_by_the_planner(monkeypatch):
    monkeypatch.setattr(counting, "MOST", 5)
    fill(2345)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE catalog_category")
    with CaptureQueriesContext(connection) as queries:
        found = count_each(
            Category.objects.all(),
            {"all": Q(), "odd": Q(sequence=1), "one": Q(name="c7")},
        )
    assert found["all"].is_about
    assert abs(found["all"].value - 2345) < 50
    assert abs(found["odd"].value - 1172) < 100
    assert found["one"] == Count(1)
    assert str(found["all"]) == "about 2,300"
    assert found["all"].plain == "≈2,300"
    # only what is expected to be few is counted, and no further than its limit
    [explained, counted] = [query["sql"] for query in queries]
    assert explained.startswith("EXPLAIN")
    assert counted.count("COUNT(*)") == 1
    assert "LIMIT 6" in counted


@pytest.mark.skipif(f"not ({POSTGRESQL})", reason="the planner of PostgreSQL")
def test_nothing_is_counted_that_costs_too_much(monkeypatch):
    fill(300)
    monkeypatch.setattr(counting, "_BUDGET", 1.0)
    found = count(Category.objects.filter(name__contains="c"))
    assert found.is_about


@pytest.mark.skipif(f"not ({POSTGRESQL})", reason="the planner of PostgreSQL")
def test_a_large_table_is_not_read_whole_for_a_small_number(monkeypatch):
    fill(300)
    monkeypatch.setattr(counting, "_WHOLE", 1.0)
    assert count(Category.objects.filter(name__contains="c")).is_about
    assert count(Category.objects.filter(name="c7")) == Count(1)


@pytest.mark.skipif(f"not ({POSTGRESQL})", reason="the planner of PostgreSQL")
def test_a_wrong_expectation_does_not_hide_that_there_are_more(monkeypatch):
    monkeypatch.setattr(counting, "MOST", 5)
    fill(40)
    monkeypatch.setattr(
        counting, "_expected", lambda parts: {"": counting._Expected(rows=1, cost=1.0)}
    )
    assert count(Category.objects.all()) == Count(5, is_more=True)


@pytest.mark.parametrize(
    ("found", "long", "short"),
    [
        (Count(0), "0", "0"),
        (Count(12345), "12,345", "12,345"),
        (Count(10_000, is_more=True), "more than 10,000", "10,000+"),
        (Count(1_000_025, is_about=True), "about 1,000,000", "≈1,000,000"),
        (Count(487_312, is_about=True), "about 490,000", "≈490,000"),
        (Count(3, is_about=True), "about 3", "≈3"),
    ],
)
def test_a_number_says_how_sure_it_is(found, long, short):
    assert (str(found), found.short) == (long, short)
    assert found.is_exact is (short[0] != "≈" and short[-1] != "+")
