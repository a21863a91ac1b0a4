"""Changing the shop's settings; every change is logged with old and new value."""

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from backoffice.base.errors import DomainError, NotPermitted
from backoffice.oplog.record import record
from backoffice.shop.definitions import SETTINGS, Setting
from backoffice.shop.models import ShopSetting
from backoffice.shop.values import shop

if TYPE_CHECKING:
    from backoffice.accounts.models import User


class UnknownSetting(DomainError):
    """There is no setting of this name."""

    slug = "not_found"
    http_status = 404


def setting_named(name: str) -> Setting:
    """The setting, by its name in any case, with or without `SHOP_`."""
    key = name.strip().upper().removeprefix("SHOP_")
    if key not in SETTINGS:
        raise UnknownSetting(_("There is no shop setting %(name)s.") % {"name": name})
    return SETTINGS[key]


def _permit(by: "User") -> None:
    if not by.has_perm("shop.change_shopsetting"):
        raise NotPermitted(_("You may not change shop settings."))


def set_value(name: str, text: str, *, by: "User") -> Any:
    """Set the merchant's own value; gives it as parsed.

    Raises UnknownSetting, NotPermitted, or DomainError with the reason why the text
    is not a value of this setting.
    """
    setting = setting_named(name)
    _permit(by)
    try:
        value = setting.parse(text)
    except ValidationError as error:
        raise DomainError(
            f"{setting.name}: {' '.join(error.messages)}", name=setting.name
        ) from None
    with transaction.atomic():
        old = shop.value(setting)[0]
        ShopSetting.objects.update_or_create(
            name=setting.name,
            defaults={"value": setting.write(value), "changed_by": by},
        )
        if value != old:
            record(
                by=by,
                action="setting.changed",
                name=setting.name,
                changes={setting.name: [setting.write(old), setting.write(value)]},
            )
        transaction.on_commit(shop.forget)
    return value


@transaction.atomic
def reset(name: str, *, by: "User") -> None:
    """Take the merchant's own value away: the environment or the default counts."""
    setting = setting_named(name)
    _permit(by)
    old = shop.value(setting)[0]
    deleted, _rows = ShopSetting.objects.filter(name=setting.name).delete()
    if deleted:
        shop.forget()
        new = shop.value(setting)[0]
        record(
            by=by,
            action="setting.reset",
            name=setting.name,
            changes={setting.name: [setting.write(old), setting.write(new)]},
        )
        transaction.on_commit(shop.forget)
