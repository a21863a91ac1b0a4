"""The admin's reusable classes: how every page of the back office is built.

A plain list and form::

    @admin.register(Brand)
    class BrandAdmin(BaseModelAdmin):
        list_display = ["name", "goods_count"]
        search_fields = ["name"]
        list_filter = [...]              # the first 3 stand in the line, the rest folded

        @column(_("goods"), numeric=True, ordering="goods_count")
        def goods_count(self, obj):
            return obj.goods_count

        def empty_state(self, request):
            return EmptyState(_("No brand yet."), _("Add a brand"), reverse("admin:…_add"))

A workbench with tabs, verbs and a next step in each row::

    @admin.register(Goods)
    class GoodsAdmin(HistoryAdmin, VerbAdmin):
        tabs = [Tab("pending", _("Awaiting review"), {"status": "pending"}), …]
        verbs = [
            Verb("delist", _("Delist"), "catalog.list_goods", icon="fa-arrow-down",
                 tone="warning", reason="optional", undo="list", help=_("Takes …")),
        ]
        field_units = {"price": _("yuan")}      # shown behind the input
        list_display = ["picture", "title", "price", "status_tag", "listed_at"]

        def verb_allowed(self, request, verb, obj):     # which buttons an object gets
            return obj.status in MOVES[verb.name][0]

        def plan_verb(self, request, verb, objects):    # what the confirm page lists
            return [Planned(o.pk, str(o), o.code, changes=[Change(_("status"), old, new)])
                    if possible else Planned(o.pk, str(o), o.code, refusal=_("It is …"))
                    for o in objects]

        def run_verb(self, request, verb, objects, reason):
            return [Outcome(o.id, o.name, o.code, status=tag(…), error=str(o.error or ""))
                    for o in bulk.run(verb.name, objects, by=request.user, …).outcomes]

`VerbAdmin` does the rest: the bar that appears when rows are ticked, buttons on the
object's page, the first allowed verb as button in the row, the confirm page with the
reason, 403 without the verb's permission on every step, the result page. The address
is `admin:<app>_<model>_verb` (`…/verb/<name>/`), POST only; it takes `only=<pk>` or
`_selected_action=<pk>…`, or `select_across=1` for all that the list's filters give.

Logs and ledgers are `ReadOnlyAdmin`: nobody may add, change or delete, and no input is
rendered. `list_filter = [("at", DayRangeFilter), …]` gives a from–to filter by day.

Beside the object's name stands `object_status(request, obj)`, at its right the verbs,
`form_tools` and "History"; over a list `list_tools`.

No list costs more because its table grew: rows are counted as far as that is cheap
(`backoffice.base.counting`), and pages beyond the numbered ones are reached by key
(`keyset`). What the table must bring: an index for its order, one for each filter ending
in that order, and `indexed_columns` naming the columns that may sort a long list.

History pages come from `HistoryAdmin` (never use simple-history's own class: it saves
what is posted to an old version); `get_history_hidden(request)` keeps fields away from
people who may not see them.

Cells: `money quantity percent when tag two_lines thumb explain yes_no link`. A plain
field in `list_display` is right-aligned if it is a number and short if it is a time.
Home page: see `backoffice.base.admin.home` (`@cards`, `@figures`, `@steps`).
"""

from backoffice.base.admin.cells import (
    column,
    explain,
    link,
    money,
    percent,
    quantity,
    short_time,
    tag,
    thumb,
    two_lines,
    when,
    yes_no,
)
from backoffice.base.admin.filters import DayRangeFilter
from backoffice.base.admin.history import HistoryAdmin
from backoffice.base.admin.options import BaseModelAdmin, ReadOnlyAdmin
from backoffice.base.admin.verbs import VerbAdmin
from backoffice.base.admin.words import (
    Change,
    EmptyState,
    Outcome,
    Planned,
    RowAction,
    Tab,
    Tool,
    Verb,
)

__all__ = [
    "BaseModelAdmin",
    "Change",
    "DayRangeFilter",
    "EmptyState",
    "HistoryAdmin",
    "Outcome",
    "Planned",
    "ReadOnlyAdmin",
    "RowAction",
    "Tab",
    "Tool",
    "Verb",
    "VerbAdmin",
    "column",
    "explain",
    "link",
    "money",
    "percent",
    "quantity",
    "short_time",
    "tag",
    "thumb",
    "two_lines",
    "when",
    "yes_no",
]
