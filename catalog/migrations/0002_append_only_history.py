from django.db import migrations

from backoffice.base.triggers import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_initial")]

    operations = [AppendOnly(table="catalog_historicalgoods")]
