from django.db import migrations

from backoffice.base.triggers import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("stock", "0001_initial")]

    operations = [AppendOnly(table="stock_stockmovement")]
