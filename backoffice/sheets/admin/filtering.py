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
    request, changelist = _changelist(definition, by, query)
    rows: QuerySet = changelist.get_queryset(request).order_by(*definition.order)
    return rows


def in_words(definition: SheetDefinition, by: "User", query: str) -> str:
    """What narrows the list under this address, as its page names it; blank: nothing."""
    _request, changelist = _changelist(definition, by, query)
    parts = [f"“{changelist.query}”"] if changelist.query else []
    if getattr(changelist, "tab", None):
        parts.append(str(changelist.tab.label))
    for spec in changelist.filter_specs:
        if not any(n in changelist.filter_params for n in spec.expected_parameters()):
            continue
        choices = list(spec.choices(changelist))[1:]
        chosen: dict[str, Any] = next(
            (one for one in choices if one.get("selected")), {}
        )
        said = getattr(spec, "summary", "") or chosen.get("display", "")
        parts.append(f"{spec.title} {said}".strip())
    return ", ".join(parts)


def _changelist(
    definition: SheetDefinition, by: "User", query: str
) -> tuple[HttpRequest, Any]:
    request = HttpRequest()
    request.method = "GET"
    request.GET = QueryDict(query)  # type: ignore[assignment]
    request.user = by
    request.session = {}  # type: ignore[assignment]
    model_admin: Any = admin.site.get_model_admin(definition.model)
    return request, model_admin.get_changelist_instance(request)
