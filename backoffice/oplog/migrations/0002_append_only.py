from django.db import migrations

from backoffice.base.triggers import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("oplog", "0001_initial")]

    operations = [AppendOnly(table="oplog_operationlog")]
