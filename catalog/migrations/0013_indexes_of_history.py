from django.db import migrations, models

from backoffice.base.triggers import AppendOnly


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0012_indexes_of_goods'),
    ]

    operations = [
        migrations.AlterField(
            model_name='historicalgoods',
            name='history_date',
            field=models.DateTimeField(),
        ),
        migrations.AlterField(
            model_name='historicalgoods',
            name='id',
            field=models.BigIntegerField(auto_created=True, blank=True, verbose_name='ID'),
        ),
        migrations.AddIndex(
            model_name='historicalgoods',
            index=models.Index(condition=models.Q(('price_changed', True)), fields=['history_user', '-history_date', '-history_id'], name='goodshistory_price_by'),
        ),
        migrations.AddIndex(
            model_name='historicalgoods',
            index=models.Index(condition=models.Q(('price_changed', True)), fields=['means', '-history_date', '-history_id'], name='goodshistory_price_means'),
        ),
        migrations.AddIndex(
            model_name='historicalgoods',
            index=models.Index(condition=models.Q(('status_changed', True)), fields=['history_user', '-history_date', '-history_id'], name='goodshistory_status_by'),
        ),
        migrations.AddIndex(
            model_name='historicalgoods',
            index=models.Index(condition=models.Q(('status_changed', True)), fields=['means', '-history_date', '-history_id'], name='goodshistory_status_means'),
        ),
        migrations.AddIndex(
            model_name='historicalgoods',
            index=models.Index(condition=models.Q(('status_changed', True)), fields=['status', '-history_date', '-history_id'], name='goodshistory_status_to'),
        ),
        # SQLite has made the table anew, without its triggers
        AppendOnly(table="catalog_historicalgoods"),
    ]
