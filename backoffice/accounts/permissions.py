"""Permissions in the words of the screen; read from the models, not the database."""

from dataclasses import dataclass

from django.apps import apps
from django.db import models
from django.utils.translation import gettext as _

from backoffice.accounts.roles import OWN_APPS

#: the order in which people look for them
_ORDER = (
    *("catalog", "sheets", "stock", "sales", "accounts", "shop", "oplog", "jobs"),
    *("sms", "files", "books"),
)


@dataclass(frozen=True)
class Section:
    """The permissions of one app: `app.codename` and its words."""

    label: str
    permissions: list[tuple[str, str]]


def _default(action: str, model: type[models.Model]) -> str:
    objects = model._meta.verbose_name_plural
    sentence = {
        "view": _("Can see %(objects)s"),
        "add": _("Can enter %(objects)s"),
        "change": _("Can change %(objects)s"),
        "delete": _("Can delete %(objects)s"),
    }[action]
    return sentence % {"objects": objects}


def sections() -> list[Section]:
    """All permissions of our own apps that are installed, by app."""
    installed = {config.label: config for config in apps.get_app_configs()}
    found = []
    for app_label in sorted(OWN_APPS, key=_ORDER.index):
        if app_label not in installed:
            continue
        # the main things, which have permissions of their own, first
        models_of = sorted(
            installed[app_label].get_models(), key=lambda m: not m._meta.permissions
        )
        named = [
            (f"{app_label}.{codename}", label)
            for model in models_of
            for codename, label in _of(model)
        ]
        if named:
            found.append(Section(str(installed[app_label].verbose_name), named))
    return found


def _of(model: type[models.Model]) -> list[tuple[str, str]]:
    meta = model._meta
    return [
        *((f"{a}_{meta.model_name}", _default(a, model)) for a in _actions(model)),
        *((str(codename), str(label)) for codename, label in meta.permissions),
    ]


def _actions(model: type[models.Model]) -> list[str]:
    order = ["view", "add", "change", "delete"]
    return sorted(model._meta.default_permissions, key=order.index)


def permission_label(name: str) -> str:
    """What `app.codename` allows, in words; one that is gone stays as it is written."""
    for section in sections():
        for known, label in section.permissions:
            if known == name:
                return label
    return name
