"""The admin site: who may enter, and what may be registered on it."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.utils.translation import gettext_lazy as _
from simpleui.admin import AjaxAdmin


class BackofficeAdminSite(admin.AdminSite):
    """The merchant's admin.

    It refuses simpleui's `AjaxAdmin`: that class runs any method named in a request
    without a permission check, filters by lookups that the client chooses (a password
    oracle) and fails on prefixed searches.
    """

    site_title = _("Fruit shop back office")
    site_header = _("Fruit shop")
    index_title = _("Home")
    enable_nav_sidebar = False

    def register(
        self,
        model_or_iterable: type[models.Model] | Iterable[type[models.Model]],
        admin_class: type[admin.ModelAdmin] | None = None,
        **options: Any,
    ) -> None:
        if admin_class is not None and issubclass(admin_class, AjaxAdmin):
            raise ImproperlyConfigured(
                f"{admin_class.__name__} is an AjaxAdmin of simpleui, which runs actions "
                "without checking permissions; use the verbs of backoffice.base.admin."
            )
        super().register(model_or_iterable, admin_class, **options)
