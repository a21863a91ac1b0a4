"""The rows that a list of the admin shows, by its own search and filters."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict

from backoffice.sheets.definitions import SheetDefinition

if TYPE_CHECKING:
    from backoffice.accounts.models import User


def filtered(definition: SheetDefinition, by: "User", query: str) -> QuerySet:
    """What the person would see in the list under this address, in the sheet's order."""
    request = HttpRequest()
    request.method = "GET"
    request.GET = QueryDict(query)  # type: ignore[assignment]
    request.user = by
    request.session = {}  # type: ignore[assignment]
    model_admin: Any = admin.site.get_model_admin(definition.model)
    changelist = model_admin.get_changelist_instance(request)
    rows: QuerySet = changelist.get_queryset(request).order_by(*definition.order)
    return rows
