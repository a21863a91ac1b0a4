import backoffice.base.text
import catalog.models.banners
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0005_position_label'),
    ]

    operations = [
        migrations.CreateModel(
            name='Banner',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(help_text='For the staff; customers see the picture only.', max_length=60, validators=[backoffice.base.text.refuse_unseen, backoffice.base.text.refuse_tags], verbose_name='title')),
                ('image', models.ImageField(upload_to=catalog.models.banners.banner_path, verbose_name='picture')),
                ('width', models.PositiveIntegerField(editable=False)),
                ('height', models.PositiveIntegerField(editable=False)),
                ('link', models.CharField(help_text='Where a tap leads: https://… or a page of the mini-program, for example /pages/goods/detail?id=17.', max_length=500, validators=[catalog.models.banners.check_link], verbose_name='link')),
                ('starts_at', models.DateTimeField(blank=True, help_text='Empty: from now on.', null=True, verbose_name='shown from')),
                ('ends_at', models.DateTimeField(blank=True, help_text='From this moment on it is gone. Empty: without end.', null=True, verbose_name='shown until')),
                ('sequence', models.PositiveIntegerField(default=0, editable=False, verbose_name='position')),
                ('is_enabled', models.BooleanField(default=True, help_text='Off: it is not shown, whatever its time says.', verbose_name='enabled')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created')),
            ],
            options={
                'verbose_name': 'banner',
                'verbose_name_plural': 'banners',
                'ordering': ['sequence', 'id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('link__startswith', 'https://'), ('link__startswith', '/pages/'), _connector='OR'), name='banner_link_safe'), models.CheckConstraint(condition=models.Q(('starts_at__isnull', True), ('ends_at__isnull', True), ('ends_at__gt', models.F('starts_at')), _connector='OR'), name='banner_ends_after_start', violation_error_message='The end comes before the start.')],
            },
        ),
    ]
