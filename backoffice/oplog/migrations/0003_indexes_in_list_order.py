import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from backoffice.base.triggers import AppendOnly


def index_beginnings(apps, schema_editor):
    """For `target_label__istartswith`; SQLite cannot use an index for it."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "CREATE INDEX oplog_label ON oplog_operationlog "
            "(UPPER(target_label) text_pattern_ops)"
        )


def drop_index(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX IF EXISTS oplog_label")


class Migration(migrations.Migration):

    dependencies = [
        ('oplog', '0002_append_only'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='operationlog',
            options={'default_permissions': ('view',), 'ordering': ['-at', '-id'], 'verbose_name': 'operation log entry', 'verbose_name_plural': 'operation log'},
        ),
        migrations.RemoveIndex(
            model_name='operationlog',
            name='oplog_at',
        ),
        migrations.RemoveIndex(
            model_name='operationlog',
            name='oplog_by',
        ),
        migrations.RemoveIndex(
            model_name='operationlog',
            name='oplog_action',
        ),
        migrations.RemoveIndex(
            model_name='operationlog',
            name='oplog_target',
        ),
        migrations.AlterField(
            model_name='operationlog',
            name='by',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by'),
        ),
        migrations.AddIndex(
            model_name='operationlog',
            index=models.Index(fields=['-at', '-id'], name='oplog_at_id'),
        ),
        migrations.AddIndex(
            model_name='operationlog',
            index=models.Index(fields=['by', '-at', '-id'], name='oplog_by_at'),
        ),
        migrations.AddIndex(
            model_name='operationlog',
            index=models.Index(fields=['action', '-at', '-id'], name='oplog_action_at'),
        ),
        migrations.AddIndex(
            model_name='operationlog',
            index=models.Index(fields=['means', '-at', '-id'], name='oplog_means_at'),
        ),
        migrations.AddIndex(
            model_name='operationlog',
            index=models.Index(fields=['target_type', 'target_id', '-at', '-id'], name='oplog_target_at'),
        ),
        migrations.RunPython(index_beginnings, drop_index, elidable=False),
        # SQLite made the table anew and lost its triggers
        AppendOnly(table="oplog_operationlog"),
    ]
