from django.db import migrations, models

from catalog.triggers import IsShown


class Migration(migrations.Migration):
    dependencies = [("catalog", "0014_pictures_of_zips")]

    operations = [
        migrations.CreateModel(
            name="StorefrontChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("times", models.PositiveBigIntegerField(db_default=1)),
            ],
            options={"default_permissions": ()},
        ),
        IsShown("catalog_goods"),
        IsShown("catalog_goodssearch"),
        IsShown("catalog_category"),
        IsShown("catalog_brand"),
        IsShown("catalog_unit"),
    ]
