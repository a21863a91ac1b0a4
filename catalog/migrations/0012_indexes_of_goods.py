import catalog.models.steps
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.comparison
from django.db import migrations, models


def look_at_new_columns(apps, schema_editor):
    """PostgreSQL would guess what they hold until enough rows have changed."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ANALYZE catalog_goods")


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0011_means_receipt'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='goods',
            name='goods_status',
        ),
        migrations.RemoveIndex(
            model_name='goods',
            name='goods_category',
        ),
        migrations.RemoveIndex(
            model_name='goods',
            name='goods_listed',
        ),
        migrations.AddField(
            model_name='goods',
            name='cost_state',
            field=models.GeneratedField(db_persist=True, expression=models.Case(models.When(cost=None, then=models.Value('unknown')), models.When(models.Q(models.Q(('price__lt', models.F('cost')), ('retail_enabled', True)), models.Q(('case_enabled', True), ('case_price__lt', django.db.models.expressions.CombinedExpression(models.F('cost'), '*', models.F('case_size')))), _connector='OR'), then=models.Value('below')), default=models.Value(None), output_field=models.CharField(max_length=10)), output_field=models.CharField(max_length=10, null=True)),
        ),
        migrations.AddField(
            model_name='goods',
            name='price_step',
            field=models.GeneratedField(db_persist=True, expression=django.db.models.functions.comparison.Coalesce(models.Case(models.When(retail_enabled=True, then=catalog.models.steps.StepOf(models.F('price'))), default=catalog.models.steps.StepOf(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('case_price'), '*', models.Value(1.0)), '/', models.F('case_size')))), models.Value(0), output_field=models.SmallIntegerField()), output_field=models.SmallIntegerField()),
        ),
        migrations.AlterField(
            model_name='goods',
            name='barcode',
            field=models.CharField(blank=True, max_length=40, validators=[django.core.validators.RegexValidator('^[0-9A-Za-z-]*$', 'Digits, letters and hyphens only.')], verbose_name='barcode'),
        ),
        migrations.AlterField(
            model_name='goods',
            name='brand',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, to='catalog.brand', verbose_name='brand'),
        ),
        migrations.AlterField(
            model_name='goods',
            name='category',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='catalog.category', verbose_name='category'),
        ),
        migrations.AddIndex(
            model_name='goods',
            index=models.Index(fields=['status', 'id'], name='goods_by_status'),
        ),
        migrations.AddIndex(
            model_name='goods',
            index=models.Index(fields=['category', 'id'], name='goods_by_category'),
        ),
        migrations.AddIndex(
            model_name='goods',
            index=models.Index(fields=['brand', 'id'], name='goods_by_brand'),
        ),
        migrations.AddIndex(
            model_name='goods',
            index=models.Index(fields=['barcode'], name='goods_by_barcode'),
        ),
        migrations.AddIndex(
            model_name='goods',
            index=models.Index(fields=['price_step', 'id'], name='goods_by_price'),
        ),
        migrations.AddIndex(
            model_name='goods',
            index=models.Index(condition=models.Q(('status', 'on_sale')), fields=['-listed_at', '-id'], name='goods_on_sale'),
        ),
        migrations.AddIndex(
            model_name='goods',
            index=models.Index(condition=models.Q(('cost_state__isnull', False)), fields=['cost_state', 'id'], name='goods_by_cost_state'),
        ),
        migrations.AddIndex(
            model_name='goods',
            index=models.Index(condition=models.Q(('image', '')), fields=['id'], name='goods_without_picture'),
        ),
        migrations.AddIndex(
            model_name='goods',
            index=models.Index(condition=models.Q(('case_enabled', True)), fields=['id'], name='goods_by_case'),
        ),
        migrations.AddIndex(
            model_name='goods',
            index=models.Index(condition=models.Q(('is_weighed', True)), fields=['id'], name='goods_weighed'),
        ),
        migrations.RunPython(look_at_new_columns, migrations.RunPython.noop, elidable=False),
    ]
