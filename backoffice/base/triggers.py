"""The database's side of append-only tables: triggers that refuse change.

They are the last word: raw SQL meets them too. They are lifted only by `lifted()`,
for test tear-down and restore.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections, migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

MESSAGE = "is append-only: rows are added, never changed or deleted"


def _postgres_sql(table: str) -> list[str]:
    return [
        f"""CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger AS $$
        BEGIN
          RAISE EXCEPTION '% {MESSAGE}', TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
        END $$ LANGUAGE plpgsql""",
        f'DROP TRIGGER IF EXISTS "{table}_append_only" ON "{table}"',
        f"""CREATE TRIGGER "{table}_append_only" BEFORE UPDATE OR DELETE ON "{table}"
        FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
        f'DROP TRIGGER IF EXISTS "{table}_no_truncate" ON "{table}"',
        f"""CREATE TRIGGER "{table}_no_truncate" BEFORE TRUNCATE ON "{table}"
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
    ]


def _sqlite_sql(table: str) -> list[str]:
    return [
        f"""CREATE TRIGGER IF NOT EXISTS "{table}_no_{verb.lower()}"
        BEFORE {verb} ON "{table}"
        BEGIN SELECT RAISE(ABORT, '{table} {MESSAGE}'); END"""
        for verb in ("UPDATE", "DELETE")
    ]


def install(table: str, vendor: str) -> list[str]:
    """The statements that put the trigger on `table`."""
    return _postgres_sql(table) if vendor == "postgresql" else _sqlite_sql(table)


def remove(table: str, vendor: str) -> list[str]:
    """The statements that take it off again."""
    if vendor == "postgresql":
        return [
            f'DROP TRIGGER IF EXISTS "{table}_{name}" ON "{table}"'
            for name in ("append_only", "no_truncate")
        ]
    return [
        f'DROP TRIGGER IF EXISTS "{table}_no_{verb}"' for verb in ("update", "delete")
    ]


class AppendOnly(migrations.operations.base.Operation):
    """Migration operation: the trigger on `table`, on both databases.

    SQLite rebuilds a table when a column changes and drops its triggers with it, so
    a later migration that alters such a table repeats this operation.
    """

    reduces_to_sql = False
    reversible = True

    def __init__(self, table: str) -> None:
        self.table = table

    def deconstruct(self) -> tuple[str, list, dict]:
        return type(self).__qualname__, [], {"table": self.table}

    def state_forwards(self, app_label: str, state: Any) -> None:
        """The models do not change."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, *states: Any
    ) -> None:
        for sql in install(self.table, schema_editor.connection.vendor):
            schema_editor.execute(sql, params=None)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, *states: Any
    ) -> None:
        for sql in remove(self.table, schema_editor.connection.vendor):
            schema_editor.execute(sql, params=None)

    def describe(self) -> str:
        return f"Make {self.table} append-only"


def guarded_tables(using: str = "default") -> list[str]:
    """The tables that carry the trigger at present."""
    connection = connections[using]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
                " WHERE t.tgname = c.relname || '_append_only' ORDER BY 1"
            )
        else:
            cursor.execute(
                "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger'"
                " AND name = tbl_name || '_no_update' ORDER BY 1"
            )
        return [row[0] for row in cursor.fetchall()]


@contextmanager
def lifted(using: str = "default") -> Iterator[None]:
    """Without the triggers inside the block: for test tear-down and restore only."""
    connection = connections[using]
    tables = guarded_tables(using)
    with connection.cursor() as cursor:
        for table in tables:
            for sql in remove(table, connection.vendor):
                cursor.execute(sql)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            for table in tables:
                for sql in install(table, connection.vendor):
                    cursor.execute(sql)
