"""Goods as the rows of a sheet name them."""

from collections.abc import Iterable

from django.db.models.functions import Upper

from backoffice.base.among import among
from catalog.models import Goods


class Shelf:
    """Goods by code, in any case, each asked for once."""

    def __init__(self) -> None:
        self._found: dict[str, Goods | None] = {}

    def meet(self, codes: Iterable[str]) -> None:
        """Look up what was not met before."""
        unknown = {code.upper() for code in codes} - self._found.keys()
        if not unknown:
            return
        self._found |= dict.fromkeys(unknown)
        rows = Goods.objects.select_related("unit").alias(key=Upper("code"))
        for goods in rows.filter(among("key", unknown)):
            self._found[goods.code.upper()] = goods

    def get(self, code: str) -> Goods | None:
        """The goods of a code that was met."""
        return self._found[code.upper()]
