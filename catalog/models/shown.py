"""That something which the storefront's lists show was changed."""

from django.db import models


class StorefrontChange(models.Model):
    """A note of a change, written by triggers (`catalog.triggers`) inside the transaction
    that changed something; on SQLite one row that counts them. Read and swept by
    `catalog.freshness`."""

    times = models.PositiveBigIntegerField(db_default=1)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.pk} × {self.times}"
