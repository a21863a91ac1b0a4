"""The list behind a workbench: tabs, a chosen few, and what a person prefers."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import InvalidPage
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict

from backoffice.base.admin.keyset import END, Keys, beyond, keys_of
from backoffice.base.admin.paging import CappedPaginator
from backoffice.base.admin.words import Tab

TAB = "tab"
ONLY = "only"
PER_PAGE = "per_page"
ORDER = "o"
#: the rows after a row of the list, or before it
AFTER = "after"
BEFORE = "before"
#: these stand in the address and are no lookups
OWN_PARAMETERS = (TAB, ONLY, AFTER, BEFORE)
PAGE_SIZES = (20, 50, 100, 200)
_MEMORY = "lists"
_ORDER = re.compile(r"^-?\d+(\.-?\d+)*$")


@dataclass(frozen=True)
class ByKey:
    """A page that was reached by key: it has no number."""

    has_previous: bool
    has_next: bool


class WorkbenchList(ChangeList):
    """Django's list with `?tab=` and `?only=1,2,3`, which filter beside the rest.

    Beyond the numbered pages `?after=` and `?before=` lead from page to page by key. A
    list that is too long to be sorted is shown in its own order, unless an index gives
    the one that was asked for (`indexed_columns`).
    """

    tab: Tab | None = None
    only: Sequence[str] = ()
    keys: Keys | None = None
    by_key: ByKey | None = None
    #: the order that was asked for cannot be given
    is_unsorted = False

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        # another filter, tab or order begins at its first page
        for name in (AFTER, BEFORE):
            self.params.pop(name, None)
            self.filter_params.pop(name, None)

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
        paginator = self.model_admin.get_paginator(
            request, self.queryset, self.list_per_page
        )
        if not isinstance(paginator, CappedPaginator):
            super().get_results(request)
            return
        if paginator.is_capped:
            self._keep_to_indexes(request)
            paginator.object_list = self.queryset
        self.keys = keys_of(self.queryset) if paginator.is_capped else None
        self.paginator = paginator
        self.result_count = int(paginator.total)
        self.multi_page = self.result_count > self.list_per_page
        self.show_full_result_count = self.can_show_all = False
        self.show_admin_actions, self.full_result_count = True, None
        found = self._page_by_key(request)
        self.result_list = self._numbered_page() if found is None else found

    def _keep_to_indexes(self, request: HttpRequest) -> None:
        admin: Any = self.model_admin
        indexed = admin.get_indexed_columns(request)
        if indexed is None:
            return
        columns = dict(enumerate(self.list_display))
        asked = {columns.get(i, "") for i in self.get_ordering_field_columns()}
        if ORDER in self.params and not asked <= set(indexed):
            self.is_unsorted = True
            del self.params[ORDER]
            self.queryset = self.queryset.order_by(
                *self.get_ordering(request, self.queryset)
            )
        sortable = self.sortable_by
        self.sortable_by = [
            name for name in indexed if sortable is None or name in sortable
        ]

    def _numbered_page(self) -> Any:
        if not self.multi_page:
            return self.queryset._clone()
        try:
            return self.paginator.page(self.page_num).object_list
        except InvalidPage:
            raise IncorrectLookupParameters from None

    def _page_by_key(self, request: HttpRequest) -> list[Any] | None:
        """The rows after or before a row; None where a numbered page is meant."""
        if self.keys is None:
            return None
        if AFTER in request.GET:
            values = self.keys.read(str(request.GET[AFTER]))
            if values is None:
                return None
            rows = beyond(self.queryset, self.keys, values, backwards=False)
            found = list(rows[: self.list_per_page + 1])
            if found:
                has_next = len(found) > self.list_per_page
                self.by_key = ByKey(has_previous=True, has_next=has_next)
                return found[: self.list_per_page]
            return self._page_before(None)
        if BEFORE not in request.GET:
            return None
        text = str(request.GET[BEFORE])
        values = self.keys.read(text)
        if values is None and text != END:
            return None
        return self._page_before(values)

    def _page_before(self, values: Sequence[Any] | None) -> list[Any] | None:
        """Those before a row, or the last ones of all."""
        assert self.keys is not None  # noqa: S101 - asked by those who have some
        rows = self.queryset
        if values is not None:
            rows = beyond(rows, self.keys, values, backwards=True)
        found = list(rows.reverse()[: self.list_per_page + 1])
        if len(found) <= self.list_per_page:
            # the beginning: that page has a number
            self.page_num = 1
            return None
        self.by_key = ByKey(has_previous=True, has_next=values is not None)
        return found[: self.list_per_page][::-1]

    def get_ordering(self, request: HttpRequest, queryset: QuerySet) -> list[Any]:
        """The order that was asked for, or the admin's, without the model's behind it."""
        ordering: list[Any] = super().get_ordering(request, queryset.order_by())
        return ordering

    def _get_deterministic_ordering(self, ordering: Any) -> list[Any]:
        """Ties go the way of the last column, so that one index serves both ways."""
        found: list[Any] = super()._get_deterministic_ordering(  # type: ignore[misc]
            ordering
        )
        if len(found) > 1 and found[-1] == "-pk":
            last = found[-2]
            is_descending = (
                last.startswith("-")
                if isinstance(last, str)
                else getattr(last, "descending", False)
            )
            found[-1] = "-pk" if is_descending else "pk"
        return found

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
