import django.db.models.deletion
from django.db import migrations, models

from sales.triggers import FiguresForAll


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0013_indexes_of_history"),
        ("sales", "0001_the_sales_floor"),
    ]

    operations = [
        migrations.AlterField(
            model_name="goodsfigures",
            name="goods",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                primary_key=True,
                related_name="figures",
                serialize=False,
                to="catalog.goods",
            ),
        ),
        FiguresForAll(),
    ]
