from django.db import migrations


def leave_room(apps, schema_editor):
    """Balances change with every order: with room on its page, PostgreSQL writes a row
    anew beside itself, and no index has to learn of it."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE stock_stockbalance SET (fillfactor = 50)")


def take_it_back(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE stock_stockbalance RESET (fillfactor)")


class Migration(migrations.Migration):
    dependencies = [("stock", "0002_append_only")]

    operations = [migrations.RunPython(leave_room, take_it_back, elidable=False)]
