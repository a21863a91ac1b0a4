"""The classes that every admin of the shop derives from."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.db import models
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from backoffice.base.admin.changelist import TAB, WorkbenchList, with_preferences
from backoffice.base.admin.paging import CappedPaginator
from backoffice.base.admin.words import EmptyState, RowAction, Tab, Text, Tool
from backoffice.base.counting import Count, count_each

ALL = "all"


class BaseModelAdmin(admin.ModelAdmin):
    """A list that is a workbench and a form that reads well; see the package.

    Nothing can be deleted unless `deletable` is set: the shop archives and disables.
    """

    deletable = False
    #: one line of tabs over the list, counted by one query
    tabs: Sequence[Tab] = ()
    #: the tab that opens first; "" for all rows
    default_tab = ""
    #: how many filters stand in the line; the others are folded
    quick_filters = 3
    #: field → unit shown behind its input
    field_units: Mapping[str, Text] = {}
    #: column → what becomes of it on a phone (see `column`), for plain fields
    phone_columns: Mapping[str, str] = {}
    #: the columns by which a list of any length can be sorted, because an index gives
    #: their order; None: the list never grows long
    indexed_columns: Sequence[str] | None = None
    paginator = CappedPaginator
    list_per_page = 50
    list_max_show_all = 0
    show_full_result_count = False
    save_on_top = False
    view_on_site = False

    # --- the list

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        """Our list."""
        return WorkbenchList

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list, with what this person prefers."""
        if "_popup" not in request.GET:
            request.GET = with_preferences(  # type: ignore[assignment]
                request, self.opts.label_lower
            )
        return super().changelist_view(request, extra_context)

    def get_indexed_columns(self, request: HttpRequest) -> Sequence[str] | None:
        """The columns that may sort a long list."""
        return self.indexed_columns

    def get_tabs(self, request: HttpRequest) -> Sequence[Tab]:
        """The tabs for this person."""
        return self.tabs

    def current_tab(self, request: HttpRequest) -> Tab | None:
        """The tab that is open; None for all rows."""
        key = request.GET.get(TAB) or self.default_tab
        return next((t for t in self.get_tabs(request) if t.key == key), None)

    def tab_counts(
        self, request: HttpRequest, queryset: QuerySet, tabs: Sequence[Tab]
    ) -> dict[str, Count]:
        """{tab key: rows}, and "all"; at most two queries. A key that is missing has no
        number."""
        return count_each(queryset, {ALL: Q(), **{t.key: t.condition for t in tabs}})

    def list_tools(self, request: HttpRequest) -> Sequence[Tool]:
        """Links at the top right of the list, beside "Add"."""
        return ()

    def empty_state(self, request: HttpRequest) -> EmptyState:
        """What the list says while there is nothing at all."""
        return EmptyState(
            _("Nothing here yet: %(objects)s.")
            % {"objects": self.opts.verbose_name_plural}
        )

    def row_actions(
        self, request: HttpRequest, obj: models.Model
    ) -> Sequence[RowAction]:
        """The next step of one object, as buttons in its row."""
        return ()

    # --- the form

    def form_tools(
        self, request: HttpRequest, obj: models.Model | None
    ) -> Sequence[Tool]:
        """Links at the top right of an object's page, beside "History"."""
        return ()

    def object_url(self, obj: models.Model) -> str:
        """The address of an object's page."""
        opts = self.opts
        name = f"{self.admin_site.name}:{opts.app_label}_{opts.model_name}_change"
        return reverse(name, args=(quote(obj.pk),))

    def object_status(self, request: HttpRequest, obj: models.Model) -> Any:
        """What stands beside the object's name on its page: its status as a tag."""
        return ""

    def formfield_for_dbfield(
        self, db_field: models.Field, request: HttpRequest, **kwargs: Any
    ) -> Any:
        """With its unit, which the form shows behind the input.

        Beside a choice of something else stand a pencil and a plus; deleting and
        looking at it belong to its own page.
        """
        formfield: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if isinstance(getattr(formfield, "widget", None), RelatedFieldWidgetWrapper):
            formfield.widget.can_delete_related = False
            formfield.widget.can_view_related = False
        if formfield is not None and db_field.name in self.field_units:
            formfield.unit = self.field_units[db_field.name]
        return formfield

    def has_delete_permission(
        self, request: HttpRequest, obj: models.Model | None = None
    ) -> bool:
        """Only where the class says that its rows may go."""
        return self.deletable and super().has_delete_permission(request, obj)


class ReadOnlyAdmin(BaseModelAdmin):
    """Looks, never touches: logs, ledgers, histories.

    Whoever holds the view permission sees list and rows; nobody adds, changes or
    deletes, whatever else they may do, and no input is rendered.
    """

    actions = None  # type: ignore[assignment]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: models.Model | None = None
    ) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: models.Model | None = None
    ) -> bool:
        """Nobody."""
        return False


def without_transaction(model_admin: Any) -> Callable[..., Any]:
    """Django's page to add or change an object without the transaction around it, for
    an admin whose verbs have their own: files are stored before it is opened."""
    view: Callable[..., Any] = model_admin._changeform_view
    return view
