"""Ports, the guard of statuses, refusals, rows that are only ever added."""

from dataclasses import dataclass
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, models, transaction
from django.utils.translation import override

from backoffice.base import triggers
from backoffice.base.appendonly import AppendOnlyError
from backoffice.base.errors import (
    ChangedMeanwhile,
    DomainError,
    FieldErrors,
    NotPermitted,
    WrongStatus,
)
from backoffice.base.ports import Port
from backoffice.base.status import labels, require
from backoffice.oplog.models import OperationLog
from backoffice.oplog.record import record


def test_a_port_gives_the_neutral_answer_until_it_is_connected():
    port: Port = Port("test.port", lambda ids: {})
    assert port([1]) == {}
    assert not port.connected
    answer = port.connect(lambda ids: {1: Decimal(2)})
    assert port.connected
    assert port([1]) == answer([1]) == {1: Decimal(2)}
    with port.instead(None):
        assert not port.connected
        assert port([1]) == {}
    assert port([1]) == {1: Decimal(2)}


class Status(models.TextChoices):
    OPEN = "open", "Open"
    DONE = "done", "Done"
    GONE = "gone", "Gone"


@dataclass
class Thing:
    status: str

    def get_status_display(self) -> str:
        return Status(self.status).label

    def __str__(self) -> str:
        return "thing 7"


def test_require_lets_the_allowed_pass_and_names_everything_else():
    require(Thing("open"), Status.OPEN, Status.DONE, verb="Close")
    with override("en"), pytest.raises(WrongStatus) as refusal:
        require(Thing("gone"), Status.OPEN, Status.DONE, verb="Close")
    assert str(refusal.value) == 'thing 7 is "Gone"; "Close" is for: Open, Done.'
    assert refusal.value.data == {"status": "gone", "allowed": ["open", "done"]}
    assert (refusal.value.slug, refusal.value.http_status) == ("wrong_status", 409)
    with override("en"):
        assert labels([Status.OPEN]) == "Open"


def test_refusals_have_one_root_with_slug_and_status():
    for kind, slug, status in (
        (DomainError, "invalid", 400),
        (WrongStatus, "wrong_status", 409),
        (NotPermitted, "forbidden", 403),
        (ChangedMeanwhile, "changed_meanwhile", 409),
    ):
        error = kind("No.", id=7)
        assert isinstance(error, DomainError)
        assert (error.slug, error.http_status) == (slug, status)
        assert (str(error), error.data) == ("No.", {"id": 7})


def test_field_errors_keep_their_fields():
    error = FieldErrors({"name": ["Too long."], "price": ["No price.", "Negative."]})
    assert error.errors["price"] == ["No price.", "Negative."]
    assert str(error) == "Too long.; No price.; Negative."


@pytest.mark.django_db
def test_every_way_of_changing_a_log_is_refused():
    row = record(by=None, action="goods.changed")
    row.action = "goods.created"
    rows = OperationLog.objects.filter(pk=row.pk)
    for act in (
        row.save,
        row.delete,
        rows.delete,
        lambda: rows.update(action="x"),
        lambda: OperationLog.objects.bulk_update([row], ["action"]),
    ):
        with pytest.raises(AppendOnlyError):
            act()
    assert rows.get().action == "goods.changed"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE oplog_operationlog SET action = 'x'",
        "DELETE FROM oplog_operationlog",
        "UPDATE oplog_operationlog SET id = id + 1",
    ],
)
def test_the_database_refuses_raw_sql(sql):
    record(by=None, action="goods.changed")
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)


@pytest.mark.django_db
def test_postgres_refuses_to_truncate():
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no TRUNCATE")
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("TRUNCATE oplog_operationlog CASCADE")


@pytest.mark.django_db
def test_logs_and_history_are_guarded_by_the_database():
    guarded = triggers.guarded_tables()
    assert {"oplog_operationlog", "catalog_historicalgoods"} <= set(guarded)


@pytest.mark.django_db(transaction=True)
def test_the_guard_is_lifted_only_within_its_block():
    record(by=None, action="goods.changed")
    with triggers.lifted(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM oplog_operationlog")
    assert not OperationLog.objects.exists()
    record(by=None, action="goods.changed")
    with (
        pytest.raises(DatabaseError, match="append-only"),
        connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM oplog_operationlog")


@pytest.mark.django_db(transaction=True)
def test_the_guard_comes_back_after_an_error():
    before = triggers.guarded_tables()
    with pytest.raises(RuntimeError), triggers.lifted():
        raise RuntimeError
    assert triggers.guarded_tables() == before


@pytest.mark.django_db(transaction=True)
def test_the_migration_says_what_it_does_and_can_be_taken_back():
    operation = triggers.AppendOnly(table="backoffice_cache")
    assert operation.describe() == "Make backoffice_cache append-only"
    assert operation.deconstruct() == ("AppendOnly", [], {"table": "backoffice_cache"})
    with connection.schema_editor(atomic=False) as editor:
        operation.database_forwards("oplog", editor, None, None)
    assert "backoffice_cache" in triggers.guarded_tables()
    with connection.schema_editor(atomic=False) as editor:
        operation.database_backwards("oplog", editor, None, None)
    assert "backoffice_cache" not in triggers.guarded_tables()
