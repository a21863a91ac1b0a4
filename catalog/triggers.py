"""The database's side of the storefront's pages: every change of what they show is noted.

A note is written by the transaction that changes something, so it is there from the
moment of the commit, whoever changed it by whatever way, and gone with a rollback.
`catalog.freshness` reads them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db import connections, migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_NOTES = "catalog_storefrontchange"
_EVENTS = ("INSERT", "UPDATE", "DELETE")
# once for a statement; a row for each, as one counter would be a lock for all to wait at
_FUNCTION = f"""CREATE OR REPLACE FUNCTION note_storefront_change() RETURNS trigger AS $$
    BEGIN
      INSERT INTO {_NOTES} DEFAULT VALUES;
      RETURN NULL;
    END $$ LANGUAGE plpgsql"""
# once for a row; a counter, as SQLite has one writer at a time anyway
_COUNT = f"""INSERT INTO {_NOTES} (id, times) SELECT 1, 0
      WHERE NOT EXISTS (SELECT 1 FROM {_NOTES});
      UPDATE {_NOTES} SET times = times + 1"""  # noqa: S608 - as above


def _install(table: str, vendor: str) -> list[str]:
    if vendor == "postgresql":
        return [
            _FUNCTION,
            *_remove(table, vendor),
            f"""CREATE TRIGGER "{table}_is_shown"
            AFTER {" OR ".join(_EVENTS)} OR TRUNCATE ON "{table}"
            FOR EACH STATEMENT EXECUTE FUNCTION note_storefront_change()""",
        ]
    return [
        f"""CREATE TRIGGER IF NOT EXISTS "{table}_is_shown_{event.lower()}"
        AFTER {event} ON "{table}" BEGIN {_COUNT}; END"""
        for event in _EVENTS
    ]


def _remove(table: str, vendor: str) -> list[str]:
    if vendor == "postgresql":
        return [f'DROP TRIGGER IF EXISTS "{table}_is_shown" ON "{table}"']
    return [
        f'DROP TRIGGER IF EXISTS "{table}_is_shown_{event.lower()}"'
        for event in _EVENTS
    ]


def keep(install: Mapping[str, Sequence[str]]) -> Callable[..., None]:
    """For `post_migrate`: {table: statements} that put its triggers where they are not,
    on SQLite, as far as the tables are there."""

    def put_back(using: str = "default", **given: Any) -> None:
        connection = connections[using]
        if connection.vendor != "sqlite":
            return
        with connection.cursor() as cursor:
            there = connection.introspection.table_names(cursor)
            for table, statements in install.items():
                for sql in statements if table in there else ():
                    cursor.execute(sql)

    return put_back


def keep_shown(*tables: str) -> Callable[..., None]:
    """The same for the notes about these tables."""
    return keep({table: _install(table, "sqlite") for table in tables})


class IsShown(migrations.operations.base.Operation):
    """Migration operation: the storefront's lists show something of `table`.

    SQLite rebuilds a table when a column changes and drops its triggers with it; `keep`
    puts them back after every `migrate`.
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
        for sql in _install(self.table, schema_editor.connection.vendor):
            schema_editor.execute(sql, params=None)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, *states: Any
    ) -> None:
        for sql in _remove(self.table, schema_editor.connection.vendor):
            schema_editor.execute(sql, params=None)

    def describe(self) -> str:
        return f"Note changes of {self.table} for the storefront"
