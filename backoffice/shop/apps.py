from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ShopConfig(AppConfig):
    name = "backoffice.shop"
    verbose_name = _("Settings")

    def ready(self) -> None:
        from backoffice.oplog import reading  # noqa: PLC0415 - apps load first
        from backoffice.shop.definitions import SETTINGS  # noqa: PLC0415 - apps load first

        reading.labels["setting"] = lambda name: (
            SETTINGS[name].label if name in SETTINGS else ""
        )
