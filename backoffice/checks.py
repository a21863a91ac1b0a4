"""System checks with stable ids: bad configuration is found at the start."""

from typing import Any

from django.core.checks import CheckMessage, Error, register

from backoffice.shop.definitions import SETTINGS
from backoffice.shop.values import UnreadableShopSetting, layer_of_environment


@register
def check_shop_environment(**kwargs: Any) -> list[CheckMessage]:
    """backoffice.E001: a SHOP_ variable cannot be read."""
    errors: list[CheckMessage] = []
    for setting in SETTINGS.values():
        try:
            layer_of_environment(setting)
        except UnreadableShopSetting as error:
            errors.append(Error(str(error), id="backoffice.E001"))
    return errors
