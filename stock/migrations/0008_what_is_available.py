from django.db import migrations, models

from catalog.triggers import IsShown


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0015_storefront_changes"),
        ("stock", "0007_replenishment"),
    ]

    operations = [
        migrations.AddField(
            model_name="stockbalance",
            name="is_available",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Q(("on_hand__gt", models.F("reserved"))),
                output_field=models.BooleanField(),
            ),
        ),
        migrations.AddIndex(
            model_name="stockbalance",
            index=models.Index(fields=["is_available", "goods"], name="stockbalance_available"),
        ),
        migrations.AddIndex(
            model_name="stockbalance",
            index=models.Index(
                fields=["goods"],
                condition=models.Q(("short__gt", 0)),
                name="stockbalance_short",
            ),
        ),
        IsShown("stock_stockbalance"),
    ]
