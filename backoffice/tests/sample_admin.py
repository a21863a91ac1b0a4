"""A site with sample admins on real models, under the addresses of the real one.

Tests use it by `@pytest.mark.urls("backoffice.tests.sample_admin")`, so that they hold
whatever the catalog's own admins look like.
"""

from decimal import Decimal

from django.contrib import admin
from django.urls import path
from django.urls import reverse as url

from backoffice.admin_site import BackofficeAdminSite
from backoffice.base.admin import (
    BaseModelAdmin,
    Change,
    DayRangeFilter,
    EmptyState,
    HistoryAdmin,
    Outcome,
    Planned,
    ReadOnlyAdmin,
    RowAction,
    Tab,
    Tool,
    Verb,
    VerbAdmin,
    column,
    explain,
    tag,
    two_lines,
)
from backoffice.oplog.models import OperationLog
from backoffice.urls import (
    handler400,
    handler403,
    handler404,
    handler500,
)
from backoffice.urls import (
    urlpatterns as real_urls,
)
from catalog import bulk
from catalog.enums import MOVES, GoodsStatus
from catalog.models import Brand, Category, Goods, GoodsPicture, Unit

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

site = BackofficeAdminSite(name="admin")


class PictureInline(admin.TabularInline):
    model = GoodsPicture
    extra = 0


@admin.register(Goods, site=site)
class GoodsAdmin(HistoryAdmin, VerbAdmin):
    # not those of the catalog
    change_form_template = "admin/change_form.html"
    change_list_template = "admin/change_list.html"
    tabs = [Tab(s.value, s.label, {"status": s}) for s in GoodsStatus]
    verbs = [
        Verb("approve", "Approve", "catalog.review_goods", tone="primary"),
        Verb("reject", "Reject", "catalog.review_goods", reason="required"),
        Verb("list", "List", "catalog.list_goods", undo="delist"),
        Verb("delist", "Delist", "catalog.list_goods", reason="optional", undo="list"),
        Verb("submit", "Submit", "catalog.change_goods", confirm=False),
    ]
    verb_limit = 5
    list_display = ["title", "category", "price", "margin", "status_tag", "listed_at"]
    list_display_links = ["title"]
    list_filter = [
        "category",
        "brand",
        "unit",
        "is_weighed",
        ("created_at", DayRangeFilter),
    ]
    search_fields = ["name", "code"]
    autocomplete_fields = ["category"]
    list_select_related = ["category"]
    field_units = {"price": "yuan"}
    fields = ["code", "name", "category", "brand", "unit", "price", "description"]
    inlines = [PictureInline]

    @column("Name", ordering="name", phone="title")
    def title(self, obj):
        return two_lines(obj.name, obj.code)

    @column("Margin", numeric=True)
    def margin(self, obj):
        return explain("38%", [("price", obj.price), ("cost", Decimal("2.00"))])

    @column("Status", ordering="status")
    def status_tag(self, obj):
        return tag(obj.status, obj.get_status_display())

    def get_history_hidden(self, request):
        return set() if request.user.has_perm("catalog.view_cost") else {"cost"}

    def list_tools(self, request):
        return [Tool("Import", "/admin/import-here/")]

    def verb_allowed(self, request, verb, obj):
        return obj.status in MOVES[verb.name][0]

    def plan_verb(self, request, verb, objects):
        starts, end = MOVES[verb.name]
        return [
            Planned(o.pk, o.name, o.code, changes=[Change("status", o.status, end)])
            if o.status in starts
            else Planned(o.pk, o.name, o.code, refusal=f"It is {o.status}.")
            for o in objects
        ]

    def run_verb(self, request, verb, objects, reason):
        result = bulk.run(verb.name, objects, by=request.user, reason=reason)
        return [
            Outcome(
                o.id, o.name, o.code, tag(o.status, o.status), o.error or "", o.warning
            )
            for o in result.outcomes
        ]


@admin.register(Category, site=site)
class CategoryAdmin(BaseModelAdmin):
    list_display = ["name", "sequence"]
    search_fields = ["name"]
    deletable = True

    def row_actions(self, request, obj):
        return [RowAction("Open it", f"/admin/open/{obj.pk}/")]


@admin.register(Brand, site=site)
class BrandAdmin(BaseModelAdmin):
    search_fields = ["name"]

    def empty_state(self, request):
        return EmptyState(
            "No brand yet.", "Add a brand", url("admin:catalog_brand_add")
        )


@admin.register(Unit, site=site)
class UnitAdmin(BaseModelAdmin):
    list_display = ["name", "step"]
    list_editable = ["step"]


@admin.register(OperationLog, site=site)
class LogAdmin(ReadOnlyAdmin):
    list_display = ["at", "action", "target_label"]
    list_filter = [("at", DayRangeFilter)]
    search_fields = ["target_label"]
    default_tab = "goods"
    tabs = [Tab("goods", "Goods", {"target_type": "catalog.goods"})]


urlpatterns = [
    path("admin/", site.urls),
    *[route for route in real_urls if str(route.pattern) != "admin/"],
]
