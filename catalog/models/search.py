"""What goods are found by, beside their rows: a price change does not touch it."""

from django.db import models

from catalog.models.goods import Goods


class GoodsSearch(models.Model):
    """The search text of a goods (`catalog.spelling`), served by an index of character
    triples. Written only by `catalog.indexing`."""

    goods = models.OneToOneField(
        Goods, on_delete=models.CASCADE, primary_key=True, related_name="search"
    )
    text = models.TextField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.text
