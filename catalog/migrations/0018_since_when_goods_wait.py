from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def look_it_up(apps, schema_editor):
    """Since when goods wait that wait already."""
    goods = apps.get_model("catalog", "Goods")
    history = apps.get_model("catalog", "HistoricalGoods")
    submitted = history.objects.filter(
        id=OuterRef("pk"), status_changed=True, status="pending"
    ).order_by("-history_id")
    goods.objects.filter(status="pending").update(
        submitted_at=Subquery(submitted.values("history_date")[:1])
    )


class Migration(migrations.Migration):
    dependencies = [("catalog", "0017_repricing_studio")]

    operations = [
        migrations.AddField(
            model_name="goods",
            name="submitted_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="submitted"),
        ),
        migrations.AddIndex(
            model_name="goods",
            index=models.Index(
                condition=models.Q(("status", "pending")),
                fields=["status", "submitted_at", "id"],
                name="goods_to_review",
            ),
        ),
        migrations.RemoveIndex(model_name="goods", name="goods_on_sale"),
        migrations.AddIndex(
            model_name="goods",
            index=models.Index(
                condition=models.Q(("status", "on_sale")),
                fields=["status", "-listed_at", "-id"],
                name="goods_on_sale",
            ),
        ),
        migrations.RunPython(look_it_up, migrations.RunPython.noop, elidable=False),
    ]
