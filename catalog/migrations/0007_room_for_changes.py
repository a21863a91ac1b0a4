from django.db import migrations


def leave_room(apps, schema_editor):
    """Goods change every morning: with room on its page, PostgreSQL writes a row anew
    beside itself and leaves the indexes of what did not change alone."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE catalog_goods SET (fillfactor = 80)")


def take_it_back(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE catalog_goods RESET (fillfactor)")


class Migration(migrations.Migration):
    dependencies = [("catalog", "0006_banners")]

    operations = [migrations.RunPython(leave_room, take_it_back, elidable=False)]
