from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CatalogConfig(AppConfig):
    name = "catalog"
    verbose_name = _("Goods")

    def ready(self) -> None:
        from django.db.models.signals import post_migrate  # noqa: PLC0415 - as below

        from backoffice.oplog import reading  # noqa: PLC0415 - models load first
        from backoffice.sheets.definitions import (  # noqa: PLC0415 - models load first
            register,
        )
        from catalog import checks, triggers  # noqa: F401, PLC0415 - registers its checks
        from catalog.resources.goods import GoodsSheet  # noqa: PLC0415 - as above
        from catalog.resources.logs import (  # noqa: PLC0415 - as above
            PriceLogSheet,
            ShelfLogSheet,
        )
        from catalog.resources.picturezip import PictureZip  # noqa: PLC0415 - as above
        from catalog.resources.prices import PricesSheet  # noqa: PLC0415 - as above

        self.put_back = triggers.keep_shown(
            *(
                f"catalog_{t}"
                for t in ("goods", "goodssearch", "category", "brand", "unit")
            )
        )
        post_migrate.connect(self.put_back, sender=self)
        reading.restricted["cost"] = "catalog.view_cost"
        register(GoodsSheet())
        register(PricesSheet())
        register(PictureZip())
        register(PriceLogSheet())
        register(ShelfLogSheet())
