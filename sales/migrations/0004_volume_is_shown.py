from django.db import migrations

from catalog.triggers import IsShown


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0015_storefront_changes"),
        ("sales", "0003_sell_at_the_counter"),
    ]

    operations = [IsShown("sales_goodsfigures")]
