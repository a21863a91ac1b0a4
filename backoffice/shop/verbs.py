"""Changing the shop's settings; every change is logged with old and new value."""

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from backoffice.base.errors import DomainError, FieldErrors, NotPermitted
from backoffice.oplog.record import record
from backoffice.shop.definitions import SETTINGS, Setting
from backoffice.shop.models import ShopSetting
from backoffice.shop.values import shop, text_below

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backoffice.accounts.models import User


class UnknownSetting(DomainError):
    """There is no setting of this name."""

    slug = "not_found"
    http_status = 404


class WrongValue(DomainError):
    """The text is not a value of this setting."""


def setting_named(name: str) -> Setting:
    """The setting, by its name in any case, with or without `SHOP_`."""
    key = name.strip().upper().removeprefix("SHOP_")
    if key not in SETTINGS:
        raise UnknownSetting(_("There is no shop setting %(name)s.") % {"name": name})
    return SETTINGS[key]


def _permit(by: "User") -> None:
    if not (by.is_active and by.has_perm("shop.change_shopsetting")):
        raise NotPermitted(_("You may not change shop settings."))


@transaction.atomic
def set_value(name: str, text: str, *, by: "User") -> Any:
    """Set the merchant's own value; gives it as parsed.

    Raises UnknownSetting, NotPermitted, or WrongValue with the reason why the text is
    not a value of this setting. The same value again writes nothing.
    """
    setting = setting_named(name)
    _permit(by)
    try:
        value, written = setting.parse(text), setting.tidy(text)
    except ValidationError as error:
        raise WrongValue(
            f"{setting.name}: {' '.join(error.messages)}",
            name=setting.name,
            messages=list(error.messages),
        ) from None
    old, layer = _present(setting)
    if layer == "merchant" and setting.parse(old) == value:
        return value
    ShopSetting.objects.update_or_create(
        name=setting.name, defaults={"value": written, "changed_by": by}
    )
    record(
        by=by,
        action="setting.changed",
        name=setting.name,
        changes={setting.name: [old, written]},
    )
    transaction.on_commit(shop.forget)
    return value


@transaction.atomic
def reset(name: str, *, by: "User") -> bool:
    """Take the merchant's own value away: the environment or the default counts.

    Gives whether there was one.
    """
    setting = setting_named(name)
    _permit(by)
    old = _present(setting)[0]
    deleted, _rows = ShopSetting.objects.filter(name=setting.name).delete()
    if deleted:
        record(
            by=by,
            action="setting.reset",
            name=setting.name,
            changes={setting.name: [old, text_below(setting)]},
        )
        transaction.on_commit(shop.forget)
    return bool(deleted)


@transaction.atomic
def set_many(
    texts: "Mapping[str, str]", *, by: "User", seen: "Mapping[str, str] | None" = None
) -> list[str]:
    """Set several at once, all or none; gives the names of those that changed.

    `seen` holds what the editor saw: where somebody else has changed that setting
    since, the editor is told. Raises FieldErrors by name, with everything that is
    wrong.
    """
    errors: dict[str, list[str]] = {}
    changed = []
    for name, text in texts.items():
        before = _present(setting_named(name))
        if seen is not None and before[0] != seen.get(name, before[0]):
            errors[name] = [
                _(
                    "Meanwhile somebody set it to %(value)s; enter yours again if it holds."
                )
                % {"value": before[0]}
            ]
            continue
        try:
            set_value(name, text, by=by)
        except WrongValue as error:
            errors[name] = error.data["messages"]
        else:
            if _present(setting_named(name)) != before:
                changed.append(name)
    if errors:
        raise FieldErrors(errors)
    return changed


def _present(setting: Setting) -> tuple[str, str]:
    """Text and layer as the database has them now, its row locked: what `shop` keeps
    may be some seconds old."""
    row = (
        ShopSetting.objects.select_for_update(no_key=True)
        .filter(name=setting.name)
        .first()
    )
    if row is not None:
        try:
            return setting.tidy(row.value), "merchant"
        except ValidationError:
            # no longer readable: the layer below counts until it is set anew
            return text_below(setting), "unreadable"
    return text_below(setting), "below"
