"""Values on an object's page that this person may read and not change."""

from typing import Any

from django.contrib.admin.utils import lookup_field
from django.core.exceptions import FieldDoesNotExist, ObjectDoesNotExist
from django.db import models
from django.http import HttpRequest
from django.utils import timezone

from backoffice.base import money
from backoffice.base.admin import cells


def contents(field: Any, request: HttpRequest) -> Any:
    """What an `AdminReadonlyField` shows: words for yes and no, — for nothing.

    A row of another table is a link only for who may open it.
    """
    try:
        found, attribute, value = lookup_field(
            field.field["field"], field.form.instance, field.model_admin
        )
    except (FieldDoesNotExist, AttributeError, ValueError, ObjectDoesNotExist):
        return cells.NOTHING
    if value is None or value == "":
        return cells.NOTHING
    if found is None:
        if getattr(attribute, "boolean", False):
            return cells.yes_no(value)
        return field.contents()
    if isinstance(found, models.BooleanField):
        return cells.yes_no(value)
    if isinstance(found, models.DecimalField):
        return money.fixed(value, found.decimal_places)
    if isinstance(found, models.DateTimeField):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"
    if isinstance(found, models.ForeignKey):
        return _related(field, request, getattr(field.form.instance, found.name))
    return field.contents()


def _related(field: Any, request: HttpRequest, row: models.Model) -> Any:
    site = field.model_admin.admin_site
    other = site._registry.get(type(row))
    if other is None or not other.has_view_or_change_permission(request, row):
        return str(row)
    return cells.link(
        other.object_url(row) if hasattr(other, "object_url") else "", row
    )
