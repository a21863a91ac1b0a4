from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CatalogConfig(AppConfig):
    name = "catalog"
    verbose_name = _("Goods")

    def ready(self) -> None:
        from backoffice.oplog import reading  # noqa: PLC0415 - models load first
        from backoffice.sheets.definitions import (  # noqa: PLC0415 - models load first
            register,
        )
        from catalog import checks  # noqa: F401, PLC0415 - registers its checks
        from catalog.resources.goods import GoodsSheet  # noqa: PLC0415 - as above
        from catalog.resources.logs import (  # noqa: PLC0415 - as above
            PriceLogSheet,
            ShelfLogSheet,
        )
        from catalog.resources.picturezip import PictureZip  # noqa: PLC0415 - as above
        from catalog.resources.prices import PricesSheet  # noqa: PLC0415 - as above

        reading.restricted["cost"] = "catalog.view_cost"
        register(GoodsSheet())
        register(PricesSheet())
        register(PictureZip())
        register(PriceLogSheet())
        register(ShelfLogSheet())
