"""The database's side of revocation: what comes past the models ends tokens too.

A password, the active flag or the staff flag that changes without a new secret gets one
from the database itself. Whoever does that by hand waits up to a minute for the cache.
"""

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_TABLE = "accounts_user"
_COLUMNS = ("password", "is_active", "is_staff")
_CHANGED = {
    "postgresql": " OR ".join(f"OLD.{c} IS DISTINCT FROM NEW.{c}" for c in _COLUMNS),
    "sqlite": " OR ".join(f"OLD.{c} IS NOT NEW.{c}" for c in _COLUMNS),
}
_INSTALL = {
    "postgresql": [
        """CREATE OR REPLACE FUNCTION end_tokens() RETURNS trigger AS $$
        BEGIN
          NEW.token_secret := replace(
            gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
          RETURN NEW;
        END $$ LANGUAGE plpgsql""",
        f"DROP TRIGGER IF EXISTS {_TABLE}_end_tokens ON {_TABLE}",
        f"""CREATE TRIGGER {_TABLE}_end_tokens BEFORE UPDATE ON {_TABLE} FOR EACH ROW
        WHEN (NEW.token_secret = OLD.token_secret AND ({_CHANGED["postgresql"]}))
        EXECUTE FUNCTION end_tokens()""",
    ],
    "sqlite": [
        f"""CREATE TRIGGER IF NOT EXISTS {_TABLE}_end_tokens
        AFTER UPDATE OF {", ".join(_COLUMNS)} ON {_TABLE} FOR EACH ROW
        WHEN NEW.token_secret = OLD.token_secret AND ({_CHANGED["sqlite"]})
        BEGIN
          UPDATE {_TABLE} SET token_secret = lower(hex(randomblob(32)))
          WHERE id = NEW.id;
        END""",  # noqa: S608 - constants of this module
    ],
}
_REMOVE = {
    "postgresql": f"DROP TRIGGER IF EXISTS {_TABLE}_end_tokens ON {_TABLE}",
    "sqlite": f"DROP TRIGGER IF EXISTS {_TABLE}_end_tokens",
}


class TokensEnd(migrations.operations.base.Operation):
    """Migration operation: the trigger on the table of people, on both databases.

    SQLite drops a table's triggers when it rebuilds it, so a migration that alters a
    column of the table repeats this operation.
    """

    reduces_to_sql = False
    reversible = True

    def state_forwards(self, app_label: str, state: Any) -> None:
        """The models do not change."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, *states: Any
    ) -> None:
        for sql in _INSTALL[schema_editor.connection.vendor]:
            schema_editor.execute(sql, params=None)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, *states: Any
    ) -> None:
        schema_editor.execute(_REMOVE[schema_editor.connection.vendor], params=None)

    def describe(self) -> str:
        return "End tokens with the password, the active flag and the staff flag"
