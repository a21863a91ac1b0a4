"""Queries whose text is kept give what the ORM gives, whatever they are asked for."""

import threading

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from backoffice.base.compiled import Compiled
from catalog.models import Goods
from catalog.tests.factories import GoodsFactory

COLUMNS = ("pk", "code", "price", "points_factor", "is_weighed", "created_at")


def some(ids, most):
    return (
        Goods.objects.filter(pk__in=ids, pk__lt=most)
        .exclude(code="")
        .order_by("-pk")
        .values_list(*COLUMNS)
    )


@pytest.mark.django_db
def test_it_gives_what_the_query_gives():
    ids = [goods.pk for goods in GoodsFactory.create_batch(4)]
    read = Compiled(some)
    for wanted in (ids[:1], ids[1:2], ids[:3], ids[1:], [ids[0], -1], [1 << 61]):
        for most in (ids[2], ids[-1] + 1):
            assert read(wanted, most) == list(some(wanted, most))
            assert read(wanted, most) == list(some(wanted, most))
    assert read([], 1 << 60) == []


@pytest.mark.django_db
def test_the_text_is_written_once_for_each_length():
    ids = [goods.pk for goods in GoodsFactory.create_batch(2)]
    built = []

    def build(wanted):
        built.append(len(wanted))
        return Goods.objects.filter(pk__in=wanted).values_list("pk")

    read = Compiled(build)
    with CaptureQueriesContext(connection) as queries:
        for wanted in (ids, ids[:1], ids[1:], ids):
            assert sorted(read(wanted)) == sorted((pk,) for pk in wanted)
    assert (built, len(queries)) == ([2, 1], 4)


@pytest.mark.django_db(transaction=True)
def test_locks_are_taken_inside_a_transaction_only():
    if connection.vendor != "postgresql":
        pytest.skip("SQLite locks no rows")
    pk = GoodsFactory().pk
    read = Compiled(
        lambda pk: Goods.objects.select_for_update().filter(pk=pk).values_list("pk")
    )
    with transaction.atomic():
        assert read(pk) == [(pk,)]
        found = []

        def look():
            try:
                with transaction.atomic():
                    found.extend(
                        Goods.objects.select_for_update(skip_locked=True).filter(pk=pk)
                    )
            finally:
                connection.close()

        other = threading.Thread(target=look)
        other.start()
        other.join()
        assert found == []
    with pytest.raises(transaction.TransactionManagementError):
        read(pk)
