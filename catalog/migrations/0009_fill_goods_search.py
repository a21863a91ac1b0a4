from django.db import migrations, transaction

from catalog.spelling import text_of

STEP = 5000


def fill(apps, schema_editor):
    """In steps, each committed: one that is broken off goes on where it stopped."""
    Goods = apps.get_model("catalog", "Goods")
    GoodsSearch = apps.get_model("catalog", "GoodsSearch")
    rows = Goods.objects.order_by("pk")
    values = rows.values_list("pk", "code", "barcode", "name", "brand__name")
    done = GoodsSearch.objects.order_by("-pk").values_list("pk", flat=True)
    last = done.first() or 0
    while some := list(values.filter(pk__gt=last)[:STEP]):
        with transaction.atomic(using=schema_editor.connection.alias):
            GoodsSearch.objects.bulk_create(
                GoodsSearch(goods_id=pk, text=text_of(code, barcode, name, brand or ""))
                for pk, code, barcode, name, brand in some
            )
        last = some[-1][0]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("catalog", "0008_goods_search")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
