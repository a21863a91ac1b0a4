import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0007_room_for_changes'),
    ]

    operations = [
        migrations.CreateModel(
            name='GoodsSearch',
            fields=[
                ('goods', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='search', serialize=False, to='catalog.goods')),
                ('text', models.TextField()),
            ],
            options={
                'default_permissions': (),
            },
        ),
    ]
