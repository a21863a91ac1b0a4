"""The list behind a workbench: tabs, a chosen few, and what a person prefers."""

import re
from collections.abc import Sequence
from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict

from backoffice.base.admin.words import Tab

TAB = "tab"
ONLY = "only"
PER_PAGE = "per_page"
ORDER = "o"
#: these stand in the address and are no lookups
OWN_PARAMETERS = (TAB, ONLY)
PAGE_SIZES = (20, 50, 100, 200)
_MEMORY = "lists"
_ORDER = re.compile(r"^-?\d+(\.-?\d+)*$")


class WorkbenchList(ChangeList):
    """Django's list with `?tab=` and `?only=1,2,3`, which filter beside the rest."""

    tab: Tab | None = None
    only: Sequence[str] = ()

    def get_filters_params(self, params: dict[str, Any] | None = None) -> Any:
        """Without our own parameters."""
        kept = super().get_filters_params(params)
        return {k: v for k, v in kept.items() if k not in OWN_PARAMETERS}

    def get_queryset(
        self, request: HttpRequest, exclude_parameters: Any = None
    ) -> QuerySet:
        """What search and filters give, within the tab or the chosen few."""
        self.only = chosen_ids(request.GET.get(ONLY, ""))
        admin: Any = self.model_admin
        self.tab = admin.current_tab(request)
        queryset = super().get_queryset(request, exclude_parameters)
        if self.only:
            return queryset.filter(pk__in=self.only)
        return queryset.filter(self.tab.condition) if self.tab else queryset

    def get_results(self, request: HttpRequest) -> None:
        """One page of the size that this person chose."""
        self.list_per_page = page_size(
            request, self.opts.label_lower, self.model_admin.list_per_page
        )
        super().get_results(request)

    @property
    def is_narrowed(self) -> bool:
        """Whether a search, a filter, a tab or a choice hides rows; the tab that opens
        first is what the list is about."""
        first = getattr(self.model_admin, "default_tab", "")
        chosen = self.tab is not None and self.tab.key != first
        return bool(self.query or self.has_active_filters or chosen or self.only)


def chosen_ids(text: str) -> list[str]:
    """The ids of `1,2,3`; anything that is no number is dropped."""
    parts = text[:20_000].split(",")
    return [p for p in parts if p.isascii() and p.isdigit() and len(p) < 19][:1000]


def remembered(request: HttpRequest, key: str) -> dict[str, Any]:
    """What this person chose for the list `key`."""
    memory = request.session.get(_MEMORY)
    found = memory.get(key) if isinstance(memory, dict) else None
    return found if isinstance(found, dict) else {}


def _remember(request: HttpRequest, key: str, **values: Any) -> None:
    old = remembered(request, key)
    new = {k: v for k, v in {**old, **values}.items() if v}
    if new != old:
        request.session[_MEMORY] = {**request.session.get(_MEMORY, {}), key: new}


def page_size(request: HttpRequest, key: str, default: int) -> int:
    """The number of rows that this person chose."""
    size = remembered(request, key).get(PER_PAGE)
    return size if size in PAGE_SIZES else default


def with_preferences(request: HttpRequest, key: str) -> QueryDict:
    """The address's parameters after taking page size and order into memory.

    A page size is taken out; an order that is missing comes from the memory, and an
    empty one (`?o=`) forgets it.
    """
    given = request.GET.copy()
    size = given.pop(PER_PAGE, [""])[-1]
    if size.isascii() and size.isdigit() and int(size) in PAGE_SIZES:
        _remember(request, key, per_page=int(size))
    if ORDER in given:
        order = str(given[ORDER])
        _remember(request, key, o=order if _ORDER.match(order) else "")
        if not order:
            del given[ORDER]
    elif known := remembered(request, key).get(ORDER):
        given[ORDER] = str(known)
    return given
