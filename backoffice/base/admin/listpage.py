"""A list as its template wants it: tabs, filters, headings, rows with their cells.

Works for any `ModelAdmin`; what only ours have is asked for politely.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from django.contrib.admin.templatetags.admin_list import result_headers
from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.contrib.admin.utils import (
    display_for_field,
    display_for_value,
    lookup_field,
)
from django.contrib.admin.views.main import PAGE_VAR, SEARCH_VAR, ChangeList
from django.core.exceptions import FieldDoesNotExist, ObjectDoesNotExist
from django.db import models
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from backoffice.base.admin import cells
from backoffice.base.admin.addresses import address_of
from backoffice.base.admin.changelist import (
    AFTER,
    BEFORE,
    ONLY,
    PAGE_SIZES,
    PER_PAGE,
    TAB,
)
from backoffice.base.admin.keyset import END
from backoffice.base.admin.options import ALL
from backoffice.base.admin.words import EmptyState, RowAction, Tool, Verb
from backoffice.base.counting import Count

TICK = "action_checkbox"
SHORT = 12


@dataclass(frozen=True)
class ShownTab:
    label: Any
    url: str
    count: str | None
    is_current: bool


@dataclass(frozen=True)
class ShownFilter:
    title: Any
    panel: str
    summary: Any
    is_active: bool
    clear_url: str


@dataclass(frozen=True)
class Heading:
    label: Any
    css: str
    sort_url: str = ""
    direction: str = ""


class Cell(NamedTuple):
    """One cell; light, as a page has hundreds."""

    label: str
    html: SafeString
    css: str
    phone: str = ""

    @property
    def td(self) -> SafeString:
        """As it stands in its row."""
        return mark_safe(
            f"{_opening(self.label, self.css, self.phone)}{self.html}</td>"
        )


@lru_cache(maxsize=2000)
def _opening(label: str, css: str, phone: str) -> SafeString:
    """The beginning of a cell, alike for all of its column."""
    if phone:
        css = f"{css} phone-{phone}"
    return format_html('<td class="{}" data-label="{}">', css, capfirst(label))


@dataclass(frozen=True)
class Row:
    pk: Any
    label: str
    cells: Sequence[Cell]
    actions: Sequence[RowAction]
    is_ticked: bool
    #: names of the verbs that fit it, so that the bar offers no others
    verbs: str = ""
    errors: Any = ""

    def tick(self, says: str) -> SafeString:
        """The box that chooses it; `says` has a place for its name."""
        pk, name = cells.escaped(str(self.pk)), cells.escaped(self.label)
        return mark_safe(
            '<td class="tick"><input type="checkbox" class="row-tick" '
            f'name="_selected_action" value="{pk}" id="tick-{pk}" data-tick'
            f'{" checked" if self.is_ticked else ""}><label for="tick-{pk}" '
            f'class="visually-hidden">{says % {"object": name}}</label></td>'
        )

    @property
    def buttons(self) -> SafeString:
        """Its next steps; one that posts has its form below the list."""
        parts = ['<td class="row-actions">']
        for place, action in enumerate(self.actions, 1):
            tone = f" el-button--{cells.escaped(action.tone)}" if action.tone else ""
            label = (
                f"{cells.icon(action.icon)}<span>{cells.escaped(action.label)}</span>"
            )
            if action.post is None:
                url = cells.escaped(action.url)
                parts.append(
                    f'<a class="el-button el-button--mini{tone}" href="{url}">{label}</a>'
                )
            else:
                form = f"row-{cells.escaped(str(self.pk))}-{place}"
                parts.append(
                    f'<button class="el-button el-button--mini{tone}" form="{form}">'
                    f"{label}</button>"
                )
        return mark_safe("".join([*parts, "</td>"]))


@dataclass
class ListPage:
    """Everything on the page but the shell."""

    tabs: list[ShownTab] = field(default_factory=list)
    filters: list[ShownFilter] = field(default_factory=list)
    folded: list[ShownFilter] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    verbs: list[tuple[Verb, str]] = field(default_factory=list)
    actions: list[tuple[str, Any]] = field(default_factory=list)
    tools: Sequence[Tool] = ()
    sizes: list[tuple[int, str, bool]] = field(default_factory=list)
    pages: list[tuple[Any, str, bool]] = field(default_factory=list)
    kept: list[tuple[str, str]] = field(default_factory=list)
    empty: EmptyState | None = None
    is_narrowed: bool = False
    only: Sequence[str] = ()
    clear_url: str = "?"
    previous_url: str = ""
    next_url: str = ""
    #: about so far into a long list, and its end
    jumps: list[tuple[str, str]] = field(default_factory=list)
    last_url: str = ""
    total: Count = field(default_factory=lambda: Count(0))
    is_unsorted: bool = False

    @property
    def tickable(self) -> bool:
        """Whether rows can be ticked."""
        return bool(self.rows and (self.verbs or self.actions))

    @property
    def has_active_filters(self) -> bool:
        """Whether one of the filters is set."""
        return any(f.is_active for f in self.filters)

    @property
    def has_row_actions(self) -> bool:
        """Whether any row has a next step."""
        return any(row.actions for row in self.rows)

    @property
    def body(self) -> SafeString:
        """The rows as they stand in the table; no template goes through them."""
        tickable, has_actions = self.tickable, self.has_row_actions
        tick = _("Tick %(object)s")
        parts: list[str] = []
        for row in self.rows:
            parts.append("\n    ")
            if row.errors:
                errors = cells.escaped(row.errors)
                parts.append(
                    f'<tr class="row-errors"><td colspan="99">{errors}</td></tr>'
                )
            verbs = f' data-verbs="{cells.escaped(row.verbs)}"' if self.verbs else ""
            parts.append(f"\n    <tr data-row{verbs}>\n      ")
            if tickable:
                parts.append(row.tick(tick))
            parts.append("\n      ")
            for cell in row.cells:
                parts.append(cell.td)
                parts.append("\n      ")
            if has_actions:
                parts.append(row.buttons)
            parts.append("\n    </tr>")
        return mark_safe("".join(parts))


def build(request: HttpRequest, cl: Any, action_choices: Any = ()) -> ListPage:
    """The page of a list that Django has computed."""
    admin = cl.model_admin
    page = ListPage(
        only=getattr(cl, "only", ()),
        is_narrowed=getattr(cl, "is_narrowed", bool(cl.query or cl.has_active_filters)),
    )
    if not cl.is_popup:
        page.tabs = list(_tabs(request, cl))
        page.tools = list(_ask(admin, "list_tools", request, default=()))
        page.verbs = [
            (verb, admin.verb_url(verb))
            for verb in _ask(admin, "bulk_verbs", request, default=())
        ]
        page.actions = [choice for choice in action_choices if choice[0]]
    shown = [_filter(cl, spec) for spec in cl.filter_specs]
    quick = getattr(admin, "quick_filters", 3)
    page.filters = shown[:quick] + [f for f in shown[quick:] if f.is_active]
    page.folded = [f for f in shown[quick:] if not f.is_active]
    page.headings = list(_headings(cl))
    page.rows = list(_rows(request, cl))
    if not page.rows and not page.is_narrowed:
        page.empty = _ask(admin, "empty_state", request, default=None)
    page.kept = list(_kept(cl))
    page.is_unsorted = getattr(cl, "is_unsorted", False)
    page.clear_url = cl.get_query_string(remove=list(_narrowing(cl)))
    _paging(cl, page)
    return page


def _ask(admin: Any, name: str, *args: Any, default: Any) -> Any:
    method = getattr(admin, name, None)
    return method(*args) if method else default


def _tabs(request: HttpRequest, cl: Any) -> Iterator[ShownTab]:
    admin = cl.model_admin
    tabs = _ask(admin, "get_tabs", request, default=())
    if not tabs:
        return
    counts = admin.tab_counts(request, cl.root_queryset, tabs)
    current = cl.tab.key if cl.tab else ALL
    for key, label in [(ALL, _("All")), *((tab.key, tab.label) for tab in tabs)]:
        is_default = key == (admin.default_tab or ALL)
        yield ShownTab(
            label,
            cl.get_query_string({} if is_default else {TAB: key}, remove=[TAB, ONLY]),
            counts[key].short if key in counts else None,
            key == current and not cl.only,
        )


def _filter(cl: Any, spec: Any) -> ShownFilter:
    choices = list(spec.choices(cl))
    chosen = next((c for c in choices[1:] if c.get("selected")), None)
    summary = getattr(spec, "summary", "") or (chosen or {}).get("display", "")
    names = [n for n in spec.expected_parameters() if n]
    is_active = bool(summary) or any(n in cl.filter_params for n in names)
    panel = render_to_string(
        spec.template,
        {
            "title": spec.title,
            "choices": choices,
            "spec": spec,
            "kept": _kept(cl, names),
        },
    )
    return ShownFilter(
        spec.title, panel, summary, is_active, cl.get_query_string(remove=names)
    )


def _narrowing(cl: Any) -> Iterator[str]:
    """The parameters that hide rows."""
    yield from (SEARCH_VAR, ONLY)
    for spec in cl.filter_specs:
        yield from (name for name in spec.expected_parameters() if name)


def _kept(cl: Any, without: Sequence[str] = ()) -> Iterator[tuple[str, str]]:
    """The parameters that another form of the page sends along."""
    dropped = {PAGE_VAR, ONLY, *(without or [SEARCH_VAR])}
    for name, values in cl.filter_params.items():
        if name not in dropped:
            for value in values if isinstance(values, list) else [values]:
                yield name, value


# --- headings and cells -------------------------------------------------------------


def _name(column: Any) -> str:
    return column if isinstance(column, str) else getattr(column, "__name__", "column")


def _attribute(cl: Any, column: Any) -> Any:
    if callable(column):
        return column
    return getattr(cl.model_admin, column, None) or getattr(cl.model, column, None)


def _field(cl: Any, column: Any) -> models.Field | None:
    try:
        return cl.lookup_opts.get_field(_name(column))
    except FieldDoesNotExist:
        return None


_NUMBERS = (models.IntegerField, models.DecimalField, models.FloatField)


def _is_numeric(cl: Any, column: Any) -> bool:
    found = _field(cl, column)
    if found is not None:
        return isinstance(found, _NUMBERS) and not found.choices
    return bool(getattr(_attribute(cl, column), "numeric", False))


def _phone(cl: Any, column: Any) -> str:
    chosen = getattr(cl.model_admin, "phone_columns", {}).get(_name(column))
    if chosen is not None:
        return str(chosen)
    if _is_link(cl, column):
        return getattr(_attribute(cl, column), "phone", "") or "title"
    return str(getattr(_attribute(cl, column), "phone", "") or "")


def _is_link(cl: Any, column: Any) -> bool:
    if cl.list_display_links is None:
        return False
    if cl.list_display_links:
        return column in cl.list_display_links
    return column == next((c for c in cl.list_display if c != TICK), None)


def _headings(cl: Any) -> Iterator[Heading]:
    for column, header in zip(cl.list_display, result_headers(cl), strict=True):
        if column == TICK:
            continue
        css = f"column-{_name(column)}" + (" num" if _is_numeric(cl, column) else "")
        if not header.get("sortable"):
            yield Heading(header["text"], css)
            continue
        direction = ""
        if header["sorted"]:
            direction = "ascending" if header["ascending"] else "descending"
        yield Heading(header["text"], css, str(header["url_primary"]), direction)


@dataclass(frozen=True)
class _Column:
    """What all cells of a column share, looked up once: a page has hundreds of cells."""

    given: Any
    name: str
    label: str
    css: str
    phone: str
    is_link: bool
    #: what gives the value, where that is neither a field nor the row itself
    method: Any
    empty: Any


def _column(cl: Any, given: Any) -> _Column:
    method = _method(cl, given)
    empty = cl.model_admin.get_empty_value_display()
    return _Column(
        given,
        _name(given),
        # said in the reader's language here, not anew in each cell
        str(cell_label(cl, given)),
        f"field-{_name(given)}" + (" num" if _is_numeric(cl, given) else ""),
        _phone(cl, given),
        _is_link(cl, given),
        method,
        getattr(method, "empty_value_display", empty),
    )


def _method(cl: Any, given: Any) -> Any:
    if callable(given):
        return given
    if given == "__str__" or _field(cl, given) is not None:
        return None
    return getattr(cl.model_admin, given, None)


def _rows(request: HttpRequest, cl: Any) -> Iterator[Row]:
    admin = cl.model_admin
    forms: Any = cl.formset.forms if cl.formset else [None] * len(cl.result_list)
    ticked = {str(pk) for pk in getattr(cl, "only", ())}
    columns = [_column(cl, c) for c in cl.list_display if c != TICK]
    links = _Links(cl)
    for obj, form in zip(cl.result_list, forms, strict=True):
        row_cells = [_cell(cl, obj, column, form, links) for column in columns]
        if form:
            row_cells[-1] = _with_key(cl, row_cells[-1], form)
        yield Row(
            pk=obj.pk,
            label=str(obj),
            cells=row_cells,
            actions=()
            if cl.is_popup
            else list(_ask(admin, "row_actions", request, obj, default=())),
            is_ticked=str(obj.pk) in ticked,
            verbs=" ".join(
                v.name for v in _ask(admin, "verbs_for", request, obj, default=())
            ),
            errors=form.non_field_errors() if form else "",
        )


def _with_key(cl: Any, cell: Cell, form: Any) -> Cell:
    key = form[cl.model._meta.pk.name]
    return cell._replace(html=format_html("{}{}", cell.html, key))


def _cell(
    cl: Any, obj: models.Model, column: _Column, form: Any, links: "_Links"
) -> Cell:
    css = column.css
    if form and column.name in form.fields:
        bound = form[column.name]
        return Cell(column.label, format_html("{}{}", bound.errors, bound), css)
    html = cells.escaped(_shown(cl, obj, column))
    if "<" not in html:
        # a word or two stays in one line
        css += " short" if len(html) <= SHORT else ""
        html = mark_safe(f'<span class="clamp">{html}</span>')
    if column.is_link and "<a " not in html:
        html = links.around(obj, html)
    return Cell(column.label, html, css, column.phone)


def cell_label(cl: Any, column: Any) -> Any:
    """The heading of a column, for the card on a phone."""
    found = _field(cl, column)
    if found is not None and hasattr(found, "verbose_name"):
        return found.verbose_name
    return getattr(_attribute(cl, column), "short_description", _name(column))


def _shown(cl: Any, obj: models.Model, column: _Column) -> Any:
    empty = column.empty
    found, attribute, value = None, column.method, None
    try:
        if attribute is not None:
            value = attribute(obj)
        else:
            found, attribute, value = lookup_field(column.given, obj, cl.model_admin)
            empty = getattr(attribute, "empty_value_display", empty)
    except ObjectDoesNotExist:
        return cl.model_admin.get_empty_value_display()
    if isinstance(value, str) and not value.strip():
        return cells.NOTHING if found is None else empty
    if found is None or found.auto_created:
        return _plain(value, empty, is_boolean=getattr(attribute, "boolean", False))
    if isinstance(found.remote_field, models.ManyToOneRel):
        return getattr(obj, found.name) or empty
    if isinstance(found, models.DateField):
        return cells.when(value)
    if isinstance(found, models.BooleanField):
        return cells.yes_no(value)
    if isinstance(found, models.DecimalField) and value is not None:
        return cells.money(Decimal(value), places=found.decimal_places)
    return display_for_field(value, found, empty, avoid_link=True)


def _plain(value: Any, empty: Any, *, is_boolean: bool) -> Any:
    if is_boolean:
        return cells.yes_no(value)
    if type(value) is SafeString:
        return value
    if isinstance(value, datetime | date):
        return cells.when(value)
    return display_for_value(value, empty)


class _Links:
    """The links of rows to their pages, which keep the filters of the list."""

    def __init__(self, cl: Any) -> None:
        self.cl = cl
        opts = cl.opts
        self.name = f"admin:{opts.app_label}_{opts.model_name}_change"
        self.is_own = type(cl).url_for_result is not ChangeList.url_for_result
        self.filters: str | None = None

    def around(self, obj: models.Model, html: SafeString) -> SafeString:
        """The contents of a cell as a link to the page of its row."""
        cl = self.cl
        url = self._kept(self._url(obj))
        if not cl.is_popup:
            return mark_safe(f'<a href="{cells.escaped(url)}">{html}</a>')
        name = str(cl.to_field) if cl.to_field else cl.pk_attname
        return format_html(
            '<a href="{}" data-popup-opener="{}">{}</a>',
            url,
            obj.serializable_value(name),
            html,
        )

    def _url(self, obj: models.Model) -> str:
        key = getattr(obj, self.cl.pk_attname)
        # the site's own name is what `reverse` would be told as the current one
        if (
            self.is_own
            or type(key) is not int
            or self.cl.model_admin.admin_site.name != ("admin")
        ):
            return str(self.cl.url_for_result(obj))
        return address_of(self.name, key)

    def _kept(self, url: str) -> str:
        """With the filters, which are alike for all rows, and worked out for the first."""
        if self.filters is not None and "?" not in url:
            return url + self.filters
        kept = str(
            add_preserved_filters(
                {"preserved_filters": self.cl.preserved_filters, "opts": self.cl.opts},
                url,
            )
        )
        if "?" not in url and kept.startswith(url) and not self.is_own:
            self.filters = kept[len(url) :]
        return kept


def _paging(cl: Any, page: ListPage) -> None:
    size = cl.list_per_page
    page.total = getattr(cl.paginator, "total", Count(cl.result_count))
    page.sizes = [
        (n, cl.get_query_string({PER_PAGE: n}), n == size)
        for n in sorted({*PAGE_SIZES, size})
    ]
    if not cl.multi_page or (cl.show_all and cl.can_show_all):
        return
    keys, by_key = getattr(cl, "keys", None), getattr(cl, "by_key", None)
    rows = list(cl.result_list)
    if by_key is None:
        _numbers(cl, page)
    else:
        page.pages = [(1, cl.get_query_string({PAGE_VAR: 1}), False), ("…", "", False)]
        page.previous_url = _by_key(cl, BEFORE, rows[0])
        if by_key.has_next:
            page.next_url = _by_key(cl, AFTER, rows[-1])
    if keys is None:
        return
    if not page.next_url and by_key is None:
        page.next_url = _by_key(cl, AFTER, rows[-1])
    page.jumps = list(_jumps(cl))
    if by_key is None or by_key.has_next:
        page.last_url = cl.get_query_string({BEFORE: END})


def _numbers(cl: Any, page: ListPage) -> None:
    last = cl.paginator.num_pages
    # the last number is not the last page of a list that goes on by key
    on_ends = 0 if getattr(cl, "keys", None) else 2
    for number in cl.paginator.get_elided_page_range(
        cl.page_num, on_each_side=2, on_ends=2
    ):
        is_gap = number == cl.paginator.ELLIPSIS
        if not on_ends and not is_gap and number > max(cl.page_num + 2, 5):
            continue
        url = "" if is_gap else cl.get_query_string({PAGE_VAR: number})
        page.pages.append((number, url, number == cl.page_num))
    if cl.page_num > 1:
        page.previous_url = cl.get_query_string({PAGE_VAR: cl.page_num - 1})
    if cl.page_num < last:
        page.next_url = cl.get_query_string({PAGE_VAR: cl.page_num + 1})


def _by_key(cl: Any, direction: str, row: models.Model) -> str:
    return str(cl.get_query_string({direction: cl.keys.of(row)}))


def _jumps(cl: Any) -> Iterator[tuple[str, str]]:
    """A quarter, a half and three quarters of the way, as far as the first column of
    the order runs evenly; only through all rows or a tab."""
    if cl.query or cl.has_active_filters or cl.only:
        return
    lead = cl.keys.fields[0]
    if not isinstance(lead, models.DateTimeField | models.IntegerField):
        return
    rows = cl.root_queryset.order_by(cl.keys.fields[0].name).values_list(lead.name)
    ends = [*rows[:1], *rows.reverse()[:1]]
    if len(ends) < 2:
        return
    first, last = (
        end[0] for end in (reversed(ends) if cl.keys.is_descending else ends)
    )
    for part in (25, 50, 75):
        at = first + (last - first) * part // 100
        rest = [0] * (len(cl.keys.fields) - 1)
        yield f"{part}%", cl.get_query_string({AFTER: cl.keys.write([at, *rest])})
