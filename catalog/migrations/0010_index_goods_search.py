from django.db import OperationalError, migrations, transaction

TABLE = "catalog_goodssearch"
FULL_TEXT = "catalog_goodssearch_fts"
INDEX = "goodssearch_triples"

POSTGRESQL = [
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    f"CREATE INDEX {INDEX} ON {TABLE} USING gin (text gin_trgm_ops)",
]
# the texts stay where they are; the full-text table holds their triples only
_FORGET = f"INSERT INTO {FULL_TEXT}({FULL_TEXT}, rowid, text) VALUES ('delete', old.goods_id, old.text)"
_LEARN = f"INSERT INTO {FULL_TEXT}(rowid, text) VALUES (new.goods_id, new.text)"
SQLITE = [
    f"CREATE VIRTUAL TABLE {FULL_TEXT} USING fts5(text, content='{TABLE}', content_rowid='goods_id', tokenize='trigram')",
    f"INSERT INTO {FULL_TEXT}({FULL_TEXT}) VALUES ('rebuild')",
    f"CREATE TRIGGER {FULL_TEXT}_added AFTER INSERT ON {TABLE} BEGIN {_LEARN}; END",
    f"CREATE TRIGGER {FULL_TEXT}_changed AFTER UPDATE ON {TABLE} BEGIN {_FORGET}; {_LEARN}; END",
    f"CREATE TRIGGER {FULL_TEXT}_deleted AFTER DELETE ON {TABLE} BEGIN {_FORGET}; END",
]


def install(apps, schema_editor):
    """The index over the triples of the search texts."""
    if schema_editor.connection.vendor == "postgresql":
        for sql in POSTGRESQL:
            schema_editor.execute(sql)
        return
    try:
        with transaction.atomic(using=schema_editor.connection.alias):
            for sql in SQLITE:
                schema_editor.execute(sql)
    except OperationalError as error:
        # an SQLite before 3.34, or built without FTS5: texts are read one by one
        if "fts5" not in str(error) and "tokenizer" not in str(error):
            raise


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP INDEX IF EXISTS {INDEX}")
        return
    for event in ("added", "changed", "deleted"):
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {FULL_TEXT}_{event}")
    schema_editor.execute(f"DROP TABLE IF EXISTS {FULL_TEXT}")


class Migration(migrations.Migration):
    dependencies = [("catalog", "0009_fill_goods_search")]

    operations = [migrations.RunPython(install, remove)]
