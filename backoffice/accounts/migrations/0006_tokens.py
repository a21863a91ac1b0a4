import secrets

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import backoffice.accounts.models
from backoffice.accounts.triggers import TokensEnd


def give_secrets(apps, schema_editor):
    """Each person a secret of their own; a column's default would be one for all."""
    user_model = apps.get_model("accounts", "User")
    for pk in user_model.objects.filter(token_secret="").values_list("pk", flat=True).iterator():
        user_model.objects.filter(pk=pk).update(token_secret=secrets.token_hex(32))


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_labels_of_people")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="token_secret",
            field=models.CharField(default="", editable=False, max_length=64),
        ),
        migrations.RunPython(give_secrets, migrations.RunPython.noop, elidable=True),
        migrations.AlterField(
            model_name="user",
            name="token_secret",
            field=models.CharField(
                default=backoffice.accounts.models.new_secret,
                editable=False,
                max_length=64,
            ),
        ),
        migrations.CreateModel(
            name="RevokedToken",
            fields=[
                (
                    "key",
                    models.CharField(max_length=32, primary_key=True, serialize=False),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("expires_at", models.DateTimeField(db_index=True)),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "revoked token",
                "verbose_name_plural": "revoked tokens",
                "default_permissions": (),
            },
        ),
        TokensEnd(),
    ]
