"""The database's side of the figures: every goods has its row from the first moment on.

So a list of goods is led by the index of volumes, which knows nothing of goods that have
no row.
"""

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from catalog.triggers import keep

_GOODS, _FIGURES = "catalog_goods", "sales_goodsfigures"
_NAME = f"{_GOODS}_get_figures"
_INSTALL = {
    # once for a statement, however many goods it adds
    "postgresql": [
        f"""CREATE OR REPLACE FUNCTION give_figures() RETURNS trigger AS $$
        BEGIN
          INSERT INTO {_FIGURES} (goods_id, volume) SELECT id, 0 FROM added
          ON CONFLICT DO NOTHING;
          RETURN NULL;
        END $$ LANGUAGE plpgsql""",  # noqa: S608 - constants of this module
        f"DROP TRIGGER IF EXISTS {_NAME} ON {_GOODS}",
        f"""CREATE TRIGGER {_NAME} AFTER INSERT ON {_GOODS}
        REFERENCING NEW TABLE AS added FOR EACH STATEMENT
        EXECUTE FUNCTION give_figures()""",
    ],
    "sqlite": [
        f"""CREATE TRIGGER IF NOT EXISTS {_NAME} AFTER INSERT ON {_GOODS}
        BEGIN
          INSERT OR IGNORE INTO {_FIGURES} (goods_id, volume) VALUES (NEW.id, 0);
        END""",  # noqa: S608 - constants of this module
    ],
}
_REMOVE = {
    "postgresql": f"DROP TRIGGER IF EXISTS {_NAME} ON {_GOODS}",
    "sqlite": f"DROP TRIGGER IF EXISTS {_NAME}",
}
_FILL = f"""INSERT INTO {_FIGURES} (goods_id, volume) SELECT id, 0 FROM {_GOODS} g
    WHERE NOT EXISTS (SELECT 1 FROM {_FIGURES} f WHERE f.goods_id = g.id)"""  # noqa: S608 - as above


#: for `post_migrate`
keep_figures = keep({_GOODS: _INSTALL["sqlite"]})


class FiguresForAll(migrations.operations.base.Operation):
    """Migration operation: figures for every goods that is there, and for those to come.

    SQLite drops a table's triggers when it rebuilds it; `keep_figures` puts this one
    back after every `migrate`.
    """

    reduces_to_sql = False
    reversible = True

    def state_forwards(self, app_label: str, state: Any) -> None:
        """The models do not change."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, *states: Any
    ) -> None:
        for sql in (*_INSTALL[schema_editor.connection.vendor], _FILL):
            schema_editor.execute(sql, params=None)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, *states: Any
    ) -> None:
        schema_editor.execute(_REMOVE[schema_editor.connection.vendor], params=None)

    def describe(self) -> str:
        return "Give every goods its row of sales figures"
